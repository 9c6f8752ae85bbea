"""What a collector must know of each customer, kept beside the calls and promises that it follows from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from counterfoil.collections.models import Call, FollowUp, Promise, Work
from counterfoil.collections.rules import NOT_REACHED
from counterfoil.platform.bulk import among
from counterfoil.platform.operations import Operation

FIGURES = ("call_back_at", "timed", "broken_on", "promised_on", "contacted_on", "worked_on", "says_paid")


@dataclass
class Known:
    """The figures of one customer."""

    call_back_at: dt.datetime | None = None
    timed: bool = False
    broken_on: dt.date | None = None
    promised_on: dt.date | None = None
    contacted_on: dt.date | None = None
    worked_on: dt.date | None = None
    says_paid: bool = False


def work_out(customers: Iterable[int]) -> dict[int, Known]:
    """The figures of these customers from their calls, promises and follow-ups, in three queries."""
    found = {pk: Known() for pk in customers}
    calls = Call.objects.filter(among("customer", found)).order_by("on", "at", "pk")
    for customer, on, code in calls.values_list("customer_id", "on", "outcome__code"):
        row = found[customer]
        row.worked_on, row.says_paid = on, code == "says_paid"
        if code not in NOT_REACHED:
            row.contacted_on = on
    todo = FollowUp.objects.filter(among("customer", found), done_on__isnull=True)
    for customer, on, at in todo.values_list("customer_id", "on", "at"):
        row, when = found[customer], at or _morning(on)
        if row.call_back_at is None or when < row.call_back_at:
            row.call_back_at, row.timed = when, at is not None
    promises = Promise.objects.filter(among("customer", found), state__in=("open", "part", "broken"))
    for customer, due_on, state in promises.values_list("customer_id", "due_on", "state"):
        row = found[customer]
        if state == Promise.State.OPEN:
            row.promised_on = min(row.promised_on or due_on, due_on)
        elif row.contacted_on is None or due_on >= row.contacted_on:
            # Whoever spoke to them on a later day knew of it.
            row.broken_on = max(row.broken_on or due_on, due_on)
    return found


def keep(op: Operation, customers: set[int]) -> None:
    """These customers' figures are what follows: `op.at_end(keep, customers)`."""
    rows = [
        Work(customer_id=pk, **{name: getattr(known, name) for name in FIGURES})
        for pk, known in sorted(work_out(customers).items())
    ]
    Work.objects.bulk_create(rows, update_conflicts=True, unique_fields=["customer"], update_fields=list(FIGURES))


def _morning(on: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(on, dt.time()))
