"""Sending invoices: the copy that leaves is stored as it is and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from django.db.models import prefetch_related_objects
from django.template.loader import render_to_string

from counterfoil.access.queries import portal_links
from counterfoil.billing.invoice_files import invoice_pdf, online_addresses
from counterfoil.billing.models import Invoice
from counterfoil.customers.queries import visible
from counterfoil.documents.parties import Letterhead, Party, file_name, pay_link
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.messaging.letters import Letter, Posted, letter, post_letters, write_letters
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import NewMessage
from counterfoil.messaging.operations.wording import (
    Shown,
    Wording,
    Words,
    declare_wording,
    filled,
    paragraphs,
    speaking,
)
from counterfoil.messaging.queries import refuse_unless_sendable
from counterfoil.messaging.rules import check_line
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.receivables.queries import standings_of
from counterfoil.receivables.rules import ItemState


@dataclass(frozen=True)
class InvoiceEmail:
    """An invoice to send, and where to. With a `key` it leaves once, whoever sends it again."""

    invoice: Invoice
    addresses: Sequence[str]
    text: str = ""
    key: str = ""
    subject: str = ""


@dataclass(frozen=True)
class _Known:
    """What the e-mails say besides what the invoices do, read for all of them at once."""

    standings: dict[int, ItemState]
    portals: dict[int, str]
    words: Words
    # Where each is paid by card.
    online: dict[int, str]


def _example(caller: Caller, subject: str, text: str) -> Shown | None:
    """The e-mail of the invoice that was issued last."""
    mine = Invoice.objects.filter(state=Invoice.State.ISSUED, customer__in=visible(caller))
    invoice = mine.select_related("customer").order_by("-pk").first()
    if invoice is None:
        return None
    known = replace(_read([invoice]), words=lambda brand, language: (subject, text))
    item = known.standings[invoice.item_id] if invoice.item_id else None
    context = {**_context(invoice, "", item, _words(invoice, known), known.online.get(invoice.pk, "")),
               "portal": known.portals[invoice.customer_id]}  # fmt: skip
    body = render_to_string("billing/email_invoice.txt", context).strip() + "\n"
    return Shown(invoice.customer.name, str(context["subject"]), body)


WORDING = declare_wording(
    Wording(
        "invoice", "Invoice", "Invoice {invoice_number}, {what_is_due}", "Good day, your invoice is attached.",
        {
            "customer_name": "the customer",
            "account_number": "their account number",
            "company_name": "your trading name",
            "invoice_number": "the number of the invoice",
            "total": "its total with tax",
            "amount_due": "what is left to pay of it",
            "due_date": "the day it is due",
            "what_is_due": "what is to pay and by when, in a few words",
        },
        _example,
    )
)  # fmt: skip


def _read(invoices: Sequence[Invoice]) -> _Known:
    # The lines of a draft may still change, so they are not kept with it.
    issued = [row for row in invoices if row.state == Invoice.State.ISSUED]
    prefetch_related_objects(issued, "customer", "lines")
    standings = standings_of([row.item_id for row in issued if row.item_id])
    portals = portal_links({row.customer_id for row in issued})
    return _Known(standings, portals, speaking(WORDING), online_addresses(issued))


def _words(invoice: Invoice, known: _Known) -> tuple[str, str]:
    """What the e-mail says to this customer: by their brand and language."""
    return known.words(invoice.customer.brand_id, invoice.customer.language)


def _message(new: InvoiceEmail, known: _Known) -> NewMessage:
    invoice = new.invoice
    refuse_if(
        invoice.state != Invoice.State.ISSUED,
        "not_issued",
        "Only an issued invoice can be sent. Issue it first.",
        field="invoice",
    )
    item = known.standings[invoice.item_id] if invoice.item_id else None
    context = {
        **_context(invoice, new.text, item, _words(invoice, known), known.online.get(invoice.pk, "")),
        "portal": known.portals[invoice.customer_id],
    }
    name = file_name("Invoice", invoice.number or "", "pdf", invoice.on)
    return NewMessage(
        customer=invoice.customer,
        kind="invoice",
        subject=new.subject or str(context["subject"]),
        body_text=render_to_string("billing/email_invoice.txt", context).strip() + "\n",
        body_html=render_to_string("billing/email_invoice.html", context),
        addresses=new.addresses,
        files=[(name, "application/pdf", invoice_pdf(invoice, known.online.get(invoice.pk, "")))],
    )


def words_for(invoice: Invoice) -> tuple[str, str]:
    """Subject and message of the e-mail of an issued invoice, as Settings have them, with what they say of it."""
    known = _read([invoice])
    item = known.standings[invoice.item_id] if invoice.item_id else None
    context = _context(invoice, "", item, _words(invoice, known), known.online.get(invoice.pk, ""))
    return str(context["subject"]), "\n\n".join(context["paragraphs"])


def _letter(
    caller: Caller, *, invoice: Invoice, addresses: Sequence[str], text: str = "", subject: str = ""
) -> Letter:  # fmt: skip
    refuse_unless_sendable()
    subject = check_line(subject, field="subject", name="The subject", most=200) if subject else ""
    return Letter(invoice.customer, _message(InvoiceEmail(invoice, addresses, text, subject=subject), _read([invoice])))


@verb(label="Email an invoice", before=_letter)
def send_invoice(
    op: Operation, *, invoice: Invoice, addresses: Sequence[str], text: str = "",
    subject: Annotated[str, Says(most=200)] = "",
) -> Message:  # fmt: skip
    """The issued invoice leaves as PDF to each address after some seconds.

    Where text or subject are empty, it says what Settings have.
    """
    (posted,) = _post(op, [invoice], [op.ready])
    if posted.message is None:
        raise Refused(posted.code, posted.said, field="invoice")
    return posted.message


def _letters(caller: Caller, *, invoices: Sequence[InvoiceEmail]) -> list[Letter]:
    refuse_unless_sendable()
    known = _read([new.invoice for new in invoices])
    return write_letters(invoices, lambda new: letter(new.invoice.customer, new.key, lambda: _message(new, known)))


@verb(right=send_invoice, before=_letters)
def send_invoices(op: Operation, *, invoices: Sequence[InvoiceEmail]) -> list[Posted]:
    """Each issued invoice leaves as PDF to its addresses, with a constant number of queries; what became of each.

    One that cannot be sent is named and stops no other.
    """
    posted = _post(op, [new.invoice for new in invoices], op.ready)
    return [*posted, *[Posted()] * (len(invoices) - len(posted))]


def _post(op: Operation, invoices: Sequence[Invoice], letters: Sequence[Letter]) -> list[Posted]:
    posted = post_letters(op, letters=letters)
    for invoice, made in zip(invoices, posted, strict=False):
        if made.message is not None:
            op.record("invoice.sent", made.message, customer_id=invoice.customer_id, number=invoice.number)
    return posted


def _context(
    invoice: Invoice, text: str, item: ItemState | None, words: tuple[str, str], online: str
) -> dict[str, Any]:
    customer, operator = Party(**invoice.copy["customer"]), Letterhead(**invoice.copy["operator"])
    speech, say = operator.speech, operator.speech.say
    total = speech.money(invoice.total_minor, invoice.currency)
    due = speech.near_date(invoice.due_on, today=invoice.on)
    # What has settled it by now is not asked for again.
    open_minor = item.open_minor if item else invoice.total_minor
    disputed_minor = item.disputed_minor if item else 0
    asked_minor = open_minor - disputed_minor
    to_pay = speech.money(asked_minor, invoice.currency)
    settled_minor = invoice.total_minor - open_minor
    settled = speech.money(settled_minor, invoice.currency) if settled_minor > 0 else ""
    disputed = speech.money(disputed_minor, invoice.currency) if disputed_minor else ""
    asked = say("{amount} due {day}", amount=to_pay, day=due)
    if not asked_minor:
        asked = say("{amount}, in dispute", amount=total) if disputed else say("{amount}, settled", amount=total)
    values = {
        "customer_name": customer.name, "account_number": customer.number, "company_name": operator.name,
        "invoice_number": invoice.number or "", "total": total, "amount_due": to_pay, "due_date": due,
        "what_is_due": asked,
    }  # fmt: skip
    return {
        "subject": filled(words[0], values)[:200],
        "operator": operator.name,
        "speech": speech,
        "heading": f"{say('Invoice')} {invoice.number}",
        "preheader": say("{what}. The PDF is attached.", what=asked),
        "paragraphs": paragraphs(text or filled(words[1], values)),
        "total": total,
        "to_pay": to_pay,
        "settled": settled,
        "disputed": disputed,
        "due": due if asked_minor else "",
        "pay_link": (pay_link(operator, customer.number) or online) if asked_minor else "",
        "pay_words": say("Pay {amount}", amount=to_pay),
        "bank": (operator.bank or operator.iban and "IBAN") if asked_minor else "",
        "bank_account": operator.bank_account or operator.iban,
        "reference": customer.number,
        "account": f"{customer.name}, {customer.number}",
        "small_print": operator.small_print,
    }
