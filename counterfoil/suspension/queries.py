"""Every read of suspension."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from counterfoil.collections.queries import promised
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.receivables.models import Dispute, OpenItem, SetAside, Standing
from counterfoil.receivables.queries import outdated
from counterfoil.suspension import rules
from counterfoil.suspension.models import (
    Command,
    Exclusion,
    Holiday,
    NetworkChoice,
    Suspension,
    SuspensionPolicy,
)

declare_view("suspension.view", "See who is warned and suspended")

_POLICY = (
    "enabled", "overdue_days", "second_days", "suspend_days", "pause_days", "most_pauses", "longest_pause",
    "floor_minor", "on_weekends", "on_holidays", "from_hour", "until_hour", "resets", "promise_holds",
)  # fmt: skip


# ------------------------------------------------------------------ policy


def policy() -> rules.Policy:
    """The policy that holds now; off where nobody said otherwise."""
    row = SuspensionPolicy.objects.order_by("-pk").first()
    if row is None:
        return rules.Policy()
    return rules.Policy(**{name: getattr(row, name) for name in _POLICY}, groups=tuple(row.groups))


def holidays() -> dict[dt.date, str]:
    """The holidays by day, each with its name."""
    return dict(Holiday.objects.filter(active=True).order_by("day").values_list("day", "name"))


def holiday_rows() -> QuerySet[Holiday]:
    """The holidays on the list, by day."""
    return Holiday.objects.filter(active=True).order_by("day")


def provisioner_key() -> str:
    """What switches services; empty where nothing does."""
    return NetworkChoice.objects.order_by("-pk").values_list("provisioner", flat=True).first() or ""


def moment(now: dt.datetime) -> rules.Moment:
    """Day and hour in the operator's time zone."""
    local = timezone.localtime(now)
    return rules.Moment(local.date(), local.hour)


# ------------------------------------------------------------------ accounts


def accounts_of(customers: Collection[int], day: dt.date) -> dict[int, rules.Account]:
    """What counts of each account, in a constant number of queries."""
    debts: dict[int, dict[int, tuple[dt.date, int]]] = defaultdict(dict)
    credit: dict[int, int] = defaultdict(int)
    items = OpenItem.objects.filter(among("customer", customers), open_minor__gt=0)
    for pk, customer, side, due_on, minor in items.values_list("pk", "customer_id", "side", "due_on", "open_minor"):
        if side == OpenItem.Side.DEBIT:
            debts[customer][pk] = (due_on, minor)
        else:
            credit[customer] += minor
    disputed = Dispute.objects.filter(among("item__customer", customers), closed_on__isnull=True)
    for pk, customer, minor in disputed.values_list("item_id", "item__customer_id", "amount_minor"):
        if pk in debts[customer]:
            due_on, left = debts[customer][pk]
            debts[customer][pk] = (due_on, max(left - minor, 0))
    aside = SetAside.objects.filter(among("item__customer", customers), released_on__isnull=True).order_by()
    for customer, minor in aside.values("item__customer_id").annotate(aside=Sum("item__open_minor")).values_list(
        "item__customer_id", "aside"
    ):  # fmt: skip
        credit[customer] -= minor
    excluded = dict(
        Exclusion.objects.filter(among("customer", customers), ended_on__isnull=True).values_list(
            "customer_id", "reason"
        )
    )
    held = promised(customers, day)
    known = Customer.objects.filter(among("pk", customers)).values_list("pk", "status", "group")
    return {
        pk: rules.Account(
            debts=tuple(rules.Debt(*debt) for debt in debts[pk].values() if debt[1]),
            credit_minor=credit[pk], active=status == Customer.Status.ACTIVE, group=group,
            excluded=excluded.get(pk, ""), promised_until=held.get(pk),
        )
        for pk, status, group in known
    }  # fmt: skip


def under_way(customers: Collection[int]) -> dict[int, Suspension]:
    """The process that is under way of each of these customers."""
    rows = Suspension.objects.filter(among("customer", customers), ended_on__isnull=True)
    return {row.customer_id: row for row in rows.select_related("customer")}


def suspension_of(customer: Customer) -> Suspension | None:
    """The process that is under way of a customer."""
    return under_way([customer.pk]).get(customer.pk)


def suspensions_of(customer: Customer) -> QuerySet[Suspension]:
    """All processes of a customer, the newest first."""
    return Suspension.objects.filter(theirs(customer)).select_related("customer").order_by("-pk")


def commands_of(customer: Customer) -> QuerySet[Command]:
    """What the network was told of a customer, the newest first."""
    return Command.objects.filter(theirs(customer)).select_related("customer").order_by("-pk")


def exclusion_of(customer: Customer) -> Exclusion | None:
    """That a customer is never suspended, and why."""
    return Exclusion.objects.filter(customer=customer, ended_on__isnull=True).first()


def family_of(customer: Customer) -> list[int]:
    """An account with all its accounts, by id."""
    return [customer.pk, *Customer.objects.filter(parent=customer.pk).order_by("pk").values_list("pk", flat=True)]


# ------------------------------------------------------------------ the daily pass


