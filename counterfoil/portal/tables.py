"""The portal's lists, in the words of the person who pays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.urls import reverse

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.catalogue.rules import amount_text
from counterfoil.jobs.notices import first_name
from counterfoil.jobs.queries import when_text
from counterfoil.kernel.periods import date_text, days_before
from counterfoil.network.rules import size
from counterfoil.payments.models import Receipt
from counterfoil.platform.tables import Column, Table
from counterfoil.receivables.rules import ItemState
from counterfoil.tickets.models import Ticket
from counterfoil.usage.queries import PeriodUsage, name_of

_PAGE = 20


def invoice_status(row: Invoice, standing: Mapping[int, ItemState], today: dt.date) -> tuple[str, str]:
    """How an invoice stands, in words, and the tone."""
    item = standing.get(row.item_id or 0)
    if item is None or not item.open_minor:
        # What was open on an account that is this one now is listed there under a number of its own.
        if row.customer.merged_into_id:
            return "On your earlier account", ""
        return ("Credited", "") if row.is_credited else ("Paid", "ok")
    if item.disputed_minor >= item.open_minor:
        return "In dispute", "warn"
    if item.disputed_minor:
        return "Partly in dispute", "warn"
    if row.due_on < today:
        return "Overdue", "bad"
    return ("Part paid", "") if item.open_minor < item.amount_minor else ("Not due yet", "")


def invoices_table(standing: Mapping[int, ItemState], today: dt.date) -> Table:
    """Invoices, with how each stands."""

    def status(row: Invoice) -> tuple[str, str]:
        return invoice_status(row, standing, today)

    def to_pay(row: Invoice) -> int:
        item = standing.get(row.item_id or 0)
        return item.open_minor - item.disputed_minor if item else 0

    return Table(
        key="invoices",
        title="Invoices",
        columns=(
            Column(
                "number",
                "Invoice",
                lambda row: row.number,
                href=lambda row: reverse("portal:invoice", args=[row.pk]),
                # On a telephone the date stands under the number.
                sub=lambda row: f"due {date_text(row.due_on, today=today)}",
            ),
            Column("on", "Date", lambda row: row.on, "date", low=True),
            Column("text", "For", lambda row: row.text, low=True),
            Column("due_on", "Due", lambda row: row.due_on, "date", low=True),
            Column("status", "Status", lambda row: status(row)[0], "badge", tone=lambda row: status(row)[1]),
            Column("total", "Amount", lambda row: row.total_minor, "money", low=True),
            Column("open", "To pay", to_pay, "money", strong=True),
        ),
        page_size=_PAGE,
        empty=("No invoices yet", "Your invoices appear here as soon as they are issued."),
    )


CREDIT_NOTES = Table(
    key="credit-notes",
    title="Credit notes",
    columns=(
        Column("number", "Credit note", lambda row: row.number, href=lambda row: _credit_note(row)),
        Column("on", "Date", lambda row: row.on, "date"),
        Column("invoice", "For invoice", lambda row: row.invoice.number, low=True),
        Column("reason", "Reason", lambda row: row.reason, low=True),
        Column("total", "Amount", lambda row: row.total_minor, "money"),
    ),
    page_size=_PAGE,
    empty=("No credit notes", "Credits on your invoices appear here."),
)


def _credit_note(row: CreditNote) -> str:
    return reverse("portal:credit-note-file", args=[row.pk])


def _reversed(row: Receipt) -> bool:
    return getattr(row, "reversal", None) is not None


PAYMENTS = Table(
    key="payments",
    title="Payments",
    columns=(
        Column(
            "number", "Receipt", lambda row: row.number, href=lambda row: reverse("portal:receipt-file", args=[row.pk])
        ),
        Column("on", "Date", lambda row: row.on, "date"),
        Column("method", "Paid by", lambda row: row.method_name, low=True),
        Column("reference", "Your reference", lambda row: row.reference, low=True),
        Column(
            "state", "Status", lambda row: "Did not go through" if _reversed(row) else "Received", "badge",
            tone=lambda row: "bad" if _reversed(row) else "ok",
        ),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", strong=True),
    ),
    page_size=_PAGE,
    empty=("No payments yet", "What you pay appears here, usually within a day."),
)  # fmt: skip


def _measured(row: PeriodUsage, name: str) -> str:
    return amount_text(getattr(row.rated, name), row.service.product.unit) if row.rated else ""


def _days_of(row: PeriodUsage) -> str:
    first = date_text(row.period.start)
    return f"since {first}" if row.is_current else f"{first} to {date_text(days_before(row.period.end, 1))}"


USAGE = Table(
    key="usage",
    title="Usage",
    columns=(
        # On a telephone the days stand under the name.
        Column("service", "Service", lambda row: name_of(row.service), sub=_days_of),
        Column("days", "Billing period", _days_of, low=True),
        Column("used", "Used", lambda row: _measured(row, "used")),
        Column("included", "Included", lambda row: _measured(row, "included"), low=True),
        Column("beyond", "Over allowance", lambda row: _measured(row, "beyond"), low=True),
        Column("minor", "Amount" , lambda row: row.rated.minor if row.rated else None, "money", strong=True,
               sub=lambda row: row.excl),
    ),
    page_size=_PAGE,
    empty=("No usage yet", "Usage of services charged by usage appears here."),
)  # fmt: skip
DATA = Table(
    key="data-usage",
    title="Data usage",
    columns=(
        Column("month", "Month", lambda row: f"{row.when:%B %Y}", sub=lambda row: row.service),
        Column("down", "Down", lambda row: size(row.down)),
        Column("up", "Up", lambda row: size(row.up)),
    ),
    page_size=_PAGE,
    empty=("Nothing used yet", "What you use of your connection appears here by month."),
)  # fmt: skip
DATA_NOW = Table(
    key="data-now",
    title="Data in this billing period",
    columns=(
        Column("service", "Service", lambda row: str(row.service)),
        Column("used", "Used", lambda row: row.amount, sub=lambda row: f"until {row.last_day:%-d %B}"),
        Column("state", "Status", lambda row: row.badge[0], "badge", tone=lambda row: row.badge[1]),
    ),
    page_size=_PAGE,
    empty=("No limits", "How much of your data is used appears here."),
)  # fmt: skip
USAGE_RECORDS = Table(
    key="usage-records",
    title="Each use",
    columns=(
        Column("on", "Day", lambda row: row.on, "date"),
        Column("service", "Service", lambda row: name_of(row.service), low=True),
        # Why it was taken back is what staff say among themselves.
        Column("text", "What", lambda row: "Reversed" if row.reverses_id else row.text,
               sub=lambda row: "reversed" if row.is_reversed else ""),
        Column("quantity", "Used", lambda row: amount_text(row.quantity, row.service.product.unit)),
    ),
    page_size=_PAGE,
    empty=("Nothing used yet", "Each call, session or day of traffic appears here."),
)  # fmt: skip


def request_status(row: Ticket) -> tuple[str, str]:
    """How a request stands, in the words of who asked, and the tone."""
    if row.state == Ticket.State.PENDING:
        return "Waiting for you", "warn"
    if row.is_over:
        return str(row.get_state_display()), "ok"
    return ("With us", "info") if row.answered_at is None or row.waits_since else ("Answered", "")


VISITS = Table(
    key="visits",
    title="Coming visits",
    columns=(
        Column("when", "When", when_text),
        Column("what", "What", lambda row: row.summary, sub=lambda row: row.number),
        Column("who", "Who comes", first_name),
    ),
    page_size=_PAGE,
    empty=("No visit is planned", "When somebody visits you, and who, appears here."),
)  # fmt: skip
REQUESTS = Table(
    key="requests",
    title="Your requests",
    columns=(
        Column("subject", "Request", lambda row: row.subject, sub=lambda row: row.number,
               href=lambda row: reverse("portal:request", args=[row.number])),
        Column("status", "Status", lambda row: request_status(row)[0], "badge",
               tone=lambda row: request_status(row)[1]),
        Column("last", "Updated", lambda row: row.last_at, "when"),
    ),
    page_size=_PAGE,
    empty=("Nothing yet", "What you ask us, and our answers, appear here."),
)  # fmt: skip
