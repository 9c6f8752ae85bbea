"""Money and splitting: exact values and properties."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import (
    MOST_MINOR,
    Money,
    figure_text,
    money_text,
    plain_text,
    read_minor,
    round_minor,
    split_minor,
)

MINOR = st.integers(-MOST_MINOR, MOST_MINOR)
CURRENCY = st.sampled_from(["ZAR", "JPY", "KWD", "EUR"])


def test_amounts_read_as_people_write_them() -> None:
    assert money_text(682975, "ZAR") == "R6,829.75"
    assert money_text(-26000, "ZAR") == "−R260.00"
    assert figure_text(0, "ZAR") == "0.00"
    assert figure_text(-5, "ZAR") == "−0.05"
    assert plain_text(1234, "JPY") == "1234"
    assert plain_text(-1, "KWD") == "-0.001"


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("R 1,234.5", "ZAR", 123450), ("99", "ZAR", 9900), ("−3.10", "ZAR", -310), ("ZAR 7.00", "ZAR", 700),
     ("1 234.56", "EUR", 123456), ("500", "JPY", 500), ("0.125", "KWD", 125)],
)  # fmt: skip
def test_reading_amounts(text: str, currency: str, minor: int) -> None:
    assert read_minor(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "not_an_amount"), ("12,345.6,7", "not_an_amount"), ("1.234,567", "not_an_amount"), ("=1+1", "not_an_amount"),
     ("NaN", "not_an_amount"), ("1e9", "not_an_amount"), ("1.005", "too_many_places"), ("9" * 16, "absurd_amount"),
     ("٣", "not_an_amount")],
)  # fmt: skip
def test_bad_amounts_are_refused_with_what_to_do(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_minor(text, "ZAR", field="amount")
    assert (refused.value.code, refused.value.field) == (code, "amount")


@given(MINOR, CURRENCY)
def test_what_is_written_can_be_read_again(minor: int, currency: str) -> None:
    assert read_minor(plain_text(minor, currency), currency) == minor
    assert read_minor(figure_text(minor, currency), currency) == minor


@given(MINOR, st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any))
def test_shares_always_add_up_and_are_fair(total: int, weights: list[int]) -> None:
    shares = split_minor(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * whole - total * weight) < whole
        assert weight or not share


def test_the_split_of_the_largest_remainder() -> None:
    assert split_minor(100, [1, 1, 1]) == [34, 33, 33]
    assert split_minor(-100, [1, 1, 1]) == [-34, -33, -33]
    assert Money(31000, "ZAR").split([21, 10]) == [Money(21000, "ZAR"), Money(10000, "ZAR")]
    with pytest.raises(ValueError, match="positive"):
        split_minor(5, [0, 0])


def test_halves_round_away_from_zero() -> None:
    assert [round_minor(Decimal(text)) for text in ("0.5", "1.5", "-0.5", "2.4999")] == [1, 2, -1, 2]


def test_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Money(1, "ZAR") + Money(1, "EUR")


@pytest.mark.parametrize(
    ("text", "minor"),
    [("39,90", 3990), ("1.234,56", 123456), ("1 234,5", 123450), ("-0,07", -7), ("1,234", 123400), ("1,234.5", 123450),
     ("12,3", 1230), ("1.234.567,00", 123456700)],
)  # fmt: skip
def test_a_comma_before_one_or_two_digits_is_a_decimal_comma(text: str, minor: int) -> None:
    assert read_minor(text, "EUR") == minor
