"""Bill runs with several workers, killed in the middle: the same totals, no gap in the numbers, nobody twice."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import signal
from typing import Any

import pytest
from django.db import connection, connections

from counterfoil.billing.models import BillRun, Charge, Invoice
from counterfoil.billing.operations import begin_issuing, open_bill_run, review_items
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.run_queries import run_figures
from counterfoil.customers.models import Customer
from counterfoil.platform.checks import check_books
from counterfoil.platform.models import NumberSequence
from counterfoil.platform.tests.test_races import at_once
from counterfoil.site.setup import set_up
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.kills]
CUSTOMERS = 40
KILLS = 30


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    world = World()
    world.today = dt.date(2026, 3, 1)
    fibre, line = world.package("Fibre 100", "599"), world.package("Line", "99.95", kind="voice")
    for n in range(CUSTOMERS):
        world.subscribe(world.customer(f"Customer {n}"), fibre, *([line] if n % 3 else []))
    return world


def ready(world: World) -> BillRun:
    run = open_bill_run(world.caller(), bill_to=world.today)
    while preview_chunk(world.system(), run=run, catalogue=catalogue_of(run)):
        pass
    finish_preview(world.system(), run=run)
    review_items(world.caller(), run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
    begin_issuing(world.caller(), run=run)
    return run


def work(world: World, run: BillRun, limit: int) -> None:
    catalogue = catalogue_of(run)
    while issue_chunk(world.system(), run=run, catalogue=catalogue, limit=limit):
        pass


def dies(world: World, run_id: int, statement: int) -> None:
    """A worker whose process is killed at its so-many-th statement, if it gets there."""
    left = [statement]

    def count(execute: Any, *args: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    with connection.execute_wrapper(count):
        work(world, BillRun.objects.get(pk=run_id), 3)
    os._exit(0)


def proven(run: BillRun) -> None:
    lines = CUSTOMERS - len(range(0, CUSTOMERS, 3))
    total = CUSTOMERS * 59900 + lines * 9995
    assert run_figures(run).states == {"billed": (CUSTOMERS, total)}
    assert sorted(Invoice.objects.values_list("sequence_no", flat=True)) == list(range(1, CUSTOMERS + 1))
    assert NumberSequence.objects.get(key="invoice").last == CUSTOMERS
    assert Charge.objects.count() == CUSTOMERS + lines
    assert sum(Invoice.objects.values_list("total_minor", flat=True)) == total
    assert not Customer.objects.exclude(pk__in=Invoice.objects.values("customer")).exists()
    assert check_books() == []


def test_workers_killed_at_thirty_points_leave_no_trace(world: World) -> None:
    run, points = ready(world), random.Random(4)
    processes = multiprocessing.get_context("fork")
    killed = 0
    connections.close_all()
    for _ in range(KILLS):
        worker = processes.Process(target=dies, args=(world, run.pk, points.randrange(1, 45)))
        worker.start()
        worker.join()
        killed += worker.exitcode == -signal.SIGKILL
    assert killed == KILLS
    assert Invoice.objects.count() < CUSTOMERS
    assert check_books() == []
    work(world, run, 7)
    assert finish_issuing(world.system(), run=run).state == "issued"
    proven(run)


def test_several_workers_bill_each_customer_once(world: World) -> None:
    run = ready(world)
    at_once(*[lambda: work(world, run, 3)] * 4)
    finish_issuing(world.system(), run=run)
    proven(run)


def test_two_runs_at_once_bill_each_customer_once(world: World) -> None:
    one, two = ready(world), ready(world)
    at_once(lambda: work(world, one, 3), lambda: work(world, two, 3), lambda: work(world, one, 5))
    billed = [run_figures(run).states.get("billed", (0, 0))[0] for run in (one, two)]
    assert sum(billed) == CUSTOMERS == Invoice.objects.count()
    assert check_books() == []
