"""Paying in the portal and by the link of an invoice: what is offered, where it leads, and what the way back says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.cards import queries
from counterfoil.cards.models import CardGateway, CardPayment
from counterfoil.cards.operations import retire_card_gateway, revoke_pay_link
from counterfoil.cards.tests.conftest import gateway, stripe, told
from counterfoil.customers.models import Customer
from counterfoil.operator.operations import change_operator
from counterfoil.payments.models import Receipt
from counterfoil.portal.tests.conftest import text_of
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import open_dispute
from counterfoil.testing.card_gateway import FakeStripe
from counterfoil.testing.world import World, counts

assert gateway
assert stripe


def item_of(customer: Customer) -> OpenItem:
    return OpenItem.objects.filter(customer=customer, side="debit").earliest("pk")


def test_what_is_overdue_is_ticked_and_paid(
    world: World, zara: Customer, portal: Client, gateway: CardGateway, stripe: FakeStripe
) -> None:
    later = world.invoice(zara, "90.00", on=timezone.localdate().isoformat())
    assert 'href="/portal/pay/"' in portal.get("/portal/").content.decode()
    page = portal.get("/portal/pay/")
    text = page.content.decode()
    assert page.headers["Content-Security-Policy"].count("https://checkout.stripe.com") == 1
    assert re.findall(r'data-minor="(\d+)"\s+(checked)?', text) == [("31000", "checked"), ("9000", "")]
    assert "R310.00" in text_of(page)
    assert zara.number in text_of(page)
    answer = portal.post("/portal/pay/", {"item": [item_of(zara).pk]})
    row = CardPayment.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, row.url)
    session = stripe.sessions[row.session]
    assert session["success_url"] == f"http://localhost:8000/portal/pay/{row.reference}/"
    assert (row.amount_minor, row.way) == (31000, "portal")
    waiting = portal.get(f"/portal/pay/{row.reference}/")
    assert "Waiting for your bank" in text_of(waiting)
    assert waiting.headers["Refresh"] == "4"
    stripe.pay(row.session)
    told(stripe)
    received = portal.get(f"/portal/pay/{row.reference}/")
    assert "Thank you We have received R310.00" in text_of(received)
    assert "Refresh" not in received.headers
    assert Receipt.objects.get().amount_minor == 31000
    assert [row.number for row in queries.payable(zara)] == [later.number]


@pytest.mark.parametrize(("sent", "sentence"), [
    ({}, "Tick what you want to pay."),
    ({"item": ["all"], "amount": "310.01"}, "What you ticked comes to R310.00. Enter less, or leave it empty."),
    ({"item": ["all"], "amount": "0"}, "Enter an amount above zero."),
    ({"item": ["all"], "amount": "-5"}, "Enter an amount above zero."),
    ({"item": ["999999"]}, "Tick what you want to pay."),
])  # fmt: skip
def test_what_is_refused(zara: Customer, portal: Client, gateway: CardGateway, sent: Any, sentence: str) -> None:
    sent = {**sent, "item": [str(item_of(zara).pk) if one == "all" else one for one in sent.get("item", [])]}
    before = counts()
    answer = portal.post("/portal/pay/", sent)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert counts() == before


def test_a_part_of_it(zara: Customer, portal: Client, gateway: CardGateway) -> None:
    portal.post("/portal/pay/", {"item": [item_of(zara).pk], "amount": "100"})
    assert CardPayment.objects.get().amount_minor == 10000


def test_what_is_in_dispute_is_not_offered(world: World, zara: Customer, portal: Client, gateway: CardGateway) -> None:
    open_dispute(world.caller(), item=item_of(zara), amount_minor=11000, reason="Speed")
    text = portal.get("/portal/pay/").content.decode()
    assert re.findall(r'data-minor="(\d+)"', text) == ["20000"]
    assert "R110.00 is in dispute and not asked for." in text_of(portal.get("/portal/pay/"))


def test_a_gateway_that_does_not_answer(
    zara: Customer, portal: Client, gateway: CardGateway, stripe: FakeStripe
) -> None:
    stripe.faults.append("500")
    answer = portal.post("/portal/pay/", {"item": [item_of(zara).pk]})
    assert answer.status_code == 422
    assert "The payment page cannot be opened right now. Nothing was charged." in text_of(answer)


def test_without_a_gateway_nothing_is_offered(world: World, zara: Customer, portal: Client) -> None:
    assert "/portal/pay/" not in portal.get("/portal/").content.decode()
    assert portal.get("/portal/pay/")["Location"] == "/portal/"
    assert portal.get("/portal/card/")["Location"] == "/portal/details/"


def test_nobody_elses(world: World, zara: Customer, boris: Customer, portal: Client, gateway: CardGateway) -> None:
    # Somebody else's item is none of the boxes.
    assert portal.post("/portal/pay/", {"item": [item_of(boris).pk]}).status_code == 422
    portal.post("/portal/pay/", {"item": [item_of(zara).pk]})
    from counterfoil.portal.tests.conftest import signed_in  # noqa: PLC0415

    other = signed_in("boris@mail.example")
    assert other.get(f"/portal/pay/{CardPayment.objects.get().reference}/").status_code == 404


def test_the_saved_card(zara: Customer, portal: Client, gateway: CardGateway, stripe: FakeStripe) -> None:
    assert "No card is saved." in text_of(portal.get("/portal/card/"))
    answer = portal.post("/portal/card/add/")
    session = answer["Location"].rpartition("/")[2]
    assert stripe.sessions[session]["mode"] == "setup"
    stripe.pay(session)
    assert "Your card is being checked." in text_of(portal.get("/portal/card/?added"))
    told(stripe)
    assert "Visa •••• 4242" in text_of(portal.get("/portal/card/"))
    portal.post("/portal/card/remove/")
    assert queries.card_of(zara) is None
    assert "Visa •••• 4242 is removed." in text_of(portal.get("/portal/card/"))


def test_the_link_of_an_invoice(world: World, zara: Customer, gateway: CardGateway, stripe: FakeStripe) -> None:
    invoice, stranger = Invoice.objects.get(), Client()
    address = f"/pay/{queries.pay_token(invoice)}/"
    page = stranger.get(address)
    text = text_of(page)
    assert (page.status_code, page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == (
        200, "no-store", "noindex",
    )  # fmt: skip
    assert f"Invoice {invoice.number}" in text
    assert "R310.00" in text
    assert "Zebra Net" in text
    # Nothing of the customer.
    for secret in (zara.name, zara.number, "zara@mail.example", "Main"):
        assert secret not in page.content.decode()
    answer = stranger.post(address)
    row = CardPayment.objects.get()
    assert (answer["Location"], row.way, row.amount_minor) == (row.url, "link", 31000)
    # Whoever presses again is sent to the same page.
    assert stranger.post(address)["Location"] == row.url
    assert CardPayment.objects.count() == 1
    stripe.pay(row.session)
    told(stripe)
    back = stripe.sessions[row.session]["success_url"].removeprefix("http://localhost:8000")
    assert f"We have received R310.00 for invoice {invoice.number}." in text_of(stranger.get(back))
    assert "Nothing of this invoice is to be paid. Thank you." in text_of(stranger.get(address))
    assert stranger.post(address).status_code == 200


def test_links_that_open_nothing(world: World, zara: Customer, gateway: CardGateway) -> None:
    invoice, stranger = Invoice.objects.get(), Client()
    token = queries.pay_token(invoice)
    revoke_pay_link(world.caller(), invoice=invoice)
    for dead in (token, "1-aaaaaaaaaaaaaaaaaaaa", "x", "%00"):
        answer = stranger.get(f"/pay/{dead}/")
        assert answer.status_code in (400, 404)
        assert stranger.post(f"/pay/{dead}/").status_code in (400, 404)
    assert "This payment link does not work" in text_of(stranger.get(f"/pay/{token}/"))
    # In the company's colour, too.
    change_operator(world.caller(), colour="#0a5c2f")
    assert "0a5c2f" in stranger.get(f"/pay/{token}/").content.decode()
    fresh = queries.pay_token(invoice)
    assert "0a5c2f" in stranger.get(f"/pay/{fresh}/").content.decode()
    assert stranger.get(f"/pay/{fresh}/C-1/").status_code == 404
    retire_card_gateway(world.caller(), gateway=gateway)
    assert "Cards are not taken right now." in text_of(stranger.get(f"/pay/{fresh}/"))
