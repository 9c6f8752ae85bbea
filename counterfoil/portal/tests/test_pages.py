"""What a customer reads: what to pay and how, documents, statements of any period, and plain words for nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.customers.models import Customer
from counterfoil.kernel.money import read_minor
from counterfoil.operator.operations import add_bank_account, change_operator
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import reverse_receipt
from counterfoil.portal.tests.conftest import signed_in, text_of, with_access
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import issue_credit, open_dispute, send_statement
from counterfoil.receivables.queries import figures
from counterfoil.subscriptions.models import Service
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World
from counterfoil.usage.operations import reverse_usage


def pay_to(world: World) -> None:
    """There is an account and a page to pay at."""
    add_bank_account(world.caller(), details={"bank": "Standard Bank, 051 001", "number": "012 345 678"})
    change_operator(world.caller(), pay_url="pay.house.example")


def parts(page: str) -> list[int]:
    """The figures of “Your balance”, in minor units, in order; the last is the balance."""
    block = re.search(r'<dl class="dl sum">(.*?)</dl>', page, re.DOTALL)
    assert block
    found = re.findall(r"<dd[^>]*>(.*?)</dd>", block[1], re.DOTALL)
    words = [re.sub(r"<[^>]+>", "", text).strip() for text in found]
    return [
        read_minor(text.replace("−", "").replace("R", "").replace(" in credit", ""), "ZAR")
        * (-1 if "−" in text or "in credit" in text else 1)
        for text in words
    ]


def test_home_says_what_to_pay_and_the_parts_add_up(world: World, zara: Customer, portal: Client) -> None:
    pay_to(world)
    world.invoice(zara, "120.00", on=world.today.isoformat())
    open_dispute(world.clerk, item=OpenItem.objects.get(number="INV-000001"), amount_minor=5000, reason="x")
    world.pays(zara, "60.00", allocate=[])
    page = portal.get("/portal/").content.decode()
    words = text_of(portal.get("/portal/"))
    assert "Please pay now R200.00" in words  # 310 overdue, less 50 in dispute, less 60 paid and not yet used
    assert "R50.00 is in dispute and not included." in words
    *some, balance = parts(page)
    assert some == [20000, 12000, 5000]
    assert sum(some) == balance == figures(zara, world.today).balance_minor
    assert f"Reference {zara.number}" in words
    assert "Standard Bank, 051 001" in words
    assert f'href="https://pay.house.example/{zara.number}">Pay R200.00' in squeezed(page)


def test_no_button_asks_for_what_is_in_dispute(world: World, zara: Customer, portal: Client) -> None:
    pay_to(world)
    first = OpenItem.objects.get(number="INV-000001")
    open_dispute(world.clerk, item=first, amount_minor=31000, reason="x")
    assert "Pay R" not in text_of(portal.get("/portal/"))
    later = world.invoice(zara, "120.00", on=world.today.isoformat())
    assert later.item is not None
    open_dispute(world.clerk, item=later.item, amount_minor=2000, reason="x")
    assert "Pay R100.00" in text_of(portal.get("/portal/"))
    assert "To pay R100.00" in text_of(portal.get(f"/portal/invoices/{later.pk}/"))
    assert [row[-1] for row in cells(portal.get("/portal/invoices/"))] == ["100.00", "0.00"]


def test_an_invoice_that_was_credited_is_not_paid(world: World, zara: Customer, portal: Client) -> None:
    credit_invoice(world.clerk, invoice=Invoice.objects.get(), reason="Never delivered")
    paid = world.invoice(zara, "50.00", on=world.today.isoformat())
    world.pays(zara, "50.00")
    assert [row[-3] for row in cells(portal.get("/portal/invoices/"))] == ["Paid", "Credited"]
    assert "Credited" in text_of(portal.get(f"/portal/invoices/{Invoice.objects.exclude(pk=paid.pk).get().pk}/"))


def cells(answer: Any) -> list[list[str]]:
    """The cells of the first list of a page, row by row, as text."""
    body = re.search(r"<tbody>(.*?)</tbody>", answer.content.decode(), re.DOTALL)
    assert body
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body[1], re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
        for row in rows
    ]


@pytest.mark.parametrize(
    ("paid", "credit", "says"),
    [("310.00", 0, "You have paid everything. Thank you."), ("310.00", 7000, "You have paid ahead.")],
)
def test_home_when_there_is_nothing_to_pay(
    world: World, zara: Customer, portal: Client, paid: str, credit: int, says: str
) -> None:
    world.pays(zara, paid)
    if credit:
        issue_credit(world.clerk, customer=zara, amount_minor=credit, reason="Referral")
    answer = portal.get("/portal/")
    assert says in text_of(answer)
    *some, balance = parts(answer.content.decode())
    assert sum(some) == balance == -credit
    assert "Pay R" not in text_of(answer)


def test_an_account_without_anything_says_so_in_plain_words(world: World) -> None:
    new = world.customer("Thabo", emails=("thabo@mail.example",))
    with_access(world, new, "thabo@mail.example")
    client = signed_in("thabo@mail.example")
    assert "Your invoices appear here as soon as they are issued." in text_of(client.get("/portal/invoices/"))
    assert "What you pay appears here" in text_of(client.get("/portal/payments/"))
    assert "No address yet" in text_of(client.get("/portal/details/"))
    assert client.get("/portal/statements/").status_code == 200
    for page in ("/portal/", "/portal/invoices/", "/portal/payments/", "/portal/statements/", "/portal/details/"):
        words = text_of(client.get(page)).lower()
        for jargon in ("unapplied", "allocation", "ledger", "debtor", "open item", "posting"):
            assert jargon not in words, page


def test_documents_as_lists_pages_and_pdf(world: World, zara: Customer, portal: Client) -> None:
    invoice = Invoice.objects.get(customer=zara)
    receipt = world.pays(zara, "100.00", reference="Thanks")
    bounced = world.pays(zara, "20.00")
    reverse_receipt(world.clerk, receipt=bounced, reason="Returned")
    note = credit_invoice(world.clerk, invoice=invoice, amounts={invoice.lines.get().pk: 1000}, reason="Late start")
    listed = text_of(portal.get("/portal/invoices/"))
    assert "INV-000001" in listed
    assert "Overdue" in listed
    assert "200.00" in listed
    assert note.number in listed
    page = text_of(portal.get(f"/portal/invoices/{invoice.pk}/"))
    for words in ("To pay R200.00", "Amount R310.00", "Paid or credited R110.00", "Services", "Late start"):
        assert words in page
    paid = text_of(portal.get("/portal/payments/"))
    assert "Did not go through" in paid
    assert "Thanks" in paid
    for name, pk in (("invoice-file", invoice.pk), ("receipt-file", receipt.pk), ("credit-note-file", note.pk)):
        answer = portal.get(reverse(f"portal:{name}", args=[pk]))
        assert answer.content.startswith(b"%PDF"), name
        assert answer["Content-Type"] == "application/pdf"
    assert Receipt.objects.count() == 2


def test_long_lists_have_pages(world: World, zara: Customer, portal: Client) -> None:
    for number in range(25):
        world.pays(zara, f"{number + 1}.00")
    first, second = (portal.get(f"/portal/payments/?page={n}").content.decode() for n in (1, 2))
    assert "RC-000025" in first
    assert "RC-000001" not in first
    assert "RC-000001" in second


def test_a_statement_of_any_period_as_page_and_pdf(world: World, zara: Customer, portal: Client) -> None:
    page = portal.get("/portal/statements/?from=2026-01-01&to=2026-01-31").content.decode()
    assert "INV-000001" in page
    assert "31 January 2026" in page
    assert portal.get("/portal/statements/?from=2026-01-01&to=2026-01-31&format=pdf").content.startswith(b"%PDF")
    assert "Statement of account" in text_of(portal.get("/portal/statements/"))


@pytest.mark.parametrize(
    ("query", "says", "field"),
    [
        ("from=soon", "“soon” is not a date.", "from"),
        ("to=2999-01-01", "“To” is after today.", "to"),
        ("from=2026-02-02&to=2026-02-01", "“From” is after “to”.", "from"),
        ("from=1950-01-01", "ten years at most", "from"),
    ],
)
def test_a_wrong_period_names_the_field_and_the_remedy(portal: Client, query: str, says: str, field: str) -> None:
    for address in (f"/portal/statements/?{query}", f"/portal/statements/?{query}&format=pdf"):
        answer = portal.get(address)
        assert answer.status_code == 422
        assert says in text_of(answer)
        assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.content.decode())


def test_pages_hold_no_inline_style_or_script_and_five_entries(zara: Customer, portal: Client) -> None:
    invoice = Invoice.objects.get(customer=zara)
    for path in ("", "invoices/", f"invoices/{invoice.pk}/", "payments/", "statements/", "details/", "security/"):
        text = portal.get(f"/portal/{path}").content.decode()
        assert " style=" not in text, path
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=", text), path
        menu = re.search(r'<nav class="five".*?</nav>', text, re.DOTALL)
        assert menu
        assert squeezed(menu[0]).count("<a ") == 5
        assert menu[0].count("aria-current") == 1, path


def test_pages_cost_few_queries_however_many_rows(world: World, zara: Customer, portal: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert portal.get(path).status_code == 200
        return len(queries)

    paths = ("/portal/", "/portal/invoices/", "/portal/payments/", "/portal/statements/")
    few = [cost(path) for path in paths]
    for number in range(8):
        world.invoice(zara, f"{number + 1}.00", on="2026-03-01")
        world.pays(zara, f"{number + 2}.00")
    many = [cost(path) for path in paths]
    # Home also says what was promised and asked, whether the service is about to be cut off, and if cards are taken.
    # What went over the line and who comes when are a query each.
    assert max(many) <= 37, many
    assert all(after <= before + 2 for before, after in zip(few, many, strict=True)), (few, many)


def test_e_mails_name_the_portal_where_somebody_can_sign_in(world: World, zara: Customer) -> None:
    from counterfoil.billing.sending import send_invoice
    from counterfoil.kernel.periods import Period

    nobody = world.customer("Nobody", owing={"2026-02-04": "9.00"})
    period = Period.through(world.today.replace(day=1), world.today)
    for customer, expected in ((zara, True), (nobody, False)):
        invoice = Invoice.objects.get(customer=customer)
        for message in (
            send_statement(
                world.clerk, customer=customer, period=period, style="open_item", addresses=["a@mail.example"]
            ),
            send_invoice(world.clerk, invoice=invoice, addresses=["a@mail.example"]),
        ):
            for body in (message.body_text, message.body_html):
                assert ("http://localhost:8000/portal/" in body) is expected


def test_usage_is_told_by_period_and_use_by_use(world: World, zara: Customer, boris: Customer, portal: Client) -> None:
    assert "Your usage" not in text_of(portal.get("/portal/"))
    assert "No usage yet" in text_of(portal.get("/portal/usage/"))
    calls = world.metered("Calls", "1.20", included="100")
    for customer in (zara, boris):
        world.subscribe(customer, calls, on="2026-01-01")
    hers, his = Service.objects.order_by("pk")
    world.uses(hers, "130", world.today.isoformat(), text="082 555 0001")
    wrong = world.uses(hers, "7", world.today.isoformat(), text="082 555 0002")
    reverse_usage(world.clerk, record=wrong, reason="Rotten tomatoes")
    world.uses(his, "500", world.today.isoformat(), text="082 555 0003")
    said = text_of(portal.get("/portal/usage/"))
    assert "130 minutes 100 minutes 30 minutes 36.00" in said
    assert "082 555 0001 130 minutes" in said
    assert "082 555 0002 reversed 7 minutes" in said
    assert "082 555 0003" not in said
    assert "Rotten tomatoes" not in said
    assert "130 minutes 100 minutes 30 minutes 36.00" in text_of(portal.get("/portal/"))


def test_home_says_that_the_service_is_off_and_when_it_will_be(world: World, zara: Customer, portal: Client) -> None:
    from counterfoil.suspension.models import Suspension
    from counterfoil.suspension.operations import (
        approve_suspensions,
        pause_suspension,
        set_suspension_policy,
        suspend_now,
        take_all_steps,
    )

    def home() -> str:
        return " ".join(portal.get("/portal/").content.decode().split())

    every_day = {"enabled": True, "on_weekends": True, "on_holidays": True, "from_hour": 0, "until_hour": 24}
    set_suspension_policy(world.caller(), changes=every_day)
    take_all_steps(world.system())
    # Listed is nobody's business but staff's.
    assert "switched off" not in home()
    (row,) = approve_suspensions(world.caller(), suspensions=[Suspension.objects.get()])
    assert "R310.00 is overdue. Your service is switched off on " in home()
    suspend_now(world.caller(), customer=zara, reason="Third time")
    said = (
        "Your service is switched off because R310.00 is overdue. "
        "It is switched on again as soon as we have your payment."
    )
    assert said in home()
    assert "Third time" not in home()
    pause_suspension(world.caller(), suspension=row, days=2)
    assert "so that you can pay R310.00." in home()
    set_suspension_policy(world.caller(), changes={"resets": False})
    suspend_now(world.caller(), customer=zara, reason="Fourth time")
    assert "switched off because R310.00 is overdue." in home()
    assert "as soon as we have your payment" not in home()
