"""Calls: what one save writes, what stays as it was, and what is refused with nothing written."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from counterfoil.collections import queries
from counterfoil.collections.models import Call, CallAction, CallTopic, FollowUp, Promise, Work
from counterfoil.collections.operations import (
    NewAction,
    NewTopic,
    add_to_call,
    agree_plan,
    cancel_promise,
    change_call_dispute,
    close_call,
    finish_action,
    finish_follow_up,
    judge_due,
    judge_promises,
    money_moved,
    record_call,
    record_promise,
    remove_call_dispute,
    reopen_call,
)
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import change_lookup
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import write_off
from counterfoil.receivables.queries import figures
from counterfoil.site.wiring import REACTIONS
from counterfoil.suspension.operations import reconsider
from counterfoil.testing.world import World
from counterfoil.trail.models import Event


def lookup(code: str, kind: str = "call_outcome") -> Lookup:
    return Lookup.objects.get(kind=kind, code=code)


def action(code: str) -> Lookup:
    return lookup(code, "call_action")


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes R1,000.00 since 1 February and R500.00 since 1 March 2026; today is 31 March."""
    return world.customer(owing={"2026-02-01": "1000.00", "2026-03-01": "500.00"})


@pytest.fixture
def item(zara: Customer) -> OpenItem:
    return OpenItem.objects.get(customer=zara, amount_minor=100000)


def counts() -> tuple[int, ...]:
    return tuple(model._default_manager.count() for model in (Call, CallTopic, CallAction, Promise, FollowUp, Dispute))


def test_one_save_writes_the_call_with_all_that_came_of_it(world: World, zara: Customer, item: OpenItem) -> None:
    call = record_call(
        world.caller("collector"), customer=zara, outcome=lookup("promised"), note="Pays on Friday",
        response=lookup("billed_wrong", "customer_response"),
        topics=[NewTopic(item, note="Router never came")],
        promise_minor=80000, promise_on=dt.date(2026, 4, 3),
        follow_up_on=dt.date(2026, 4, 4), follow_up_time="10:30",
        follow_up_action=lookup("call_again", "follow_up_action"),
        actions=[NewAction(action("partial_dispute"), item, 30000, "Router never came"), NewAction(action("alert"))],
        hold_reason="Three promises broken",
    )  # fmt: skip
    # The call, one topic, two actions, one promise, two follow-ups (the asked one and the alert's), one dispute.
    assert counts() == (1, 1, 2, 1, 2, 1)
    assert figures(zara, world.today).disputed_minor == 30000
    zara.refresh_from_db()
    assert zara.held_on(world.today)
    work = Work.objects.get(customer=zara)
    assert (work.promised_on, work.contacted_on, work.timed) == (dt.date(2026, 4, 3), world.today, False)
    assert str(call.collector_name) == "Collector"


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"promise_minor": 1, "promise_on": dt.date(2026, 3, 30)}, "promise_past", "due_on"),
        ({"promise_minor": 150001, "promise_on": dt.date(2026, 4, 3)}, "over_promised", "amount"),
        ({"promise_minor": 1}, "half_promise", "promise_on"),
        ({"promise_on": dt.date(2026, 4, 3)}, "half_promise", "promise"),
        ({"forecast_minor": 1}, "half_forecast", "forecast_on"),
        ({"follow_up_on": dt.date(2026, 3, 30)}, "follow_up_past", "follow_up_on"),
        ({"follow_up_time": "10:30"}, "no_day", "follow_up_on"),
        ({"follow_up_on": dt.date(2026, 4, 3), "follow_up_time": "25:00"}, "bad_time", "follow_up_time"),
        ({"on": dt.date(2026, 4, 1)}, "future_date", "on"),
        ({"dispute": 100001}, "over_disputed", "amount"),
        ({"dispute": 0}, "no_amount", "amount"),
    ],
)
def test_refused_and_nothing_is_written(
    world: World, zara: Customer, item: OpenItem, more: dict[str, object], code: str, field: str
) -> None:
    before = counts()
    given = dict(more)
    if "dispute" in given:
        given["actions"] = [
            NewAction(action("alert")),
            NewAction(action("partial_dispute"), item, given.pop("dispute")),
        ]
    with pytest.raises(Refused) as refused:
        record_call(world.caller(), customer=zara, outcome=lookup("promised"), topics=[NewTopic(item)], **given)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert counts() == before


