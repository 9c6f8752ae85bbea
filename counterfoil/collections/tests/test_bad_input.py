"""What goes wrong at a collector's desk is refused with its remedy and nothing half-done, or mended when noticed."""

import datetime as dt

import pytest

from counterfoil.billing.models import Invoice
from counterfoil.collections import queries
from counterfoil.collections.models import Call, CallAction, Promise
from counterfoil.collections.operations import (
    NewAction,
    add_to_call,
    assign_collector,
    dispute_lines,
    finish_action,
    judge_due,
    judge_promises,
    record_call,
    record_promise,
)
from counterfoil.credit.doors import ASSIGN_CLASS
from counterfoil.credit.operations import assign_class, switch_dunning
from counterfoil.credit.queries import default_class, effective_terms, still_dunned
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Lookup
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.staff.operations import add_user, deactivate_user
from counterfoil.testing.world import World, counts


def lookup(code: str, kind: str = "call_outcome") -> Lookup:
    return Lookup.objects.get(kind=kind, code=code)


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes R1,000.00 since 1 February 2026; today is 31 March."""
    return world.customer(owing={"2026-02-01": "1000.00"})


@pytest.mark.parametrize(
    ("minor", "days", "code", "field"),
    [
        (100, -1, "promise_past", "due_on"), (100001, 3, "over_promised", "amount"), (0, 3, "not_positive", "amount"),
        (100, 63, "too_far", "due_on"),
    ],
)  # fmt: skip
def test_a_promise_that_cannot_be_is_refused_and_nothing_of_it_is_written(
    world: World, zara: Customer, minor: int, days: int, code: str, field: str
) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        record_promise(
            world.caller("collector"), customer=zara, amount_minor=minor, due_on=world.today + dt.timedelta(days=days)
        )
    assert (refused.value.code, refused.value.field) == (code, field)
    assert counts() == before


def test_more_than_is_open_is_not_in_dispute_and_the_call_is_not_written(world: World, zara: Customer) -> None:
    item, before = OpenItem.objects.get(customer=zara), counts()
    wrong = NewAction(lookup("partial_dispute", "call_action"), item, 100001)
    with pytest.raises(Refused, match="Only R1,000.00") as refused:
        record_call(world.caller("collector"), customer=zara, outcome=lookup("disputes"), actions=[wrong])
    assert refused.value.field == "amount"
    assert counts() == before


def test_two_collectors_work_on_the_same_call(world: World, zara: Customer) -> None:
    """Each adds to it, and what one of them completed the other cannot complete again."""
    item = OpenItem.objects.get(customer=zara)
    call = record_call(world.caller("collector", "Anna"), customer=zara, outcome=lookup("no_answer"))
    alert = lookup("alert", "call_action")
    # Both have the page open: the row that each has is the one of before.
    add_to_call(world.caller("collector", "Anna"), call=Call.objects.get(pk=call.pk), actions=[NewAction(alert)])
    add_to_call(world.caller("collector", "Ben"), call=call, actions=[NewAction(alert, item)])
    rows = list(CallAction.objects.order_by("pk"))
    assert [(row.author, row.topic is not None) for row in rows] == [("Anna", False), ("Ben", True)]
    finish_action(world.caller("collector", "Anna"), action=rows[0])
    with pytest.raises(Refused, match="complete"):
        finish_action(world.caller("collector", "Ben"), action=rows[0])


def test_an_inactive_collectors_queue_is_seen_and_given_to_another(world: World, zara: Customer) -> None:
    people = [
        add_user(world.caller(), email=f"{name}@x.example", name=name, role="collector") for name in ("anna", "ben")
    ]
    anna, ben = people
    add_user(world.caller(), email="ada@x.example", name="Ada", role="administrator")
    assign_collector(world.caller(), customers=[zara], collector=anna)
    deactivate_user(world.caller(), user=anna)
    caller = world.caller("collector")
    # Nobody works it as theirs, everybody has it in the whole queue, and the team's page names whose it is.
    assert queries.queue(caller, world.now, ben.pk) == []
    assert [row.customer for row in queries.queue(caller, world.now)] == [zara.pk]
    assert [(row.user, row.accounts) for row in queries.load(caller, world.now)] == [(anna, 1)]
    assign_collector(world.caller(), customers=[zara], collector=ben)
    assert [row.customer for row in queries.queue(caller, world.now, ben.pk)] == [zara.pk]


def test_a_new_address_of_an_excluded_customer_is_said_to_be_written_to(world: World, zara: Customer) -> None:
    switch_dunning(world.system(), customer=zara, yes=False)
    site = add_site(world.caller(), customer=zara, label="Depot", street="1 Long Street")
    # Without terms of its own it is excluded with the account.
    assert (effective_terms(zara, site.pk).send_dunning, still_dunned(zara)) == (False, [])
    made = assign_class(world.caller(), customer=zara, profile_class=default_class(), site=site)
    assert still_dunned(zara) == ["Depot"]
    assert "is excluded from letters, but Depot is sent them." in ASSIGN_CLASS.told(made, zara).text


def test_a_clock_an_hour_ahead_breaks_no_promise_for_good(world: World, zara: Customer) -> None:
    """At half past eleven of the last day the clock says tomorrow: what is paid on the day keeps the promise yet."""
    due = dt.date(2026, 4, 3)
    record_promise(world.caller("collector"), customer=zara, amount_minor=50000, due_on=due)
    with world.on("2026-04-04"):
        judge_due(world.system())
        assert Promise.objects.get().state == "broken"
    with world.on(due):
        world.pays(zara, "500.00", on="2026-04-03")
        # What follows each payment.
        judge_promises(world.system(), customers=[zara.pk])
    assert Promise.objects.get().state == "kept"


def test_an_invoice_that_is_paid_has_nothing_to_dispute(world: World, zara: Customer) -> None:
    item = OpenItem.objects.get(customer=zara)
    world.pays(zara, "1000.00")
    invoice = Invoice.objects.get(item=item)
    with pytest.raises(Refused) as refused:
        dispute_lines(world.caller(), invoice=invoice, amounts={invoice.lines.get().pk: 1}, reason="Late")
    assert refused.value.code == "over_disputed"
    assert not Dispute.objects.exists()
