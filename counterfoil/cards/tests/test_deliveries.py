"""A month of events of a gateway comes to the same cents, whatever the order and however often each comes."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest

from counterfoil.billing.models import Invoice
from counterfoil.cards import tasks
from counterfoil.cards.models import CardEvent, CardGateway, CardPayment
from counterfoil.cards.operations import receive_event
from counterfoil.cards.tests.conftest import add_gateway
from counterfoil.connectors.stripe.connector import StripeGateway
from counterfoil.payments.models import Receipt, ReceiptReversal, Refund
from counterfoil.testing.world import World

SHARED = Path(__file__).parents[4] / "shared" / "data" / "cards"
OURS = Path(__file__).parent / "month.json"


def credited(number: str) -> int:
    item = Invoice.objects.get(number=number).item
    assert item is not None
    return item.amount_minor - item.open_minor


def invoices(world: World, names: list[str]) -> dict[str, str]:
    """An invoice of R1,000 for each, by the name that the events call it."""
    world.today = dt.date(2026, 11, 1)
    customer = world.customer()
    made = {
        name: str(world.invoice(customer, "1000.00", on="2026-10-20", due_on="2026-11-20").number) for name in names
    }
    world.today = dt.date(2026, 11, 27)
    return made


def tell(world: World, gateway: CardGateway, bodies: list[str], numbers: dict[str, str], seed: int) -> None:
    """Told in an order of its own, some twice, and worked now and then."""
    chance, system = random.Random(seed), world.system()
    order = bodies + chance.sample(bodies, min(8, len(bodies)))
    chance.shuffle(order)
    for body in order:
        for name, number in numbers.items():
            body = body.replace(name, number)
        receive_event(system, gateway=gateway, told=StripeGateway().read(body.encode()), body=body)
        if chance.random() < 0.4:
            tasks.work(system)
    tasks.work(system)


@pytest.mark.parametrize("seed", range(4))
def test_the_same_in_any_order(world: World, seed: int) -> None:
    known = json.loads(OURS.read_text())
    gateway = add_gateway(world)
    numbers = invoices(world, list(known["net"]))
    tell(world, gateway, known["bodies"], numbers, seed)
    assert {name: credited(number) for name, number in numbers.items()} == known["net"]
    # Two payments that stand, one with a part given back; one that was lost; one that nobody made.
    assert sorted(CardPayment.objects.values_list("state", "refunded_minor", "lost_minor")) == [
        ("failed", 0, 0), ("lost", 0, 88400), ("paid", 0, 0), ("paid", 30955, 0),
    ]  # fmt: skip
    assert Receipt.objects.count() == 3
    assert ReceiptReversal.objects.get().reason == "card payment disputed and lost: fraudulent"
    assert (refund := Refund.objects.get()).amount_minor == 30955
    assert (refund.method, refund.reason) == ("card", "Card refund")
    assert not CardEvent.objects.filter(state__in=("waiting", "unknown", "problem")).exists()


@pytest.mark.skipif(not SHARED.exists(), reason="the month of all events is not here")
@pytest.mark.parametrize("seed", range(3))
def test_the_whole_month(world: World, seed: int) -> None:
    told: dict[str, Any] = json.loads((SHARED / "deliveries.json").read_text())
    wanted = json.loads((SHARED / "expected.json").read_text())
    gateway = add_gateway(world, told["endpoint_secret"])
    numbers = invoices(world, list(wanted["net_by_invoice_cents"]))
    tell(world, gateway, [row["body"] for row in told["deliveries"]], numbers, seed)
    assert {name: credited(number) for name, number in numbers.items()} == wanted["net_by_invoice_cents"]
    assert CardEvent.objects.count() == wanted["different_events"]
    assert sum(Receipt.objects.values_list("amount_minor", flat=True)) == wanted["paid_cents"]
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == wanted["refunded_cents"]


@pytest.mark.skipif(not SHARED.exists(), reason="the month of all events is not here")
def test_signatures_of_the_month(world: World) -> None:
    from counterfoil.cards.interfaces import Forged, Keys  # noqa: PLC0415

    told = json.loads((SHARED / "deliveries.json").read_text())
    keys = Keys("", "", told["endpoint_secret"])
    for row in told["deliveries"]:
        body, at = row["body"].encode(), dt.datetime.fromtimestamp(row["received_at"], dt.UTC)
        headers = {"Stripe-Signature": row["header"]}
        StripeGateway().verify(keys, body, headers, at)
        with pytest.raises(Forged):
            StripeGateway().verify(keys, body + b" ", headers, at)
