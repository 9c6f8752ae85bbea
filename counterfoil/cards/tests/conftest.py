"""A company that takes cards by a gateway on this machine, and ways to tell it what happened."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.cards import tasks
from counterfoil.cards.models import CardEvent, CardGateway
from counterfoil.cards.operations import add_card_gateway
from counterfoil.connectors.stripe.connector import StripeGateway
from counterfoil.platform.callers import Caller
from counterfoil.testing.card_gateway import SIGNING, FakeStripe, signature
from counterfoil.testing.world import World


def add_gateway(world: World, signing: str = SIGNING) -> CardGateway:
    return add_card_gateway(
        world.caller(), kind="stripe", public_key="pk_test_51Zebra", secret_key="sk_test_51Zebra",
        signing_secret=signing,
    )  # fmt: skip


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[FakeStripe]:
    settings.CARD_GATEWAYS = {"stripe": "counterfoil.connectors.stripe.connector.StripeGateway"}
    with FakeStripe() as fake:
        monkeypatch.setattr(StripeGateway, "base", fake.base)
        monkeypatch.setattr(StripeGateway, "timeout", (1, 0.3))
        yield fake


@pytest.fixture
def gateway(world: World, stripe: FakeStripe) -> CardGateway:
    """Pages and signatures live by the real clock."""
    world.today = timezone.localdate()
    return add_gateway(world)


def deliver(body: bytes, *, at: float | None = None, header: str | None = None, secret: str = SIGNING) -> int:
    """How the webhook answers to an event."""
    sign = signature(body, time.time() if at is None else at, secret) if header is None else header
    headers = {"Stripe-Signature": sign} if sign else {}
    return Client().post("/hooks/cards/stripe/", body, content_type="application/json", headers=headers).status_code


def told(stripe: FakeStripe) -> list[tuple[str, str]]:
    """All that happened is delivered once and worked; how each event stands then."""
    for body in stripe.events:
        assert deliver(body) == 200
    stripe.events.clear()
    work()
    return list(CardEvent.objects.order_by("pk").values_list("name", "state"))


def work(at: dt.datetime | None = None) -> None:
    """What waits is done, now or at a time."""
    tasks.work(Caller.system("task", at=at))
