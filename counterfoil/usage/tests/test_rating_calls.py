"""Rate decks and what calls cost: each rule with exact values, and against rules that are slower and plainer."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls import Call, Deck, Decks, Rated, Rater, Totals, read_deck
from counterfoil.usage.calls.decks import Price, prefixes_of
from counterfoil.usage.calls.numbers import INTERNAL
from counterfoil.usage.calls.rating import billed_seconds, cost

HEAD = (
    "prefix,destination,rate_per_min,connect_fee,initial_increment,subsequent_increment,effective_from,effective_to\n"
)


def deck(rows: str, head: str = HEAD, name: str = "deck.csv") -> Deck:
    return read_deck((head + rows).encode(), name)


def call(to: str = "+27825550142", talk: int = 61, start: str = "2026-11-10T09:00:00+00:00", why: str = "") -> Call:
    return Call("a", "200001", dt.datetime.fromisoformat(start), to, talk, 1, b"", why)


def rate(one: Call, *decks: Deck, places: int = 4) -> Rated:
    return Rater(Decks(decks), "ZA", places).rate(one)


def told(one: Rated) -> tuple[str, int, int | None, str]:
    return one.price.prefix if one.price else "", one.billed_seconds, one.cost, one.why


# ------------------------------------------------------------------ rating


def test_increments_connect_fee_and_one_rounding() -> None:
    mobile = deck("2782,Mobile,0.5825,0.02,60,1,2026-10-01,\n")
    # 0.02 + 0.5825 x 61 / 60 = 0.61220833…
    assert told(rate(call(), mobile)) == ("2782", 61, 6122, "")
    assert rate(call(), mobile, places=2).cost == 61
    assert rate(call(talk=1), mobile).cost == 6025
    # Half a unit is one: 0.0001 x 30 / 60 = 0.00005.
    half = deck("2782,Mobile,0.0001,0,30,6,2026-10-01,\n")
    assert told(rate(call(talk=30), half)) == ("2782", 30, 1, "")
    assert told(rate(call(talk=31), half)) == ("2782", 36, 1, "")


def test_whoever_was_not_answered_pays_nothing() -> None:
    mobile = deck("2782,Mobile,0.5825,0.02,60,1,2026-10-01,\n")
    assert told(rate(call(talk=0), mobile)) == ("2782", 0, 0, "")


def test_a_minimum_is_what_a_call_costs_at_the_least() -> None:
    head = "prefix,rate,interval,connect fee,minimum\n"
    assert rate(call(talk=6), deck("27,0.60,6/6,0.01,0.25\n", head)).cost == 2500
    assert rate(call(talk=60), deck("27,0.60,6/6,0.01,0.25\n", head)).cost == 6100
    assert rate(call(talk=0), deck("27,0.60,6/6,0.01,0.25\n", head)).cost == 0


def test_what_has_no_rate_has_no_cost_and_says_why() -> None:
    mobile = deck("2782,Mobile,0.5,0,1,1,2026-10-01,\n")
    for one, why in (
        (call("+99995697025"), "No rate: no deck has a prefix of +99995697025."),
        (call(start="2026-09-30T23:59:59+00:00"), "No rate: no deck has a price for 2782 on 30 Sep 2026."),
        (call("112"), INTERNAL),
        (call(why="The record is cut off."), "The record is cut off."),
    ):
        assert told(rate(one, mobile)) == ("", 0, None, why)


def test_totals() -> None:
    rater, totals = Rater(Decks([deck("2782,Mobile,0.5,0,60,1,2026-10-01,\n")]), "ZA"), Totals()
    for one in (call(), call(talk=0), call("112"), call("+99995697025")):
        totals.add(rater.rate(one))
    total = totals.accounts["200001"]
    assert (total.calls, total.rated, total.unrated, total.seconds, total.billed_seconds) == (4, 1, 2, 61, 61)
    assert rater.text(total.cost) == "0.5083"


@given(st.integers(0, 90_000), st.integers(0, 3600), st.integers(1, 3600))
def test_billed_seconds(talk: int, first: int, then: int) -> None:
    billed, slow = billed_seconds(talk, first, then), first
    while talk and slow < talk:
        slow += then
    assert billed == (slow if talk else 0)


@given(st.decimals(0, 999, places=5), st.decimals(0, 9, places=4), st.integers(1, 90_000), st.integers(0, 9))
def test_a_cost_is_exact_and_rounded_half_up_once(minute: Decimal, fee: Decimal, billed: int, places: int) -> None:
    price = Price("27", "", int(minute.scaleb(9)), int(fee.scaleb(9)), 1, 1, 0, dt.date.min, None, None, Deck("d"))
    # Minutes have thirds: a product that keeps 60 parts of the last place shows whether a half was reached.
    exact = fee * 60 + minute * billed
    step = Decimal(60).scaleb(-places)
    assert cost(price, billed, places) == int((exact / step).quantize(Decimal(1), ROUND_HALF_UP))


# ------------------------------------------------------------------ prefixes and validity


@given(st.sets(st.text("12", min_size=1, max_size=6), min_size=1, max_size=20), st.text("12", min_size=7, max_size=9))
def test_the_longest_prefix_is_the_one_that_looking_at_all_finds(prefixes: set[str], number: str) -> None:
    decks = Decks([deck("".join(f"{one},,0.1,0,1,1,2026-10-01,\n" for one in sorted(prefixes)))])
    price, why = decks.find(f"+{number}", dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    wanted = max((one for one in prefixes if number.startswith(one)), key=len, default="")
    assert (price.prefix if price else "") == wanted
    assert bool(why) == (not wanted)


OLD = "27,Fixed,0.20,0,1,1,2026-10-01,\n2782,Mobile,0.50,0,1,1,2026-10-01,\n"


@pytest.mark.parametrize(
    ("later", "day", "prefix", "cost"),
    [
        # A change counts from its day, and leaves what is before it.
        ("2782,Mobile,0.60,0,1,1,2026-11-16,\n", "2026-11-15", "2782", 5000),
        ("2782,Mobile,0.60,0,1,1,2026-11-16,\n", "2026-11-16", "2782", 6000),
        # Withdrawn by a deck that ends it, or by the word: the shorter prefix is left.
        ("2782,Mobile,0.60,0,1,1,2026-11-02,2026-11-16\n", "2026-11-15", "2782", 6000),
        # The day it ends is the first without; what another deck said before it holds again.
        ("2782,Mobile,0.60,0,1,1,2026-11-02,2026-11-16\n", "2026-11-16", "2782", 5000),
    ],
)  # fmt: skip
def test_changes(later: str, day: str, prefix: str, cost: int) -> None:
    one = rate(call(talk=60, start=f"{day}T12:00:00+00:00"), deck(OLD), deck(later, name="later.csv"))
    assert told(one) == (prefix, 60, cost, "")


def test_a_withdrawn_prefix_leaves_its_calls_to_the_shorter_one() -> None:
    head = "Destination;Dial code(s);Rate/min;Interval;Effective date;Change\n"
    gone = deck("Mobile;2782;;;16.11.2026;Withdrawn\n", head)
    for day, prefix in (("15", "2782"), ("16", "27")):
        assert told(rate(call(talk=60, start=f"2026-11-{day}T12:00:00+00:00"), deck(OLD), gone))[0] == prefix
    ended = deck(OLD.replace("2782,Mobile,0.50,0,1,1,2026-10-01,", "2782,Mobile,0.50,0,1,1,2026-10-01,2026-11-05"))
    assert told(rate(call(talk=60), ended))[0] == "27"


def test_a_gap_leaves_calls_without_a_price_where_nothing_shorter_has_one() -> None:
    gap = deck("2782,M,0.5,0,1,1,2026-10-01,2026-11-01\n2782,M,0.6,0,1,1,2026-11-16,\n")
    assert told(rate(call(), gap))[3] == "No rate: no deck has a price for 2782 on 10 Nov 2026."
    assert rate(call(talk=60, start="2026-11-16T00:00:00+00:00"), gap).cost == 6000


def test_a_deck_as_carriers_send_it_reads_as_the_plain_one() -> None:
    carrier = read_deck(
        "Rate notification;;;;;\nCurrency: ZAR;;;;;\n;;;;;\n"
        "Destination;Dial code(s);Rate/min;Interval;Setup;Effective date;Change\n"
        "Côte d’Ivoire;225;0,1463;60/1;0,0200;01-10-2026;New\n"
        "Mobile;2772-2774, 2778, 27601-3;0,5;30/6;0;01-10-2026;Same\n".encode("cp1252"), "carrier.csv",
    )  # fmt: skip
    plain = deck("225,Côte d’Ivoire,0.1463,0.0200,60,1,2026-10-01,\n" + "".join(
        f"{one},Mobile,0.5,0,30,6,2026-10-01,\n" for one in ("2772", "2773", "2774", "2778", "27601", "27602", "27603")
    ))  # fmt: skip
    assert carrier.currency == "ZAR"
    assert [(p.prefix, p.destination, p.terms, p.start) for p in carrier.prices] == [
        (p.prefix, p.destination, p.terms, p.start) for p in plain.prices
    ]


HOURS = """Currency: ZAR
Zone: Africa/Johannesburg
Holidays: 2026-12-16
prefix,rate,interval,days,hours
27,0.10,1/1,,
27,0.30,1/1,mon-fri,07:00-19:00
27,0.20,1/1,sat-sun,
27,0.05,1/1,holidays,
"""


@pytest.mark.parametrize(
    ("start", "cost"),
    [
        ("2026-12-15T05:00:00+00:00", 3000),  # Tuesday 07:00 there
        ("2026-12-15T04:59:59+00:00", 1000),
        ("2026-12-15T17:00:00+00:00", 1000),  # 19:00
        ("2026-12-12T10:00:00+00:00", 2000),  # Saturday
        ("2026-12-11T22:30:00+00:00", 2000),  # Saturday there, Friday in UTC
        ("2026-12-16T10:00:00+00:00", 500),  # a holiday on a Wednesday
        ("2026-12-15T22:00:00+00:00", 500),
    ],
)
def test_time_of_day_and_holidays_are_of_the_zone_of_the_deck(start: str, cost: int) -> None:
    assert rate(call(talk=60, start=start), deck(HOURS, "")).cost == cost


def test_hours_over_midnight_and_hours_without_a_price() -> None:
    night = deck("27,0.10,,22:00-06:00\n2,9,,\n", "prefix,rate,days,hours\n")
    assert rate(call(talk=60, start="2026-11-10T23:00:00+00:00"), night).cost == 1000
    assert rate(call(talk=60, start="2026-11-10T05:59:00+00:00"), night).cost == 1000
    why = "No deck has a price for 27 at 12:00 on 10 Nov 2026."
    assert told(rate(call(start="2026-11-10T12:00:00+00:00"), night)) == ("", 0, None, why)


# ------------------------------------------------------------------ decks that are refused


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("27,F,0.2,0,1,1,2026-10-01,\n27,F,0.3,0,1,1,2026-10-01,\n", "deck.csv: there are two prices for 27 on 1 Oct"),
        ("27,F,0.2,0,1,1,2026-10-01,2026-12-01\n27,F,0.3,0,1,1,2026-11-01,2027-01-01\n", "two prices for 27 on 1 Nov"),
        ("27,F,0.2,0,1,1,2026-10-01,2026-12-01\n27,F,0.3,0,1,1,2026-11-01,\n", "two prices for 27 on 1 Nov"),
        ("".join(f"27,F,{one},0,1,1,2026-10-01,\n" for one in range(1001)), "more than 1,000 prices for 27."),
        (f'"{",".join(["1000-9999"] * 9)}",F,1,0,1,1,2026-10-01,\n', "The line has more than 10,000 prefixes."),
        ("27,F,,0,1,1,2026-10-01,\n", "deck.csv, line 2: “” is no rate."),
        ("27,F,-0.2,0,1,1,2026-10-01,\n", "“-0.2” is no rate."),
        ("27,F,1e5,0,1,1,2026-10-01,\n", "“1e5” is no rate."),
        ("27,F,NaN,0,1,1,2026-10-01,\n", "“NaN” is no rate."),
        ("27,F,0.0000000001,0,1,1,2026-10-01,\n", "has more than 9 decimal places."),
        ("27,F,0.2,0,60,0,2026-10-01,\n", "An increment of no seconds never ends."),
        ("27,F,0.2,0,60,-1,2026-10-01,\n", "are no increments."),
        ("0027,F,0.2,0,1,1,2026-10-01,\n", "“0027” is no prefix"),
        ("two,F,0.2,0,1,1,2026-10-01,\n", "“two” is no prefix"),
        ("2799-2701,F,0.2,0,1,1,2026-10-01,\n", "is no range of prefixes."),
        ("2-299999999,F,0.2,0,1,1,2026-10-01,\n", "is no range of prefixes."),
        ("27,F,0.2,0,1,1,2026-13-01,\n", "“2026-13-01” is no day."),
        ("27,F,0.2,0,1,1,01/10/2026,\n", "“01/10/2026” can be two days. Write 2026-10-01."),
        ("27,F,0.2,0,1,1,13/10/2026,\n28,F,0.2,0,1,1,10/13/2026,\n", "in some of its days the month comes first"),
        ("27,F,0.2,0,1,1,2026-10-01,2026-09-01\n", "It ends before it begins."),
        ("27,F,0.2\n", "The line is cut off."),
        ('27,"F,0.2,0,1,1,2026-10-01,\n', "The record is cut off"),
        ("", "deck.csv has no prices."),
    ],
)
def test_a_deck_with_a_line_that_cannot_be_right_is_refused(rows: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        Decks([deck(rows)])
    assert says in refused.value.sentence
    assert refused.value.field == "deck"


def test_prices_that_meet_in_one_hour_are_two() -> None:
    with pytest.raises(Refused, match="two prices for 27"):
        Decks([deck("27,0.1,mon-fri,07:00-19:00\n27,0.2,fri,18:00-22:00\n", "prefix,rate,days,hours\n")])
    Decks([deck("27,0.1,mon-fri,07:00-19:00\n27,0.2,fri,19:00-22:00\n", "prefix,rate,days,hours\n")])


def test_decks_of_two_currencies_and_the_same_price_twice() -> None:
    rand, dollar = (deck(f"27,0.1,{code}\n", "prefix,rate,currency\n", f"{code}.csv") for code in ("ZAR", "USD"))
    with pytest.raises(Refused, match=r"ZAR.csv is in ZAR and USD.csv in USD"):
        Decks([rand, dollar])
    with pytest.raises(Refused, match="in ZAR and what was asked for in EUR"):
        Decks([rand], "EUR")
    assert Decks([rand, rand, deck("27,0.1\n", "prefix,rate\n")]).currency == "ZAR"
    with pytest.raises(Refused, match="two prices for 27"):
        Decks([rand, deck("27,0.2\n", "prefix,rate\n")])
    with pytest.raises(Refused, match="Name one"):
        Decks([])


@pytest.mark.parametrize(
    ("head", "says"),
    [("a,b\n", "no heading says which column is the prefix"), ("Currency: rand\n" + HEAD, "“rand” is not a currency"),
     ("Zone: Soweto\n" + HEAD, "is no time zone"), ("Holidays: Christmas\n" + HEAD, "holidays are written 2026-12-25")],
)  # fmt: skip
def test_what_stands_above_a_deck(head: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        deck("27,F,0.2,0,1,1,2026-10-01,\n", head)


@given(st.text(max_size=40))
def test_any_cell_of_a_deck_is_read_or_refused(text: str) -> None:
    cell = '"' + text.replace('"', '""') + '"'
    for rows in (
        f"{cell},F,0.2,0,1,1,2026-10-01,\n",
        f"27,F,{cell},0,1,1,2026-10-01,\n",
        f"27,F,1,0,{cell},1,{cell},\n",
    ):
        said = "."
        try:
            Decks([deck(rows)])
        except Refused as refused:
            said = refused.sentence
        assert said.endswith(".")


def test_lists_and_ranges_of_prefixes() -> None:
    assert list(prefixes_of("+27 82, 1-3; 61401-3")) == ["2782", "1", "2", "3", "61401", "61402", "61403"]
