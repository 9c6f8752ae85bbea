"""Calendar files: what they would put on a schedule, and what of them cannot be read."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.documents.calendars import MOST_BYTES, Entry, read_calendar
from counterfoil.kernel.errors import Refused

SHARED = Path(__file__).parents[4] / "shared" / "data" / "calendar"
HOME = ZoneInfo("Africa/Johannesburg")
ZONE = """BEGIN:VTIMEZONE
TZID:{name}
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:{offset}
RRULE:{rule}
END:STANDARD
END:VTIMEZONE
"""


def events(*lines: str, before: str = "") -> list[Entry]:
    text = "\n".join(["BEGIN:VCALENDAR", f"{before}BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])
    return read_calendar(text.replace("\n", "\r\n").encode(), HOME)


def event(*lines: str, before: str = "") -> Entry:
    (found,) = events(*lines, before=before)
    return found


def times(found: Entry) -> tuple[str | None, str | None, str]:
    start, end = (one.isoformat() if one else None for one in (found.start, found.end))
    return start, end, found.zone


def test_an_event_in_full() -> None:
    found = event(
        "UID:1@example.org", "SUMMARY:Install router\\, 2nd", "  floor", "DTSTART;TZID=Europe/Berlin:20260701T100000",
        "DTEND;TZID=Europe/Berlin:20260701T113000", "LOCATION:Main Street 1", "RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=WE",
        "BEGIN:VALARM", "TRIGGER:-PT10M", "SUMMARY:alarm", "END:VALARM",
    )  # fmt: skip
    assert (found.uid, found.title, found.place) == ("1@example.org", "Install router, 2nd floor", "Main Street 1")
    assert times(found) == ("2026-07-01T10:00:00+02:00", "2026-07-01T11:30:00+02:00", "Europe/Berlin")
    assert found.repeats == "FREQ=WEEKLY;COUNT=3;BYDAY=WE"
    assert (found.all_day, found.cancelled, found.replaces, found.said) == (False, False, None, ())


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        (("DTSTART;VALUE=DATE:20260701",), "2026-07-01", "2026-07-02"),
        (("DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260701"), "2026-07-01", "2026-07-02"),
        (("DTSTART;VALUE=DATE:20260701", "DTEND;VALUE=DATE:20260704"), "2026-07-01", "2026-07-04"),
        (("DTSTART;VALUE=DATE:20260701", "DURATION:P2D"), "2026-07-01", "2026-07-03"),
        (("DTSTART:20260701T080000Z",), "2026-07-01T08:00:00+00:00", "2026-07-01T08:00:00+00:00"),
        (("DTSTART:20260701T080000Z", "DURATION:PT90M"), "2026-07-01T08:00:00+00:00", "2026-07-01T09:30:00+00:00"),
    ],
)
def test_when_it_begins_and_ends(lines: tuple[str, ...], start: str, end: str) -> None:
    found = event(*lines)
    assert times(found)[:2] == (start, end)
    assert found.all_day == ("T" not in start)
    assert not found.said


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((), "It says no start."),
        (("DTSTART:tomorrow",), "Its start cannot be read: "),
        (("DTSTART;;VALUE=DATE:20260701",), "A line of it cannot be read: "),
        (("DTSTART:20260701T080000Z", "DTEND:20260701T070000Z"), "It ends before it starts."),
        (("DTSTART:20260701T080000Z", "DTEND;VALUE=DATE:20260702"), "Its end is a day and its start a time, "),
        (("DTSTART:20260701T080000Z", "DURATION:P99999999999999W"), "Its duration cannot be read: "),
        (("DTSTART:99991231T080000Z", "DURATION:P9W"), "Its end cannot be read."),
        (("DTSTART:20260701T080000Z", "RRULE:FREQ=NEVER"), "Its rule of repetition cannot be read: "),
        (("DTSTART:20260701T080000Z", "RRULE:FREQ=DAILY;INTERVAL=0"), "It repeats by a rule that cannot be followed."),
        (("DTSTART:20260701T080000Z", "RRULE:COUNT=2"), "It repeats by a rule that cannot be followed."),
        (("DTSTART:20260701T080000Z", "RDATE:20260702T080000Z"), "It takes place on further days (RDATE), which "),
        (("DTSTART:20260701T080000Z", "EXDATE:20260702T080000Z"), "It leaves days out (EXDATE), which are not read."),
        (("DTSTART:20260701T080000",), "It names no zone; its times are read as in Africa/Johannesburg."),
        (("DTSTART;TZID=Moon:20260701T080000",), "Nobody knows the zone Moon; its times are read as in "),
    ],
)
def test_what_cannot_be_read_is_said(lines: tuple[str, ...], said: str) -> None:
    found = event(*lines)
    assert len(found.said) >= 1
    assert any(one.startswith(said) for one in found.said)
    assert not found.repeats


def test_an_endless_rule_is_a_rule() -> None:
    assert event("DTSTART:20260701T080000Z", "RRULE:FREQ=SECONDLY").repeats == "FREQ=SECONDLY"


def test_an_occurrence_that_was_moved_or_cancelled() -> None:
    found = event("DTSTART:20260701T080000Z", "RECURRENCE-ID:20260630T080000Z", "STATUS:CANCELLED")
    assert found.replaces == dt.datetime(2026, 6, 30, 8, tzinfo=dt.UTC)
    assert found.cancelled


def test_zones_by_other_names() -> None:
    start = "20260701T100000"
    assert times(event(f"DTSTART;TZID=W. Europe Standard Time:{start}"))[2] == "Europe/Berlin"
    assert times(event(f"DTSTART;TZID=/example.org/x/Europe/Paris:{start}"))[2] == "Europe/Paris"


def test_a_zone_is_as_its_own_file_describes_it() -> None:
    yearly = "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"
    for offset in ("+0100", "-0300"):
        zone = ZONE.format(name="Ours", offset=offset, rule=yearly)
        found = event("DTSTART;TZID=Ours:20260701T100000", before=zone)
        assert times(found)[0] == f"2026-07-01T10:00:00{offset[:3]}:00"


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;INTERVAL=0", "FREQ=YEARLY;FREQ=DAILY", "x"])
def test_a_zone_without_end_is_not_followed(rule: str) -> None:
    found = event("DTSTART;TZID=Ours:20260701T100000", before=ZONE.format(name="Ours", offset="+0100", rule=rule))
    assert found.said == ("Nobody knows the zone Ours; its times are read as in Africa/Johannesburg.",)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_calendar"),
        (b"hello", "not_a_calendar"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "cut_off"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 100 + b"END:VCALENDAR\n", "too_many"),
        (b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\nEND:VEVENT\n" * 20_001 + b"END:VCALENDAR\n", "too_many"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
    ],
)
def test_what_is_no_whole_calendar_is_refused_in_words(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_calendar(content, HOME)
    assert refused.value.code == code


def test_a_calendar_without_events_and_one_with_long_lines() -> None:
    assert read_calendar(b"\xef\xbb\xbfBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", HOME) == []
    began = time.monotonic()
    assert event("SUMMARY:a\0b", "ATTACH:" + "x" * 2_000_000, "ATTENDEE" + ';A="b' * 3000, "\n" * 100_000).title == "ab"
    assert time.monotonic() - began < 5


WHOLE = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20260701T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"  # noqa: E501


@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 20), st.binary(max_size=8)), max_size=8))
def test_damage_does_no_harm(damage: list[tuple[int, int, bytes]]) -> None:
    content = WHOLE
    for at, cut, put in damage:
        content = content[:at] + put + content[at + cut :]
    try:
        found = read_calendar(content, HOME)
    except Refused:
        return
    for one in found:
        json.dumps([one.title, *times(one), one.repeats], ensure_ascii=False).encode()


def test_the_command_says_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.ics"
    file.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260701\nEND:VEVENT\nEND:VCALENDAR\n")
    call_command("calendar", str(file), "--format", "json")
    assert json.loads(capsys.readouterr().out) == [{
        "uid": "1", "title": None, "start": "2026-07-01", "end": "2026-07-02", "all_day": True, "place": None,
        "repeats": None, "zone": None, "cancelled": False, "replaces": None, "said": [],
    }]  # fmt: skip
    call_command("calendar", str(file))
    assert capsys.readouterr().out == "2026-07-01 to 2026-07-02  \n"
    file.write_text("no")
    with pytest.raises(CommandError, match="no calendar"):
        call_command("calendar", str(file))


def expected() -> dict[str, Any]:
    return json.loads((SHARED / "expected.json").read_text()) if SHARED.is_dir() else {}


@pytest.mark.skipif(not SHARED.is_dir(), reason="The sample calendars are not beside the project.")
@pytest.mark.parametrize("name", expected() or ["none"])
def test_calendars_of_another_project(name: str) -> None:
    wanted = expected()[name]
    if not wanted["calendars"]:
        with pytest.raises(Refused, match="cut off"):
            read_calendar((SHARED / name).read_bytes(), HOME)
        return
    found = read_calendar((SHARED / name).read_bytes(), ZoneInfo("UTC"))
    assert len(found) == wanted["icalendar_reads_events"]
    # What the other project's expansion fails at, and a time without a known zone, is said.
    if "expansion_fails" in wanted:
        assert any(one.said for one in found)
    elif wanted.get("first") and not any(one.said for one in found):
        (first, *_) = sorted(found, key=lambda one: str(one.start))
        told = dt.datetime.fromisoformat(wanted["first"])
        assert first.start
        same = first.start.isoformat() == wanted["first"] if first.all_day else first.start == told
        assert same or name == "alarm_google_future.ics"
