"""Prices without tax: added by the line at the rate of the invoice date, and given back as it was charged."""

import contextlib
import datetime as dt
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.invoice_files import invoice_view
from counterfoil.billing.models import BillRunItem, Charge, CreditNote, Invoice
from counterfoil.billing.operations import (
    begin_issuing,
    cancel_bill,
    credit_invoice,
    discard_draft,
    open_bill_run,
    release_revenue,
    save_tax_rate,
)
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.queries import deferred_balances
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import NewProduct, ProductFacts, add_product, change_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import (
    add_one_time_charge,
    change_account,
    change_services,
    remove_services,
    reprice_services,
    run_due_actions,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

D = dt.date.fromisoformat


@pytest.fixture
def customer(world: World) -> Customer:
    return world.customer("Zara", emails=("zara@x.example",))


def net(world: World, name: str, price: str | None, **rest: Any) -> Product:
    return world.package(name, price, prices_include_tax=False, **rest)


def raise_tax(world: World, on: str) -> None:
    save_tax_rate(
        world.caller(), code="standard", name="VAT 15.5 %", category="standard", percent=Decimal("15.5"),
        valid_from=D(on),
    )  # fmt: skip


def lines(document: Invoice | CreditNote) -> list[tuple[int, int, Decimal]]:
    return list(document.lines.values_list("net_minor", "tax_minor", "tax_percent"))


def act(world: World, verb: Any, kind: str, on: str, **change: Any) -> None:
    verb(world.caller(), services=Service.objects.filter(end=""), change=Change(kind, D(on), **change), reason="Asked")


def refused(call: Callable[[], Any]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        call()
    assert counts() == before
    return refusal.value.code


def test_days_are_charged_without_tax_and_the_tax_is_added(world: World, customer: Customer) -> None:
    world.subscribe(customer, net(world, "Fibre", "599"), on="2026-03-12", anchor_day=1)
    bill = world.bill(customer)
    line = bill.lines.get()
    assert line.text == "Fibre, 12 Mar 2026 to 31 Mar 2026 (20 of 31 days of R599.00 excl. VAT)"
    # 599.00 x 20 / 31 = 386.45; 15 % of it is 57.9675.
    assert (line.net_minor, line.tax_minor, line.total_minor) == (38645, 5797, 44442)
    assert (bill.prices_include_tax, line.quantity, line.unit_price) == (False, 1, Decimal("386.45"))
    assert bill.billed == ((Service.objects.get().pk, line.text, 44442),)
    view = invoice_view(bill)
    assert view["lines"]["columns"][-1]["label"] == "Amount, VAT excluded"
    assert view["lines"]["rows"][0][1:] == ["1", "386.45", "15 %", "386.45"]
    assert view["lines"]["total"]["values"] == ["386.45"]
    assert view["figures"][0]["value"] == "R444.42"
    # What is earned day by day is the net.
    assert deferred_balances(world.today) == {"ZAR": 38645}
    with world.on("2026-04-01"):
        assert release_revenue(world.caller(), up_to=D("2026-04-01")) == {"ZAR": 38645}


def test_each_line_has_its_tax_rounded_half_up(world: World, customer: Customer) -> None:
    packages = [net(world, name, "0.10", kind="extra") for name in ("One", "Two", "Three")]
    world.subscribe(customer, *packages, on="2026-03-01", anchor_day=1)
    bill = world.bill(customer)
    assert lines(bill) == [(10, 2, 15)] * 3
    assert (bill.net_minor, bill.tax_minor, bill.total_minor) == (30, 6, 36)


def test_a_swap_gives_back_what_was_charged_and_charges_the_new_package(world: World, customer: Customer) -> None:
    slow, fast = net(world, "Fibre 100", "599"), net(world, "Fibre 200", "899")
    world.subscribe(customer, slow, on="2026-03-01")
    with world.on("2026-03-01"):
        world.bill(customer)
    with world.on("2026-03-20"):
        act(world, change_services, "swap", "2026-03-20", product_id=fast.pk)
        bill = world.bill(customer)
    # 231.87 less, with its share of 89.85; 348.00 more, with 15 %.
    assert lines(bill) == [(-23187, -3478, 15), (34800, 5220, 15)]
    assert (bill.total_minor, bill.prices_include_tax) == (13355, False)


def test_the_tax_is_that_of_the_invoice_date_and_a_credit_has_the_tax_that_was_charged(
    world: World, customer: Customer
) -> None:
    slow, fast = net(world, "Fibre 100", "599"), net(world, "Fibre 200", "899")
    world.subscribe(customer, slow, on="2026-06-16")
    raise_tax(world, "2026-07-01")
    with world.on("2026-06-16"):
        assert lines(world.bill(customer)) == [(59900, 8985, 15)]
    with world.on("2026-07-01"):
        act(world, change_services, "swap", "2026-07-01", product_id=fast.pk)
        bill = world.bill(customer)
    # 15 of 30 days: given back at 15 %, charged at 15.5 %.
    assert lines(bill) == [(-29950, -4493, 15), (44950, 6967, Decimal("15.5"))]
    with world.on("2026-07-01"):
        act(world, remove_services, "cancel", "2026-07-01")
        world.bill(customer)
    (note,) = CreditNote.objects.all()
    assert (note.invoice_id, lines(note)) == (bill.pk, [(44950, 6967, Decimal("15.5"))])


def test_regret_gives_back_exactly_what_was_charged_at_two_rates(world: World, customer: Customer) -> None:
    slow, fast = net(world, "Fibre 100", "599.99"), net(world, "Fibre 200", "899.95")
    world.subscribe(customer, slow, on="2026-06-16", regret_days=90)
    raise_tax(world, "2026-07-01")
    with world.on("2026-06-16"):
        world.bill(customer)
    for day, product in (("2026-06-20", fast), ("2026-07-03", slow), ("2026-07-09", fast)):
        with world.on(day):
            act(world, change_services, "swap", day, product_id=product.pk)
            world.bill(customer)
    with world.on("2026-07-10"):
        billed = sum(Invoice.objects.values_list("total_minor", flat=True))
        taxes = sum(Invoice.objects.values_list("tax_minor", flat=True))
        act(world, remove_services, "regret", "2026-07-10")
        world.bill(customer)
        left = [sum(Charge.objects.values_list(field, flat=True)) for field in ("net_minor", "total_minor")]
        assert left == [0, 0]
        credited = sum(CreditNote.objects.values_list("total_minor", flat=True))
        assert (credited, sum(CreditNote.objects.values_list("tax_minor", flat=True))) == (billed, taxes)
        assert refused(lambda: world.bill(customer)) == "nothing_to_bill"


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 50, 78, 113])
def test_whatever_was_changed_in_whatever_order_regret_gives_back_all_of_it(
    world: World, customer: Customer, seed: int
) -> None:
    rng = random.Random(seed)
    products = [
        net(world, "A", "599.99"), net(world, "B", "899.95"), world.package("C", "649.50"), net(world, "D", "0.07"),
    ]  # fmt: skip
    world.subscribe(customer, rng.choice(products), on="2026-06-10", anchor_day=rng.randint(1, 28), regret_days=200)
    raise_tax(world, "2026-07-01")
    days = [D("2026-06-10") + dt.timedelta(days=n) for n in range(45)]
    for day in sorted(rng.sample(days, 12)):
        with world.on(day):
            change = rng.choice(
                [{"kind": "swap", "product_id": rng.choice(products).pk}] * 3
                + [{"kind": "quantity", "quantity": Decimal(rng.randint(1, 4))}]
            )
            since = day - dt.timedelta(days=rng.randint(0, 9))
            with contextlib.suppress(Refused):
                act(world, change_services, change.pop("kind"), since.isoformat(), **change)
            if rng.random() < 0.7:
                with contextlib.suppress(Refused):
                    world.bill(customer)
    with world.on("2026-08-01"):
        act(world, remove_services, "regret", "2026-08-01")
        with contextlib.suppress(Refused):
            world.bill(customer)
    charges = list(Charge.objects.values_list("net_minor", "total_minor"))
    assert charges
    assert (sum(row[0] for row in charges), sum(row[1] for row in charges)) == (0, 0)
    assert sum(Invoice.objects.values_list("tax_minor", flat=True)) == sum(
        CreditNote.objects.values_list("tax_minor", flat=True)
    )


