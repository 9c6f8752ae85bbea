"""Whether a promise was kept, and whom to call next: decisions on plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.kernel.money import round_minor, split_minor

OPEN, KEPT, PART, BROKEN = "open", "kept", "part", "broken"


@dataclass(frozen=True)
class Promised:
    """A promise: so much by a day, of one item or of whatever is owed."""

    id: int
    item: int | None
    amount_minor: int
    made_on: dt.date
    made_at: dt.datetime
    due_on: dt.date


@dataclass(frozen=True)
class MoneyIn:
    """Money of one payment that counts: what it paid of one item, or what is left of it, on account."""

    item: int | None
    on: dt.date
    at: dt.datetime
    minor: int


@dataclass(frozen=True)
class Judged:
    """How a promise stands, and how much of it came in time."""

    id: int
    state: str
    received_minor: int


def judge(promises: Sequence[Promised], money: Sequence[MoneyIn], today: dt.date) -> list[Judged]:
    """How one customer's promises stand at the end of a day's news (domain 16.2).

    Money counts from the moment of the promise up to and on its day, once: for the promise that is due first, and for
    promises of one item only what settled that item. Those of an item come before those of whatever is owed. What
    comes early keeps a promise at once; what is missing breaks it on the day after.
    """
    left = [entry.minor for entry in money]
    order = sorted(range(len(money)), key=lambda place: (money[place].on, money[place].at, place))
    found: dict[int, Judged] = {}
    for promise in sorted(promises, key=lambda row: (row.item is None, row.due_on, row.made_at, row.id)):
        came = 0
        for place in order:
            entry = money[place]
            missing = promise.amount_minor - came
            if missing <= 0:
                break
            if left[place] > 0 and _counts(promise, entry):
                part = min(left[place], missing)
                left[place] -= part
                came += part
        found[promise.id] = Judged(promise.id, _state(promise, came, today), came)
    return [found[promise.id] for promise in promises]


def _counts(promise: Promised, entry: MoneyIn) -> bool:
    if promise.item is not None and promise.item != entry.item:
        return False
    if entry.on > promise.due_on or entry.on < promise.made_on:
        return False
    # Of the day of the promise only what was recorded after it: what had come before is not what was promised.
    return entry.on > promise.made_on or entry.at > promise.made_at


def _state(promise: Promised, came: int, today: dt.date) -> str:
    if came >= promise.amount_minor:
        return KEPT
    if today <= promise.due_on:
        return OPEN
    return PART if came else BROKEN


# ------------------------------------------------------------------ disputes by line

# What is in dispute of an item, in minor units with tax, by line of its invoice; None is of no line by itself.
Parts = dict[int | None, int]


def within(parts: Parts, most: int) -> Parts:
    """The parts as far as so much is open: what is of no line goes first, then the last lines (domain 5.5)."""
    left = dict(parts)
    over = sum(left.values()) - most
    for key in [None, *(key for key in reversed(list(left)) if key is not None)]:
        if over <= 0:
            break
        less = min(left.get(key, 0), over)
        left[key] = left.get(key, 0) - less
        over -= less
    return {key: minor for key, minor in left.items() if minor > 0}


def credited(parts: Parts, minor: int, lines: Mapping[int, int]) -> Parts:
    """What is left of a dispute when so much was credited, of these lines: each its own, and the rest of what is of no
    line. What is in dispute of another line stays."""
    left = dict(parts)
    less = minor
    for line, part in lines.items():
        taken = min(left.get(line, 0), part, less)
        left[line] = left.get(line, 0) - taken
        less -= taken
    left[None] = max(left.get(None, 0) - less, 0)
    return {key: part for key, part in left.items() if part > 0}


def creditable(parts: Parts, left: Mapping[int, int]) -> Parts:
    """The parts as far as something of their line is left to credit; what is of no line as it is."""
    least = {line: part if line is None else min(part, left.get(line, 0)) for line, part in parts.items()}
    return {line: part for line, part in least.items() if part > 0}


def shared(minor: int, left: Mapping[int, int], wanted: Parts) -> dict[int, int]:
    """Over which lines an amount is credited: those that are in dispute first, then what is left of all as it weighs.

    `left` is what can be credited of each line. None where it is not enough is the caller's business.
    """
    first = {line: min(part, left.get(line, 0)) for line, part in wanted.items() if line is not None}
    first = {line: part for line, part in first.items() if part > 0}
    taken: dict[int, int] = {}
    if first:
        taken = dict(zip(first, split_minor(min(minor, sum(first.values())), list(first.values())), strict=True))
    rest = minor - sum(taken.values())
    over = {line: part - taken.get(line, 0) for line, part in left.items() if part > taken.get(line, 0)}
    if rest and over:
        for line, part in zip(over, split_minor(rest, list(over.values())), strict=True):
            taken[line] = taken.get(line, 0) + part
    return {line: part for line, part in taken.items() if part}


def tax_share(minor: int, tax: int, total: int) -> int:
    """The tax in so much of a total, half up."""
    return round_minor(Decimal(tax) * minor / total) if total else 0


# ------------------------------------------------------------------ whom to call next

# Outcomes of calls in which nobody spoke to the customer.
NOT_REACHED = frozenset({"no_answer", "left_message", "busy", "wrong_number", "disconnected"})
SOON = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of an overdue account, as far as it decides when it is called."""

    customer: int
    overdue_minor: int
    oldest_due_on: dt.date | None
    call_back_at: dt.datetime | None = None
    timed: bool = False
    broken_on: dt.date | None = None
    promised_on: dt.date | None = None
    suspends_on: dt.date | None = None
    contacted_on: dt.date | None = None
    worked_on: dt.date | None = None
    says_paid: bool = False
    currency: str = ""


