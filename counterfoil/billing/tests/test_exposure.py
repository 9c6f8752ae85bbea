"""The credit check: what a customer may owe and order at once is kept to, unless somebody who may decides otherwise."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.catalogue.models import Product
from counterfoil.credit.operations import assign_class, change_profile
from counterfoil.credit.queries import EXCEED, default_class
from counterfoil.credit.rules import CreditLimits
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform.approvals import approve, ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.subscriptions.models import Service, Subscription
from counterfoil.subscriptions.operations import NewService, NewTerm, add_services, change_services, start_subscription
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts


@pytest.fixture
def fibre(world: World) -> Product:
    return world.package("Fibre 100", "599")


@pytest.fixture
def zara(world: World, fibre: Product) -> Customer:
    """Owes R1,000.00, may owe R1,500.00 and 10 % more, and order R700.00 at once."""
    customer = world.customer(owing={"2026-01-31": "1000.00"})
    limits = {"credit_check": True, "credit_limit_minor": 150000, "order_limit_minor": 70000, "tolerance_percent": 10}
    profile = assign_class(world.caller(), customer=customer, profile_class=default_class())
    change_profile(world.caller(), profile=profile, changes={**limits, "tolerance_percent": Decimal(10)})
    return customer


def seller(world: World) -> Caller:
    return replace(world.caller("billing", "Sam"), grants=frozenset({"subscriptions.*", "platform.ask_approval"}))


def refused(work: Callable[[], Any]) -> tuple[str, str]:
    before = counts()
    with pytest.raises(Refused) as refusal:
        work()
    assert counts() == before
    return refusal.value.code, refusal.value.sentence


@pytest.mark.parametrize(
    ("owed", "more", "order", "total"),
    [(0, 110, False, False), (0, 111, True, False), (1001, 110, False, False), (1002, 110, False, True),
     (-500, 110, False, False), (1100, 11, False, False), (1100, 12, False, True)],
)  # fmt: skip
def test_a_limit_is_kept_to_the_cent_with_its_tolerance(owed: int, more: int, order: bool, total: bool) -> None:
    limits = CreditLimits(total_minor=1010, order_minor=100, tolerance_percent=Decimal(10))
    assert (limits.order_is_over(more), limits.total_is_over(owed, more)) == (order, total)


def test_no_limit_is_no_limit() -> None:
    limits = CreditLimits(None, None, Decimal(0))
    assert not limits.order_is_over(10**12)
    assert not limits.total_is_over(10**12, 10**12)


def test_services_are_sold_up_to_the_limit_and_no_further(world: World, zara: Customer, fibre: Product) -> None:
    sam = seller(world)
    term = NewTerm(anchor_day=world.today.day)
    made = start_subscription(sam, customer=zara, services=[NewService(fibre)], on=world.today, term=term)
    two = world.package("Line", "300")
    assert refused(lambda: start_subscription(
        sam, customer=zara, services=[NewService(two), NewService(two), NewService(two)], on=world.today
    )) == (
        "needs_approval", "R900.00 is more than Zara Naidoo may order at once, which is R770.00. Ask for approval.",
    )  # fmt: skip
    # What is owed counts, and what is sold now; not what was sold before and is not billed yet.
    world.bill(zara, str(world.today))
    owed = "Zara Naidoo owes R1,599.00. With R300.00 more that is over the credit limit of R1,650.00. Ask for approval."
    assert refused(lambda: add_services(sam, subscription=made, services=[NewService(two)], on=world.today)) == (
        "needs_approval", owed,
    )  # fmt: skip
    assert refused(
        lambda: add_services(sam.previewing(), subscription=made, services=[NewService(two)], on=world.today)
    ) == ("needs_approval", owed)
    add_services(world.caller("finance"), subscription=made, services=[NewService(two)], on=world.today)


def test_a_dearer_package_counts_by_its_difference(world: World, zara: Customer, fibre: Product) -> None:
    fast, slow = world.package("Fibre 200", "650"), world.package("Fibre 50", "499")
    (service,) = Service.objects.filter(subscription=world.subscribe(zara, fibre))
    world.bill(zara, str(world.today))
    sam, day = seller(world), world.today + dt.timedelta(days=1)

    def change(product: Product) -> Any:
        return change_services(sam, services=[service], change=Change("swap", day, product_id=product.pk))

    # R1,599.00 owed and R51.00 more are R1,650.00: not over.
    change(fast)
    dearer = world.package("Fibre 300", "650.01")
    assert refused(lambda: change(dearer))[1].startswith("Zara Naidoo owes R1,599.00. With R51.01 more")
    change(slow)
    more = Change("quantity", day, quantity=Decimal(2))
    assert refused(lambda: change_services(sam, services=[service], change=more))[1].startswith(
        "Zara Naidoo owes R1,599.00. With R599.00 more"
    )


def test_a_colleague_who_may_approves_it(world: World, zara: Customer, fibre: Product) -> None:
    sam = seller(world)
    dear = world.package("Dark fibre", "5000")
    arguments = {"customer": zara, "services": [NewService(dear)], "on": world.today}
    request = ask_approval(
        sam, operation=start_subscription.name, arguments=arguments, customer_id=zara.pk, reason="They pay by Friday"
    )
    agent = replace(world.caller("billing", "Ann"), grants=frozenset({"subscriptions.*", "platform.approve"}))
    assert refused(lambda: approve(agent, approval=request))[0] == "needs_approval"
    approve(replace(agent, grants=agent.grants | {EXCEED}), approval=request)
    assert Subscription.objects.get().customer == zara


def test_who_is_not_checked_is_sold_everything(world: World, fibre: Product) -> None:
    ann = world.customer("Ann", owing={"2026-01-31": "100000.00"})
    start_subscription(seller(world), customer=ann, services=[NewService(fibre)], on=world.today)
