"""A worker's queues do not wait for each other: a mail server that says nothing holds up the mail, and nothing else."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_tasks_db.management.commands import db_worker
from django_tasks_db.models import DBTaskResult

from counterfoil.messaging.operations import queue_message
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import start_job
from counterfoil.platform.reactions import react
from counterfoil.site.background import EVERYTHING, THREADS, Lane
from counterfoil.testing.world import World

MESSAGES = 30


def queue(world: World, messages: int) -> None:
    """Messages that should have left by now, and after them somebody's export."""
    long_ago = Caller.system("shell", at=timezone.now() - dt.timedelta(minutes=1))
    customer = world.customer()
    for _ in range(messages):
        queue_message(
            long_ago, customer=customer, kind="note", subject="Hello", body_text="Hello", body_html="",
            addresses=["zara@zara.example"],
        )  # fmt: skip
    arguments = {"path": "/customers/", "query": "", "form": "csv"}
    start_job(Caller.system("desk"), kind="export", title="Customers", arguments=arguments)


def prepare() -> None:
    """In a process and a database of their own (`counterfoil.site.tests.test_lanes:prepare`)."""
    queue(World(), MESSAGES)
    connection.close()  # so that everything is in the one file


@pytest.mark.parametrize(
    ("lane", "done"),
    [("mail", {"send_due_messages"}), ("jobs", {"run_job"}), ("", {"react"}),
     (EVERYTHING, {"send_due_messages", "run_job", "react"})],
)  # fmt: skip
def test_each_lane_takes_its_own_queue_and_every_task_has_a_lane(
    world: World, monkeypatch: Any, lane: str, done: set[str]
) -> None:
    # The worker lets go of idle connections; this one holds the test's transaction.
    monkeypatch.setattr(db_worker, "close_old_connections", lambda: None)
    queue(world, 1)
    world.invoice(world.customer(), "10.00")
    # What is sent, exported or followed here is not the point.
    monkeypatch.setattr("counterfoil.messaging.sending.send_due", lambda caller: 0)
    monkeypatch.setattr("counterfoil.platform.jobs.run", lambda job_id: None)
    react.enqueue(operation_id="0" * 32, kind="nothing.happened")
    Lane(lane, threading.Event(), 0).run()
    ran = {row.task_path.rpartition(".")[2] for row in DBTaskResult.objects.filter(status="SUCCESSFUL")}
    assert ran == done
    assert set(DBTaskResult.objects.values_list("queue_name", flat=True)) <= {"default", *THREADS}


class Silent:
    """A mail server that takes connections and never says a word."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self._listening.getsockname()[1]
        self.met = threading.Event()
        self.since = 0.0
        self._held: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._held.append(self._listening.accept()[0])
                self.since = self.since or time.time()
                self.met.set()

    def stop(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)
        for held in (*self._held, self._listening):
            held.close()


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    server.stop()


Ask = Callable[[str], Any]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which mail and an export wait."""
    database = tmp_path_factory.mktemp("lanes") / "prepared.sqlite3"
    there = _at(database)
    subprocess.run([sys.executable, "-m", "counterfoil", "migrate"], env=there, check=True, capture_output=True)
    begin = "import django; django.setup(); from counterfoil.site.tests.test_lanes import prepare; prepare()"
    subprocess.run([sys.executable, "-c", begin], env=there, check=True)
    return database


def _at(database: Path) -> dict[str, str]:
    return {
        **os.environ, "DATABASE_URL": f"sqlite:///{database}", "COUNTERFOIL_DATA_DIR": str(database.parent),
        "DJANGO_SETTINGS_MODULE": "counterfoil.site.settings",
    }  # fmt: skip


@pytest.fixture
def at_work(silent: Silent, prepared: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Ask]]:
    """A worker beside that mail server, on a database of its own."""
    database = tmp_path / "lanes.sqlite3"
    shutil.copy(prepared, database)
    there = {**_at(database), "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(silent.port)}
    worker = subprocess.Popen([sys.executable, "-m", "counterfoil", "worker"], env=there, stderr=subprocess.PIPE)

    def ask(sql: str) -> Any:
        with contextlib.closing(sqlite3.connect(database, timeout=10)) as asked:
            return asked.execute(sql).fetchone()[0]

    yield worker, ask
    if worker.poll() is None:
        worker.kill()
        worker.wait()
    assert worker.stderr is not None
    worker.stderr.close()


def until(worker: subprocess.Popen[bytes], happened: Callable[[], Any], seconds: float) -> Any:
    """What happened, within so many seconds, while the worker runs."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := happened():
            return found
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=0.05)
            raise AssertionError("The worker stopped.")
    raise AssertionError(f"It did not happen within {seconds} s.")


@pytest.mark.own_database
@pytest.mark.long
def test_an_export_starts_at_once_whatever_the_mail_does(
    silent: Silent, at_work: tuple[subprocess.Popen[bytes], Ask]
) -> None:
    worker, ask = at_work
    until(worker, silent.met.is_set, 30)
    until(worker, lambda: ask("SELECT COUNT(*) FROM platform_job WHERE state = 'done'"), 5)
    started = dt.datetime.fromisoformat(ask("SELECT started_at FROM platform_job")).replace(tzinfo=dt.UTC)
    assert started.timestamp() - silent.since < 2
    # The mail still waits, and writing is nobody's privilege.
    assert ask("SELECT COUNT(*) FROM messaging_delivery WHERE state IN ('queued', 'sending')") == MESSAGES
    assert 1 <= ask("SELECT COUNT(*) FROM messaging_delivery WHERE state = 'sending'") <= 2
    with contextlib.closing(sqlite3.connect(ask("SELECT file FROM pragma_database_list"), timeout=0.5)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=20) == 0


@pytest.mark.own_database
def test_a_worker_told_to_stop_stops(silent: Silent, at_work: tuple[subprocess.Popen[bytes], Ask]) -> None:
    worker, _ = at_work
    until(worker, silent.met.is_set, 30)
    # A signal that comes while the one before it still waits to be handled is not counted, so more than two are sent.
    for _ in range(30):
        worker.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=0.3)
            break
    # While Python leaves it no longer handles signals: one more then ends it by itself.
    assert worker.wait(timeout=5) in {1, -signal.SIGTERM}, "Told again, it does not wait for the mail server."


def test_what_breaks_a_lane_is_told(monkeypatch: Any) -> None:
    lane = Lane("mail", threading.Event(), 0)
    monkeypatch.setattr(lane, "_anything_waits", lambda: 1 / 0)
    lane.work()
    assert isinstance(lane.broke, ZeroDivisionError)
    assert lane.stop.is_set()
