"""Dates and shares: periods tile time, pieces add up, and the order of changes does not matter."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.catalogue.rules import PriceVersion
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import add_months
from counterfoil.subscriptions.rules import (
    MONTHS,
    BillingPeriod,
    Change,
    Stretch,
    TermDates,
    apply,
    billing_periods,
    first_difference,
    next_due,
    pieces,
)

YEARS = (dt.date(2023, 1, 1), dt.date(2033, 1, 1))
days = st.dates(dt.date(2023, 1, 1), dt.date(2026, 12, 31))
frequencies = st.sampled_from(["week", *MONTHS])


def term(anchor: dt.date, day: int, frequency: str = "month", **rest: object) -> TermDates:
    return TermDates(frequency, anchor, day, rest.pop("valid_from", anchor), **rest)  # type: ignore[arg-type]


def tiles(one: TermDates, until: dt.date = YEARS[1]) -> list[BillingPeriod]:
    return list(billing_periods([one], one.valid_from, until))


@given(days, st.integers(1, 31), frequencies)
def test_periods_tile_ten_years_without_gap_or_overlap(start: dt.date, day: int, frequency: str) -> None:
    anchor = add_months(start, 0, anchor=day)
    anchor = anchor if anchor <= start else add_months(start, -1, anchor=day)
    found = tiles(term(anchor, day, frequency, valid_from=start))
    assert found[0].start == start
    assert all(one.end == two.start for one, two in zip(found, found[1:], strict=False))
    assert found[-1].end >= YEARS[1]
    # Every full period after the first begins on the nominal day, or the month's last.
    if frequency != "week":
        for period in found[1:]:
            assert period.start == add_months(period.start, 0, anchor=day)


def test_the_last_day_of_a_month_keeps_its_nominal_day() -> None:
    found = [period.start.isoformat() for period in tiles(term(dt.date(2027, 12, 31), 31), dt.date(2028, 5, 1))]
    assert found == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_a_new_term_cuts_the_period_it_begins_in() -> None:
    old = term(dt.date(2026, 1, 1), 1, valid_to=dt.date(2026, 3, 15))
    new = term(dt.date(2026, 3, 15), 15)
    found = [
        (p.start.day, p.end.day, p.full.days) for p in billing_periods([old, new], old.valid_from, dt.date(2026, 4, 20))
    ]
    assert found == [(1, 1, 31), (1, 1, 28), (1, 15, 31), (15, 15, 31), (15, 15, 30)]


PRICES = {1: [PriceVersion(dt.date(2000, 1, 1), Decimal(599))], 2: [PriceVersion(dt.date(2000, 1, 1), Decimal(899))]}
MARCH = next(billing_periods([term(dt.date(2026, 3, 1), 1)], dt.date(2026, 3, 1), dt.date(2026, 3, 2)))
FROM_MARCH = (Stretch(dt.date(2026, 3, 1), None, "effective", 1),)


def minors(timeline: tuple[Stretch, ...], period: BillingPeriod = MARCH) -> list[tuple[int, int]]:
    return [(p.product_id, p.minor) for p in pieces(timeline, period, PRICES, dt.date(2026, 1, 1), 2)]


def test_the_worked_examples() -> None:
    swapped = apply(FROM_MARCH, Change("swap", dt.date(2026, 3, 20), product_id=2))
    assert minors(swapped) == [(1, 36713), (2, 34800)]
    assert minors((Stretch(dt.date(2026, 3, 12), None, "effective", 1),)) == [(1, 38645)]


def test_a_month_may_have_thirty_days() -> None:
    march = next(billing_periods([term(dt.date(2026, 3, 1), 1, thirty=True)], dt.date(2026, 3, 1), dt.date(2026, 3, 2)))
    assert minors((Stretch(dt.date(2026, 3, 16), None, "effective", 1),), march) == [(1, 29950)]
    assert minors(FROM_MARCH, march) == [(1, 59900)]


changes = st.lists(
    st.tuples(st.integers(2, 31), st.sampled_from(["swap", "quantity", "rest"]), st.integers(1, 3)),
    min_size=1, max_size=6, unique_by=lambda row: (row[0], row[1]),
)  # fmt: skip


def made(day: int, kind: str, value: int) -> Change:
    on = dt.date(2026, 3, day)
    if kind == "swap":
        return Change("swap", on, product_id=1 + value % 2)
    if kind == "quantity":
        return Change("quantity", on, quantity=Decimal(value))
    return Change("rest", on, on + dt.timedelta(days=value))


@given(changes)
def test_pieces_are_the_time_weighted_sum(found: list[tuple[int, str, int]]) -> None:
    timeline = FROM_MARCH
    for row in sorted(found):
        timeline = apply(timeline, made(*row))
    exact = Decimal(0)
    for n in range(31):
        day = MARCH.start + dt.timedelta(days=n)
        stretch = next(s for s in timeline if s.starts <= day < s.until)
        if stretch.state == "effective":
            exact += PRICES[stretch.product_id][0].amount * 100 * stretch.quantity / 31
    charged = pieces(timeline, MARCH, PRICES, dt.date(2026, 1, 1), 2)
    assert abs(sum(piece.minor for piece in charged) - exact) <= Decimal("0.5") * len(charged)
    # Days of one rate together cost what they would cost in one piece.
    assert all(piece.part <= piece.whole for piece in charged)


@given(st.permutations([(5, "rest", 2), (12, "rest", 3), (20, "rest", 1), (27, "rest", 2)]))
def test_the_order_of_entry_does_not_matter(order: list[tuple[int, str, int]]) -> None:
    timeline = FROM_MARCH
    for row in order:
        timeline = apply(timeline, made(*row))
    straight = FROM_MARCH
    for row in sorted(order):
        straight = apply(straight, made(*row))
    assert timeline == straight
    assert first_difference(timeline, straight) is None


def test_a_service_says_when_it_is_next_billed() -> None:
    monthly = [term(dt.date(2026, 3, 1), 1)]
    assert next_due(FROM_MARCH, monthly, None, None) == dt.date(2026, 3, 1)
    assert next_due(FROM_MARCH, monthly, dt.date(2026, 4, 1), None) == dt.date(2026, 4, 1)
    later = [term(dt.date(2026, 3, 1), 1, in_advance=False)]
    assert next_due(FROM_MARCH, later, None, None) == dt.date(2026, 4, 1)
    gone = apply(FROM_MARCH, Change("cancel", dt.date(2026, 3, 20)))
    assert next_due(gone, monthly, dt.date(2026, 4, 1), dt.date(2026, 3, 20)) == dt.date(2026, 3, 20)
    assert next_due(gone, monthly, dt.date(2026, 4, 1), None) is None


def test_what_has_no_days_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        apply(FROM_MARCH, Change("rest", dt.date(2026, 3, 9), dt.date(2026, 3, 9)))
    assert refused.value.code == "no_days"
    with pytest.raises(Refused) as refused:
        apply(FROM_MARCH, Change("stop", dt.date(2026, 2, 1)))
    assert refused.value.code == "not_there_then"
