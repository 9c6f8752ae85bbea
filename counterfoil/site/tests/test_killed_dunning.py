"""Letters with workers that are killed: everybody is sent one, nobody two, and nothing is charged twice."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import signal
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections

from counterfoil.credit import queries as credit
from counterfoil.credit.operations import (
    LineGiven,
    add_class_currency,
    change_class_amounts,
    change_profile_class,
    save_letter_set,
)
from counterfoil.customers.operations import add_contact
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import Correspondence, DunningRun, HeldLetter
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.messaging.models import Message
from counterfoil.platform.checks import check_books
from counterfoil.platform.tests.test_races import at_once
from counterfoil.receivables.models import OpenItem
from counterfoil.site.setup import set_up
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.kills]
LATE, PROMPT, NOWHERE = 40, 10, 5
KILLS = 30


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    world = World()
    standard, default = credit.letter_sets()[0], credit.default_class()
    save_letter_set(
        world.caller(), name="STANDARD", letter_set=standard, charge_interest=True,
        lines=[LineGiven(credit.letters()[0], 1, None, 14, 2500)],
    )  # fmt: skip
    change_profile_class(world.caller(), profile_class=default, changes={"finance_charges": True})
    amounts = add_class_currency(world.caller(), profile_class=default, currency="ZAR")
    change_class_amounts(world.caller(), amounts=amounts, changes={"interest_percent": Decimal("1.5")})
    for n in range(LATE + PROMPT + NOWHERE):
        kind = "Prompt" if n % 5 == 4 and n < 5 * PROMPT else "Late"
        due = "2026-04-30" if kind == "Prompt" else "2026-02-14"
        customer = world.customer(f"{kind} {n}", {due: "1000.00"})
        if n < LATE + PROMPT:
            add_contact(world.caller(), customer=customer, name=kind, roles=["primary"], emails=[f"c{n}@x.example"])
    return world


def dies(world: World, run_id: int, statement: int) -> None:
    """A worker whose process is killed at its so-many-th statement, if it gets there."""
    left = [statement]

    def count(execute: Any, *args: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    with connection.execute_wrapper(count):
        for _ in work(world.system(), DunningRun.objects.get(pk=run_id), 3):
            pass
    os._exit(0)


def proven(run: DunningRun) -> None:
    run.refresh_from_db()
    assert (run.state, run.skipped) == ("done", {"not_overdue": PROMPT})
    letters = Correspondence.objects.values_list("customer_id", "total_minor", "interest_minor", "fee_minor")
    assert len({pk for pk, *_ in letters}) == len(letters) == LATE
    assert {tuple(rest) for _, *rest in letters} == {(100000, 2250, 2500)}
    assert Message.objects.filter(kind="dunning").count() == LATE
    charged = OpenItem.objects.filter(kind="debit_memo").values_list("amount_minor", flat=True)
    assert (len(charged), sum(charged)) == (2 * LATE, LATE * (2250 + 2500))
    assert HeldLetter.objects.count() == NOWHERE
    assert check_books() == []


@pytest.mark.hostile
def test_workers_killed_at_thirty_points_send_nobody_two(world: World) -> None:
    run, points = start_dunning_run(world.caller(), as_of=dt.date(2026, 3, 31)), random.Random(13)
    processes = multiprocessing.get_context("fork")
    killed = 0
    connections.close_all()
    for _ in range(KILLS):
        worker = processes.Process(target=dies, args=(world, run.pk, points.randrange(1, 90)))
        worker.start()
        worker.join()
        killed += worker.exitcode == -signal.SIGKILL
    assert killed == KILLS
    assert 0 < Correspondence.objects.count() < LATE
    assert check_books() == []
    for _ in work(world.system(), run, 7):
        pass
    proven(run)


def test_several_workers_send_each_customer_one(world: World) -> None:
    run = start_dunning_run(world.caller(), as_of=dt.date(2026, 3, 31))
    at_once(*[lambda: list(work(world.system(), run, 3))] * 4)
    proven(run)


def test_two_runs_of_a_day_send_each_customer_one(world: World) -> None:
    one, two = (start_dunning_run(world.caller(), as_of=dt.date(2026, 3, 31)) for _ in range(2))
    at_once(lambda: list(work(world.system(), one, 3)), lambda: list(work(world.system(), two, 5)))
    letters = Correspondence.objects.values_list("customer_id", flat=True)
    assert len(set(letters)) == len(letters) == LATE
    assert OpenItem.objects.filter(kind="debit_memo").count() == 2 * LATE
    assert check_books() == []
