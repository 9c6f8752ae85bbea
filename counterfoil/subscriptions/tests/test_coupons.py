"""Coupons: so much off for so many months, each service once, and never more than are offered."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.catalogue.models import Coupon
from counterfoil.catalogue.operations import add_coupon, end_coupon
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import CouponUse, Service, ServiceAction
from counterfoil.subscriptions.operations import reprice_services, take_coupon, withdraw_action
from counterfoil.subscriptions.queries import timeline_of
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def service(world: World) -> Service:
    world.today = D("2026-03-01")
    world.subscribe(world.customer(), world.package("Fibre 50", "599"), on="2026-03-01", anchor_day=1)
    return Service.objects.get()


def another(world: World, service: Service) -> Service:
    world.subscribe(world.customer("Ben"), service.product, on="2026-03-01", anchor_day=1)
    return Service.objects.latest("pk")


def offer(world: World, **says: Any) -> Coupon:
    says = {"code": "welcome50", "percent_off": Decimal(50), "valid_from": D("2026-03-01"), **says}
    return add_coupon(world.caller(), **says)


def take(world: World, service: Service, on: str = "2026-03-01", code: str = "WELCOME50") -> ServiceAction:
    return take_coupon(world.agent, service=service, code=code, on=D(on))


def refused(call: Callable[[], Any]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        call()
    assert counts() == before
    return refusal.value.code


def test_a_coupon_takes_off_what_it_says_for_as_long_as_it_lasts(world: World, service: Service) -> None:
    offer(world, months=2)
    action = take(world, service, code=" welcome50 ")
    assert (action.kind, action.until, action.reason) == ("discount", D("2026-05-01"), "Coupon WELCOME50")
    totals = []
    for month in (3, 4, 5):
        with world.on(f"2026-0{month}-01"):
            totals.append(world.bill(service.subscription.customer).total_minor)
    assert totals == [29950, 29950, 59900]


def test_it_is_given_as_often_as_it_is_offered_and_once_to_each(world: World, service: Service) -> None:
    offer(world, most_uses=1)
    other = another(world, service)
    soon = take(world, service, "2026-04-01")
    assert soon.state == "scheduled"
    assert refused(lambda: take(world, service)) == "coupon_taken"
    assert refused(lambda: take(world, other)) == "coupon_used_up"
    # What was withdrawn before its day was not used.
    withdraw_action(world.caller(), action=soon)
    take(world, other)
    assert refused(lambda: take(world, service)) == "coupon_used_up"
    assert CouponUse.objects.count() == 2


def test_outside_its_days_and_unknown(world: World, service: Service) -> None:
    coupon = offer(world, valid_from=D("2026-03-10"), valid_to=D("2026-03-20"))
    assert refused(lambda: take(world, service, code="WELCOME5")) == "no_such_coupon"
    assert refused(lambda: take(world, service, "2026-03-09")) == "coupon_not_yet"
    assert refused(lambda: take(world, service, "2026-03-20")) == "coupon_over"
    with world.on("2026-03-15"):
        end_coupon(world.caller(), coupon=coupon)
        assert refused(lambda: end_coupon(world.caller(), coupon=coupon)) == "already_so"
        assert refused(lambda: take(world, service, "2026-03-15")) == "coupon_over"
        take(world, service, "2026-03-14")


def test_a_discount_that_is_there_is_not_taken_away(world: World, service: Service) -> None:
    offer(world, months=1)
    off = Change("discount", D("2026-03-15"), until=D("2026-06-01"), percent_off=Decimal(60))
    with world.on("2026-03-15"):
        reprice_services(world.caller(), services=[service], change=off, reason="Loyal")
    before = timeline_of(service)
    assert refused(lambda: take(world, service)) == "has_discount"
    assert timeline_of(service) == before
    with world.on("2026-06-01"):
        take(world, service, "2026-06-01")
        assert timeline_of(service)[-2].percent_off == 50
        # Nor one that is only scheduled.
        offer(world, code="SUMMER", percent_off=Decimal(20), months=6)
        reprice_services(
            world.caller(),
            services=[service],
            reason="Loyal",
            change=Change("discount", D("2026-08-01"), until=D("2026-09-01"), percent_off=Decimal(60)),
        )
        assert refused(lambda: take(world, service, "2026-07-15", code="summer")) == "has_discount"


@pytest.mark.parametrize(
    ("says", "code"),
    [
        ({"percent_off": Decimal(0)}, "absurd_percent"),
        ({"percent_off": Decimal("100.5")}, "absurd_percent"),
        ({"percent_off": Decimal("NaN")}, "absurd_percent"),
        ({"percent_off": Decimal("1.2345")}, "absurd_percent"),
        ({"valid_to": D("2026-03-01")}, "no_days"),
        ({"months": 0}, "absurd_months"),
        ({"most_uses": 0}, "absurd_uses"),
        ({"code": " "}, "required"),
        ({"code": "Taken"}, "code_taken"),
    ],
)
def test_what_is_no_coupon(world: World, says: dict[str, Any], code: str) -> None:
    offer(world, code="TAKEN")
    assert refused(lambda: offer(world, **says)) == code