def test_another_customers_item_is_no_topic(world: World, zara: Customer, item: OpenItem) -> None:
    other = world.customer("Other", owing={"2026-02-01": "10.00"})
    theirs = OpenItem.objects.get(customer=other)
    for given in ({"topics": [NewTopic(theirs)]}, {"actions": [NewAction(action("call"), theirs)]}):
        with pytest.raises(Refused, match="another customer"):
            record_call(world.caller(), customer=zara, outcome=lookup("promised"), **given)
    assert counts()[:5] == (0, 0, 0, 0, 0)


def test_a_lookup_switched_off_while_the_form_is_open(world: World, zara: Customer) -> None:
    chosen = lookup("refuses")
    change_lookup(world.caller(), lookup=chosen, name="Refuses", ends=world.today)
    with pytest.raises(Refused, match="Refuses is not offered any more") as refused:
        record_call(world.caller(), customer=zara, outcome=chosen)
    assert refused.value.field == "outcome"
    assert counts()[0] == 0


def test_after_saving_only_what_may_change_changes(world: World, zara: Customer, item: OpenItem) -> None:
    caller = world.caller("collector")
    call = record_call(
        caller, customer=zara, outcome=lookup("disputes"), note="As it was said",
        actions=[NewAction(action("partial_dispute"), item, 30000, "Never came")], follow_up_on=world.today,
    )  # fmt: skip
    dispute = CallAction.objects.get(call=call)
    assert close_call(caller, call=call).status == "closed"
    assert reopen_call(caller, call=call).status == "open"
    add_to_call(caller, call=call, actions=[NewAction(action("collection_follow_up"), item)])
    assert call.actions.count() == 2
    with pytest.raises(Exception, match="call"), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(note="Something else")
    # The dispute changes with its history, to zero and back, and is taken back.
    change_call_dispute(caller, action=dispute, amount_minor=20000)
    assert figures(zara, world.today).disputed_minor == 20000
    change_call_dispute(caller, action=dispute, amount_minor=0)
    assert figures(zara, world.today).disputed_minor == 0
    change_call_dispute(caller, action=dispute, amount_minor=45000)
    remove_call_dispute(caller, action=dispute)
    amounts = list(Dispute.objects.filter(item=item).order_by("pk").values_list("amount_minor", "closed_on"))
    assert amounts == [(30000, world.today), (20000, world.today), (45000, world.today)]
    with pytest.raises(Refused, match="taken back"):
        change_call_dispute(caller, action=dispute, amount_minor=1)


def test_completing_an_action_leaves_its_effect(world: World, zara: Customer, item: OpenItem) -> None:
    caller = world.caller("collector")
    record_call(
        caller, customer=zara, outcome=lookup("disputes"),
        actions=[NewAction(action("partial_dispute"), item, 30000), NewAction(action("collection_action"))],
    )  # fmt: skip
    for row in CallAction.objects.all():
        finish_action(caller, action=row)
    assert figures(zara, world.today).disputed_minor == 30000
    assert not FollowUp.objects.filter(done_on=None).exists()
    assert Work.objects.get(customer=zara).call_back_at is None


def test_a_follow_up_waits_for_its_hour_and_ends_with_the_next_call(world: World, zara: Customer) -> None:
    caller = world.caller("collector")
    record_call(caller, customer=zara, outcome=lookup("call_back"), follow_up_on=dt.date(2026, 4, 2),
                follow_up_time="14:00")  # fmt: skip
    with world.on("2026-04-02"):
        work = Work.objects.get(customer=zara)
        assert (work.timed, work.call_back_at) == (True, world.now + dt.timedelta(hours=2))
        # At noon the hour has not come: the call does not end it.
        record_call(world.caller("collector"), customer=zara, outcome=lookup("no_answer"))
        row = FollowUp.objects.get()
        assert row.done_on is None
        finish_follow_up(world.caller("collector"), follow_up=row)
        with pytest.raises(Refused, match="done already"):
            finish_follow_up(world.caller("collector"), follow_up=row)
    record_call(caller, customer=zara, outcome=lookup("call_back"), follow_up_on=dt.date(2026, 4, 5))
    with world.on("2026-04-05"):
        record_call(world.caller("collector"), customer=zara, outcome=lookup("no_answer"))
    assert not FollowUp.objects.filter(done_on=None).exists()


