"""What is charged for being late: simple, per period, capped, never twice for a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.credit.rules import EffectiveTerms
from counterfoil.dunning.rules import (
    Letters,
    Limit,
    Line,
    Open,
    decide,
    fee_of,
    interest_of,
    rate_within,
    simple_interest,
)

DAY = dt.date(2026, 6, 30)
TERMS = EffectiveTerms("DEFAULT", None, True, 1, 0, True, 30, False, interest_percent=Decimal("1.5"))
SET = Letters("Dear", (Line(1, "One", True, 1, None, 0, 25_00),), charge_interest=True, currency="ZAR")

minors = st.integers(0, 10**9)
percents = st.decimals(0, 100, places=3)
days = st.integers(0, 2000)
intervals = st.integers(1, 365)


def late(count: int, minor: int = 1000_00, **more: Any) -> Open:
    return Open(DAY - dt.timedelta(days=count), f"INV-{count:03}", count, minor, **more)


def charges(*items: Open, credit: int = 0, limit: Limit = Limit(), **terms: Any) -> list[int]:  # noqa: B008
    return interest_of(sorted(items), credit, replace(TERMS, **terms), DAY, limit)


def test_a_thousand_45_days_late_at_one_and_a_half_per_cent_a_month_is_22_50() -> None:
    assert simple_interest(1000_00, Decimal("1.5"), 45, 30) == 22_50
    assert charges(late(45)) == [22_50]
    # Half up, to the minor unit: 0.01 × 50 % for a day of a day.
    assert [simple_interest(minor, Decimal(50), 1, 1) for minor in (1, 2, 3)] == [1, 1, 2]


@given(minors, percents, days, intervals)
def test_interest_rises_with_each_of_its_parts_and_is_within_half_a_unit(
    base: int, percent: Decimal, late_days: int, interval: int
) -> None:
    charge = simple_interest(base, percent, late_days, interval)
    exact = Decimal(base) * percent * late_days / (100 * interval)
    assert abs(charge - exact) <= Decimal("0.5") + Decimal("1e-9")
    assert charge >= 0
    assert simple_interest(base + 1, percent, late_days, interval) >= charge
    assert simple_interest(base, percent, late_days + 1, interval) >= charge
    assert simple_interest(base, percent, late_days, interval + 1) <= charge


@given(minors, percents, st.lists(st.integers(30, 200), min_size=1, max_size=6))
def test_charged_in_pieces_is_charged_once(base: int, percent: Decimal, pieces: list[int]) -> None:
    """No day is charged twice and none is left out: pieces come to the whole, but for half a unit each."""
    due, on, total = DAY, DAY, 0
    charged_on = None
    for piece in pieces:
        on += dt.timedelta(days=piece)
        item = Open(due, "INV", 1, base, charged_on=charged_on, charged_minor=total)
        total += interest_of([item], 0, replace(TERMS, interest_percent=percent), on)[0]
        charged_on = on
    whole = simple_interest(base, percent, sum(pieces), 30)
    assert abs(total - whole) <= (len(pieces) + 1) // 2 + 1


def test_once_per_period_from_the_last_charged_day() -> None:
    assert charges(late(60, charged_on=DAY - dt.timedelta(days=29))) == [0]
    assert charges(late(60, charged_on=DAY - dt.timedelta(days=30))) == [15_00]
    assert charges(late(60, charged_on=DAY - dt.timedelta(days=45))) == [22_50]


def test_minimums_caps_and_what_is_never_charged() -> None:
    assert charges(late(45), interest_percent=None) == [0]
    assert charges(late(45), min_customer_balance_minor=1000_01) == [0]
    assert charges(late(45), min_customer_balance_minor=1000_00) == [22_50]
    assert charges(late(45), late(30, 10_00), min_invoice_balance_minor=10_01) == [22_50, 0]
    assert charges(late(45), most_interest_minor=20_00) == [20_00]
    old = DAY - dt.timedelta(days=45)
    assert charges(late(90, charged_on=old, charged_minor=15_00), most_interest_minor=20_00) == [5_00]
    assert charges(late(90, charged_on=old, charged_minor=20_00), most_interest_minor=20_00) == [0]
    # Interest is simple: it bears none.
    assert charges(late(45, is_charge=True)) == [0]


def test_disputed_amounts_bear_interest_only_if_the_profile_says_so() -> None:
    item = late(45, 1000_00, disputed_minor=400_00)
    assert charges(item) == [13_50]
    assert charges(item, charge_disputed=True) == [22_50]


def test_unapplied_receipts_are_deducted_from_the_oldest_even_when_not_printed() -> None:
    assert charges(late(45), late(30), credit=1000_00) == [0, 15_00]
    assert charges(late(45), late(30), credit=1500_00) == [0, 7_50]
    letters = replace(SET, include_unapplied=False)
    found = decide([late(45)], 400_00, TERMS, letters, DAY, "ZAR")
    assert (found.total_minor, found.interest_minor) == (1000_00, 13_50)  # type: ignore[union-attr]


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 10**7)), min_size=1, max_size=6), minors)
def test_credit_never_adds_and_all_of_it_leaves_nothing(rows: list[tuple[int, int]], credit: int) -> None:
    items = [Open(DAY - dt.timedelta(days=count), f"INV-{n}", n, minor) for n, (count, minor) in enumerate(rows)]
    without, less = charges(*items), charges(*items, credit=credit)
    assert all(one <= other for one, other in zip(less, without, strict=True))
    assert sum(charges(*items, credit=sum(minor for _, minor in rows))) == 0


def test_the_law_of_a_country_limits_both() -> None:
    # 18.25 % a year is 1.5 % in 30 days of 365.
    assert rate_within(Decimal("1.5"), 30, Limit(Decimal("18.25"))) == Decimal("1.5")
    assert rate_within(Decimal(2), 30, Limit(Decimal("18.25"))) == Decimal("1.5")
    assert rate_within(Decimal(2), 30, Limit()) == 2
    assert charges(late(45), limit=Limit(Decimal("9.125"))) == [11_25]
    line = SET.lines[0]
    assert fee_of(line, SET, "ZAR") == 25_00
    assert fee_of(line, SET, "ZAR", Limit(fee_minor=10_00, currency="ZAR")) == 10_00
    assert fee_of(line, SET, "ZAR", Limit(fee_minor=10_00, currency="EUR")) == 25_00
    # A fee is in the currency of its set, and nothing is ever converted.
    assert fee_of(line, SET, "USD") == 0


def test_a_letter_says_what_it_adds() -> None:
    found = decide([late(45)], 0, TERMS, SET, DAY, "ZAR")
    assert (found.total_minor, found.interest_minor, found.fee_minor) == (1000_00, 22_50, 25_00)  # type: ignore[union-attr]
    silent = decide([late(45)], 0, replace(TERMS, finance_charges=False), SET, DAY, "ZAR")
    assert (silent.interest_minor, silent.fee_minor) == (0, 25_00)  # type: ignore[union-attr]
    plain = decide([late(45)], 0, TERMS, replace(SET, charge_interest=False), DAY, "ZAR")
    assert (plain.interest_minor, plain.fee_minor) == (0, 25_00)  # type: ignore[union-attr]
