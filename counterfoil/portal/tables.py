"""The portal's lists, in the words of the person who pays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.line_texts import unit_text
from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.documents.speech import Speech
from counterfoil.jobs.models import FieldJob
from counterfoil.jobs.notices import first_name
from counterfoil.jobs.queries import when_text as visit_when
from counterfoil.kernel.periods import days_before
from counterfoil.network.included import DataState
from counterfoil.network.rules import size
from counterfoil.payments.models import Receipt
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import when_text
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


def spoken(table: Table, speech: Speech, currency: str, today: dt.date) -> Table:
    """The same list in another language than English: its title and heads, its states, dates and amounts."""
    if speech.language == "en":
        return table
    columns = tuple(_spoken(column, speech, currency, today) for column in table.columns)
    title, (first, second) = speech.say(table.title), table.empty
    return replace(table, title=title, columns=columns, empty=(speech.say(first), speech.say(second)))


def _spoken(column: Column, speech: Speech, currency: str, today: dt.date) -> Column:
    kind, get = column.kind, column.get
    if kind == "badge":
        said = replace(column, get=lambda row: speech.say(get(row)))
    elif kind == "date":
        said = replace(column, get=lambda row: speech.date(get(row), today=today), kind="text")
    elif kind == "when":
        said = replace(column, get=lambda row: when_text(get(row), today, speech), kind="text")
    elif kind == "money":
        said = replace(column, get=lambda row: "" if get(row) is None else speech.figure(get(row), currency))
    else:
        said = column
    return replace(said, label=speech.say(column.label))


def invoices_table(standing: Mapping[int, ItemState], today: dt.date, speech: Speech) -> Table:
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
                sub=lambda row: speech.say("due {day}", day=speech.date(row.due_on, today=today)),
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


def payments_table(speech: Speech) -> Table:
    """Payments, by the name of the way each was made."""
    columns = (
        Column(
            "number", "Receipt", lambda row: row.number, href=lambda row: reverse("portal:receipt-file", args=[row.pk])
        ),
        Column("on", "Date", lambda row: row.on, "date"),
        Column("method", "Paid by", lambda row: speech.say(row.method_name), low=True),
        Column("reference", "Your reference", lambda row: row.reference, low=True),
        Column(
            "state", "Status", lambda row: "Did not go through" if _reversed(row) else "Received", "badge",
            tone=lambda row: "bad" if _reversed(row) else "ok",
        ),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", strong=True),
    )  # fmt: skip
    nothing = "No payments yet", "What you pay appears here, usually within a day."
    return Table(key="payments", title="Payments", columns=columns, page_size=_PAGE, empty=nothing)


def usage_table(speech: Speech) -> Table:
    """What was used in each billing period of services that are charged by usage."""

    def measured(row: PeriodUsage, name: str) -> str:
        return unit_text(getattr(row.rated, name), row.service.product.unit, speech) if row.rated else ""

    def days_of(row: PeriodUsage) -> str:
        if row.is_current:
            return speech.say("since {day}", day=speech.date(row.period.start, today=dt.date.min))
        return speech.days(row.period.start, days_before(row.period.end, 1))

    columns = (
        # On a telephone the days stand under the name.
        Column("service", "Service", lambda row: name_of(row.service), sub=days_of),
        Column("days", "Billing period", days_of, low=True),
        Column("used", "Used", lambda row: measured(row, "used")),
        Column("included", "Included", lambda row: measured(row, "included"), low=True),
        Column("beyond", "Over allowance", lambda row: measured(row, "beyond"), low=True),
        Column("minor", "Amount" , lambda row: row.rated.minor if row.rated else None, "money", strong=True,
               sub=lambda row: speech.say("excl. {tax}", tax=row.excl.removeprefix("excl. ")) if row.excl else ""),
    )  # fmt: skip
    nothing = "No usage yet", "Usage of services charged by usage appears here."
    return Table(key="usage", title="Usage", columns=columns, page_size=_PAGE, empty=nothing)


def data_table(speech: Speech) -> Table:
    """What went over each connection, by month."""
    columns = (
        Column("month", "Month", lambda row: f"{speech.month(row.when)} {row.when.year}", sub=lambda row: row.service),
        Column("down", "Down", lambda row: speech.number(size(row.down))),
        Column("up", "Up", lambda row: speech.number(size(row.up))),
    )
    nothing = "Nothing used yet", "What you use of your connection appears here by month."
    return Table(key="data-usage", title="Data usage", columns=columns, page_size=_PAGE, empty=nothing)


def data_now_table(speech: Speech) -> Table:
    """How much of the data that is included in each service was used in this billing period."""

    def until(row: DataState) -> str:
        return speech.say("until {day}", day=speech.date(row.last_day, today=dt.date.min))

    def used(row: DataState) -> str:
        used, whole = speech.number(size(row.used)), speech.number(f"{row.policy.gigabytes:,} GB")
        return speech.say("{used} of {whole}", used=used, whole=whole)

    def state(row: DataState) -> str:
        if not row.is_used_up:
            return speech.say("{percent} % used", percent=row.percent)
        if row.is_slow:
            return speech.say("Used up, slower now")
        return speech.say("Used up: no access") if row.is_stopped else speech.say("Used up")

    columns = (
        Column("service", "Service", lambda row: str(row.service)),
        Column("used", "Used", used, sub=until),
        Column("state", "Status", state, "badge", tone=lambda row: row.badge[1]),
    )
    nothing = "No limits", "How much of your data is used appears here."
    return Table(key="data-now", title="Data in this billing period", columns=columns, page_size=_PAGE, empty=nothing)


def usage_records_table(speech: Speech) -> Table:
    """Each use of services that are charged by usage."""
    columns = (
        Column("on", "Day", lambda row: row.on, "date"),
        Column("service", "Service", lambda row: name_of(row.service), low=True),
        # Why it was taken back is what staff say among themselves.
        Column("text", "What", lambda row: speech.say("Reversed") if row.reverses_id else row.text,
               sub=lambda row: speech.say("reversed") if row.is_reversed else ""),
        Column("quantity", "Used", lambda row: unit_text(row.quantity, row.service.product.unit, speech)),
    )  # fmt: skip
    nothing = "Nothing used yet", "Each call, session or day of traffic appears here."
    return Table(key="usage-records", title="Each use", columns=columns, page_size=_PAGE, empty=nothing)


def request_status(row: Ticket) -> tuple[str, str]:
    """How a request stands, in the words of who asked, and the tone."""
    if row.state == Ticket.State.PENDING:
        return "Waiting for you", "warn"
    if row.is_over:
        return str(row.get_state_display()), "ok"
    return ("With us", "info") if row.answered_at is None or row.waits_since else ("Answered", "")


def visits_table(speech: Speech) -> Table:
    """Visits that are still to come."""
    columns = (
        Column("when", "When", lambda row: visit_when(row) if speech.language == "en" else _visit(row, speech)),
        Column("what", "What", lambda row: row.summary, sub=lambda row: row.number),
        Column("who", "Who comes", first_name),
    )
    nothing = "No visit is planned", "When somebody visits you, and who, appears here."
    return Table(key="visits", title="Coming visits", columns=columns, page_size=_PAGE, empty=nothing)


def _visit(row: FieldJob, speech: Speech) -> str:
    if row.starts_at is None or row.ends_at is None:
        return ""
    start, end = timezone.localtime(row.starts_at), timezone.localtime(row.ends_at)
    clock = speech.say("{first} to {last}", first=f"{start:%H:%M}", last=f"{end:%H:%M}")
    return f"{speech.date(start.date(), today=dt.date.min)}, {clock}"


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
