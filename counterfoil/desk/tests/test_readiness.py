"""Nothing is issued or sent before the company has a name, an address and a word about tax, and there is mail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from counterfoil.billing import taxes
from counterfoil.billing.models import Invoice, TaxPolicy, TaxRate
from counterfoil.billing.operations import (
    begin_issuing,
    bill_customer,
    cancel_bill,
    credit_invoice,
    decide_tax,
    draft_invoice,
    issue_invoices,
    open_bill_run,
    save_tax_rate,
)
from counterfoil.billing.rules import LineInput
from counterfoil.billing.sending import InvoiceEmail, send_invoice, send_invoices
from counterfoil.desk.operations import send_statements as send_to_many
from counterfoil.kernel.errors import Refused, Remedy
from counterfoil.kernel.periods import Period
from counterfoil.operator.operations import change_operator
from counterfoil.operator.readiness import UNNAMED, what_is_missing
from counterfoil.receivables.operations import StatementEmail, send_statement, send_statements
from counterfoil.site import urls
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts

# Every page is imported before a test puts anything in its place.
assert urls
LINE = LineInput("Call-out", Decimal(1), Decimal("100.00"), None)
MARCH = Period.through(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
ALL = (
    "First enter the company’s name and address and say whether you charge tax: in Settings, or at the console with "
    "counterfoil letterhead."
)


@pytest.fixture
def undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has said anything about tax; what was said is never taken back, so it is not asked."""
    monkeypatch.setattr(taxes, "charges_tax", lambda: None)


@pytest.fixture
def bare(world: World, undecided: None) -> World:
    """A company that nobody has entered."""
    change_operator(world.caller(), name=UNNAMED, address="", city="", postcode="")
    return world


def refused(call: Callable[[], Any]) -> Refused:
    before = counts()
    with pytest.raises(Refused) as refusal:
        call()
    assert counts() == before
    return refusal.value


def test_nothing_is_issued_before_the_company_is_entered(world: World, request: pytest.FixtureRequest) -> None:
    zara = world.customer(emails=("zara@x.example",))
    world.subscribe(zara, world.package("Fibre", "599"))
    issued = world.invoice(zara, "100.00")
    draft = draft_invoice(world.caller(), customer=zara, lines=[LINE], on=world.today)
    run = open_bill_run(world.caller(), bill_to=world.today)
    request.getfixturevalue("bare")
    caller = world.caller()
    attempts: list[Callable[[], Any]] = [
        lambda: issue_invoices(caller, invoices=[draft]),
        lambda: bill_customer(caller, customer=zara, bill_to=world.today),
        lambda: bill_customer(caller.previewing(), customer=zara, bill_to=world.today),
        lambda: credit_invoice(caller, invoice=issued, reason="Because"),
        lambda: cancel_bill(caller, invoice=issued, reason="Because"),
        lambda: begin_issuing(caller, run=run),
    ]
    for attempt in attempts:
        refusal = refused(attempt)
        assert (refusal.code, refusal.sentence) == ("not_set_up", f"Nothing can be issued or sent yet. {ALL}")
        assert refusal.remedy == Remedy("company", "operator.change_operator")
    # What is no document yet can be made, and what another system issued can be brought in.
    assert bill_customer(caller, customer=zara, bill_to=world.today, draft=True).number is None
    assert issue_invoices(caller, invoices=[draft], numbers=["OLD-1"])[0].number == "OLD-1"


def test_nothing_is_sent_before_there_is_mail(world: World, settings: Any) -> None:
    zara = world.customer(emails=("zara@x.example",))
    issued = world.invoice(zara, "100.00")
    settings.EMAIL_HOST = ""
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.smtp.connector.SmtpChannel"}
    caller, to = world.caller(), ["zara@x.example"]
    attempts: list[Callable[[], Any]] = [
        lambda: send_invoice(caller, invoice=issued, addresses=to),
        lambda: send_invoices(caller, invoices=[InvoiceEmail(issued, to)]),
        lambda: send_statement(caller, customer=zara, period=MARCH, style="open_item", addresses=to),
        lambda: send_statements(caller, statements=[StatementEmail(zara, MARCH, to)], style="open_item"),
        lambda: send_to_many(caller, customers=[zara]),
    ]
    for attempt in attempts:
        refusal = refused(attempt)
        assert (refusal.code, refusal.sentence, refusal.remedy) == (
            "not_set_up",
            "Nothing can be sent yet. First set up e-mail: in Settings, or at the console with "
            "counterfoil mail-server.",
            Remedy("e-mail", "messaging.set_mail_server"),
        )
    # Issuing needs no mail.
    assert world.invoice(zara, "5.00").number
    settings.EMAIL_HOST = "mail.example.com"
    assert send_invoice(caller, invoice=issued, addresses=to).subject.startswith(f"Invoice {issued.number}")


