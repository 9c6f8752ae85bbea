"""A process of one account, day by day: listed, approved, warned, suspended, paused, paid (domain 17.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.billing.operations import credit_invoice
from counterfoil.collections.operations import record_promise
from counterfoil.credit.operations import add_profile_class, assign_class
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import (
    add_contact,
    change_customer,
    deactivate_customer,
    lift_credit_hold,
    place_credit_hold,
)
from counterfoil.desk.operations import erase_personal_data
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.operator.operations import add_area
from counterfoil.payments.operations import reverse_receipt
from counterfoil.receivables.operations import issue_credit, keep_standings, merge_customers, open_dispute, write_off
from counterfoil.subscriptions.operations import NewService, add_services, change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.suspension import queries
from counterfoil.suspension.models import Exclusion, Pause, Suspension
from counterfoil.suspension.operations import (
    add_holidays,
    allow_suspension,
    approve_family,
    approve_suspensions,
    drop_suspension_policy,
    never_suspend,
    pause_suspension,
    reconsider,
    remove_holiday,
    reset_suspension,
    set_suspension_policy,
    suspend_now,
    take_all_steps,
    take_due_steps,
)
from counterfoil.suspension.tests.helpers import D, approve, at, facts, passes, runs, sent, stage, system, told
from counterfoil.testing.world import World, counts
from counterfoil.trail.kinds import sentence
from counterfoil.trail.models import Event


@pytest.fixture
def zara(world: World) -> Customer:
    world.today = D("2026-03-02")
    runs(world)
    customer = world.customer(owing={"2026-04-01": "1498.00"})
    add_contact(world.caller(), customer=customer, name="Zara Naidoo", emails=["zara@mail.example"], roles=["billing"])
    return customer


def refused(call: Callable[[], Any]) -> str:
    before = counts(), facts()
    with pytest.raises(Refused) as refusal:
        call()
    assert (counts(), facts()) == before
    return refusal.value.code


def row() -> Suspension:
    return Suspension.objects.order_by("-pk")[0]


def suspended(world: World, day: str = "2026-04-11") -> None:
    """Zara is suspended on 11 April."""
    passes("2026-04-04")
    approve(world, "2026-04-04")
    passes("2026-04-08")
    assert passes(day) == "suspended"


def react(kind: str, day: str) -> None:
    """What follows the events of a kind, as the worker does it."""
    events = list(Event.objects.filter(kind=kind).values_list("pk", flat=True))
    reconsider(system(day), events=events)


def test_the_example_of_the_domain_day_by_day(world: World, zara: Customer) -> None:
    assert passes("2026-04-03") == "not_due"
    assert passes("2026-04-04") == "overdue"
    # Nothing is sent or cut before approval, however long it takes.
    assert passes("2026-04-04", 23) == "overdue"
    assert (sent(), told()) == ([], [])
    approve(world, "2026-04-04")
    assert (stage(), sent()) == ("first_warning", ["first_warning"])
    assert passes("2026-04-07") == "first_warning"
    assert passes("2026-04-08") == "second_warning"
    assert passes("2026-04-10") == "second_warning"
    assert (sent(), told()) == (["first_warning", "second_warning"], [])
    assert passes("2026-04-11") == "suspended"
    assert (sent(), told()) == (["first_warning", "second_warning", "service_off"], ["off"])
    with world.on("2026-04-12"):
        pause_suspension(world.caller("collector"), suspension=row(), days=2)
    assert passes("2026-04-13") == "paused"
    assert told() == ["off", "on"]
    assert passes("2026-04-14") == "suspended"
    assert told() == ["off", "on", "off"]
    with world.on("2026-04-15"):
        world.pays(zara, "1498.00")
        react("receipt.recorded", "2026-04-15")
    assert (stage(), told()) == ("reset", ["off", "on", "off", "on"])
    assert sent()[-1] == "service_on"
    found = row()
    assert (found.listed_on, found.first_warned_on, found.second_warned_on, found.suspended_on, found.ended_on) == (
        D("2026-04-04"), D("2026-04-04"), D("2026-04-08"), D("2026-04-11"), D("2026-04-15"),
    )  # fmt: skip
    assert [kind for kind in world.events if kind.startswith("suspension.")] == [
        "suspension.listed", "suspension.approved", "suspension.warned", "suspension.warned", "suspension.suspended",
        "suspension.paused", "suspension.suspended", "suspension.reset",
    ]  # fmt: skip


def test_what_the_customer_reads(world: World, zara: Customer) -> None:
    suspended(world)
    first, second, off = Message.objects.order_by("pk")
    assert first.subject == f"R1,498.00 is overdue on account {zara.number}"
    assert second.subject == "Your service will be suspended on Sat 11 Apr"
    assert "If it is not paid, your service will be suspended on Sat 11 Apr.\n" in second.body_text
    assert off.subject == "Your service is suspended: R1,498.00 is overdue"
    for message in (first, second, off):
        assert "To pay: R1,498.00\n" in message.body_text
        assert [one.address for one in message.deliveries.all()] == ["zara@mail.example"]


def test_who_has_no_address_is_on_the_list_as_not_reached(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)
    world.customer(owing={"2026-04-01": "1498.00"})
    passes("2026-04-04")
    approve(world, "2026-04-04")
    assert (row().unreached, stage(), sent()) == (True, "first_warning", [])
    event = Event.objects.get(kind="suspension.warned")
    assert sentence(event.kind, event.data) == "First warning, R1,498.00 overdue. Not sent: no e-mail address"


def test_billing_goes_on_while_suspended_and_a_newer_debt_starts_no_second_process(
    world: World, zara: Customer
) -> None:
    suspended(world)
    with world.on("2026-04-11"):
        newer = world.invoice(zara, "599.00", on="2026-04-11", due_on="2026-04-12")
    assert newer.state == "issued"
    assert passes("2026-04-20") == "suspended"
    assert Suspension.objects.count() == 1
    assert queries.accounts_of([zara.pk], D("2026-04-20"))[zara.pk].debts[1].minor == 59900
    # Part of it is not all of it (domain 17.2).
    with world.on("2026-04-20"):
        world.pays(zara, "1498.00")
    react("receipt.recorded", "2026-04-20")
    assert (stage(), row().amount_minor) == ("suspended", 59900)
    with world.on("2026-04-20"):
        world.pays(zara, "599.00")
    react("receipt.recorded", "2026-04-20")
    assert stage() == "reset"


@pytest.mark.parametrize("day", ["2026-04-04", "2026-04-05", "2026-04-08"])
def test_who_pays_before_the_suspension_is_cleared_at_any_stage_and_the_network_hears_nothing(
    world: World, zara: Customer, day: str
) -> None:
    passes("2026-04-04")
    if day > "2026-04-04":
        approve(world, "2026-04-04")
    passes(day)
    with world.on(day):
        world.pays(zara, "1498.00")
    react("receipt.recorded", day)
    assert (stage(), told()) == ("cleared", [])
    assert passes("2026-04-30") == "cleared"


def test_the_pass_is_the_net_where_nothing_reacted(world: World, zara: Customer) -> None:
    suspended(world)
    take_due_steps(system("2026-04-12"))
    with world.on("2026-04-12"):
        world.pays(zara, "1498.00")
    # A minute later, although all accounts were looked through just before.
    assert take_due_steps(system("2026-04-12")) == 1
    assert (stage(), told()) == ("reset", ["off", "on"])
    assert take_due_steps(system("2026-04-12")) == 0


def test_a_reversal_afterwards_begins_anew(world: World, zara: Customer) -> None:
    suspended(world)
    with world.on("2026-04-12"):
        receipt = world.pays(zara, "1498.00")
        react("receipt.recorded", "2026-04-12")
    with world.on("2026-04-14"):
        reverse_receipt(world.caller(), receipt=receipt, reason="Bounced", on=D("2026-04-14"))
    assert passes("2026-04-14") in ("overdue", "reset")
    days = [D("2026-04-14"), D("2026-04-17")]
    assert passes("2026-04-17") == "overdue"
    assert row().listed_on in days
    assert Suspension.objects.count() == 2
    # Nothing goes on without another approval.
    assert passes("2026-05-17") == "overdue"
    assert told() == ["off", "on"]


@pytest.mark.parametrize("how", ["dispute", "credit", "write_off"])
def test_a_dispute_a_credit_and_a_write_off_reset_too(world: World, zara: Customer, how: str) -> None:
    suspended(world)
    caller = world.caller()
    item = world.item("INV-000001")
    with world.on("2026-04-12"):
        if how == "dispute":
            open_dispute(caller, item=item, amount_minor=149800, reason="Never connected")
            kind = "dispute.opened"
        elif how == "credit":
            issue_credit(caller, customer=zara, amount_minor=149800, reason="Offline")
            kind = "credit.issued"
        else:
            write_off(caller, item=item, amount_minor=149800, reason="Lost")
            kind = "item.written_off"
    react(kind, "2026-04-12")
    assert (stage(), told()) == ("reset", ["off", "on"])


def test_part_in_dispute_leaves_the_rest(world: World, zara: Customer) -> None:
    with world.on("2026-04-02"):
        open_dispute(world.caller(), item=world.item("INV-000001"), amount_minor=49800, reason="Never connected")
    assert passes("2026-04-04") == "overdue"
    assert row().amount_minor == 100000


def test_a_second_pause_extends_the_first_and_both_are_on_record(world: World, zara: Customer) -> None:
    suspended(world)
    with world.on("2026-04-12"):
        pause_suspension(world.caller(), suspension=row(), days=2)
    with world.on("2026-04-13"):
        pause_suspension(world.caller(), suspension=row(), days=3)
    assert row().paused_until == D("2026-04-17")
    assert list(Pause.objects.order_by("pk").values_list("on", "days", "until")) == [
        (D("2026-04-12"), 2, D("2026-04-14")), (D("2026-04-13"), 3, D("2026-04-17")),
    ]  # fmt: skip
    # Seven days at most: two are left.
    with world.on("2026-04-14"):
        assert refused(lambda: pause_suspension(world.caller(), suspension=row(), days=3)) == "pause_too_long"
        assert told() == ["off", "on"]
    assert passes("2026-04-16") == "paused"
    assert passes("2026-04-17") == "suspended"
    assert told() == ["off", "on", "off"]


def test_what_is_not_suspended_cannot_be_paused_and_what_is_over_not_at_all(world: World, zara: Customer) -> None:
    passes("2026-04-04")
    assert refused(lambda: pause_suspension(world.caller(), suspension=row(), days=1)) == "not_suspended"
    world.today = D("2026-04-04")
    reset_suspension(world.caller(), suspension=row(), reason="Agreed by phone")
    assert stage() == "cleared"
    assert refused(lambda: reset_suspension(world.caller(), suspension=row(), reason="Again")) == "over_already"
    assert refused(lambda: pause_suspension(world.caller(), suspension=row(), days=1)) == "over_already"


def test_by_hand_in_one_step_and_back(world: World, zara: Customer) -> None:
    with world.on("2026-04-01"):
        # Due today is not overdue.
        assert refused(lambda: suspend_now(world.caller(), customer=zara, reason="Abuse")) == "nothing_overdue"
    with world.on("2026-04-02"):
        suspend_now(world.caller(), customer=zara, reason="Third time this year")
        assert refused(lambda: suspend_now(world.caller(), customer=zara, reason="Abuse")) == "suspended_already"
    assert (stage(), told()) == ("suspended", ["off"])
    assert passes("2026-04-03") == "suspended"
    with world.on("2026-04-03"):
        reset_suspension(world.caller("collector"), suspension=row(), reason="Paid at the counter")
    assert (stage(), told()) == ("reset", ["off", "on"])


def test_who_is_never_suspended_is_left_alone_until_that_is_taken_back(world: World, zara: Customer) -> None:
    suspended(world)
    with world.on("2026-04-12"):
        never_suspend(world.caller(), customer=zara, reason="Alarm line of a hospital")
        assert (stage(), told()) == ("reset", ["off", "on"])
        assert refused(lambda: never_suspend(world.caller(), customer=zara, reason="Twice")) == "excluded_already"
        assert refused(lambda: suspend_now(world.caller(), customer=zara, reason="Now")) == "excluded"
    assert passes("2026-06-01") == "reset"
    with world.on("2026-06-01"):
        allow_suspension(world.caller(), customer=zara)
        assert refused(lambda: allow_suspension(world.caller(), customer=zara)) == "not_excluded"
    assert passes("2026-06-01") == "overdue"


def test_an_excluded_group_is_cleared(world: World, zara: Customer) -> None:
    passes("2026-04-04")
    with world.on("2026-04-05"):
        change_customer(world.caller(), customer=zara, changes={"group": "Schools"}, version=zara.version)
        set_suspension_policy(world.caller(), changes={"groups": ["Schools"]})
    assert passes("2026-04-05") == "cleared"


def test_a_parent_is_approved_with_all_its_accounts(world: World, zara: Customer) -> None:
    with world.on("2026-03-02"):
        child = world.customer("Child", owing={"2026-04-01": "100.00"}, parent_id=zara.pk)
        other = world.customer("Other", owing={"2026-04-01": "100.00"})
    passes("2026-04-04")
    with world.on("2026-04-04"):
        approved = approve_family(world.caller(), customer=zara)
        assert [each.customer_id for each in approved] == [zara.pk, child.pk]
        assert refused(lambda: approve_family(world.caller(), customer=zara)) == "nothing_listed"
        # One by one.
        approve_suspensions(world.caller(), suspensions=[Suspension.objects.get(customer=other)])
    assert set(Suspension.objects.values_list("state", flat=True)) == {"first_warning"}
    # Of a family that was suspended, only the one that paid is switched on.
    passes("2026-04-08")
    passes("2026-04-11")
    with world.on("2026-04-12"):
        world.pays(child, "100.00")
    react("receipt.recorded", "2026-04-12")
    assert dict(Suspension.objects.values_list("customer__name", "state")) == {
        "Zara Naidoo": "suspended", "Child": "reset", "Other": "suspended",
    }  # fmt: skip


def test_who_sees_some_areas_approves_a_parent_with_the_accounts_of_these_areas(world: World, zara: Customer) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    with world.on("2026-03-02"):
        for area in (north, south):
            world.customer(area.name, owing={"2026-04-01": "100.00"}, parent_id=zara.pk, area_id=area.pk)
        change_customer(world.caller(), customer=zara, changes={"area": north}, version=zara.version)
    assert take_all_steps(system("2026-04-04")) == 3
    with world.on("2026-04-04"):
        limited = replace(world.caller("collector"), scope={"area": frozenset({north.pk})})
        approve_family(limited, customer=zara)
    assert dict(Suspension.objects.values_list("customer__name", "state")) == {
        "Zara Naidoo": "first_warning", "North": "first_warning", "South": "overdue",
    }  # fmt: skip


def test_never_suspended_is_who_it_was_merged_into(world: World, zara: Customer) -> None:
    with world.on("2026-03-02"):
        again, third = (world.customer(name, owing={"2026-04-01": "100.00"}) for name in ("Zara N", "Z Naidoo"))
        never_suspend(world.caller(), customer=again, reason="Oxygen at home")
        never_suspend(world.caller(), customer=third, reason="Another reason")
    suspended(world)
    with world.on("2026-04-12"):
        merge_customers(world.caller(), customer=zara, duplicate=again)
        assert (stage(), told()) == ("reset", ["off", "on"])
        merge_customers(world.caller(), customer=zara, duplicate=third)
    standing = Exclusion.objects.get(customer=zara)
    assert (standing.reason, standing.since, standing.ended_on) == ("Oxygen at home", D("2026-04-12"), None)
    assert passes("2026-04-20") == "reset"
    assert Suspension.objects.filter(customer=zara).count() == 1


def test_who_paid_since_the_list_was_read_is_not_approved(world: World, zara: Customer) -> None:
    passes("2026-04-04")
    listed = row()
    with world.on("2026-04-05"):
        world.pays(zara, "1498.00")
        assert approve_suspensions(world.caller(), suspensions=[listed]) == []
    assert (stage(), sent()) == ("cleared", [])


def test_a_promise_holds_and_broken_it_goes_on_where_it_stood(world: World, zara: Customer) -> None:
    passes("2026-04-04")
    approve(world, "2026-04-04")
    with world.on("2026-04-05"):
        record_promise(world.caller("collector"), customer=zara, amount_minor=149800, due_on=D("2026-04-20"))
    assert passes("2026-04-20") == "first_warning"
    assert (row().next_on, row().because) == (D("2026-04-21"), "payment is promised by Mon 20 Apr")
    assert passes("2026-04-21") == "second_warning"
    assert passes("2026-04-24") == "suspended"


def test_a_class_has_a_policy_of_its_own_until_it_gives_it_up(world: World, zara: Customer) -> None:
    caller = world.caller()
    schools = add_profile_class(caller, name="Schools")
    with world.on("2026-03-02"):
        school = world.customer("School", owing={"2026-04-01": "100.00"})
        assign_class(caller, customer=school, profile_class=schools)
    set_suspension_policy(caller, changes={"overdue_days": 30}, profile_class=schools)
    assert (
        refused(lambda: set_suspension_policy(caller, changes={"overdue_days": 30}, profile_class=schools))
        == "no_change"
    )
    take_all_steps(system("2026-04-04"))
    assert list(Suspension.objects.values_list("customer__name", flat=True)) == ["Zara Naidoo"]
    take_all_steps(system("2026-05-01"))
    assert Suspension.objects.get(customer=school).listed_on == D("2026-05-01")
    reset_suspension(world.caller(), suspension=Suspension.objects.get(customer=school), reason="Term begins")
    drop_suspension_policy(caller, profile_class=schools)
    assert refused(lambda: drop_suspension_policy(caller, profile_class=schools)) == "no_change"
    assert queries.policy(schools.pk).overdue_days == 3
    # Of all others, the class of those without a profile among them.
    set_suspension_policy(caller, changes={"enabled": False})
    assert (queries.policies().any_enabled, queries.policy_of(zara).enabled) == (False, False)


def test_credit_hold_suspension_and_credits_are_independent(world: World, zara: Customer) -> None:
    caller = world.caller()
    with world.on("2026-03-02"):
        fibre = world.package("Fibre", "599")
        had = world.subscribe(zara, fibre)
    place_credit_hold(caller, customer=zara, reason="Long overdue")
    assert stage() == "not_due"
    suspended(world)
    with world.on("2026-04-12"):
        before = counts()
        for sell in (
            lambda: world.subscribe(zara, fibre),
            lambda: add_services(world.caller(), subscription=had, services=[NewService(fibre)], on=world.today),
        ):
            with pytest.raises(Refused, match="credit hold"):
                sell()
        assert counts() == before
        # Nor anything that costs more; what costs less may be had instead.
        dearer, cheaper = world.package("Fibre 200", "899"), world.package("Fibre 50", "399")
        service = had.services.get()
        before = counts()
        for change in (
            Change("swap", world.today, product_id=dearer.pk), Change("quantity", world.today, quantity=Decimal(2)),
        ):  # fmt: skip
            with pytest.raises(Refused, match="Nothing that costs more"):
                change_services(world.caller(), services=[service], change=change)
        assert counts() == before
        swap = Change("swap", world.today, product_id=cheaper.pk)
        change_services(world.caller(), services=[service], change=swap)
        # Everything else goes on: bills, credits, cancelling and payments.
        bill = world.bill(zara)
        assert bill.total_minor > 0
        credit_invoice(world.caller(), invoice=bill, reason="Offline")
        remove_services(world.caller(), services=list(had.services.all()), change=Change("cancel", world.today))
        world.pays(zara, "1498.00")
    react("receipt.recorded", "2026-04-12")
    zara.refresh_from_db()
    # None of them ends another.
    assert (stage(), zara.held_on(D("2026-04-12"))) == ("reset", True)
    lift_credit_hold(caller, customer=zara)
    assert stage() == "reset"


def test_a_weekend_a_holiday_and_the_hour_move_a_suspension(world: World, zara: Customer) -> None:
    set_suspension_policy(world.caller(), changes={"on_weekends": False, "on_holidays": False})
    (monday,) = add_holidays(world.caller(), days="2026-04-13 Family Day")
    passes("2026-04-04")
    approve(world, "2026-04-04")
    passes("2026-04-08")
    assert (row().next_on, row().because) == (D("2026-04-14"), "not on holidays")
    for day in ("2026-04-11", "2026-04-12", "2026-04-13"):
        assert passes(day) == "second_warning"
    remove_holiday(world.caller(), holiday=monday)
    assert passes("2026-04-13", 12) == "second_warning"
    assert passes("2026-04-14", 7) == "second_warning"
    assert passes("2026-04-14", 8) == "suspended"


def test_a_pass_in_between_looks_at_what_is_due_and_each_hour_at_everybody(world: World, zara: Customer) -> None:
    assert take_due_steps(system("2026-04-03", 9)) == 0
    assert take_due_steps(system("2026-04-04", 0)) == 1
    approve(world, "2026-04-04")
    # The day is another: all are looked through.
    assert take_due_steps(system("2026-04-08", 7)) == 0
    assert take_due_steps(system("2026-04-08", 8)) == 1
    assert stage() == "second_warning"
    with world.on("2026-04-08"):
        world.customer("Late", owing={"2026-03-01": "10.00"})
    assert take_due_steps(system("2026-04-08", 8)) == 0
    assert take_due_steps(system("2026-04-08", 9)) == 1
    assert Suspension.objects.count() == 2


def test_a_policy_that_cannot_be_right_is_refused(world: World) -> None:
    caller = world.caller()

    def change(**changes: Any) -> str:
        return refused(lambda: set_suspension_policy(caller, changes=changes))

    assert change() == "no_change"
    assert change(overdue_days=0) == "absurd_days"
    assert change(suspend_days=366) == "absurd_days"
    assert change(from_hour=12) == "wrong_order"
    assert change(until_hour=25) == "wrong_order"
    assert change(floor_minor=-1) == "absurd_amount"
    assert change(longest_pause=1) == "pause_too_short"
    made = set_suspension_policy(caller, changes={"enabled": True, "groups": [" Schools ", "Schools", ""]})
    assert (made.groups, str(made)) == (["Schools"], "3, 4 and 3 days")


def test_the_night_reaches_nobody(world: World, zara: Customer) -> None:
    passes("2026-04-04")
    with world.on("2026-04-05"):
        early = world.caller().with_key(None)
    assert early.now == at("2026-04-05", 12)
    approve(world, "2026-04-05")
    assert passes("2026-04-09", 0) == "first_warning"
    assert passes("2026-04-09", 8) == "second_warning"


def test_a_minute_with_nothing_to_do_asks_little_however_many_are_under_way(world: World) -> None:
    world.today = D("2026-03-02")
    runs(world)

    def asked(hour: int) -> int:
        with CaptureQueriesContext(connection) as queries_asked:
            assert take_due_steps(system("2026-04-05", hour)) == 0
        return len(queries_asked)

    for n in range(2):
        world.customer(f"First {n}", owing={"2026-04-01": "100.00"})
    keep_standings(system("2026-04-05", 9))
    take_due_steps(system("2026-04-05", 9))
    few, all_of_few = asked(9), asked(10)
    for n in range(8):
        world.customer(f"More {n}", owing={"2026-04-01": "100.00"})
    keep_standings(system("2026-04-05", 11))
    take_due_steps(system("2026-04-05", 11))
    assert (asked(11), asked(12)) == (few, all_of_few)
    assert few <= 4


def test_of_a_person_who_is_erased_no_reason_is_left(world: World) -> None:
    world.today = D("2026-03-02")
    zara = world.customer(owing={"2026-04-01": "1498.00"})
    runs(world)
    take_all_steps(system("2026-04-04"))
    with world.on("2026-04-04"):
        reset_suspension(world.caller(), suspension=row(), reason="Ms Naidoo has a new baby")
        suspend_now(world.caller(), customer=zara, reason="Ms Naidoo swore at us")
        world.pays(zara, "1498.00")
        never_suspend(world.caller(), customer=zara, reason="Ms Naidoo is ill")
        deactivate_customer(world.caller(), customer=zara, reason="Left")
        erase_personal_data(world.caller(), customer=zara, reason="Asked for it")
    assert (row().reason, Exclusion.objects.get().reason) == ("Erased", "Erased")
    told_of = [str(event.data) for event in Event.objects.filter(customer_id=zara.pk)]
    assert [text for text in told_of if "Ms Naidoo" in text] == []