def test_prices_with_tax_are_also_given_back_with_the_tax_that_was_charged(world: World, customer: Customer) -> None:
    slow, fast = world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    world.subscribe(customer, slow, on="2026-06-16")
    raise_tax(world, "2026-07-01")
    with world.on("2026-06-16"):
        world.bill(customer)
    with world.on("2026-07-01"):
        act(world, change_services, "swap", "2026-07-01", product_id=fast.pk)
        bill = world.bill(customer)
    # 299.50 with 15 % in it; 449.50 with 15.5 %.
    assert lines(bill) == [(-26043, -3907, 15), (38918, 6032, Decimal("15.5"))]


def test_a_mixed_invoice_is_printed_with_tax_and_every_line_multiplies_out(world: World, customer: Customer) -> None:
    sub = world.subscribe(customer, net(world, "Fibre", "599"), on="2026-03-01", anchor_day=1)
    act(world, change_services, "quantity", "2026-03-01", quantity=Decimal(3))
    add_one_time_charge(world.caller(), subscription=sub, text="Call-out", price=Decimal(115), on=world.today)
    bill = world.bill(customer)
    rows = [(line.text, line.quantity, line.unit_price, line.net_minor, line.total_minor) for line in bill.lines.all()]
    assert rows == [
        ("Fibre, 1 Mar 2026 to 31 Mar 2026 (3 at R599.00 excl. VAT)", 1, Decimal("2066.55"), 179700, 206655),
        ("Call-out", 1, 115, 10000, 11500),
    ]
    assert (bill.prices_include_tax, bill.total_minor) == (True, 218155)
    assert [row[3:] for row in invoice_view(bill)["lines"]["rows"]] == [["15 %", "2,066.55"], ["15 %", "115.00"]]
    with world.on("2026-04-01"):
        # Alone again, it is printed as it is priced.
        again = world.bill(customer)
    line = again.lines.get()
    assert (again.prices_include_tax, line.quantity, line.unit_price, line.net_minor) == (False, 3, 599, 179700)


