"""The lists of who is warned and suspended, and of what would happen on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse

from counterfoil.customers.queries import groups, of_visible
from counterfoil.desk.everyone_tables import finding
from counterfoil.desk.tables import customer_column
from counterfoil.kernel.money import Money
from counterfoil.kernel.periods import deadline_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.suspension import panels, rules
from counterfoil.suspension.models import Holiday, Suspension
from counterfoil.suspension.nouns import SUSPENSION

_WARNED = (rules.APPROVED, rules.FIRST, rules.SECOND)


def suspensions(caller: Caller) -> Any:
    """Every process that the caller may see."""
    return of_visible(caller, Suspension.objects.all()).select_related("customer")


def _next_day(row: Suspension, day: dt.date) -> str:
    return deadline_text(row.next_on, today=day) if row.next_on and row.ended_on is None else ""


def _button(row: Suspension) -> tuple[str, str]:
    """The verb of a row at its stage, and its address."""
    if row.state == rules.OVERDUE:
        return "Approve", f"{reverse('approve-suspensions')}?id={row.pk}"
    if row.state == rules.PAUSED:
        return "End", reverse("end-suspension", args=[row.customer.number])
    if row.state == rules.SUSPENDED:
        return "Switch on", reverse("reset-suspension", args=[row.customer.number])
    return "", ""


def suspensions_table(caller: Caller) -> Table:
    """Who is warned and suspended, by stage, with what counts and what comes next."""
    today = caller.today
    under_way = {"ended_on__isnull": True}
    return Table(
        key="suspensions",
        title="Suspensions",
        columns=(
            customer_column("customer", of=lambda row: row.customer),
            Column("state", "Stage", lambda row: row.get_state_display(), "badge", sort="state",
                   tone=lambda row: panels.TONES[row.state], href=SUSPENSION.url),
            Column("amount", "Overdue", panels.money_of, "money", sort="amount_minor", strong=True),
            Column("due", "Due since", lambda row: row.oldest_due_on, "date", sort="oldest_due_on", low=True),
            Column("next", "Next", panels.next_words, low=True),
            Column("next_on", "On", lambda row: _next_day(row, today), sort="next_on", low=True),
            Column("why", "Why", lambda row: panels.why(row, today), low=True),
            Column("act", "Action", lambda row: _button(row)[0] if caller.may(_right(row)) else "", dialog=True,
                   href=lambda row: _button(row)[1] if caller.may(_right(row)) else ""),
        ),
        search=finding("reason", numbered=False),
        search_label="Customer or reason",
        order="-amount",
        grows=True,
        row_id=lambda row: str(row.pk),
        filters=(
            Filter("group", "Group", lambda: [(name, name) for name in groups(caller)],
                   lambda rows, value: rows.filter(customer__group=value)),
        ),
        views=(
            View("listed", "To approve", lambda rows: rows.filter(state=rules.OVERDUE, **under_way)),
            View("warned", "Warned", lambda rows: rows.filter(state__in=_WARNED)),
            View("suspended", "Suspended", lambda rows: rows.filter(state=rules.SUSPENDED)),
            View("paused", "Paused", lambda rows: rows.filter(state=rules.PAUSED)),
            View("all", "All under way", lambda rows: rows.filter(**under_way)),
            View("unreached", "Not reached", lambda rows: rows.filter(unreached=True, **under_way)),
            View("over", "Over", lambda rows: rows.filter(ended_on__isnull=False)),
        ),
        empty=("Nobody here", "Accounts appear here when they have been overdue for as long as the policy says."),
    )  # fmt: skip


def _right(row: Suspension) -> str:
    return "suspension.approve_suspensions" if row.state == rules.OVERDUE else "suspension.reset_suspension"


def foreseen_table(day: dt.date) -> Table:
    """What would happen to whom on a day."""
    return Table(
        key="suspensions-foreseen",
        title="What would happen",
        columns=(
            customer_column("customer", of=lambda row: row.customer),
            Column("step", "Step", lambda row: panels.STEPS[row.step.to], "badge",
                   tone=lambda row: panels.TONES.get(row.step.to, "")),
            Column("amount", "Overdue", lambda row: Money(row.step.minor, row.currency), "money", strong=True),
            Column("late", "Days overdue", lambda row: (day - row.oldest_due_on).days if row.oldest_due_on else None,
                   "number"),
            Column("why", "Why", lambda row: row.step.because, low=True),
        ),
        empty=("Nothing would happen", "Nobody is listed, warned or suspended on this day, as things stand."),
    )  # fmt: skip


HOLIDAYS = Table(
    key="holidays",
    title="Holidays",
    columns=(
        Column("day", "Day", lambda row: row.day, "date", sort="day"),
        Column("name", "Name", lambda row: row.name),
        Column("remove", "Remove", lambda row: "Remove", dialog=True, href=lambda row: _remove(row)),
    ),
    empty=("No holidays yet", "Add the days on which nobody is suspended."),
)  # fmt: skip


def _remove(row: Holiday) -> str:
    return reverse("remove-holiday", args=[row.pk])
