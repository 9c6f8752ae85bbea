"""The workbench as pages: what is refused stays where it was typed, what is saved leads on, and each sees their own."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.billing.models import InvoiceLine
from counterfoil.collections.models import Call, FollowUp
from counterfoil.collections.operations import NewAction, record_call
from counterfoil.credit.operations import assign_class
from counterfoil.credit.queries import default_class, effective_terms
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.operations import add_site
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import add_lookup, change_lookup
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.queries import figures
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World


@pytest.fixture
def accounts(world: World) -> list[Customer]:
    """Three overdue accounts, the largest first in the queue; pages are seen with the real clock."""
    world.today = timezone.localdate()
    amounts = {"Ann": "3000.00", "Ben": "2000.00", "Cas": "1000.00"}
    made = []
    for name, amount in amounts.items():
        customer = world.customer(name, phones=(f"082 555 01{len(made)}0",))
        world.invoice(customer, amount, on="2026-01-05", due_on="2026-02-04")
        made.append(customer)
    return made


@pytest.fixture
def collector(world: World) -> User:
    return add_user(world.caller(), email="pieter@x.example", name="Pieter", role="collector", password="s3cret-enough")


@pytest.fixture
def client(collector: User) -> Client:
    client = Client()
    client.force_login(collector)
    return client


def outcome(code: str) -> int:
    return Lookup.objects.get(kind="call_outcome", code=code).pk


def sent(customer: Customer, code: str, **more: object) -> dict[str, object]:
    return {
        "customer": customer.number,
        "outcome": outcome(code),
        "view": "due",
        "whose": "all",
        "then": "next",
        **more,
    }


def test_save_and_next_follows_the_queue_as_it_was_shown(accounts: list[Customer], client: Client) -> None:
    ann, ben, cas = accounts
    page = squeezed(client.get("/collections/").content.decode())
    assert page.index("Ann") < page.index("Ben") < page.index("Cas")
    assert "0 of 3 worked today" in page
    # Ann is skipped: after Ben comes Cas, and not Ann again.
    answer = client.post("/collections/", sent(ben, "no_answer", following=cas.pk), follow=True)
    page = squeezed(answer.content.decode())
    assert "Call logged: No answer. Next: Cas." in page
    assert "1 of 3 worked today" in page
    # Without one that was shown, the first who waits.
    answer = client.post("/collections/", sent(cas, "no_answer", following=""), follow=True)
    assert "Next: Ann." in squeezed(answer.content.decode())
    answer = client.post("/collections/", sent(ann, "no_answer"), follow=True)
    assert "Your queue is done." in squeezed(answer.content.decode())


def test_what_is_refused_stays_in_the_workbench(accounts: list[Customer], client: Client) -> None:
    ann = accounts[0]
    item = OpenItem.objects.get(customer=ann)
    typed = sent(
        ann, "promised", promise="9999.00", promise_on=timezone.localdate(), note="From the car", items=item.pk
    )
    answer = client.post("/collections/", typed)
    page = squeezed(answer.content.decode())
    assert answer.status_code == 422
    assert "Only R3,000.00 is owed." in page
    assert "From the car" in page
    assert "Cas" in page
    assert "checked" in page[page.index(f'value="{item.pk}"') :][:400]
    assert not Call.objects.exists()


def test_an_hour_alone_is_todays_and_a_dispute_is_of_the_ticked_item(accounts: list[Customer], client: Client) -> None:
    ann, ben, _ = accounts
    client.post("/collections/", sent(ann, "call_back", follow_up_time="23:59"))
    assert FollowUp.objects.get().on == timezone.localdate()
    assert "Calls back at 23:59" in squeezed(client.get("/collections/?view=all").content.decode())
    item = OpenItem.objects.get(customer=ben)
    answer = client.post("/collections/", sent(ben, "disputes", dispute="250.00"))
    assert "Tick the one item" in answer.content.decode()
    client.post("/collections/", sent(ben, "disputes", dispute="250.00", items=item.pk, note="Private"))
    assert Dispute.objects.get().reason == "Disputed in a call"
    assert figures(ben, timezone.localdate()).disputed_minor == 25000


def test_a_number_finds_the_account(accounts: list[Customer], client: Client) -> None:
    ann = accounts[0]
    item = OpenItem.objects.get(customer=ann)
    assert client.get("/collections/", {"q": item.number}).headers["Location"].startswith(
        f"/collections/?customer={ann.number}"
    )  # fmt: skip
    assert client.get("/collections/incoming/", {"number": "+27825550100"}).headers["Location"] == (
        f"/customers/{ann.number}/"
    )
    assert client.get("/collections/incoming/", {"number": "anonymous"}).status_code == 302


def test_who_may_only_look_logs_nothing(world: World, accounts: list[Customer]) -> None:
    reader = add_user(world.caller(), email="r@x.example", name="R", role="reader", password="s3cret-enough")
    client = Client()
    client.force_login(reader)
    page = client.get("/collections/")
    assert page.status_code == 200
    assert "Save and next" not in page.content.decode()
    assert client.post("/collections/", sent(accounts[0], "no_answer")).status_code == 404
    assert not Call.objects.exists()


def test_several_accounts_are_given_at_once(world: World, accounts: list[Customer], collector: User) -> None:
    admin = add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(admin)
    ids = " ".join(row.number for row in accounts[:2])
    assert (
        client.post("/customers/collector/", {"ids": ids, "collector": collector.pk, "count": "1"}).status_code == 422
    )
    answer = client.post("/customers/collector/", {"ids": ids, "collector": collector.pk, "count": "2"}, follow=True)
    assert "2 accounts given to Pieter." in squeezed(answer.content.decode())
    assert [effective_terms(row).collector_id for row in accounts] == [collector.pk, collector.pk, None]
    client.force_login(collector)
    page = squeezed(client.get("/collections/").content.decode())
    assert "Given to you." in page
    assert "0 of 2 worked today" in page


def test_what_staff_noted_is_not_written_for_the_customer(world: World, accounts: list[Customer]) -> None:
    """The reason of a credit is read on the statement: it starts empty, and the note stands beside it."""
    item = OpenItem.objects.get(customer=accounts[0])
    ask = NewAction(Lookup.objects.get(kind="call_action", code="credit_memo"), item, 1000, "Rude, give in")
    refuses = Lookup.objects.get(kind="call_outcome", code="refuses")
    call = record_call(world.caller("collector"), customer=accounts[0], outcome=refuses, actions=[ask])
    admin = add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(admin)
    page = client.get(f"/call-actions/{call.actions.get().pk}/grant/").content.decode()
    assert "Noted, for staff only: Rude, give in" in squeezed(page)
    assert 'value="Rude' not in page
    assert 'value="10.00"' in page


def test_the_form_itself_asks_whether_the_whole_account_is_excluded(
    world: World, accounts: list[Customer], client: Client
) -> None:
    ann = accounts[0]
    for label in ("Depot", "Office"):
        add_site(world.caller(), customer=ann, label=label, street="1 Long Street")
    depot, office = Site.objects.filter(customer=ann).order_by("pk")
    assign_class(world.caller(), customer=ann, profile_class=default_class(), site=depot)
    exclude = Lookup.objects.get(kind="call_action", code="exclude_from_dunning").pk
    typed = sent(ann, "disputes", action=exclude, site=office.pk, note="Bills to Depot")
    page = squeezed(client.post("/collections/", typed).content.decode())
    assert "No site level profile exists. Exclude the whole account from dunning?" in page
    assert "Bills to Depot" in page
    assert not Call.objects.exists()
    # No: the call is logged, and everybody is written to as before.
    client.post("/collections/", {**typed, "confirm": "no"})
    assert [row.site for row in Call.objects.all()] == [office]
    assert effective_terms(ann, None).send_dunning is True
    client.post("/collections/", {**typed, "confirm": "yes"})
    assert effective_terms(ann, None).send_dunning is False
    assert effective_terms(ann, depot.pk).send_dunning is True


def test_a_line_and_what_is_expected_are_said_in_the_form(accounts: list[Customer], client: Client) -> None:
    ann = accounts[0]
    line = InvoiceLine.objects.get(invoice__customer=ann)
    day = timezone.localdate() + dt.timedelta(days=3)
    half = sent(ann, "refuses", forecast="100.00")
    assert "Say by which day you expect it." in client.post("/collections/", half).content.decode()
    client.post("/collections/", sent(ann, "disputes", line=line.pk, dispute="50.00", forecast="100.00",
                                      forecast_on=day.isoformat()))  # fmt: skip
    call = Call.objects.get()
    assert (call.forecast_minor, call.forecast_on) == (10000, day)
    assert call.actions.get().line == line
    assert figures(ann, timezone.localdate()).disputed_minor == 5000
    page = client.get(f"/invoices/{line.invoice_id}/dispute/").content.decode()
    assert 'value="50.00"' in page
    client.post(f"/invoices/{line.invoice_id}/dispute/", {f"line-{line.pk}": "75.00", "reason": "Slow"})
    assert figures(ann, timezone.localdate()).disputed_minor == 7500
    assert "Services: 75.00" in squeezed(client.get(f"/invoices/{line.invoice_id}/").content.decode())


def test_two_collectors_save_the_same_call_and_a_choice_is_switched_off_meanwhile(
    world: World, accounts: list[Customer], client: Client
) -> None:
    """The key of the form is of one call: saved twice, it is one; a choice that ended while it was open is refused."""
    ann, ben, _ = accounts
    key = "8c7c2d9e-aaaa-bbbb-cccc-000000000001"
    for _ in range(2):
        client.post("/collections/", sent(ann, "no_answer", key=key, note="Rang out"))
    assert Call.objects.count() == 1
    own = add_lookup(world.caller(), kind="call_outcome", name="Answering machine")
    change_lookup(world.caller(), lookup=own, name=own.name, ends=timezone.localdate())
    answer = client.post("/collections/", {**sent(ben, "no_answer"), "outcome": own.pk, "note": "Beep"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Beep" in page
    assert Call.objects.count() == 1
