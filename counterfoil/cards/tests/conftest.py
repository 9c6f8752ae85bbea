"""A company that takes cards, and events as Stripe signs them."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from counterfoil.cards.models import CardGateway
from counterfoil.cards.operations import add_card_gateway
from counterfoil.testing.world import World

SIGNING = "whsec_test_1_invented"
Say = Callable[..., Any]
_ids = itertools.count(1)


def add_gateway(world: World, signing: str = SIGNING) -> CardGateway:
    return add_card_gateway(
        world.caller(), kind="stripe", public_key="pk_test_51Zebra", secret_key="sk_test_51Zebra",
        signing_secret=signing,
    )  # fmt: skip


@pytest.fixture
def gateway(world: World) -> CardGateway:
    return add_gateway(world)


def event(name: str, at: int = 1793635200, id: str = "", live: bool = False, **row: Any) -> bytes:
    """An event in the form of Stripe's."""
    told = {"id": id or f"evt_{next(_ids)}", "object": "event", "api_version": "2026-09-30.endive", "created": at,
            "livemode": live, "type": name, "data": {"object": row}}  # fmt: skip
    return json.dumps(told).encode()


def signature(body: bytes, at: int, secret: str = SIGNING) -> str:
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made},v0=deadbeef"


def deliver(body: bytes, at: int, *, header: str | None = None, secret: str = SIGNING) -> int:
    """How the webhook answers."""
    sign = signature(body, at, secret) if header is None else header
    answer = Client().post(
        "/hooks/cards/stripe/", body, content_type="application/json", headers={"Stripe-Signature": sign}
    )
    return answer.status_code
