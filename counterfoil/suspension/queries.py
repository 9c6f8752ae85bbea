"""Every read of suspension."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Sum, When
from django.utils import timezone

from counterfoil.collections.queries import promised
from counterfoil.credit.models import Profile
from counterfoil.credit.queries import default_class
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs, visible
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


@dataclass(frozen=True)
class Policies:
    """The policy of every class that has one, and that of all others."""

    others: rules.Policy
    of_class: dict[int, rules.Policy]

    def of(self, account: rules.Account) -> rules.Policy:
        """The policy that holds for an account."""
        return self.of_class.get(account.profile_class or 0, self.others)

    @property
    def any_enabled(self) -> bool:
        return self.others.enabled or any(one.enabled for one in self.of_class.values())


def policies() -> Policies:
    """What holds now; off where nobody said otherwise."""
    newest = {row.profile_class_id: row for row in SuspensionPolicy.objects.order_by("pk")}
    found = {pk: _as_value(row) for pk, row in newest.items() if not row.withdrawn}
    return Policies(found.pop(None, rules.Policy()), {pk: one for pk, one in found.items() if pk is not None})


def _as_value(row: SuspensionPolicy) -> rules.Policy:
    return rules.Policy(**{name: getattr(row, name) for name in _POLICY}, groups=tuple(row.groups))


def policy(profile_class: int | None = None) -> rules.Policy:
    """The policy of a class, where it has one, else that of all others."""
    found = policies()
    return found.of_class.get(profile_class or 0, found.others)


def policy_of(customer: Customer) -> rules.Policy:
    """The policy that holds for a customer."""
    return policy(classes_of([customer.pk])[customer.pk])


def has_own_policy(profile_class: int) -> bool:
    """Whether a class has a policy of its own."""
    return profile_class in policies().of_class


def classes_of(customers: Collection[int]) -> dict[int, int]:
    """The credit class of each customer: that of its profile, else the default one."""
    own = Profile.objects.filter(among("customer", customers), site__isnull=True)
    usual = default_class().pk
    return {**dict.fromkeys(customers, usual), **dict(own.values_list("customer_id", "profile_class_id"))}


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
    held, classes = promised(customers, day), classes_of(customers)
    known = Customer.objects.filter(among("pk", customers)).values_list("pk", "status", "group")
    return {
        pk: rules.Account(
            debts=tuple(rules.Debt(*debt) for debt in debts[pk].values() if debt[1]),
            credit_minor=credit[pk], active=status == Customer.Status.ACTIVE, group=group,
            profile_class=classes[pk],
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


def suspended_now() -> QuerySet[Suspension, int]:
    """The customers (by id) whose service is off."""
    return Suspension.objects.filter(state=rules.SUSPENDED).order_by().values_list("customer_id", flat=True)


def suspensions_of(customer: Customer) -> QuerySet[Suspension]:
    """All processes of a customer, the newest first."""
    return Suspension.objects.filter(theirs(customer)).select_related("customer").order_by("-pk")


def commands_of(customer: Customer) -> QuerySet[Command]:
    """What the network was told of a customer, the newest first."""
    return Command.objects.filter(theirs(customer)).select_related("customer").order_by("-pk")


def told_off() -> QuerySet[Command]:
    """The last command of each account that the network was last asked to switch off."""
    later = Command.objects.filter(customer=OuterRef("customer"), pk__gt=OuterRef("pk"))
    return Command.objects.filter(~Exists(later), wanted=Command.Wanted.OFF).order_by("pk")


def exclusion_of(customer: Customer) -> Exclusion | None:
    """That a customer is never suspended, and why."""
    return Exclusion.objects.filter(customer=customer, ended_on__isnull=True).first()


def family_of(caller: Caller, customer: Customer) -> list[int]:
    """An account with all its accounts that the caller may see, by id."""
    children = visible(caller).filter(parent=customer.pk).order_by("pk")
    return [customer.pk, *children.values_list("pk", flat=True)]


# ------------------------------------------------------------------ the daily pass


def candidates(day: dt.date, after: int, limit: int) -> list[int]:
    """The first customers after one (by id) who have anything overdue, or a process under way."""
    busy = Suspension.objects.filter(ended_on__isnull=True, customer__gt=after).order_by("customer")
    found = set(busy.values_list("customer_id", flat=True)[:limit])
    if policies().any_enabled:
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
    at, known, days = moment(now), policies(), holidays()
    accounts, rows = accounts_of(customers, at.day), under_way(customers)
    found = []
    for pk, account in accounts.items():
        row, rule = rows.get(pk), known.of(account)
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
    at, known, days = moment(caller.now), policies(), holidays()
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
            for step in rules.foreseen(known.of(account), row.process if row else None, account, at, day, days):
                if step.on == day:
                    found.append(Foreseen(chunk[pk], step, oldest))
    return found


class AtHand:
    """What a page asks about a customer again and again, each read once."""

    def __init__(self, customer: Customer) -> None:
        self.customer = customer
        self._days: dict[dt.date, dt.date | None] = {}

    @cached_property
    def _rows(self) -> list[Suspension]:
        """Its own process, and one of its accounts that is listed."""
        mine = Q(customer=self.customer.pk)
        rows = Suspension.objects.filter(
            mine | Q(customer__parent=self.customer.pk, state=rules.OVERDUE), ended_on__isnull=True
        )
        return list(rows.select_related("customer").order_by(Case(When(mine, then=0), default=1), "pk")[:2])

    @property
    def row(self) -> Suspension | None:
        return next((row for row in self._rows if row.customer_id == self.customer.pk), None)

    @property
    def stage(self) -> str:
        return self.row.state if self.row else ""

    @cached_property
    def exclusion(self) -> Exclusion | None:
        return exclusion_of(self.customer)

    @property
    def any_listed(self) -> bool:
        """Whether the account, or one below it, waits for approval."""
        return any(row.state == rules.OVERDUE for row in self._rows)

    def suspends_on(self, day: dt.date) -> dt.date | None:
        if day not in self._days:
            self._days[day] = suspends_on(self.row, day) if self.row else None
        return self._days[day]


def at_hand(customer: Customer) -> AtHand:
    """The same for the customer of a page, kept with it for as long as the page is made."""
    found = customer.__dict__.get("_suspension")
    if found is None:
        found = customer.__dict__["_suspension"] = AtHand(customer)
    return cast(AtHand, found)


def suspends_on(row: Suspension, day: dt.date) -> dt.date | None:
    """The day on which an account will be suspended (again), if nothing is paid or agreed; none before its approval."""
    if row.state not in (rules.APPROVED, rules.FIRST, rules.SECOND, rules.PAUSED):
        return None
    account = accounts_of([row.customer_id], day)[row.customer_id]
    rule, far = policies().of(account), dt.date(min(day.year + 5, dt.MAXYEAR), 1, 1)
    steps = rules.foreseen(rule, row.process, account, rules.Moment(day, rule.from_hour), far, holidays())
    return next((step.on for step in steps if step.to == rules.SUSPEND), None)
