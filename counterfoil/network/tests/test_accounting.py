"""What NASes report is kept once, and comes to the same in any order; usage is by day, and the books prove it."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.network import rules
from counterfoil.network.checks import sessions_come_to_what_was_reported
from counterfoil.network.models import AccessSession, DayUsage, NasRestart, SessionReport
from counterfoil.network.operations import close_stale, forget_sessions, take_report
from counterfoil.network.tests.helpers import NAS, a_nas, an_account, at, counts, post, report, reported, sent
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.testing.world import World

SHARED = Path(__file__).parents[4] / "shared" / "data" / "radius"
D = dt.date


def session() -> AccessSession:
    return AccessSession.objects.get()


def used() -> dict[dt.date, tuple[int, int]]:
    return {row.day: (row.up, row.down) for row in DayUsage.objects.order_by("day")}


def state() -> list[Any]:
    skipped = ("id", "row_id")
    return [
        [{key: value for key, value in row.items() if key not in skipped} for row in rows]
        for rows in (
            AccessSession.objects.order_by("key").values(),
            DayUsage.objects.order_by("row__key", "day").values("row__key", "day", "up", "down"),
            NasRestart.objects.order_by("nas_address", "at").values("nas_address", "at"),
            SessionReport.objects.order_by("row__key", "at", "kind").values("row__key", "at", "kind", "up", "down"),
        )
    ]


def test_a_session_as_it_goes_on(world: World) -> None:
    account, nas = an_account(world, user_name="Ada@isp.example"), a_nas(world)
    assert report("Start", "2026-03-30T08:00") == 204
    row = session()
    assert (row.account, row.nas, row.address, row.mac, row.started_at) == (
        account, nas, "100.64.0.9", "02:00:00:03:00:50", at("2026-03-30T08:00")
    )  # fmt: skip
    assert report("Interim-Update", "2026-03-30T20:00", **counts(43200, 10, 5 << 32)) == 204
    assert report("Stop", "2026-03-31T08:00", **counts(86400, 15, 6 << 32), Acct_Terminate_Cause="Lost-Carrier") == 204
    row = session()
    assert (row.up, row.down, row.ended_at, row.cause, row.end) == (
        15, 6 << 32, at("2026-03-31T08:00"), "Lost-Carrier", "stop"
    )  # fmt: skip
    assert used() == {D(2026, 3, 30): (10, 5 << 32), D(2026, 3, 31): (5, 1 << 32)}


PACKETS = [
    reported("Start", "2026-03-30T08:00"),
    reported("Interim-Update", "2026-03-30T08:30", **counts(1800, 5, 70)),
    reported("Interim-Update", "2026-03-30T22:30", **counts(52200, 9, 5 << 32)),
    reported("Interim-Update", "2026-03-30T23:00", **counts(54000, 2, 20)),
    reported("Stop", "2026-03-30T23:30", **counts(55800, 4, 30)),
    # After its end, and less.
    reported("Interim-Update", "2026-03-30T23:45", **counts(56700, 3, 25)),
    # Another one, whose Start was lost and whose end nobody told of but the NAS when it was back.
    reported("Interim-Update", "2026-03-30T09:00", **counts(3600, 1, 2), Acct_Unique_Session_Id="2" * 32),
    reported("Interim-Update", "2026-03-30T09:30", **counts(5400, 2, 4), Acct_Unique_Session_Id="2" * 32),
    sent(Acct_Status_Type="Accounting-On", NAS_IP_Address=NAS, Event_Timestamp="Mar 30 2026 10:00:00 UTC"),
    reported("Start", "2026-03-30T10:05", Acct_Unique_Session_Id="3" * 32),
    # Only a Stop.
    reported("Stop", "2026-03-30T11:00", **counts(600, 8, 16), Acct_Unique_Session_Id="4" * 32),
]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_and_repeats_come_to_the_same(world: World, seed: int) -> None:
    chance = random.Random(seed)
    order = [*PACKETS, *chance.choices(PACKETS, k=4)] if seed else PACKETS
    if seed:
        chance.shuffle(order)
    assert {post("accounting", packet).status_code for packet in order} == {204}
    facts = {
        row.key[0]: (row.up, row.down, row.end, row.ended_at and f"{row.ended_at:%H:%M}", f"{row.started_at:%H:%M}")
        for row in AccessSession.objects.all()
    }
    assert facts == {
        "f": (13, (5 << 32) + 30, "stop", "23:30", "08:00"),
        "2": (2, 4, "restart", "10:00", "08:00"),
        "3": (0, 0, "", None, "10:05"),
        "4": (8, 16, "stop", "11:00", "10:50"),
    }
    assert SessionReport.objects.count() == 10
    assert (DayUsage.objects.filter(row__key="f" * 32).count(), NasRestart.objects.count()) == (2, 1)


def test_what_is_told_twice_changes_nothing(world: World) -> None:
    for packet in PACKETS:
        post("accounting", packet)
    before = state()
    for packet in PACKETS:
        assert post("accounting", packet).status_code == 204
    assert state() == before


def test_what_was_counted_otherwise_is_worked_out_anew(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for packet in PACKETS:
        post("accounting", packet)
    before = state()
    with write_guard.writing():
        AccessSession.objects.filter(key="f" * 32).update(up=1, ended_at=None, end="")
        DayUsage.objects.filter(row__key="f" * 32).update(down=7)
    assert list(sessions_come_to_what_was_reported())
    call_command("network", "recount")
    assert capsys.readouterr().out == "Worked out anew; 1 session id changed.\n"
    assert state() == before
    call_command("network", "recount")
    assert capsys.readouterr().out == "Worked out anew; 0 session ids changed.\n"


def test_a_report_costs_few_statements(world: World) -> None:
    report("Start", "2026-03-30T08:00")
    report("Interim-Update", "2026-03-30T08:05", **counts(300, 1, 2))
    packet = rules.packet(
        rules.attributes(reported("Interim-Update", "2026-03-30T08:10", **counts(600, 3, 4))), world.now, dt.UTC
    )
    assert packet is not None
    with CaptureQueriesContext(connection) as asked:
        take_report(Caller.system("hook"), packet=packet)
    said = [row["sql"] for row in asked if "SAVEPOINT" not in row["sql"]]
    assert len(said) == 4, said


def test_a_session_that_is_not_heard_of_is_taken_for_ended_and_goes_on_when_it_is(world: World) -> None:
    report("Start", "2026-03-31T08:00")
    report("Interim-Update", "2026-03-31T08:05", **counts(300, 1, 2))
    later = Caller.system("schedule", at=at("2026-03-31T09:04"))
    assert close_stale(later) == 0
    assert close_stale(Caller.system("schedule", at=at("2026-03-31T09:06"))) == 1
    assert (session().ended_at, session().end) == (at("2026-03-31T08:05"), "stale")
    report("Interim-Update", "2026-03-31T08:05", **counts(300, 1, 2))
    assert session().end == "stale"
    report("Interim-Update", "2026-03-31T09:10", **counts(4200, 5, 6))
    assert (session().ended_at, session().end, session().up) == (None, "", 5)


def test_a_packet_without_a_time_that_was_overtaken_counts_nothing_twice(world: World) -> None:
    told = reported("Interim-Update", "2026-03-31T09:00", **counts(3600, 100, 200))
    report("Start", "2026-03-31T08:00")
    post("accounting", told)
    late = reported("Interim-Update", "2026-03-31T08:30", **counts(1800, 60, 70))
    del late["Event-Timestamp"]
    post("accounting", late)
    assert (session().up, session().down) == (100, 200)


def test_a_clock_that_is_not_believed_is_none_and_an_overtaken_report_is_put_in_its_place(world: World) -> None:
    begun = world.now
    for number, (seconds, octets) in enumerate([(300, 100), (900, 300), (600, 200), (1200, 400)]):
        told = reported("Interim-Update", "1970-01-01T00:10", **counts(seconds, 0, octets))
        packet = rules.packet(rules.attributes(told), begun + dt.timedelta(minutes=5 * number), dt.UTC)
        assert packet is not None
        take_report(Caller.system("hook"), packet=packet)
    assert session().down == 400


@pytest.mark.parametrize(
    "packet",
    [{}, [], {"Acct-Status-Type": {"value": ["Start"]}}, sent(Acct_Status_Type="Start", NAS_IP_Address=NAS),
     sent(Acct_Status_Type="Tunnel-Start", NAS_IP_Address=NAS), sent(Acct_Status_Type="Start", NAS_IP_Address="nas")],
)  # fmt: skip
def test_what_says_nothing_is_taken_and_kept_nowhere(world: World, packet: Any) -> None:
    assert post("accounting", packet).status_code == 204
    assert not AccessSession.objects.exists()


def test_strangers_are_refused(world: World) -> None:
    packet = reported("Start", "2026-03-30T08:00")
    assert post("accounting", packet, token="").status_code == 403
    assert post("accounting", packet, token="0" * 64).status_code == 403
    assert not AccessSession.objects.exists()


def test_whose_old_sessions_were_is_forgotten_and_what_was_used_stays(world: World) -> None:
    an_account(world, user_name="ada@isp.example")
    report("Start", "2025-03-30T08:00")
    report("Stop", "2025-03-30T09:00", **counts(3600, 7, 8))
    assert forget_sessions(Caller.system("schedule", at=at("2026-03-30T08:30"))) == 0
    assert forget_sessions(Caller.system("schedule", at=at("2026-03-30T09:30"))) == 1
    row = session()
    assert (row.user_name, row.address, row.mac, row.up) == ("", None, "", 7)
    assert not SessionReport.objects.exists()
    assert used() == {D(2025, 3, 30): (7, 8)}
    report("Interim-Update", "2025-03-30T08:30", **counts(1800, 70, 8))
    assert session().up == 7


@pytest.mark.books_are_broken_on_purpose
def test_octets_that_no_report_says_are_found(world: World) -> None:
    report("Start", "2026-03-30T08:00")
    report("Stop", "2026-03-30T09:00", **counts(3600, 7, 8))
    assert list(check_books()) == []
    with write_guard.writing():
        DayUsage.objects.update(up=6)
    assert {finding.check for finding in check_books()} == {
        "network.sessions_come_to_what_was_reported", "network.usage_of_days_is_that_of_sessions"
    }  # fmt: skip


# In UTC, which is over before the books are proven: here they are.
@pytest.mark.books_proven_elsewhere
@pytest.mark.skipif(not SHARED.exists(), reason="The shared packets are not here.")
@pytest.mark.parametrize("seed", [0, 1])
def test_the_packets_of_a_quarter_come_to_what_they_are_known_to(world: World, settings: Any, seed: int) -> None:
    settings.TIME_ZONE = "UTC"
    packets = [_parsed(part) for part in (SHARED / "acct_packets.txt").read_text().strip().split("\n\n")]
    want = json.loads((SHARED / "expected.json").read_text())
    if seed:
        chance = random.Random(seed)
        packets += chance.choices(packets, k=100)
        chance.shuffle(packets)
    system = Caller.system("hook", at=at("2026-04-01T00:00"))
    for said in packets:
        packet = rules.packet(said, system.now, dt.UTC)
        assert packet is not None
        take_report(system, packet=packet)
    rows = list(AccessSession.objects.all())
    assert (len(rows), sum(row.ended_at is None for row in rows)) == (want["sessions"], want["open_at_end"])
    assert (sum(row.up for row in rows), sum(row.down for row in rows)) == (want["total_up"], want["total_down"])
    for name, one in want["special"].items():
        row = next(each for each in rows if (each.user_name, each.session) == (one["user"], one["session"]))
        found = (row.started_at.timestamp(), row.ended_at and row.ended_at.timestamp(), row.up, row.down, row.cause)
        assert found == (one["start"], one["stop"], one["up"], one["down"], one["cause"]), name
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for day in DayUsage.objects.select_related("row"):
        total = months[f"{day.row.user_name} {day.day:%Y-%m}"]
        total[0] += day.up
        total[1] += day.down
    assert {key: {"up": up, "down": down} for key, (up, down) in months.items()} == want[
        "usage_by_month_of_each_report"
    ]
    assert list(sessions_come_to_what_was_reported()) == []


def _parsed(text: str) -> dict[str, str]:
    pairs = (line.partition(" = ")[::2] for line in text.splitlines())
    return {name.strip(): value.strip().strip('"').replace('\\"', '"') for name, value in pairs}
