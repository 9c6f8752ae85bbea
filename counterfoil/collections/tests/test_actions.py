"""What actions do: excluding from dunning, asking for credit and giving it, disputes that are right, assignment."""

from __future__ import annotations

import datetime as dt

import pytest

from counterfoil.billing.models import CreditNote
from counterfoil.collections import queries
from counterfoil.collections.models import Call, CallAction
from counterfoil.collections.operations import (
    NewAction,
    NewTopic,
    assign_collector,
    change_call_dispute,
    credit_dispute,
    decline_credit,
    grant_credit,
    record_call,
    remove_call_dispute,
)
from counterfoil.collections.tests.test_calls import action, lookup
from counterfoil.credit.operations import assign_class
from counterfoil.credit.queries import default_class, effective_terms, profiles_of
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.operations import add_site
from counterfoil.kernel.errors import Refused
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import open_dispute
from counterfoil.receivables.queries import figures
from counterfoil.reports.queries import asked_for, find_report, read_report
from counterfoil.staff.operations import add_user, deactivate_user
from counterfoil.testing.world import World


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes R1,000.00, tax included, since 1 March 2026; today is 31 March."""
    customer = world.customer()
    world.invoice(customer, "1000.00", due_on="2026-03-01", tax="standard")
    return customer


@pytest.fixture
def item(zara: Customer) -> OpenItem:
    return OpenItem.objects.get(customer=zara)


def site(world: World, customer: Customer, label: str, *, profile: bool) -> Site:
    made = add_site(world.caller(), customer=customer, label=label, street="1 Long Street")
    if profile:
        assign_class(world.caller(), customer=customer, profile_class=default_class(), site=made)
    return made


def dunned(customer: Customer) -> dict[str, bool]:
    """Whether the account, and each address, gets letters."""
    sites = {
        row.label: effective_terms(customer, row.pk).send_dunning for row in Site.objects.filter(customer=customer)
    }
    return {"": effective_terms(customer).send_dunning, **sites}


@pytest.mark.parametrize(
    ("where", "answer", "left"),
    [
        # About the account: the address with a profile of its own is still written to.
        ("", None, {"": False, "Own": True, "Other": False}),
        ("Own", None, {"": True, "Own": False, "Other": True}),
        ("Other", True, {"": False, "Own": True, "Other": False}),
        ("Other", False, {"": True, "Own": True, "Other": True}),
    ],
)
def test_excluding_follows_the_table(
    world: World, zara: Customer, where: str, answer: bool | None, left: dict[str, bool]
) -> None:
    sites = {"Own": site(world, zara, "Own", profile=True), "Other": site(world, zara, "Other", profile=False)}
    exclude = NewAction(action("exclude_from_dunning"), confirm=answer)
    record_call(
        world.caller("collector"), customer=zara, outcome=lookup("disputes"), site=sites.get(where), actions=[exclude]
    )
    assert dunned(zara) == left
    assert CallAction.objects.count() == (0 if answer is False else 1)


def test_without_an_answer_nothing_at_all_is_written(world: World, zara: Customer) -> None:
    site(world, zara, "Own", profile=True)
    other = site(world, zara, "Other", profile=False)
    exclude = NewAction(action("exclude_from_dunning"))
    with pytest.raises(Refused) as refused:
        record_call(world.caller("collector"), customer=zara, outcome=lookup("disputes"), site=other, actions=[exclude])
    assert (refused.value.code, refused.value.field) == ("confirm_exclusion", "confirm")
    assert (Call.objects.count(), dunned(zara)) == (0, {"": True, "Own": True, "Other": True})


def test_an_address_alone_without_any_profile_excludes_the_account(world: World, zara: Customer) -> None:
    only = site(world, zara, "Only", profile=False)
    record_call(
        world.caller("collector"), customer=zara, outcome=lookup("disputes"), site=only,
        actions=[NewAction(action("exclude_from_dunning"))],
    )  # fmt: skip
    assert dunned(zara) == {"": False, "Only": False}
    assert [row.site_id for row in profiles_of(zara)] == [None]


def asked(world: World, zara: Customer, item: OpenItem | None, minor: int) -> CallAction:
    call = record_call(
        world.caller("collector"), customer=zara, outcome=lookup("disputes"),
        actions=[NewAction(action("credit_memo"), item, minor, "Router never came")],
    )  # fmt: skip
    return call.actions.get()


def test_a_credit_that_was_asked_for_is_a_credit_note_with_its_tax(
    world: World, zara: Customer, item: OpenItem
) -> None:
    open_dispute(world.caller(), item=item, amount_minor=40000, reason="Router never came")
    request = asked(world, zara, item, 23000)
    given = grant_credit(world.clerk, action=request, amount_minor=23000, reason="Router never came")
    note = CreditNote.objects.get(item=given)
    assert (note.net_minor, note.tax_minor, note.total_minor) == (20000, 3000, 23000)
    # The dispute is smaller by what was credited, and the old amount is history.
    assert list(Dispute.objects.order_by("pk").values_list("amount_minor", "closed_on")) == [
        (40000, world.today), (17000, None),
    ]  # fmt: skip
    assert figures(zara, world.today).balance_minor == 77000
    with pytest.raises(Refused, match="complete"):
        grant_credit(world.clerk, action=request, amount_minor=1, reason="Again")


def test_more_than_is_left_and_more_than_one_may(world: World, zara: Customer, item: OpenItem) -> None:
    request = asked(world, zara, item, 999999)
    with pytest.raises(Refused, match="left to credit") as refused:
        grant_credit(world.clerk, action=request, amount_minor=100001, reason="All and more")
    assert refused.value.field == "amount"
    with pytest.raises(Refused, match="may not grant"):
        grant_credit(world.caller("collector"), action=request, amount_minor=1, reason="Mine")
    with pytest.raises(Refused) as refused:
        grant_credit(world.clerk, action=request, amount_minor=500001, reason="Above the limit")
    assert refused.value.code == "needs_approval"
    assert not CreditNote.objects.exists()
    decline_credit(world.clerk, action=request, reason="It came on 3 March")
    request.refresh_from_db()
    assert request.done_on == world.today


def test_credit_on_the_account_where_no_item_is_named(world: World, zara: Customer) -> None:
    given = grant_credit(world.clerk, action=asked(world, zara, None, 5000), amount_minor=4000, reason="Goodwill")
    assert (given.kind, given.amount_minor) == ("credit", 4000)


def test_a_dispute_that_is_right_is_credited_in_one_step(world: World, zara: Customer, item: OpenItem) -> None:
    dispute = open_dispute(world.caller(), item=item, amount_minor=11500, reason="Billed twice")
    with pytest.raises(Refused, match="Only R115.00 is in dispute"):
        credit_dispute(world.clerk, dispute=dispute, amount_minor=11501, reason="Billed twice")
    credit_dispute(world.clerk, dispute=dispute, amount_minor=11500, reason="Billed twice")
    dispute.refresh_from_db()
    assert (dispute.closed_on, dispute.outcome) == (world.today, "R115.00 credited: Billed twice")
    assert (figures(zara, world.today).balance_minor, figures(zara, world.today).disputed_minor) == (88500, 0)


def test_given_to_a_collector_it_is_in_their_queue(world: World, zara: Customer) -> None:
    anna = add_user(world.caller(), email="anna@x.example", name="Anna", role="collector")
    assign_collector(world.caller(), customers=[zara], collector=anna)
    caller = world.caller("collector")
    assert [row.customer for row in queries.queue(caller, world.now, anna.pk)] == [zara.pk]
    assert queries.queue(caller, world.now, anna.pk + 1) == []
    assert [(row.user, row.accounts, row.waiting) for row in queries.load(caller, world.now)] == [(anna, 1, 1)]
    record_call(caller, customer=zara, outcome=lookup("no_answer"))
    assert [(row.accounts, row.waiting) for row in queries.load(caller, world.now)] == [(1, 0)]
    anna = deactivate_user(world.caller(), user=anna)
    with pytest.raises(Refused, match="cannot sign in"):
        assign_collector(world.caller(), customers=[zara], collector=anna)
    assign_collector(world.caller(), customers=[zara], collector=None)
    assert effective_terms(zara).collector_id is None


def rows(world: World, name: str, on: dt.date) -> list[list[str]]:
    table, found = read_report(world.caller(), find_report(name), asked_for(dt.date(2026, 1, 1), on))
    listing = table.listing(found, {}, "/", today=world.today)
    return [[cell.text for cell in line.cells] for line in listing.lines]


def test_reports_say_what_happened(world: World, zara: Customer, item: OpenItem) -> None:
    anna = add_user(world.caller(), email="anna@x.example", name="Anna", role="collector")
    assign_collector(world.caller(), customers=[zara], collector=anna)
    record_call(
        world.caller("collector", "Anna"), customer=zara, outcome=lookup("promised"), note="Pays soon",
        topics=[NewTopic(item, note="Slow line")], promise_minor=50000, promise_on=world.today,
        actions=[NewAction(action("partial_dispute"), item, 15000, "Slow line")], follow_up_on=dt.date(2026, 4, 2),
    )  # fmt: skip
    day = world.today
    number = item.number
    assert rows(world, "past-due-invoices", day) == [
        [zara.number, "Zara Naidoo", number, "invoice", "30 Jan", "1 Mar", "30", "Anna", "ZAR",
         "R1,000.00", "R1,000.00", "R150.00"],
    ]  # fmt: skip
    assert rows(world, "disputed-invoices", day) == [
        [zara.number, "Zara Naidoo", number, "30 Jan", "1 Mar", "Anna", "ZAR", "R1,000.00", "R1,000.00", "R150.00",
         "R19.56", "", "Slow line; Pays soon"],
    ]  # fmt: skip
    # The day before, nothing was in dispute.
    assert rows(world, "disputed-invoices", day - dt.timedelta(days=1)) == []
    assert rows(world, "receipt-promises", day)[0][-4:] == ["R500.00", "R0.00", "R500.00", "Open"]
    assert rows(world, "collector-calls", day)[0][:4] == ["Anna", "31 Mar", zara.number, "Zara Naidoo"]
    assert rows(world, "call-actions", day)[0][0] == "Partial dispute"
    assert rows(world, "follow-ups", day)[0][4:6] == ["Call again", "0"]
    assert rows(world, "follow-ups", dt.date(2026, 4, 5))[0][5] == "3"
    world.pays(zara, "400.00")
    assert rows(world, "collections-by-collector", day)[0][0] == "Anna"
    assert rows(world, "ageing-by-collector", day)[0][:3] == ["Anna", "1", "ZAR"]
    assert rows(world, "ageing-7-buckets", day)[0][-1] == "R600.00"


def test_effectiveness_of_a_month(world: World) -> None:
    """100 owed before, 60 billed, 90 owed at the end and 60 of it not due: 70 / 100."""
    customer = world.customer()
    world.invoice(customer, "100.00", on="2026-02-10", due_on="2026-03-12")
    world.invoice(customer, "60.00", on="2026-03-10", due_on="2026-04-09")
    world.pays(customer, "70.00", on="2026-03-22", allocate=[(OpenItem.objects.earliest("pk").pk, 7000)])
    found = rows(world, "collection-effectiveness", dt.date(2026, 3, 31))[0]
    # (100 + 60 - 90) / (100 + 60 - 60) = 70 %; 90 / 60 x 31 = 46.5; 60 / 60 x 31 = 31; 70 paid 10 days late.
    assert found[2:8] == ["R100.00", "R60.00", "R0.00", "R70.00", "R90.00", "R60.00"]
    assert found[8:12] == ["70.00", "46.5", "31.0", "10.0"]


def test_a_credited_dispute_of_a_call_is_complete_and_cannot_be_taken_back(
    world: World, zara: Customer, item: OpenItem
) -> None:
    caller = world.caller("collector")
    call = record_call(
        caller, customer=zara, outcome=lookup("disputes"), note="Private things",
        actions=[NewAction(action("partial_dispute"), item, 40000)],
    )  # fmt: skip
    row = call.actions.get()
    assert row.dispute is not None
    assert row.dispute.reason == "Disputed in a call"
    credit_dispute(world.clerk, dispute=row.dispute, amount_minor=10000, reason="Four days off")
    row.refresh_from_db()
    # What is left of it is what the action is about, and can change and be taken back.
    assert (row.amount_minor, row.dispute.amount_minor, row.done_on) == (30000, 30000, None)
    change_call_dispute(caller, action=row, amount_minor=20000)
    assert figures(zara, world.today).disputed_minor == 20000
    row.refresh_from_db()
    credit_dispute(world.clerk, dispute=row.dispute, amount_minor=20000, reason="Four days off")
    row.refresh_from_db()
    assert (row.done_on, figures(zara, world.today).disputed_minor) == (world.today, 0)
    for change in (
        lambda: remove_call_dispute(caller, action=row),
        lambda: change_call_dispute(caller, action=row, amount_minor=1),
    ):
        with pytest.raises(Refused, match="settled"):
            change()


def test_no_more_is_granted_than_was_asked_for(world: World, zara: Customer, item: OpenItem) -> None:
    request = asked(world, zara, item, 100)
    with pytest.raises(Refused, match=r"R1.00 was asked for") as refused:
        grant_credit(world.clerk, action=request, amount_minor=101, reason="More")
    assert refused.value.field == "amount"
    assert not CreditNote.objects.exists()
