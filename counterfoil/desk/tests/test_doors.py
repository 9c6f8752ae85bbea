"""Each form of the desk, filled in and sent: what it says afterwards, and what is different in the world."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.customers.models import Contact, Customer, Site
from counterfoil.messaging.models import Delivery, Message
from counterfoil.payments.models import Receipt, Refund
from counterfoil.receivables.models import Allocation, Dispute, OpenItem
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts
from counterfoil.tickets.operations import open_ticket


@pytest.fixture
def desk(world: World) -> Client:
    world.today = timezone.localdate()
    add_user(world.caller(), email="lerato@example.com", name="Lerato", role="administrator", password="correct horse")
    client = Client()
    client.force_login(User.objects.get(email="lerato@example.com"))
    return client


@pytest.fixture
def invoice(world: World, desk: Client) -> Invoice:
    customer = world.customer("Zara Naidoo", emails=("zara@example.com",))
    return world.invoice(customer, "310.00", on="2026-01-05", due_on="2026-02-04")


def send(desk: Client, url: str, **fields: object) -> str:
    """Post a form and return what the next page says, without its markup."""
    answer = desk.post(url, {"key": url, **fields}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


def today() -> str:
    return timezone.localdate().isoformat()


def do(customer: Customer, name: str) -> str:
    return reverse(name, args=[customer.number])


def test_issue_credit_against_an_invoice(desk: Client, invoice: Invoice) -> None:
    said = send(
        desk, do(invoice.customer, "issue-credit"), amount="60", reason="Offline", on=today(), against=invoice.item_id
    )
    assert "of R60.00 issued." in said
    assert OpenItem.objects.get(pk=invoice.item_id).open_minor == 25_000


def test_charge_without_an_invoice(desk: Client, invoice: Invoice) -> None:
    assert "Charged R15.00" in send(desk, do(invoice.customer, "debit-memo"), amount="15", reason="Fee", on=today())


def test_the_page_of_an_invoice_says_how_it_stands(desk: Client, invoice: Invoice, world: World) -> None:
    page = reverse("invoice", args=[invoice.pk])
    late = (timezone.localdate() - invoice.due_on).days
    assert f"{late} days overdue" in desk.get(page).content.decode()
    assert "Put in dispute" in desk.get(page).content.decode()
    send(desk, reverse("open-dispute", args=[invoice.item_id]), amount="100", reason="Not received")
    text = desk.get(page).content.decode()
    assert f"{late} days overdue" in text
    assert "R100.00 in dispute" in text
    # One dispute at a time: the menu offers what can be done.
    assert ("Put in dispute" in text, "Close dispute" in text) == (False, True)
    paid = world.pays(invoice.customer, "310.00")
    assert 'class="b ok">Paid<' in squeezed(desk.get(page).content.decode())
    assert "Fully allocated" in squeezed(desk.get(reverse("receipt", args=[paid.pk])).content.decode())


def test_dispute_and_close_it(desk: Client, invoice: Invoice) -> None:
    item = [invoice.item_id]
    said = send(desk, reverse("open-dispute", args=item), amount="100", reason="Not received")
    assert f"R100.00 of {invoice.number} is in dispute." in said
    page = desk.get(f"/customers/{invoice.customer.number}/").content.decode()
    assert "R100.00 in dispute on" in page
    assert "is closed." in send(desk, reverse("close-dispute", args=item), outcome="Explained")
    assert Dispute.objects.get().closed_on == timezone.localdate()


def test_write_off(desk: Client, invoice: Invoice) -> None:
    said = send(desk, reverse("write-off", args=[invoice.item_id]), amount="310", reason="Gone", on=today())
    assert f"R310.00 of {invoice.number} written off." in said


def test_allocate_and_undo(desk: Client, invoice: Invoice, world: World) -> None:
    receipt = world.pays(invoice.customer, "100.00", allocate=[])
    said = send(desk, do(invoice.customer, "allocate"), credit=receipt.item_id, debit=invoice.item_id, amount="100.00")
    assert f"R100.00 of {receipt.number} settles {invoice.number}." in said
    made = Allocation.objects.get()
    assert "The allocation is undone." in send(desk, reverse("undo-allocation", args=[made.pk]), reason="Wrong one")
    assert OpenItem.objects.get(pk=invoice.item_id).open_minor == 31_000
    assert "R100.00 allocated to 1 item." in send(desk, do(invoice.customer, "allocate-oldest"))


def test_refund_what_is_unallocated(desk: Client, invoice: Invoice, world: World) -> None:
    world.pays(invoice.customer, "100.00", allocate=[])
    refused = desk.post(
        do(invoice.customer, "refund"), {"amount": "101", "on": today(), "method": "eft", "reason": "Asked"}
    )
    assert refused.status_code == 422
    said = send(desk, do(invoice.customer, "refund"), amount="100", on=today(), method="eft", reason="Asked")
    assert f"R100.00 refunded with {Refund.objects.get().number}." in said


def test_reverse_a_payment(desk: Client, invoice: Invoice, world: World) -> None:
    receipt = world.pays(invoice.customer, "310.00")
    said = send(desk, reverse("reverse-receipt", args=[receipt.pk]), reason="Bounced", on=today())
    assert f"{receipt.number} of R310.00 reversed. What it settled is open again." in said
    assert "This payment was reversed" in said
    assert "R310.00 bounced" in desk.get(f"/customers/{invoice.customer.number}/").content.decode()


def test_credit_part_of_an_invoice_line(desk: Client, invoice: Invoice) -> None:
    line = invoice.lines.get()
    url = reverse("credit-invoice", args=[invoice.pk])
    said = send(desk, url, **{f"line-{line.pk}": "10.00", "reason": "Price", "on": today()})
    note = CreditNote.objects.get()
    assert f"R10.00 of {invoice.number} credited with {note.number}." in said
    for address in (reverse("credit-note-file", args=[note.pk]), reverse("invoice-file", args=[invoice.pk])):
        assert desk.get(address).content.startswith(b"%PDF")
    assert note.number in desk.get(reverse("item", args=[note.item_id])).content.decode()


def test_send_a_statement_and_take_it_back(world: World, desk: Client, invoice: Invoice) -> None:
    ticket = open_ticket(world.caller(), customer=invoice.customer, subject="Statement", text="Please")
    url = do(invoice.customer, "send-statement")
    form = desk.get(url).content.decode()
    assert "Send to 1 address" in form
    assert "zara@example.com" in form
    said = send(
        desk, url, to=["zara@example.com"], other="two@example.com", span="zero", style="balance_forward",
        related=ticket.number, text="Good day",
    )  # fmt: skip
    assert "Statement sent to 2 addresses." in said
    message = Message.objects.get()
    assert message.related == f"ticket:{ticket.number}"
    page = desk.get(reverse("message", args=[message.pk])).content.decode()
    assert "two@example.com" in page
    file = message.files.get()
    assert desk.get(reverse("message-file", args=[file.pk])).content.startswith(b"%PDF")
    assert "Send cancelled." in send(desk, reverse("cancel-message", args=[message.pk]))
    assert set(Delivery.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_statement_to_a_wrong_address_says_so_and_sends_nothing(desk: Client, invoice: Invoice) -> None:
    before = counts()
    fields = {"other": "not an address", "span": "zero", "style": "balance_forward"}
    answer = desk.post(do(invoice.customer, "send-statement"), fields)
    assert answer.status_code == 422
    assert "is not an e-mail address" in answer.content.decode()
    assert counts() == before


def test_send_an_invoice(desk: Client, invoice: Invoice) -> None:
    said = send(desk, reverse("send-invoice", args=[invoice.pk]), to=["zara@example.com"], text="Good day")
    assert f"{invoice.number} sent to 1 address." in said


@pytest.mark.parametrize(("form", "mime"), [("pdf", b"%PDF"), ("csv", b""), ("xlsx", b"PK")])
def test_a_statement_for_any_period_as_a_file(desk: Client, invoice: Invoice, form: str, mime: bytes) -> None:
    url = f"/customers/{invoice.customer.number}/statement/?from=2026-01-01&to=2026-02-28&format={form}"
    assert desk.get(url).content.startswith(mime)


def test_contacts_and_addresses(desk: Client, invoice: Invoice) -> None:
    customer = invoice.customer
    assert "Naledi added." in send(
        desk, do(customer, "add-contact"), name="Naledi", title="Office", emails="n@example.com\nm@example.com",
        phones="082 555 0142", roles=["technical"],
    )  # fmt: skip
    naledi = Contact.objects.get(name="Naledi")
    assert naledi.points.count() == 3
    url = reverse("edit-contact", args=[naledi.pk])
    assert "m@example.com" in desk.get(url).content.decode()
    assert "Naledi N saved." in send(desk, url, name="Naledi N", emails="n@example.com", active="on", version="1")
    assert "Address Office added." in send(desk, do(customer, "add-site"), label="Office", street="1 Main Road")
    site = Site.objects.get(label="Office")
    said = send(desk, reverse("edit-site", args=[site.pk]), label="Shop", street="1 Main Road", version="1")
    assert "Address Shop saved." in said


def test_a_wrong_phone_number_lands_on_its_field(desk: Client, invoice: Invoice) -> None:
    answer = desk.post(do(invoice.customer, "add-contact"), {"name": "N", "phones": "12"})
    assert answer.status_code == 422
    assert 'id="id_phones_error"' in answer.content.decode()


def test_add_a_customer_and_make_it_inactive_and_active(desk: Client) -> None:
    fields = {
        "name": "Blue Crane", "kind": "company", "billing_type": "business", "terms_days": "14", "terms_rule": "days",
        "currency": "ZAR",
        "email": "a@example.com", "phone": "0825550142", "contact_name": "Thabo", "street": "1 Main Road",
    }  # fmt: skip
    assert "Blue Crane added as" in send(desk, "/customers/new/", **fields)
    customer = Customer.objects.get(name="Blue Crane")
    assert "Blue Crane is inactive." in send(desk, do(customer, "deactivate"), reason="Moved")
    assert "Blue Crane is active." in send(desk, do(customer, "reactivate"), reason="Back")


def test_edit_a_draft_and_issue_it(desk: Client, invoice: Invoice) -> None:
    fields = {
        "on": today(), "prices": "incl", "then": "draft", "lines-0-text": "Router", "lines-0-quantity": "2",
        "lines-0-unit_price": "10",
    }  # fmt: skip
    send(desk, do(invoice.customer, "new-invoice"), **fields)
    draft = Invoice.objects.get(state="draft")
    url = reverse("edit-draft", args=[draft.pk])
    assert 'value="Router"' in desk.get(url).content.decode()
    assert "Draft of R30.00 saved." in send(desk, url, **{**fields, "lines-0-quantity": "3", "version": "1"})
    assert "issued." in send(desk, reverse("issue-invoice", args=[draft.pk]))
    draft.refresh_from_db()
    assert draft.total_minor == 3_000
    assert draft.number


def test_more_lines_than_an_invoice_has_are_refused_not_cut_off(desk: Client, invoice: Invoice) -> None:
    lines = {f"lines-{n}-{part}": value for n in range(201) for part, value in (("text", "x"), ("unit_price", "1"))}
    answer = desk.post(do(invoice.customer, "new-invoice"), {"on": today(), "prices": "incl", "then": "draft", **lines})
    assert answer.status_code == 422
    assert "An invoice has at most 200 lines." in answer.content.decode()
    assert "lines-200-text" in answer.content.decode()
    assert not Invoice.objects.filter(state="draft").exists()


def test_a_draft_that_cannot_be_issued_twice_says_so(desk: Client, invoice: Invoice) -> None:
    said = send(desk, reverse("issue-invoice", args=[invoice.pk]))
    assert Invoice.objects.filter(state="issued").count() == 1
    assert "issued" in said.lower()


def test_the_theme_follows_the_person(desk: Client) -> None:
    desk.post("/theme/", {"theme": "dark"})
    assert 'data-theme="dark"' in desk.get("/").content.decode()


def test_a_file_is_checked_and_then_brought_in(desk: Client) -> None:
    def upload(then: str) -> str:
        mapping = SimpleUploadedFile("m.toml", MAPPING.encode())
        file = SimpleUploadedFile("c.csv", b"id,name\nK1,Kudu Motors\n")
        return desk.post("/import/", {"file": file, "mapping": mapping, "then": then}).content.decode()

    before = counts()
    assert "There is a problem" in desk.post("/import/", {"then": "check"}).content.decode()
    assert "The file is valid." in upload("check")
    assert counts() == before
    assert "File imported." in upload("import")
    assert Customer.objects.filter(number="K1", name="Kudu Motors").exists()


MAPPING = """
name = "Test"
source = "test"
dates = "year-month-day"
currency = "ZAR"
[customers]
key = "{id}"
number = "{id}"
name = "{name}"
"""


def test_a_receipt_shows_what_it_settled(desk: Client, invoice: Invoice, world: World) -> None:
    receipt: Receipt = world.pays(invoice.customer, "310.00")
    page = desk.get(reverse("receipt", args=[receipt.pk])).content.decode()
    assert str(invoice.number) in page
    assert "Why?" in page
    assert desk.get(reverse("receipt-file", args=[receipt.pk])).content.startswith(b"%PDF")
    assert desk.get(reverse("item", args=[receipt.item_id]))["Location"] == reverse("receipt", args=[receipt.pk])
