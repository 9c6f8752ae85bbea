"""From an empty database to a company, in the browser: what the pages say, and what documents then print."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from counterfoil.billing.invoice_files import invoice_view
from counterfoil.billing.models import TaxRate
from counterfoil.billing.operations import save_tax_rate, use_tax_rates
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Operator
from counterfoil.operator.operations import change_operator
from counterfoil.operator.queries import operator
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

COLOGNE = {
    "name": "Rheinfaser", "legal_name": "Rheinfaser GmbH", "region": "DE", "registration_name": "Reg.",
    "registration": "B 12345", "tax_number_name": "", "tax_number": "DE123456789", "tax_name": "VAT",
    "address": "Hauptstr. 1", "postcode": "50667", "city": "Köln", "email": "konto@rheinfaser.example",
    "home_currency": "EUR", "terms_days": "14", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX",
}  # fmt: skip


@pytest.fixture
def desk(world: World) -> Client:
    add_user(world.caller(), email="owner@x.example", name="Owner", role="administrator", password="correct horse")
    client = Client()
    client.force_login(User.objects.get(email="owner@x.example"))
    return client


def read(answer: object) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))  # type: ignore[attr-defined]


def test_a_german_company_is_entered_and_steps_go_away(desk: Client) -> None:
    assert "5 steps left to the first bill" in read(desk.get("/"))
    before = counts()
    drawn = read(desk.post("/settings/company/?preview=1", {**COLOGNE, "version": operator().version}))
    # Another country calls the numbers otherwise; drawn, and nothing saved yet.
    assert "Rheinfaser GmbH HRB B 12345 USt-IdNr. DE123456789 Hauptstr. 1 50667 Köln" in drawn
    assert (counts(), operator().name) == (before, "Zebra Net")
    said = read(desk.post("/settings/company/", {**COLOGNE, "version": operator().version}, follow=True))
    assert "Rheinfaser saved. Used from the next document on." in said
    house = operator()
    assert (house.currency, house.iban, house.terms_days) == ("EUR", "DE89370400440532013000", 14)
    assert house.address_lines == ["Hauptstr. 1", "50667 Köln"]
    assert "3 steps left to the first bill" in read(desk.get("/"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tax_number": "DE12345678"}, "A USt-IdNr. of Germany has DE and 9 digits."),
        ({"iban": "DE88370400440532013000"}, "That is not an IBAN"),
        ({"bic": "COBA"}, "A BIC has 8 or 11 letters"),
        ({"home_currency": "euro"}, "at most 3 characters"),
        ({"name": " "}, "Trading name is missing."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(desk: Client, wrong: dict[str, str], said: str) -> None:
    before = counts(), Operator.objects.values().get()
    answer = desk.post("/settings/company/", {**COLOGNE, "version": operator().version, **wrong})
    assert answer.status_code == 422
    assert said in read(answer)
    assert (counts(), Operator.objects.values().get()) == before


def test_a_save_over_somebody_elses_is_noticed(desk: Client, world: World) -> None:
    version = operator().version
    change_operator(world.caller(), phone="010 555 0100")
    answer = desk.post("/settings/company/", {**COLOGNE, "version": version})
    assert answer.status_code == 422
    assert operator().name == "Zebra Net"


def test_the_currency_stays_once_something_has_a_price_or_is_posted(world: World) -> None:
    change_operator(world.caller(), currency="EUR")
    change_operator(world.caller(), currency="ZAR")
    world.invoice(world.customer("Ann"), "100.00", on="2026-01-05", due_on="2026-02-04")
    before = counts()
    with pytest.raises(Refused, match="posted already, so the currency stays") as refused:
        change_operator(world.caller(), currency="EUR")
    assert (refused.value.field, counts(), operator().currency) == ("currency", before, "ZAR")


def test_what_is_issued_keeps_its_letterhead(world: World) -> None:
    change_operator(world.caller(), name="Before", address="Old Road 1", city="Cape Town", postcode="8001")
    old = world.invoice(world.customer("Ann"), "100.00", on="2026-01-05", due_on="2026-02-04")
    change_operator(world.caller(), name="After", address="New Road 2", registration_name="CIPC", registration="7")
    new = world.invoice(world.customer("Ben"), "100.00", on="2026-01-05", due_on="2026-02-04")
    assert invoice_view(old)["operator"]["lines"] == ["Before", "Old Road 1", "Cape Town, 8001"]
    assert invoice_view(new)["operator"]["lines"] == ["After", "CIPC 7", "New Road 2", "Cape Town, 8001"]


def test_the_taxes_of_a_country_stand_in_for_a_start(desk: Client, world: World) -> None:
    change_operator(world.caller(), region="DE", tax_name="USt")
    assert "In Germany there are USt 19%, USt 7%, Zero-rated, Exempt." in read(desk.get("/settings/tax/"))
    said = read(desk.post("/settings/tax/preset/", {"key": "k"}, follow=True))
    assert "USt 19%, USt 7% saved." in said
    found = TaxRate.objects.values_list("name", "percent", "is_default").order_by("-percent", "code")
    assert list(found)[:2] == [("USt 19%", 19, True), ("USt 7%", 7, False)]
    assert "In Germany there are" not in read(desk.get("/settings/tax/"))


def test_a_rate_changes_from_a_day_on_and_never_under_an_invoice(desk: Client, world: World) -> None:
    row = TaxRate.objects.get(code="standard")
    issued = world.invoice(world.customer("Ann"), "100.00", on="2026-03-05", due_on="2026-04-04", tax="standard")
    before = counts()
    fields = {"percent": "16", "name": "VAT 16%", "is_default": "on"}
    answer = desk.post(f"/settings/tax/{row.pk}/change/", {**fields, "valid_from": "2026-03-05"})
    assert answer.status_code == 422
    assert "An invoice of 5 Mar 2026 has this tax. Choose a later day." in read(answer)
    with pytest.raises(Refused, match="There are invoices with VAT 15%"):
        use_tax_rates(world.caller(), country="KE")
    assert counts() == before
    said = read(desk.post(f"/settings/tax/{row.pk}/change/", {**fields, "valid_from": "2027-04-01"}, follow=True))
    assert "VAT 16%, 16 %, from 1 Apr 2027." in said
    row.refresh_from_db()
    issued.refresh_from_db()
    assert (row.last_day, issued.tax_minor) == (dt.date(2027, 3, 31), 1304)
    assert "VAT 16% Default 16 %" in read(desk.get("/settings/tax/"))


def test_the_button_and_the_name_say_the_rate_that_is_typed(desk: Client) -> None:
    row = TaxRate.objects.get(code="standard")
    url = f"/settings/tax/{row.pk}/change/"
    fields = {"percent": "16", "name": "VAT 15%", "valid_from": "2027-04-01", "is_default": "on"}
    assert "Change to 16 % from 1 Apr 2027" in read(desk.post(f"{url}?preview=1", fields, HTTP_HX_REQUEST="true"))
    assert TaxRate.objects.filter(code="standard").count() == 1
    assert "VAT 16%, 16 %, from 1 Apr 2027." in read(desk.post(url, fields, follow=True))


def test_a_tax_is_added(desk: Client) -> None:
    url = reverse("add-tax")
    fields = {"name": "Levy 2%", "category": "reduced", "percent": "2", "valid_from": "2026-01-01"}
    assert "Levy 2%, 2 %, from 1 Jan" in read(desk.post(url, fields, follow=True))
    assert "Levy 2%, 2 %, from 1 Jan" in read(desk.post(url, {**fields, "key": "again"}, follow=True))
    codes = TaxRate.objects.filter(name="Levy 2%").values_list("code", "percent").order_by("pk")
    assert list(codes) == [("levy-2", Decimal(2)), ("levy-2-2", Decimal(2))]


def test_settings_show_what_the_role_may_change(world: World, desk: Client) -> None:
    assert "Company Names and numbers Zebra Net Bank account None yet" in read(desk.get("/settings/"))
    add_user(world.caller(), email="agent@x.example", name="Agent", role="agent", password="correct horse")
    agent = Client()
    agent.force_login(User.objects.get(email="agent@x.example"))
    assert agent.get("/settings/").status_code == 404
    assert agent.post("/settings/company/", {**COLOGNE, "version": 1}).status_code == 403
    assert operator().name == "Zebra Net"


def test_a_rate_follows_only_what_is_before_it(world: World) -> None:
    with pytest.raises(Refused, match="A later rate exists already"):
        save_tax_rate(
            world.caller(), code="standard", name="VAT", category="standard", percent=Decimal(14),
            valid_from=dt.date(1999, 1, 1),
        )  # fmt: skip
