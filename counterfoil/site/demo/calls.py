"""Calls of the last weeks: promises that were kept and broken, disputes, and what is to be followed up today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.utils import timezone

from counterfoil.collections.operations import (
    NewAction,
    NewTopic,
    agree_plan,
    assign_collector,
    judge_promises,
    record_call,
)
from counterfoil.customers.models import Customer
from counterfoil.operator.queries import delivered
from counterfoil.platform.callers import Caller
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.queries import figures
from counterfoil.staff.models import User

_Staff = Callable[[str, dt.date, int], Caller]
_SAID = (
    ("no_answer", "Rang out twice."), ("left_message", "Asked to call back about the account."),
    ("says_paid", "Paid by EFT yesterday, sends the proof."), ("call_back", "In a meeting until three."),
    ("refuses", "Will not pay before the line is faster."), ("no_answer", ""),
)  # fmt: skip


def call_some(by: _Staff, today: dt.date, spared: int) -> None:
    """Thirty overdue accounts were called, but for one (by id); half belong to the collector, the rest to nobody."""
    late = Customer.objects.filter(standing__overdue_minor__gt=5000).exclude(pk=spared)
    accounts = list(late.order_by("-standing__overdue_minor", "pk")[:40])
    collector = User.objects.get(role__key="collector")
    assign_collector(by("administrator", today, 8), customers=accounts[::2], collector=collector)
    for place, customer in enumerate(accounts[:30]):
        day = today - dt.timedelta(days=2 + place % 12)
        caller = by("collector", day, 10 + place % 5)
        owed = figures(customer, day).overdue_minor
        if not owed:
            continue
        if place % 3 == 0:
            due = day + dt.timedelta(days=3 + place % 9)
            record_call(
                caller, customer=customer, outcome=delivered("call_outcome", "promised"), promise_minor=owed // 2,
                promise_on=due, note="Pays half when the deposit of the month is in.",
            )  # fmt: skip
        else:
            code, note = _SAID[place % len(_SAID)]
            follow = today if code in ("call_back", "says_paid") else None
            record_call(
                caller, customer=customer, outcome=delivered("call_outcome", code), note=note, follow_up_on=follow,
                follow_up_time="15:00" if code == "call_back" else "",
            )  # fmt: skip
    _dispute_and_plan(by, today, accounts[30:])
    at = timezone.make_aware(dt.datetime.combine(today, dt.time(6)))
    judge_promises(Caller.system("schedule", at=min(at, timezone.now())), customers=[row.pk for row in accounts])


def _dispute_and_plan(by: _Staff, today: dt.date, accounts: list[Customer]) -> None:
    if len(accounts) < 2:
        return
    caller = by("collector", today - dt.timedelta(days=1), 14)
    items = OpenItem.objects.filter(customer=accounts[0], side="debit", open_minor__gt=0, disputes__isnull=True)
    if (item := items.order_by("due_on").first()) is not None:
        ask = NewAction(
            delivered("call_action", "credit_memo"), item, item.open_minor // 4, "Four days without service"
        )
        record_call(
            caller, customer=accounts[0], outcome=delivered("call_outcome", "disputes"), topics=[NewTopic(item)],
            actions=[ask], note="Line was down from the 3rd to the 6th.",
        )  # fmt: skip
    owed = figures(accounts[1], caller.today).overdue_minor
    days = [today + dt.timedelta(days=n) for n in (7, 37, 67)]
    agree_plan(caller, customer=accounts[1], instalments=[(owed // 3, day) for day in days])
