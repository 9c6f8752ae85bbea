"""Customers who pay by card: payments, a refund, a dispute, a saved card, and money that nobody knows."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from counterfoil.billing.models import Invoice
from counterfoil.cards.interfaces import KeptCard
from counterfoil.cards.models import CardGateway
from counterfoil.cards.operations import add_card_gateway, keep_card, receive_event, refuse_delivery, work_event
from counterfoil.cards.queries import speaker_of
from counterfoil.customers.models import Customer
from counterfoil.platform.callers import Caller, System

_Staff = Callable[[str, dt.date, int], Caller]


def pay_some_by_card(by: _Staff, today: dt.date, tour: int) -> None:
    """Nothing is charged by itself in a demonstration, and no gateway is asked."""
    gateway = add_card_gateway(
        by("administrator", today - dt.timedelta(days=20), 9), kind="stripe", public_key="pk_test_demonstration",
        secret_key="sk_test_demonstration", signing_secret="whsec_demonstration",
    )  # fmt: skip
    rows = Invoice.objects.filter(item__open_minor__gt=0, currency="ZAR", customer__status="active")
    owed = list(rows.select_related("item", "customer").order_by("-on", "pk")[20:60:5])
    for place, invoice in enumerate(owed):
        then = by("administrator", today - dt.timedelta(days=max(7 - place, 1)), 11)
        _paid(Caller.system("hook", at=then.now), gateway, place, invoice)
    lately = Caller.system("hook", at=by("administrator", today, 9).now)
    first, second = (f"pi_demo_{place}" for place in (0, 1))
    _tell(lately, gateway, "charge.refunded", {
        "id": "ch_demo_0", "amount": 50000, "amount_refunded": 5000, "currency": "zar", "payment_intent": first,
    })  # fmt: skip
    _tell(lately, gateway, "charge.dispute.created", {
        "id": "dp_demo", "amount": 20000, "currency": "zar", "charge": "ch_demo_1", "payment_intent": second,
        "reason": "product_not_received", "status": "needs_response",
    })  # fmt: skip
    _tell(lately, gateway, "charge.succeeded", {
        "id": "ch_demo_x", "amount": 74900, "currency": "zar", "paid": True, "payment_intent": "pi_demo_x",
        "payment_method_details": {"card": {"brand": "visa", "last4": "1881"}},
    })  # fmt: skip
    refuse_delivery(lately, gateway=gateway, sentence="It carries no signature of Stripe.")
    soon = today + dt.timedelta(days=75)
    card = KeptCard("cus_demo", "pm_demo", "visa", "4242", soon.month, soon.year, "demonstration-card")
    keep_card(lately, customer=Customer.objects.get(pk=tour), gateway=gateway, card=card)


def _paid(system: System, gateway: CardGateway, place: int, invoice: Invoice) -> None:
    assert invoice.item is not None
    _tell(system, gateway, "charge.succeeded", {
        "id": f"ch_demo_{place}", "amount": invoice.item.open_minor, "currency": "zar", "paid": True,
        "payment_intent": f"pi_demo_{place}", "metadata": {"invoice": invoice.number},
        "payment_method_details": {"card": {"brand": "visa", "last4": f"{4242 + place}"}},
    })  # fmt: skip


def _tell(system: System, gateway: CardGateway, name: str, row: dict[str, Any]) -> None:
    told = {"id": f"evt_demo_{row['id']}_{name}", "type": name, "created": int(system.now.timestamp()),
            "livemode": False, "data": {"object": row}}  # fmt: skip
    body = json.dumps(told)
    event = receive_event(system, gateway=gateway, told=speaker_of(gateway.kind).read(body.encode()), body=body)
    work_event(system, event=event)
