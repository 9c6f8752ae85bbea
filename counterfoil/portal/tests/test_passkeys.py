"""Passkeys of the portal with a device in software: what signs in, and what looks like it and does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from counterfoil.access.models import Login, Passkey
from counterfoil.customers.models import Customer
from counterfoil.portal.tests.conftest import signed_in
from counterfoil.testing.device import Device
from counterfoil.testing.world import World, counts

ORIGIN = "http://localhost"


def post(client: Client, path: str, sent: Any = None) -> Any:
    return client.post(f"/portal/{path}", json.dumps(sent), content_type="application/json")


@pytest.fixture
def device(zara: Customer) -> Device:
    """Zara's, with a passkey that she has added."""
    device, client = Device(ORIGIN), signed_in("zara@mail.example")
    made = device.make(post(client, "security/passkeys/new/").json())
    assert post(client, "security/passkeys/add/", made).status_code == 200
    return device


def sign_in(device: Device, answer: Any = None) -> tuple[Client, Any]:
    client = Client()
    asked = post(client, "sign-in/passkey/ask/").json()
    return client, post(client, "sign-in/passkey/answer/", answer or device.use(asked))


def test_a_passkey_signs_in_and_is_counted(device: Device, world: World) -> None:
    for uses in (1, 2):
        client, answer = sign_in(device)
        assert answer.json() == {"url": "/portal/"}
        assert "Zara Naidoo" in client.get("/portal/").content.decode()
        assert Passkey.objects.get().uses == uses
    assert world.events[-2:] == ["login.signed_in", "login.signed_in"]


@pytest.mark.parametrize("spoil", ["copy", "origin", "other key", "old answer", "nothing asked", "garbage"])
def test_what_only_looks_like_the_passkey_signs_nobody_in(device: Device, spoil: str) -> None:
    sign_in(device)
    seen, before = Login.objects.get().seen_at, counts()
    answer: Any = None
    match spoil:
        case "copy":
            device.uses = 0
        case "origin":
            device.origin = "https://portal.evil.example"
        case "other key":
            device.key = Device(ORIGIN).key
        case "old answer":
            answer = device.use(post(Client(), "sign-in/passkey/ask/").json())
        case "garbage":
            answer = {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": {"signature": "\x00"}}
    if spoil == "nothing asked":
        client = Client()
        asked = post(Client(), "sign-in/passkey/ask/").json()
        refused = post(client, "sign-in/passkey/answer/", device.use(asked))
    else:
        client, refused = sign_in(device, answer)
    assert refused.status_code == 422
    assert refused.json()["sentence"]
    assert client.get("/portal/").status_code == 302
    assert Login.objects.get().seen_at == seen
    changed = {name for name, count in counts().items() if count != before[name]}
    assert changed <= {"access.Tries"}