def state(promise: Promise) -> tuple[str, int]:
    promise.refresh_from_db()
    return promise.state, promise.received_minor


def test_a_promise_is_kept_on_its_day_and_broken_when_the_payment_bounces(world: World, zara: Customer) -> None:
    made = record_promise(world.caller("collector"), customer=zara, amount_minor=50000, due_on=dt.date(2026, 4, 3))
    with world.on("2026-04-03"):
        receipt = world.pays(zara, "500.00")
        judge_promises(world.system(), customers=[zara.pk])
        assert state(made) == ("kept", 50000)
        assert queries.promised([zara.pk], world.today) == {}
    with world.on("2026-04-08"):
        reverse_receipt(world.caller(), receipt=receipt, reason="Bounced", on=world.today)
        judge_promises(world.system(), customers=[zara.pk])
        assert state(made) == ("broken", 0)
        assert Work.objects.get(customer=zara).broken_on == dt.date(2026, 4, 3)
        # Judged again, nothing changes and nothing is told twice.
        assert judge_promises(world.system(), customers=[zara.pk]) == 0
        # Speaking to them ends the news.
        record_call(world.caller("collector"), customer=zara, outcome=lookup("no_answer"))
        assert Work.objects.get(customer=zara).broken_on == dt.date(2026, 4, 3)
        record_call(world.caller("collector"), customer=zara, outcome=lookup("refuses"))
        assert Work.objects.get(customer=zara).broken_on is None


def test_the_clock_breaks_what_did_not_come(world: World, zara: Customer) -> None:
    made = record_promise(world.caller("collector"), customer=zara, amount_minor=80000, due_on=dt.date(2026, 4, 3))
    with world.on("2026-04-03"):
        assert queries.promised([zara.pk], world.today) == {zara.pk: dt.date(2026, 4, 3)}
        assert judge_due(world.system()) == 0
    with world.on("2026-04-04"):
        assert queries.promised([zara.pk], world.today) == {}
        assert judge_due(world.system()) == 1
        assert judge_due(world.system()) == 0
    assert state(made) == ("broken", 0)


def test_a_newer_promise_supersedes_and_a_plan_is_judged_by_instalment(world: World, zara: Customer) -> None:
    caller = world.caller("collector")
    first = record_promise(caller, customer=zara, amount_minor=50000, due_on=dt.date(2026, 4, 3))
    plan = agree_plan(caller, customer=zara, instalments=[(50000, dt.date(2026, 4, 15)), (70000, dt.date(2026, 5, 15))])
    assert state(first)[0] == "superseded"
    one, two = plan.promises.order_by("due_on")
    with world.on("2026-04-10"):
        world.pays(zara, "600.00")
        judge_promises(world.system(), customers=[zara.pk])
        assert (state(one), state(two)) == (("kept", 50000), ("open", 10000))
    with world.on("2026-05-16"):
        judge_due(world.system())
        assert state(two) == ("part", 10000)
    third = record_promise(caller, customer=zara, amount_minor=100, due_on=dt.date(2026, 4, 3))
    cancel_promise(caller, promise=third, reason="Made by mistake")
    assert state(third)[0] == "cancelled"
    with pytest.raises(Refused, match="cancelled"):
        cancel_promise(caller, promise=third, reason="Again")


@pytest.mark.parametrize(
    ("instalments", "code"),
    [
        ([(100, dt.date(2026, 4, 3))], "instalments"),
        ([(100, dt.date(2026, 4, 3)), (100, dt.date(2026, 4, 3))], "instalment_days"),
        ([(100, dt.date(2026, 4, 4)), (100, dt.date(2026, 4, 3))], "instalment_days"),
        ([(100000, dt.date(2026, 4, 3)), (50001, dt.date(2026, 4, 4))], "over_promised"),
        ([(100, dt.date(2026, 3, 30)), (100, dt.date(2026, 4, 4))], "promise_past"),
        ([(0, dt.date(2026, 4, 3)), (100, dt.date(2026, 4, 4))], "not_positive"),
    ],
)
def test_a_plan_that_cannot_be(world: World, zara: Customer, instalments: list[tuple[int, dt.date]], code: str) -> None:
    with pytest.raises(Refused) as refused:
        agree_plan(world.caller("collector"), customer=zara, instalments=instalments)
    assert (refused.value.code, refused.value.field) == (code, "instalments")
    assert counts() == (0, 0, 0, 0, 0, 0)