@pytest.mark.parametrize(
    ("company", "todo"),
    [
        ({"name": UNNAMED}, "enter the company’s name"),
        ({"address": "", "city": ""}, "enter the company’s address"),
        ({"address": ""}, ""),
        ({"city": "", "postcode": ""}, ""),
    ],
)
def test_what_is_missing_is_named(world: World, company: dict[str, str], todo: str) -> None:
    change_operator(world.caller(), **company)
    missing = what_is_missing()
    assert (missing.sentence if missing else "") == (
        todo
        and f"Nothing can be issued or sent yet. First {todo}: in Settings, or at the console with "
        "counterfoil letterhead."
    )


def test_a_word_about_tax_is_enough(world: World) -> None:
    """No tax is said, or a rate is saved: either decides."""
    begins = TaxRate.objects.get(is_default=True)
    assert (charged(), begins.name) == (True, "VAT 15%")
    assert decide_tax(world.caller(), charges=False).charges is False
    assert (charged(), TaxRate.objects.filter(is_default=True).count()) == (False, 0)
    assert refused(lambda: decide_tax(world.caller(), charges=False)).code == "no_change"
    # Whoever charges none has rates all the same; one that is saved does not turn that round.
    rate = {"name": "Levy", "category": "reduced", "percent": Decimal(2), "valid_from": dt.date(2026, 1, 1)}
    save_tax_rate(world.caller(), code="levy", **rate)
    assert charged() is False
    decide_tax(world.caller(), charges=True)
    assert (charged(), TaxRate.objects.get(is_default=True)) == (True, begins)
    assert world.invoice(world.customer(), "5.00").number


def charged() -> bool | None:
    return taxes.charges_tax()


def test_who_issued_before_anybody_asked_has_decided(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TaxPolicy.objects, "order_by", lambda *names: TaxPolicy.objects.none())
    assert charged() is None
    monkeypatch.undo()
    world.invoice(world.customer(), "5.00")
    monkeypatch.setattr(TaxPolicy.objects, "order_by", lambda *names: TaxPolicy.objects.none())
    assert charged() is True


def page_of(world: World, client: Client, role: str, url: str) -> str:
    email = f"{role}@x.example"
    if not User.objects.filter(email=email).exists():
        add_user(world.caller(), email=email, name="Lerato", role=role)
    client.force_login(User.objects.get(email=email))
    return squeezed(client.get(url).content.decode())


def test_the_page_says_so_before_the_button_is_pressed(world: World, bare: World, client: Client) -> None:
    zara = world.customer()
    world.subscribe(zara, world.package("Fibre", "599"))
    draft = draft_invoice(world.caller(), customer=zara, lines=[LINE], on=world.today)
    for url in (
        reverse("bill-now", args=[zara.number]),
        reverse("new-invoice", args=[zara.number]),
        reverse("send-statement", args=[zara.number]),
        reverse("invoice", args=[draft.pk]),
    ):
        seen, told = (page_of(world, client, role, url) for role in ("administrator", "billing"))
        if "bill" in url:
            # The bill is drawn all the same: it can be saved as a draft.
            assert "Fibre" in seen
        assert ("Nothing can be" in seen and ALL in seen, ALL in told) == (True, True), url
        # The way there is for whoever may go.
        assert (f'href="{reverse("company")}"' in seen, f'href="{reverse("company")}"' in told) == (True, False), url
    answer = client.post(reverse("bill-now", args=[zara.number]), {"bill_to": "2026-03-31"})
    assert (answer.status_code, ALL in squeezed(answer.content.decode())) == (422, True)
    assert not Invoice.objects.filter(state="issued").exists()


def test_the_first_steps_ask_for_both(world: World, bare: World, client: Client, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.smtp.connector.SmtpChannel"}
    home = page_of(world, client, "administrator", reverse("home"))
    assert ("7 steps" in home, "Decide about tax" in home, "Set up e-mail" in home) == (True, True, True)
    settings.EMAIL_HOST = "mail.example.com"
    assert "6 steps" in page_of(world, client, "administrator", reverse("home"))


def test_tax_is_decided_on_its_page(world: World, client: Client) -> None:
    url = reverse("tax")
    assert "Tax is charged by the rates below." in page_of(world, client, "administrator", url)
    client.post(reverse("charge-no-tax"))
    assert "No tax is charged: new lines and products begin without one." in page_of(
        world, client, "administrator", url
    )
    assert charged() is False
    client.post(reverse("charge-tax"))
    assert charged() is True
