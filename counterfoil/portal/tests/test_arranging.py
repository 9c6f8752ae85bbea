"""What customers arrange by themselves: they promise within the policy; a plan or a dispute waits for staff."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.collections.disputes import parts_of
from counterfoil.collections.models import Plan, Promise
from counterfoil.collections.operations import judge_promises, record_promise, set_collections_policy
from counterfoil.customers.models import Customer
from counterfoil.platform.approvals import approve
from counterfoil.platform.models import Approval
from counterfoil.portal.tests.conftest import signed_in, text_of, with_access
from counterfoil.receivables.models import Dispute
from counterfoil.testing.world import World


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes R1,000.00 since ten days and R500.00 in twenty."""
    world.today = timezone.localdate()
    late, later = (world.today + dt.timedelta(days=days) for days in (-10, 20))
    customer = world.customer(
        emails=("zara@mail.example",), owing={late.isoformat(): "1000.00", later.isoformat(): "500.00"}
    )
    with_access(world, customer, "zara@mail.example")
    return customer


@pytest.fixture
def client(world: World, zara: Customer) -> Client:
    return signed_in("zara@mail.example")


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def test_a_promise_is_for_all_that_is_overdue_and_is_said(client: Client, zara: Customer) -> None:
    page = text_of(client.get("/portal/"))
    assert "Promise to pay" in page
    answer = client.post("/portal/promise/", {"due_on": in_days(14).isoformat()}, follow=True)
    made = Promise.objects.get()
    assert (made.customer, made.amount_minor, made.due_on, made.state) == (zara, 100000, in_days(14), "open")
    home = text_of(answer)
    assert "You promised R1,000.00" in home
    assert "Promise to pay" not in home


@pytest.mark.parametrize(("days", "sentence"), [(15, "Choose a day up to"), (-1, "A promise is for")])
def test_a_day_outside_the_policy_is_refused(client: Client, days: int, sentence: str) -> None:
    answer = client.post("/portal/promise/", {"due_on": in_days(days).isoformat()})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Promise.objects.exists()


def test_who_broke_one_must_call(client: Client, world: World, zara: Customer) -> None:
    with world.on(in_days(-8)):
        record_promise(world.caller(), customer=zara, amount_minor=100, due_on=in_days(-5))
    judge_promises(world.system(), customers=[zara.pk])
    answer = client.post("/portal/promise/", {"due_on": in_days(3).isoformat()})
    assert "the last promise was not kept" in text_of(answer)
    assert Promise.objects.count() == 1


def test_the_policy_can_forbid_it(client: Client, world: World) -> None:
    set_collections_policy(
        world.caller(), promises_hold=True, hold_percent=50, longest_days=62, portal_days=0, portal_instalments=0
    )
    page = text_of(client.get("/portal/"))
    assert "Promise to pay" not in page
    assert "payment plan" not in page
    assert client.get("/portal/promise/").status_code == 302
    assert client.post("/portal/promise/", {"due_on": in_days(3).isoformat()}).status_code == 302
    assert client.post("/portal/plan/", {"count": 2, "first_on": in_days(3).isoformat()}).status_code == 302
    assert not Approval.objects.exists()
    assert not Promise.objects.exists()


def test_a_plan_waits_until_staff_agrees(client: Client, world: World, zara: Customer) -> None:
    assert client.post("/portal/plan/", {"count": 4, "first_on": in_days(5).isoformat()}).status_code == 422
    client.post("/portal/plan/", {"count": 3, "first_on": in_days(5).isoformat()})
    assert not Plan.objects.exists()
    approve(world.caller("finance"), approval=Approval.objects.get())
    rows = list(Promise.objects.order_by("due_on").values_list("amount_minor", flat=True))
    assert rows == [33334, 33333, 33333]


def test_a_dispute_waits_until_staff_has_looked(client: Client, world: World, zara: Customer) -> None:
    invoice = Invoice.objects.get(total_minor=100000)
    address = f"/portal/invoices/{invoice.pk}/dispute/"
    assert client.post(address, {"amount": "1000.01", "reason": "Too slow"}).status_code == 422
    client.post(address, {"amount": "250.00", "reason": "Too slow"})
    assert not Dispute.objects.exists()
    # Asked twice, it is one request.
    assert "already" in text_of(client.post(address, {"amount": "100.00", "reason": "Too slow"}))
    assert Approval.objects.count() == 1
    approve(world.caller("finance"), approval=Approval.objects.get())
    made = Dispute.objects.get()
    assert (made.item, made.amount_minor, made.reason) == (invoice.item, 25000, "Too slow")
    # It is in dispute now: nothing more to say here.
    assert client.get(address).status_code == 404


def test_a_line_is_disputed_with_a_reason(client: Client, world: World, zara: Customer) -> None:
    lines = [LineInput(text, Decimal(1), Decimal("115.00")) for text in ("Static IP", "Voice")]
    draft = draft_invoice(world.caller(), customer=zara, lines=lines, on=world.today)
    invoice = issue_invoices(world.caller(), invoices=[draft])[0]
    voice = invoice.lines.get(text="Voice")
    address = f"/portal/invoices/{invoice.pk}/dispute/"
    assert "The whole invoice" in text_of(client.get(address))
    wrong = {"line": voice.pk, "amount": "115.01", "reason": "No dial tone"}
    assert "Only R115.00 of it is open." in text_of(client.post(address, wrong))
    assert not Approval.objects.exists()
    # Without an amount all of the line is meant.
    client.post(address, {**wrong, "amount": ""})
    approve(world.caller("finance"), approval=Approval.objects.get())
    made = Dispute.objects.get()
    assert (made.item, made.amount_minor) == (invoice.item, 11500)
    assert parts_of(made) == {voice.pk: 11500}
