"""Dates and shares of subscriptions, on plain values: billing periods, the timeline of a service, what a period costs.

Everything is a function of the timeline as it is now, so the order in which changes were entered cannot matter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from counterfoil.catalogue.rules import PriceVersion, price_on
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import round_minor
from counterfoil.kernel.periods import Period, add_months, date_text, thirty_day_months

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
BILLABLE = frozenset({"effective"})
_FAR = dt.date.max


# ------------------------------------------------------------------ periods


@dataclass(frozen=True)
class TermDates:
    """The dates of a term: a day on which a period starts, how often, and from when to when it holds."""

    frequency: str
    anchor_on: dt.date
    anchor_day: int
    valid_from: dt.date
    valid_to: dt.date | None = None
    in_advance: bool = True
    thirty: bool = False


@dataclass(frozen=True)
class BillingPeriod:
    """What is charged at once: the days from `start` to `end`, a part or all of the full billing period."""

    start: dt.date
    end: dt.date
    full: Period
    term: TermDates


def boundary(term: TermDates, index: int) -> dt.date:
    """The first day of the full period so many periods after the anchor. 31 January, 28 or 29 February, 31 March."""
    return _boundary(term.frequency, term.anchor_on, term.anchor_day, index)


# A run asks the same few dates for a million customers.
@lru_cache(maxsize=4096)
def _boundary(frequency: str, anchor_on: dt.date, anchor_day: int, index: int) -> dt.date:
    if frequency == "week":
        return anchor_on + dt.timedelta(days=7 * index)
    return add_months(anchor_on, MONTHS[frequency] * index, anchor=anchor_day)


def first_anchor(on: dt.date, frequency: str, day: int) -> dt.date:
    """Where the first whole period of a term that begins on a day starts: on the first such day of the month from then
    on, of weeks on the day itself. What lies before is a part of the period that ends there.
    """
    if frequency == "week":
        return on
    anchor = add_months(on, 0, anchor=day)
    return anchor if anchor >= on else add_months(on, 1, anchor=day)


def full_period(term: TermDates, day: dt.date) -> tuple[int, Period]:
    """The full billing period that holds a day, and its index from the anchor."""
    index = _index(term.frequency, term.anchor_on, term.anchor_day, day)
    return index, _full(term.frequency, term.anchor_on, term.anchor_day, index)


@lru_cache(maxsize=4096)
def _full(frequency: str, anchor_on: dt.date, anchor_day: int, index: int) -> Period:
    return Period(*(_boundary(frequency, anchor_on, anchor_day, place) for place in (index, index + 1)))


@lru_cache(maxsize=4096)
def _index(frequency: str, anchor_on: dt.date, anchor_day: int, day: dt.date) -> int:
    if frequency == "week":
        return (day - anchor_on).days // 7
    months = (day.year - anchor_on.year) * 12 + day.month - anchor_on.month
    index = months // MONTHS[frequency]
    # Within the month of a boundary the day decides, and a short month moves it.
    while _boundary(frequency, anchor_on, anchor_day, index) > day:
        index -= 1
    while _boundary(frequency, anchor_on, anchor_day, index + 1) <= day:
        index += 1
    return index


def billing_periods(terms: Sequence[TermDates], start: dt.date, until: dt.date) -> Iterator[BillingPeriod]:
    """The periods from the one that holds `start`, in order, that begin before `until`: no gap and no overlap.

    Terms come in order of their first day and adjoin. A term that begins or ends inside a full period cuts it.
    """
    for term in terms:
        last = term.valid_to or _FAR
        if last <= start or term.valid_from >= until:
            continue
        index, full = full_period(term, max(start, term.valid_from))
        while full.start < min(last, until):
            first, end = max(full.start, term.valid_from), min(full.end, last)
            if first < until:
                yield BillingPeriod(first, end, full, term)
            index += 1
            full = _full(term.frequency, term.anchor_on, term.anchor_day, index)


def next_period_on(terms: Sequence[TermDates], day: dt.date) -> dt.date:
    """The first day of the billing period that follows the one of a day; the day itself is never it."""
    periods = billing_periods(terms, day + dt.timedelta(days=1), _FAR)
    first = next(periods)
    return first.start if first.start > day else first.end


def share(period: BillingPeriod, start: dt.date, end: dt.date) -> tuple[int, int]:
    """The days from `start` to `end` as a share of the full period: (part, whole), by the term's convention.

    The shares of a period's parts add up to the whole, also where a 30-day month has 28 or 31 of them.
    """
    if start == period.full.start and end == period.full.end:
        return 1, 1
    if not period.term.thirty or period.term.frequency == "week":
        return (end - start).days, period.full.days
    whole = 30 * MONTHS[period.term.frequency]
    return thirty_day_months(period.full, end, whole) - thirty_day_months(period.full, start, whole), whole


# ------------------------------------------------------------------ the timeline of a service


@dataclass(frozen=True)
class Stretch:
    """What a service is from a day up to another (None: until further notice)."""

    starts: dt.date
    ends: dt.date | None
    state: str
    product_id: int
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    percent_off: Decimal = Decimal(0)

    @property
    def until(self) -> dt.date:
        return self.ends or _FAR

    def like(self, other: Stretch) -> bool:
        """Whether it says the same of other days."""
        return dataclasses.replace(self, starts=other.starts, ends=other.ends) == other


Timeline = tuple[Stretch, ...]


def tidy(stretches: Sequence[Stretch]) -> Timeline:
    """In order, with neighbours that say the same joined."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda s: s.starts):
        if joined and joined[-1].until == stretch.starts and joined[-1].like(stretch):
            joined[-1] = dataclasses.replace(joined[-1], ends=stretch.ends)
        else:
            joined.append(stretch)
    return tuple(joined)


