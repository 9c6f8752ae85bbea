"""The business clock across nights, weekends, holidays and clock changes; references and addresses in mail."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counterfoil.tickets import rules
from counterfoil.tickets.rules import Calendar, after, between

JOHANNESBURG, LONDON = ZoneInfo("Africa/Johannesburg"), ZoneInfo("Europe/London")
MINUTE = dt.timedelta(minutes=1)


def at(text: str, zone: ZoneInfo = JOHANNESBURG) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone)


def usual(*holidays: str, zone: ZoneInfo = JOHANNESBURG) -> Calendar:
    return Calendar(rules.USUAL_WEEK, {dt.date.fromisoformat(day) for day in holidays}, zone)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-20T08:31", 240, "2026-11-20T12:31"),  # a Friday, as the prototype has it
        ("2026-11-20T08:31", 960, "2026-11-23T15:31"),  # over the weekend
        ("2026-11-20T16:30", 60, "2026-11-23T08:30"),
        ("2026-11-21T13:00", 60, "2026-11-23T09:00"),  # asked on a Saturday
        ("2026-11-20T03:00", 60, "2026-11-20T09:00"),  # before work
        ("2026-11-20T16:00", 60, "2026-11-20T17:00"),  # the last minute counts
    ],
)
def test_what_is_due_when(start: str, minutes: int, due: str) -> None:
    assert after(usual(), at(start), minutes) == at(due)
    assert between(usual(), at(start), at(due)) == minutes


def test_a_holiday_counts_as_a_weekend_does() -> None:
    assert after(usual("2026-11-23"), at("2026-11-20T16:30"), 60) == at("2026-11-24T08:30")
    assert between(usual("2026-11-20"), at("2026-11-20T08:00"), at("2026-11-23T09:00")) == 60


def test_an_hour_that_the_clocks_leave_out_or_repeat_is_as_long_as_it_is() -> None:
    whole = Calendar(dict.fromkeys(range(7), (0, rules.DAY_MINUTES)), (), LONDON)
    # 29 March 2026 has 23 hours in London, 25 October has 25.
    assert between(whole, at("2026-03-29T00:00", LONDON), at("2026-03-30T00:00", LONDON)) == 23 * 60
    assert between(whole, at("2026-10-25T00:00", LONDON), at("2026-10-26T00:00", LONDON)) == 25 * 60
    assert after(whole, at("2026-03-29T00:30", LONDON), 60) == at("2026-03-29T02:30", LONDON)
    # Office hours stay what the clock on the wall says.
    days = usual(zone=LONDON)
    assert after(days, at("2026-03-27T16:00", LONDON), 120) == at("2026-03-30T09:00", LONDON)


def test_a_week_without_an_open_minute_is_never_due() -> None:
    assert after(Calendar({}, (), JOHANNESBURG), at("2026-11-20T08:00"), 1) is None


instants = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 12, 20)).map(
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=dt.UTC)
)
spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] < span[1])
weeks = st.dictionaries(st.integers(0, 6), spans, min_size=1)
days_off = st.sets(st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)), max_size=20)
calendars = st.builds(Calendar, weeks, days_off, st.sampled_from([JOHANNESBURG, LONDON]))


@given(calendars, instants, st.integers(1, 3000))
def test_as_many_minutes_pass_as_were_asked_for(calendar: Calendar, start: dt.datetime, minutes: int) -> None:
    due = after(calendar, start, minutes)
    assume(due is not None)
    assert due is not None
    assert between(calendar, start, due) == minutes
    # The minute before it is still open: nothing is due in a night or on a holiday.
    assert between(calendar, due - MINUTE, due) == 1
    # Longer is later.
    later = after(calendar, start, minutes + 1)
    assert later is None or later > due


@given(calendars, instants, st.integers(0, 4000), st.integers(0, 4000))
def test_time_adds_up(calendar: Calendar, start: dt.datetime, first: int, second: int) -> None:
    middle, end = start + first * MINUTE, start + (first + second) * MINUTE
    assert between(calendar, start, middle) + between(calendar, middle, end) == between(calendar, start, end)
    assert between(calendar, end, start) == 0 or first + second == 0


@given(calendars, instants, st.integers(0, 3 * 1440))
def test_minute_by_minute_it_is_the_same(calendar: Calendar, start: dt.datetime, length: int) -> None:
    """Against the plainest way to count there is."""
    count = 0
    for ahead in range(length):
        local = (start + ahead * MINUTE).astimezone(calendar.zone)
        hours = calendar.week.get(local.weekday())
        if hours and local.date() not in calendar.holidays and _opened(local, *hours):
            count += 1
    # Where the clocks change within the hours of a day, minutes on the wall are not minutes that pass.
    near = {(start + ahead * dt.timedelta(hours=12)).astimezone(LONDON).date() for ahead in range(-1, 9)}
    assume(not near & {dt.date(2026, 3, 29), dt.date(2026, 10, 25)})
    assert between(calendar, start, start + length * MINUTE) == count


def _opened(local: dt.datetime, opens: int, closes: int) -> bool:
    return opens <= local.hour * 60 + local.minute < closes


@given(calendars, instants, st.integers(1, 2000), st.lists(st.integers(1, 2000), max_size=4))
def test_a_pause_puts_off_what_is_due_by_its_business_minutes(
    calendar: Calendar, start: dt.datetime, target: int, pauses: list[int]
) -> None:
    """However often the clock stands still: the minutes in which it counted come to the target."""
    now, stood, ran = start, 0, 0
    for length in pauses:
        resumed = now + length * MINUTE
        stood += between(calendar, now, resumed)
        ran += between(calendar, resumed, resumed + 60 * MINUTE)
        now = resumed + 60 * MINUTE
    due = after(calendar, start, target + stood)
    assume(due is not None and due >= now)
    assert due is not None
    assert between(calendar, start, due) - stood == target
    assert ran <= target


@pytest.mark.parametrize(
    ("text", "minute"), [("08:00", 480), ("8", 480), ("17.30", 1050), ("24:00", 1440), ("24:01", None), ("25", None),
                         ("", None), ("8:7", None), ("soon", None)],
)  # fmt: skip
def test_hours_as_people_write_them(text: str, minute: int | None) -> None:
    assert rules.minute_of(text) == minute


def test_a_subject_names_its_ticket_and_is_read_without_it() -> None:
    assert rules.marked("AW: Re: Double charge [#T-000012]") == "T-000012"
    assert rules.marked("Double charge #12") == ""
    assert rules.without_mark("AW: Re: Fwd: Double  charge [#T-000012]") == "Double charge"
    assert rules.without_mark("Return of my router") == "Return of my router"


@given(st.integers(1, 10**17), st.integers(1, 10**17), st.text(min_size=1, max_size=30))
def test_the_address_of_a_ticket_is_its_own(key: int, other: int, secret: str) -> None:
    address = rules.reply_address("help@isp.example", secret, key)
    assert rules.addressed(["x@isp.example", address.upper()], secret) == key
    assert rules.addressed([address], secret + "x") is None
    if other != key:
        assert rules.addressed([address.replace(f"+t{key}.", f"+t{other}.")], secret) is None
