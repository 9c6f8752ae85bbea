"""Accounts at every stage of a suspension, as the passes of the last weeks left them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from counterfoil.platform.callers import Caller, System
from counterfoil.suspension.models import Suspension
from counterfoil.suspension.operations import (
    add_holidays,
    approve_suspensions,
    choose_network,
    never_suspend,
    pause_suspension,
    set_suspension_policy,
    take_all_steps,
)

_DAYS = 24
_HOLIDAYS = "{0}-12-16 Day of Reconciliation\n{0}-12-25 Christmas Day\n{0}-12-26 Day of Goodwill\n{1}-01-01 New Year"
_Staff = Callable[[str, dt.date, int], Caller]


def suspend_some(by: _Staff, today: dt.date, spared: int) -> None:
    """Suspension was switched on some weeks ago; some accounts were approved then, some since, the newest wait.

    `spared` is an account (by id) that nobody approved.
    """
    first = today - dt.timedelta(days=_DAYS)
    owner = by("administrator", first, 8)
    set_suspension_policy(owner, changes={"enabled": True, "overdue_days": 7, "floor_minor": 10000})
    add_holidays(owner, days=_HOLIDAYS.format(today.year, today.year + 1))
    choose_network(owner, provisioner="recording")
    for day in (first + dt.timedelta(days=n) for n in range(_DAYS + 1)):
        take_all_steps(_clock(day))
        listed = Suspension.objects.filter(state="overdue").exclude(customer=spared).order_by("oldest_due_on", "pk")
        wanted = {first: 4, today - dt.timedelta(days=9): 3, today - dt.timedelta(days=2): 3}.get(day, 0)
        if chosen := list(listed[:wanted]):
            approve_suspensions(by("collector", day, 9), suspensions=chosen)
    off = list(Suspension.objects.filter(state="suspended").select_related("customer").order_by("pk"))
    if len(off) > 1:
        pause_suspension(by("collector", today, 9), suspension=off[0], days=3)
    for row in Suspension.objects.filter(state="overdue").exclude(customer=spared).order_by("-pk")[:1]:
        never_suspend(by("collector", today, 9), customer=row.customer, reason="Alarm line of the clinic")


def _clock(day: dt.date) -> System:
    at = timezone.make_aware(dt.datetime.combine(day, dt.time(9)))
    return Caller.system("schedule", at=min(at, timezone.now()))
