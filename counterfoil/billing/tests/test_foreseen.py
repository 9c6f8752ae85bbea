"""What is foreseen is what comes: previews and next bills say what the clock will bring, scheduled changes too."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from counterfoil.billing.forecast import next_bills
from counterfoil.billing.operations import bill_customer, preview_change
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform.checks import check_books
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription
from counterfoil.subscriptions.operations import (
    NewService,
    change_services,
    fail_scheduled_action,
    remove_services,
    reprice_services,
    run_due_actions,
    start_subscription,
    withdraw_action,
)
from counterfoil.subscriptions.operations.changing import PRICING
from counterfoil.subscriptions.operations.shared import REMOVALS, NewTerm
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World

D = dt.date.fromisoformat


def do(world: World, service: Service, change: Change) -> ServiceAction:
    verb: Any = change_services
    if change.kind in REMOVALS:
        verb = remove_services
    elif change.kind in PRICING:
        verb = reprice_services
    (action,) = verb(world.caller(), services=[service], change=change, reason="Asked for")
    assert isinstance(action, ServiceAction)
    return action


def foreseen(world: World, customer: Customer, most: int = 12) -> list[tuple[str, int]]:
    return [(bill.on.isoformat(), bill.minor) for bill in next_bills(customer, world.today, most)]


def comes_to(world: World, customer: Customer) -> int:
    """What billing today comes to; nothing is 0."""
    try:
        bill = bill_customer(world.caller(), customer=customer, bill_to=world.today)
    except Refused as refused:
        if refused.code != "nothing_to_bill":
            raise
        return 0
    return sum(minor for _, _, minor in bill.billed)


@pytest.fixture
def zara(world: World) -> Customer:
    world.today = D("2026-12-01")
    return world.customer()


@pytest.fixture
def wireless(world: World, zara: Customer) -> Service:
    """Billed for all of December, in advance."""
    world.subscribe(zara, world.package("Wireless 200", "999"), on="2026-01-01")
    world.bill(zara)
    world.package("Wireless 100", "689")
    return Service.objects.get()


def test_a_change_to_come_of_a_month_that_is_billed_is_on_the_next_bill(
    world: World, zara: Customer, wireless: Service
) -> None:
    smaller = Product.objects.get(name="Wireless 100")
    change = Change("swap", D("2026-12-15"), product_id=smaller.pk)
    effect = preview_change(world.system().previewing(), services=[wireless], change=change)
    # 17 of 31 days: 999.00 less 451.16 and 689.00 more 377.84; January is 689.00.
    assert (effect.bill_to, effect.total_minor) == (D("2027-01-01"), 68900 - 54784 + 37784)
    do(world, wireless, change)
    assert foreseen(world, zara, 2) == [("2027-01-01", 51900), ("2027-02-01", 68900)]
    # Until its day it is in no bill.
    with world.on("2026-12-14"):
        assert comes_to(world, zara) == 0
    with world.on("2026-12-15"):
        assert run_due_actions(world.system()) == 1
    with world.on("2027-01-01"):
        assert comes_to(world, zara) == 51900


def test_a_cancelling_to_come_says_what_leaving_before_the_contract_ends_costs(world: World, zara: Customer) -> None:
    terms = {"contract_ends": D("2027-06-01"), "penalty_minor": 50000}
    world.subscribe(zara, world.package("Wireless 200", "999"), on="2026-01-01", **terms)
    world.bill(zara)
    service = Service.objects.get()
    change = Change("cancel", D("2026-12-15"))
    effect = preview_change(world.system().previewing(), services=[service], change=change)
    assert (effect.bill_to, effect.total_minor) == (D("2026-12-15"), 50000 - 54784)
    assert [text for _, text, _ in effect.lines if "contract" in text] == [
        "Wireless 200 cancelled before the contract ends"
    ]
    do(world, service, change)
    assert foreseen(world, zara) == [("2026-12-15", 50000 - 54784)]
    with world.on("2026-12-15"):
        run_due_actions(world.system())
        assert foreseen(world, zara) == [("2026-12-15", 50000 - 54784)]
        assert comes_to(world, zara) == 50000 - 54784
        assert foreseen(world, zara) == []


def test_a_removal_to_come_gives_back_what_is_billed_beyond_it(world: World, zara: Customer, wireless: Service) -> None:
    change = Change("cancel", D("2026-12-15"))
    effect = preview_change(world.system().previewing(), services=[wireless], change=change)
    assert (effect.bill_to, effect.total_minor, effect.said) == (D("2026-12-15"), -54784, "")
    do(world, wireless, change)
    assert foreseen(world, zara) == [("2026-12-15", -54784)]
    assert Subscription.objects.get().next_bill_on == D("2026-12-15")
    with world.on("2026-12-15"):
        run_due_actions(world.system())
        assert comes_to(world, zara) == -54784
        assert foreseen(world, zara) == []


@pytest.mark.parametrize("how", ["withdrawn", "failed"])
def test_what_was_billed_of_a_change_that_is_not_made_is_made_good(world: World, zara: Customer, how: str) -> None:
    world.subscribe(zara, world.package("Fibre 100", "310"), on="2026-12-01")
    action = do(world, Service.objects.get(), Change("cancel", D("2026-12-10")))
    assert comes_to(world, zara) == 9000
    if how == "withdrawn":
        withdraw_action(world.caller(), action=action)
    else:
        fail_scheduled_action(world.system(), action=action, reason="Not possible")
    # The rest of December is charged after all, with January.
    assert foreseen(world, zara, 1) == [("2027-01-01", 22000 + 31000)]
    assert Subscription.objects.get().next_bill_on == D("2027-01-01")
    with world.on("2027-01-01"):
        assert comes_to(world, zara) == 53000


def test_a_change_of_a_later_day_waits_when_something_else_is_billed_before_it(
    world: World, zara: Customer, wireless: Service
) -> None:
    do(world, wireless, Change("cancel", D("2026-12-15")))
    start_subscription(
        world.caller(), customer=zara, services=[NewService(world.package("Voice", "310", kind="voice"))],
        on=D("2026-12-08"), term=NewTerm(),
    )  # fmt: skip
    assert foreseen(world, zara, 2) == [("2026-12-08", 31000), ("2026-12-15", -54784)]
    with world.on("2026-12-08"):
        assert comes_to(world, zara) == 31000
    with world.on("2026-12-15"):
        run_due_actions(world.system())
        assert comes_to(world, zara) == -54784


def test_what_ended_is_due_on_its_last_day_in_arrears_too(world: World, zara: Customer) -> None:
    world.today = D("2026-01-16")
    world.subscribe(zara, world.package("Fibre 100", "310"), in_advance=False, anchor_day=18)
    do(world, Service.objects.get(), Change("cancel", D("2026-01-20")))
    assert foreseen(world, zara) == [("2026-01-18", 2000), ("2026-01-20", 2000)]
    with world.on("2026-01-20"):
        run_due_actions(world.system())
        assert Subscription.objects.get().next_bill_on == D("2026-01-18")
    with world.on("2026-01-25"):
        bill = world.bill(zara)
        assert list(bill.lines.values_list("text", "total_minor")) == [
            ("Fibre 100, 16 Jan 2026 to 17 Jan 2026 (2 of 31 days of R310.00)", 2000),
            ("Fibre 100, 18 Jan 2026 to 19 Jan 2026 (2 of 31 days of R310.00)", 2000),
        ]
        assert Subscription.objects.get().next_bill_on is None


def test_a_year_in_arrears_that_ends_after_14_days_is_due_then(world: World, zara: Customer) -> None:
    world.today = D("2026-01-01")
    world.subscribe(zara, world.package("Fibre 100", "3650", frequency="year"), frequency="year", in_advance=False)
    do(world, Service.objects.get(), Change("cancel", D("2026-01-15")))
    # Known before it happens, so a run up to that day selects it.
    assert Subscription.objects.get().next_bill_on == D("2026-01-15")
    with world.on("2026-01-15"):
        run_due_actions(world.system())
        assert comes_to(world, zara) == 14000


# ------------------------------------------------------------------ whatever is done, and whenever


@contextmanager
def fresh_world() -> Iterator[World]:
    """A world of its own for each example, undone afterwards."""
    with transaction.atomic():
        world = World()
        world.today = D("2026-01-01")
        yield world
        assert check_books() == []
        transaction.set_rollback(True)


# Each example runs the clock over months, so none is made smaller.
MANY = settings(
    max_examples=30, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
KINDS = st.sampled_from(
    ["swap", "quantity", "price", "discount", "rest", "stop", "start", "end_rest", "cancel", "regret"]
)
ACTIONS = st.lists(
    st.tuples(st.integers(0, 1), KINDS, st.integers(0, 90), st.integers(1, 40), st.integers(1, 4)), max_size=4
)
TERM = st.fixed_dictionaries(
    {
        "frequency": st.sampled_from(["month", "month", "quarter", "week"]),
        "anchor_day": st.integers(1, 31),
        "in_advance": st.booleans(),
        "regret_days": st.just(60),
    }
)
FREQUENCIES = ("month", "quarter", "week")


def change_of(kind: str, on: dt.date, length: int, many: int, fast: Product) -> Change:
    until = on + dt.timedelta(days=length) if length % 2 else None
    match kind:
        case "swap":
            return Change(kind, on, product_id=fast.pk)
        case "quantity":
            return Change(kind, on, quantity=Decimal(many + 1))
        case "price":
            return Change(kind, on, price=Decimal(100 * many))
        case "discount":
            return Change(kind, on, until=until, percent_off=Decimal(10 * many))
        case "rest" | "stop":
            return Change(kind, on, until=until)
    return Change(kind, on)


def built(world: World, terms: list[dict[str, Any]], starts: int, billed: bool) -> Customer:
    from counterfoil.catalogue.operations import set_prices

    zara = world.customer()
    slow, fast = world.package("Fibre 100", None), world.package("Fibre 200", None)
    for often, factor in zip(FREQUENCIES, (1, 3, Decimal("0.25")), strict=True):
        prices = [(slow, often, Decimal(599) * factor), (fast, often, Decimal(899) * factor)]
        set_prices(world.caller(), prices=prices, currency="ZAR", valid_from=D("2000-01-01"))
    for place, term in enumerate(terms):
        on = world.today + dt.timedelta(days=starts * place)
        world.subscribe(zara, slow, on=on.isoformat(), **term)
    world.today += dt.timedelta(days=20)
    if billed:
        comes_to(world, zara)
    return zara


def test_what_a_pause_in_between_will_refuse_is_not_foreseen(world: World, zara: Customer, wireless: Service) -> None:
    """The quantity was scheduled first, and on its day the service is paused: it fails, so no bill has it."""
    do(world, wireless, Change("quantity", D("2027-01-10"), quantity=Decimal(4)))
    do(world, wireless, Change("rest", D("2027-01-05"), D("2027-01-20")))
    seen = foreseen(world, zara, 2)
    # January is 16 of 31 days at 999.00.
    assert seen == [("2027-01-01", 51561), ("2027-02-01", 99900)]
    for on, minor in seen:
        world.today = D(on)
        run_due_actions(world.system())
        assert comes_to(world, zara) == minor
    assert ServiceAction.objects.get(kind="quantity").state == "failed"


@pytest.mark.once
@given(st.lists(TERM, min_size=1, max_size=2), st.integers(0, 15), st.booleans(), ACTIONS)
@MANY
@pytest.mark.django_db
def test_the_next_bills_are_those_that_come(
    db: None, terms: list[dict[str, Any]], starts: int, billed: bool, actions: list[tuple[int, str, int, int, int]]
) -> None:
    with fresh_world() as world:
        zara = built(world, terms, starts, billed)
        fast = Product.objects.get(name="Fibre 200")
        services = list(Service.objects.order_by("pk"))
        for which, kind, after, length, many in actions:
            change = change_of(kind, world.today + dt.timedelta(days=after), length, many, fast)
            _try(world, services[which % len(services)], change)
        bills = foreseen(world, zara, 6)
        if bills:
            assert Subscription.objects.filter(next_bill_on__lte=D(bills[0][0])).exists()
        for on, minor in bills:
            _clock_to(world, D(on))
            assert comes_to(world, zara) == minor, (on, bills)


@pytest.mark.once
@given(st.lists(TERM, min_size=1, max_size=2), st.booleans(), ACTIONS, ACTIONS.filter(lambda found: len(found) > 0))
# The last bill of all falls on the day from which the service is paused.
@example(
    [{"in_advance": False, "anchor_day": 21, "frequency": "week", "regret_days": 60}],
    True,
    [(0, "rest", 11, 21, 2)],
    [(0, "rest", 50, 6, 3)],
)
@MANY
@pytest.mark.django_db
def test_the_bill_drawn_before_a_change_is_the_one_that_comes_after_it(
    db: None, terms: list[dict[str, Any]], billed: bool, before: list[Any], last: list[Any]
) -> None:
    with fresh_world() as world:
        zara = built(world, terms, 0, billed)
        fast = Product.objects.get(name="Fibre 200")
        services = list(Service.objects.order_by("pk"))
        for which, kind, after, length, many in before:
            change = change_of(kind, world.today + dt.timedelta(days=after), length, many, fast)
            _try(world, services[which % len(services)], change)
        which, kind, after, length, many = last[0]
        service = services[which % len(services)]
        change = change_of(kind, world.today + dt.timedelta(days=after), length, many, fast)
        try:
            effect = preview_change(world.system().previewing(), services=[service], change=change)
        except Refused:
            return
        do(world, service, change)
        days = [bill.on for bill in next_bills(zara, world.today) if bill.on < effect.bill_to]
        for day in days:
            _clock_to(world, day)
            comes_to(world, zara)
        _clock_to(world, effect.bill_to)
        assert comes_to(world, zara) == effect.total_minor


def _try(world: World, service: Service, change: Change) -> None:
    try:
        with transaction.atomic():
            do(world, service, change)
    except Refused:
        pass


def _clock_to(world: World, day: dt.date) -> None:
    while world.today < day:
        world.today += dt.timedelta(days=1)
        run_due_actions(world.system())
