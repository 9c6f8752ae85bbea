"""Changing the account: each pays its own days, to the cent, and what was agreed goes on as it was."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.billing.operations import preview_account
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription
from counterfoil.subscriptions.operations import (
    change_account,
    change_services,
    remove_services,
    reprice_services,
    run_due_actions,
)
from counterfoil.subscriptions.queries import timeline_of
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def sub(world: World) -> Subscription:
    """Fibre at 599, billed for March on the first."""
    world.today = D("2026-03-01")
    sub = world.subscribe(world.customer("Anna"), world.package("Fibre 50", "599"), on="2026-03-01", anchor_day=1)
    world.bill(sub.customer)
    world.today = D("2026-03-20")
    return sub


@pytest.fixture
def ben(world: World) -> Customer:
    return world.customer("Ben")


def refused(call: Callable[[], Any]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        call()
    assert counts() == before
    return refusal.value.code


def owed(world: World, customer: Customer) -> Decimal:
    return sum((Decimal(amount) for amount in world.open(customer).values()), Decimal(0))


def test_each_pays_its_own_days(world: World, sub: Subscription, ben: Customer) -> None:
    before = counts()
    effect = preview_account(world.system().previewing(), subscription=sub, customer=ben)
    assert counts() == before
    # 12 of the 31 days of March: what Anna gets back is what Ben pays.
    assert [minor for _, _, minor in effect.lines] == [-23187, 23187]
    new = change_account(world.caller(), subscription=sub, customer=ben, reason="Sold the house")
    assert (new.customer, new.next_bill_on) == (ben, D("2026-03-20"))
    world.bill(sub.customer)
    world.bill(ben)
    assert (owed(world, sub.customer), owed(world, ben)) == (Decimal("367.13"), Decimal("231.87"))
    for customer in (sub.customer, ben):
        assert refused(lambda customer=customer: world.bill(customer)) == "nothing_to_bill"  # type: ignore[misc]
    with world.on("2026-04-01"):
        assert world.bill(ben).total_minor == 59900
        assert refused(lambda: world.bill(sub.customer)) == "nothing_to_bill"
    assert world.events.count("subscription.moved") == 2
    told = ServiceAction.objects.filter(kind="move").order_by("pk").values_list("before", "after", "reason")
    assert list(told) == [("Fibre 50", "nothing", "Sold the house"), ("nothing", "Fibre 50", "Sold the house")]


def test_what_was_agreed_goes_on(world: World, sub: Subscription, ben: Customer) -> None:
    (service,) = Service.objects.all()
    off = Change("discount", D("2026-03-10"), until=D("2026-05-01"), percent_off=Decimal(50))
    reprice_services(world.caller(), services=[service], change=off, reason="Loyal")
    change_services(world.caller(), services=[service], change=Change("rest", D("2026-06-01")))
    # For new services only, begun before the move: what is moved is not new.
    with world.on("2026-03-10"):
        set_prices(
            world.caller(), prices=[(service.product, "month", Decimal(699))], currency="ZAR",
            valid_from=D("2026-03-15"), new_only=True,
        )  # fmt: skip
    change_account(world.caller(), subscription=sub, customer=ben)
    moved = Service.objects.get(subscription__customer=ben)
    spans = [(s.starts, s.ends, s.percent_off) for s in timeline_of(moved)]
    assert spans == [(D("2026-03-20"), D("2026-05-01"), 50), (D("2026-05-01"), None, 0)]
    with world.on("2026-04-01"):
        world.bill(ben)
        # Half of 12 of 31 days, and half of April, both at the price that was kept.
        assert owed(world, ben) == Decimal("115.94") + Decimal("299.50")
    with world.on("2026-06-01"):
        assert run_due_actions(world.system()) == 1
        assert [s.state for s in timeline_of(moved)][-1] == "resting"
    states = ServiceAction.objects.filter(kind="rest").order_by("pk").values_list("service", "state")
    assert list(states) == [(service.pk, "withdrawn"), (moved.pk, "done")]


def test_a_contract_and_its_notice_go_on_without_penalty_for_changing(world: World, ben: Customer) -> None:
    anna = world.customer("Anna")
    sub = world.subscribe(
        anna, world.package("Fibre 50", "599"), on="2026-01-31", anchor_day=31, notice_days=30, penalty_minor=50000,
        contract_ends=D("2027-01-31"),
    )  # fmt: skip
    world.bill(anna)
    new = change_account(world.caller(), subscription=sub, customer=ben)
    assert not sub.one_time_charges.exists()
    assert new.next_bill_on == world.today
    (service,) = Service.objects.filter(subscription=new)
    soon = Change("cancel", D("2026-04-01"))
    assert refused(lambda: remove_services(world.caller(), services=[service], change=soon)) == "within_notice"
    term = new.terms.get()
    assert (term.anchor_on, term.anchor_day, term.valid_from) == (D("2026-01-31"), 31, world.today)


def test_what_cannot_change_its_account(world: World, sub: Subscription, ben: Customer) -> None:
    def change(to: Customer) -> str:
        return refused(lambda: change_account(world.caller(), subscription=sub, customer=to))

    assert change(sub.customer) == "same_account"
    assert change(world.customer("Euro", currency="EUR")) == "wrong_currency"
    deactivate_customer(world.caller(), customer=ben, reason="Gone")
    assert change(ben) == "account_closed"
    remove_services(world.caller(), services=[*Service.objects.all()], change=Change("cancel", world.today))
    assert change(world.customer("Cleo")) == "no_services"


def test_an_account_with_a_credit_still_to_be_billed_is_not_closed(
    world: World, sub: Subscription, ben: Customer
) -> None:
    change_account(world.caller(), subscription=sub, customer=ben)
    sub.customer.refresh_from_db()

    def close() -> Customer:
        return deactivate_customer(world.caller(), customer=sub.customer, reason="Moved")

    assert refused(close) == "still_needed"
    world.bill(sub.customer)
    assert close().status == "inactive"


def test_changes_entered_late_keep_their_own_days_after_the_move(
    world: World, sub: Subscription, ben: Customer
) -> None:
    slow = sub.services.get().product
    fast, fastest = world.package("Fibre 100", "899"), world.package("Fibre 200", "1199")
    change_services(
        world.caller(), services=[*sub.services.all()], change=Change("quantity", D("2026-03-10"), quantity=Decimal(2))
    )
    new = change_account(world.caller(), subscription=sub, customer=ben)
    (service,) = new.services.all()

    def swap(day: str, to: Product) -> None:
        change_services(world.caller(), services=[service], change=Change("swap", D(day), product_id=to.pk))

    with world.on("2026-04-20"):
        swap("2026-04-20", fastest)
        swap("2026-04-05", fast)
        assert [(s.starts, s.product_id, s.quantity) for s in timeline_of(service)] == [
            (D("2026-03-20"), slow.pk, 2), (D("2026-04-05"), fast.pk, 2), (D("2026-04-20"), fastest.pk, 2),
        ]  # fmt: skip
        # A day before the move is the other account's, where it has ended.
        assert refused(lambda: swap("2026-03-15", fast)) == "before_moved"
