"""What a session comes to, whatever order its reports come in and however often; and how names and addresses read."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.network import rules
from counterfoil.network.counting import Facts, Report, count_on, facts
from counterfoil.network.tests.helpers import at

SAST = ZoneInfo("Africa/Johannesburg")
NOON = at("2026-01-01T12:00")
GIB4 = 1 << 32


def after(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


def interim(minutes: float, up: int, down: int) -> Report:
    return Report("interim", after(minutes), int(minutes * 60), up, down)


def start(minutes: float = 0) -> Report:
    return Report("start", after(minutes), counted=False)


def stop(minutes: float, up: int, down: int, cause: str = "User-Request") -> Report:
    return Report("stop", after(minutes), int(minutes * 60), up, down, cause=cause)


WHOLE = [start(), interim(10, 5, 50), interim(20, 7, GIB4 + 3), stop(30, 9, GIB4 + 8)]


def test_a_session_from_start_to_stop() -> None:
    found = facts(WHOLE, [], SAST)
    assert (found.up, found.down) == (9, GIB4 + 8)
    assert (found.started_at, found.ended_at, found.cause) == (NOON, after(30), "User-Request")
    assert found.days == {dt.date(2026, 1, 1): (9, GIB4 + 8)}


def test_what_was_lost_is_made_up_for_by_what_came() -> None:
    assert facts(WHOLE[1:], [], SAST) == facts(WHOLE, [], SAST)
    assert facts(WHOLE[3:], [], SAST) == facts(WHOLE, [], SAST)
    still_open = facts(WHOLE[:3], [], SAST)
    assert (still_open.up, still_open.down, still_open.ended_at) == (7, GIB4 + 3, None)


def test_a_late_report_lowers_nothing_and_opens_nothing() -> None:
    late = interim(40, 6, 60)
    found = facts([*WHOLE, late], [], SAST)
    assert (found.up, found.down, found.ended_at) == (9, GIB4 + 8, after(30))
    more = facts([*WHOLE, interim(40, 19, 60)], [], SAST)
    assert (more.up, more.ended_at, more.days) == (19, after(30), {dt.date(2026, 1, 1): (19, GIB4 + 8)})


def test_a_counter_that_began_anew_counts_from_there() -> None:
    found = facts([start(), interim(10, 100, 1000), interim(20, 3, 40), stop(30, 5, 60)], [], SAST)
    assert (found.up, found.down) == (105, 1060)


def test_a_restart_of_the_nas_ends_what_was_open_with_what_was_reported_last() -> None:
    found = facts(WHOLE[:3], [after(25), after(500)], SAST)
    assert (found.ended_at, found.cause, found.down) == (after(25), "NAS-Reboot", GIB4 + 3)
    assert facts(WHOLE[:3], [NOON], SAST).ended_at is None
    assert facts(WHOLE, [after(25)], SAST).ended_at == after(30)


def test_a_report_at_midnight_counts_for_the_day_before_and_days_are_the_operators() -> None:
    # Midnight in Johannesburg is 22:00 UTC.
    told = [
        Report("start", at("2026-01-31T20:00"), counted=False),
        Report("interim", at("2026-01-31T22:00"), 7200, 10, 100),
        Report("stop", at("2026-01-31T22:00:01"), 7201, 11, 101),
    ]
    assert facts(told, [], SAST).days == {dt.date(2026, 1, 31): (10, 100), dt.date(2026, 2, 1): (1, 1)}
    assert facts(told, [], dt.UTC).days == {dt.date(2026, 1, 31): (11, 101)}


@st.composite
def told(draw: st.DrawFn) -> list[Report]:
    """Reports of one session: counters that grow or begin anew, with or without a Start and a Stop."""
    minutes, up, down, rows = 0.0, 0, 0, []
    if draw(st.booleans()):
        rows.append(start())
    for _ in range(draw(st.integers(1, 7))):
        minutes += draw(st.integers(1, 900))
        if draw(st.integers(0, 9)) == 0:
            up = down = 0
        up, down = up + draw(st.integers(0, GIB4)), down + draw(st.integers(0, 3 * GIB4))
        rows.append(interim(minutes, up, down))
    if draw(st.booleans()):
        rows.append(stop(minutes + draw(st.integers(0, 60)), up, down + draw(st.integers(0, 9))))
        if draw(st.booleans()):
            rows.append(interim(minutes + 90, draw(st.integers(0, GIB4)), down))
    return rows


@settings(max_examples=200)
@given(told(), st.lists(st.integers(0, 6000), max_size=2), st.randoms(use_true_random=False))
def test_order_and_repeats_change_nothing(rows: list[Report], reboots: list[int], chance: random.Random) -> None:
    restarts = [after(minutes) for minutes in reboots]
    want = facts(rows, restarts, SAST)
    shuffled = [*rows, *chance.choices(rows, k=3)]
    chance.shuffle(shuffled)
    assert facts(shuffled, restarts, SAST) == want
    assert (want.up, want.down) == tuple(sum(day[way] for day in want.days.values()) for way in (0, 1))


@settings(max_examples=100)
@given(told())
def test_following_report_by_report_comes_to_the_same_and_never_less(rows: list[Report]) -> None:
    want, before = facts(rows, [], SAST), (0, 0)
    found = Facts(rows[0].at, rows[0].at)
    for row in sorted(rows, key=lambda one: one.order):
        count_on(found, row, SAST)
        found.ended_at = found.ended_at or (row.at if row.kind == "stop" else None)
        assert (found.up, found.down) >= before
        before = (found.up, found.down)
    assert (found.up, found.down, found.days) == (want.up, want.down, want.days)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Jan  1 2026 07:00:19 UTC", "2026-01-01T07:00:19"),
        ("Jan 31 2026 07:00:19 SAST", "2026-01-31T05:00:19"),
        ("1767250819", "2026-01-01T07:00:19"),
        ("2026-01-01T07:00:19Z", "2026-01-01T07:00:19"),
        ("2026-01-01 09:00:19", "2026-01-01T07:00:19"),
    ],
)
def test_times_are_read(text: str, want: str) -> None:
    assert rules.read_time(text, SAST) == at(want)


@pytest.mark.parametrize(("name", "want"), [("CEST", "2026-10-25T00:30"), ("CET", "2026-10-25T01:30")])
def test_the_hour_that_is_there_twice_is_read_by_the_name_of_its_zone(name: str, want: str) -> None:
    assert rules.read_time(f"Oct 25 2026 02:30:00 {name}", ZoneInfo("Europe/Berlin")) == at(want)


@pytest.mark.parametrize("text", ["", "soon", "Jan 41 2026 07:00:19 UTC", "Jan  1 2026 07:00:19 PST", "9" * 30])
def test_what_is_no_time_is_none(text: str) -> None:
    assert rules.read_time(text, SAST) is None


def test_a_packet_without_a_time_is_of_when_it_came_less_its_delay() -> None:
    said = {"Acct-Status-Type": "Start", "NAS-IP-Address": "192.0.2.1", "Acct-Session-Id": "1"}
    late = rules.packet({**said, "Acct-Delay-Time": "90"}, NOON, SAST)
    assert late is not None
    assert (late.at, late.timed) == (NOON - dt.timedelta(seconds=90), False)
    wild = rules.packet({**said, "Event-Timestamp": "Jan  1 2035 00:00:00 UTC"}, NOON, SAST)
    assert wild is not None
    assert wild.at == NOON


def test_octets_have_their_gigawords_and_nonsense_is_bounded() -> None:
    assert rules.octets({"Acct-Input-Octets": "1", "Acct-Input-Gigawords": "1"}, "Input") == GIB4 + 1
    assert rules.octets({"Acct-Input-Octets": "-1"}, "Input") is None
    huge = {"Acct-Input-Octets": "4294967295", "Acct-Input-Gigawords": "4294967295"}
    assert rules.octets(huge, "Input") == rules.LARGEST


@pytest.mark.parametrize(
    "text", ["58:2B:0A:44:91:0E", "58-2b-0a-44-91-0e", "582b.0a44.910e", "582B0A44910E", " 58:2b:0a:44:91:0e "]
)
def test_a_mac_is_read_however_it_is_written(text: str) -> None:
    assert rules.mac(text) == "58:2b:0a:44:91:0e"


@pytest.mark.parametrize("text", ["", "58:2b:0a:44:91", "pppoe-58:2b:0a:44:91:0e", "zz:2b:0a:44:91:0e"])
def test_what_is_no_mac_is_none(text: str) -> None:
    assert rules.mac(text) == ""


@pytest.mark.parametrize(
    ("taken", "want"),
    [
        ([], "hv004821@isp.example"),
        (["HV004821@isp.example"], "hv004821-2@isp.example"),
        (["hv004821@isp.example", "hv004821-2@isp.example"], "hv004821-3@isp.example"),
    ],
)
def test_user_names_follow_the_convention(taken: Sequence[str], want: str) -> None:
    assert rules.user_name("HV-004821", taken, "isp.example") == want


def test_attributes_are_filled_and_lines_without_a_value_left_out() -> None:
    values = rules.places(50_000, 100_000, blocked="unpaid", pool="", user="ada")
    full, walled = rules.DELIVERED["mikrotik"]
    assert rules.filled(full, values) == [("Mikrotik-Rate-Limit", ":=", "50000k/100000k")]
    assert rules.filled(walled, values) == [
        ("Mikrotik-Rate-Limit", ":=", "1024k/1024k"), ("Mikrotik-Address-List", ":=", "unpaid")
    ]  # fmt: skip
    assert rules.filled(full, {}) == []
    assert all(not rules.mistake(text) for pair in rules.DELIVERED.values() for text in pair)


@pytest.mark.parametrize("text", ["Mikrotik-Rate-Limit 10M", "Mikrotik-Rate-Limit = 10M", "A-B := {speed}", "9 := 1"])
def test_a_wrong_line_is_said(text: str) -> None:
    assert rules.mistake(text)


def test_answers_of_a_nas() -> None:
    assert rules.outcome(41, None)[0] is True
    assert rules.outcome(42, 503)[0] is True
    assert rules.outcome(42, 501) == (False, "The NAS refused: it is not allowed to.")
    assert rules.outcome(None, None)[0] is False


def test_sizes_are_by_thousands() -> None:
    assert [rules.size(n) for n in (0, 999, 1000, 64_249_000_000, 1_661_218_618_358)] == [
        "0 B", "999 B", "1.0 kB", "64.2 GB", "1.7 TB"
    ]  # fmt: skip
