"""Moving to a product pays its price of that day; a price for new services leaves those who have it with theirs."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.catalogue.models import Price, Product
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.models import Customer
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_account, change_services
from counterfoil.subscriptions.queries import packages_for, price_of, service_rows
from counterfoil.subscriptions.repricing import effect_of
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World

D = dt.date.fromisoformat


@pytest.fixture
def zara(world: World) -> Customer:
    """She has A; B is 900 since long ago, and 999 for new services from 1 February on."""
    world.today = D("2026-01-01")
    zara = world.customer()
    world.subscribe(zara, world.package("A", "600"), anchor_day=1)
    b = world.package("B", "900")
    world.subscribe(world.customer("Yusuf"), b, anchor_day=1)
    set_prices(world.caller(), prices=[(b, "month", Decimal(999))], currency="ZAR", valid_from=D("2026-02-01"),
               new_only=True)  # fmt: skip
    return zara


def change(world: World, service: Service, name: str, on: str) -> None:
    product = Product.objects.get(name=name)
    world.today = D(on)
    change_services(world.caller(), services=[service], change=Change("swap", world.today, product_id=product.pk))


def hers(zara: Customer) -> Service:
    return Service.objects.get(subscription__customer=zara, end="")


def test_who_moves_to_it_pays_its_price_of_that_day_and_who_has_it_keeps_theirs(world: World, zara: Customer) -> None:
    world.today = D("2026-03-01")
    assert packages_for(hers(zara), world.today) == [(Product.objects.get(name="B"), 99900)]
    change(world, hers(zara), "B", "2026-03-01")
    world.bill(zara, "2026-02-28")
    assert [line.total_minor for line in world.bill(zara).lines.all()] == [99900]
    assert price_of(hers(zara), world.today) == 99900
    assert [row.price for row in service_rows(zara, world.today)] == [Decimal("999.00")]
    yusuf = Service.objects.get(subscription__customer__name="Yusuf")
    assert price_of(yusuf, world.today) == 90000
    assert [line.total_minor for line in world.bill(yusuf.subscription.customer).lines.all()] == [90000] * 3


def test_who_moved_to_it_before_that_price_keeps_the_older_one(world: World, zara: Customer) -> None:
    change(world, hers(zara), "B", "2026-01-16")
    world.today = D("2026-03-01")
    assert price_of(hers(zara), world.today) == 90000
    # Back and there again is a change of that day.
    change(world, hers(zara), "A", "2026-03-02")
    change(world, hers(zara), "B", "2026-03-03")
    assert price_of(hers(zara), world.today) == 99900


def test_another_account_changes_nothing_of_it(world: World, zara: Customer) -> None:
    change(world, hers(zara), "B", "2026-03-01")
    world.bill(zara)
    other = world.customer("Other")
    for on, before, to in (("2026-03-11", zara, other), ("2026-03-21", other, zara)):
        world.today = D(on)
        change_account(world.caller(), subscription=hers(before).subscription, customer=to)
    assert price_of(hers(zara), world.today) == 99900
    assert [line.total_minor for line in world.bill(other).lines.all()] == [32226]


def test_raising_prices_knows_who_has_it_since_when(world: World, zara: Customer) -> None:
    change(world, hers(zara), "B", "2026-03-01")
    b = Product.objects.get(name="B")
    to_come = Price(product=b, frequency="month", currency="ZAR", valid_from=D("2026-05-01"), amount=Decimal(1100))
    effect = effect_of([to_come], D("2026-05-01"))
    # From 999.00 and from 900.00.
    assert (effect.services, effect.month_minor) == (2, 10100 + 20000)
