"""A brand of its own: what its customers' documents, messages and pages bear, and what is left to the company."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from pypdfium2 import PdfDocument

from counterfoil.billing.invoice_files import credit_note_view, invoice_pdf, invoice_view
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.billing.sending import send_invoice
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_customer, change_customer
from counterfoil.desk.tests.test_settings import drawing, read
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.sending import outgoing_of
from counterfoil.operator.models import Area, BankAccount, Brand, Operator
from counterfoil.operator.operations import (
    add_area,
    add_bank_account,
    add_brand,
    change_brand,
    change_operator,
    close_bank_account,
    retire_area,
    retire_brand,
    set_logo,
)
from counterfoil.payments.receipt_files import receipt_view
from counterfoil.platform.checks import check_books
from counterfoil.receivables.queries import statement_of
from counterfoil.receivables.statement_files import statement_html, statement_view
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

VALLEY = {
    "legal_name": "Valley Networks CC", "registration": "1999/7", "tax_number": "4111111111", "address": "1 Vine Road",
    "city": "Paarl", "postcode": "7646", "email": "hello@valley.example", "phone": "021 555 0100", "colour": "#0B5FFF",
    "footer": "Directors: A. Naidoo",
}  # fmt: skip
PERIOD = Period.through(dt.date(2026, 1, 1), dt.date(2026, 3, 31))


@pytest.fixture
def desk(world: World) -> Client:
    add_user(world.caller(), email="owner@x.example", name="Owner", role="administrator", password="correct horse")
    client = Client()
    client.force_login(User.objects.get(email="owner@x.example"))
    return client


@pytest.fixture
def valley(world: World) -> Brand:
    """A company with an account and a logo, and a brand that says nothing for itself yet."""
    by = world.caller()
    change_operator(
        by, name="Highveld", legal_name="Highveld (Pty) Ltd", registration="2014/1", address="22 Stiemens Street",
        city="Braamfontein", postcode="2001", email="accounts@highveld.example", phone="010 555 0100", footer="Thanks",
    )  # fmt: skip
    add_bank_account(by, details={"bank": "FNB", "number": "620 555"})
    set_logo(by, content=drawing("#00f"))
    return add_brand(by, name="Valley Net")


def bank(view: dict[str, Any]) -> list[str]:
    return [fact["value"] for fact in view["pay"]["facts"][:-1]]


def test_what_is_empty_of_a_brand_the_company_says(world: World, valley: Brand) -> None:
    ann = world.customer("Ann", brand_id=valley.pk)
    view = invoice_view(world.invoice(ann, "100.00", on="2026-01-05", due_on="2026-02-04"))
    assert view["operator"] == {
        "name": "Valley Net", "initial": "V", "colour": "#14171d", "logo": drawing("#00f").decode(), "footer": "Thanks",
        "lines": ["Highveld (Pty) Ltd", "Reg. 2014/1", "22 Stiemens Street", "Braamfontein, 2001",
                  "accounts@highveld.example, 010 555 0100"],
    }  # fmt: skip
    assert bank(view) == ["FNB", "620 555"]


def test_documents_and_messages_of_a_brand_bear_it(desk: Client, world: World, valley: Brand) -> None:
    ann, ben = world.customer("Ann", brand_id=valley.pk, emails=["a@x.example"]), world.customer("Ben")
    old = world.invoice(ann, "100.00", on="2026-01-05", due_on="2026-02-04")
    own = add_bank_account(world.caller(), details={"bank": "Nedbank", "number": "110 220"})
    said = read(
        desk.post(f"/settings/brands/{valley.pk}/edit/", {"name": "Valley", **VALLEY, "account": own.pk}, follow=True)
    )
    assert "Valley saved. Used from the next document on." in said
    assert "Valley Valley Networks CC hello@valley.example Nedbank, 110 220" in said
    red = ContentFile(drawing("#f00"), "v.svg")
    assert "Logo saved." in read(desk.post(f"/settings/brands/{valley.pk}/logo/", {"content": red}, follow=True))
    new = world.invoice(ann, "100.00", on="2026-01-06", due_on="2026-02-05")
    note = credit_invoice(world.caller(), invoice=new, reason="Twice", amounts={new.lines.get().pk: 1000})
    paid = world.pays(ann, "40.00", allocate=[])
    head = {
        "name": "Valley", "initial": "V", "colour": "#0b5fff", "logo": drawing("#f00").decode(),
        "footer": "Directors: A. Naidoo",
        "lines": ["Valley Networks CC", "Reg. 1999/7", "VAT 4111111111", "1 Vine Road", "Paarl, 7646",
                  "hello@valley.example, 021 555 0100"],
    }  # fmt: skip
    statement = statement_view(statement_of(ann, PERIOD))
    for view in (invoice_view(new), credit_note_view(note), receipt_view(paid), statement):
        assert view["operator"] == head
    assert bank(invoice_view(new)) == bank(statement) == ["Nedbank", "110 220"]
    # What was issued keeps its letterhead, and who has no brand bears the company's.
    assert invoice_view(old)["operator"]["name"] == "Valley Net"
    assert bank(invoice_view(old)) == ["FNB", "620 555"]
    plain = statement_view(statement_of(ben, PERIOD))["operator"]
    assert (plain["name"], plain["lines"][0]) == ("Highveld", "Highveld (Pty) Ltd")
    assert invoice_pdf(new).startswith(b"%PDF")
    assert check_books() == []


def test_messages_come_from_the_brand_and_are_answered_to_it(world: World, valley: Brand) -> None:
    change_brand(world.caller(), brand=valley, details=VALLEY)
    ann, ben = world.customer("Ann", brand_id=valley.pk), world.customer("Ben")
    sent = []
    for customer in (ann, ben):
        invoice = world.invoice(customer, "100.00", on="2026-01-05", due_on="2026-02-04")
        message = send_invoice(world.caller(), invoice=invoice, addresses=["a@x.example"])
        sent.append(outgoing_of(message.deliveries.get()))
    assert [(mail.sender, mail.reply_to) for mail in sent] == [
        ("Valley Net <hello@valley.example>", "hello@valley.example"),
        ("Highveld <accounts@highveld.example>", "accounts@highveld.example"),
    ]
    # What stands under the message, as a signature.
    signed = [mail.text.strip().splitlines()[-1] for mail in sent]
    assert signed == [
        "Valley Networks CC, 1 Vine Road, Paarl, 7646. hello@valley.example, 021 555 0100",
        "Highveld (Pty) Ltd, 22 Stiemens Street, Braamfontein, 2001. accounts@highveld.example, 010 555 0100",
    ]


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"name": "highveld"}, "HIGHVELD exists already|highveld exists already|Highveld exists already"),
        ({"name": " "}, "missing"),
        ({"email": "x"}, "E-mail is an address"),
        ({"colour": "#ffcc00"}, "#ffcc00 has a contrast of 1.5 to 1"),
        ({"tax_number": "123"}, "A VAT number of South Africa has 10 digits"),
        ({"footer": "x" * 241}, "Footer has at most 240 characters"),
    ],
)
def test_what_a_brand_cannot_say_is_refused(world: World, valley: Brand, details: dict[str, str], said: str) -> None:
    add_brand(world.caller(), name="Highveld")
    before = counts(), list(Brand.objects.order_by("pk").values())
    with pytest.raises(Refused, match=said) as refused:
        change_brand(world.caller(), brand=valley, details={"phone": "1", **details})
    assert refused.value.field == next(iter(details))
    with pytest.raises(Refused):
        change_brand(world.agent, brand=valley, details={"phone": "1"})
    assert (counts(), list(Brand.objects.order_by("pk").values())) == before


def test_an_account_that_a_brand_shows_is_not_closed_and_a_closed_one_not_shown(world: World, valley: Brand) -> None:
    by = world.caller()
    own, closed = (add_bank_account(by, details={"bank": name, "number": "1"}) for name in ("Nedbank", "Absa"))
    change_brand(by, brand=valley, details={"account": own})
    close_bank_account(by, account=closed)
    before = counts(), list(BankAccount.objects.order_by("pk").values()), Brand.objects.values().get()
    with pytest.raises(Refused, match="Documents of Valley Net show this account."):
        close_bank_account(by, account=own)
    with pytest.raises(Refused, match="This account is closed."):
        change_brand(by, brand=valley, details={"account": closed})
    assert (counts(), list(BankAccount.objects.order_by("pk").values()), Brand.objects.values().get()) == before


def test_what_is_retired_is_not_offered_and_who_has_it_keeps_it(desk: Client, world: World, valley: Brand) -> None:
    by = world.caller()
    ann, ben = world.customer("Ann", brand_id=valley.pk), world.customer("Ben")
    assert "Valley Net retired." in read(desk.post(f"/settings/brands/{valley.pk}/retire/", {}, follow=True))
    assert "Valley Net Retired" in read(desk.get("/settings/brands/"))
    assert "Valley Net" not in read(desk.get("/customers/new/"))
    assert "Valley Net" not in read(desk.get(f"/customers/{ben.number}/edit/"))
    assert "Valley Net" in read(desk.get(f"/customers/{ann.number}/edit/"))
    before = counts(), list(Customer.objects.order_by("pk").values())
    with pytest.raises(Refused, match="Valley Net is retired. Choose another brand.") as refused:
        change_customer(by, customer=ben, version=ben.version, changes={"brand": valley})
    assert refused.value.field == "brand"
    with pytest.raises(Refused, match="Valley Net is retired"):
        add_customer(by, name="New", brand_id=valley.pk)
    with pytest.raises(Refused, match="Valley Net is retired already."):
        retire_brand(by, brand=valley)
    assert (counts(), list(Customer.objects.order_by("pk").values())) == before
    # Who has it can be changed otherwise, and the documents go on bearing it.
    change_customer(by, customer=ann, version=ann.version, changes={"brand": valley, "name": "Anna"})
    assert statement_view(statement_of(ann, PERIOD))["operator"]["name"] == "Valley Net"
    said = read(desk.post(f"/settings/brands/{valley.pk}/restore/", {}, follow=True))
    assert "Valley Net is in use again." in said
    assert add_customer(by, name="New", brand_id=valley.pk).brand_id == valley.pk
    assert check_books() == []


def test_an_area_is_renamed_and_retired(desk: Client, world: World) -> None:
    west = add_area(world.caller(), name="West")
    assert "Far west saved." in read(desk.post(f"/settings/areas/{west.pk}/edit/", {"name": "Far west"}, follow=True))
    retire_area(world.caller(), area=west)
    with pytest.raises(Refused, match="Far west is retired. Choose another area."):
        add_customer(world.caller(), name="New", area_id=west.pk)
    assert Area.objects.get().name == "Far west"


def test_each_kind_of_document_says_its_text_and_what_is_issued_keeps_it(
    desk: Client, world: World, valley: Brand
) -> None:
    ann, ben = world.customer("Ann", brand_id=valley.pk), world.customer("Ben")
    old = world.invoice(ben, "100.00", on="2026-01-05")
    texts = {
        "invoice_text": "Due <strictly>.\nThank you.",
        "credit_note_text": "Credited.",
        "statement_text": "Check & pay.",
    }
    sent = {**texts, "footer": "Foot", "version": Operator.objects.get().version}
    assert "Texts saved." in read(desk.post("/settings/texts/", sent, follow=True))
    assert "On invoices, credit notes, statements" in read(desk.get("/settings/"))
    change_brand(world.caller(), brand=valley, details={"invoice_text": "Valley thanks you."})
    new, of_brand = (world.invoice(who, "100.00", on="2026-01-06") for who in (ben, ann))
    notes = [credit_invoice(world.caller(), invoice=row, reason="Twice") for row in (old, new)]
    said = [invoice_view(row)["note"] for row in (old, new, of_brand)]
    assert said == ["", "Due <strictly>.\nThank you.", "Valley thanks you."]
    # A credit note has the letterhead of its invoice.
    assert [credit_note_view(row)["note"] for row in notes] == ["", "Credited."]
    assert statement_view(statement_of(ann, PERIOD))["note"] == "Check & pay."
    assert "Check &amp; pay." in statement_html(statement_of(ben, PERIOD))
    change_operator(world.caller(), invoice_text="Other")
    assert invoice_view(Invoice.objects.get(pk=new.pk))["note"] == "Due <strictly>.\nThank you."
    page = PdfDocument(invoice_pdf(new))[0].get_textpage().get_text_range()
    assert "Due <strictly>.\r\nThank you." in page
    before = counts(), Operator.objects.values().get()
    for name in texts:
        with pytest.raises(Refused, match="has at most 600 characters") as refused:
            change_operator(world.caller(), **{name: "x" * 601})
        assert (refused.value.field, counts(), Operator.objects.values().get()) == (name, *before)
