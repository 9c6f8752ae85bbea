"""Dates and shares of subscriptions: properties that hold for every anchor day, and the worked examples."""

import datetime as dt
from calendar import monthrange
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.catalogue.rules import PriceVersion
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.due import first_due, next_due
from counterfoil.subscriptions.rules import (
    MONTHS,
    BillingPeriod,
    Change,
    Piece,
    Stretch,
    TermDates,
    Timeline,
    apply,
    billing_periods,
    boundary,
    first_anchor,
    first_difference,
    full_period,
    next_period_on,
    paint,
    pieces,
    replay,
    share,
    state_on,
    tidy,
)

FREQUENCIES = st.sampled_from(["week", *MONTHS])
DAYS = st.dates(dt.date(2023, 1, 1), dt.date(2033, 12, 31))
ONE = dt.timedelta(days=1)
LONG_AGO = dt.date(2000, 1, 1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def term(on: dt.date, frequency: str = "month", anchor_day: int | None = None, **rest: object) -> TermDates:
    """A term as `write_term` makes it."""
    nominal = anchor_day or on.day
    return TermDates(frequency, first_anchor(on, frequency, nominal), nominal, on, **rest)  # type: ignore[arg-type]


TERMS = st.builds(term, DAYS, FREQUENCIES, st.integers(1, 31))


def base(on: str = "2020-01-01", product: int = 1, state: str = "effective") -> Stretch:
    return Stretch(day(on), None, state, product)


def month(text: str, **rest: object) -> BillingPeriod:
    """The calendar month that starts on a day."""
    start = day(text)
    return next(billing_periods([term(start.replace(day=1), **rest)], start, dt.date.max))


PRICES = {1: [PriceVersion(LONG_AGO, Decimal(599))], 2: [PriceVersion(LONG_AGO, Decimal(899))]}


def costs(timeline: Timeline, period: BillingPeriod, **rest: object) -> list[Piece]:
    return pieces(timeline, period, rest.pop("prices", PRICES), LONG_AGO, 2, **rest)  # type: ignore[arg-type]


# ------------------------------------------------------------------ periods


@given(TERMS)
def test_periods_tile_ten_years_without_gap_or_overlap(billed: TermDates) -> None:
    until = billed.valid_from.replace(day=1, year=billed.valid_from.year + 10)
    found = list(billing_periods([billed], billed.valid_from, until))
    assert found[0].start == billed.valid_from
    assert all(one.end == other.start for one, other in pairwise(found))
    assert found[-1].start < until <= found[-1].end
    # Only the first can be a part of its full period.
    assert all((period.start, period.end) == (period.full.start, period.full.end) for period in found[1:])


@pytest.mark.parametrize("anchor_day", range(1, 32))
@pytest.mark.parametrize("frequency", ["week", *MONTHS])
def test_every_anchor_day_and_frequency_covers_each_day_once(anchor_day: int, frequency: str) -> None:
    start, until = day("2023-05-17"), day("2033-05-17")
    found = list(billing_periods([term(start, frequency, anchor_day)], start, until))
    days = [period.start + ONE * n for period in found for n in range((period.end - period.start).days)]
    assert days == [start + ONE * n for n in range(len(days))]
    assert days[-1] >= until - ONE


@given(TERMS, DAYS)
def test_the_full_period_of_a_day_holds_it(billed: TermDates, on: dt.date) -> None:
    index, full = full_period(billed, on)
    assert on in full
    assert (full.start, full.end) == (boundary(billed, index), boundary(billed, index + 1))


def test_the_31st_shrinks_to_the_last_day_of_a_month_and_comes_back() -> None:
    from_31 = term(day("2027-01-31"))
    assert [boundary(from_31, n) for n in range(4)] == [
        day("2027-01-31"), day("2027-02-28"), day("2027-03-31"), day("2027-04-30"),
    ]  # fmt: skip
    assert boundary(term(day("2028-01-31")), 1) == day("2028-02-29")
    # Begun in a short month it finds its nominal day in the next.
    begun_short = TermDates("month", day("2026-02-28"), 31, day("2026-02-28"))
    assert [boundary(begun_short, n) for n in (1, 2)] == [day("2026-03-31"), day("2026-04-30")]
    assert boundary(term(day("2024-02-29"), "year"), 1) == day("2025-02-28")
    assert boundary(term(day("2024-02-29"), "year"), 4) == day("2028-02-29")


@given(DAYS, FREQUENCIES, st.integers(1, 31))
def test_the_first_period_ends_on_the_first_anchor_day_on_or_after_the_start(
    on: dt.date, frequency: str, anchor_day: int
) -> None:
    billed = term(on, frequency, anchor_day)
    first, second = islice(billing_periods([billed], on, dt.date.max), 2)
    whole = first if billed.anchor_on == on else second
    assert whole.start == billed.anchor_on
    assert 0 <= (billed.anchor_on - on).days < 31
    if frequency != "week":
        shrunk = min(anchor_day, monthrange(billed.anchor_on.year, billed.anchor_on.month)[1])
        assert billed.anchor_on.day == shrunk


@pytest.mark.parametrize(
    ("frequency", "first", "whole", "second"),
    [("month", 14, 31, "2026-02-15"), ("quarter", 14, 92, "2026-04-15"), ("half_year", 14, 184, "2026-07-15"),
     ("year", 14, 365, "2027-01-15")],
)  # fmt: skip
def test_from_the_first_of_january_with_day_15(frequency: str, first: int, whole: int, second: str) -> None:
    found = list(islice(billing_periods([term(day("2026-01-01"), frequency, 15)], day("2026-01-01"), dt.date.max), 2))
    assert [(p.start, p.end) for p in found] == [
        (day("2026-01-01"), day("2026-01-15")), (day("2026-01-15"), day(second)),
    ]  # fmt: skip
    assert share(found[0], found[0].start, found[0].end) == (first, whole)
    assert share(found[1], found[1].start, found[1].end) == (1, 1)


def test_a_term_that_begins_inside_a_period_cuts_it() -> None:
    first = term(day("2026-01-01"), valid_to=day("2026-03-12"))
    found = list(billing_periods([first, term(day("2026-03-12"), anchor_day=20)], day("2026-03-01"), day("2026-05-01")))
    assert [(p.start, p.end) for p in found] == [
        (day("2026-03-01"), day("2026-03-12")),
        (day("2026-03-12"), day("2026-03-20")),
        (day("2026-03-20"), day("2026-04-20")),
        (day("2026-04-20"), day("2026-05-20")),
    ]
    assert (found[0].full.end, found[1].full.start) == (day("2026-04-01"), day("2026-02-20"))


@given(DAYS, FREQUENCIES, st.integers(1, 31), FREQUENCIES, st.integers(1, 31), st.integers(1, 500))
def test_terms_that_adjoin_leave_no_gap(
    on: dt.date, one: str, one_day: int, two: str, two_day: int, after: int
) -> None:
    change = on + ONE * after
    terms = [term(on, one, one_day, valid_to=change), term(change, two, two_day)]
    found = list(billing_periods(terms, on, change + ONE * 400))
    assert all(left.end == right.start for left, right in pairwise(found))
    assert any(period.start == change for period in found)


def test_in_advance_is_due_on_the_first_day_and_in_arrears_after_the_last_day_it_is_there() -> None:
    march, late = month("2026-03-01"), month("2026-03-01", in_advance=False)
    begins, never, ended = day("2026-01-01"), dt.date.max, day("2026-03-10")
    assert first_due(march, begins, never) == first_due(march, begins, ended) == day("2026-03-01")
    assert first_due(late, begins, never) == first_due(march, begins, never, metered=True) == day("2026-04-01")
    assert first_due(late, begins, ended) == first_due(march, begins, ended, metered=True) == ended
    # Nothing is due before it is there.
    assert first_due(march, day("2026-03-20"), never) == day("2026-03-20")


@given(TERMS, DAYS)
def test_the_next_period_begins_after_a_day_and_within_one_period(billed: TermDates, on: dt.date) -> None:
    found = next_period_on([billed], on)
    periods = list(billing_periods([billed], billed.valid_from, found + ONE))
    assert found > on
    assert found == periods[-1].start
    assert on < billed.valid_from or periods[-2].start <= on


def test_the_next_period_of_its_own_first_day_is_the_one_after() -> None:
    assert next_period_on([term(day("2026-01-01"))], day("2026-03-01")) == day("2026-04-01")
    assert next_period_on([term(day("2026-01-01"))], day("2026-03-31")) == day("2026-04-01")


# ------------------------------------------------------------------ shares


@given(TERMS, st.booleans(), st.lists(st.integers(1, 400), max_size=8), st.integers(0, 60))
def test_the_shares_of_a_full_period_add_up_to_it(billed: TermDates, thirty: bool, cuts: list[int], skip: int) -> None:
    import dataclasses

    billed = dataclasses.replace(billed, thirty=thirty)
    period = list(billing_periods([billed], billed.valid_from, billed.valid_from + ONE * 366 * 4))[1 : 2 + skip][-1]
    inner = {period.start + ONE * n for n in cuts if period.start + ONE * n < period.end}
    days = sorted({period.start, period.end, *inner})
    shares = [share(period, one, other) for one, other in pairwise(days)]
    assert all(0 <= part <= whole for part, whole in shares)
    assert sum(Decimal(part) / whole for part, whole in shares).quantize(Decimal("1e-9")) == 1


def test_thirty_day_months() -> None:
    march, february = month("2026-03-01", thirty=True), month("2026-02-01", thirty=True)
    assert share(march, day("2026-03-01"), day("2026-03-20")) == (19, 30)
    assert share(march, day("2026-03-20"), day("2026-04-01")) == (11, 30)
    assert share(february, day("2026-02-01"), day("2026-02-15")) == (14, 30)
    assert share(february, day("2026-02-15"), day("2026-03-01")) == (16, 30)
    year = next(billing_periods([term(day("2026-01-01"), "year", thirty=True)], day("2026-01-01"), dt.date.max))
    assert share(year, day("2026-07-01"), day("2027-01-01")) == (180, 360)


# ------------------------------------------------------------------ the timeline


def test_the_day_of_a_change_belongs_to_what_is_new() -> None:
    after = apply((base(),), Change("swap", day("2026-03-20"), product_id=2))
    assert [(s.product_id, s.starts, s.ends) for s in after] == [
        (1, day("2020-01-01"), day("2026-03-20")), (2, day("2026-03-20"), None),
    ]  # fmt: skip


def test_rest_ends_by_itself_or_earlier_and_what_changed_meanwhile_stays() -> None:
    line: Timeline = (base(),)
    line = apply(line, Change("rest", day("2026-03-10"), until=day("2026-04-10")))
    line = apply(line, Change("price", day("2026-03-20"), price=Decimal(500)))
    assert [(s.state, s.price) for s in line] == [
        ("effective", None), ("resting", None), ("resting", 500), ("effective", 500),
    ]  # fmt: skip
    back = apply(line, Change("end_rest", day("2026-03-15")))
    assert [(s.state, s.price, s.starts.day) for s in back] == [
        ("effective", None, 1), ("resting", None, 10), ("effective", None, 15), ("effective", 500, 20),
    ]  # fmt: skip


def test_what_ends_before_it_starts_and_what_is_not_there_is_refused() -> None:
    for change, code in (
        (Change("rest", day("2026-03-10"), until=day("2026-03-10")), "no_days"),
        (Change("stop", day("2019-12-31")), "not_there_then"),
    ):
        with pytest.raises(Refused) as refused:
            apply((base(),), change)
        assert refused.value.code == code
    gone = apply((base(),), Change("cancel", day("2026-03-10")))
    with pytest.raises(Refused):
        apply(gone, Change("cancel", day("2026-03-20")))


def test_the_state_of_a_day() -> None:
    later = (base("2026-04-01"),)
    assert state_on(later, day("2026-03-01"), ended=False) == "effective"
    assert state_on((), day("2026-03-01"), ended=True) == "ended"
    gone = apply((base(),), Change("cancel", day("2026-03-10")))
    assert state_on(gone, day("2026-03-09"), ended=True) == "effective"
    assert state_on(gone, day("2026-03-10"), ended=True) == "ended"


CHANGES = st.one_of(
    st.builds(lambda on, p: Change("swap", on, product_id=p), DAYS, st.integers(1, 5)),
    st.builds(lambda on, q: Change("quantity", on, quantity=Decimal(q)), DAYS, st.integers(1, 9)),
    st.builds(lambda on, p: Change("price", on, price=Decimal(p)), DAYS, st.integers(0, 99)),
    st.builds(
        lambda on, n, p: Change("discount", on, until=on + ONE * n, percent_off=Decimal(p)),
        DAYS, st.integers(1, 200), st.integers(0, 100),
    ),
    st.builds(lambda on, n: Change("rest", on, until=on + ONE * n), DAYS, st.integers(1, 90)),
    st.builds(lambda on: Change("stop", on), DAYS),
    st.builds(lambda on: Change("start", on), DAYS),
)  # fmt: skip


@given(st.lists(CHANGES, max_size=8, unique_by=lambda change: change.on), st.randoms())
def test_the_order_in_which_changes_are_entered_does_not_matter(changes: list[Change], random: object) -> None:
    shuffled = list(changes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one = base()
    assert replay(one, shuffled) == replay(one, changes)


@given(st.lists(CHANGES, max_size=8))
def test_a_timeline_has_no_gap_no_overlap_and_no_neighbours_alike(changes: list[Change]) -> None:
    line = replay(base(), changes)
    assert (line[0].starts, line[-1].ends) == (day("2020-01-01"), None)
    assert all(one.ends == other.starts and not one.like(other) for one, other in pairwise(line))
    assert tidy(line) == line
    assert first_difference(line, line) is None


@given(st.lists(CHANGES, max_size=5), CHANGES)
def test_the_first_difference_is_the_first_day_that_says_something_else(changes: list[Change], more: Change) -> None:
    one, other = replay(base(), changes), replay(base(), [*changes, more])
    first = first_difference(one, other)
    assert first is None or first >= more.on or first in {s.starts for s in (*one, *other)}
    if first is not None:
        assert paint(one, first, state="x") == paint(other, first, state="x") or one != other


# ------------------------------------------------------------------ what a period costs


def test_an_upgrade_on_the_20th_of_march() -> None:
    line = apply((base(),), Change("swap", day("2026-03-20"), product_id=2))
    old, new = costs(line, month("2026-03-01"))
    assert (old.minor, old.part, old.whole, old.end) == (36713, 19, 31, day("2026-03-20"))
    assert (new.minor, new.part, new.start) == (34800, 12, day("2026-03-20"))
    # Billed in advance for the whole month: this much comes back.
    (whole,) = costs((base(),), month("2026-03-01"))
    assert (whole.minor, whole.part == whole.whole, whole.minor - old.minor) == (59900, True, 23187)


def test_a_service_started_on_the_12th_and_thirty_day_months() -> None:
    (piece,) = costs((base("2026-03-12"),), month("2026-03-01"))
    assert (piece.minor, piece.part, piece.whole) == (38645, 20, 31)
    line = apply((base(),), Change("swap", day("2026-03-20"), product_id=2))
    assert [p.minor for p in costs(line, month("2026-03-01", thirty=True))] == [37937, 32963]
    assert [p.minor for p in costs(line, month("2026-02-01", thirty=True))] == [59900]


def test_what_rests_is_stopped_or_is_a_draft_costs_nothing() -> None:
    for state in ("resting", "stopped", "draft"):
        assert costs((base(state=state),), month("2026-03-01")) == []
    rested = apply((base(),), Change("rest", day("2026-03-11"), until=day("2026-03-21")))
    before, after = costs(rested, month("2026-03-01"))
    assert (before.part, after.part, before.minor + after.minor) == (10, 11, 40577)  # 599 x 21 / 31


def test_quantity_discount_own_price_and_what_comes_free() -> None:
    line = replay(base(), [Change("quantity", day("2026-01-01"), quantity=Decimal(3)),
                           Change("discount", day("2026-01-02"), percent_off=Decimal(10))])  # fmt: skip
    assert [p.minor for p in costs(line, month("2026-03-01"))] == [161730]
    own = apply(line, Change("price", day("2026-01-03"), price=Decimal("99.9950")))
    assert [p.minor for p in costs(own, month("2026-03-01"))] == [26999]  # 299.985 less 10 %
    assert [p.minor for p in costs(own, month("2026-03-01"), free=True)] == [0]


def test_the_price_is_that_of_the_periods_first_day_or_of_the_day_the_product_began() -> None:
    prices = {1: [*PRICES[1], PriceVersion(day("2026-03-10"), Decimal(699))],
              2: [*PRICES[2], PriceVersion(day("2026-03-10"), Decimal(999))]}  # fmt: skip
    line = apply((base(),), Change("swap", day("2026-03-20"), product_id=2))
    assert [p.unit_price for p in costs(line, month("2026-03-01"), prices=prices)] == [599, 999]
    assert [p.unit_price for p in costs((base(),), month("2026-04-01"), prices=prices)] == [699]
    with pytest.raises(Refused) as refused:
        costs((base(product=3),), month("2026-03-01"))
    assert refused.value.code == "no_price"


SWAPS = st.dictionaries(st.integers(1, 30), st.integers(1, 5), max_size=8)


@given(SWAPS, st.randoms(), st.lists(st.decimals(0, 2000, places=2), min_size=5, max_size=5))
def test_changes_in_one_period_cost_the_time_weighted_sum(
    swaps: dict[int, int], random: object, amounts: list[Decimal]
) -> None:
    prices = {n + 1: [PriceVersion(LONG_AGO, amount)] for n, amount in enumerate(amounts)}
    changes = [Change("swap", day("2026-03-01") + ONE * n, product_id=p) for n, p in swaps.items()]
    random.shuffle(changes)  # type: ignore[attr-defined]
    line = replay(base(), changes)
    found = costs(line, month("2026-03-01"), prices=prices)
    exact, product = Decimal(0), 1
    for n in range(31):
        product = swaps.get(n, product)
        exact += amounts[product - 1] * 100 / 31
    assert abs(sum(p.minor for p in found) - exact) <= Decimal("0.5") * len({p.rate for p in found}) + Decimal("1e-9")
    assert sum(p.part for p in found) in (31, 1)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=12),
    st.decimals(0, "5.00", places=2),
    st.booleans(),
)
def test_pieces_at_one_rate_never_exceed_the_full_price(
    rests: list[tuple[int, int]], amount: Decimal, thirty: bool
) -> None:
    line: Timeline = (base(),)
    for start, length in rests:
        on = day("2026-03-01") + ONE * start
        line = apply(line, Change("rest", on, until=on + ONE * length))
    found = costs(line, month("2026-03-01", thirty=thirty), prices={1: [PriceVersion(LONG_AGO, amount)]})
    assert 0 <= sum(p.minor for p in found) <= amount * 100
    assert all(p.minor >= 0 for p in found)