# Reasons in their order; the first that holds is why an account is next.
CALL_BACK, PROMISE_BROKEN, PROMISE_TODAY, SUSPENDS, FOLLOW_UP, SAYS_PAID, AGEING, PROMISED, WORKED = range(9)
# Nothing to do now: they promised for a later day, or somebody worked on it today.
WAITING = (PROMISED, WORKED)


@dataclass(frozen=True, slots=True)
class Next:
    """An account in the queue: its place, and why."""

    customer: int
    reason: int
    weight: int
    # The day that the reason speaks of.
    on: dt.date | None


def place(row: Standing, now: dt.datetime, today: dt.date) -> Next:
    """Why this account is called, and how it compares with others of the same reason: more weight comes first."""
    late = max((today - row.oldest_due_on).days, 0) if row.oldest_due_on else 0
    silent = (today - row.contacted_on).days if row.contacted_on else late
    # Amount x age x days since contact: what is large, old and silent. One of each at least, so that none hides a rest.
    weight = max(row.overdue_minor, 1) * max(late, 1) * max(silent, 1)
    due = row.call_back_at is not None and row.call_back_at <= now
    if due and row.timed:
        # The one that has waited longest first.
        return Next(row.customer, CALL_BACK, int((now - (row.call_back_at or now)).total_seconds()), None)
    if row.worked_on == today and not due:
        return Next(row.customer, WORKED, weight, today)
    if row.broken_on is not None:
        return Next(row.customer, PROMISE_BROKEN, weight, row.broken_on)
    if row.promised_on == today:
        return Next(row.customer, PROMISE_TODAY, weight, today)
    if row.suspends_on is not None and row.suspends_on - today <= SOON:
        return Next(row.customer, SUSPENDS, weight, row.suspends_on)
    if due:
        return Next(row.customer, FOLLOW_UP, weight, (row.call_back_at or now).date())
    if row.promised_on is not None and row.promised_on > today:
        return Next(row.customer, PROMISED, weight, row.promised_on)
    if row.says_paid:
        return Next(row.customer, SAYS_PAID, weight, row.contacted_on)
    return Next(row.customer, AGEING, weight, row.contacted_on)


def queue(rows: Sequence[Standing], now: dt.datetime, today: dt.date) -> list[Next]:
    """The accounts in the order in which to call them; the larger key is the newer account, and comes last."""
    placed = [place(row, now, today) for row in rows]
    placed.sort(key=lambda row: (row.reason, -row.weight, row.customer))
    return placed
