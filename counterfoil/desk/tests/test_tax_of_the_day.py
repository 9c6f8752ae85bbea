"""The form of an invoice offers the rates of the invoice's day, not of today."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.models import Invoice, TaxRate
from counterfoil.billing.operations import draft_invoice, save_tax_rate
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.desk.tests.test_doors import do, send
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World

TODAY = timezone.localdate()
BEFORE = TODAY - dt.timedelta(days=20)


@pytest.fixture
def desk(world: World) -> Client:
    world.today = TODAY
    add_user(world.caller(), email="lerato@example.com", name="Lerato", role="administrator", password="correct horse")
    client = Client()
    client.force_login(User.objects.get(email="lerato@example.com"))
    return client


@pytest.fixture
def zara(world: World, desk: Client) -> Customer:
    """The rate goes up ten days ago: 15 % before, 20 % from then on."""
    save_tax_rate(
        world.caller(), code="standard", name="VAT 20 %", category="standard", percent=Decimal(20),
        valid_from=TODAY - dt.timedelta(days=10), is_default=True,
    )  # fmt: skip
    return world.customer()


def rates() -> tuple[TaxRate, TaxRate]:
    old, new = TaxRate.objects.filter(code="standard").order_by("valid_from")
    return old, new


def chosen(page: str) -> list[str]:
    return re.findall(r"<option value=\"\d+\" selected>([^<]+)</option>", squeezed(page))


def line(rate: TaxRate) -> dict[str, str]:
    return {"lines-1-text": "Call-out", "lines-1-quantity": "1", "lines-1-unit_price": "120",
            "lines-1-tax": str(rate.pk),
            "prices": "incl", "then": "draft"}  # fmt: skip


def test_another_day_has_the_rate_of_that_day(desk: Client, zara: Customer) -> None:
    old, new = rates()
    page = desk.get(do(zara, "new-invoice")).content.decode()
    assert set(chosen(page)) == {new.name}
    assert old.name not in page
    # The form was opened for today, and another day was typed.
    said = send(desk, do(zara, "new-invoice"), on=BEFORE.isoformat(), **line(new))
    assert "Draft of R120.00 saved." in said
    made = Invoice.objects.get().lines.get()
    assert (made.tax_rate, made.tax_percent, made.tax_minor) == (old, old.percent, 1565)


def test_a_form_that_is_shown_again_offers_the_rates_of_the_day_typed(desk: Client, zara: Customer) -> None:
    old, new = rates()
    fields = {**line(new), "on": BEFORE.isoformat(), "due_on": (BEFORE - dt.timedelta(days=1)).isoformat(), "key": "k"}
    page = desk.post(do(zara, "new-invoice"), fields).content.decode()
    assert "cannot be due before its date" in page
    assert set(chosen(page)) == {old.name}
    assert new.name not in page


def test_a_draft_is_edited_with_the_rates_of_its_day(desk: Client, zara: Customer, world: World) -> None:
    old, _ = rates()
    draft = draft_invoice(
        world.caller(), customer=zara, lines=[LineInput("Call-out", Decimal(1), Decimal(115), old.pk)], on=BEFORE
    )
    assert set(chosen(desk.get(reverse("edit-draft", args=[draft.pk])).content.decode())) == {old.name}