def candidates(day: dt.date, after: int, limit: int) -> list[int]:
    """The first customers after one (by id) who have anything overdue, or a process under way."""
    busy = Suspension.objects.filter(ended_on__isnull=True, customer__gt=after).order_by("customer")
    found = set(busy.values_list("customer_id", flat=True)[:limit])
    if policy().enabled:
        standings = Standing.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
        # Those whose day has come and whose standing has not followed it yet may owe anything.
        found.update(standings.filter(overdue_minor__gt=0)[:limit], standings.filter(outdated(day))[:limit])
    return sorted(found)[:limit]


def due(day: dt.date) -> list[int]:
    """The customers with a step that is due by what was last worked out, or with nothing overdue any more."""
    rows = Suspension.objects.filter(ended_on__isnull=True)
    stepping = rows.filter(next_on__lte=day, state__in=(rules.APPROVED, rules.FIRST, rules.SECOND, rules.PAUSED))
    settled = Standing.objects.filter(pk=OuterRef("customer_id"), overdue_minor=0)
    paid = rows.filter(Exists(settled))
    return sorted({*stepping.values_list("customer_id", flat=True), *paid.values_list("customer_id", flat=True)})


def steps_now(customers: Sequence[int], now: dt.datetime) -> list[int]:
    """Those of the customers with a step to take at this moment, or whose kept figures are not those of now."""
    at, rule, days = moment(now), policy(), holidays()
    accounts, rows = accounts_of(customers, at.day), under_way(customers)
    found = []
    for pk, account in accounts.items():
        row = rows.get(pk)
        step = rules.next_step(rule, row.process if row else None, account, at, days)
        if (step and rules.is_now(rule, step, at)) or (
            row is not None and kept_figures(row) != figures(rule, row, account, step, at)
        ):
            found.append(pk)
    return found


Figures = tuple[int, dt.date | None, str, dt.date | None, str]


def figures(
    rule: rules.Policy, row: Suspension, account: rules.Account, step: rules.Step | None, at: rules.Moment
) -> Figures:
    """What is kept of an account beside its process: what counts, since when, what comes next, on which day and why."""
    minor = rules.what_counts(rule, row.process, account, at.day)
    oldest = min((debt.due_on for debt in account.debts), default=None) if minor else None
    if step is None or step.waits:
        return minor, oldest, step.to if step else "", None, ""
    return minor, oldest, step.to, step.on, step.because[:80]


def kept_figures(row: Suspension) -> Figures:
    """The same as it is kept."""
    return row.amount_minor, row.oldest_due_on, row.next_step, row.next_on, row.because


def suspending(until: dt.date) -> dict[int, dt.date]:
    """The accounts that are suspended, or suspended again after a pause, up to a day, each with its day."""
    rows = Suspension.objects.filter(ended_on__isnull=True, next_step=rules.SUSPEND, next_on__lte=until)
    found = rows.exclude(state=rules.OVERDUE).values_list("customer_id", "next_on")
    return {customer: on for customer, on in found if on is not None}


# ------------------------------------------------------------------ what would happen


@dataclass(frozen=True)
class Foreseen:
    """A step that would be taken on a day."""

    customer: Customer
    step: rules.Step
    oldest_due_on: dt.date | None

    @property
    def currency(self) -> str:
        return self.customer.currency


def foreseen(caller: Caller, day: dt.date, customers: Iterable[int] | None = None) -> list[Foreseen]:
    """What would happen on a day, today or later, if nothing is paid, approved or agreed before.

    Every customer whom the caller may see, or those of these.
    """
    at, rule, days = moment(caller.now), policy(), holidays()
    seen = of_visible(caller, Customer.objects.all(), "pk")
    owing = OpenItem.objects.filter(open_minor__gt=0, side=OpenItem.Side.DEBIT).order_by().values("customer")
    busy = Suspension.objects.filter(ended_on__isnull=True).values("customer")
    rows = seen.filter(pk__in=owing.union(busy)) if customers is None else seen.filter(among("pk", customers))
    found: list[Foreseen] = []
    last = 0
    while chunk := {row.pk: row for row in rows.filter(pk__gt=last).order_by("pk")[:1000]}:
        last = max(chunk)
        accounts, processes = accounts_of(list(chunk), at.day), under_way(list(chunk))
        for pk, account in accounts.items():
            row = processes.get(pk)
            oldest = min((debt.due_on for debt in account.debts), default=None)
            for step in rules.foreseen(rule, row.process if row else None, account, at, day, days):
                if step.on == day:
                    found.append(Foreseen(chunk[pk], step, oldest))
    return found


def any_listed(customer: Customer) -> bool:
    """Whether the account, or one below it, waits for approval."""
    return Suspension.objects.filter(
        among("customer", family_of(customer)), ended_on__isnull=True, state=rules.OVERDUE
    ).exists()


def suspends_on(row: Suspension, day: dt.date) -> dt.date | None:
    """The day on which an account will be suspended, if nothing is paid or agreed; none while nobody approved it."""
    if row.state not in (rules.APPROVED, rules.FIRST, rules.SECOND):
        return None
    account = accounts_of([row.customer_id], day)[row.customer_id]
    rule, far = policy(), dt.date(min(day.year + 5, dt.MAXYEAR), 1, 1)
    steps = rules.foreseen(rule, row.process, account, rules.Moment(day, rule.from_hour), far, holidays())
    return next((step.on for step in steps if step.to == rules.SUSPEND), None)
