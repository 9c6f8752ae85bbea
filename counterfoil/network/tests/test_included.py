"""What a package includes of data: told at parts of it, slower or closed when it is used, and all again next period."""

from __future__ import annotations

import datetime as dt

import pytest

from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.network import queries, rules
from counterfoil.network.models import AccessAccount, AccessSession, DataMark, Disconnect, IncludedData
from counterfoil.network.operations import set_included_data
from counterfoil.network.tasks import end_strays, watch_data
from counterfoil.network.tests.helpers import a_nas, an_account, ask, at, counts, post, report, reported
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.checks import check_books
from counterfoil.subscriptions.operations import change_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World
from counterfoil.trail.models import Event

GB = rules.GIGABYTE
SLOW = {"beyond": "slower", "down_kbit": 2000, "up_kbit": 1000}


def clock(text: str) -> System:
    return Caller.system("schedule", at=at(text))


@pytest.fixture
def zara(world: World) -> Customer:
    """A customer with a package of 100/50 Mbit/s since the first of March, who is on line since the 30th."""
    a_nas(world)
    made = world.customer(emails=["zara@example.com"])
    with world.on("2026-03-01"):
        an_account(world, made, user_name="ada@isp.example")
    report("Start", "2026-03-30T08:00")
    return made


def limit(world: World, gigabytes: int = 100, **more: object) -> IncludedData:
    product = AccessAccount.objects.get().service.product
    return set_included_data(world.caller(), product=product, gigabytes=gigabytes, **more)


def use(when: str, gigabytes: float, seconds: int = 3600, **more: object) -> None:
    report("Interim-Update", when, **counts(seconds, 0, int(gigabytes * GB)), **more)


def told() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("pk").values_list("kind", "subject"))


def test_parts_that_are_reached(world: World) -> None:
    assert rules.percents(" 100, 80%,80 ") == [80, 100]
    assert rules.percents("") == []
    assert [rules.percents(text) for text in ("80;100", "0", "1001", "ninety", "-5", "8.5")] == [None] * 6
    assert rules.reached(79, 100, [80, 100]) == []
    assert rules.reached(80, 100, [80, 100]) == [80]
    assert rules.reached(200, 100, [80, 150]) == [80, 100, 150]
    assert rules.reached(5, 0, [80]) == []


def test_the_customer_is_told_once_at_each_part_and_again_in_the_next_period(world: World, zara: Customer) -> None:
    limit(world, **SLOW)
    use("2026-03-30T09:00", 79.9)
    assert watch_data(clock("2026-03-30T09:01")) == 0
    use("2026-03-30T10:00", 82, 7200)
    assert watch_data(clock("2026-03-30T10:01")) == 1
    assert watch_data(clock("2026-03-30T10:02")) == 0
    assert told() == [("data_warning", "Fibre 100 has used 82.0 GB of 100 GB")]
    body = Message.objects.get().body_text
    assert "until 31 March 2026" in body
    assert "the line goes on at 2/1 Mbit/s" in body
    use("2026-03-30T11:00", 100, 10800)
    assert watch_data(clock("2026-03-30T11:01")) == 1
    assert watch_data(clock("2026-03-30T11:02")) == 0
    assert told()[1:] == [("data_used_up", "Fibre 100 has used all of its 100 GB")]
    kinds = Event.objects.filter(kind="data.used", customer_id=zara.pk).order_by("pk")
    assert [event.data["percent"] for event in kinds] == [80, 100]
    # In April it is 82 GB again, of a period of its own.
    use("2026-04-01T12:00", 182, 187200)
    assert watch_data(clock("2026-04-01T12:01")) == 1
    assert len(told()) == 3
    assert list(DataMark.objects.order_by("pk").values_list("period_from", "percent")) == [
        (dt.date(2026, 3, 1), 80), (dt.date(2026, 3, 1), 100), (dt.date(2026, 4, 1), 80)
    ]  # fmt: skip


