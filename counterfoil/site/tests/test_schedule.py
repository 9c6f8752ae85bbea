"""The clock and the worker: run twice, they do no harm."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.operations import queue_message
from counterfoil.messaging.tasks import send_due_messages
from counterfoil.platform.callers import Caller
from counterfoil.site import schedule
from counterfoil.site.background import Worker
from counterfoil.testing.world import World
from counterfoil.trail.models import Event, Seal


def queue(world: World) -> None:
    queue_message(
        Caller.system("shell", at=timezone.now() - dt.timedelta(minutes=1)), customer=world.customer(), kind="note",
        subject="Hello", body_text="Hello", body_html="", addresses=["zara@zara.example"],
    )  # fmt: skip


def test_ticking_twice_sends_once_and_seals_everything(world: World, settings: Any) -> None:
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.messaging.interfaces.FakeChannel"}
    FakeChannel.sent.clear()
    queue(world)

    # The clock wakes whoever sends and waits for no mail server itself.
    assert schedule.tick()["Send what is due"] == 1
    assert FakeChannel.sent == []
    for _ in range(2):
        send_due_messages.func()
    done = schedule.tick()
    assert (done["Send what is due"], done["Seal the trail"]) == (0, 1)
    assert set(schedule.tick().values()) == {0}

    assert [message.to for message in FakeChannel.sent] == ["zara@zara.example"]
    assert sum(Seal.objects.values_list("events", flat=True)) == Event.objects.count()


def test_the_worker_sends_what_waits_and_its_rows_go_after_a_week(
    world: World, settings: Any, monkeypatch: Any
) -> None:
    # The worker lets go of idle connections; this one holds the test's transaction.
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.messaging.interfaces.FakeChannel"}
    FakeChannel.sent.clear()
    queue(world)

    Worker(clock=False, once=True, interval=0).run()

    assert Delivery.objects.get().state == "sent"
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"
    DBTaskResult.objects.update(finished_at=timezone.now() - dt.timedelta(days=8))
    call_command("tick", verbosity=0)
    assert not DBTaskResult.objects.exists()


def test_one_failing_entry_does_not_stop_the_others(world: World, monkeypatch: Any) -> None:
    def broken(caller: Caller) -> int:
        raise RuntimeError("broken")

    monkeypatch.setattr(schedule, "SCHEDULE", [("Broken", broken), *schedule.SCHEDULE])
    done = schedule.tick()
    assert done["Broken"] is None
    assert done["Seal the trail"] == Event.objects.count() > 0
    with pytest.raises(SystemExit) as ended:
        call_command("tick")
    assert ended.value.code == 1


def test_without_a_mail_server_messages_become_files(world: World, settings: Any, tmp_path: Any) -> None:
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.outbox.connector.OutboxChannel"}
    settings.DATA_DIR = tmp_path
    queue(world)
    send_due_messages.func()
    [file] = (tmp_path / "outbox").iterdir()
    assert b"To: zara@zara.example" in file.read_bytes()
    assert Delivery.objects.get().result.startswith("Written to the outbox folder")
