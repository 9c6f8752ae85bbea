"""The portal of a customer who reads German, and what strangers see of a German company."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from counterfoil.billing.models import Invoice
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import change_customer
from counterfoil.documents import parties
from counterfoil.documents.german_portal import PORTAL
from counterfoil.operator.operations import change_operator
from counterfoil.portal.tests.conftest import text_of
from counterfoil.portal.tests.test_pages import pay_to
from counterfoil.subscriptions.models import Service
from counterfoil.testing.english import english
from counterfoil.testing.world import World

ADDRESSES = ("", "invoices/", "payments/", "statements/", "usage/", "details/", "requests/", "requests/new/")


@pytest.fixture
def german(world: World, zara: Customer) -> Customer:
    """Owes an overdue invoice and one that is not due, has paid in part, and has usage."""
    pay_to(world)
    zara.refresh_from_db()
    change_customer(world.caller(), customer=zara, version=zara.version, changes={"language": "de", "name": "Kurt"})
    world.subscribe(zara, world.metered("Telefonie", "1.20"), anchor_day=1)
    world.uses(Service.objects.get(), "130.5")
    world.invoice(zara, "1120.00", on=world.today.isoformat())
    world.pays(zara, "60.00", allocate=[])
    return zara


def test_pages_of_the_portal_are_german(world: World, german: Customer, portal: Client) -> None:
    pages = {address: portal.get(f"/portal/{address}") for address in ADDRESSES}
    invoice = Invoice.objects.latest("pk")
    pages["invoice"] = portal.get(f"/portal/invoices/{invoice.pk}/")
    assert {address: page.status_code for address, page in pages.items()} == dict.fromkeys(pages, 200)
    assert all('<html lang="de"' in page.content.decode() for page in pages.values())
    said = {address: text_of(page) for address, page in pages.items()}
    assert "Jetzt zu zahlen 250,00 R" in said[""].replace("\u00a0", " ")
    assert "Guten Tag" in said[""]
    assert "Überfällig" in said["invoices/"]
    assert "Überweisung" in said["payments/"]
    assert "130,5 Minuten" in said["usage/"]
    assert f"Rechnung {invoice.number}" in said["invoice"]
    # The text of the lines is what the clerk entered.
    wrong = {address: english(text.replace("Services", "")) for address, text in said.items()}
    assert {address: words for address, words in wrong.items() if words} == {}


def test_strangers_read_the_language_of_the_company(world: World, client: Client) -> None:
    assert "E-mail me a link" in text_of(client.get("/portal/sign-in/"))
    change_operator(world.caller(), language="de")
    said = text_of(client.get("/portal/sign-in/"))
    assert "Wir senden Ihnen einen Link zum Anmelden." in said
    assert english(said) == set()


@pytest.mark.once
def test_no_word_of_the_portal_is_there_for_nothing() -> None:
    root = str(Path(parties.__file__).parents[1])
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for app in ("portal", "platform/templates", "customers", "payments", "tickets")
        for path in Path(root, app).rglob("*.*")
        if path.suffix in (".py", ".html") and "tests" not in path.parts
    )
    # What is written on several lines of code, or put together.
    flat = " ".join(sources.replace('"\n', "").split())
    assert {words for words in PORTAL if words.split(".")[0] not in flat} == set()