def test_who_used_it_all_is_slower_until_the_period_is_over(world: World, zara: Customer) -> None:
    limit(world, **SLOW)
    use("2026-03-30T09:00", 99)
    full = ask(User_Name="ada@isp.example").json()
    assert full["reply:Mikrotik-Rate-Limit"]["value"] == ["50000k/100000k"]
    use("2026-03-30T10:00", 100, 7200)
    slow = ask(User_Name="ada@isp.example")
    # Authorise is asked of today, which is after March.
    assert slow.json()["reply:Class"]["value"] == ["full"]
    verdict = queries.authorise({"User-Name": "ada@isp.example", "NAS-IP-Address": "192.0.2.1"}, dt.date(2026, 3, 31))
    assert verdict.told is not None
    assert verdict.told["reply:Mikrotik-Rate-Limit"]["value"] == ["1000k/2000k"]
    assert verdict.told["reply:Class"]["value"] == ["slow"]
    # The open session is asked to end, so that it comes back slower, and is then left alone.
    watch_data(clock("2026-03-30T10:01"))
    assert end_strays(clock("2026-03-30T10:01")) == 1
    assert Disconnect.objects.get().row == AccessSession.objects.get()
    report("Stop", "2026-03-30T10:02", **counts(7320, 0, 100 * GB))
    report("Start", "2026-03-30T10:03", Acct_Unique_Session_Id="2" * 32, Class="0x736c6f77")
    again = AccessSession.objects.get(key="2" * 32)
    assert again.slowed
    assert end_strays(clock("2026-03-30T10:04")) == 0
    # More is included now: full speed comes back at once, and so it would with the next period.
    limit(world, 200, **SLOW)
    assert end_strays(clock("2026-03-30T10:05")) == 1


def test_the_next_period_brings_the_speed_back(world: World, zara: Customer) -> None:
    limit(world, **SLOW)
    report("Start", "2026-03-30T10:03", Acct_Unique_Session_Id="2" * 32, Class="0x736c6f77")
    use("2026-03-30T11:00", 101, 3420, Acct_Unique_Session_Id="2" * 32)
    watch_data(clock("2026-03-30T11:01"))
    wrong = queries.strays(at("2026-03-31T11:01"))
    assert [row.key for row in wrong] == ["f" * 32]
    wrong = queries.strays(at("2026-03-31T22:01"))
    assert [row.key for row in wrong] == ["2" * 32]


def test_who_used_it_all_is_let_in_no_more_where_the_operator_says_so(world: World, zara: Customer) -> None:
    limit(world, 10, beyond="stop", warns_at="")
    use("2026-03-30T09:00", 10)
    sent = {"User-Name": "ada@isp.example", "NAS-IP-Address": "192.0.2.1"}
    assert queries.authorise(sent, dt.date(2026, 3, 31)).why == "The data of this billing period is used."
    assert queries.authorise(sent, dt.date(2026, 4, 1)).told is not None
    watch_data(clock("2026-03-30T09:01"))
    assert told() == []
    assert end_strays(clock("2026-03-30T09:01")) == 1


def test_the_figure_is_said_to_staff_and_customer_alike(world: World, zara: Customer) -> None:
    limit(world, **SLOW)
    use("2026-03-30T09:00", 62)
    (state,) = queries.data_of(zara, dt.date(2026, 3, 31))
    assert (state.words, state.badge) == ("62.0 GB of 100 GB, until 31 Mar", ("62 % used", "ok"))
    use("2026-03-30T10:00", 100, 7200)
    (state,) = queries.data_of(zara, dt.date(2026, 3, 31))
    assert state.badge == ("Used up: 2/1 Mbit/s", "warn")
    assert [one.used for one in queries.data_of(zara, dt.date(2026, 4, 1))] == [0]


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"gigabytes": -1}, "gigabytes"),
    ({"gigabytes": 2_000_000}, "gigabytes"),
    ({"warns_at": "80 and 100"}, "warns_at"),
    ({"warns_at": "100, 150"}, "warns_at"),
    ({"beyond": "slower"}, "down_kbit"),
    ({"beyond": "slower", "down_kbit": 2000}, "up_kbit"),
    ({"beyond": "faster"}, "beyond"),
]


