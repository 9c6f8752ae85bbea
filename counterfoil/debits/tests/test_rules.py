"""Who is collected from and why not, and the days on which banks do it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.debits.rules import (
    Owed,
    Policy,
    Terms,
    business_day_from,
    choose,
    easter,
    first_possible,
    is_business_day,
    reaches_bank_by,
    up_to,
)

ON = dt.date(2026, 12, 1)
SIGNED = dt.date(2026, 3, 1)
TERMS = {"signed_on": SIGNED, "collected_on": None, "most_minor": None, "way": "sepa_core"}


def chosen(minor: int = 72_833, *, policy: Policy | None = None, promised: Any = None, **terms: Any) -> tuple[int, str]:
    found = choose([Owed(1, ON, minor)], Terms(**{**TERMS, **terms}), policy or Policy(), "EUR", ON, promised=promised)
    assert found is not None
    return found.amount_minor, found.code


@pytest.mark.parametrize(("terms", "code"), [
    ({}, ""), ({"signed_on": None}, "not_signed"), ({"signed_on": dt.date(2026, 12, 2)}, "not_signed"),
    ({"signed_on": ON}, ""),
    # Thirty-six months without use: on the day itself it may still be used.
    ({"signed_on": dt.date(2023, 12, 1)}, ""), ({"signed_on": dt.date(2023, 11, 30)}, "mandate_expired"),
    ({"signed_on": dt.date(2019, 1, 1), "collected_on": dt.date(2024, 1, 1)}, ""),
    # Only SEPA lets a mandate lapse.
    ({"signed_on": dt.date(2019, 1, 1), "way": "netcash"}, ""),
    ({"most_minor": 72_833}, ""), ({"most_minor": 72_832}, "above_most"),
])  # fmt: skip
def test_what_a_mandate_allows(terms: dict[str, Any], code: str) -> None:
    assert chosen(**terms) == (72_833, code)


def test_amounts_that_are_too_small_or_too_large() -> None:
    assert chosen(policy=Policy(least_minor=72_833)) == (72_833, "")
    assert chosen(policy=Policy(least_minor=72_834)) == (72_833, "below_least")
    assert chosen(99_999_999_999) == (99_999_999_999, "")
    assert chosen(100_000_000_000) == (100_000_000_000, "too_much")
    assert chosen(promised=dt.date(2026, 12, 4)) == (72_833, "promised")


def test_what_is_in_dispute_in_credit_or_returned_too_often_is_left() -> None:
    owed = [
        Owed(1, dt.date(2026, 10, 1), 10_000, disputed_minor=4_000),
        Owed(2, dt.date(2026, 9, 1), 5_000),
        Owed(3, dt.date(2026, 11, 1), 7_000, tries=3),
        Owed(4, dt.date(2026, 11, 2), 100),
    ]
    found = choose(owed, Terms(**TERMS), Policy(), "EUR", ON, credit_minor=6_000)
    assert found is not None
    # Credit settles the oldest first: all of the second, 1,000 of the first.
    assert (found.parts, found.amount_minor, found.code) == (((1, 5_000), (4, 100)), 5_100, "")
    assert choose([Owed(1, ON, 100)], Terms(**TERMS), Policy(), "EUR", ON, credit_minor=100) is None
    assert choose([], Terms(**TERMS), Policy(), "EUR", ON) is None
    only = choose([Owed(1, ON, 100, tries=3)], Terms(**TERMS), Policy(), "EUR", ON)
    assert only is not None
    assert (only.parts, only.amount_minor, only.code) == ((), 100, "tried")
    nobody = choose([Owed(1, ON, 100)], None, Policy(), "EUR", ON)
    assert nobody is not None
    assert nobody.code == "mandate_missing"


@given(
    st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**6), st.integers(0, 4)), max_size=6),
    st.integers(0, 10**6),
)
def test_never_more_is_collected_than_is_owed_and_not_disputed(rows: list[tuple[int, int, int]], credit: int) -> None:
    owed = [Owed(n, ON, minor, min(disputed, minor), tries) for n, (minor, disputed, tries) in enumerate(rows)]
    found = choose(owed, Terms(**TERMS), Policy(), "EUR", ON, credit_minor=credit)
    if found is None or found.code:
        return
    undisputed = {row.item_id: row.open_minor - row.disputed_minor for row in owed}
    assert all(0 < minor <= undisputed[item] for item, minor in found.parts)
    assert found.amount_minor == sum(minor for _, minor in found.parts)
    assert found.amount_minor <= max(sum(undisputed.values()) - credit, 0)


def test_parts_as_far_as_an_amount_reaches() -> None:
    assert up_to(((1, 50), (2, 50), (3, 50)), 70) == ((1, 50), (2, 20))
    assert up_to(((1, 50),), 70) == ((1, 50),)


def test_easter_and_the_days_of_target() -> None:
    assert [easter(year) for year in (1999, 2000, 2024, 2026, 2038)] == [
        dt.date(1999, 4, 4), dt.date(2000, 4, 23), dt.date(2024, 3, 31), dt.date(2026, 4, 5), dt.date(2038, 4, 25)
    ]  # fmt: skip
    closed = [dt.date(2026, 1, 1), dt.date(2026, 4, 3), dt.date(2026, 4, 6), dt.date(2026, 5, 1), dt.date(2026, 12, 25)]
    assert not any(is_business_day(day, "EUR", ()) for day in closed)
    assert is_business_day(dt.date(2026, 4, 3), "ZAR", ())
    assert business_day_from(dt.date(2026, 4, 3), "EUR", ()) == dt.date(2026, 4, 7)


def test_when_the_bank_must_have_the_file() -> None:
    # Tuesday after Easter: the business day before it is Thursday.
    assert reaches_bank_by(dt.date(2026, 4, 7), 1, "EUR", ()) == dt.date(2026, 4, 2)
    assert reaches_bank_by(dt.date(2026, 4, 7), 2, "ZAR", {dt.date(2026, 4, 6)}) == dt.date(2026, 4, 2)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 5))
def test_the_first_day_that_can_be_reached_can_be_and_the_one_before_cannot(today: dt.date, lead: int) -> None:
    day = first_possible(today, lead, "EUR", ())
    assert is_business_day(day, "EUR", ())
    assert reaches_bank_by(day, lead, "EUR", ()) >= today
    before = day - dt.timedelta(days=1)
    while not is_business_day(before, "EUR", ()):
        before -= dt.timedelta(days=1)
    assert before < today or reaches_bank_by(before, lead, "EUR", ()) < today
