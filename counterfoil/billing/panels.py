"""What billing offers to the customer page: invoices and credit notes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils import timezone

from counterfoil.billing import doors, operations, queries
from counterfoil.billing.forecast import next_bills
from counterfoil.billing.models import Invoice, RecurringInvoice
from counterfoil.billing.nouns import RECURRING_INVOICE
from counterfoil.kernel.money import money_text
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import lateness
from counterfoil.usage.queries import metered

NEW_INVOICE = Action(operations.draft_invoice, "New invoice", "new-invoice", "receipt", words="invoice charge once-off")
BILL_NOW = Action(
    operations.bill_customer,
    "Bill now",
    "bill-now",
    "layers",
    "b",
    words="bill subscriber recurring invoice generate",
)


def invoice_status(row: Invoice, today: dt.date | None = None) -> tuple[str, str]:
    """How an invoice stands, in words, and the tone."""
    if row.state == Invoice.State.DRAFT:
        return "Draft", ""
    if row.item is None:
        return row.get_state_display(), ""
    if not row.item.open_minor:
        return ("Credited", "") if row.is_credited else ("Paid", "ok")
    if _disputed_minor(row) >= row.item.open_minor:
        return "In dispute", "warn"
    return lateness(row.due_on, today or timezone.localdate())


def _disputed_minor(row: Any) -> int:
    return min(row.disputed_minor, row.item.open_minor) if row.item else 0


def disputed_of(row: Any) -> str:
    """What of an open invoice is in dispute, in words; nothing where nothing is."""
    minor = _disputed_minor(row)
    return f"{money_text(minor, row.currency)} in dispute" if minor else ""


def _number(row: Invoice) -> str:
    return row.number or "Draft"


def _open(row: Invoice) -> Any:
    return row.item.open_minor if row.item else None


INVOICES = Table(
    key="invoices",
    title="Invoices",
    columns=(
        Column("number", "Invoice", _number, sort="number", href=lambda row: reverse("invoice", args=[row.pk])),
        Column("on", "Issued", lambda row: row.on, "date", sort="on"),
        Column("text", "For", lambda row: row.text, low=True),
        Column("due_on", "Due", lambda row: row.due_on, "date", sort="due_on", low=True),
        Column(
            "status", "Status", lambda row: invoice_status(row)[0], "badge", tone=lambda row: invoice_status(row)[1]
        ),
        Column("total", "Total", lambda row: row.total_minor, "money", sort="total_minor", low=True),
        Column(
            "open",
            "Open",
            _open,
            "money",
            sort="item__open_minor",
            sub=disputed_of,
            strong=True,
            total=True,
        ),  # fmt: skip
    ),
    order="-on",
    total_label="Open",
    empty=("No invoices yet", "Invoices of this customer appear here."),
)

CREDIT_NOTES = Table(
    key="credit-notes",
    title="Credit notes",
    columns=(
        Column(
            "number", "Credit note", lambda row: row.number, sort="sequence_no",
            href=lambda row: reverse("item", args=[row.item_id]),
        ),
        Column("on", "Date", lambda row: row.on, "date", sort="on"),
        Column(
            "invoice", "Invoice", lambda row: row.invoice.number, sort="invoice__number",
            href=lambda row: reverse("invoice", args=[row.invoice_id]),
        ),
        Column("reason", "Reason", lambda row: row.reason, low=True),
        Column("author", "By", lambda row: row.author, low=True),
        Column("total", "Amount", lambda row: -row.total_minor, "money", sort="total_minor"),
    ),
    order="-on",
    empty=("No credit notes yet", "What was taken back of an invoice appears here."),
)  # fmt: skip


def recurring_status(row: RecurringInvoice) -> tuple[str, str]:
    """How a recurring invoice stands, in words, and the tone."""
    if row.stopped_on:
        return "Stopped", ""
    if row.failure:
        return "No draft", "bad"
    return ("Recurs", "ok") if queries.recurs(row) else ("Ended", "")


def _owner(row: RecurringInvoice) -> str:
    owner = row.agreement or row.subscription
    return owner.number if owner else ""


def _ends(row: RecurringInvoice) -> Any:
    return row.agreement.last_day if row.agreement else row.ends_on


RECURRING_INVOICES = Table(
    key="recurring-invoices",
    title="Recurring invoices",
    columns=(
        Column("invoice", "Invoice", lambda row: row.invoice.number, sort="invoice__number",
               href=lambda row: reverse("invoice", args=[row.invoice_id])),
        Column("text", "For", lambda row: row.invoice.text, low=True),
        Column("often", "Comes", lambda row: row.get_frequency_display(), href=RECURRING_INVOICE.url),
        Column("next_on", "Next draft", lambda row: row.next_on if queries.recurs(row) else None, "date",
               sort="next_on"),
        Column("of", "Belongs to", _owner, sub=lambda row: row.agreement.title if row.agreement else "", low=True),
        Column("ends", "Last day", _ends, "date", low=True),
        Column("status", "Status", lambda row: recurring_status(row)[0], "badge",
               tone=lambda row: recurring_status(row)[1], sub=lambda row: row.failure, low=True),
        Column("total", "Amount", lambda row: row.invoice.total_minor, "money", sort="invoice__total_minor"),
        doors.STOP_RECURRING.column("Stop"),
    ),
    empty=("No recurring invoices", "An issued invoice becomes one under its three dots."),
)  # fmt: skip

RECURRING_PANEL = Panel(
    "recurring-invoices", "Recurring invoices", "billing.view",
    lambda caller, customer: queries.recurring_of(customer), table=RECURRING_INVOICES,
    words="recur repeat agreement standing order", queries=3,
)  # fmt: skip

NEXT_BILLS = Table(
    key="next-bills",
    title="Next bills",
    columns=(
        Column("on", "On", lambda row: row.on, "date"),
        Column("text", "For", lambda row: row.text),
        Column("minor", "Amount", lambda row: row.minor, "money", total=True),
    ),
    total_label="Total",
    empty=("Nothing to come", "What services will be billed appears here."),
)

NEXT_BILLS_PANEL = Panel(
    "next-bills", "Next bills", "billing.view", lambda caller, customer: next_bills(customer, caller.today),
    table=NEXT_BILLS, actions=(BILL_NOW,), brief=3, queries=12,
    note=lambda caller, customer: "if nothing changes" + (
        ", with the usage there is so far" if metered(customer).exists() else ""
    ),
    words="forecast upcoming recurring billing recurring invoices",
)  # fmt: skip
INVOICES_PANEL = Panel(
    "invoices", "Invoices", "billing.view", lambda caller, customer: queries.invoices_of(customer), table=INVOICES,
    actions=(BILL_NOW, NEW_INVOICE), words="bills invoices drafts billing", queries=4,
)  # fmt: skip
CREDIT_NOTES_PANEL = Panel(
    "credit-notes", "Credit notes", "billing.view", lambda caller, customer: queries.credit_notes_of(customer),
    table=CREDIT_NOTES, words="credit memo credit notes", queries=3,
)  # fmt: skip
