import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period, add_months, date_text, deadline_text, month_of, read_date

TODAY = dt.date(2026, 11, 22)  # a Sunday


def test_a_period_is_half_open_and_printed_with_its_last_day() -> None:
    november = month_of(TODAY)
    assert (november.start, november.end, november.last, november.days) == (
        dt.date(2026, 11, 1), dt.date(2026, 12, 1), dt.date(2026, 11, 30), 30,
    )  # fmt: skip
    assert dt.date(2026, 11, 30) in november
    assert dt.date(2026, 12, 1) not in november
    with pytest.raises(ValueError, match="at least one day"):
        Period(TODAY, TODAY)


def test_the_anchor_keeps_its_nominal_day() -> None:
    january = dt.date(2026, 1, 31)
    assert [add_months(january, n, anchor=31).day for n in (1, 2, 3)] == [28, 31, 30]
    assert add_months(dt.date(2024, 1, 31), 1) == dt.date(2024, 2, 29)
    assert add_months(dt.date(2026, 11, 30), -21) == dt.date(2025, 2, 28)


@given(st.dates(dt.date(1990, 1, 1), dt.date(2090, 1, 1)), st.integers(-240, 240))
def test_months_there_and_back_stay_in_the_month(day: dt.date, months: int) -> None:
    there = add_months(day, months, anchor=day.day)
    back = add_months(there, -months, anchor=day.day)
    assert back == day


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-11-25", dt.date(2026, 11, 25)), ("25 nov", dt.date(2026, 11, 25)), ("fri", dt.date(2026, 11, 27)),
     ("+7", dt.date(2026, 11, 29)), ("today", TODAY), ("sun", dt.date(2026, 11, 29)),
     ("1 March 2025", dt.date(2025, 3, 1))],
)  # fmt: skip
def test_dates_as_people_type_them(text: str, day: dt.date) -> None:
    assert read_date(text, today=TODAY) == day


@pytest.mark.parametrize("text", ["31 feb", "2026-13-01", "soon", "", "25/11/2026"])
def test_what_is_not_a_date_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="is not a date"):
        read_date(text, today=TODAY)


def test_dates_as_people_read_them() -> None:
    assert date_text(dt.date(2026, 11, 20), today=TODAY) == "20 Nov"
    assert date_text(dt.date(2019, 3, 14), today=TODAY) == "14 Mar 2019"
    assert deadline_text(dt.date(2026, 11, 25), today=TODAY) == "Wed 25 Nov"


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "1 jan 0001"])
def test_a_date_at_the_edge_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_date(text, today=dt.date(2026, 3, 31))
