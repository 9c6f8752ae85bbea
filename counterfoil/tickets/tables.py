"""The lists of tickets, and of mail without a customer."""

from __future__ import annotations

from functools import cache

from django.db.models import Q
from django.urls import reverse

from counterfoil.operator.models import Lookup
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.tickets import queries, rules
from counterfoil.tickets.models import IncomingMail, Priority, Ticket
from counterfoil.tickets.nouns import MAIL, TICKET

_OPEN = ~Q(state__in=rules.OVER)


def _state_tone(row: Ticket) -> str:
    if row.state == Ticket.State.OPEN:
        return "warn" if row.waits_since else "info"
    return "ok" if row.state == Ticket.State.RESOLVED else ""


def _columns(caller: Caller, *, of_customer: bool = False) -> tuple[Column, ...]:
    @cache
    def open_hours() -> rules.Calendar:
        return queries.calendar()

    def due(row: Ticket) -> queries.Due:
        return queries.due_of(row, caller.now, open_hours())

    return (
        Column("ticket", "Ticket", lambda row: f"{row.number}, {row.subject}", href=TICKET.url, sort="number",
               sub=None if of_customer else lambda row: f"{row.customer.name}, {row.customer.number}"),
        Column("due", "Respond or resolve by", lambda row: due(row).words, "badge", sort="due_at",
               tone=lambda row: due(row).tone),
        Column("state", "State", lambda row: row.short_state, "badge", tone=_state_tone, low=not of_customer),
        Column("priority", "Priority", lambda row: row.get_priority_display(), low=True),
        Column("department", "Department", lambda row: row.department.name, low=not of_customer),
        Column("person", "Flagged to", lambda row: row.flagged_to.name if row.flagged_to else "Nobody", low=True),
        Column("last", "Updated", lambda row: row.last_at, "when", sort="last_at", low=True),
    )  # fmt: skip


def _named(rows: list[Lookup]) -> list[tuple[str, str]]:
    return [(str(row.pk), row.name) for row in rows]


def tickets_table(caller: Caller) -> Table:
    """All tickets that this person sees, the most urgent first."""

    @cache
    def departments() -> list[Lookup]:
        return queries.departments(caller.today)

    return Table(
        key="tickets",
        title="Tickets",
        columns=_columns(caller),
        views=(
            View("open", "Open", lambda rows: rows.filter(_OPEN)),
            View("mine", "Mine", lambda rows: rows.filter(_OPEN, flagged_to=caller.user_id or 0)),
            View("nobody", "Unassigned", lambda rows: rows.filter(_OPEN, flagged_to=None)),
            View("us", "Waiting for us", lambda rows: rows.filter(state="open", waits_since__isnull=False)),
            View("late", "Overdue", lambda rows: rows.filter(due_at__lte=caller.now)),
            View("them", "Waiting for customer", lambda rows: rows.filter(state="pending")),
            View("over", "Resolved and closed", lambda rows: rows.filter(~_OPEN)),
            View("all", "All", lambda rows: rows),
        ),
        filters=(
            Filter("department", "Department", lambda: _named(departments()),
                   lambda rows, value: rows.filter(department=int(value))),
            Filter("priority", "Priority", lambda: list(Priority.choices),
                   lambda rows, value: rows.filter(priority=value)),
            Filter("category", "Category", lambda: _named(queries.categories(caller.today)),
                   lambda rows, value: rows.filter(category=int(value))),
        ),
        search=queries.narrowed, search_label="Subject, customer, number", grows=True,
        row_id=lambda row: str(row.pk),
        empty=("No tickets here", "What customers ask by e-mail, in the portal or by phone appears here."),
    )  # fmt: skip


# Of one customer. What is due is worked out when the page is drawn.
def customer_tickets() -> Table:
    """A customer's tickets, active and closed, with where they are and whose work they were."""
    return Table(
        key="tickets-of-customer",
        title="Tickets",
        columns=(
            Column("ticket", "Ticket", lambda row: f"{row.number}, {row.subject}", href=TICKET.url, sort="number"),
            Column("state", "State", lambda row: row.short_state, "badge", tone=_state_tone),
            Column("department", "Department", lambda row: row.department.name),
            Column("person", "Flagged to", lambda row: row.flagged_to.name if row.flagged_to else "Nobody", low=True),
            Column("opened", "Opened", lambda row: row.opened_at, "when", sort="opened_at", low=True),
            Column("last", "Updated", lambda row: row.last_at, "when", sort="last_at", low=True),
        ),
        empty=("No tickets yet", "What this customer asks appears here, with the answers."),
    )  # fmt: skip


def home_table(caller: Caller) -> Table:
    """What is flagged to this person, on the home page."""
    return Table(
        key="my-tickets", title="Your tickets", columns=_columns(caller)[:3],
        empty=("No tickets wait for you", "Tickets that are flagged to you appear here."),
    )  # fmt: skip


def mail_table(caller: Caller) -> Table:
    """Mail that nobody knows whose it is, and what was done with the rest."""
    return Table(
        key="incoming-mail",
        title="Mail without a customer",
        columns=(
            Column("subject", "Subject", lambda row: row.subject or "No subject", href=MAIL.url,
                   sub=lambda row: row.text[:120]),
            Column("sender", "From", lambda row: row.sender or "Nobody", sub=lambda row: row.sender_name),
            Column("at", "Came in", lambda row: row.at, "when", sort="at"),
            Column("why", "Why it waits", lambda row: row.why),
            Column("state", "Status", lambda row: row.get_state_display(), "badge", low=True,
                   tone=lambda row: "warn" if row.state == IncomingMail.State.WAITING else ""),
            Column("next", "Next", lambda row: "Whose is it?" if row.state == IncomingMail.State.WAITING else "",
                   dialog=True, href=lambda row: reverse("assign-mail", args=[row.pk])
                   if row.state == IncomingMail.State.WAITING else ""),
        ),
        views=(
            View("waiting", "Waiting", lambda rows: rows.filter(state="waiting")),
            View("discarded", "Discarded", lambda rows: rows.filter(state="discarded")),
            View("reports", "Delivery reports", lambda rows: rows.filter(state="report")),
            View("all", "All", lambda rows: rows),
        ),
        search=lambda rows, text: rows.filter(
            Q(subject__icontains=text) | Q(sender__icontains=text) | Q(sender_name__icontains=text)
        ),
        search_label="Search mail", grows=True, row_id=lambda row: str(row.pk),
        empty=("No mail waits", "Mail from addresses that no customer is known by appears here."),
    )  # fmt: skip
