"""The served web process killed while a person opens, approves and issues a run: the totals of an undisturbed one."""

from __future__ import annotations

import http.client
import logging
import multiprocessing
import os
import random
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connections
from django.db.backends.signals import connection_created
from django.test import Client
from django.utils import timezone

from counterfoil.billing.models import BillRun, BillRunItem
from counterfoil.platform.jobs import run as run_job
from counterfoil.platform.models import Job
from counterfoil.site.management.commands.serve import Server
from counterfoil.site.setup import set_up
from counterfoil.site.tests.test_killed_runs import CUSTOMERS, proven
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.kills]
PROCESSES = multiprocessing.get_context("fork")
# How often each of a person's requests is answered by a process that dies at it.
KILLS = 12
# The death that comes when all is done and the answer is not sent yet.
UNANSWERED = -1


class Served(Server):
    """The web server as it is served, whose one process dies at its so-many-th statement when it is told to."""

    def __init__(self, port: int, left: Any) -> None:
        self.left = left
        super().__init__({"bind": f"127.0.0.1:{port}", "workers": 1, "threads": 2, "worker_class": "gthread",
                          "loglevel": "critical", "graceful_timeout": 1})  # fmt: skip

    def load(self) -> Any:
        connection_created.connect(self._watch, weak=False)
        application = super().load()

        def answer(environ: Any, start: Any) -> Any:
            response = application(environ, start)
            if self.left.value == UNANSWERED:
                self._die()
            return response

        return answer

    def _watch(self, connection: Any, **more: Any) -> None:
        def count(execute: Callable[..., Any], *args: Any) -> Any:
            if self.left.value > 0:
                self.left.value -= 1
                if not self.left.value:
                    self._die()
            return execute(*args)

        connection.execute_wrappers.append(count)

    def _die(self) -> None:
        self.left.value = 0
        os.kill(os.getpid(), signal.SIGKILL)


def serve(port: int, left: Any) -> None:
    # Quiet: gunicorn says of each dead process that it died.
    logging.disable(logging.CRITICAL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    Served(port, left).run()


class Person:
    """Somebody at a browser: what is not answered they send again, as it was."""

    def __init__(self, port: int, left: Any, cookies: dict[str, str], seed: int) -> None:
        self.port, self.left, self.cookies = port, left, cookies
        self.points = random.Random(seed)
        self.killed = 0

    def once(self, method: str, path: str, fields: list[tuple[str, str]]) -> tuple[int, str, str]:
        """Status, address to go on to, and text of an answer; `OSError` or an HTTP error when there was none."""
        browser = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            body = urlencode(fields) if method == "POST" else None
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            browser.request(method, path, body, headers)
            answer = browser.getresponse()
            text = answer.read().decode()
            for header in answer.headers.get_all("Set-Cookie", []):
                name, _, value = header.partition(";")[0].partition("=")
                self.cookies[name] = value
            return answer.status, answer.headers.get("Location", ""), text
        finally:
            browser.close()

    def asks(
        self, method: str, path: str, *fields: tuple[str, str], between: Callable[[], None] | None = None
    ) -> tuple[int, str, str]:
        """The answer in the end, after the process died at it so many times, each at another point.

        `between` is what goes on beside it, each time.
        """
        for _ in range(KILLS):
            self.left.value = self.points.choice([UNANSWERED, *range(1, 14)])
            try:
                self.once(method, path, list(fields))
            except (OSError, http.client.HTTPException):
                # It ended without an answer; the next process is there in a moment.
                self.killed += self.left.value == 0
            if between is not None:
                between()
        self.left.value = 0
        return self.answered(method, path, list(fields))

    def answered(self, method: str, path: str, fields: list[tuple[str, str]]) -> tuple[int, str, str]:
        end = time.monotonic() + 60
        while True:
            try:
                return self.once(method, path, fields)
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < end, "The web server did not come back."


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    world = World()
    world.today = timezone.localdate()
    fibre, line = world.package("Fibre 100", "599"), world.package("Line", "99.95", kind="voice")
    for n in range(CUSTOMERS):
        world.subscribe(world.customer(f"Customer {n}"), fibre, *([line] if n % 3 else []))
    return world


@pytest.fixture
def person(world: World) -> Iterator[Person]:
    add_user(world.caller(), email="ann@x.example", name="Ann", role="administrator", password="correct horse battery")
    client = Client()
    client.force_login(User.objects.get(email="ann@x.example"))
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    left = PROCESSES.Value("i", 0, lock=False)
    connections.close_all()
    server = PROCESSES.Process(target=serve, args=(port, left))
    server.start()
    try:
        ann = Person(port, left, cookies, seed=11)
        ann.answered("GET", "/bill-runs/", [])
        yield ann
    finally:
        server.terminate()
        server.join()


def worker() -> None:
    """What the background does, once."""
    for job in Job.objects.exclude(state__in=("done", "failed", "cancelled")).order_by("pk"):
        run_job(job.pk)


def hidden(page: str, name: str) -> tuple[str, str]:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, f"The page has no {name}."
    return name, found[1]


def test_a_run_opened_approved_and_issued_over_a_dying_web_process(world: World, person: Person) -> None:
    day = world.today.isoformat()
    _, _, page = person.asks("GET", "/bill-runs/new/")
    token, key = hidden(page, "csrfmiddlewaretoken"), hidden(page, "key")
    form = (("bill_to", day), ("on", day), ("group", ""), ("frequency", ""), ("then", ""))
    status, address, _ = person.asks("POST", "/bill-runs/new/", token, key, *form)
    run = BillRun.objects.get()
    assert (status, address) == (302, f"/bill-runs/{run.pk}/")
    worker()
    _, _, page = person.asks("GET", address)
    assert f"{CUSTOMERS} on hold" in page
    held = [("item", str(pk)) for pk in run.items.values_list("pk", flat=True)]
    person.asks("POST", f"{address}review/", token, ("verdict", "approve"), *held)
    assert set(BillRunItem.objects.values_list("state", flat=True)) == {"ready"}
    # What it began before it died is worked on while it is asked again.
    person.asks("POST", f"{address}issue/", token, between=worker)
    worker()
    _, _, page = person.asks("GET", address)
    assert "Issued" in page
    # Some of the points lie behind the last statement of a request: it was answered.
    assert person.killed >= 40
    run.refresh_from_db()
    assert run.state == "issued"
    proven(run)
