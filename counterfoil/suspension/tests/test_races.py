"""Two writers at the same moment, and passes that are killed: nobody is warned twice, nobody who paid is suspended."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, connections

from counterfoil.customers import queries as customers
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact
from counterfoil.messaging.models import Message
from counterfoil.platform.checks import check_books
from counterfoil.site.setup import set_up
from counterfoil.suspension import queries
from counterfoil.suspension.models import Command, Suspension
from counterfoil.suspension.operations import approve_suspensions, take_all_steps
from counterfoil.suspension.tests.helpers import D, runs, system
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
CUSTOMERS = 12
KILLS = 30


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    world = World()
    world.today = D("2026-03-02")
    runs(world)
    return world


def owing(world: World, count: int) -> list[Customer]:
    found = []
    for n in range(count):
        customer = world.customer(f"Customer {n}", owing={"2026-04-01": "100.00"})
        add_contact(world.caller(), customer=customer, name="Her", emails=[f"c{n}@mail.example"], roles=["billing"])
        found.append(customer)
    return found


def warned_twice(world: World) -> None:
    """All are warned for the second time on 8 April, and would be suspended on the 11th."""
    take_all_steps(system("2026-04-04"))
    with world.on("2026-04-04"):
        approve_suspensions(world.caller(), suspensions=list(Suspension.objects.all()))
    take_all_steps(system("2026-04-08"))
    assert set(Suspension.objects.values_list("state", flat=True)) == {"second_warning"}


def test_a_payment_while_the_pass_is_under_way_is_read_under_the_lock(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (zara,) = owing(world, 1)
    warned_twice(world)
    chosen, paid = threading.Event(), threading.Event()
    usual = queries.steps_now

    def steps_now(*args: Any) -> Any:
        # The pass has read that Zara owes, and decided to suspend her. Then she pays.
        found = usual(*args)
        assert found == [zara.pk]
        chosen.set()
        assert paid.wait(10)
        return found

    monkeypatch.setattr(queries, "steps_now", steps_now)

    def pay() -> None:
        assert chosen.wait(10)
        with world.on("2026-04-11"):
            world.pays(zara, "100.00")
        paid.set()

    results = at_once(lambda: take_all_steps(system("2026-04-11")), pay)
    assert [one for one in results if isinstance(one, Exception)] == []
    assert (Suspension.objects.get().state, Command.objects.count()) == ("cleared", 0)


def test_a_pass_waits_for_a_payment_that_has_the_lock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (zara,) = owing(world, 1)
    warned_twice(world)
    holding, waiting = threading.Event(), threading.Event()
    locks_accounts, locks = customers.lock_accounts, customers.lock

    def pays_under(keys: Any) -> Any:
        found = locks_accounts(keys)
        holding.set()
        # The pass is about to ask for the lock, which it cannot get before the commit.
        assert waiting.wait(10)
        return found

    def passes_under(keys: Any) -> Any:
        waiting.set()
        return locks(keys)

    monkeypatch.setattr("counterfoil.payments.operations.lock_accounts", pays_under)
    monkeypatch.setattr("counterfoil.suspension.operations.process.lock", passes_under)

    def pay() -> None:
        with world.on("2026-04-11"):
            world.pays(zara, "100.00")

    def run() -> None:
        assert holding.wait(10)
        take_all_steps(system("2026-04-11"))

    results = at_once(pay, run)
    assert [one for one in results if isinstance(one, Exception)] == []
    assert (Suspension.objects.get().state, Command.objects.count()) == ("cleared", 0)


def test_several_passes_at_once_take_each_step_once(world: World) -> None:
    owing(world, CUSTOMERS)
    at_once(*[lambda: take_all_steps(system("2026-04-04"))] * 4)
    assert Suspension.objects.count() == CUSTOMERS
    rows = list(Suspension.objects.all())
    with world.on("2026-04-04"):
        at_once(*[lambda: approve_suspensions(world.caller(), suspensions=rows)] * 3)
    assert Message.objects.filter(kind="first_warning").count() == CUSTOMERS
    at_once(*[lambda: take_all_steps(system("2026-04-08"))] * 4)
    at_once(*[lambda: take_all_steps(system("2026-04-11"))] * 4)
    kinds = sorted(Message.objects.values_list("kind", flat=True))
    assert kinds == sorted(["first_warning", "second_warning", "service_off"] * CUSTOMERS)
    assert Command.objects.count() == CUSTOMERS


def dies(day: str, statement: int) -> None:
    """A pass whose process is killed at its so-many-th statement, if it gets there."""
    left = [statement]

    def count(execute: Any, *args: Any) -> Any:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*args)

    with connection.execute_wrapper(count):
        take_all_steps(system(day))
    os._exit(0)


@pytest.mark.hostile
@pytest.mark.kills
def test_passes_killed_at_thirty_points_warn_nobody_twice_and_cut_off_nobody_who_paid(world: World) -> None:
    everybody, points = owing(world, CUSTOMERS), random.Random(13)
    processes = multiprocessing.get_context("fork")
    killed = 0

    def kill(day: str, times: int) -> None:
        nonlocal killed
        for _ in range(times):
            connections.close_all()
            worker = processes.Process(target=dies, args=(day, points.randrange(8, 60)))
            worker.start()
            worker.join()
            killed += worker.exitcode == -signal.SIGKILL

    kill("2026-04-04", 6)
    take_all_steps(system("2026-04-04"))
    rows = list(Suspension.objects.all())
    assert len(rows) == CUSTOMERS
    with world.on("2026-04-04"):
        # In the night, so that the pass sends the warnings.
        caller = replace(world.caller(), at=system("2026-04-04", 1).now)
        approve_suspensions(caller, suspensions=rows)
    kill("2026-04-04", 8)
    take_all_steps(system("2026-04-04"))
    kill("2026-04-08", 8)
    take_all_steps(system("2026-04-08"))
    kill("2026-04-11", 4)
    # Some pay while passes are under way and killed.
    off = set(Suspension.objects.filter(state="suspended").values_list("customer_id", flat=True))
    payers = [one for one in everybody if one.pk not in off][:4]
    with world.on("2026-04-11"):
        for one in payers:
            world.pays(one, "100.00")
    kill("2026-04-11", 4)
    assert killed >= KILLS
    take_all_steps(system("2026-04-11"))
    assert take_all_steps(system("2026-04-11")) == 0
    assert Suspension.objects.filter(state="cleared").count() == len(payers) == 4
    assert Suspension.objects.filter(state="suspended").count() == CUSTOMERS - 4
    sent = list(Message.objects.values_list("kind", "customer_id"))
    assert len(sent) == len(set(sent)) == 2 * CUSTOMERS + CUSTOMERS - 4
    asked = list(Command.objects.values_list("customer_id", "wanted"))
    assert len(asked) == len(set(asked)) == CUSTOMERS - 4
    assert not {pk for pk, _ in asked} & {one.pk for one in payers}
    assert check_books() == []
