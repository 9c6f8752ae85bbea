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
from counterfoil.cards.models import CardEvent
from counterfoil.cards.operations import receive_event
from counterfoil.cards.tests.conftest import add_gateway
from counterfoil.connectors.stripe.connector import StripeGateway
from counterfoil.testing.world import World

HERE = Path(__file__).parent / "month.json"
SHARED = Path("/work/shared/data/cards")


def month() -> tuple[list[dict[str, Any]], dict[str, Any], str]:
    told = json.loads((SHARED / "deliveries.json").read_text())
    return told["deliveries"], json.loads((SHARED / "expected.json").read_text()), told["endpoint_secret"]


def credited(number: str) -> int:
    invoice = Invoice.objects.get(number=number)
    return invoice.total_minor - invoice.item.open_minor


@pytest.mark.parametrize("seed", range(3))
def test_order(world: World, seed: int) -> None:
    rows, wanted, secret = month()
    rnd = random.Random(seed)
    world.today = dt.date(2026, 11, 1)
    gateway = add_gateway(world, secret)
    customer = world.customer()
    numbers = {}
    for number, minor in wanted["net_by_invoice_cents"].items():
        made = world.invoice(customer, "1000.00", on="2026-10-20", due_on="2026-11-20")
        numbers[number] = made.number
    world.today = dt.date(2026, 11, 27)
    rows = rows + rnd.sample(rows, 10)
    rnd.shuffle(rows)
    system = world.system()
    for row in rows:
        body = row["body"]
        for a, b in numbers.items():
            body = body.replace(a, b)
        told = StripeGateway().read(body.encode())
        receive_event(system, gateway=gateway, told=told, body=body)
        if rnd.random() < 0.5:
            tasks.work(system)
    tasks.work(system)
    print(list(CardEvent.objects.values_list("name", "state", "said")))
    assert {a: credited(b) for a, b in numbers.items()} == wanted["net_by_invoice_cents"]
