"""What other machines say, cleaned where it comes in; and instants written by a clock that was wrong."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.clock import SKEW, is_due, is_over, still_good
from counterfoil.kernel.words import heard, heard_all

NOW = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
QUARTER, YEARS = dt.timedelta(minutes=15), dt.timedelta(days=3000)


@pytest.mark.parametrize(
    ("said", "is_heard"),
    [
        (b"250 2.0.0 Ok", "250 2.0.0 Ok"),
        (b"452 \x00full\r\n\tnow \x1b[31m", "452 full now [31m"),
        (b"caf\xc3\xa9 \xff", "café \N{REPLACEMENT CHARACTER}"),
        ("a\u202eb\u200bc\ud800d\u2028e", "abcd e"),
        ("x" * 9999, "x" * 250),
        ("\x00", ""),
    ],
)
def test_an_answer_is_one_clean_line(said: bytes | str, is_heard: str) -> None:
    assert heard(said) == is_heard


@given(st.one_of(st.binary(), st.text()))
def test_anything_can_be_stored_and_shown(said: bytes | str) -> None:
    clean = heard(said)
    assert len(clean) <= 250
    assert clean.isprintable()
    assert clean.encode().decode() == clean
    assert heard(clean) == clean


def test_json_is_cleaned_however_deep() -> None:
    assert heard_all({"a\x00": ["b\x00", {"c": 1, "d": None, "e": True}]}) == {
        "a": ["b", {"c": 1, "d": None, "e": True}]
    }


@pytest.mark.parametrize(
    ("began", "over"),
    [(dt.timedelta(0), False), (-QUARTER, True), (-QUARTER / 2, False), (SKEW, False), (SKEW * 2, True), (YEARS, True)],
)
def test_a_span_is_over_after_its_length_or_when_it_begins_ahead_of_any_clock(began: dt.timedelta, over: bool) -> None:
    assert is_over(NOW + began, QUARTER, NOW) is over


@pytest.mark.parametrize(
    ("wait", "due"), [(dt.timedelta(0), True), (QUARTER, False), (QUARTER + SKEW * 2, True), (YEARS, True)]
)
def test_what_waits_longer_than_anything_does_is_due(wait: dt.timedelta, due: bool) -> None:
    assert is_due(NOW + wait, QUARTER, NOW) is due


@pytest.mark.parametrize(
    ("ends", "good"), [(dt.timedelta(0), False), (QUARTER, True), (-QUARTER, False), (QUARTER * 2, False)]
)
def test_what_ends_later_than_it_could_was_made_by_a_clock_that_was_ahead(ends: dt.timedelta, good: bool) -> None:
    assert still_good(NOW + ends, QUARTER, NOW) is good
