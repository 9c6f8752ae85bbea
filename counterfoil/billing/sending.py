"""Sending an invoice: the copy that leaves is stored as it is and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

from counterfoil.access.queries import portal_link
from counterfoil.billing.invoice_files import invoice_pdf
from counterfoil.billing.models import Invoice
from counterfoil.documents.parties import Letterhead, Party, file_name, pay_link, short_long_date
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import queue_message
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.receivables.queries import standing_of


def _make(caller: Caller, *, invoice: Invoice, **more: Any) -> bytes:
    return invoice_pdf(invoice) if invoice.state == Invoice.State.ISSUED else b""


@verb(label="Email an invoice", before=_make)
def send_invoice(op: Operation, *, invoice: Invoice, addresses: Sequence[str], text: str = "") -> Message:
    """The issued invoice leaves as PDF to each address after some seconds."""
    refuse_if(
        invoice.state != Invoice.State.ISSUED,
        "not_issued",
        "Only an issued invoice can be sent. Issue it first.",
        field="invoice",
    )
    context = {**_context(invoice, text), "portal": portal_link(invoice.customer)}
    message = queue_message(
        op,
        customer=invoice.customer,
        kind="invoice",
        subject=str(context["subject"]),
        body_text=render_to_string("billing/email_invoice.txt", context).strip() + "\n",
        body_html=render_to_string("billing/email_invoice.html", context),
        addresses=addresses,
        files=[(file_name("Invoice", invoice.number or "", "pdf", invoice.on), "application/pdf", op.ready)],
    )
    op.record("invoice.sent", message, customer_id=invoice.customer_id, number=invoice.number)
    return message


def _context(invoice: Invoice, text: str) -> dict[str, object]:
    customer, operator = Party(**invoice.copy["customer"]), Letterhead(**invoice.copy["operator"])
    total = money_text(invoice.total_minor, invoice.currency)
    due = short_long_date(invoice.due_on, today=invoice.on)
    reach = ", ".join(part for part in (operator.email, operator.phone) if part)
    # What has settled it by now is not asked for again.
    item = standing_of(invoice.item) if invoice.item else None
    open_minor = item.open_minor if item else invoice.total_minor
    disputed_minor = item.disputed_minor if item else 0
    asked_minor = open_minor - disputed_minor
    to_pay = money_text(asked_minor, invoice.currency)
    settled = money_text(invoice.total_minor - open_minor, invoice.currency) if open_minor < invoice.total_minor else ""
    disputed = money_text(disputed_minor, invoice.currency) if disputed_minor else ""
    asked = f"{to_pay} due {due}" if asked_minor else f"{total}, {'in dispute' if disputed else 'settled'}"
    legal = ", ".join(part for part in (operator.legal_name or operator.name, operator.address) if part)
    return {
        "subject": f"Invoice {invoice.number}, {asked}",
        "operator": operator.name,
        "heading": f"Invoice {invoice.number}",
        "preheader": f"{asked}. The PDF is attached.",
        "paragraphs": [
            part.strip() for part in (text or "Good day, your invoice is attached.").splitlines() if part.strip()
        ],
        "total": total,
        "to_pay": to_pay,
        "settled": settled,
        "disputed": disputed,
        "due": due if asked_minor else "",
        "pay_link": pay_link(operator, customer.number) if asked_minor else "",
        "bank": operator.bank if asked_minor else "",
        "bank_account": operator.bank_account,
        "reference": customer.number,
        "account": f"{customer.name}, {customer.number}",
        "small_print": ". ".join(part for part in (legal, reach) if part),
    }
