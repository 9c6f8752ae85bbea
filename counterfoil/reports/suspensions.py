"""Who was listed, warned and suspended, and since when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from counterfoil.customers.queries import of_visible
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.queries import items_of_many
from counterfoil.reports.asked import Asked, amount, currency
from counterfoil.suspension.models import Suspension


@dataclass(frozen=True)
class _Row:
    """A process as it stood on a day."""

    number: str
    name: str
    currency: str
    stage: str
    since: dt.date
    listed_on: dt.date
    approved_by: str
    suspended_on: dt.date | None
    minor: int
    days_late: int


def stage_on(row: Suspension, day: dt.date) -> tuple[str, dt.date]:
    """Where a process stood at the end of a day, and since when."""
    state = Suspension.State
    steps = [
        (row.listed_on, state.OVERDUE), (row.approved_on, state.APPROVED), (row.first_warned_on, state.FIRST_WARNING),
        (row.second_warned_on, state.SECOND_WARNING), (row.suspended_on, state.SUSPENDED),
    ]  # fmt: skip
    found = [(on, str(each.label)) for on, each in steps if on is not None and on <= day]
    since, stage = found[-1]
    for pause in row.pauses.all():
        if pause.on <= day < pause.until:
            since, stage = pause.on, str(state.PAUSED.label)
    return stage, since


def suspensions(caller: Caller, asked: Asked) -> tuple[Table, list[_Row]]:
    """Every account that was listed, warned or suspended at the end of a day, with what was overdue then."""
    day = asked.last
    under_way = Q(listed_on__lte=day) & (Q(ended_on__isnull=True) | Q(ended_on__gt=day))
    rows = list(
        of_visible(caller, Suspension.objects.filter(under_way))
        .select_related("customer").prefetch_related("pauses").order_by("customer__number", "pk")
    )  # fmt: skip
    items = items_of_many([row.customer_id for row in rows], day)
    found = []
    for row in rows:
        stage, since = stage_on(row, day)
        owed = items[row.customer_id]
        late = [item for item in owed if item.is_debit and item.days_late(day) > 0]
        left = sum(item.open_minor - item.disputed_minor for item in late)
        credit = sum(item.open_minor for item in owed if not item.is_debit and not item.set_aside)
        days = max((item.days_late(day) for item in late if item.open_minor > item.disputed_minor), default=0)
        found.append(
            _Row(
                row.customer.number, row.customer.name, row.customer.currency, stage, since, row.listed_on,
                row.approved_by if row.approved_on and row.approved_on <= day else "",
                row.suspended_on if row.suspended_on and row.suspended_on <= day else None,
                max(left - credit, 0), days,
            )
        )  # fmt: skip
    columns = (
        Column("number", "number", lambda row: row.number, sort=True,
               href=lambda row: reverse("customer", args=[row.number])),
        Column("name", "name", lambda row: row.name, sort=True),
        Column("stage", "stage", lambda row: row.stage, sort=True),
        Column("since", "since", lambda row: row.since, "date", sort=True),
        currency(),
        amount("overdue", "overdue", lambda row: row.minor, strong=True),
        Column("days_late", "days late", lambda row: row.days_late, "number", sort=True),
        Column("listed", "listed", lambda row: row.listed_on, "date", low=True),
        Column("approved_by", "approved by", lambda row: row.approved_by, low=True),
        Column("suspended", "suspended", lambda row: row.suspended_on, "date", low=True),
    )  # fmt: skip
    return Table(key="report-suspensions", title="Suspensions", columns=columns), found
