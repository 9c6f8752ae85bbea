"""Which reports are of one session, and what each comes to, whatever was lost, late, told again or told wrong."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from counterfoil.network import rules
from counterfoil.network.counting import (
    DOWN,
    MOST_OCTETS,
    UP,
    Facts,
    Holder,
    Report,
    facts,
    holder_at,
    holder_on,
    sessions,
)
from counterfoil.network.tests.histories import Days, a_history
from counterfoil.network.tests.test_rules import GIB4, NOON, SAST, WHOLE, after, interim, start, stop

D = dt.date(2026, 1, 1)


def ends(found: list[Facts]) -> list[tuple[int, int, str, float | None]]:
    """Of each session octets, how it ended, and when, in minutes."""
    return [
        (one.up, one.down, one.end, (one.ended_at - NOON).total_seconds() / 60 if one.ended_at else None)
        for one in found
    ]  # fmt: skip


# ------------------------------------------------------------------ restarts


def test_a_restart_that_is_told_late_ends_nothing_that_went_on() -> None:
    told = [start(), interim(10, 5, 50), interim(30, 7, 70)]
    assert facts(told, [after(20)], SAST).ended_at is None
    assert facts(told, [after(30)], SAST).ended_at == after(30)
    assert facts(told, [after(20), after(40)], SAST).ended_at == after(40)


def test_what_a_later_interim_says_wins_and_counts_on() -> None:
    told = [start(), interim(10, 5, 50)]
    assert ends(sessions(told, [after(20)], SAST)) == [(5, 50, "restart", 20)]
    assert ends(sessions([*told, interim(30, 9, 90)], [after(20)], SAST)) == [(9, 90, "", None)]


def test_a_restart_ahead_of_its_time_is_bounded_by_when_it_came_and_a_repeat_is_known_by_what_it_says() -> None:
    sent = {"Acct-Status-Type": "Accounting-On", "NAS-IP-Address": "192.0.2.1",
            "Event-Timestamp": "Jan  1 2026 20:00:00 UTC"}  # fmt: skip
    first, again = rules.packet(sent, NOON, SAST), rules.packet(sent, after(60), SAST)
    assert first is not None
    assert again is not None
    assert (first.at, again.at) == (NOON, after(60))
    assert first.said_at == again.said_at == after(480)


# ------------------------------------------------------------------ counters


def test_a_direction_that_is_not_said_is_as_it_was() -> None:
    told = [interim(10, 100, 1000), Report("interim", after(20), 1200, 0, 1500, unsaid=UP),
            Report("interim", after(30), 1800, 150, 0, unsaid=DOWN), stop(40, 160, 1600)]  # fmt: skip
    found = facts(told, [], SAST)
    assert (found.up, found.down) == (160, 1600)


def test_a_packet_without_a_direction_does_not_say_it() -> None:
    sent = {"Acct-Status-Type": "Interim-Update", "NAS-IP-Address": "192.0.2.1", "Acct-Session-Id": "1",
            "Acct-Session-Time": "60", "Acct-Output-Octets": "7"}  # fmt: skip
    for more, want in (({}, (0, 7, UP, True)), ({"Acct-Input-Octets": "-3"}, (0, 7, UP, True)),
                       ({"Acct-Input-Octets": "0"}, (0, 7, "", True))):  # fmt: skip
        found = rules.packet({**sent, **more}, NOON, SAST)
        assert found is not None
        assert found.report is not None
        assert (found.report.up, found.report.down, found.report.unsaid, found.report.counted) == want


def test_counters_that_cannot_be_are_set_aside_and_lose_nothing() -> None:
    found = facts([interim(10, 5, 50), interim(20, MOST_OCTETS + 1, 60), stop(30, 7, 70)], [], SAST)
    assert (found.up, found.down, found.aside) == (7, 70, 1)
    # A counter that begins anew again and again takes a session to no more than it may have.
    told = [interim(minute, MOST_OCTETS - 1 if minute % 2 else 0, 0) for minute in range(1, 600)]
    many = facts(told, [], SAST)
    assert (many.up, many.aside, sum(up for up, _ in many.days.values())) == (MOST_OCTETS - 1, 299, MOST_OCTETS - 1)
    assert facts([interim(10, rules.LARGEST, 1)], [], SAST).days == {D: (0, 1)}


# ------------------------------------------------------------------ an id that is used again


def test_an_id_that_is_used_again_after_its_stop_is_another_session() -> None:
    again = [start(60), Report("interim", after(70), 600, 2, 20), Report("stop", after(80), 1200, 3, 30)]
    want = [(9, GIB4 + 8, "stop", 30), (3, 30, "stop", 80)]
    assert ends(sessions([*WHOLE, *again], [], SAST)) == want
    # Its Start may be lost, and all but its Stop.
    assert ends(sessions([*WHOLE, *again[1:]], [], SAST)) == want
    assert ends(sessions([*WHOLE, *again[2:]], [], SAST)) == want
    assert [one.started_at for one in sessions([*WHOLE, *again[2:]], [], SAST)] == [NOON, after(60)]


def test_a_stop_that_is_told_again_later_and_a_late_interim_are_of_the_session_that_stopped() -> None:
    again = Report("stop", after(31), 1800, 9, GIB4 + 8)
    assert len(sessions([*WHOLE, again, interim(40, 6, 60)], [], SAST)) == 1
    short = [Report("stop", after(1), 5, 3, 30), Report("stop", after(2), 5, 3, 30)]
    assert ends(sessions(short, [], SAST)) == [(3, 30, "stop", 1)]


def test_an_id_that_is_used_again_after_a_restart_or_with_no_end_at_all() -> None:
    again = [start(60), Report("interim", after(70), 600, 20, 200)]
    assert ends(sessions([*WHOLE[:3], *again], [after(50)], SAST)) == [
        (7, GIB4 + 3, "restart", 50), (20, 200, "", None)
    ]  # fmt: skip
    assert ends(sessions([*WHOLE[:3], again[1]], [after(50)], SAST)) == [
        (7, GIB4 + 3, "restart", 50), (20, 200, "", None)
    ]  # fmt: skip
    assert ends(sessions([*WHOLE[:3], *again], [], SAST)) == [(7, GIB4 + 3, "again", 20), (20, 200, "", None)]


def test_one_that_is_heard_of_after_a_start_that_was_none_goes_on() -> None:
    told = [start(), interim(10, 5, 50), start(12), interim(20, 6, 60), stop(30, 7, 70)]
    assert ends(sessions(told, [], SAST)) == [(7, 70, "stop", 30), (0, 0, "", None)]


# ------------------------------------------------------------------ whose a day is


def test_the_day_of_a_change_is_of_who_has_it_then_and_a_moment_of_who_had_it() -> None:
    line = [Holder(1), Holder(2, D, NOON), Holder(3, D, after(60)), Holder(4, D + dt.timedelta(days=2), after(3000))]
    days = [holder_on(line, D + dt.timedelta(days=number)) for number in (-30, -1, 0, 1, 2, 30)]
    assert days == [1, 1, 3, 3, 4, 4]
    assert [holder_at(line, after(minutes)) for minutes in (-1, 0, 59, 60, 3000)] == [1, 2, 2, 3, 4]


# ------------------------------------------------------------------ clocks that are put right


def test_a_clock_that_was_put_right_is_told_from_a_counter_that_began_anew_by_the_time_of_the_session() -> None:
    def told(*rows: tuple[float, int, int]) -> list[Report]:
        return [Report("interim", after(minutes), seconds, 0, down) for minutes, seconds, down in rows]

    ahead = told((5, 300, 100), (70, 600, 200), (15, 900, 300), (20, 1200, 400))
    assert [(one.down, one.raw_down, one.last_at) for one in sessions(ahead, [], SAST)] == [(400, 400, after(70))]
    anew = told((5, 300, 100), (10, 600, 200), (15, 900, 300), (70, 600, 50))
    assert [one.down for one in sessions(anew, [], SAST)] == [350]
    # One that does not say how long it had lasted is of its time.
    assert [one.down for one in sessions([*ahead, *told((25, 0, 450))], [], SAST)] == [650]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 1 << 40), st.booleans())
def test_a_session_comes_to_its_counters_whatever_its_clock_jumps_to(seed: int, began: bool) -> None:
    chance = random.Random(seed)
    rows, seconds, up, down = [start()] if began else [], 0, 0, 0
    for _ in range(chance.randint(1, 9)):
        seconds, up, down = seconds + chance.randint(60, 3600), up + chance.randrange(GIB4), down + chance.randrange(99)
        # What is said of a time before the Start is of a session before it.
        jump = chance.choice([0, 0, 0, chance.randint(0 if began else -500, 500)])
        rows.append(Report("interim", after(seconds // 60 + jump), seconds, up, down))
    chance.shuffle(rows)
    assert [(one.up, one.down) for one in sessions(rows, [], SAST)] == [(up, down)]


# ------------------------------------------------------------------ histories by chance


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 1 << 40), st.randoms(use_true_random=False))
def test_a_history_in_any_order_comes_to_what_was_used_on_each_day(seed: int, chance: random.Random) -> None:
    history = a_history(random.Random(seed), SAST)
    total: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0])
    for told in history.reports.values():
        order = [*told, *chance.choices(told, k=3)]
        chance.shuffle(order)
        for one in sessions(order, history.restarts, SAST):
            for day, (up, down) in one.days.items():
                total[day][0] += up
                total[day][1] += down
    found: Days = {day: (up, down) for day, (up, down) in total.items()}
    assert found == history.days