def test_four_parts_of_three_cents_cost_three_cents() -> None:
    line: Timeline = (base(),)
    for on in ("2026-03-07", "2026-03-14", "2026-03-21"):
        line = apply(line, Change("rest", day(on), until=day(on) + ONE))
    found = costs(line, month("2026-03-01"), prices={1: [PriceVersion(LONG_AGO, Decimal("0.03"))]})
    assert ([p.part for p in found], sum(p.minor for p in found)) == ([6, 6, 6, 10], 3)


# ------------------------------------------------------------------ when something is due


def test_when_there_is_something_to_bill_next() -> None:
    monthly = [term(day("2026-01-01"))]
    line: Timeline = (base("2026-01-15"),)
    # Its period began before it, and nothing is billed before it is there.
    assert next_due(line, monthly, None, None) == day("2026-01-15")
    assert next_due(line, monthly, day("2026-04-01"), None) == day("2026-04-01")
    assert next_due((base(state="draft"),), monthly, None, None) is None
    gone = apply(line, Change("cancel", day("2026-03-20")))
    assert next_due(gone, monthly, day("2026-04-01"), day("2026-03-20")) == day("2026-03-20")
    assert next_due(gone, monthly, day("2026-04-01"), None) is None
    arrears = [term(day("2026-01-01"), in_advance=False)]
    assert next_due(line, arrears, day("2026-03-01"), None) == day("2026-04-01")