def paint(timeline: Timeline, start: dt.date, end: dt.date | None = None, **changes: object) -> Timeline:
    """The timeline with something changed from a day (up to another); what is outside stays as it was."""
    last, parts = end or _FAR, []
    for stretch in timeline:
        if stretch.until <= start or stretch.starts >= last:
            parts.append(stretch)
            continue
        if stretch.starts < start:
            parts.append(dataclasses.replace(stretch, ends=start))
        inner_ends = stretch.ends if stretch.until <= last else last
        parts.append(
            dataclasses.replace(stretch, starts=max(stretch.starts, start), ends=inner_ends, **changes)  # type: ignore[arg-type]
        )
        if stretch.until > last:
            parts.append(dataclasses.replace(stretch, starts=last))
    return tidy(parts)


def cut(timeline: Timeline, day: dt.date) -> Timeline:
    """The timeline without that day and all after it."""
    kept = [s if s.until <= day else dataclasses.replace(s, ends=day) for s in timeline if s.starts < day]
    return tuple(kept)


def since(timeline: Timeline, day: dt.date) -> Timeline:
    """The timeline from a day on."""
    return tuple(dataclasses.replace(s, starts=max(s.starts, day)) for s in timeline if s.until > day)


def stretch_on(timeline: Timeline, day: dt.date) -> Stretch | None:
    """What holds on a day."""
    return next((s for s in timeline if s.starts <= day < s.until), None)


def had_since(timeline: Timeline, day: dt.date, first_had_on: dt.date) -> dt.date:
    """Since when a service has had the product of a day: its price for new services is that of those who have it from
    then on. What it had first it has had since `first_had_on`, which may be before its timeline.
    """
    since, product = first_had_on, timeline[0].product_id if timeline else None
    for stretch in timeline:
        if stretch.starts > day:
            break
        if stretch.product_id != product:
            since, product = stretch.starts, stretch.product_id
    return since


@dataclass(frozen=True)
class Change:
    """An action on a service as plain values: its kind, its day, and what it says."""

    kind: str
    on: dt.date
    until: dt.date | None = None
    product_id: int | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    percent_off: Decimal | None = None