def test_what_is_untaxed_leaves_the_invoice_without_tax(world: World, customer: Customer) -> None:
    deposit = world.package("Deposit", "100", kind="extra", tax_code="")
    world.subscribe(customer, net(world, "Fibre", "599"), deposit, on="2026-03-01", anchor_day=1)
    bill = world.bill(customer)
    assert (bill.prices_include_tax, lines(bill)) == (False, [(59900, 8985, 15), (10000, 0, 0)])


def test_what_is_credited_of_a_mixed_bill_is_credited_of_the_right_lines(world: World, customer: Customer) -> None:
    with_tax, without = world.package("Fibre 100", "599"), net(world, "Fibre 200", "899")
    world.subscribe(customer, with_tax, on="2026-03-01", regret_days=60)
    with world.on("2026-03-01"):
        first = world.bill(customer)
    with world.on("2026-03-20"):
        act(world, change_services, "swap", "2026-03-20", product_id=without.pk)
        second = world.bill(customer)
        assert second.prices_include_tax
        # 231.87 with tax is credited; 348.00 without is charged: 400.20.
        assert [line.total_minor for line in second.lines.all()] == [-23187, 40020]
    with world.on("2026-03-21"):
        act(world, remove_services, "regret", "2026-03-21")
        note = world.bill(customer)
        # What was charged with tax, and what was charged without: each with the tax it was charged with.
        assert sorted(note.lines.values_list("total_minor", "tax_minor")) == [(36713, 4789), (40020, 5220)]
        assert (note.invoice_id, note.total_minor) == (second.pk, first.total_minor + second.total_minor)


def test_what_was_credited_by_hand_is_not_taken_from_a_line_priced_the_other_way(
    world: World, customer: Customer
) -> None:
    with_tax, without = world.package("Fibre 100", "599"), net(world, "Fibre 200", "899")
    world.subscribe(customer, with_tax, on="2026-03-01", regret_days=60)
    with world.on("2026-03-01"):
        first = world.bill(customer)
    with world.on("2026-03-20"):
        act(world, change_services, "swap", "2026-03-20", product_id=without.pk)
        world.bill(customer)
        credit_invoice(world.caller(), invoice=first, reason="Complaint")
        act(world, remove_services, "regret", "2026-03-20")
        # Of 367.13 with tax and 400.20 without (tax added), 599.00 was given: the rest is.
        assert world.bill(customer).total_minor == 36713 + 40020 - 59900


def test_a_discarded_draft_does_not_count_as_tax_that_was_charged(world: World, customer: Customer) -> None:
    slow, fast = net(world, "Fibre 100", "599"), net(world, "Fibre 200", "899")
    world.subscribe(customer, slow, on="2026-06-16")
    raise_tax(world, "2026-07-01")
    with world.on("2026-06-16"):
        world.bill(customer)
    with world.on("2026-07-01"):
        act(world, change_services, "swap", "2026-07-01", product_id=fast.pk)
        discard_draft(world.caller(), invoice=world.bill(customer, draft=True))
        act(world, change_services, "swap", "2026-06-16", product_id=fast.pk)
        bill = world.bill(customer)
    assert lines(bill) == [(-59900, -8985, 15), (89900, 13935, Decimal("15.5"))]


