"""Stories of subscriptions: what a customer has changes, each change is on record, and the refused changes nothing."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.catalogue.models import Product
from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Subscription, Term
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    add_one_time_charge,
    add_services,
    amend_terms,
    change_services,
    do_scheduled_action,
    drop_one_time_charge,
    remove_services,
    reprice_services,
    run_due_actions,
    start_subscription,
    withdraw_action,
)
from counterfoil.subscriptions.queries import timeline_of
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def slow(world: World) -> Product:
    return world.package("Fibre 50", "599", family="fibre", tier=1)


@pytest.fixture
def fast(world: World) -> Product:
    return world.package("Fibre 100", "899", family="fibre", tier=2)


@pytest.fixture
def sub(world: World, slow: Product) -> Subscription:
    return world.subscribe(world.customer(), slow, on="2026-03-01")


def one(sub: Subscription) -> Service:
    return Service.objects.get(subscription=sub)


def act(world: World, service: Service | list[Service], kind: str, on: str, **says: Any) -> list[ServiceAction]:
    verb: Any = remove_services if kind in ("undo", "regret", "cancel") else change_services
    says = {"services": service if isinstance(service, list) else [service], "change": Change(kind, D(on), **says)}
    if kind in ("price", "discount"):
        verb, says = reprice_services, {**says, "reason": "Loyal"}
    return list(verb(world.caller(), **says))


def refused(call: Callable[[], Any]) -> str:
    before, spans = counts(), list(Service.objects.values_list("pk", "end", "changed_from", "product"))
    with pytest.raises(Refused) as refusal:
        call()
    assert (counts(), list(Service.objects.values_list("pk", "end", "changed_from", "product"))) == (before, spans)
    return refusal.value.code


def line(service: Service) -> list[tuple[str, str, int]]:
    """Its first days, states and products."""
    return [(s.starts.isoformat()[5:], s.state, s.product_id) for s in timeline_of(service)]


def test_a_draft_is_started_back_dated_and_billed_from_then(world: World, sub: Subscription, slow: Product) -> None:
    draft = add_services(world.caller(), subscription=sub, services=[NewService(slow, draft=True)], on=D("2026-03-05"))
    (service,) = draft
    assert line(service) == [("03-05", "draft", slow.pk)]
    act(world, service, "start", "2026-03-12")
    assert line(service) == [("03-05", "draft", slow.pk), ("03-12", "effective", slow.pk)]
    assert refused(lambda: act(world, service, "undo", "2026-03-31")) == "not_allowed_now"
    assert refused(lambda: act(world, service, "start", "2026-03-01")) in ("before_added", "not_allowed_now")


def test_a_draft_is_undone(world: World, sub: Subscription, slow: Product) -> None:
    (draft,) = add_services(world.caller(), subscription=sub, services=[NewService(slow, draft=True)], on=world.today)
    act(world, draft, "cancel", "2026-03-31")
    draft.refresh_from_db()
    assert ServiceAction.objects.latest("pk").kind == "undo"
    assert (draft.end, line(draft)) == ("removed", [])


def test_stopped_and_started_again(world: World, sub: Subscription, slow: Product) -> None:
    act(world, one(sub), "stop", "2026-03-10")
    assert refused(lambda: act(world, one(sub), "rest", "2026-03-20")) == "not_allowed_now"
    act(world, one(sub), "start", "2026-03-20")
    assert [row[:2] for row in line(one(sub))] == [("03-01", "effective"), ("03-10", "stopped"), ("03-20", "effective")]


def test_regret_on_the_last_day_of_its_window_and_not_after(world: World, sub: Subscription) -> None:
    assert refused(lambda: act(world, one(sub), "regret", "2026-03-09")) == "regret_over"
    act(world, one(sub), "regret", "2026-03-08")
    assert (one(sub).end, line(one(sub))) == ("regretted", [])
    assert refused(lambda: act(world, one(sub), "cancel", "2026-03-20")) == "not_allowed_now"


def test_what_others_need_is_not_removed_without_them(world: World, sub: Subscription) -> None:
    voice = world.package("Voice line", "89", kind="voice", needs="data")
    (phone,) = add_services(world.caller(), subscription=sub, services=[NewService(voice)], on=world.today)
    data = Service.objects.get(subscription=sub, product__kind="data")
    assert refused(lambda: act(world, data, "cancel", "2026-03-31")) == "needs_other"
    assert refused(lambda: act(world, data, "cancel", "2026-04-10")) == "needs_other"
    act(world, [data, phone], "cancel", "2026-03-31")
    assert set(Service.objects.values_list("end", flat=True)) == {"cancelled"}
    with pytest.raises(Refused) as refusal:
        world.subscribe(sub.customer, voice)
    assert refusal.value.code == "needs_other"


def test_cancelling_keeps_to_notice_and_costs_a_penalty_before_the_contract_ends(world: World, slow: Product) -> None:
    terms = {"contract_ends": D("2026-12-01"), "notice_days": 30, "penalty_minor": 50000}
    sub = world.subscribe(world.customer(), slow, on="2026-03-01", **terms)
    assert refused(lambda: act(world, one(sub), "cancel", "2026-04-29")) == "within_notice"
    act(world, one(sub), "cancel", "2026-04-30")
    assert not OneTimeCharge.objects.exists()
    with world.on("2026-04-30"):
        assert run_due_actions(world.system()) == 1
    charge = OneTimeCharge.objects.get()
    assert (charge.price, charge.on, charge.text) == (
        500,
        D("2026-04-30"),
        "Fibre 50 cancelled before the contract ends",
    )
    assert (one(sub).end, one(sub).ended_on) == ("cancelled", D("2026-04-30"))
    with world.on("2026-05-01"):
        late = world.subscribe(
            world.customer("Late"), slow, **{**terms, "contract_ends": D("2026-05-01"), "notice_days": 0}
        )
        act(world, one(late), "cancel", "2026-05-01")
    assert OneTimeCharge.objects.count() == 1


def test_a_package_is_swapped_and_who_and_when_is_on_record(
    world: World, sub: Subscription, slow: Product, fast: Product
) -> None:
    world.bill(sub.customer)
    swap = act(world, one(sub), "swap", "2026-03-20", product_id=fast.pk)[0]
    assert line(one(sub)) == [("03-01", "effective", slow.pk), ("03-20", "effective", fast.pk)]
    assert (one(sub).product, one(sub).changed_from) == (fast, D("2026-03-20"))
    assert (swap.state, swap.before, swap.after, swap.asked_by, swap.door) == (
        "done", "Fibre 50", "Fibre 100", "Administrator", "desk",
    )  # fmt: skip
    voice = world.package("Voice line", "89", kind="voice")
    assert refused(lambda: act(world, one(sub), "swap", "2026-03-31", product_id=fast.pk)) == "same_product"
    assert refused(lambda: act(world, one(sub), "swap", "2026-03-31", product_id=voice.pk)) == "other_kind"
    assert refused(lambda: act(world, one(sub), "swap", "2026-03-31")) == "no_product"
    assert refused(lambda: act(world, one(sub), "swap", "2026-02-28", product_id=slow.pk)) == "before_added"


def test_an_earlier_change_entered_later_does_not_undo_the_later_one(
    world: World, sub: Subscription, slow: Product, fast: Product
) -> None:
    faster = world.package("Fibre 200", "1199")
    act(world, one(sub), "swap", "2026-03-20", product_id=faster.pk)
    act(world, one(sub), "swap", "2026-03-10", product_id=fast.pk)
    assert [row[::2] for row in line(one(sub))] == [("03-01", slow.pk), ("03-10", fast.pk), ("03-20", faster.pk)]
    # 599 x 9 + 899 x 10 + 1199 x 12, each of 31 days.
    assert world.bill(sub.customer, "2026-03-31").total_minor == 17390 + 29000 + 46413


def test_rest_ends_by_itself_or_when_it_is_ended(world: World, sub: Subscription) -> None:
    act(world, one(sub), "rest", "2026-03-10", until=D("2026-04-10"))
    assert [row[:2] for row in line(one(sub))] == [("03-01", "effective"), ("03-10", "resting"), ("04-10", "effective")]
    assert refused(lambda: act(world, one(sub), "stop", "2026-03-20")) == "not_allowed_now"
    act(world, one(sub), "end_rest", "2026-03-20")
    assert [row[:2] for row in line(one(sub))] == [("03-01", "effective"), ("03-10", "resting"), ("03-20", "effective")]
    assert refused(lambda: act(world, one(sub), "rest", "2026-03-25", until=D("2026-03-25"))) == "no_days"


def test_quantity_price_and_a_discount_that_ends(world: World, sub: Subscription) -> None:
    act(world, one(sub), "quantity", "2026-03-05", quantity=Decimal(3))
    act(world, one(sub), "price", "2026-03-10", price=Decimal("499.50"))
    act(world, one(sub), "discount", "2026-03-15", until=D("2026-03-20"), percent_off=Decimal(10))
    assert [(s.starts.day, s.quantity, s.price, s.percent_off) for s in timeline_of(one(sub))] == [
        (1, 1, None, 0), (5, 3, None, 0), (10, 3, Decimal("499.5"), 0), (15, 3, Decimal("499.5"), 10),
        (20, 3, Decimal("499.5"), 0),
    ]  # fmt: skip
    for kind, says, code in (
        ("quantity", {"quantity": Decimal(0)}, "absurd_quantity"),
        ("price", {"price": Decimal(-1)}, "absurd_amount"),
        ("price", {"price": Decimal("1.00001")}, "too_many_places"),
        ("discount", {"percent_off": Decimal(101)}, "absurd_amount"),
    ):
        assert refused(lambda k=kind, s=says: act(world, one(sub), k, "2026-03-31", **s)) == code


def test_several_services_at_once_change_together_or_not_at_all(world: World, sub: Subscription, slow: Product) -> None:
    (other,) = add_services(world.caller(), subscription=sub, services=[NewService(slow)], on=world.today)
    both = list(Service.objects.order_by("pk"))
    act(world, other, "stop", "2026-03-31")
    assert refused(lambda: act(world, both, "stop", "2026-03-31")) == "not_allowed_now"
    act(world, other, "start", "2026-03-31")
    assert len(act(world, both, "stop", "2026-03-31")) == 2
    assert refused(lambda: act(world, [], "stop", "2026-03-31")) == "no_services"
    assert refused(lambda: act(world, both, "start", "2036-03-31")) == "absurd_date"


def test_what_is_scheduled_happens_on_its_day_once_and_a_failure_stops_no_other(
    world: World, sub: Subscription, fast: Product
) -> None:
    world.bill(sub.customer)
    (swap,) = act(world, one(sub), "swap", "2026-04-10", product_id=fast.pk)
    other = world.subscribe(world.customer("Other"), fast)
    (stop,) = act(world, one(other), "stop", "2026-04-10")
    # The package is taken out of sale meanwhile.
    Product.objects.filter(pk=fast.pk)
    from counterfoil.catalogue.operations import change_product

    change_product(world.caller(), product=fast, name=fast.name, active=False)
    assert run_due_actions(world.system()) == 0
    with world.on("2026-04-10"):
        assert run_due_actions(world.system()) == 2
        assert run_due_actions(world.system()) == 0
        do_scheduled_action(world.system(), action=stop)
    swap.refresh_from_db()
    stop.refresh_from_db()
    assert (swap.state, swap.failure) == ("failed", "Fibre 100 is no longer sold.")
    assert (stop.state, stop.asked_by) == ("done", "Administrator")
    assert [row[1] for row in line(one(other))] == ["effective", "stopped"]
    assert [row[1] for row in line(one(sub))] == ["effective"]
    assert ServiceAction.objects.filter(kind="stop").count() == 1


def test_a_scheduled_change_is_withdrawn_once(world: World, sub: Subscription, fast: Product) -> None:
    (swap,) = act(world, one(sub), "swap", "2026-04-10", product_id=fast.pk)
    withdraw_action(world.caller(), action=swap)
    assert refused(lambda: withdraw_action(world.caller(), action=swap)) == "not_scheduled"
    with world.on("2026-04-10"):
        assert run_due_actions(world.system()) == 0
    assert len(line(one(sub))) == 1


def test_removing_a_service_takes_what_was_to_happen_later_with_it(
    world: World, sub: Subscription, fast: Product
) -> None:
    (swap,) = act(world, one(sub), "swap", "2026-05-10", product_id=fast.pk)
    act(world, one(sub), "cancel", "2026-04-15")
    assert refused(lambda: act(world, one(sub), "cancel", "2026-04-20")) == "not_there_then"
    with world.on("2026-04-15"):
        run_due_actions(world.system())
    swap.refresh_from_db()
    assert (swap.state, one(sub).ended_on) == ("withdrawn", D("2026-04-15"))
    assert "service.withdrawn" in world.events


def test_what_comes_in_a_bundle_goes_with_it_and_costs_nothing_of_its_own(world: World) -> None:
    router = world.package("Router", "99", kind="equipment")
    both = world.package("Fibre and router", "650", parts=(router.code,))
    sub = world.subscribe(world.customer(), both, on="2026-03-01")
    main = Service.objects.get(subscription=sub, within=None)
    assert world.bill(sub.customer).total_minor == 65000
    other = world.package("Fibre 9", "9")
    assert refused(lambda: act(world, main, "swap", "2026-03-31", product_id=other.pk)) == "is_bundle"
    act(world, main, "cancel", "2026-03-31")
    assert set(Service.objects.values_list("end", flat=True)) == {"cancelled"}


def test_terms_are_amended_from_what_is_billed_and_the_old_ones_stay(world: World, sub: Subscription) -> None:
    world.bill(sub.customer)
    amend_terms(world.caller(), subscription=sub, term=NewTerm("quarter", anchor_day=15, in_advance=False))
    assert list(Term.objects.order_by("pk").values_list("valid_from", "valid_to", "frequency", "anchor_on")) == [
        (D("2026-03-01"), D("2026-04-01"), "month", D("2026-03-01")),
        (D("2026-04-01"), None, "quarter", D("2026-04-15")),
    ]
    # Corrected before anything came of it.
    amend_terms(world.caller(), subscription=sub, term=NewTerm("year"), on=D("2026-04-01"))
    assert list(Term.objects.values_list("frequency", flat=True).order_by("pk")) == ["month", "year"]
    for term, on, code in (
        (NewTerm("once"), None, "no_such_frequency"), (NewTerm(anchor_day=32), None, "absurd_day"),
        (NewTerm(), D("2026-02-28"), "before_subscription"), (NewTerm(notice_days=-1), None, "absurd_days"),
    ):  # fmt: skip
        assert refused(lambda t=term, o=on: amend_terms(world.caller(), subscription=sub, term=t, on=o)) == code


def test_a_one_time_charge_waits_for_the_next_bill_or_is_dropped(world: World, sub: Subscription) -> None:
    more = {"subscription": sub, "on": world.today}
    callout = add_one_time_charge(world.caller(), text="Call-out", price=Decimal(850), **more)
    slip = add_one_time_charge(world.caller(), text="Slip", price=Decimal(1), **more)
    drop_one_time_charge(world.caller(), charge=slip)
    assert world.bill(sub.customer).total_minor == 59900 + 85000
    assert refused(lambda: drop_one_time_charge(world.caller(), charge=callout)) == "billed"
    assert refused(lambda: add_one_time_charge(world.caller(), text="", price=Decimal(1), **more)) == "required"


def test_nothing_new_is_put_on_an_account_that_is_closed(world: World, slow: Product) -> None:
    from counterfoil.customers.operations import deactivate_customer

    zara = deactivate_customer(world.caller(), customer=world.customer(), reason="Moved")
    new = {"customer": zara, "services": [NewService(slow)], "on": world.today}
    assert refused(lambda: start_subscription(world.caller(), **new)) == "account_closed"
    assert refused(lambda: start_subscription(world.caller(), **{**new, "services": []})) == "account_closed"
