"""Accounts that are closed while their service is off: nothing is told then, and they are on when they come back."""

from __future__ import annotations

from django.db import transaction

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer, reactivate_customer
from counterfoil.platform import write_guard
from counterfoil.suspension.checks import nobody_stays_off
from counterfoil.suspension.models import Suspension
from counterfoil.suspension.tests.helpers import D, passes, runs, told
from counterfoil.suspension.tests.test_process import suspended
from counterfoil.testing.world import World


def test_a_closed_account_ends_without_a_word_to_the_network(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)
    closing = world.customer(owing={"2026-04-01": "100.00"})
    suspended(world)
    with world.on("2026-04-12"):
        deactivate_customer(world.caller(), customer=closing, reason="Left")
    assert passes("2026-04-12") == "cleared"
    assert told() == ["off"]


def test_a_closed_account_is_switched_on_when_it_is_reactivated(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)
    closing = world.customer(owing={"2026-04-01": "100.00"})
    suspended(world)
    with world.on("2026-04-12"):
        deactivate_customer(world.caller(), customer=closing, reason="Left")
    assert passes("2026-04-12") == "cleared"
    with world.on("2026-04-13"):
        world.pays(closing, "100.00")
        assert told() == ["off"]
        reactivate_customer(world.caller(), customer=closing, reason="Back")
    assert (told(), Suspension.objects.count()) == (["off", "on"], 1)
    # The next time there is nothing to tell.
    with world.on("2026-04-14"):
        deactivate_customer(world.caller(), customer=closing, reason="Left")
        reactivate_customer(world.caller(), customer=closing, reason="Back")
    assert told() == ["off", "on"]


def test_who_is_closed_and_back_before_the_pass_stays_suspended(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)
    customer = world.customer(owing={"2026-04-01": "100.00"})
    suspended(world)
    with world.on("2026-04-12"):
        deactivate_customer(world.caller(), customer=customer, reason="Left")
        reactivate_customer(world.caller(), customer=customer, reason="Back")
    assert (passes("2026-04-12"), told()) == ("suspended", ["off"])


def test_the_books_notice_an_account_that_stays_off(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)
    customer = world.customer(owing={"2026-04-01": "100.00"})
    suspended(world)
    assert list(nobody_stays_off()) == []
    with world.on("2026-04-12"):
        deactivate_customer(world.caller(), customer=customer, reason="Left")
        passes("2026-04-12")
        assert list(nobody_stays_off()) == []
        # As if nobody had told the network.
        with write_guard.writing(), transaction.atomic():
            Customer.objects.filter(pk=customer.pk).update(status="active")
            found = list(nobody_stays_off())
            transaction.set_rollback(True)
    assert found == [f"{customer.pk} is switched off, and no suspension is under way."]
