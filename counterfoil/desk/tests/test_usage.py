"""Usage as people see and enter it: a product, a record, what a period comes to, the bill, and the month's end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.catalogue.models import Price, Product
from counterfoil.customers.models import Customer
from counterfoil.desk.month_end import month_end
from counterfoil.desk.tests.test_doors import send
from counterfoil.desk.tests.test_services import desk
from counterfoil.kernel.periods import add_months
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import Service
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts
from counterfoil.usage.models import UsageRecord

__all__ = ["desk"]
FIRST = timezone.localdate().replace(day=1)
BEFORE = add_months(FIRST, -1)
MAPPING = (Path(__file__).parents[3] / "examples" / "usage.toml").read_bytes()


@pytest.fixture
def calls(world: World, desk: Client) -> Service:
    product = world.metered("Calls", "1.20", included="100")
    world.subscribe(world.customer("Zara Naidoo"), product, on=BEFORE.isoformat(), anchor_day=1)
    return Service.objects.get()


def asked(desk: Client, door: str, *route: object, **fields: object) -> str:
    """What a form says that was sent and refused."""
    answer = desk.post(reverse(door, args=route), {"key": door, **fields})
    assert answer.status_code in (403, 422)
    return answer.content.decode()


def services(desk: Client, customer: Customer) -> str:
    return desk.get(reverse("customer-tab", args=[customer.number, "services"])).content.decode()


def test_a_product_of_usage_is_added_and_priced(desk: Client, world: World) -> None:
    form = {"code": "data", "name": "Data", "kind": "usage", "tax_code": "standard", "prices": "incl"}
    assert "Say what usage is measured in" in asked(desk, "add-product", **form)
    assert not Product.objects.exists()
    send(desk, reverse("add-product"), **form, unit="GB", included="20", key="second")
    data = Product.objects.get()
    assert (data.unit, data.included) == ("GB", 20)
    page = desk.get(reverse("set-price", args=[data.pk])).content.decode()
    assert "Per unit" in page
    assert "Monthly" not in page
    send(desk, reverse("set-price", args=[data.pk]), frequency="unit", value="9.99", valid_from=FIRST.isoformat(),
         whom="all", key="third")  # fmt: skip
    assert Price.objects.get().amount == Decimal("9.99")
    page = desk.get(reverse("product", args=[data.pk])).content.decode()
    assert "20 in each billing period" in page
    assert "per GB" in desk.get("/catalogue/").content.decode()


def test_usage_is_added_shown_and_taken_back(desk: Client, world: World, calls: Service) -> None:
    zara = calls.subscription.customer
    page = services(desk, zara)
    assert "per minute" in page
    assert "100 minutes included" in page
    fields = {"service": calls.pk, "on": BEFORE.isoformat(), "quantity": "130", "text": "Telkom"}
    said = send(desk, reverse("add-usage", args=[zara.number]), **fields)
    assert "130 minutes of Calls on" in said
    rows = desk.get(reverse("panel", args=[zara.number, "usage"]) + "?format=csv").content.decode("utf-8-sig")
    first = [line.split(",") for line in rows.splitlines()][-1]
    assert first[-2:] == ["36.00", ""]
    assert "130 minutes" in rows
    records = desk.get(reverse("panel", args=[zara.number, "usage-records"]) + "?format=csv").content.decode()
    assert "Telkom" in records
    record = UsageRecord.objects.get()
    assert "no longer counts" in send(desk, reverse("reverse-usage", args=[record.pk]), reason="Wrong", key="second")
    assert "Take back</a>" not in services(desk, zara)
    assert UsageRecord.objects.get(reverses=record).quantity == -130


def test_a_refusal_stands_at_its_field(desk: Client, calls: Service) -> None:
    zara, before = calls.subscription.customer, counts()
    fields = {"service": calls.pk, "on": (BEFORE - dt.timedelta(days=1)).isoformat(), "quantity": "1"}
    page = asked(desk, "add-usage", zara.number, **fields)
    assert "was not there on" in page
    assert counts() == before


def test_why_an_amount_of_usage_is_what_it_is(desk: Client, world: World, calls: Service) -> None:
    zara = calls.subscription.customer
    world.uses(calls, "130", BEFORE.isoformat())
    page = desk.get(reverse("invoice", args=[world.bill(zara).pk])).content.decode()
    assert "130 minutes, 100 included" in page
    assert "less what was charged before" not in page
    world.uses(calls, "5", BEFORE.isoformat())
    page = " ".join(desk.get(reverse("invoice", args=[world.bill(zara).pk])).content.decode().split())
    assert "135 minutes, 100 included, less what was charged before" in page
    assert list(Invoice.objects.order_by("pk").values_list("total_minor", flat=True)) == [3600, 600]


def test_a_file_of_usage_comes_in_and_ticks_the_month_off(desk: Client, world: World, calls: Service) -> None:
    def usage() -> tuple[bool, str]:
        return next((step.done, step.url) for step in month_end(world.caller()) if step.title == "Usage")

    assert usage() == (False, reverse("imports"))
    world.uses(calls, "1", BEFORE.isoformat())
    assert usage() == (False, reverse("imports"))
    last = FIRST - dt.timedelta(days=1)
    number = calls.subscription.number

    def bring_in(row: str, then: str) -> str:
        content = f"Reference,Number,Day,Quantity,Called\n{row}\n".encode()
        files = {"file": SimpleUploadedFile("usage.csv", content), "mapping": SimpleUploadedFile("m.toml", MAPPING)}
        return desk.post(reverse("imports"), {**files, "then": then}).content.decode()

    wrong = bring_in(f"A1,0219999999,{last},12.5,", "import")
    assert "Nothing was changed" in wrong
    assert "<td>Number</td>" in wrong
    good = f"A1,{number},{last},12.5,"
    assert "The file is valid" in bring_in(good, "check")
    assert UsageRecord.objects.count() == 1
    page = bring_in(good, "import")
    assert "Usage records" in page
    assert "12.5 units in all" in squeezed(page)
    assert usage() == (True, "")


def test_who_may_not_record_usage_sees_it_and_has_no_button(world: World, calls: Service) -> None:
    add_user(world.caller(), email="agent@example.com", name="Agent", role="agent", password="correct horse")
    agent = Client()
    agent.force_login(User.objects.get(email="agent@example.com"))
    zara, record = calls.subscription.customer, world.uses(calls, "130", BEFORE.isoformat())
    page = services(agent, zara)
    assert "130 minutes" in page
    assert "Add usage" not in page
    before = counts()
    page = asked(agent, "reverse-usage", record.pk, reason="Wrong")
    assert "Not allowed" in page
    assert counts() == before
