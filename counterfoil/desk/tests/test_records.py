"""The page that everything has which has none of its own, and the doors on it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.doors import ISSUE_INVOICE
from counterfoil.billing.operations import draft_invoice
from counterfoil.billing.rules import LineInput
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.desk.tests.test_doors import desk, do, send
from counterfoil.platform.plain import Door, form_of
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import issue_credit
from counterfoil.sales.nouns import AGREEMENT
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import add_user, change_role
from counterfoil.subscriptions.models import OneTimeCharge
from counterfoil.subscriptions.nouns import ONE_TIME_CHARGE
from counterfoil.subscriptions.operations import NewService, add_one_time_charge, start_subscription
from counterfoil.testing.world import World, counts

__all__ = ["desk"]


def _charge(world: World) -> OneTimeCharge:
    zara = world.customer("Zara Naidoo")
    subscription = start_subscription(
        world.caller(), customer=zara, services=[NewService(world.package("Fibre", "599"))], on=world.today
    )
    return add_one_time_charge(
        world.caller(), subscription=subscription, text="Call-out", price=Decimal(250), on=world.today
    )


def test_a_page_says_whose_it_is_what_it_is_and_what_can_be_done(desk: Client, world: World) -> None:
    row = world.agreement(world.customer("Zara Naidoo"))
    page = desk.get(AGREEMENT.url(row)).content.decode()
    for words in ("Zara Naidoo", row.number, "Last day", "Active", "What happened", "Made the agreement"):
        assert words in page
    for name in ("renew-agreement", "terminate-agreement"):
        assert reverse(name, args=[row.pk]) in page
    # The audit trail of the customer leads here.
    assert AGREEMENT.url(row) in desk.get(reverse("panel", args=[row.customer.number, "audit"])).content.decode()
    # Who may do one of these sees one of these.
    grants = ["customers.view", "sales.view", "sales.renew_agreement"]
    change_role(world.caller(), role=Role.objects.get(key="agent"), grants=grants, limits={})
    add_user(world.caller(), email="a@x.example", name="Ann", role="agent", password="correct horse battery")
    ann = Client()
    ann.force_login(User.objects.get(name="Ann"))
    page = ann.get(AGREEMENT.url(row)).content.decode()
    assert reverse("renew-agreement", args=[row.pk]) in page
    assert reverse("terminate-agreement", args=[row.pk]) not in page


def test_a_one_time_charge_is_taken_off_the_next_bill(desk: Client, world: World) -> None:
    row = _charge(world)
    door = reverse("drop-one-time-charge", args=[row.pk])
    page = desk.get(ONE_TIME_CHARGE.url(row)).content.decode()
    assert (door in page, "Call-out" in page) == (True, True)
    assert "Call-out is on no bill." in send(desk, door)
    assert OneTimeCharge.objects.get().dropped
    assert door not in desk.get(ONE_TIME_CHARGE.url(row)).content.decode()


def test_what_nothing_is_asked_for_is_done_by_a_post_alone(desk: Client, world: World) -> None:
    lines = [LineInput("Services", Decimal(1), Decimal("100.00"), None)]
    zara = world.customer("Zara Naidoo")
    draft = draft_invoice(world.caller(), customer=zara, lines=lines, on=world.today)
    address = reverse(ISSUE_INVOICE.url_name, args=[draft.pk])
    before = counts()
    assert (desk.get(address).status_code, counts()) == (405, before)
    assert desk.post(address, {"key": "k"})["Location"] == reverse("invoice", args=[draft.pk])
    draft.refresh_from_db()
    assert draft.state == "issued"


def test_a_day_called_on_is_asked_for_and_starts_today(desk: Client, world: World) -> None:
    zara = world.customer("Zara Naidoo")
    world.invoice(zara, "100.00", due_on="2026-01-31")
    item = OpenItem.objects.get()
    address = reverse("write-off", args=[item.pk])
    form = desk.get(address).content.decode()
    assert f'value="{timezone.localdate().isoformat()}"' in form
    assert "Write off R100.00" in form
    before = counts()
    answer = desk.post(address, {"amount": "100", "reason": "Gone", "on": "", "key": "x"})
    assert (answer.status_code, counts()) == (422, before)
    assert "Date is missing." in answer.content.decode()


def test_what_is_not_offered_cannot_be_chosen(desk: Client, world: World) -> None:
    zara, boris = world.customer("Zara Naidoo"), world.customer("Boris")
    world.invoice(boris, "100.00", due_on="2026-01-31")
    theirs = OpenItem.objects.get()
    before = counts()
    sent = {"amount": "50", "reason": "Sorry", "on": "today", "against": str(theirs.pk), "key": "x"}
    answer = desk.post(do(zara, "issue-credit"), sent)
    assert (answer.status_code, counts()) == (422, before)
    # Their own can.
    world.invoice(zara, "100.00", due_on="2026-01-31")
    mine = OpenItem.objects.get(customer=zara)
    send(desk, do(zara, "issue-credit"), **{**sent, "against": str(mine.pk)})
    mine.refresh_from_db()
    assert mine.open_minor == 5000


def test_an_argument_without_a_field_is_told_when_the_addresses_are_read() -> None:
    offered = Door(
        issue_credit, CUSTOMER, "credit", "Issue", done=lambda made, _: "", offers={"against": lambda caller, row: []}
    )
    assert set(form_of(offered).base_fields) == {"amount", "reason", "on", "against"}
    with pytest.raises(TypeError, match="against .* has no field"):
        form_of(Door(issue_credit, CUSTOMER, "credit", "Issue", done=lambda made, _: ""))
