"""Actions on services: what each changes, and what is refused without changing anything."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Span, Term
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    add_one_time_charge,
    add_services,
    amend_terms,
    change_services,
    drop_one_time_charge,
    remove_services,
    reprice_services,
    run_due_actions,
    withdraw_action,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts


def refused(call: Callable[[], object]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        call()
    assert counts() == before
    return refusal.value.code


@pytest.fixture
def fibre(world: World) -> Service:
    world.today = dt.date(2026, 3, 1)
    world.subscribe(world.customer(), world.package("Fibre 100", "599"), regret_days=7)
    return Service.objects.get()


def spans(service: Service) -> list[tuple[str, str, str]]:
    rows = Span.objects.filter(service=service)
    return [(row.starts.isoformat(), row.ends.isoformat() if row.ends else "", row.state) for row in rows]


def change(world: World, service: Service, kind: str, on: str = "", **more: object) -> ServiceAction:
    day = dt.date.fromisoformat(on) if on else world.today
    verb = remove_services if kind in ("undo", "regret", "cancel") else change_services
    return verb(world.caller(), services=[service], change=Change(kind, day, **more), reason="Asked")[0]  # type: ignore[arg-type]


def test_stopping_and_starting_are_on_the_timeline_and_on_the_record(world: World, fibre: Service) -> None:
    world.today = dt.date(2026, 3, 10)
    change(world, fibre, "stop")
    world.today = dt.date(2026, 3, 20)
    action = change(world, fibre, "start")
    assert spans(fibre) == [
        ("2026-03-01", "2026-03-10", "effective"), ("2026-03-10", "2026-03-20", "stopped"),
        ("2026-03-20", "", "effective"),
    ]  # fmt: skip
    assert (action.before, action.after, action.asked_by) == ("Fibre 100, stopped", "Fibre 100", "Administrator")
    assert refused(lambda: change(world, fibre, "start")) == "not_allowed_now"


def test_a_rest_ends_by_itself_or_earlier(world: World, fibre: Service) -> None:
    change(world, fibre, "rest", "2026-03-01", until=dt.date(2026, 5, 1))
    assert spans(fibre) == [("2026-03-01", "2026-05-01", "resting"), ("2026-05-01", "", "effective")]
    world.today = dt.date(2026, 4, 1)
    change(world, fibre, "end_rest")
    assert spans(fibre) == [("2026-03-01", "2026-04-01", "resting"), ("2026-04-01", "", "effective")]


def test_regret_on_the_last_day_and_not_after(world: World, fibre: Service) -> None:
    world.today = dt.date(2026, 3, 9)
    assert refused(lambda: change(world, fibre, "regret")) == "regret_over"
    world.today = dt.date(2026, 3, 8)
    change(world, fibre, "regret")
    fibre.refresh_from_db()
    assert (fibre.end, spans(fibre)) == ("regretted", [])


def test_what_another_service_needs_is_not_removed(world: World, fibre: Service) -> None:
    address = world.package("Static IP", "99", kind="extra", needs="data")
    add_services(world.caller(), subscription=fibre.subscription, services=[NewService(address)], on=world.today)
    assert refused(lambda: change(world, fibre, "cancel")) == "needs_other"
    both = list(Service.objects.all())
    remove_services(world.caller(), services=both, change=Change("cancel", world.today))
    assert {service.end for service in Service.objects.all()} == {"cancelled"}


def test_a_draft_is_not_there_until_it_is_started(world: World, fibre: Service) -> None:
    line = world.package("Line", "99", kind="voice")
    (draft,) = add_services(
        world.caller(), subscription=fibre.subscription, services=[NewService(line, draft=True)], on=world.today
    )
    assert refused(lambda: change(world, draft, "stop")) == "not_allowed_now"
    world.today = dt.date(2026, 3, 20)
    assert refused(lambda: change(world, draft, "start", "2026-02-20")) == "before_added"
    change(world, draft, "start", "2026-03-05")
    assert spans(draft) == [("2026-03-01", "2026-03-05", "draft"), ("2026-03-05", "", "effective")]
    assert refused(lambda: change(world, draft, "undo")) == "not_allowed_now"


def test_undoing_a_draft_takes_what_was_scheduled_with_it(world: World, fibre: Service) -> None:
    line = world.package("Line", "99", kind="voice")
    (draft,) = add_services(
        world.caller(), subscription=fibre.subscription, services=[NewService(line, draft=True)], on=world.today
    )
    later = change(world, draft, "start", "2026-03-25")
    assert later.state == "scheduled"
    change(world, draft, "undo")
    later.refresh_from_db()
    draft.refresh_from_db()
    assert (later.state, draft.end, spans(draft)) == ("withdrawn", "removed", [])


def test_a_penalty_before_the_contract_ends_and_none_after(world: World) -> None:
    world.today = dt.date(2026, 3, 1)
    package = world.package("Fibre 100", "599")
    for name in ("Early", "Late"):
        world.subscribe(world.customer(name), package, contract_ends=dt.date(2026, 6, 1), penalty_minor=50000)
    early, late = Service.objects.order_by("pk")
    world.today = dt.date(2026, 5, 31)
    change(world, early, "cancel")
    world.today = dt.date(2026, 6, 1)
    change(world, late, "cancel")
    (charge,) = OneTimeCharge.objects.all()
    assert (charge.subscription_id, charge.price) == (early.subscription_id, Decimal(500))


def test_a_scheduled_change_is_done_on_its_day_once(world: World, fibre: Service) -> None:
    fast = world.package("Fibre 200", "899")
    action = change(world, fibre, "swap", "2026-03-20", product_id=fast.pk)
    assert (action.state, spans(fibre)) == ("scheduled", [("2026-03-01", "", "effective")])
    assert run_due_actions(world.caller()) == 0
    world.today = dt.date(2026, 3, 20)
    assert run_due_actions(world.caller()) == 1
    assert run_due_actions(world.caller()) == 0
    action.refresh_from_db()
    fibre.refresh_from_db()
    assert (action.state, action.after, fibre.product_id) == ("done", "Fibre 200", fast.pk)


def test_one_that_cannot_be_done_any_more_fails_and_stops_no_other(world: World, fibre: Service) -> None:
    bad = change(world, fibre, "rest", "2026-03-20")
    change(world, fibre, "stop", "2026-03-10")
    good = change(world, fibre, "quantity", "2026-03-15", quantity=Decimal(2))
    world.today = dt.date(2026, 3, 25)
    assert run_due_actions(world.caller()) == 3
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("failed", "done")
    assert bad.failure == "Fibre 100 is stopped, so it cannot be rested."


def test_a_scheduled_change_can_be_withdrawn(world: World, fibre: Service) -> None:
    action = change(world, fibre, "stop", "2026-03-20")
    withdraw_action(world.caller(), action=action)
    world.today = dt.date(2026, 3, 20)
    assert run_due_actions(world.caller()) == 0
    assert refused(lambda: withdraw_action(world.caller(), action=action)) == "not_scheduled"


def test_a_discount_has_an_end_and_a_price_a_reason(world: World, fibre: Service) -> None:
    off = Change("discount", world.today, dt.date(2026, 4, 1), percent_off=Decimal(50))
    reprice_services(world.caller(), services=[fibre], change=off, reason="Welcome")
    found = Span.objects.filter(service=fibre).values_list("starts", "percent_off")
    assert list(found) == [(dt.date(2026, 3, 1), Decimal(50)), (dt.date(2026, 4, 1), Decimal(0))]
    own = Change("price", world.today, price=Decimal(-1))
    assert (
        refused(lambda: reprice_services(world.caller(), services=[fibre], change=own, reason="x")) == "absurd_amount"
    )
    assert refused(lambda: reprice_services(world.caller(), services=[fibre], change=off, reason="")) == "required"


def test_new_terms_begin_where_billing_stands(world: World, fibre: Service) -> None:
    world.bill(fibre.subscription.customer)
    made = amend_terms(world.caller(), subscription=fibre.subscription, term=NewTerm(frequency="quarter", anchor_day=1))
    assert made.valid_from == dt.date(2026, 4, 1)
    assert list(Term.objects.values_list("valid_from", "valid_to", "frequency")) == [
        (dt.date(2026, 3, 1), dt.date(2026, 4, 1), "month"), (dt.date(2026, 4, 1), None, "quarter"),
    ]  # fmt: skip


def test_a_one_time_charge_is_billed_once_or_dropped(world: World, fibre: Service) -> None:
    charge = add_one_time_charge(
        world.caller(), subscription=fibre.subscription, text="Call-out", price=Decimal(250), on=world.today
    )
    bill = world.bill(fibre.subscription.customer)
    assert list(bill.lines.values_list("text", "total_minor")) == [
        ("Fibre 100, 1 Mar 2026 to 31 Mar 2026", 59900), ("Call-out", 25000),
    ]  # fmt: skip
    charge.refresh_from_db()
    assert refused(lambda: drop_one_time_charge(world.caller(), charge=charge)) == "billed"
