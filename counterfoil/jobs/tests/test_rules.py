"""When technicians are free, and how a day is laid out: also on the days on which the clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.jobs import rules

pytestmark = pytest.mark.once
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (BERLIN, ZoneInfo("Africa/Johannesburg"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu"))
# Around the changes of 2026 in Berlin and New York, and any other week.
_DAYS = st.sampled_from([dt.date(2026, 3, 8), dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 11, 1)])
_AROUND = st.builds(lambda day, more: day + dt.timedelta(days=more), _DAYS, st.integers(-2, 2))
_WEEKS = st.dictionaries(
    st.integers(0, 6), st.tuples(st.integers(0, 20), st.integers(1, 28)).map(
        lambda pair: (pair[0] * 30, min(pair[0] * 30 + pair[1] * 30, rules.DAY_MINUTES))
    ), min_size=1,
)  # fmt: skip


def at(text: str, zone: ZoneInfo = BERLIN) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(dt.UTC)


def local(moments: list[dt.datetime], zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{moment.astimezone(zone):%d %H:%M}" for moment in moments]


def test_a_time_that_the_clocks_leave_out_is_none() -> None:
    assert rules.instant(dt.date(2026, 3, 29), 2 * 60 + 30, BERLIN) is None
    assert rules.instant(dt.date(2026, 3, 29), 3 * 60, BERLIN) == dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC)
    # There twice: the first one.
    assert rules.instant(dt.date(2026, 10, 25), 2 * 60 + 30, BERLIN) == dt.datetime(2026, 10, 25, 0, 30, tzinfo=dt.UTC)
    assert [end - start for start, end in (rules.day_of(dt.date(2026, 3, day), BERLIN) for day in (28, 29))] == [
        dt.timedelta(hours=24), dt.timedelta(hours=23),
    ]  # fmt: skip


def test_slots_are_within_hours_beside_what_is_taken() -> None:
    calendar = rules.Calendar({4: (8 * 60, 11 * 60), 0: (9 * 60, 10 * 60)}, {dt.date(2026, 11, 23)}, BERLIN)
    taken = [(at("2026-11-20T08:40"), at("2026-11-20T09:10"))]
    hour = dt.timedelta(hours=1)
    found = list(rules.free_slots(calendar, taken, hour, at("2026-11-20T07:50"), at("2026-12-01T00:00")))
    # The Monday is a holiday; the Friday after is free.
    assert local(found) == [
        "20 09:30",
        "20 10:00",
        "27 08:00",
        "27 08:30",
        "27 09:00",
        "27 09:30",
        "27 10:00",
        "30 09:00",
    ]
    later = list(rules.free_slots(calendar, taken, hour, at("2026-11-20T09:31"), at("2026-11-21T00:00")))
    assert local(later) == ["20 10:00"]


@given(
    _WEEKS, st.sampled_from(ZONES), _AROUND, st.integers(1, 10),
    st.lists(st.tuples(st.integers(0, 5 * 96), st.integers(1, 20)), max_size=8),
)  # fmt: skip
def test_every_slot_is_free_within_hours_and_named_by_the_clock(
    week: dict[int, tuple[int, int]], zone: ZoneInfo, day: dt.date, halves: int, busy: list[tuple[int, int]]
) -> None:
    since = rules.day_of(day, zone)[0]
    until, length = since + dt.timedelta(days=4), dt.timedelta(minutes=30 * halves)
    taken = [
        (begin := since + dt.timedelta(minutes=15 * start), begin + dt.timedelta(minutes=15 * more))
        for start, more in busy
    ]
    calendar = rules.Calendar(week, frozenset(), zone)
    found = list(rules.free_slots(calendar, taken, length, since, until))
    assert found == sorted(set(found))
    for start in found:
        clock = start.astimezone(zone)
        assert clock.minute in (0, 30)
        # What the clock says there is what is typed, and means this instant.
        assert rules.instant(clock.date(), clock.hour * 60 + clock.minute, zone) == start.astimezone(dt.UTC)
        assert not any(rules.overlaps((start, start + length), one) for one in taken)
        assert any(opens <= start and start + length <= closes for opens, closes in _spans(calendar, since, until))
    # And none is missing: every half hour of the clock that would do is there.
    at_step = rules.on_step(since, zone)
    while at_step < until:
        fits = any(opens <= at_step and at_step + length <= closes for opens, closes in _spans(calendar, since, until))
        free = not any(rules.overlaps((at_step, at_step + length), one) for one in taken)
        clock = at_step.astimezone(zone)
        named = rules.instant(clock.date(), clock.hour * 60 + clock.minute, zone) == at_step.astimezone(dt.UTC)
        assert (at_step in found) == (fits and free and named)
        at_step += rules.STEP


def _spans(calendar: rules.Calendar, since: dt.datetime, until: dt.datetime) -> list[rules.Stretch]:
    found = []
    for opens, closes in calendar.spans(since):
        if opens >= until:
            break
        found.append((opens, closes))
    return found


@given(st.sampled_from(ZONES), _AROUND, st.lists(st.tuples(st.integers(0, 95), st.integers(1, 30)), max_size=6))
def test_a_row_of_the_board_holds_every_column_and_job_once(
    zone: ZoneInfo, day: dt.date, lengths: list[tuple[int, int]]
) -> None:
    start, end = rules.day_of(day, zone)
    jobs, last = [], start
    for index, (gap, more) in enumerate(lengths):
        begin = last + dt.timedelta(minutes=gap)
        last = begin + dt.timedelta(minutes=15 * more)
        if begin >= end:
            break
        jobs.append((begin, last, index))
    columns = rules.columns_of(day, zone, [(begin, stop) for begin, stop, _ in jobs])
    assert columns == sorted(set(columns))
    assert all(start <= column < end for column in columns)
    cells = rules.laid_out(columns, jobs, [(columns[0], columns[-1])])
    assert sum(cell.span for cell in cells) == len(columns)
    assert sorted(job for cell in cells for job in cell.jobs) == [job for _, _, job in jobs]
    place = 0
    for cell in cells:
        assert cell.start == columns[place]
        place += cell.span


def test_the_board_of_a_day_with_23_hours_has_no_hour_that_is_not_there() -> None:
    night = (at("2026-03-29T00:00"), at("2026-03-29T04:00"))
    columns = rules.columns_of(dt.date(2026, 3, 29), BERLIN, [night])
    assert local(columns)[2:6] == ["29 01:00", "29 01:30", "29 03:00", "29 03:30"]
    assert local(rules.columns_of(dt.date(2026, 3, 30), BERLIN, []))[::17] == ["30 08:00", "30 16:30"]


def test_jobs_that_share_a_half_hour_stand_in_one_cell() -> None:
    columns = rules.columns_of(dt.date(2026, 11, 20), BERLIN, [])
    jobs = [
        (at("2026-11-20T09:00"), at("2026-11-20T09:45"), "A"), (at("2026-11-20T09:45"), at("2026-11-20T09:55"), "B"),
        (at("2026-11-20T09:55"), at("2026-11-20T10:30"), "C"),
    ]  # fmt: skip
    cells = rules.laid_out(columns, jobs, [(columns[0], columns[-1] + rules.STEP)])
    assert [(cell.span, cell.jobs) for cell in cells if cell.jobs] == [(2, ("A", "B")), (1, ("C",))]


def test_how_far_a_visit_slipped_is_said_in_words() -> None:
    first = at("2026-11-20T10:00")
    minutes = (0, 90, -30, 2 * 1440, 1440)
    assert [rules.slip_text(rules.slip(first, first + dt.timedelta(minutes=one))) for one in minutes] == [
        "", "1 h 30 min later than first agreed", "30 min earlier than first agreed",
        "2 days later than first agreed", "1 day later than first agreed",
    ]  # fmt: skip


def test_own_hours_count_before_those_of_all() -> None:
    week = rules.merged_week({5: (480, 720), 0: (0, 0)}, {0: (600, 900), 1: (0, 0)})
    assert week == {0: (600, 900), 2: (480, 1020), 3: (480, 1020), 4: (480, 1020), 5: (480, 720)}
