"""Whole histories through the address of the RADIUS server: each customer's days come to what was used on them,
whatever order reports come in, and whoever has the service by then."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

import pytest
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.network import queries
from counterfoil.network.counting import Report
from counterfoil.network.models import AccessAccount, AccessSession, DayUsage, NasRestart, SessionReport
from counterfoil.network.operations import close_stale, forget_sessions, look_up_address, set_network_policy
from counterfoil.network.tests.helpers import NAS, a_nas, an_account, at, counts, post, report, reported, sent
from counterfoil.network.tests.histories import FROM, Days, a_history
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.subscriptions.operations import change_account
from counterfoil.testing.world import World

D = dt.date
KINDS = {"start": "Start", "interim": "Interim-Update", "stop": "Stop"}


def days_of(customer: Customer) -> Days:
    return {row.when: (row.up, row.down) for row in queries.used_by_day(customer, since=D(2026, 1, 1))}


def with_access(world: World, customer: Customer) -> None:
    """The customer has had a service and access to it for some weeks."""
    with world.on("2026-03-02"):
        an_account(world, customer, user_name="ada@isp.example")


def move(world: World, to: Customer, on: str) -> None:
    """The service goes on under another account from a day on."""
    with world.on(on):
        has = AccessAccount.objects.get(ended_on=None)
        change_account(world.caller(), subscription=has.service.subscription, customer=to)


def owners() -> list[Customer | None]:
    rows = AccessSession.objects.select_related("account__service__subscription__customer").order_by("-key", "turn")
    return [row.account.service.subscription.customer if row.account else None for row in rows]


def packet(name: str, row: Report) -> dict[str, object]:
    said = counts(row.seconds, row.up, row.down) if row.kind != "start" else {}
    if row.unsaid:
        way = "Input" if row.unsaid == "up" else "Output"
        said = {key: value for key, value in said.items() if way not in key}
    return reported(KINDS[row.kind], row.at.replace(tzinfo=None).isoformat(), Acct_Unique_Session_Id=name, **said)


def on(when: dt.datetime) -> dict[str, object]:
    return sent(Acct_Status_Type="Accounting-On", NAS_IP_Address=NAS, Event_Timestamp=f"{when:%b %d %Y %H:%M:%S} UTC")


# ------------------------------------------------------------------ an account that changes


@pytest.mark.parametrize("order", range(6))
def test_days_before_a_change_stay_with_who_had_the_service_then(world: World, order: int) -> None:
    zara, other = world.customer(), world.customer("Other")
    a_nas(world)
    with_access(world, zara)
    before = [
        reported("Start", "2026-03-28T08:00"),
        reported("Interim-Update", "2026-03-28T20:00", **counts(43200, 10, 100)),
        reported("Interim-Update", "2026-03-29T20:00", **counts(129600, 20, 200)),
        # On the day itself, before the change at noon.
        reported("Interim-Update", "2026-03-30T06:00", **counts(165600, 30, 300)),
    ]
    after = [
        reported("Interim-Update", "2026-03-30T20:00", **counts(216000, 40, 400)),
        reported("Stop", "2026-03-31T08:00", **counts(259200, 50, 500)),
    ]
    chance = random.Random(order)
    late = chance.sample(before, k=order % 4) if order else []
    for one in before:
        if one not in late:
            post("accounting", one)
    move(world, other, "2026-03-30")
    rest = [*late, *after]
    chance.shuffle(rest)
    for one in rest:
        post("accounting", one)
    assert days_of(zara) == {D(2026, 3, 28): (10, 100), D(2026, 3, 29): (10, 100)}
    assert days_of(other) == {D(2026, 3, 30): (20, 200), D(2026, 3, 31): (10, 100)}
    assert list(check_books()) == []


def test_who_had_an_address_is_by_the_moment_although_the_session_goes_on_under_another_account(world: World) -> None:
    zara, other = world.customer(), world.customer("Other")
    a_nas(world)
    with_access(world, zara)
    report("Start", "2026-03-29T08:00")
    move(world, other, "2026-03-30")
    report("Interim-Update", "2026-03-30T20:00", **counts(129600, 20, 200))
    for when, whose in (("2026-03-29 20:00", zara), ("2026-03-30 11:59", zara), ("2026-03-30 12:00", other)):
        (row,) = look_up_address(world.caller(), address="::ffff:100.64.0.9", at=when, reason="114/11")
        assert row.account is not None
        assert row.account.service.subscription.customer == whose


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_session_that_ended_before_a_change_is_of_who_had_the_service_then(
    world: World, order: tuple[int, int]
) -> None:
    zara, other = world.customer(), world.customer("Other")
    a_nas(world)
    with_access(world, zara)
    move(world, other, "2026-03-30")
    packets = [reported("Start", "2026-03-28T08:00"), reported("Stop", "2026-03-28T09:00", **counts(3600, 1, 2))]
    for place in order:
        post("accounting", packets[place])
    assert owners() == [zara]
    assert list(check_books()) == []


def test_a_session_that_fell_silent_before_a_change_is_of_who_had_the_service_then(world: World) -> None:
    zara, other = world.customer(), world.customer("Other")
    a_nas(world)
    with_access(world, zara)
    report("Start", "2026-03-28T08:00")
    report("Start", "2026-03-28T08:01", Acct_Unique_Session_Id="2" * 32)
    move(world, other, "2026-03-30")
    assert owners() == [other, other]
    assert close_stale(Caller.system("schedule", at=at("2026-03-30T11:00"))) == 2
    assert owners() == [zara, zara]
    report("Interim-Update", "2026-03-30T20:00", **counts(216000, 1, 2))
    assert owners() == [other, zara]
    post("accounting", on(at("2026-03-28T09:00")))
    assert owners() == [other, zara]
    assert list(check_books()) == []


@pytest.mark.books_are_broken_on_purpose
def test_a_session_that_is_somebody_elses_is_found(world: World) -> None:
    zara, other = world.customer(), world.customer("Other")
    with_access(world, zara)
    report("Stop", "2026-03-28T20:00", **counts(3600, 0, 0))
    move(world, other, "2026-03-30")
    assert list(check_books()) == []
    with write_guard.writing():
        AccessSession.objects.update(account=AccessAccount.objects.get(ended_on=None))
    assert [finding.check for finding in check_books()] == ["network.sessions_come_to_what_was_reported"]


@pytest.mark.books_are_broken_on_purpose
def test_a_day_that_is_somebody_elses_is_found(world: World) -> None:
    zara, other = world.customer(), world.customer("Other")
    with_access(world, zara)
    report("Interim-Update", "2026-03-28T20:00", **counts(3600, 10, 100))
    move(world, other, "2026-03-30")
    assert list(check_books()) == []
    with write_guard.writing():
        DayUsage.objects.update(account=AccessAccount.objects.get(ended_on=None))
    assert [finding.check for finding in check_books()] == ["network.sessions_come_to_what_was_reported"]


# ------------------------------------------------------------------ restarts, ids and NASes


def test_a_restart_ends_what_is_not_heard_of_after_it_in_any_order(world: World) -> None:
    report("Start", "2026-03-30T08:00")
    report("Interim-Update", "2026-03-30T09:00", **counts(3600, 1, 2))
    post("accounting", on(at("2026-03-30T08:30")))
    assert AccessSession.objects.get().ended_at is None
    post("accounting", on(at("2026-03-30T09:30")))
    assert AccessSession.objects.get().ended_at == at("2026-03-30T09:30")
    report("Interim-Update", "2026-03-30T10:00", **counts(7200, 3, 4))
    row = AccessSession.objects.get()
    assert (row.ended_at, row.end, row.up, row.down) == (None, "", 3, 4)
    assert list(check_books()) == []


def test_a_restart_of_a_time_to_come_ends_only_what_began_before_it_came(world: World) -> None:
    now = timezone.now().replace(microsecond=0)
    ahead = on(now + dt.timedelta(hours=6))
    report("Start", f"{now - dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%S}")
    post("accounting", ahead)
    first = AccessSession.objects.get()
    assert first.end == "restart"
    assert first.ended_at is not None
    assert first.ended_at < now + dt.timedelta(hours=1)
    report("Start", f"{now + dt.timedelta(hours=1):%Y-%m-%dT%H:%M:%S}", Acct_Unique_Session_Id="2" * 32)
    post("accounting", ahead)
    assert AccessSession.objects.get(key="2" * 32).ended_at is None
    assert NasRestart.objects.count() == 1


def test_a_restart_ends_sessions_by_the_clock_that_they_were_reported_by(world: World) -> None:
    now = timezone.now().replace(microsecond=0)
    # The clock of this NAS is six hours ahead.
    said = [f"{now + dt.timedelta(hours=6, minutes=minute):%Y-%m-%dT%H:%M:%S}" for minute in (-90, -60, -30)]
    report("Start", said[0])
    report("Interim-Update", said[1], **counts(1800, 1, 2))
    report("Start", said[2], Acct_Unique_Session_Id="2" * 32)
    post("accounting", on(now + dt.timedelta(hours=6)))
    assert set(AccessSession.objects.values_list("end", "ended_at")) == {("restart", now + dt.timedelta(hours=6))}
    report("Start", f"{now + dt.timedelta(hours=6, minutes=5):%Y-%m-%dT%H:%M:%S}", Acct_Unique_Session_Id="3" * 32)
    assert AccessSession.objects.get(key="3" * 32).ended_at is None
    assert list(check_books()) == []


@pytest.mark.parametrize("seed", range(8))
def test_an_id_that_is_used_again_is_another_session_in_any_order(world: World, seed: int) -> None:
    packets = [
        reported("Start", "2026-03-30T08:00"),
        reported("Interim-Update", "2026-03-30T08:30", **counts(1800, 100, 1000)),
        reported("Stop", "2026-03-30T09:00", **counts(3600, 200, 2000)),
        reported("Start", "2026-03-30T10:00", Framed_IP_Address="100.64.0.10"),
        reported("Interim-Update", "2026-03-30T10:30", **counts(1800, 5, 50), Framed_IP_Address="100.64.0.10"),
        reported("Stop", "2026-03-30T11:00", **counts(3600, 7, 70), Framed_IP_Address="100.64.0.10"),
        reported("Interim-Update", "2026-03-30T12:30", **counts(1800, 1, 10), Framed_IP_Address="100.64.0.11"),
    ]
    chance = random.Random(seed)
    order = [*packets, *chance.choices(packets, k=4)] if seed else packets
    if seed:
        chance.shuffle(order)
    for one in order:
        assert post("accounting", one).status_code == 204
    rows = AccessSession.objects.order_by("turn")
    assert [(row.turn, row.up, row.down, f"{row.started_at:%H:%M}", row.ended_at and f"{row.ended_at:%H:%M}")
            for row in rows] == [(1, 200, 2000, "08:00", "09:00"), (2, 7, 70, "10:00", "11:00"),
                                 (3, 1, 10, "12:00", None)]  # fmt: skip
    if not seed:
        assert [row.address for row in rows] == ["100.64.0.9", "100.64.0.10", "100.64.0.11"]
    assert SessionReport.objects.count() == len(packets)
    assert list(check_books()) == []


def test_the_next_session_of_an_id_is_described_by_one_packet_of_it(world: World) -> None:
    slow = {"Class": "0x736c6f77"}
    bo = {"User_Name": "bo@isp.example", "Framed_IP_Address": "100.64.0.10"}
    report("Start", "2026-03-30T08:00", **slow)
    report("Interim-Update", "2026-03-30T10:30", **counts(1800, 5, 50), **slow)
    # Of the next session, whose Start is late.
    report("Interim-Update", "2026-03-30T08:30", **counts(1800, 100, 1000), **slow)
    report("Stop", "2026-03-30T09:00", **counts(3600, 200, 2000), **slow)
    key = {"Acct_Unique_Session_Id": "2" * 32}
    report("Start", "2026-03-30T08:00", **key)
    report("Interim-Update", "2026-03-30T10:30", **counts(1800, 5, 50), **bo, **key)
    report("Stop", "2026-03-30T09:00", **counts(3600, 200, 2000), **key)
    key = {"Acct_Unique_Session_Id": "1" * 32}
    report("Start", "2026-03-30T08:00", **key)
    report("Interim-Update", "2026-03-30T08:30", **counts(1800, 5, 50), **key)
    report("Interim-Update", "2026-03-30T10:30", **counts(1800, 5, 50), **bo, **key)
    report("Start", "2026-03-30T10:00", **bo, **slow, **key)
    rows = AccessSession.objects.order_by("-key", "turn")
    ada = ("ada@isp.example", "100.64.0.9")
    assert [(row.key[0], row.turn, row.user_name, row.address, row.slowed) for row in rows] == [
        ("f", 1, *ada, True), ("f", 2, *ada, True),
        # Nobody knows more of it when it is known to be another one.
        ("2", 1, *ada, False), ("2", 2, *ada, False),
        ("1", 1, *ada, False), ("1", 2, "bo@isp.example", "100.64.0.10", True),
    ]  # fmt: skip
    assert list(check_books()) == []


def test_an_old_session_is_forgotten_and_its_id_goes_on_being_used(world: World) -> None:
    report("Start", "2025-01-30T08:00")
    report("Stop", "2025-01-30T09:00", **counts(3600, 200, 2000))
    report("Start", "2026-03-30T10:00")
    report("Interim-Update", "2026-03-30T10:30", **counts(1800, 5, 50))
    assert forget_sessions(Caller.system("schedule", at=at("2026-03-30T11:00"))) == 1
    report("Interim-Update", "2026-03-30T11:00", **counts(3600, 8, 80))
    old, new = AccessSession.objects.order_by("turn")
    assert (old.user_name, old.up, new.user_name, new.up, new.down) == ("", 200, "ada@isp.example", 8, 80)
    assert SessionReport.objects.count() == 3
    assert list(check_books()) == []
    # All of an id can be forgotten, and it is used again.
    assert forget_sessions(Caller.system("schedule", at=at("2027-09-30T11:00"))) == 0
    report("Stop", "2026-03-30T12:00", **counts(7200, 9, 90))
    assert forget_sessions(Caller.system("schedule", at=at("2027-09-30T11:00"))) == 1
    report("Interim-Update", "2026-03-30T11:30", **counts(5400, 9, 85))
    assert AccessSession.objects.count() == 2
    report("Stop", "2026-09-30T12:00", **counts(7200, 3, 30))
    assert list(AccessSession.objects.order_by("turn").values_list("up", flat=True)) == [200, 9, 3]


def test_a_late_report_of_a_forgotten_session_counts_nothing_while_its_id_goes_on(world: World) -> None:
    an_account(world, user_name="ada@isp.example")
    set_network_policy(world.caller(), keep_days=1)
    report("Start", "2026-03-10T08:00")
    report("Interim-Update", "2026-03-10T09:00", **counts(3600, 0, 100))
    report("Start", "2026-03-13T10:00")
    report("Interim-Update", "2026-03-13T10:30", **counts(1800, 0, 5))
    assert forget_sessions(Caller.system("schedule", at=at("2026-03-13T11:00"))) == 1
    report("Stop", "2026-03-10T09:30", **counts(5400, 0, 120))
    for late in (1, 2):
        assert {row.day: row.down for row in DayUsage.objects.all()} == {D(2026, 3, 10): 100, D(2026, 3, 13): 5}
        old, new = AccessSession.objects.order_by("turn")
        assert (old.user_name, old.down, new.started_at, new.down) == ("", 100, at("2026-03-13T10:00"), 5)
        assert list(check_books()) == []
        if late == 1:
            # Worked out anew it is still known what was before.
            report("Interim-Update", "2026-03-13T10:20", **counts(1200, 0, 4))
            report("Interim-Update", "2026-03-10T09:20", **counts(4800, 0, 110))


def test_when_a_session_began_is_by_all_reports_of_it(world: World) -> None:
    report("Interim-Update", "2026-03-30T10:00", **counts(3600, 1, 2))
    report("Interim-Update", "2026-03-30T10:10", **counts(5400, 3, 4))
    assert AccessSession.objects.get().started_at == at("2026-03-30T08:40")
    assert list(check_books()) == []
    report("Start", "2026-03-30T09:00")
    assert AccessSession.objects.get().started_at == at("2026-03-30T09:00")
    report("Interim-Update", "2026-03-30T10:20", **counts(9000, 5, 6))
    assert AccessSession.objects.get().started_at == at("2026-03-30T09:00")
    assert list(check_books()) == []


@pytest.mark.books_are_broken_on_purpose
def test_a_beginning_that_no_report_says_is_found(world: World) -> None:
    report("Start", "2026-03-30T09:00")
    with write_guard.writing():
        AccessSession.objects.update(started_at=at("2026-03-30T08:00"))
    assert [finding.check for finding in check_books()] == ["network.sessions_come_to_what_was_reported"]


def test_a_nas_is_the_same_by_its_address_in_ipv6(world: World) -> None:
    nas = a_nas(world, "::ffff:192.0.2.1")
    assert nas.address == NAS
    packet = reported("Start", "2026-03-30T09:00")
    del packet["NAS-IP-Address"]
    packet["NAS-IPv6-Address"] = {"type": "ipv6addr", "value": ["::ffff:192.0.2.1"]}
    post("accounting", packet)
    row = AccessSession.objects.get()
    assert (row.nas, row.nas_address) == (nas, NAS)
    post("accounting", on(at("2026-03-30T10:00")))
    assert AccessSession.objects.get().end == "restart"


def test_counters_that_cannot_be_are_kept_shown_and_add_up_to_what_the_books_hold(world: World) -> None:
    an_account(world, user_name="ada@isp.example")
    report("Interim-Update", "2026-03-30T09:00", **counts(3600, 5, 50))
    wild = {"Acct_Input_Gigawords": 4294967295, "Acct_Output_Gigawords": 0}
    report("Interim-Update", "2026-03-30T09:10", **{**counts(4200, 5, 60), **wild})
    report("Stop", "2026-03-30T09:20", **counts(4800, 7, 70))
    row = AccessSession.objects.get()
    assert (row.up, row.down, row.aside, SessionReport.objects.count()) == (7, 70, 1, 3)
    assert list(check_books()) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_clock_that_is_put_right_by_hours_counts_nothing_twice_in_any_order(world: World, seed: int) -> None:
    told = [("08:05", 300, 100), ("09:10", 600, 200), ("08:15", 900, 300), ("05:20", 1200, 400), ("08:25", 1500, 500)]
    if seed:
        random.Random(seed).shuffle(told)
    for when, seconds, down in told:
        report("Interim-Update", f"2026-03-30T{when}", **counts(seconds, 0, down))
    assert AccessSession.objects.get().down == 500
    assert list(check_books()) == []


# ------------------------------------------------------------------ histories by chance


@pytest.mark.parametrize("seed", range(16))
def test_a_history_comes_to_what_each_customer_used_on_each_day(world: World, seed: int) -> None:
    chance = random.Random(seed)
    zone = timezone.get_default_timezone()
    people = [world.customer(), world.customer("Second"), world.customer("Third")]
    with_access(world, people[0])
    history = a_history(chance, zone)
    told: list[dict[str, object]] = [packet(name, row) for name, rows in history.reports.items() for row in rows]
    told += [on(when) for when in history.restarts]
    told += chance.choices(told, k=6)
    if seed % 4:
        chance.shuffle(told)
    changes = sorted(chance.sample(range(1, 8), k=2))
    cuts = sorted(chance.sample(range(len(told) + 1), k=2))
    dates = [FROM.date() + dt.timedelta(days=number) for number in changes]
    for place, one in enumerate([*told, None]):
        for number, cut in enumerate(cuts):
            if cut == place:
                move(world, people[number + 1], dates[number].isoformat())
        if one is not None:
            assert post("accounting", one).status_code == 204
    want: dict[int, Days] = defaultdict(dict)
    for day, used in history.days.items():
        want[sum(day >= date for date in dates)][day] = used
    for number, customer in enumerate(people):
        found = {day: used for day, used in days_of(customer).items() if used != (0, 0)}
        assert found == want[number], f"customer {number}"
    moments = list(AccessAccount.objects.exclude(taken_at=None).order_by("taken_at").values_list("taken_at", flat=True))
    for silent in (False, True):
        if silent:
            close_stale(Caller.system("schedule", at=at("2026-06-01T00:00")))
        ended = list(AccessSession.objects.order_by("-key", "turn").values_list("ended_at", flat=True))
        want_owners = [people[sum(when >= one for one in moments) if when else 2] for when in ended]
        assert owners() == want_owners
        assert list(check_books()) == []
