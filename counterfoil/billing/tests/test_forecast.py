"""The next bills are those that will be made: what is foreseen today is what is billed on each day."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.models import Invoice
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import add_one_time_charge, change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def customer(world: World) -> Customer:
    return world.customer()


def foreseen(world: World, customer: Customer) -> list[tuple[str, int]]:
    return [(bill.on.isoformat(), bill.minor) for bill in next_bills(customer, world.today)]


def test_twelve_bills_are_foreseen_and_made(world: World, customer: Customer) -> None:
    fibre = world.package("Fibre 50", "599")
    sub = world.subscribe(customer, fibre, on="2026-03-12", anchor_day=1)
    set_prices(world.caller(), prices=[(fibre, "month", Decimal(649))], currency="ZAR", valid_from=D("2026-07-01"))
    add_one_time_charge(world.caller(), subscription=sub, text="Call-out", price=Decimal(150), on=D("2026-05-10"))
    before = counts()
    bills = foreseen(world, customer)
    assert counts() == before
    assert bills[:5] == [
        ("2026-03-31", 38645), ("2026-04-01", 59900), ("2026-05-01", 59900), ("2026-06-01", 74900),
        ("2026-07-01", 64900),
    ]  # fmt: skip
    assert len(bills) == 12
    for day, minor in bills:
        with world.on(day):
            assert world.bill(customer).total_minor == minor
    assert Invoice.objects.count() == 12


def test_what_is_scheduled_counts_and_the_last_bill_is_the_last(world: World, customer: Customer) -> None:
    world.subscribe(customer, world.package("Fibre 50", "599"), on="2026-03-01", anchor_day=1)
    world.bill(customer)
    service = Service.objects.get()
    change_services(world.caller(), services=[service], change=Change("rest", D("2026-03-31"), until=D("2026-05-11")))
    remove_services(world.caller(), services=[service], change=Change("cancel", D("2026-06-16")))
    # A day of March is given back; May from the 11th: 21 of 31 days; June up to the 15th: 15 of 30.
    assert foreseen(world, customer) == [("2026-04-01", -1932), ("2026-05-01", 40577), ("2026-06-01", 29950)]


def test_nothing_to_come_and_what_has_no_price(world: World, customer: Customer) -> None:
    assert next_bills(customer, world.today) == []
    world.subscribe(customer, world.package("Fibre 50", None), on="2026-03-01")
    (bill,) = next_bills(customer, world.today)
    assert "There is no price" in bill.text
    with pytest.raises(Refused):
        world.bill(customer)


def test_what_rests_until_further_notice_or_costs_nothing_has_no_bills(world: World, customer: Customer) -> None:
    world.subscribe(customer, world.package("Fibre 50", "599"), on="2026-03-01", anchor_day=1)
    world.subscribe(customer, world.package("Gift", "0", kind="extra"), on="2026-03-01", anchor_day=1)
    world.bill(customer)
    paid = Service.objects.get(product__name="Fibre 50")
    change_services(world.caller(), services=[paid], change=Change("rest", world.today))
    # One day of March comes back, and then nothing.
    assert foreseen(world, customer) == [("2026-04-01", -1932)]