@pytest.mark.parametrize(("more", "field"), REFUSED)
def test_what_cannot_be_is_refused(world: World, zara: Customer, more: dict[str, object], field: str) -> None:
    with pytest.raises(Refused) as refused:
        limit(world, **{"gigabytes": 100, **more})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not IncludedData.objects.exists()


def test_without_a_limit_nothing_is_watched(world: World, zara: Customer) -> None:
    use("2026-03-30T09:00", 5000)
    assert (watch_data(clock("2026-03-30T09:01")), end_strays(clock("2026-03-30T09:01"))) == (0, 0)
    assert queries.data_of(zara, dt.date(2026, 3, 31)) == []
    limit(world, 1)
    limit(world, 0)
    assert queries.data_of(zara, dt.date(2026, 3, 31)) == []
    with pytest.raises(Refused, match="already"):
        limit(world, 0)
    post("accounting", reported("Interim-Update", "2026-03-30T10:00", **counts(7200, 0, 5001 * GB)))
    assert watch_data(clock("2026-03-30T10:01")) == 0
    assert list(check_books()) == []


def test_who_gets_more_in_the_period_is_told_of_that_too_and_of_nothing_twice(world: World, zara: Customer) -> None:
    limit(world, **SLOW)
    use("2026-03-30T09:00", 100)
    assert watch_data(clock("2026-03-30T09:01")) == 1
    limit(world, 200, **SLOW)
    use("2026-03-30T10:00", 200, 7200)
    assert watch_data(clock("2026-03-30T10:01")) == 1
    assert [subject for _, subject in told()] == [
        "Fibre 100 has used all of its 100 GB", "Fibre 100 has used all of its 200 GB"
    ]  # fmt: skip
    # A part that is passed already is noted, and not told.
    limit(world, 200, warns_at="50, 80, 100", **SLOW)
    use("2026-03-30T11:00", 201, 10800)
    watch_data(clock("2026-03-30T11:01"))
    assert len(told()) == 2


def test_what_a_nas_says_late_of_an_earlier_time_is_looked_at(world: World, zara: Customer) -> None:
    limit(world, 10, beyond="stop")
    use("2026-03-30T08:40", 50, 2400)
    assert watch_data(clock("2026-03-30T12:00")) == 1
    assert end_strays(clock("2026-03-30T12:00")) == 1
    # And again only when more is reported.
    assert watch_data(clock("2026-03-30T12:01")) == 0


def test_those_who_are_rightly_slow_hide_nobody_who_is_not(world: World, zara: Customer) -> None:
    limit(world, **SLOW)
    use("2026-03-30T09:00", 100)
    watch_data(clock("2026-03-30T09:01"))
    one = AccessSession.objects.get()
    with write_guard.writing():
        for turn in range(2, 6):
            AccessSession.objects.create(
                key=one.key, turn=turn, account=one.account, nas=one.nas, nas_address=one.nas_address, slowed=turn < 5,
                started_at=one.started_at, last_at=one.last_at,
            )  # fmt: skip
    assert [row.turn for row in queries.strays(at("2026-03-30T09:02"), limit=1)] == [1]
    assert [row.turn for row in queries.strays(at("2026-03-30T09:02"), limit=3)] == [1, 5]


@pytest.mark.parametrize("change", [Change("rest", dt.date(2026, 3, 30)), Change("stop", dt.date(2026, 3, 30))])
def test_a_service_that_rests_or_was_stopped_is_taken_off_the_line(
    world: World, zara: Customer, change: Change
) -> None:
    account = AccessAccount.objects.get()
    assert queries.strays(at("2026-03-30T09:02")) == []
    with world.on("2026-03-30"):
        change_services(world.caller(), services=[account.service], change=change)
    assert [row.account for row in queries.strays(at("2026-03-30T09:02"))] == [account]
