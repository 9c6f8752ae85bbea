"""Nothing used is lost: a change that takes away a day on which something was used is refused, with what mends it."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.operations import preview_change
from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import Service, ServiceAction
from counterfoil.subscriptions.operations import change_services, remove_services, run_due_actions
from counterfoil.subscriptions.operations.shared import REMOVALS
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.operations import reverse_usage

D = dt.date.fromisoformat


@pytest.fixture
def zara(world: World) -> Customer:
    world.today = D("2026-03-18")
    return world.customer()


@pytest.fixture
def calls(world: World, zara: Customer) -> Service:
    world.subscribe(zara, world.metered("Calls", "0.50"), on="2026-03-01")
    calls = Service.objects.get()
    world.uses(calls, "6", "2026-03-10")
    world.uses(calls, "20", "2026-03-16")
    return calls


def ask(world: World, service: Service, change: Change) -> ServiceAction:
    verb = remove_services if change.kind in REMOVALS else change_services
    (action,) = verb(world.caller(), services=[service], change=change)
    assert isinstance(action, ServiceAction)
    return action


@pytest.mark.parametrize("kind", ["cancel", "stop", "rest"])
@pytest.mark.parametrize("billed", [False, True])
def test_a_change_from_a_day_before_usage_is_refused(
    world: World, zara: Customer, calls: Service, kind: str, billed: bool
) -> None:
    if billed:
        with world.on("2026-04-01"):
            assert world.bill(zara).total_minor == 1300
    world.today = D("2026-03-20")
    before = counts()
    for way in (ask, _draw):
        with pytest.raises(Refused) as refused:
            way(world, calls, Change(kind, D("2026-03-15")))
        assert (refused.value.code, refused.value.field, counts()) == ("used_then", "on", before)
        assert refused.value.sentence == (
            "Calls was used on 16 Mar 2026: 1 record, 20 minutes, R10.00. "
            "Use 17 Mar 2026 or a later day, or reverse those records first."
        )


def _draw(world: World, service: Service, change: Change) -> object:
    return preview_change(world.system().previewing(), services=[service], change=change)


def test_from_the_day_after_it_all_is_billed_at_once(world: World, zara: Customer, calls: Service) -> None:
    world.today = D("2026-03-20")
    ask(world, calls, Change("cancel", D("2026-03-17")))
    assert world.bill(zara).total_minor == 1300


def test_what_was_taken_back_keeps_no_change_away(world: World, zara: Customer, calls: Service) -> None:
    world.today = D("2026-03-20")
    reverse_usage(world.caller(), record=UsageRecord.objects.get(on=D("2026-03-16")), reason="Wrong line")
    ask(world, calls, Change("cancel", D("2026-03-15")))
    assert world.bill(zara).total_minor == 300


def test_a_pause_that_ends_before_the_usage_is_made(world: World, calls: Service) -> None:
    assert ask(world, calls, Change("rest", D("2026-03-11"), until=D("2026-03-16"))).state == "done"


def test_a_scheduled_change_that_comes_late_fails_and_says_why(world: World, zara: Customer, calls: Service) -> None:
    action = ask(world, calls, Change("cancel", D("2026-03-25")))
    # Nobody did what was due, and the service went on.
    world.today = D("2026-03-27")
    world.uses(calls, "4", "2026-03-26")
    run_due_actions(world.system())
    action.refresh_from_db()
    assert (action.state, action.failure) == (
        "failed", "Calls was used on 26 Mar 2026: 1 record, 4 minutes, R2.00. "
        "Use 27 Mar 2026 or a later day, or reverse those records first.",
    )  # fmt: skip
    with world.on("2026-04-01"):
        assert world.bill(zara).total_minor == 1500


def test_the_usage_of_a_bundle_keeps_the_bundle(world: World, zara: Customer) -> None:
    world.today = D("2026-03-20")
    minutes = world.metered("Minutes", "0.50", included="10")
    bundle = add_product(
        world.caller(), new=NewProduct(code="home", name="Home", kind="data", parts=(minutes.code,))
    )  # fmt: skip
    set_prices(world.caller(), prices=[(bundle, "month", Decimal(300))], currency="ZAR", valid_from=D("2020-01-01"))
    world.subscribe(zara, bundle, on="2026-03-01")
    world.uses(Service.objects.get(product=minutes), "3", "2026-03-16")
    before = counts()
    with pytest.raises(Refused) as refused:
        ask(world, Service.objects.get(product=bundle), Change("cancel", D("2026-03-15")))
    assert (refused.value.code, counts()) == ("used_then", before)
    assert "1 record, 3 minutes. Use 17 Mar 2026" in refused.value.sentence


def test_within_the_cooling_off_period_usage_is_given_back_too(world: World, zara: Customer, calls: Service) -> None:
    ask(world, calls, Change("regret", D("2026-03-08")))
    with pytest.raises(Refused) as refused:
        world.bill(zara)
    assert refused.value.code == "nothing_to_bill"
