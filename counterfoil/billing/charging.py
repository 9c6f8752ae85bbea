"""Charging is a difference (decision 0019): what a service is to be charged or given back, on plain values."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from counterfoil.billing.rules import Amounts
from counterfoil.catalogue.rules import PriceVersion, priced_by
from counterfoil.kernel.money import round_minor
from counterfoil.kernel.periods import Period
from counterfoil.subscriptions.due import first_due
from counterfoil.subscriptions.rules import (
    BillingPeriod,
    Piece,
    TermDates,
    Timeline,
    billing_periods,
    pieces,
)
from counterfoil.usage.rules import Meter, Rate, Rated, rated


class LineTax(NamedTuple):
    """The version of a tax rate, as a line has it; no rate is untaxed."""

    rate_id: int | None = None
    name: str = ""
    percent: Decimal = Decimal(0)


@dataclass(frozen=True)
class Charged:
    """One charge: of a billing period of a service (or of something charged once), in minor units as it is priced.

    That is with tax, or without where the price is: what should be charged is priced alike, so the two compare.
    """

    service_id: int | None
    one_time_id: int | None
    period_start: dt.date
    period_end: dt.date
    number: int
    product_id: int | None
    unit_price: Decimal
    quantity: Decimal
    percent_off: Decimal
    starts: dt.date
    ends: dt.date
    part: int
    whole: int
    minor: int
    prices_include_tax: bool = True
    # What was charged: the tax of its line, and how much of it. What is to be charged has the tax of the invoice date;
    # a credit that of what it takes back. None is of no document that counts (a draft that was discarded).
    tax: LineTax | None = None
    tax_minor: int = 0
    # Of usage: all that was used in the period at this rate, and how much of it was included; `quantity` is the rest.
    used: Decimal | None = None
    included: Decimal | None = None

    @property
    def rate(self) -> tuple[int | None, Decimal, Decimal, Decimal]:
        """What is charged at the same rate is compared with each other."""
        return self.product_id, self.unit_price, self.quantity, self.percent_off

    @property
    def amounts(self) -> Amounts:
        """What was charged, or is given back: net and tax."""
        return Amounts(self.minor - self.tax_minor if self.prices_include_tax else self.minor, self.tax_minor)

    @property
    def is_for_days(self) -> bool:
        """Whether it is earned day by day; usage is earned when it is charged."""
        return self.service_id is not None and self.used is None


# An amount as priced, its tax, and how much that is.
_Taken = tuple[int, LineTax | None, int]


def difference(
    service_id: int,
    period: BillingPeriod | Period,
    should: Sequence[Piece],
    charged: Sequence[Charged],
    without_tax: Container[int | None] = (),
) -> list[Charged]:
    """What to charge now of a period: what should be charged less what was, rate by rate; credits come first.

    Nothing charged before: the pieces as they are. Otherwise one charge for each rate that differs; a credit is one
    for each tax that was charged. Prices of the products `without_tax` have none in them.
    """
    if not charged and len(should) == 1:  # as in nearly every period of a bill run
        (p,) = should
        taxed = p.product_id not in without_tax
        made = Charged(
            service_id, None, period.start, period.end, 1, *p.rate, p.start, p.end, p.part, p.whole, p.minor, taxed
        )
        return [made] if p.minor else []
    number = max((c.number for c in charged), default=0)
    was: dict[tuple[int | None, Decimal, Decimal, Decimal], list[Charged]] = {}
    for charge in charged:
        was.setdefault(charge.rate, []).append(charge)
    now: dict[tuple[int | None, Decimal, Decimal, Decimal], list[Piece]] = {}
    for piece in should:
        now.setdefault(piece.rate, []).append(piece)
    found: list[Charged] = []
    parts: list[tuple[dt.date, dt.date, int, int, _Taken]]
    taken: list[_Taken]
    for rate in [*was, *(r for r in now if r not in was)]:
        before, after = was.get(rate, []), now.get(rate, [])
        minor = sum(p.minor for p in after) - sum(c.minor for c in before)
        if not minor:
            continue
        if not sum(c.minor for c in before):
            parts = [(p.start, p.end, p.part, p.whole, (p.minor, None, 0)) for p in after]
        else:
            first, last = _days_of_difference(before, after, minor)
            taken = [(minor, None, 0)] if minor > 0 else taken_back(before, -minor)
            parts = [(first, last, 1, 1, each) for each in taken]
        for first, last, part, whole, (amount, tax, tax_minor) in parts:
            number += 1
            found.append(
                Charged(
                    service_id, None, period.start, period.end, number, *rate, first, last, part, whole, amount,
                    rate[0] not in without_tax, tax, tax_minor,
                )
            )  # fmt: skip
    return sorted(found, key=lambda c: (c.minor > 0, c.number))


def taken_back(charged: Sequence[Charged], minor: int) -> list[_Taken]:
    """So much of what was charged, as credits with their tax: (amount as priced, tax, amount of tax), all below zero.

    Each tax is given back as it was charged, the newest first, whatever the rate is by now. The tax of a credit is its
    share of what is left, so the credits of a charge add up to it exactly, in any order.
    """
    left: dict[LineTax, list[int]] = {}
    for charge in charged:
        if charge.tax is not None:
            both = left.setdefault(charge.tax, [0, 0])
            both[0] += charge.minor
            both[1] += charge.tax_minor
    found: list[_Taken] = []
    for tax, (priced, taxed) in reversed(left.items()):
        part = min(priced, minor)
        if part > 0:
            found.append((-part, tax, -round_minor(Decimal(taxed) * part / priced)))
            minor -= part
    if minor:
        found.append((-minor, None, 0))
    return found


def usage_difference(
    service_id: int,
    period: BillingPeriod | Period,
    should: Sequence[Rated],
    charged: Sequence[Charged],
    without_tax: Container[int | None] = (),
) -> list[Charged]:
    """The same of usage: its quantity is not part of its rate, so what arrives late adds to what was charged."""
    number = max((c.number for c in charged), default=0)
    was: dict[Rate, list[Charged]] = {}
    for charge in charged:
        assert charge.product_id is not None
        was.setdefault((charge.product_id, charge.unit_price, charge.percent_off), []).append(charge)
    now = {each.rate: each for each in should}
    found: list[Charged] = []
    for rate in [*was, *(r for r in now if r not in was)]:
        before = was.get(rate, [])
        days = (before[-1].starts, before[-1].ends) if before else (period.start, period.end)
        each = now.get(rate, Rated(*rate, *days, Decimal(0), Decimal(0), 0))
        minor = each.minor - sum(c.minor for c in before)
        taken: list[_Taken] = [(minor, None, 0)] if minor > 0 else taken_back(before, -minor)
        for amount, tax, tax_minor in taken:
            number += 1
            found.append(
                Charged(
                    service_id, None, period.start, period.end, number, each.product_id, each.unit_price, each.beyond,
                    each.percent_off, each.start, each.end, 1, 1, amount, each.product_id not in without_tax, tax,
                    tax_minor, each.used, each.included,
                )
            )  # fmt: skip
    return sorted(found, key=lambda c: (c.minor > 0, c.number))


def _days_of_difference(before: Sequence[Charged], after: Sequence[Piece], minor: int) -> tuple[dt.date, dt.date]:
    """The days that a credit or an extra charge is about, where they are one run of days; else all of them."""
    times: Counter[dt.date] = Counter()
    for c in before:
        for day in _days(c.starts, c.ends):
            times[day] += 1 if c.minor > 0 else -1
    was = {day for day, count in times.items() if count > 0}
    now = {d for p in after for d in _days(p.start, p.end)}
    days = sorted(was - now if minor < 0 else now - was) or sorted(was | now) or sorted(times)
    return days[0], days[-1] + dt.timedelta(days=1)


def _days(start: dt.date, end: dt.date) -> list[dt.date]:
    return [start + dt.timedelta(days=n) for n in range((end - start).days)]


@dataclass(frozen=True)
class ServiceFacts:
    """Everything that decides what a service is charged."""

    id: int
    first_had_on: dt.date
    timeline: Timeline
    terms: Sequence[TermDates]
    prices: Mapping[str, Mapping[int, Sequence[PriceVersion]]]
    billed_to: dt.date | None = None
    changed_from: dt.date | None = None
    taken_over_on: dt.date | None = None
    charged: tuple[Charged, ...] = ()
    free: bool = False
    # The products whose prices have no tax in them.
    without_tax: frozenset[int] = frozenset()
    # Of a service that is charged by usage.
    meter: Meter | None = None
    # What was credited by hand of each period, by its first day, tax included.
    by_hand: Mapping[dt.date, int] = field(default_factory=dict)


def _charge_period(
    facts: ServiceFacts, period: BillingPeriod, charged: Sequence[Charged], decimals: int
) -> list[Charged]:
    often = priced_by("usage" if facts.meter else "", period.term.frequency)
    should = pieces(facts.timeline, period, facts.prices[often], facts.first_had_on, decimals, free=facts.free)
    return _compare(facts, period, should, charged, decimals)


def _compare(
    facts: ServiceFacts, period: BillingPeriod | Period, should: Sequence[Piece], charged: Sequence[Charged],
    decimals: int,
) -> list[Charged]:  # fmt: skip
    if facts.meter is None:
        found = difference(facts.id, period, should, charged, facts.without_tax)
    else:
        found = usage_difference(facts.id, period, rated(should, facts.meter, decimals), charged, facts.without_tax)
    return not_given_twice(found, charged, facts.by_hand.get(period.start, 0))


def not_given_twice(found: Sequence[Charged], before: Sequence[Charged], by_hand: int) -> list[Charged]:
    """The same charges, with credits as far as what they give back was not credited by hand before (with tax).

    What somebody gave of their own accord stays given; a credit is never more than was charged, tax included.
    """
    if not by_hand:
        return list(found)
    left, kept = max(sum(c.amounts.total for c in before) - by_hand, 0), []
    for charge in found:
        if charge.minor < 0:
            whole = -charge.amounts.total
            part = min(whole, left)
            left -= part
            tax = round_minor(Decimal(-charge.tax_minor) * part / whole) if whole else 0
            minor = part if charge.prices_include_tax else part - tax
            charge = replace(charge, minor=-minor, tax_minor=-tax)  # noqa: PLW2901
        if charge.minor:
            kept.append(charge)
    return kept


def _looked_at_from(facts: ServiceFacts) -> dt.date | None:
    """The day from which periods are looked at: where billing is, or an earlier change; None when there is none."""
    fresh = next((s.starts for s in facts.timeline if s.state != "draft"), None)
    for day in (facts.taken_over_on, facts.billed_to):
        if day and (fresh is None or day > fresh):
            fresh = day
    if facts.changed_from is None:
        return fresh
    # A period charged before can go beyond a term that ends inside it now: then it is looked at from its first day.
    beyond = [c.period_start for c in facts.charged if facts.changed_from and c.period_end > facts.changed_from]
    return min((d for d in (facts.changed_from, fresh, *beyond) if d), default=None)


def used_from(facts: ServiceFacts) -> dt.date | None:
    """The first day whose usage counts for what is to be charged; None when nothing is."""
    start = _looked_at_from(facts)
    period = next(billing_periods(facts.terms, start, dt.date.max), None) if start else None
    return period.start if period else None


@dataclass(frozen=True)
class ServiceBill:
    """What to charge for a service up to a day, the day it is billed to then, and a change that is of a later day."""

    charges: list[Charged]
    billed_to: dt.date | None
    changed_from: dt.date | None = None


def service_charges(facts: ServiceFacts, bill_to: dt.date, decimals: int) -> ServiceBill:
    """What to charge for a service with everything due up to and on a day.

    Periods missed are caught up, each a charge of its own; periods charged before are looked at again from the day of
    a change on, once that day has come. Called again with its own result it charges nothing (domain 4.4). Refuses
    `no_price`.
    """
    if facts.changed_from and facts.changed_from > bill_to:
        return replace(
            service_charges(replace(facts, changed_from=None), bill_to, decimals), changed_from=facts.changed_from
        )
    if facts.changed_from and facts.charged and not facts.timeline:
        # Regretted, or to be on this day: all that was ever charged is looked at.
        facts = replace(facts, changed_from=min(facts.changed_from, *(c.period_start for c in facts.charged)))
    live = [s for s in facts.timeline if s.state != "draft"]
    old, new = facts.billed_to, facts.billed_to
    end = live[-1].until if live else dt.date.min
    start = _looked_at_from(facts)
    if start is None:
        return ServiceBill([], old)
    charged: dict[dt.date, list[Charged]] = {}
    for charge in facts.charged:
        charged.setdefault(charge.period_start, []).append(charge)
    found: list[Charged] = []
    for period in billing_periods(facts.terms, start, dt.date.max):
        if facts.taken_over_on and period.end <= facts.taken_over_on:
            continue
        if facts.taken_over_on and period.start < facts.taken_over_on:
            period = replace(period, start=facts.taken_over_on)
        if (old is None or period.start >= old) and (
            period.start >= end or first_due(period, live[0].starts, end, metered=facts.meter is not None) > bill_to
        ):
            break
        found += _charge_period(facts, period, charged.pop(period.start, ()), decimals)
        new = max(new or period.end, period.end)
    # Periods of a term that no longer holds them.
    for first, before in charged.items():
        if facts.changed_from and before[0].period_end > facts.changed_from and sum(c.minor for c in before):
            found += _compare(facts, Period(first, before[0].period_end), (), before, decimals)
    return ServiceBill(found, new)
