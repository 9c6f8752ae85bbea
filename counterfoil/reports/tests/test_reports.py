"""Each report against what happened: exact amounts, limits of who sees what, the page and the console alike."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.test import Client

from counterfoil.billing.operations import credit_invoice
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.operations import add_area
from counterfoil.payments.operations import reverse_receipt
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import write_off
from counterfoil.reports.queries import REPORTS, asked_for, find_report, read_report
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World


def rows_of(caller: Caller, name: str, first: str, last: str, of: str = "") -> list[dict[str, str]]:
    """A report as a program reads it."""
    asked = asked_for(dt.date.fromisoformat(first), dt.date.fromisoformat(last), of)
    table, rows = read_report(caller, find_report(name), asked)
    listing = table.listing(rows, {}, "", currency="ZAR")
    return [{cell.column.label: cell.text for cell in listing.cells(row)} for row in listing.all_rows()]


def test_tax_is_what_was_invoiced_less_what_was_credited_by_rate(world: World) -> None:
    zara = world.customer("Zara")
    world.invoice(zara, "100.00", on="2026-02-28", tax="standard")
    first = world.invoice(zara, "115.00", on="2026-03-01", tax="standard")
    world.invoice(zara, "230.00", on="2026-03-31", tax="standard")
    (line,) = first.lines.all()
    credit_invoice(world.caller(), invoice=first, amounts={line.pk: 2300}, reason="Late")
    (row,) = rows_of(world.caller(), "tax", "2026-03-01", "2026-03-31")
    assert (row["invoiced"], row["credited"], row["without tax"], row["tax"]) == (
        "300.00", "20.00", "280.00", "42.00",
    )  # fmt: skip
    behind = rows_of(world.caller(), "tax-documents", "2026-03-01", "2026-03-31", "VAT 15%|15")
    assert sum(Decimal(each["tax"].replace("−", "-")) for each in behind) == Decimal("42.00")
    assert len(behind) == 3
    assert rows_of(world.caller(), "tax-documents", "2026-03-01", "2026-03-31", "VAT 15%|14") == []


def test_money_received_says_what_bounced_and_leads_to_the_payments(world: World) -> None:
    zara = world.customer("Zara", {"2026-03-20": "500.00"})
    kept = world.pays(zara, "100.00", "2026-03-05")
    bounced = world.pays(zara, "40.00", "2026-03-05")
    reverse_receipt(world.caller(), receipt=bounced, reason="Bounced", on=dt.date(2026, 3, 9))
    first, second = rows_of(world.caller(), "received", "2026-03-01", "2026-03-31")
    assert (first["payments"], first["received"], first["reversed"], first["net"]) == ("2", "140.00", "0.00", "140.00")
    assert (second["received"], second["reversed"], second["net"]) == ("0.00", "40.00", "−40.00")
    assert [row["receipt"] for row in rows_of(world.caller(), "payments", "2026-03-05", "2026-03-05", "eft")] == [
        kept.number, bounced.number,
    ]  # fmt: skip
    assert rows_of(world.caller(), "payments", "2026-03-05", "2026-03-05", "cash") == []


def test_what_was_given_up_says_by_whom_and_why(world: World) -> None:
    zara = world.customer("Zara")
    invoice = world.invoice(zara, "115.00", tax="standard")
    write_off(world.clerk, item=invoice.item, amount_minor=1500, reason="Moved away")
    (row,) = rows_of(world.caller(), "credits", "2026-03-01", "2026-03-31")
    assert (row["kind"], row["amount"], row["reason"], row["by"]) == (
        "Write-off", "15.00", "Moved away", world.clerk.name,
    )  # fmt: skip


def test_sales_are_by_product_and_area_without_tax(world: World) -> None:
    north = add_area(world.caller(), name="North")
    zara, thabo = world.customer("Zara", area_id=north.pk), world.customer("Thabo")
    world.subscribe(zara, world.package("Fibre 50", "115.00"), on="2026-03-01")
    world.bill(zara, "2026-03-31")
    world.invoice(thabo, "23.00", tax="standard")
    found = {
        (row["product"], row["area"]): row["sales"]
        for row in rows_of(world.caller(), "sales", "2026-03-01", "2026-03-31")
    }
    assert found == {("Fibre 50", "North"): "100.00", ("Without a product", ""): "20.00"}


def test_recurring_revenue_says_what_moved_it(world: World) -> None:
    small, large = world.package("Fibre 50", "115.00"), world.package("Fibre 100", "230.00")
    stays, grows, leaves, comes = (world.customer(name) for name in ("Stays", "Grows", "Leaves", "Comes"))
    for customer in (stays, grows, leaves):
        world.subscribe(customer, small, on="2026-01-01")
    world.subscribe(comes, large, on="2026-03-10")

    def service(customer: str) -> Service:
        return Service.objects.get(subscription__customer__name=customer)

    with world.on("2026-03-15"):
        swap = Change("swap", dt.date(2026, 3, 15), product_id=large.pk)
        change_services(world.caller(), services=[service("Grows")], change=swap)
        remove_services(world.caller(), services=[service("Leaves")], change=Change("cancel", dt.date(2026, 3, 15)))
    (row,) = rows_of(world.caller(), "recurring-revenue", "2026-03-01", "2026-03-31")
    assert [row[key] for key in ("before", "new customers", "more services", "fewer services", "lost customers")] == [
        "300.00", "200.00", "100.00", "0.00", "−100.00",
    ]  # fmt: skip
    assert row["after"] == "500.00"


def test_a_ledger_account_adds_up_to_the_trial_balance(world: World) -> None:
    world.invoice(world.customer("Zara"), "115.00", on="2026-03-02", tax="standard")
    balance = {row["code"]: row for row in rows_of(world.caller(), "trial-balance", "2026-03-01", "2026-03-31")}
    for code, row in balance.items():
        postings = rows_of(world.caller(), "ledger-account", "2026-03-01", "2026-03-31", code)
        for side in ("debit", "credit"):
            assert sum(Decimal(each[side].replace(",", "")) for each in postings) == Decimal(row[side])
    assert len(balance) == 3


def test_who_is_limited_sees_their_part_and_no_ledger(world: World) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    world.invoice(world.customer("Zara", area_id=north.pk), "115.00", tax="standard")
    world.invoice(world.customer("Thabo", area_id=south.pk), "230.00", tax="standard")
    limited = Caller("Nomsa", frozenset({"*"}), scope={"area": frozenset({north.pk})}, at=world.now)
    (row,) = rows_of(limited, "tax", "2026-03-01", "2026-03-31")
    assert row["tax"] == "15.00"
    for name in ("trial-balance", "ledger-account"):
        with pytest.raises(Refused):
            rows_of(limited, name, "2026-03-01", "2026-03-31")
    with pytest.raises(Refused):
        rows_of(world.nobody, "tax", "2026-03-01", "2026-03-31")


def test_every_report_is_a_page_and_a_file_and_a_line_of_the_list(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.invoice(world.customer("Zara"), "115.00", tax="standard")
    user = add_user(world.caller(), email="b@x.example", name="B", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(user)
    assert client.get("/reports/").status_code == 200
    call_command("report", "--list")
    names = capsys.readouterr().out.split()
    assert names == list(REPORTS)
    for name in names:
        answer = client.get(f"/reports/{name}/?from=2026-03-01&to=2026-03-31")
        assert answer.status_code == 200, name
        call_command("report", name, "--as-of", "2026-03-31", "--format", "csv")
        heads = next(csv.reader(io.StringIO(capsys.readouterr().out)))
        assert len(heads) > 1
    assert client.get("/reports/nothing/").status_code == 404
    assert client.get("/reports/tax/?from=2026-03-02&to=2026-03-01").status_code == 422


def test_a_name_that_is_none_says_which_there_are(world: World) -> None:
    with pytest.raises(Refused, match="There are: at-a-glance"):
        find_report("sale")
    with pytest.raises((Refused, NotFound)):
        asked_for(dt.date(2026, 3, 2), dt.date(2026, 3, 1))