def test_a_payment_judges_by_itself(world: World, zara: Customer) -> None:
    """What follows a payment is wired, and so is what undoes one: no promise waits for its day to be known as kept."""
    assert money_moved in REACTIONS["receipt.recorded"]
    assert reconsider in REACTIONS["receipt.recorded"]
    for kind in ("receipt.reversed", "refund.paid", "allocation.made", "allocation.undone", "invoice.credited"):
        assert money_moved in REACTIONS[kind], kind
    made = record_promise(world.caller("collector"), customer=zara, amount_minor=50000, due_on=dt.date(2026, 4, 30))
    with world.on("2026-04-02"):
        world.pays(zara, "500.00")
        told = Event.objects.filter(kind="receipt.recorded").values_list("pk", flat=True)
        money_moved(world.system(), events=list(told))
    assert state(made) == ("kept", 50000)


def test_what_was_given_back_was_not_received(world: World, zara: Customer) -> None:
    made = record_promise(world.caller("collector"), customer=zara, amount_minor=50000, due_on=dt.date(2026, 4, 30))
    with world.on("2026-04-02"):
        world.pays(zara, "500.00", allocate=[])
        judge_promises(world.system(), customers=[zara.pk])
        assert state(made) == ("kept", 50000)
        pay_refund(world.caller(), customer=zara, amount_minor=20000, on=world.today, method="eft", reason="By mistake")
        judge_promises(world.system(), customers=[zara.pk])
    assert state(made) == ("open", 30000)


def test_a_promise_of_what_is_not_owed_any_more_ends(world: World, zara: Customer, item: OpenItem) -> None:
    caller = world.caller("collector")
    one = record_promise(caller, customer=zara, amount_minor=50000, due_on=dt.date(2026, 4, 30), item=item)
    write_off(world.caller(), item=item, amount_minor=100000, reason="Cannot be found")
    judge_promises(world.system(), customers=[zara.pk])
    assert state(one) == ("cancelled", 0)


def test_a_small_promise_holds_nothing_and_a_far_one_is_refused(world: World, zara: Customer) -> None:
    caller = world.caller("collector")
    small = record_promise(caller, customer=zara, amount_minor=74999, due_on=dt.date(2026, 4, 3))
    assert queries.promised([zara.pk], world.today) == {}
    half = record_promise(caller, customer=zara, amount_minor=75000, due_on=dt.date(2026, 4, 3))
    assert (state(small)[0], half.holds) == ("superseded", True)
    assert queries.promised([zara.pk], world.today) == {zara.pk: dt.date(2026, 4, 3)}
    with pytest.raises(Refused, match="at the latest") as refused:
        record_promise(caller, customer=zara, amount_minor=75000, due_on=dt.date(2026, 6, 2))
    assert refused.value.field == "due_on"
    assert state(half)[0] == "open"


def test_a_plan_that_was_missed_holds_nothing_and_a_new_promise_leaves_it(world: World, zara: Customer) -> None:
    caller = world.caller("collector")
    plan = agree_plan(caller, customer=zara, instalments=[(50000, dt.date(2026, 4, 15)), (50000, dt.date(2026, 5, 15))])
    assert queries.promised([zara.pk], world.today) == {zara.pk: dt.date(2026, 5, 15)}
    record_promise(caller, customer=zara, amount_minor=50000, due_on=dt.date(2026, 4, 1))
    assert [row.state for row in plan.promises.all()] == ["open", "open"]
    with pytest.raises(Refused, match="Only R500.00 is owed and not promised yet"):
        record_promise(caller, customer=zara, amount_minor=50001, due_on=dt.date(2026, 4, 1))
    with world.on("2026-04-16"):
        judge_due(world.system())
        assert queries.promised([zara.pk], world.today) == {}


def test_a_call_of_an_earlier_day_undoes_nothing_of_todays(world: World, zara: Customer) -> None:
    caller = world.caller("collector")
    record_call(caller, customer=zara, outcome=lookup("refuses"))
    record_call(caller, customer=zara, outcome=lookup("says_paid"), on=dt.date(2026, 3, 10))
    work = Work.objects.get(customer=zara)
    assert (work.worked_on, work.contacted_on, work.says_paid) == (world.today, world.today, False)
