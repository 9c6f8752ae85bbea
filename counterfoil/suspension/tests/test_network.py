"""What the network is told: in order, again when it fails, and never against what is wanted by now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from counterfoil.connectors.recording.connector import RecordingProvisioner
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller, System
from counterfoil.suspension.interfaces import Done, Failed, FakeProvisioner, Line
from counterfoil.suspension.models import Command, Suspension
from counterfoil.suspension.operations import (
    choose_network,
    claim_command,
    pause_suspension,
    record_command,
    reset_suspension,
    suspend_now,
)
from counterfoil.suspension.tasks import tell_due, wake_network
from counterfoil.suspension.tests.helpers import at, runs
from counterfoil.testing.world import World

FAKE = "counterfoil.suspension.interfaces.FakeProvisioner"


@pytest.fixture(autouse=True)
def network(settings: Any) -> Iterator[type[FakeProvisioner]]:
    settings.PROVISIONERS = {"fake": FAKE}
    yield FakeProvisioner
    FakeProvisioner.told.clear()
    FakeProvisioner.answers.clear()
    FakeProvisioner.stuck.clear()


@pytest.fixture
def zara(world: World) -> Customer:
    runs(world)
    choose_network(world.caller(), provisioner="fake")
    return world.customer(owing={"2026-01-31": "500.00"})


def minutes(world: World, after: float) -> System:
    return Caller.system("task", at=at(world.today, 12) + dt.timedelta(minutes=after))


def states() -> list[tuple[str, str, int]]:
    return list(Command.objects.order_by("pk").values_list("wanted", "state", "attempts"))


def off(world: World, zara: Customer) -> Suspension:
    return suspend_now(world.caller(), customer=zara, reason="Long overdue")


def test_off_and_on_are_told_once_each(world: World, zara: Customer, network: type[FakeProvisioner]) -> None:
    row = off(world, zara)
    assert states() == [("off", "waiting", 0)]
    assert tell_due(minutes(world, 0)) == 1
    assert tell_due(minutes(world, 0)) == 0
    assert network.told == [(zara.number, "off")]
    reset_suspension(world.caller(), suspension=row, reason="Paid")
    assert tell_due(minutes(world, 1)) == 1
    assert network.told == [(zara.number, "off"), (zara.number, "on")]
    assert states() == [("off", "done", 1), ("on", "done", 1)]


def test_on_overtakes_an_off_that_was_not_told(world: World, zara: Customer, network: type[FakeProvisioner]) -> None:
    row = off(world, zara)
    reset_suspension(world.caller(), suspension=row, reason="Paid")
    assert states() == [("off", "overtaken", 0), ("on", "waiting", 0)]
    assert tell_due(minutes(world, 0)) == 1
    assert network.told == [(zara.number, "on")]


def test_on_waits_for_an_off_that_is_on_its_way(world: World, zara: Customer, network: type[FakeProvisioner]) -> None:
    row = off(world, zara)
    claimed = claim_command(minutes(world, 0))
    assert claimed is not None
    reset_suspension(world.caller(), suspension=row, reason="Paid")
    # Whoever tells the network has not come back: what comes next may not overtake it there.
    assert tell_due(minutes(world, 1)) == 0
    record_command(minutes(world, 1), command=claimed, said="", done=True)
    assert tell_due(minutes(world, 1)) == 1
    assert states() == [("off", "done", 1), ("on", "done", 1)]


def test_an_off_that_failed_is_not_tried_again_once_on_is_wanted(
    world: World, zara: Customer, network: type[FakeProvisioner]
) -> None:
    row = off(world, zara)
    claimed = claim_command(minutes(world, 0))
    assert claimed is not None
    reset_suspension(world.caller(), suspension=row, reason="Paid")
    record_command(minutes(world, 1), command=claimed, said="No answer", done=False)
    assert states() == [("off", "overtaken", 1), ("on", "waiting", 0)]
    tell_due(minutes(world, 60))
    assert network.told == [(zara.number, "on")]


def test_what_fails_is_tried_again_later_and_later_and_says_why(
    world: World, zara: Customer, network: type[FakeProvisioner]
) -> None:
    off(world, zara)
    network.answers[:] = [Failed("No answer from radius-1")] * 8
    tried = [minute for minute in range(200) if tell_due(minutes(world, minute))]
    assert tried == [0, 1, 3, 8, 23, 53, 113, 173]
    row = Command.objects.get()
    assert (row.state, row.said) == ("waiting", "No answer from radius-1")
    assert tell_due(minutes(world, 233)) == 1
    assert (Command.objects.get().state, network.told) == ("done", [(zara.number, "off")])


def test_what_the_network_shows_is_read_back(world: World, zara: Customer, network: type[FakeProvisioner]) -> None:
    off(world, zara)
    network.stuck[zara.number] = "on"
    tell_due(minutes(world, 0))
    row = Command.objects.get()
    assert (row.state, row.said) == (
        "waiting", "The network took the command, and still shows the service as on.",
    )  # fmt: skip
    network.stuck.clear()
    tell_due(minutes(world, 1))
    assert Command.objects.get().state == "done"


def test_a_worker_that_died_is_followed_by_another(
    world: World, zara: Customer, network: type[FakeProvisioner]
) -> None:
    off(world, zara)
    died = claim_command(minutes(world, 0))
    assert died is not None
    assert tell_due(minutes(world, 4)) == 0
    assert tell_due(minutes(world, 6)) == 1
    # It was only slow: what it has to say comes too late.
    record_command(minutes(world, 7), command=died, said="Too late", done=False)
    assert states() == [("off", "done", 2)]


def test_without_a_network_commands_wait_and_the_last_one_counts(
    world: World, zara: Customer, network: type[FakeProvisioner]
) -> None:
    choose_network(world.caller(), provisioner="")
    row = off(world, zara)
    pause_suspension(world.caller(), suspension=row, days=1)
    assert (tell_due(minutes(world, 0)), wake_network(minutes(world, 0))) == (0, 1)
    choose_network(world.caller(), provisioner="fake")
    assert tell_due(minutes(world, 0)) == 1
    assert network.told == [(zara.number, "on")]
    with pytest.raises(Refused, match="There is no such network"):
        choose_network(world.caller(), provisioner="radius")


def test_an_error_of_the_connector_is_no_answer(
    world: World, zara: Customer, network: type[FakeProvisioner], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: Any, line: Line) -> Any:
        raise OSError("gone")

    monkeypatch.setattr(network, "cut_off", breaks)
    off(world, zara)
    tell_due(minutes(world, 0))
    assert Command.objects.get().said == "The network could not be told: OSError."


def test_what_is_done_never_changes(world: World, zara: Customer) -> None:
    off(world, zara)
    tell_due(minutes(world, 0))
    for change in ({"state": "waiting"}, {"wanted": "on"}):
        with pytest.raises(DatabaseError), transaction.atomic(), write_guard.writing():
            Command.objects.update(**change)


def test_the_recording_keeps_each_account_in_a_file(settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    network, one, other = RecordingProvisioner(), Line("CF-000001", "Zara"), Line("CF/000001", "Yusuf")
    assert network.read_back(one) is None
    assert network.cut_off(one) == Done("Recorded; nothing was switched.")
    network.cut_off(one)
    network.restore(other)
    assert (network.read_back(one), network.read_back(other)) == ("off", "on")
    assert sorted(file.name for file in (tmp_path / "network").iterdir()) == ["CF-000001.txt", "CF_2f_000001.txt"]
    (tmp_path / "network" / "CF-000001.txt").unlink()
    (tmp_path / "network" / "CF-000001.txt").mkdir()
    assert isinstance(network.cut_off(one), Failed)