# What a service may be for an action (domain 3.2).
FROM_STATES: dict[str, frozenset[str]] = {
    "start": frozenset({"draft", "stopped"}),
    "stop": frozenset({"effective"}),
    "swap": frozenset({"effective", "stopped"}),
    "rest": frozenset({"effective"}),
    "end_rest": frozenset({"resting"}),
    "quantity": frozenset({"effective", "stopped"}),
    "price": frozenset({"effective", "stopped", "resting"}),
    "discount": frozenset({"effective", "stopped", "resting"}),
    "undo": frozenset({"draft"}),
    "regret": frozenset({"effective", "stopped", "resting"}),
    "cancel": frozenset({"effective", "stopped", "resting"}),
}
_VERBS = {
    "start": "started", "stop": "suspended", "swap": "changed", "rest": "paused", "end_rest": "resumed",
    "quantity": "changed", "price": "repriced", "discount": "discounted", "undo": "removed", "regret": "cancelled",
    "cancel": "cancelled",
}  # fmt: skip
STATE_WORDS = {
    "draft": "a draft", "effective": "active", "stopped": "suspended by request", "resting": "paused", "ended": "ended",
}  # fmt: skip


def state_on(timeline: Timeline, day: dt.date, *, ended: bool) -> str:
    """draft, effective, stopped, resting or ended. One that begins later is effective already, from then on."""
    if not timeline or (ended and timeline[-1].until <= day):
        return "ended"
    return (stretch_on(timeline, day) or timeline[0 if day < timeline[0].starts else -1]).state


def refuse_unless_allowed(kind: str, state: str, name: str) -> None:
    """Refuse an action that this state does not allow."""
    refuse_if(
        state not in FROM_STATES[kind],
        "not_allowed_now",
        f"{name} is {STATE_WORDS[state]}, so it cannot be {_VERBS[kind]}.",
    )


def apply(timeline: Timeline, change: Change) -> Timeline:
    """The timeline after a change. Refuses what has no days, and what the timeline does not hold on that day."""
    refuse_if(
        change.until is not None and change.until <= change.on, "no_days", "It would end before it starts.",
        field="until",
    )  # fmt: skip
    kind, on, until = change.kind, change.on, change.until
    if kind in ("regret", "undo"):
        return ()
    if kind == "cancel":
        after = cut(timeline, on)
        refuse_if(after == timeline, "not_there_then", f"The service is not there on {date_text(on)}.", field="on")
        return after
    if stretch_on(timeline, on) is None:
        raise Refused("not_there_then", f"The service is not there on {date_text(on)}.", field="on")
    match kind:
        case "start" | "end_rest":
            # The rest of a stretch of rest is gone, wherever it would have ended.
            return paint(timeline, on, _run_end(timeline, on), state="effective")
        case "stop":
            return paint(timeline, on, until, state="stopped")
        case "rest":
            return paint(timeline, on, until, state="resting")
        case "swap":
            return paint(timeline, on, until, product_id=change.product_id, price=change.price)
        case "quantity":
            return paint(timeline, on, until, quantity=change.quantity)
        case "price":
            return paint(timeline, on, until, price=change.price)
        case "discount":
            return paint(timeline, on, until, percent_off=change.percent_off)
    raise AssertionError(kind)


def replay(base: Stretch, changes: Sequence[Change]) -> Timeline:
    """What a service is after changes, each from its own day on: the order in which they were entered cannot matter.

    Of two changes of one day the one given later holds.
    """
    timeline: Timeline = (base,)
    for change in sorted(changes, key=lambda change: change.on):
        timeline = apply(timeline, change)
    return timeline


def foreseen(timeline: Timeline, scheduled: Sequence[Change]) -> Timeline:
    """The timeline with what is scheduled, in order; what will fail on its day is passed, as its state then says."""
    ended = False
    for change in scheduled:
        with contextlib.suppress(Refused):
            refuse_unless_allowed(change.kind, state_on(timeline, change.on, ended=ended), "It")
            timeline = apply(timeline, change)
            ended = ended or change.kind == "cancel"
    return timeline


def _run_end(timeline: Timeline, day: dt.date) -> dt.date | None:
    """Where the state of a day ends, across changes of anything else."""
    state, end = None, day
    for stretch in timeline:
        if stretch.until <= day:
            continue
        if state is None:
            state = stretch.state
        if stretch.starts > end or stretch.state != state:
            break
        if stretch.ends is None:
            return None
        end = stretch.ends
    return end


