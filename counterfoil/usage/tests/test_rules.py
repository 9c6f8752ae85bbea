"""What usage costs, on plain values: exact examples, and properties that hold for any usage."""

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from counterfoil.catalogue.rules import PriceVersion, amount_text
from counterfoil.subscriptions.rules import BillingPeriod, Change, Stretch, TermDates, Timeline, billing_periods, pieces
from counterfoil.subscriptions.rules import apply as change
from counterfoil.usage.rules import Meter, Rated, rated

D = dt.date.fromisoformat
LONG_AGO = D("2000-01-01")
TERM = TermDates("month", D("2026-01-01"), 1, D("2026-01-01"))
PRICES = {1: [PriceVersion(LONG_AGO, Decimal("1.20"))], 2: [PriceVersion(LONG_AGO, Decimal("0.0125"))]}
INCLUDED = {1: Decimal(100), 2: Decimal(0)}
LINE: Timeline = (Stretch(D("2026-01-01"), None, "effective", 1),)
MARCH = st.dates(D("2026-03-01"), D("2026-03-31"))
QUANTITIES = st.decimals(0, 500, places=4, allow_nan=False)


def month(text: str) -> BillingPeriod:
    return next(billing_periods([TERM], D(text), dt.date.max))


def costs(line: Timeline, used: dict[str, str], period: str = "2026-03-01") -> list[Rated]:
    parts = pieces(line, month(period), PRICES, LONG_AGO, 2)
    return rated(parts, Meter({D(day): Decimal(each) for day, each in used.items()}, INCLUDED), 2)


def figures(rows: list[Rated]) -> list[tuple[str, str, int]]:
    return [(str(row.used), str(row.included), row.minor) for row in rows]


def test_what_is_beyond_the_included_is_charged_and_less_is_nothing() -> None:
    assert figures(costs(LINE, {"2026-03-01": "60", "2026-03-31": "70"})) == [("130", "100.0000", 3600)]
    assert figures(costs(LINE, {"2026-03-31": "100"})) == [("100", "100.0000", 0)]
    assert figures(costs(LINE, {"2026-02-28": "900", "2026-03-02": "99", "2026-04-01": "900"})) == [
        ("99", "100.0000", 0)
    ]


def test_a_period_is_rounded_half_up_once_whatever_its_records() -> None:
    tiny: Timeline = (Stretch(D("2026-01-01"), None, "effective", 2),)
    # 0.4 of a cent each: forty of them are 16 cents, not nothing.
    assert figures(costs(tiny, {f"2026-03-{day:02}": "0.3200" for day in range(1, 31)})) == [("9.6000", "0.0000", 12)]
    assert costs(tiny, {"2026-03-01": "0.4"})[0].minor == 1
    assert costs(tiny, {"2026-03-01": "0.3999"})[0].minor == 0


def test_a_part_of_a_period_includes_its_share_and_days_of_rest_none() -> None:
    begun: Timeline = (Stretch(D("2026-03-12"), None, "effective", 1),)
    assert figures(costs(begun, {"2026-03-12": "100"})) == [("100", "64.5161", 4258)]
    rested = change(LINE, Change("rest", D("2026-03-11"), until=D("2026-03-21")))
    # What a meter says of the days of rest is not charged.
    assert figures(costs(rested, {"2026-03-10": "50", "2026-03-15": "500", "2026-03-21": "50"})) == [
        ("100", "67.7419", 3871)
    ]


def test_twice_the_service_includes_twice_as_much_and_a_discount_is_of_the_price() -> None:
    two = change(LINE, Change("quantity", D("2026-01-01"), quantity=Decimal(2)))
    assert figures(costs(two, {"2026-03-05": "250"})) == [("250", "200.0000", 6000)]
    half = change(LINE, Change("discount", D("2026-01-01"), percent_off=Decimal(50)))
    assert figures(costs(half, {"2026-03-05": "101"})) == [("101", "100.0000", 60)]


def test_another_package_and_a_price_of_its_own_are_rates_of_their_own() -> None:
    swapped = change(LINE, Change("swap", D("2026-03-11"), product_id=2))
    assert figures(costs(swapped, {"2026-03-10": "50", "2026-03-11": "80"})) == [
        ("50", "32.2581", 2129), ("80", "0.0000", 100),
    ]  # fmt: skip
    own = change(LINE, Change("price", D("2026-03-11"), price=Decimal(2)))
    assert [row.unit_price for row in costs(own, {})] == [Decimal("1.20"), Decimal(2)]


@given(
    st.dictionaries(st.dates(D("2026-03-01"), D("2026-03-31")), QUANTITIES), st.dates(D("2026-03-01"), D("2026-03-31"))
)
def test_usage_never_gives_anything_back_and_more_never_costs_less(used: dict[dt.date, Decimal], day: dt.date) -> None:
    parts = pieces(LINE, month("2026-03-01"), PRICES, LONG_AGO, 2)
    (before,) = rated(parts, Meter(used, INCLUDED), 2)
    (after,) = rated(parts, Meter({**used, day: used.get(day, Decimal(0)) + 1}, INCLUDED), 2)
    assert 0 <= before.minor <= after.minor
    assert before.beyond == max(sum(used.values(), Decimal(0)) - 100, Decimal(0))


@given(st.lists(st.dates(D("2026-03-02"), D("2026-03-31")), max_size=5), QUANTITIES)
def test_changes_that_change_nothing_split_nothing(days: list[dt.date], quantity: Decimal) -> None:
    line = LINE
    for day in days:
        # The quantity is part of no rate: what is included is shared by days, and adds up.
        line = change(line, Change("quantity", day, quantity=Decimal(2)))
        line = change(line, Change("quantity", day, quantity=Decimal(1)))
    parts = pieces(line, month("2026-03-01"), PRICES, LONG_AGO, 2)
    assert rated(parts, Meter({D("2026-03-15"): quantity}, INCLUDED), 2) == rated(
        pieces(LINE, month("2026-03-01"), PRICES, LONG_AGO, 2), Meter({D("2026-03-15"): quantity}, INCLUDED), 2
    )


def test_amounts_in_words() -> None:
    said = [amount_text(Decimal(n), unit) for n, unit in (("1", "minute"), ("1250.50", "minute"), ("20", "GB"),
                                                           ("3", "SMS"), ("2", "kg"))]  # fmt: skip
    assert said == ["1 minute", "1,250.5 minutes", "20 GB", "3 SMS", "2 kg"]
