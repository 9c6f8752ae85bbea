"""A price without tax says so wherever it is shown, with the tax's own name; and what it comes to has the tax."""

from __future__ import annotations

import html

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.desk.tests.test_doors import desk, do, send
from counterfoil.kernel.periods import add_months
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World

__all__ = ["desk"]
FIRST = timezone.localdate().replace(day=1)
NEXT = add_months(FIRST, 1)
RAISE = {"how": "amount", "value": "10", "step": "1", "valid_from": NEXT.isoformat(), "whom": "all"}


@pytest.fixture
def fibre(world: World, desk: Client) -> Product:
    """Added and priced by forms."""
    fields = {"code": "net-100", "name": "Net 100", "kind": "data", "tax_code": "standard", "tier": "", "key": "a"}
    desk.post("/catalogue/add/", {**fields, "prices": "excl"})
    fibre = Product.objects.get()
    assert not fibre.prices_include_tax
    assert "Price, excl. VAT" in desk.get(reverse("set-price", args=[fibre.pk])).content.decode()
    said = send(
        desk, reverse("set-price", args=[fibre.pk]), frequency="month", value="599", valid_from=FIRST.isoformat(),
        whom="all",
    )  # fmt: skip
    assert "Net 100 costs R599.00 excl. VAT monthly from" in said
    return fibre


@pytest.fixture
def zara(world: World, fibre: Product) -> Customer:
    zara = world.customer("Zara Naidoo")
    world.subscribe(zara, fibre, on=FIRST.isoformat(), anchor_day=1)
    return zara


def test_the_catalogue_says_which_prices_are_without_tax(desk: Client, world: World, fibre: Product) -> None:
    world.package("With 100", "599")
    lines = desk.get("/catalogue/?format=csv").content.decode("utf-8-sig").splitlines()
    assert sorted(line.split("599.00,")[1] for line in lines[1:]) == [",0", "excl. VAT,0"]
    page = squeezed(desk.get(f"/catalogue/{fibre.pk}/").content.decode())
    assert "<dt>Prices</dt><dd>Excl. VAT</dd>" in page
    assert "Price, excl. VAT" in page
    # With a price it is settled, and the form does not offer it.
    assert 'name="prices"' in desk.get("/catalogue/add/").content.decode()
    assert 'name="prices"' not in desk.get(f"/catalogue/{fibre.pk}/change/").content.decode()
    send(desk, f"/catalogue/{fibre.pk}/change/", name="Net 100+", tax_code="standard", tier="1")
    fibre.refresh_from_db()
    assert (fibre.name, fibre.prices_include_tax) == ("Net 100+", False)


def test_raising_them_says_what_a_month_comes_to_with_tax(desk: Client, world: World, zara: Customer) -> None:
    world.subscribe(zara, world.package("With 100", "599"), on=FIRST.isoformat(), anchor_day=1)
    page = squeezed(desk.post("/catalogue/raise/", {**RAISE, "preview": "1"}, HTTP_HX_REQUEST="true").content.decode())
    # 10.00 with tax, and 10.00 with 1.50 tax.
    assert "R21.50" in page
    assert "a price excludes it where it says" in page
    assert "Monthly, excl. VAT" in page
    query = "&".join(f"{key}={value}" for key, value in RAISE.items())
    lines = desk.get(f"/catalogue/raise/whom/?{query}&format=csv").content.decode("utf-8-sig").splitlines()
    assert sorted(line.split("Monthly,")[1] for line in lines[1:]) == [
        "599.00,609.00,,10.00,", "599.00,609.00,excl. VAT,11.50,"
    ]  # fmt: skip
    assert "R21.50 more a month, tax included." in send(desk, "/catalogue/raise/", **RAISE)


def seen(desk: Client, address: str) -> str:
    """A page without regard to where its source breaks a line."""
    return squeezed(desk.get(address).content.decode())


def test_services_one_time_charges_and_own_prices_say_so(desk: Client, world: World, zara: Customer) -> None:
    services = reverse("customer-tab", args=[zara.number, "services"])
    page = seen(desk, services)
    # The price of one, what it is a month, and what the subscription is.
    assert (page.count("599.00"), page.count('sub2">excl. VAT</span>')) == (3, 2)
    service = Service.objects.get()
    assert "Of one period, excl. VAT." in desk.get(reverse("service-price", args=[service.pk])).content.decode()
    form = desk.get(do(zara, "one-time-charge")).content.decode()
    assert '<option value="excl" selected>' in form
    send(
        desk, do(zara, "one-time-charge"), subscription=service.subscription_id, text="Call-out", price="100",
        prices="excl", on=FIRST.isoformat(),
    )  # fmt: skip
    assert OneTimeCharge.objects.get().prices_include_tax is False
    page = squeezed(desk.get(services).content.decode())
    # The price as it is quoted, and the next bill with both and their tax: 688.85 and 115.00.
    assert page.count('class="sub2">excl. VAT') == 3
    assert "803.85" in page


def test_packages_with_tax_and_without_are_compared_with_tax(desk: Client, world: World, zara: Customer) -> None:
    # 650.00 with tax is less than 599.00 and 89.85 tax.
    world.package("With 100", "650")
    world.package("Net 200", "700", prices_include_tax=False)
    with world.on(timezone.localdate()):
        world.bill(zara)
    service = Service.objects.get()
    form = html.unescape(desk.get(reverse("change-package", args=[service.pk])).content.decode())
    assert "With 100, R650.00 (−R38.85 with tax)" in form
    assert "Net 200, R700.00 excl. VAT (+R116.15 with tax)" in form
    cheap = Product.objects.get(name="With 100")
    send(desk, reverse("change-package", args=[service.pk]), product=cheap.pk, on="")
    # So it is a downgrade, and waits for the next period.
    action = ServiceAction.objects.get(kind="swap")
    assert (action.state, action.on) == ("scheduled", NEXT)


def test_the_invoice_shows_prices_as_they_are_meant(desk: Client, world: World, zara: Customer) -> None:
    bill = world.bill(zara)
    page = seen(desk, f"/invoices/{bill.pk}/")
    assert "Price excl. VAT, R" in page
    assert '599.00<span class="sub2">excl. VAT</span>' in page
    assert "688.85" in page
    assert desk.get(f"/invoices/{bill.pk}/pdf/").status_code == 200
    world.subscribe(zara, world.package("Voice", "115", kind="voice"), on=NEXT.isoformat(), anchor_day=1)
    with world.on(NEXT):
        mixed = world.bill(zara)
        page = desk.get(f"/invoices/{mixed.pk}/").content.decode()
    assert "Price excl. VAT" not in page
    assert "(R599.00 excl. VAT)" in page