def first_difference(one: Timeline, other: Timeline) -> dt.date | None:
    """The first day that two timelines do not say the same of; None when they agree."""
    days = sorted({s.starts for s in (*one, *other)} | {s.ends for s in (*one, *other) if s.ends})
    for day in days:
        left, right = stretch_on(one, day), stretch_on(other, day)
        if (left is None) != (right is None) or (left and right and not left.like(right)):
            return day
    return None


# ------------------------------------------------------------------ what a period costs


@dataclass(frozen=True)
class Piece:
    """A part of a period at one rate: what should be charged for these days, in minor units with tax or without."""

    product_id: int
    unit_price: Decimal
    quantity: Decimal
    percent_off: Decimal
    start: dt.date
    end: dt.date
    part: int
    whole: int
    minor: int

    @property
    def rate(self) -> tuple[int, Decimal, Decimal, Decimal]:
        """What is charged at the same rate is compared with each other."""
        return self.product_id, self.unit_price, self.quantity, self.percent_off


def pieces(
    timeline: Timeline,
    period: BillingPeriod,
    prices: Mapping[int, Sequence[PriceVersion]],
    first_had_on: dt.date,
    places: int,
    *,
    free: bool = False,
) -> list[Piece]:
    """What should be charged for a period: price x days of the full period it holds, half up, one piece for each rate.

    A price is that of the period's first day, or of the day on which the product began in it. One for new services
    holds for what has had the product from its first day on or later. Refuses `no_price`.
    """
    found: list[Piece] = []
    # What is charged already at a rate: parts are rounded together, so that they never exceed the full price.
    charged: dict[tuple[int, Decimal, Decimal, Decimal], tuple[int, int]] = {}
    product, since, had = timeline[0].product_id if timeline else 0, period.start, first_had_on
    for stretch in timeline:
        start, end = max(stretch.starts, period.start), min(stretch.until, period.end)
        if stretch.product_id != product:
            product, since, had = stretch.product_id, start, stretch.starts
        if end <= start or stretch.state not in BILLABLE:
            continue
        price = Decimal(0) if free else stretch.price
        if price is None:
            price = price_on(prices.get(product, ()), max(since, period.start), had)
        if price is None:
            raise Refused("no_price", f"There is no price on {date_text(start)} for this frequency and currency.")
        part, whole = share(period, start, end)
        previous = found[-1] if found else None
        rate = (product, price, stretch.quantity, stretch.percent_off)
        if previous and previous.rate == rate and previous.end == start:
            start, part = previous.start, previous.part + part
            charged[rate] = charged[rate][0] - previous.part, charged[rate][1] - previous.minor
            found.pop()
        days, before = charged.get(rate, (0, 0))
        minor = _amount(*rate[1:], days + part, whole, places) - before
        charged[rate] = days + part, before + minor
        found.append(Piece(*rate, start, end, part, whole, minor))
    return found


def price_minor(
    stretch: Stretch, prices: Mapping[int, Sequence[PriceVersion]], day: dt.date, had: dt.date, places: int
) -> int | None:
    """What a whole period costs as the service is on a day, in minor units as priced; None when there is no price.

    It has had its product since `had`.
    """
    price = stretch.price
    if price is None:
        price = price_on(prices.get(stretch.product_id, ()), day, had)
    return None if price is None else _amount(price, stretch.quantity, stretch.percent_off, 1, 1, places)


def a_month(minor: int, frequency: str) -> int:
    """An amount of each billing period as one of a month: a year has 12 of them, and 52 weeks."""
    if frequency == "week":
        return round_minor(Decimal(minor) * 52 / 12)
    return round_minor(Decimal(minor) / MONTHS.get(frequency, 1))


def _amount(price: Decimal, quantity: Decimal, percent_off: Decimal, part: int, whole: int, places: int) -> int:
    amount = (price * quantity).scaleb(places)
    if percent_off:
        amount = amount * (100 - percent_off) / 100
    if part != whole:
        amount = amount * part / whole
    return round_minor(amount)