def test_a_bill_is_cancelled_a_draft_discarded_and_an_account_changed(world: World, customer: Customer) -> None:
    ben = world.customer("Ben")
    sub = world.subscribe(customer, net(world, "Fibre", "599"), on="2026-03-01", anchor_day=1)
    with world.on("2026-03-01"):
        discard_draft(world.caller(), invoice=world.bill(customer, draft=True))
        first = world.bill(customer)
        note = cancel_bill(world.caller(), invoice=first, reason="Wrong address")
        second = world.bill(customer)
    assert (first.total_minor, note.total_minor, second.total_minor) == (68885, 68885, 68885)
    with world.on("2026-03-20"):
        change_account(world.caller(), subscription=sub, customer=ben, reason="Sold")
        world.bill(customer)
        newest = CreditNote.objects.order_by("pk").last()
        assert newest is not None
        assert (newest.invoice_id, lines(newest)) == (second.pk, [(23187, 3478, 15)])
        assert lines(world.bill(ben)) == [(23187, 3478, 15)]


def test_a_run_knows_what_its_bills_come_to_with_tax(world: World, customer: Customer) -> None:
    voice = world.package("Voice", "115", kind="voice")
    world.subscribe(customer, net(world, "Fibre", "599"), voice, on="2026-03-01", anchor_day=1)
    run = open_bill_run(world.caller(), bill_to=world.today, on=world.today)
    catalogue = catalogue_of(run)
    preview_chunk(world.system(), run=run, catalogue=catalogue)
    item = BillRunItem.objects.get()
    # A month of each: 599.00 and 89.85 tax, and 115.00 with tax.
    assert (item.state, item.total_minor) == ("ready", 68885 + 11500)
    finish_preview(world.system(), run=run)
    begin_issuing(world.caller(), run=run)
    issue_chunk(world.system(), run=run, catalogue=catalogue)
    item.refresh_from_db()
    assert item.invoice is not None
    assert (item.state, item.total_minor, item.invoice.total_minor) == ("billed", 80385, 80385)
    assert finish_issuing(world.system(), run=run).state == "issued"


def test_the_bills_to_come_are_those_that_will_be_made(world: World, customer: Customer) -> None:
    sub = world.subscribe(customer, net(world, "Fibre", "599"), on="2026-04-01", anchor_day=1)
    raise_tax(world, "2026-06-01")
    add_one_time_charge(
        world.caller(), subscription=sub, text="Call-out", price=Decimal(100), on=D("2026-05-10"),
        prices_include_tax=False,
    )  # fmt: skip
    with CaptureQueriesContext(connection) as asked:
        bills = [(bill.on, bill.minor) for bill in next_bills(customer, world.today)][:3]
    # However many bills there are, and whatever the tax of their days.
    assert len(asked) <= 12
    # From June 15.5 %: 599.00 + 92.85, and 100.00 + 15.50.
    assert bills == [(D("2026-04-01"), 68885), (D("2026-05-01"), 68885), (D("2026-06-01"), 69185 + 11550)]
    for day, minor in bills:
        with world.on(day):
            assert world.bill(customer).total_minor == minor


def test_a_price_of_its_own_and_a_penalty_are_as_the_product_is_priced(world: World, customer: Customer) -> None:
    world.subscribe(
        customer, net(world, "Fibre", "599"), on="2026-03-01", contract_ends=D("2027-01-01"), penalty_minor=50000
    )
    act(world, reprice_services, "price", "2026-03-01", price=Decimal("500"))
    with world.on("2026-03-01"):
        assert lines(world.bill(customer)) == [(50000, 7500, 15)]
        act(world, remove_services, "cancel", "2026-04-01")
    with world.on("2026-04-01"):
        run_due_actions(world.system())
        assert lines(world.bill(customer)) == [(50000, 7500, 15)]


def test_how_prices_are_meant_is_settled_by_the_first_price_or_service(world: World, customer: Customer) -> None:
    product = add_product(world.caller(), new=NewProduct("fibre", "Fibre", "data"))

    def change(inclusive: bool) -> Product:
        facts = ProductFacts("", 0, "", "standard", prices_include_tax=inclusive)
        return change_product(world.caller(), product=product, name="Fibre", active=True, facts=facts)

    assert change(inclusive=False).prices_include_tax is False
    assert change(inclusive=True).prices_include_tax is True
    world.subscribe(customer, product, on="2026-03-01")
    assert refused(lambda: change(inclusive=False)) == "tax_is_settled"
    other = add_product(world.caller(), new=NewProduct("other", "Other", "data", prices_include_tax=False))
    (price,) = set_prices(
        world.caller(), prices=[(other, "month", Decimal(1))], currency="ZAR", valid_from=D("2026-01-01")
    )
    product = other
    assert refused(lambda: change(inclusive=True)) == "tax_is_settled"
    assert change(inclusive=False).prices_include_tax is False
    assert Event.objects.filter(kind="price.set").get().data["amount"] == "R1.00 excl. VAT"
    # The database has the last word.
    with pytest.raises(DatabaseError), write_guard.writing(), transaction.atomic():
        Product.objects.filter(pk=price.product_id).update(prices_include_tax=True)
