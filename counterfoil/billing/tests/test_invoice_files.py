"""Invoices, credit notes and receipts on paper, and by e-mail."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from counterfoil.billing.invoice_files import credit_note_pdf, invoice_pdf
from counterfoil.billing.models import Invoice, TaxRate
from counterfoil.billing.operations import credit_invoice, draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.billing.sending import send_invoice
from counterfoil.customers.operations import change_customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.queries import messages_of
from counterfoil.payments.operations import reverse_receipt
from counterfoil.payments.receipt_files import receipt_pdf
from counterfoil.testing.world import World


def text_of(pdf: bytes) -> str:
    assert b"pdfuaid" in pdf, "Not accessible: compiled without PDF/UA."
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


def draft(world: World, *, included: bool = True) -> Invoice:
    rates = dict(TaxRate.objects.values_list("code", "pk"))
    lines = [
        LineInput("Fibre, March", Decimal(1), Decimal("899.00"), rates["standard"]),
        LineInput('#read("/etc/passwd")', Decimal("2.5"), Decimal("120.00"), rates["zero"]),
    ]
    return draft_invoice(
        world.caller(), customer=world.customer(), lines=lines, on=world.today, prices_include_tax=included
    )


def test_an_invoice_shows_the_tax_of_each_rate(world: World) -> None:
    invoice = issue_invoices(world.caller(), invoices=[draft(world)])[0]
    text = text_of(invoice_pdf(invoice))
    for words in (
        "INV-000001",
        "R1,199.00",
        "781.74",
        "117.26",
        "Zero-rated",
        "300.00",
        '#read("/etc/passwd")',
        "30 April 2026",
    ):
        assert words in text
    assert "Draft" not in text
    assert invoice_pdf(invoice) == invoice_pdf(invoice)


def test_a_draft_says_that_it_is_one(world: World) -> None:
    text = text_of(invoice_pdf(draft(world)))
    assert "Draft" in text
    assert "This is a draft" in text
    assert "How to pay" not in text


def test_prices_without_tax_show_their_sum_without_tax(world: World) -> None:
    text = text_of(invoice_pdf(draft(world, included=False)))
    assert "Amount, VAT excluded" in text
    assert "1,333.85" in text


def test_an_issued_invoice_keeps_the_name_it_was_issued_to(world: World) -> None:
    invoice = issue_invoices(world.caller(), invoices=[draft(world)])[0]
    before = invoice_pdf(invoice)
    customer = invoice.customer
    change_customer(world.caller(), customer=customer, version=customer.version, changes={"name": "Somebody Else"})
    assert invoice_pdf(Invoice.objects.get(pk=invoice.pk)) == before


def test_a_credit_note_names_its_invoice(world: World) -> None:
    invoice = issue_invoices(world.caller(), invoices=[draft(world)])[0]
    note = credit_invoice(world.caller(), invoice=invoice, amounts=None, reason="Sent by mistake", on=world.today)
    text = text_of(credit_note_pdf(note))
    for words in ("CN-000001", "INV-000001", "R1,199.00", "Sent by mistake", "781.74"):
        assert words in text


def test_a_receipt_says_what_it_paid_and_when_it_was_reversed(world: World) -> None:
    zara = world.customer(owing={"2026-02-28": "310.00"})
    receipt = world.pays(zara, "400.00")
    text = text_of(receipt_pdf(receipt))
    for words in ("R400.00", "INV-000001", "310.00", "On account", "90.00"):
        assert words in text
    reverse_receipt(world.caller(), receipt=receipt, reason="Debit order returned")
    assert "Reversed" in text_of(receipt_pdf(receipt))


def test_an_issued_invoice_is_sent_and_a_draft_is_not(world: World) -> None:
    made = draft(world)
    with pytest.raises(Refused) as refused:
        send_invoice(world.clerk, invoice=made, addresses=["zara@zara.example"])
    assert refused.value.code == "not_issued"

    invoice = issue_invoices(world.caller(), invoices=[made])[0]
    send_invoice(world.clerk, invoice=invoice, addresses=["zara@zara.example"])
    message = messages_of(invoice.customer).get()
    assert message.subject == "Invoice INV-000001, R1,199.00 due 30 April"
    assert message.files.get().name == f"Invoice INV-000001 {dt.date(2026, 3, 31)}.pdf"
