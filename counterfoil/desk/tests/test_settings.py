"""From an empty database to a company, in the browser: what the pages say, and what documents then print."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from counterfoil.billing.invoice_files import credit_note_pdf, credit_note_view, invoice_pdf, invoice_view
from counterfoil.billing.models import TaxRate
from counterfoil.billing.operations import credit_invoice, save_tax_rate, use_tax_rates
from counterfoil.catalogue.operations import set_prices
from counterfoil.documents.logos import data_address
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.operator.models import BankAccount, Operator
from counterfoil.operator.operations import (
    add_bank_account,
    change_bank_account,
    change_operator,
    close_bank_account,
    use_bank_account,
)
from counterfoil.operator.queries import operator
from counterfoil.payments.receipt_files import receipt_pdf, receipt_view
from counterfoil.platform.checks import check_books
from counterfoil.receivables.queries import statement_of
from counterfoil.receivables.statement_files import statement_html, statement_pdf, statement_view
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

COLOGNE = {
    "name": "Rheinfaser", "legal_name": "Rheinfaser GmbH", "region": "DE", "registration_name": "Reg.",
    "registration": "B 12345", "tax_number_name": "", "tax_number": "DE123456789", "tax_name": "VAT",
    "address": "Hauptstr. 1", "postcode": "50667", "city": "Köln", "email": "konto@rheinfaser.example",
    "home_currency": "EUR", "terms_days": "14", "terms_rule": "days", "billing_day": "1",
    "colour": "#0b5fff",
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
    assert (house.currency, house.colour, house.terms_days) == ("EUR", "#0b5fff", 14)
    assert house.address_lines == ["Hauptstr. 1", "50667 Köln"]
    assert "4 steps left to the first bill" in read(desk.get("/"))
    account = {"iban": "DE89 3704 0044 0532 0130 00", "bic": "cobadeffxxx", "bank": "Commerzbank"}
    said = read(desk.post("/settings/bank-accounts/add/", account, follow=True))
    assert "Commerzbank, DE89370400440532013000 added." in said
    assert "Commerzbank On documents DE89370400440532013000, COBADEFFXXX EUR Open Edit" in said
    assert "3 steps left to the first bill" in read(desk.get("/"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tax_number": "DE12345678"}, "A USt-IdNr. of Germany has DE and 9 digits."),
        ({"home_currency": "euro"}, "at most 3 characters"),
        ({"name": " "}, "Trading name is missing."),
        ({"colour": "#ffcc00"}, "#ffcc00 has a contrast of 1.5 to 1 on white; text needs 4.5 to 1."),
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


def drawing(fill: str) -> bytes:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 3"><path fill="{fill}" d="M0 0h9v3z"/></svg>'.encode()
    )


def test_documents_bear_the_logo_and_what_is_issued_keeps_it(desk: Client, world: World) -> None:
    def save(**fields: object) -> str:
        return read(desk.post("/settings/logo/", fields, follow=True))

    assert "File is missing." in read(desk.post("/settings/logo/", {}))
    assert "Logo saved. Used from the next document on." in save(content=ContentFile(drawing("#00f"), "a.svg"))
    change_operator(world.caller(), colour="#0b5fff")
    ann = world.customer("Ann")
    old = world.invoice(ann, "100.00", on="2026-01-05", due_on="2026-02-04")
    note = credit_invoice(world.caller(), invoice=old, reason="Twice")
    save(content=ContentFile(drawing("#f00"), "b.svg"))
    change_operator(world.caller(), colour="#14171d")
    new = world.invoice(ann, "100.00", on="2026-01-06", due_on="2026-02-04")
    paid = world.pays(ann, "100.00")
    statement = statement_of(ann, Period.through(dt.date(2026, 1, 1), dt.date(2026, 3, 31)))

    def look(view: dict[str, Any]) -> tuple[str, str]:
        return view["operator"]["logo"], view["operator"]["colour"]

    assert look(invoice_view(old)) == look(credit_note_view(note)) == (drawing("#00f").decode(), "#0b5fff")
    red = (drawing("#f00").decode(), "#14171d")
    assert look(invoice_view(new)) == look(receipt_view(paid)) == look(statement_view(statement)) == red
    assert f'src="{data_address(red[0])}" alt="Zebra Net"' in statement_html(statement)
    assert "Logo removed." in save(remove="on")
    assert look(invoice_view(new)) == red
    assert look(receipt_view(paid)) == ("", "#14171d")
    for page in (invoice_pdf(old), credit_note_pdf(note), receipt_pdf(paid), statement_pdf(statement)):
        assert page.startswith(b"%PDF")


def test_a_logo_that_runs_is_said_at_its_field_and_changes_nothing(desk: Client) -> None:
    desk.post("/settings/logo/", {"content": ContentFile(drawing("#00f"), "a.svg")})
    before = counts(), Operator.objects.values().get()
    bad = ContentFile(drawing("#f00").replace(b"<path", b"<path onclick='x'"), "b.svg")
    answer = desk.post("/settings/logo/", {"content": bad})
    assert answer.status_code == 422
    assert "It does something when it is looked at (“onclick”)." in html.unescape(read(answer))
    assert (counts(), Operator.objects.values().get()) == before


def test_the_account_on_documents_is_one_and_what_is_issued_keeps_its_own(desk: Client, world: World) -> None:
    def facts(view: dict[str, Any]) -> list[str]:
        return [f"{fact['label']} {fact['value']}" for fact in view["pay"]["facts"][:-1]]

    def post(path: str, **fields: str) -> str:
        return read(desk.post(f"/settings/bank-accounts/{path}/", fields, follow=True))

    ann = world.customer("Ann")
    first = add_bank_account(world.caller(), details={"bank": "FNB", "branch": "250 655", "number": "620 555"})
    old = world.invoice(ann, "100.00", on="2026-01-05", due_on="2026-02-04")
    post("add", bank="Nedbank", number="110 220", kind="current", holder="Our Holdings", currency="zar")
    second = BankAccount.objects.get(bank="Nedbank")
    assert (second.is_default, second.currency) == (False, "ZAR")
    assert "Nedbank, 110 220 is on documents from the next one on." in post(f"{second.pk}/use")
    new = world.invoice(ann, "100.00", on="2026-01-06", due_on="2026-02-04")
    assert facts(invoice_view(old)) == ["Bank FNB", "Branch 250 655", "Account 620 555"]
    assert facts(invoice_view(new)) == [
        "Account holder Our Holdings",
        "Bank Nedbank",
        "Account 110 220",
        "Type Current",
    ]
    statement = statement_of(ann, Period.through(dt.date(2026, 1, 1), dt.date(2026, 3, 31)))
    assert facts(statement_view(statement)) == facts(invoice_view(new))
    for page in (invoice_pdf(new), statement_pdf(statement)):
        assert page.startswith(b"%PDF")
    assert check_books() == []
    assert "FNB, 620 555 closed." in post(f"{first.pk}/close")
    assert "Nedbank On documents 110 220 Our Holdings ZAR Open" in read(desk.get("/settings/bank-accounts/"))
    assert facts(invoice_view(old)) == ["Bank FNB", "Branch 250 655", "Account 620 555"]
    assert check_books() == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"iban": "DE88370400440532013000"}, "That is not an IBAN"),
        ({"bic": "COBA"}, "A BIC has 8 or 11 letters"),
        ({"number": "", "iban": ""}, "Enter an account number or an IBAN."),
        ({"currency": "R"}, "Currency is a code of three capital letters"),
        ({"kind": "secret"}, "Select a valid choice"),
        ({"bank": "B" * 81}, "at most 80 characters"),
    ],
)
def test_an_account_nobody_could_pay_into_is_refused(
    desk: Client, world: World, wrong: dict[str, str], said: str
) -> None:
    account = add_bank_account(world.caller(), details={"bank": "FNB", "number": "620 555"})
    before = counts(), BankAccount.objects.values().get()
    for path in ("add", f"{account.pk}/edit"):
        answer = desk.post(f"/settings/bank-accounts/{path}/", {"bank": "FNB", "number": "1", **wrong})
        assert (answer.status_code, said in read(answer)) == (422, True), path
    assert (counts(), BankAccount.objects.values().get()) == before


def test_the_account_on_documents_is_not_closed_and_a_closed_one_is_not_used(world: World) -> None:
    by = world.caller()
    first, second = (add_bank_account(by, details={"bank": name, "number": "1"}) for name in ("FNB", "Nedbank"))
    close_bank_account(by, account=second)
    before = counts(), list(BankAccount.objects.order_by("pk").values())
    with pytest.raises(Refused, match="Documents show this account. Use another one on documents first."):
        close_bank_account(by, account=first)
    for verb in (use_bank_account, close_bank_account):
        with pytest.raises(Refused, match="This account is closed."):
            verb(by, account=second)
    with pytest.raises(Refused, match="This account is closed."):
        change_bank_account(by, account=second, details={"number": "2"})
    with pytest.raises(Refused, match="may not use bank account"):
        use_bank_account(world.agent, account=second)
    assert (counts(), list(BankAccount.objects.order_by("pk").values())) == before


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
    assert "Company Names and numbers Zebra Net Logo None yet Bank accounts None yet" in read(desk.get("/settings/"))
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


def test_another_country_brings_its_currency_while_nothing_is_priced(world: World, client: Client) -> None:
    add_user(world.caller(), email="lerato@example.com", name="Lerato", role="administrator", password="correct horse")
    client.force_login(User.objects.get(email="lerato@example.com"))
    url = reverse("company")

    def post(region: str) -> str:
        house = operator()
        form = client.get(url).context["form"]
        typed = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
        typed |= {"region": region, "version": house.version, "tax_number": "", "key": f"{region}{house.version}"}
        answer = client.post(url, typed)
        assert answer.status_code == 302, answer.context["form"].errors
        return operator().currency

    assert [post("DE"), post("GB")] == ["EUR", "GBP"]
    set_prices(
        world.caller(), prices=[(world.package("Fibre", None), "month", Decimal(1))], currency="GBP",
        valid_from=world.today,
    )  # fmt: skip
    assert post("DE") == "GBP"
