"""Ageing, allocation, statements: arithmetic on plain values and a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from counterfoil.documents.parties import Letterhead, Party
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period

# ------------------------------------------------------------------ items


@dataclass(frozen=True)
class ItemState:
    """An open item as it stood on a day. Amounts in minor units, never negative; the side says which way."""

    id: int
    kind: str
    side: str
    number: str
    on: dt.date
    due_on: dt.date
    amount_minor: int
    open_minor: int
    disputed_minor: int = 0
    text: str = ""
    reference: str = ""
    # Credit that is kept for something covers nothing else.
    set_aside: bool = False

    @property
    def is_debit(self) -> bool:
        return self.side == "debit"

    @property
    def signed_minor(self) -> int:
        return self.amount_minor if self.is_debit else -self.amount_minor

    @property
    def signed_open_minor(self) -> int:
        return self.open_minor if self.is_debit else -self.open_minor

    def counts_as_overdue(self, on: dt.date) -> bool:
        """Whether it is past its due date, or credit that covers what is."""
        return self.days_late(on) > 0 if self.is_debit else not self.set_aside

    def days_late(self, on: dt.date) -> int:
        """Days after the due date; zero or less is not late (due today is not past due, domain 8.2)."""
        return (on - self.due_on).days


# ------------------------------------------------------------------ ageing


@dataclass(frozen=True)
class BucketRule:
    """Days late from and to, both included; None is open-ended."""

    label: str
    days_from: int | None
    days_to: int | None

    def holds(self, days: int) -> bool:
        return (self.days_from is None or days >= self.days_from) and (self.days_to is None or days <= self.days_to)


MOST_BUCKET_LABEL, MOST_BUCKET_DAYS = 30, 99_999
DEFAULT_BUCKETS = (
    BucketRule("Current", None, 0),
    BucketRule("1-30", 1, 30),
    BucketRule("31-60", 31, 60),
    BucketRule("61-90", 61, 90),
    BucketRule("91-120", 91, 120),
    BucketRule("Over 120", 121, None),
)

# Further sets that an installation begins with, by name: the last days of their buckets.
MORE_BUCKETS = {"Four buckets": (0, 30, 60), "Seven buckets": (0, 30, 60, 90, 120, 150)}


def buckets_up_to(days: Sequence[int]) -> list[BucketRule]:
    """The buckets whose last days these are, and one for all that is later: none overlap and none is missing."""
    found: list[BucketRule] = []
    for before, last in zip((None, *days), (*days, None), strict=True):
        first = None if before is None else before + 1
        label = "Current" if last == 0 else f"Over {before}" if last is None else f"{first or 0}-{last}"
        found.append(BucketRule("Up to " + str(last) if first is None and last else label, first, last))
    return found


def check_buckets(buckets: Sequence[BucketRule]) -> None:
    """Refuse a set that is not contiguous: every number of days falls into exactly one bucket (domain 8.2)."""
    if not buckets:
        raise Refused("no_buckets", "A bucket set needs at least one bucket.", field="buckets")
    labels = [bucket.label.strip().lower() for bucket in buckets]
    if len(set(labels)) != len(labels) or not all(labels):
        raise Refused("bucket_labels", "Each bucket needs a label of its own.", field="buckets")
    if set(labels) & {"disputed", "unapplied"} or max(map(len, labels)) > MOST_BUCKET_LABEL:
        raise Refused(
            "bucket_labels",
            f"A label has at most {MOST_BUCKET_LABEL} characters, and “Disputed” and “Unapplied” are columns already.",
            field="buckets",
        )
    days = [day for bucket in buckets for day in (bucket.days_from, bucket.days_to) if day is not None]
    if any(abs(day) > MOST_BUCKET_DAYS for day in days):
        raise Refused("absurd_days", f"Days are at most {MOST_BUCKET_DAYS:,}.", field="buckets")
    if buckets[0].days_from is not None or buckets[-1].days_to is not None:
        raise Refused(
            "buckets_not_open", "The first bucket must be open below and the last open above.", field="buckets"
        )
    for before, after in zip(buckets, buckets[1:], strict=False):
        if before.days_to is None or after.days_from is None:
            raise Refused(
                "buckets_overlap", f"Only the outer buckets may be open: see “{after.label}”.", field="buckets"
            )
        if before.days_from is not None and before.days_from > before.days_to:
            raise Refused("bucket_backwards", f"“{before.label}” ends before it starts.", field="buckets")
        if after.days_from <= before.days_to:
            raise Refused("buckets_overlap", f"“{before.label}” and “{after.label}” overlap.", field="buckets")
        if after.days_from > before.days_to + 1:
            raise Refused(
                "buckets_gap", f"There is a gap between “{before.label}” and “{after.label}”.", field="buckets"
            )


@dataclass(frozen=True)
class AgeAnalysis:
    """What is open, by age. `Σ buckets + disputed − unapplied = balance`, always."""

    labels: tuple[str, ...]
    buckets: tuple[int, ...]
    disputed: int
    unapplied: int

    @property
    def total_due(self) -> int:
        """All that is open on the debit side, whatever its age (domain 11.2)."""
        return sum(self.buckets) + self.disputed

    @property
    def balance(self) -> int:
        """The figure a customer is told: total due less account credit (domain 11.2)."""
        return self.total_due - self.unapplied


def bucket_index(days: int, buckets: Sequence[BucketRule]) -> int:
    """Which bucket a number of days falls into."""
    return next(index for index, bucket in enumerate(buckets) if bucket.holds(days))


def age(items: Iterable[ItemState], buckets: Sequence[BucketRule], on: dt.date, *, basis: str = "due") -> AgeAnalysis:
    """Age items as they stood on a day, by due date or document date."""
    sums, disputed, unapplied = [0] * len(buckets), 0, 0
    for item in items:
        if not item.is_debit:
            unapplied += item.open_minor
            continue
        start = item.due_on if basis == "due" else item.on
        sums[bucket_index((on - start).days, buckets)] += item.open_minor - item.disputed_minor
        disputed += item.disputed_minor
    return AgeAnalysis(tuple(bucket.label for bucket in buckets), tuple(sums), disputed, unapplied)


# ------------------------------------------------------------------ allocation

# A reversal, a refund, a write-off and a move to another account stand and fall with what they settle.
# The reference of credits that keep the number they had in another system.
BROUGHT_IN = "brought in"
BOUND_KINDS = frozenset({"reversal", "refund", "write_off", "transfer_out"})


@dataclass(frozen=True)
class Share:
    """So much of a credit settles so much of a debit."""

    credit_id: int
    debit_id: int
    minor: int


def allocate_oldest_first(credits: Sequence[tuple[int, int]], debits: Sequence[tuple[int, int]]) -> list[Share]:
    """Match (id, open) pairs in the order given; never more than is open on either side.

    The caller sorts the debits: oldest due date, then lowest number (domain 5.2).
    """
    shares: list[Share] = []
    queue = [[debit, left] for debit, left in debits if left > 0]
    for credit, left in credits:
        while left > 0 and queue:
            minor = min(left, queue[0][1])
            shares.append(Share(credit, queue[0][0], minor))
            left -= minor
            queue[0][1] -= minor
            if queue[0][1] == 0:
                queue.pop(0)
    return shares


def oldest_first(item: ItemState) -> tuple[dt.date, str]:
    """Sort key of the default order."""
    return (item.due_on, item.number)


# ------------------------------------------------------------------ what to pay


@dataclass(frozen=True)
class PayNow:
    """The balance in four parts that add up: `overdue + later + disputed − credit = balance`.

    Account credit is set against what is overdue first, so that nobody is asked for money they have already paid;
    what is set aside is only ever credit.
    """

    pay_now: int
    due_later: int
    disputed: int
    credit_left: int
    next_due_on: dt.date | None
    next_due_numbers: tuple[str, ...] = ()
    # Of the credit left, what is kept for something.
    set_aside: int = 0

    @property
    def payable(self) -> int:
        """What may be asked for at all: what is due now or later and not in dispute, less the credit that is free."""
        return max(self.pay_now + self.due_later - (self.credit_left - self.set_aside), 0)

    @property
    def balance(self) -> int:
        return self.pay_now + self.due_later + self.disputed - self.credit_left


def pay_now(items: Iterable[ItemState], on: dt.date) -> PayNow:
    """Split the balance of a day into what to pay now, what is due later, what is in dispute, and credit left over."""
    overdue = later = disputed = credit = aside = 0
    coming: list[ItemState] = []
    for item in items:
        if not item.is_debit:
            credit += item.open_minor
            aside += item.open_minor if item.set_aside else 0
            continue
        disputed += item.disputed_minor
        undisputed = item.open_minor - item.disputed_minor
        if item.days_late(on) > 0:
            overdue += undisputed
        elif undisputed:
            later += undisputed
            coming.append(item)
    used = min(overdue, credit - aside)
    first = min((item.due_on for item in coming), default=None)
    numbers = tuple(item.number for item in coming if item.due_on == first)
    return PayNow(overdue - used, later, disputed, credit - used, first, numbers, aside)


# ------------------------------------------------------------------ statements

Style = Literal["balance_forward", "open_item"]


@dataclass(frozen=True)
class StatementLine:
    """One thing that happened (balance forward), or one open item (open item)."""

    on: dt.date
    number: str
    text: str
    due_on: dt.date | None
    amount_minor: int
    balance_minor: int
    open_minor: int = 0
    late: bool = False
    disputed_minor: int = 0


@dataclass(frozen=True)
class Statement:
    """Everything a statement says, for one customer, currency and period; each format prints the same values.

    Invariant: opening + the lines' amounts = closing = the balance on the last day (balance forward).
    """

    customer: Party
    operator: Letterhead
    currency: str
    period: Period
    style: Style
    opening_minor: int
    lines: tuple[StatementLine, ...]
    closing_minor: int
    ageing: AgeAnalysis
    parts: PayNow
    as_of: dt.date = field(default=dt.date.min)


def statement_lines(
    items: Sequence[ItemState], period: Period, style: Style
) -> tuple[int, tuple[StatementLine, ...], int]:
    """Opening balance, lines and closing balance. Items are those dated before the period's end, as they stood then."""
    last = period.last

    def order(item: ItemState) -> tuple[dt.date, int, int]:
        # Of one day, what is billed stands before what is paid, whichever was entered first. The rest stands as it was
        # entered, what takes something back (a reversal, a refund) after it: no balance is shown that never was.
        billed = item.is_debit and item.kind not in BOUND_KINDS
        return (item.on, 0 if billed else 1, item.id)

    def line(item: ItemState, amount: int, balance: int) -> StatementLine:
        late = item.is_debit and item.open_minor > 0 and item.days_late(last) > 0
        due = (
            item.due_on
            if item.is_debit and item.kind in ("invoice", "debit_memo", "adjustment", "transfer_in", "opening")
            else None
        )
        return StatementLine(
            item.on, item.number, item.text, due, amount, balance, item.signed_open_minor, late, item.disputed_minor
        )

    if style == "open_item":
        balance, lines = 0, []
        for item in sorted((i for i in items if i.open_minor), key=lambda i: (i.due_on, *order(i))):
            balance += item.signed_open_minor
            lines.append(line(item, item.signed_minor, balance))
        return 0, tuple(lines), balance
    opening = balance = sum(item.signed_minor for item in items if item.on < period.start)
    lines = []
    for item in sorted((i for i in items if i.on in period), key=order):
        balance += item.signed_minor
        lines.append(line(item, item.signed_minor, balance))
    return opening, tuple(lines), balance
