"""What a change does to the next bill is drawn also on days on which nothing is due."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.operations import preview_account, preview_change
from counterfoil.catalogue.operations import add_coupon
from counterfoil.customers.models import Customer
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import remove_services
from counterfoil.subscriptions.operations.coupons import coupon_change, take_coupon
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


def fibre(world: World, customer: Customer, **term: object) -> Service:
    world.today = D("2026-03-01")
    world.subscribe(customer, world.package("Fibre 100", "600"), anchor_day=1, **term)
    return Service.objects.get()


def drawn(world: World, service: Service, change: Change) -> tuple[dt.date, tuple[tuple[int | None, str, int], ...]]:
    before = counts()
    effect = preview_change(world.system().previewing(), services=[service], change=change)
    assert counts() == before
    assert not (effect.lines and effect.said)
    return effect.bill_to, effect.lines


def test_a_coupon_taken_when_nothing_is_due_shows_the_next_bill_that_will_be_made(world: World, zara: Customer) -> None:
    service = fibre(world, zara, in_advance=False)
    coupon = add_coupon(world.caller(), code="HALF", percent_off=Decimal(50), valid_from=world.today, months=1)
    with world.on("2026-03-16"):
        change = coupon_change(coupon, service, world.today)
        # 15 days at the full price and 16 at half of it.
        assert drawn(world, service, change) == (
            D("2026-04-01"), ((None, "Fibre 100, 1 Mar 2026 to 15 Mar 2026", 29032),
                (None, "Fibre 100, 16 Mar 2026 to 31 Mar 2026", 15484),),
        )  # fmt: skip
        take_coupon(world.caller(), service=service, code="HALF", on=world.today)
    with world.on("2026-04-01"):
        assert world.bill(zara).total_minor == 29032 + 15484


def test_what_is_due_today_is_drawn_as_it_was(world: World, zara: Customer) -> None:
    service = fibre(world, zara)
    bill_to, lines = drawn(world, service, Change("discount", world.today, percent_off=Decimal(10)))
    assert (bill_to, [minor for _, _, minor in lines]) == (world.today, [54000])


def test_the_last_bill_there_will_be_is_none(world: World, zara: Customer) -> None:
    service = fibre(world, zara)
    effect = preview_change(
        world.system().previewing(), services=[service], change=Change("cancel", D("2026-03-01"))
    )  # fmt: skip
    assert (effect.lines, effect.said) == ((), "There is nothing to bill up to 1 Mar 2026.")


def test_changing_the_account_shows_what_ended_and_the_next_bill_of_who_has_nothing_due(
    world: World, zara: Customer
) -> None:
    service = fibre(world, zara, in_advance=False)
    other = world.customer("Other")
    with world.on("2026-03-11"):
        effect = preview_account(world.system().previewing(), subscription=service.subscription, customer=other)
        assert effect.lines == (
            (service.pk, f"{zara.number}: Fibre 100, 1 Mar 2026 to 10 Mar 2026 (10 of 31 days of R600.00)", 19355),
            (None, f"{other.number} on 1 Apr 2026: Fibre 100, 11 Mar 2026 to 31 Mar 2026", 40645),
        )
        assert (effect.said, effect.total_minor) == ("", 60000)
    remove_services(world.caller(), services=[service], change=Change("cancel", D("2026-03-01")))
