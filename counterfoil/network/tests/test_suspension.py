"""Suspension cuts off: the walled garden, an end to open sessions by a NAS that answers, refuses or is silent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.network import queries
from counterfoil.network.models import AccessAccount, AccessSession, Disconnect
from counterfoil.network.operations import close_stale, disconnect_session, set_network_policy
from counterfoil.network.provisioner import RadiusProvisioner
from counterfoil.network.tasks import ask_due, end_strays, wake_nases
from counterfoil.network.tests.helpers import SECRET, a_nas, an_account, ask, counts, report
from counterfoil.platform.callers import Caller, System
from counterfoil.suspension.interfaces import Done, Failed, Line
from counterfoil.suspension.models import Command
from counterfoil.suspension.operations import choose_network, reconsider, suspend_now, take_all_steps
from counterfoil.suspension.tasks import tell_due
from counterfoil.suspension.tests.helpers import runs
from counterfoil.testing import nas as test_nas
from counterfoil.testing.nas import TestNas
from counterfoil.testing.world import World
from counterfoil.trail.models import Event


@pytest.fixture
def nas(settings: Any) -> Iterator[TestNas]:
    settings.NAS_LINES = {"radius": "counterfoil.connectors.radius.connector.RadiusLine"}
    with test_nas.running(SECRET) as found:
        yield found


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer(owing={"2026-01-31": "500.00"})


@pytest.fixture
def account(world: World, zara: Customer, nas: TestNas) -> AccessAccount:
    """She is on line at the NAS of the test."""
    a_nas(world, address="127.0.0.1", coa_port=nas.port)
    made = an_account(world, zara)
    _reports(made, "Start", "2026-03-31T08:00", "80700001")
    return made


def _reports(account: AccessAccount, kind: str, when: str, session: str, **more: object) -> None:
    assert report(
        kind, when, NAS_IP_Address="127.0.0.1", User_Name=account.user_name, Acct_Session_Id=session,
        Acct_Unique_Session_Id=session.rjust(32, "0"), **more,
    ) == 204  # fmt: skip


def minutes(world: World, after: float) -> System:
    return Caller.system("task", at=world.now + dt.timedelta(minutes=after))


def speed(account: AccessAccount) -> str:
    answer = ask(User_Name=account.user_name, NAS_IP_Address="127.0.0.1")
    return str(answer.json()["reply:Mikrotik-Rate-Limit"]["value"][0])


def line(zara: Customer) -> Line:
    return Line(zara.number, zara.name)


def test_a_suspended_customer_pays_and_has_full_speed_again(
    world: World, zara: Customer, account: AccessAccount, nas: TestNas
) -> None:
    runs(world)
    choose_network(world.caller(), provisioner="radius")
    assert speed(account) == "50000k/100000k"

    suspend_now(world.caller(), customer=zara, reason="Long overdue")
    assert tell_due(minutes(world, 0)) == 1
    assert speed(account) == "1024k/1024k"
    assert nas.asked == ["80700001"]
    told = Command.objects.get()
    assert (told.state, told.said) == ("done", "Walled garden; 1 session ended.")

    # The NAS tells of the end, and she is back in the walled garden.
    _reports(account, "Stop", "2026-03-31T10:01", "80700001", **counts(7260, 5, 6))
    _reports(account, "Start", "2026-03-31T10:02", "80700002", Class="0x77616c6c6564")
    assert RadiusProvisioner().read_back(line(zara)) == "off"

    world.pays(zara, "500.00")
    events = list(Event.objects.filter(kind="receipt.recorded").values_list("pk", flat=True))
    reconsider(minutes(world, 1), events=events)
    assert tell_due(minutes(world, 2)) == 1
    assert speed(account) == "50000k/100000k"
    assert nas.asked == ["80700001", "80700002"]
    assert list(Command.objects.order_by("pk").values_list("wanted", "state")) == [("off", "done"), ("on", "done")]
    assert RadiusProvisioner().read_back(line(zara)) == "on"


def test_a_nas_that_does_not_answer_is_asked_again_and_authorise_is_changed_already(
    world: World, zara: Customer, account: AccessAccount, nas: TestNas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("counterfoil.connectors.radius.connector.SECONDS", 0.1)
    nas.does = "silent"
    said = RadiusProvisioner().cut_off(line(zara))
    assert isinstance(said, Failed)
    assert said.said.startswith("1 session still open. The NAS did not answer.")
    assert speed(account) == "1024k/1024k"
    assert RadiusProvisioner().read_back(line(zara)) == "on"
    nas.does = "ack"
    assert isinstance(RadiusProvisioner().cut_off(line(zara)), Done)
    asked = len(nas.asked)
    assert isinstance(RadiusProvisioner().cut_off(line(zara)), Done)
    assert len(nas.asked) == asked
    assert RadiusProvisioner().read_back(line(zara)) == "off"


def test_a_session_that_is_gone_counts_and_one_that_comes_back_does_not(
    world: World, zara: Customer, account: AccessAccount, nas: TestNas
) -> None:
    nas.does = 503
    assert RadiusProvisioner().cut_off(line(zara)) == Done("Walled garden; 1 session ended.")
    assert RadiusProvisioner().read_back(line(zara)) == "off"
    later = AccessSession.objects.get().cut_at
    assert later is not None
    _reports(
        account, "Interim-Update", f"{later + dt.timedelta(minutes=5):%Y-%m-%dT%H:%M}", "80700001", **counts(9, 1, 1)
    )
    assert RadiusProvisioner().read_back(line(zara)) == "on"


def test_a_nas_that_refuses_says_why(world: World, zara: Customer, account: AccessAccount, nas: TestNas) -> None:
    nas.does = 501
    said = RadiusProvisioner().cut_off(line(zara))
    assert said == Failed("1 session still open. The NAS refused: it is not allowed to.")


def test_an_account_that_is_unknown_cannot_be_switched(world: World) -> None:
    assert RadiusProvisioner().cut_off(Line("X-1", "Nobody")) == Failed("There is no account X-1.")
    assert RadiusProvisioner().read_back(Line("X-1", "Nobody")) is None


def test_a_session_is_ended_by_a_click_and_what_the_nas_said_is_kept(
    world: World, account: AccessAccount, nas: TestNas
) -> None:
    session = AccessSession.objects.get()
    disconnect_session(world.agent, session=session)
    with pytest.raises(Refused) as refused:
        disconnect_session(world.agent, session=session)
    assert refused.value.code == "no_change"
    assert wake_nases(minutes(world, 0)) == 1
    assert ask_due(minutes(world, 0)) == 1
    assert ask_due(minutes(world, 0)) == 0
    row = Disconnect.objects.get()
    assert (row.state, row.said, row.author, nas.asked) == ("done", "The NAS ended it.", "Sipho Dube", ["80700001"])
    assert not queries.still_there(account.service.subscription.customer_id).exists()


def test_a_click_that_is_refused_is_said_too(world: World, account: AccessAccount, nas: TestNas) -> None:
    nas.does = 504
    disconnect_session(world.agent, session=AccessSession.objects.get())
    ask_due(minutes(world, 0))
    row = Disconnect.objects.get()
    assert (row.state, row.said) == ("failed", "The NAS refused: the session cannot be ended.")
    assert queries.still_there(account.service.subscription.customer_id).exists()


def test_the_clock_alone_does_not_switch(world: World, zara: Customer, account: AccessAccount) -> None:
    take_all_steps(minutes(world, 0))
    assert (speed(account), Command.objects.count()) == ("50000k/100000k", 0)


def test_who_is_suspended_is_let_in_nowhere_where_no_walled_garden_is_set_up(
    world: World, zara: Customer, account: AccessAccount
) -> None:
    RadiusProvisioner().cut_off(line(zara))
    assert speed(account) == "1024k/1024k"
    set_network_policy(world.caller(), realm="isp.example")
    refused = ask(User_Name=account.user_name, NAS_IP_Address="127.0.0.1")
    assert "reply:Mikrotik-Rate-Limit" not in refused.json()
    assert "no walled garden is set up" in refused.content.decode()
    RadiusProvisioner().restore(line(zara))
    assert speed(account) != "1024k/1024k"


def test_a_session_that_was_silent_while_it_was_cut_off_is_ended_when_it_is_heard_of(
    world: World, zara: Customer, account: AccessAccount, nas: TestNas
) -> None:
    assert close_stale(minutes(world, 0)) == 1
    assert RadiusProvisioner().cut_off(line(zara)) == Done("Walled garden from the next sign-in.")
    _reports(account, "Interim-Update", "2026-03-31T09:59", "80700001", **counts(7140, 1, 1))
    session = AccessSession.objects.get()
    assert (session.ended_at, session.walled) == (None, False)
    assert end_strays(minutes(world, 1)) == 1
    assert end_strays(minutes(world, 2)) == 0, "it is being asked for"
    ask_due(minutes(world, 2))
    assert Disconnect.objects.get().state == "done"
    assert end_strays(minutes(world, 60)) == 0, "what is gone is not asked for"
    # It comes back in full all the same: the next minute asks again.
    _reports(account, "Interim-Update", "2026-03-31T10:40", "80700001", **counts(9600, 2, 2))
    assert end_strays(minutes(world, 61)) == 1


def test_a_nas_that_ends_nothing_is_not_asked_every_minute(
    world: World, zara: Customer, account: AccessAccount, nas: TestNas
) -> None:
    nas.does = 501
    RadiusProvisioner().cut_off(line(zara))
    asked = 0
    for minute in range(1, 600):
        if end_strays(minutes(world, minute)):
            asked += 1
            ask_due(minutes(world, minute))
    assert 6 <= asked <= 8


def test_who_is_served_in_full_again_does_not_stay_in_the_walled_garden(
    world: World, zara: Customer, account: AccessAccount, nas: TestNas
) -> None:
    nas.does = 501
    RadiusProvisioner().cut_off(line(zara))
    _reports(account, "Start", "2026-03-31T09:55", "80700002", Class="0x77616c6c6564")
    RadiusProvisioner().restore(line(zara))
    held = AccessSession.objects.get(session="80700002")
    assert (held.walled, held.ended_at) == (True, None)
    assert held in queries.strays(world.now)
