"""Set-up fees: charged once when a service starts, with the first bill, as its preview said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import bill_customer, cancel_bill, preview_services
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import NewProduct, ProductFacts, add_product, change_product, set_prices
from counterfoil.catalogue.queries import service_offers
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Subscription
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    add_services,
    change_account,
    change_services,
    remove_services,
    run_due_actions,
    start_subscription,
    withdraw_action,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def fibre(world: World) -> Product:
    """R310 a month, with R999 once to set it up."""
    world.package("Installation", "999", kind="one_time", frequency="once")
    return world.package("Fibre", "310", family="fibre", tier=1, set_up="installation")


def said(invoice: Invoice) -> list[tuple[str, int]]:
    return [(text.split(",")[0], minor) for text, minor in invoice.lines.values_list("text", "total_minor")]


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        work()
    return refusal.value.code


def fees() -> list[tuple[str, bool]]:
    rows = OneTimeCharge.objects.order_by("pk").values_list("on", "dropped")
    return [(day.isoformat(), dropped) for day, dropped in rows]


def change(world: World, service: Service, kind: str, on: str, **more: Any) -> ServiceAction:
    service.refresh_from_db()
    return change_services(world.caller(), services=[service], change=Change(kind, D(on), **more))[0]


def start(world: World, customer: Customer, *new: NewService, on: str, **more: Any) -> Subscription:
    return start_subscription(
        world.caller(), customer=customer, services=new, on=D(on), term=NewTerm(anchor_day=1), **more
    )


def test_the_first_bill_has_it_as_its_preview_said(world: World, fibre: Product) -> None:
    with world.on("2026-01-01"):
        zara, new = world.customer(), [NewService(fibre, quantity=Decimal(2)), NewService(fibre)]
        before = counts()
        drawn = preview_services(
            Caller.system("desk", behalf=world.caller()).previewing(), customer=zara, services=new, on=D("2026-01-01"),
            term=NewTerm(anchor_day=1),
        )  # fmt: skip
        assert counts() == before
        start(world, zara, *new, on="2026-01-01")
        bill = world.bill(zara)
        # Once for each service, however many of it there are.
        assert sorted(said(bill)) == [
            ("Fibre", 31000), ("Fibre", 62000), ("Installation", 99900), ("Installation", 99900),
        ]  # fmt: skip
        assert [(each.bill.on, each.bill.minor) for each in drawn][0] == (D("2026-01-01"), bill.total_minor)
    with world.on("2026-02-01"):
        assert sorted(said(world.bill(zara))) == [("Fibre", 31000), ("Fibre", 62000)]
    assert check_books() == []


def test_it_is_charged_once_whatever_the_service_goes_through(world: World, fibre: Product) -> None:
    fast = world.package("Fast", "620", family="fibre", tier=2, set_up="installation")
    with world.on("2026-01-01"):
        zara, ben = world.customer(), world.customer("Ben")
        subscription = start(world, zara, NewService(fibre), on="2026-01-01")
        world.bill(zara)
        service = Service.objects.get()
    for day, kind, more in (
        ("2026-02-01", "stop", {}), ("2026-02-10", "start", {}), ("2026-03-01", "rest", {}),
        ("2026-03-05", "end_rest", {}), ("2026-03-10", "swap", {"product_id": fast.pk}),
        ("2026-03-12", "quantity", {"quantity": Decimal(3)}),
    ):  # fmt: skip
        with world.on(day):
            change(world, service, kind, day, **more)
    with world.on("2026-04-01"):
        moved = change_account(world.caller(), subscription=subscription, customer=ben)
        assert moved.customer_id == ben.pk
        bills = [world.bill(each) for each in (ben,)]
    assert fees() == [("2026-01-01", False)]
    assert not any("Installation" in text for bill in bills for text, _ in said(bill))
    # And the database has the last word.
    charge = OneTimeCharge.objects.get()
    charge.pk = None
    with pytest.raises(IntegrityError), transaction.atomic(), write_guard.writing():
        charge.save(force_insert=True)
    assert check_books() == []


def test_a_draft_is_set_up_when_it_starts(world: World, fibre: Product) -> None:
    with world.on("2026-01-01"):
        zara = world.customer()
        start(world, zara, NewService(fibre, draft=True), on="2026-01-01")
        service = Service.objects.get()
        assert fees() == []
        # On a later day: it is on the bill of that day, and of no earlier one.
        later = change(world, service, "start", "2026-01-15")
        assert fees() == [("2026-01-15", False)]
        withdraw_action(world.caller(), action=later)
        assert fees() == [("2026-01-15", True)]
        change(world, service, "start", "2026-02-10")
    with world.on("2026-02-10"):
        assert run_due_actions(world.system()) == 1
        assert [minor for text, minor in said(world.bill(zara)) if text == "Installation"] == [99900]
    assert fees() == [("2026-01-15", True), ("2026-02-10", False)]
    assert check_books() == []


def test_a_draft_that_is_undone_leaves_no_fee(world: World, fibre: Product) -> None:
    with world.on("2026-01-01"):
        start(world, world.customer(), NewService(fibre, draft=True), on="2026-01-01")
        service = Service.objects.get()
        change(world, service, "start", "2026-01-15")
        remove_services(world.caller(), services=[service], change=Change("cancel", D("2026-01-01")))
    assert fees() == [("2026-01-15", True)]
    assert check_books() == []


def test_services_that_are_added_have_it_and_what_was_taken_over_has_not(world: World, fibre: Product) -> None:
    with world.on("2026-01-20"):
        zara = world.customer()
        subscription = start(world, zara, NewService(fibre), on="2025-06-01", taken_over_on=D("2026-02-01"))
        assert fees() == []
        add_services(world.caller(), subscription=subscription, services=[NewService(fibre, "2")], on=D("2026-01-20"))
    assert fees() == [("2026-01-20", False)]


def test_of_a_bundle_its_own_counts(world: World, fibre: Product) -> None:
    home = world.package("Home", "400", parts=("fibre",), set_up="installation")
    with world.on("2026-01-01"):
        start(world, world.customer(), NewService(home), on="2026-01-01")
    assert OneTimeCharge.objects.get().text == "Installation, Home"


def test_the_price_is_that_of_the_day_or_the_first_there_was(world: World, fibre: Product) -> None:
    fee = Product.objects.get(code="installation")
    with world.on("2026-01-10"):
        set_prices(world.caller(), prices=[(fee, "once", Decimal(1200))], currency="ZAR", valid_from=D("2026-02-01"))
        zara = world.customer()
        for day in ("1999-01-01", "2026-01-10"):
            with world.on(max(day, "1999-01-01")):
                start(world, zara, NewService(fibre), on=day)
    with world.on("2026-02-01"):
        start(world, zara, NewService(fibre), on="2026-02-01")
    assert list(OneTimeCharge.objects.order_by("on").values_list("price", flat=True)) == [999, 999, 1200]


def test_one_that_is_withdrawn_from_sale_is_not_charged(world: World, fibre: Product) -> None:
    fee = Product.objects.get(code="installation")
    assert service_offers([fibre], "ZAR", D("2026-01-01")) == [
        (str(fibre.pk), "Fibre, R310.00 a month, R999.00 to set up")
    ]
    change_product(world.caller(), product=fee, name=fee.name, active=False)
    assert service_offers([fibre], "ZAR", D("2026-01-01")) == [(str(fibre.pk), "Fibre, R310.00 a month")]
    with world.on("2026-01-01"):
        start(world, world.customer(), NewService(fibre), on="2026-01-01")
    assert fees() == []


def test_what_cannot_be_charged_is_refused_and_nothing_starts(world: World, fibre: Product) -> None:
    zara = world.customer(currency="EUR")
    set_prices(world.caller(), prices=[(fibre, "month", Decimal(20))], currency="EUR", valid_from=D("2000-01-01"))
    before = counts()
    with world.on("2026-01-01"), pytest.raises(Refused) as refused:
        start(world, zara, NewService(fibre), on="2026-01-01")
    assert (refused.value.code, refused.value.field) == ("no_price", "services")
    assert refused.value.sentence == (
        "Fibre has a set-up fee, Installation, without a price in EUR. Set its price, or take the fee off the product."
    )
    assert counts() == before


@pytest.mark.parametrize(
    ("kind", "fee", "code", "words"),
    [
        ("data", "none", "no_such_product", "There is no product none."),
        ("data", "fibre", "not_once", "Fibre is no one-time charge."),
        ("one_time", "installation", "no_service", "It is charged once itself, so it has no set-up fee."),
    ],
)
def test_what_is_no_fee_is_refused(world: World, fibre: Product, kind: str, fee: str, code: str, words: str) -> None:
    other, before = world.package("Other", "10", kind=kind, frequency="once"), counts()
    with pytest.raises(Refused, match=words) as refused:
        add_product(world.caller(), new=NewProduct("new", "New", kind, set_up=fee))
    assert (refused.value.code, refused.value.field) == (code, "set_up")
    facts = ProductFacts("", 0, "", "standard", set_up=fee)
    with pytest.raises(Refused, match=words):
        change_product(world.caller(), product=other, name="Other", active=True, facts=facts)
    other.refresh_from_db()
    assert (other.set_up, counts()) == (None, before)


def test_it_is_chosen_in_the_form_and_taken_off_again(world: World, fibre: Product) -> None:
    add_user(world.caller(), email="lerato@highveld.example", name="Lerato", role="administrator")
    client = Client()
    client.force_login(User.objects.get(email="lerato@highveld.example"))
    url = reverse("change-product", args=[fibre.pk])
    assert '<option value="installation" selected>' in client.get(url).content.decode()
    fields = {"name": "Fibre", "family": "fibre", "tier": "1", "tax_code": "", "needs": "", "key": "1"}
    answer = client.post(url, {**fields, "set_up": ""}, follow=True)
    fibre.refresh_from_db()
    assert fibre.set_up is None
    page = answer.content.decode()
    assert "set-up fee: Installation to nothing" in page or "set-up fee" in page
    assert "Set-up fee</dt>" not in page
    client.post(url, {**fields, "set_up": "installation", "key": "2"})
    fibre.refresh_from_db()
    assert str(fibre.set_up) == "Installation"
    assert "Set-up fee</dt>" in client.get(reverse("product", args=[fibre.pk])).content.decode()


def draft(world: World, product: Product, customer: Customer) -> Service:
    start(world, customer, NewService(product, draft=True), on="2026-01-01")
    return Service.objects.get(subscription__customer=customer)


def installed(bill: Invoice) -> list[int]:
    return [minor for text, minor in said(bill) if text == "Installation"]


def test_a_draft_that_changes_account_takes_its_fee_along(world: World, fibre: Product) -> None:
    with world.on("2026-01-01"):
        zara, ben = world.customer(), world.customer("Ben")
        service = draft(world, fibre, zara)
        change(world, service, "start", "2026-01-15")
        change_account(world.caller(), subscription=service.subscription, customer=ben)
        moved = Service.objects.get(moved_from=service)
        change(world, moved, "start", "2026-01-01")
        assert installed(world.bill(ben)) == [99900]
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
        assert fees() == [("2026-01-15", True), ("2026-01-15", True), ("2026-01-01", False)]
    assert check_books() == []


def test_a_draft_that_was_moved_and_is_undone_leaves_no_fee(world: World, fibre: Product) -> None:
    with world.on("2026-01-01"):
        zara, ben = world.customer(), world.customer("Ben")
        service = draft(world, fibre, zara)
        change(world, service, "start", "2026-01-15")
        change_account(world.caller(), subscription=service.subscription, customer=ben)
        moved = Service.objects.get(moved_from=service)
        remove_services(world.caller(), services=[moved], change=Change("cancel", D("2026-01-01")))
    assert [dropped for _, dropped in fees()] == [True, True]
    assert check_books() == []


def test_the_fee_follows_the_start(world: World, fibre: Product) -> None:
    """Of two starts the first counts; withdrawn, the other does; brought forward, that day does."""
    with world.on("2026-01-01"):
        zara = world.customer()
        service = draft(world, fibre, zara)
        change(world, service, "start", "2026-01-20")
        earlier = change(world, service, "start", "2026-01-10")
        assert fees() == [("2026-01-20", True), ("2026-01-10", False)]
        withdraw_action(world.caller(), action=earlier)
        assert fees()[2:] == [("2026-01-20", False)]
        change(world, service, "start", "2026-01-01")
        assert fees()[2:] == [("2026-01-20", True), ("2026-01-01", False)]
        assert installed(world.bill(zara)) == [99900]
    assert check_books() == []


def test_what_was_billed_ahead_and_does_not_start_is_not_billed_again(world: World, fibre: Product) -> None:
    with world.on("2026-01-01"):
        zara = world.customer()
        service = draft(world, fibre, zara)
        later = change(world, service, "start", "2026-01-15")
        bill = bill_customer(world.caller(), customer=zara, bill_to=D("2026-01-31"))
        assert isinstance(bill, Invoice)
        assert installed(bill) == [99900]
        withdraw_action(world.caller(), action=later)
        cancel_bill(world.caller(), invoice=bill, reason="Never started")
        assert fees() == [("2026-01-15", True)]
    with world.on("2026-02-01"):
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
    assert check_books() == []


def test_a_service_that_is_cancelled_for_its_first_day_is_not_set_up(world: World, fibre: Product) -> None:
    with world.on("2026-03-01"):
        zara = world.customer()
        start(world, zara, NewService(fibre), on="2026-03-01")
        remove_services(world.caller(), services=[Service.objects.get()], change=Change("cancel", D("2026-03-01")))
        assert fees() == [("2026-03-01", True)]
        assert refused(lambda: world.bill(zara)) == "nothing_to_bill"
    assert check_books() == []


def test_what_is_regretted_was_set_up(world: World, fibre: Product) -> None:
    with world.on("2026-03-01"):
        zara = world.customer()
        start(world, zara, NewService(fibre), on="2026-03-01")
        remove_services(world.caller(), services=[Service.objects.get()], change=Change("regret", D("2026-03-01")))
        assert installed(world.bill(zara)) == [99900]
    assert check_books() == []
