"""Every read of collections: calls, promises, what is to be done, and the queue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from counterfoil.collections import rules
from counterfoil.collections.models import Call, CallAction, CollectionsPolicy, FollowUp, Notified, Promise
from counterfoil.credit.queries import with_collector
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import theirs, visible
from counterfoil.kernel.money import Money
from counterfoil.payments.models import Receipt
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.platform.joints import joint
from counterfoil.receivables.lists import all_are_of, with_figures
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.staff.models import User
from counterfoil.staff.queries import people

declare_view("collections.view", "See calls, promises and the queue")


def policy() -> CollectionsPolicy:
    """How promises are treated now."""
    return CollectionsPolicy.objects.order_by("-pk").first() or CollectionsPolicy()


def calls_of(customer: Customer) -> QuerySet[Call]:
    """The calls to a customer, newest first."""
    rows = Call.objects.filter(theirs(customer)).select_related("outcome", "response", "contact", "customer")
    return rows.order_by("-at", "-pk")


def promises_of(customer: Customer) -> QuerySet[Promise]:
    """What a customer promised, newest day first."""
    return (
        Promise.objects.filter(theirs(customer)).select_related("item", "customer", "plan").order_by("-due_on", "-pk")
    )


def open_promises_of(customer: Customer) -> list[Promise]:
    """What a customer promised and has still to pay, the first day first."""
    rows = Promise.objects.filter(theirs(customer), state=Promise.State.OPEN).select_related("item", "customer")
    return list(rows.order_by("due_on", "pk"))


def promised(customers: Collection[int], on: dt.date) -> dict[int, dt.date]:
    """Which of these accounts have a promise that is open on a day, and up to which day; no others are in it.

    None of them while the policy says that promises hold nothing.
    """
    if not policy().promises_hold:
        return {}
    rows = Promise.objects.filter(among("customer", customers), state=Promise.State.OPEN, due_on__gte=on, holds=True)
    # A plan of which an instalment was missed holds nothing any more.
    missed = Promise.objects.filter(plan=OuterRef("plan"), state__in=("part", "broken"))
    found: dict[int, dt.date] = {}
    for customer, due_on in rows.exclude(Exists(missed)).values_list("customer_id", "due_on"):
        found[customer] = max(due_on, found.get(customer, due_on))
    return found


def kept_of(customer: Customer) -> tuple[int, int]:
    """How many promises a customer kept in full, and of how many that are decided."""
    states = list(
        Promise.objects.filter(theirs(customer), state__in=("kept", "part", "broken")).values_list("state", flat=True)
    )
    return states.count("kept"), len(states)


def follow_ups_of(customer: Customer) -> QuerySet[FollowUp]:
    """What is to be done about a customer, first things first; what is done after it."""
    rows = FollowUp.objects.filter(theirs(customer)).select_related("what", "call", "customer")
    return rows.order_by("done_on", "on", "pk")


def actions_of(customer: Customer) -> QuerySet[CallAction]:
    """What was decided in calls to a customer, newest first."""
    rows = CallAction.objects.filter(theirs(customer, "call__customer"))
    return rows.select_related("action", "topic__item", "call__customer", "dispute", "line").order_by("-at", "-pk")


def in_plans(customers: Iterable[int], on: dt.date) -> dict[int, int]:
    """What is still to come on a day of plans of which no instalment was missed by then, in minor units by account."""
    found: dict[int, int] = {}
    judged = to_judge(customers, on)
    keys = [one.id for promises, _ in judged.values() for one in promises]
    plan_of = dict(Promise.objects.filter(among("pk", keys), plan__isnull=False).values_list("pk", "plan_id"))
    for customer, (promises, money) in judged.items():
        left: dict[int, int] = {}
        missed: set[int] = set()
        in_time = [entry for entry in money if entry.on <= on]
        for promise, verdict in zip(promises, rules.judge(promises, in_time, on), strict=True):
            if (plan := plan_of.get(promise.id)) is None:
                continue
            left[plan] = left.get(plan, 0) + promise.amount_minor - verdict.received_minor
            if verdict.state in (rules.PART, rules.BROKEN):
                missed.add(plan)
        if minor := sum(part for plan, part in left.items() if plan not in missed):
            found[customer] = minor
    return found


def to_judge(
    customers: Iterable[int], on: dt.date | None = None
) -> dict[int, tuple[list[rules.Promised], list[rules.MoneyIn]]]:
    """The promises of these accounts that count, now or on a day, and the money that may keep them."""
    found: dict[int, tuple[list[rules.Promised], list[rules.MoneyIn]]] = {}
    rows = Promise.objects.filter(among("customer", customers))
    rows = rows.filter(ended_on__isnull=True) if on is None else rows.filter(made_on__lte=on).exclude(ended_on__lte=on)
    since: dt.date | None = None
    columns = ("customer_id", "pk", "item_id", "amount_minor", "made_on", "made_at", "due_on")
    for customer, pk, item, minor, made_on, made_at, due_on in rows.values_list(*columns):
        promise = rules.Promised(pk, item, minor, made_on, made_at, due_on)
        found.setdefault(customer, ([], []))[0].append(promise)
        since = min(since or made_on, made_on)
    if since is None:
        return found
    # Money of an account that turned out to be this customer is this customer's.
    merged = dict(Customer.objects.filter(among("merged_into", found)).values_list("pk", "merged_into_id"))
    whose = {**{pk: pk for pk in found}, **merged}
    receipts = Receipt.objects.filter(among("customer", whose), on__gte=since, reversal__isnull=True)
    money = list(receipts.values_list("customer_id", "item_id", "on", "item__entry__at", "amount_minor"))
    paid: dict[int, dict[int, int]] = {}
    back: dict[int, int] = {}
    shares = Allocation.objects.filter(among("credit", {row[1] for row in money})).order_by()
    settled = shares.values_list("credit_id", "debit_id", "debit__kind")
    for credit, debit, kind, minor in settled.annotate(minor=Sum("amount_minor")):
        if kind == "refund":
            back[credit] = back.get(credit, 0) + minor
        elif minor:
            paid.setdefault(credit, {})[debit] = minor
    for customer, credit, on, at, minor in money:
        parts = paid.get(credit, {})
        entries = found[whose[customer]][1]
        entries.extend(rules.MoneyIn(debit, on, at, part) for debit, part in sorted(parts.items()))
        if left := minor - back.get(credit, 0) - sum(parts.values()):
            entries.append(rules.MoneyIn(None, on, at, left))
    return found


def over_for_good(promises: Collection[int]) -> set[int]:
    """Those of these promises of which nothing is left to pay: the item is settled, or the account owes nothing."""
    rows = Promise.objects.filter(among("pk", promises))
    settled = set(rows.filter(item__open_minor=0).values_list("pk", flat=True))
    owing = OpenItem.objects.filter(customer=OuterRef("customer"), side="debit", open_minor__gt=0)
    return settled | set(rows.filter(~Exists(owing), item=None).values_list("pk", flat=True))


def due_for_judging(on: dt.date, limit: int) -> list[int]:
    """Accounts with an open promise whose day is over."""
    rows = Promise.objects.filter(state=Promise.State.OPEN, due_on__lt=on).order_by("due_on")
    return list(dict.fromkeys(rows.values_list("customer_id", flat=True)[:limit]))


# ------------------------------------------------------------------ the queue


@joint
def suspending(until: dt.date, /) -> dict[int, dt.date]:
    """One is asked: the accounts whose service is cut off up to a day, as things stand, each with its day."""
    raise NotImplementedError


_COLUMNS = (
    "pk", "overdue_minor", "currency", "oldest_due_on", "work__call_back_at", "work__timed", "work__broken_on",
    "work__promised_on", "work__contacted_on", "work__worked_on", "work__says_paid",
)  # fmt: skip


def in_collection(caller: Caller, now: dt.datetime, collector: int | None = None) -> QuerySet[Customer]:
    """The accounts that collectors look at: something is overdue, or something is to be followed up by now.

    With a collector those that are given to this one, and nobody else's.
    """
    # What is left of a merged account is called about on the account it is part of.
    customers = with_figures(visible(caller).exclude(status=Customer.Status.MERGED), caller.today)
    late = Q(overdue_minor__gt=0)
    if all_are_of(caller.today):
        late = Q(standing__overdue_minor__gt=0)
    customers = customers.filter(late | Q(work__call_back_at__lte=now))
    return customers if collector is None else with_collector(customers).filter(collector_id=collector)


def standings(caller: Caller, now: dt.datetime, collector: int | None = None) -> list[rules.Standing]:
    """What decides the order of the queue, as plain values, in one query however many."""
    rows = in_collection(caller, now, collector).select_related(None).order_by().values_list(*_COLUMNS)
    (cut_off,) = suspending(caller.today + rules.SOON)
    return [
        rules.Standing(
            customer=pk, overdue_minor=overdue, currency=currency, oldest_due_on=oldest,
            call_back_at=back and timezone.localtime(back), timed=bool(timed),
            broken_on=broken, promised_on=promise, contacted_on=contacted, worked_on=worked, says_paid=bool(paid),
            suspends_on=cut_off.get(pk),
        )
        for pk, overdue, currency, oldest, back, timed, broken, promise, contacted, worked, paid in rows
    ]  # fmt: skip


def queue(caller: Caller, now: dt.datetime, collector: int | None = None) -> list[rules.Next]:
    """The accounts in the order in which to call them."""
    return rules.queue(standings(caller, now, collector), now, caller.today)


def progress(caller: Caller, on: dt.date) -> dict[str, Any]:
    """What happened today and what was promised for this week, of the customers that the caller may see, in their
    currencies: amounts by currency."""
    seen = visible(caller).order_by().values("pk")
    ends = on + dt.timedelta(days=6 - on.weekday())
    promises = Promise.objects.filter(customer__in=seen)
    week = promises.filter(state=Promise.State.OPEN, due_on__range=(on, ends))
    since = promises.filter(due_on__range=(on - dt.timedelta(days=90), on - dt.timedelta(days=1)), ended_on=None)
    states = list(since.values_list("state", flat=True))
    return {
        "calls": Call.objects.filter(customer__in=seen, on=on).count(),
        "promised": _sums(week, "amount_minor"),
        "collected": _sums(Receipt.objects.filter(customer__in=seen, on=on, reversal__isnull=True), "amount_minor"),
        "kept": states.count(Promise.State.KEPT), "decided": len(states) - states.count(Promise.State.OPEN),
    }  # fmt: skip


def _sums(rows: QuerySet[Any], column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list("currency").annotate(minor=Sum(column)).order_by("currency"))


def narrowed(rows: Collection[rules.Next], view: str) -> list[rules.Next]:
    """The part of the queue that a view shows: what is due now, what was promised and broken, what is new, or all."""
    if view == "all":
        return list(rows)
    if view == "broken":
        return [row for row in rows if row.reason == rules.PROMISE_BROKEN]
    if view == "new":
        return [row for row in rows if row.reason == rules.AGEING and row.on is None]
    return [row for row in rows if row.reason not in rules.WAITING]


@dataclass(frozen=True)
class Load:
    """A collector's part of the work: how many accounts, what is overdue on them by currency, and the day's calls."""

    user: User | None
    accounts: int
    overdue: list[Money]
    waiting: int
    calls: int


def load(caller: Caller, now: dt.datetime) -> list[Load]:
    """Each collector with what is given to them, the most accounts first; last what nobody has."""
    rows = with_collector(in_collection(caller, now)).select_related(None).order_by()
    columns = ("pk", "collector_id", "currency", "overdue_minor", "work__worked_on", "work__promised_on")
    counts: dict[int | None, list[int]] = {}
    sums: dict[int | None, dict[str, int]] = {}
    for _, collector, currency, overdue, worked, promised_on in rows.values_list(*columns):
        found = counts.setdefault(collector, [0, 0])
        found[0] += 1
        found[1] += worked != caller.today and not (promised_on and promised_on > caller.today)
        part = sums.setdefault(collector, {})
        part[currency] = part.get(currency, 0) + overdue
    today = Call.objects.filter(
        on=caller.today, collector__isnull=False, customer__in=visible(caller).order_by().values("pk")
    )
    calls = dict(today.order_by().values_list("collector").annotate(count=Count("pk")))
    users = {row.pk: row for row in User.objects.filter(pk__in={pk for pk in {*counts, *calls} if pk})}
    parts = []
    for pk in {*counts, *calls}:
        accounts, waiting = counts.get(pk, [0, 0])
        overdue_sums = [Money(minor, currency) for currency, minor in sorted(sums.get(pk, {}).items())]
        parts.append(Load(users.get(pk or 0), accounts, overdue_sums, waiting, calls.get(pk, 0)))
    return sorted(parts, key=lambda row: (row.user is None, -row.accounts, row.user.name if row.user else ""))


def told_of(action_id: int) -> list[int]:
    """The keys of those who are told of an action: whom it names; of an alert that names nobody, who manages it."""
    named = list(Notified.objects.filter(action=action_id).order_by("pk").values_list("user_id", flat=True))
    if named:
        return named
    row = CallAction.objects.select_related("action", "call__customer").get(pk=action_id)
    if row.action.code != "alert":
        return []
    if row.call.customer.manager_id is not None:
        return [row.call.customer.manager_id]
    return [user.pk for user in people() if user.role.key == "finance"]
