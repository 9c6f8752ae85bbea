"""Passkeys of the portal with a device in software: what signs in, and what looks like it and does not."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from django.test import Client
from fido2.utils import websafe_decode, websafe_encode

from counterfoil.access.models import Login, Passkey
from counterfoil.customers.models import Customer
from counterfoil.portal.tests.conftest import signed_in
from counterfoil.testing.device import Device
from counterfoil.testing.world import World, counts

ORIGIN = "http://localhost"
_MACHINES = count(1)


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


def _broken_answers(device: Device, asked: Any) -> list[Any]:
    """A right answer with one of its parts cut short, without end, or something else."""
    right = device.use(asked)
    parts = {
        "authenticatorData": websafe_decode(right["response"]["authenticatorData"]),
        "clientDataJSON": websafe_decode(right["response"]["clientDataJSON"]),
    }
    # Says that a credential and extensions follow, and they do not; or lists within lists without end.
    flagged = parts["authenticatorData"][:32] + b"\xff" + parts["authenticatorData"][33:]
    spoilt = [("authenticatorData", parts["authenticatorData"][:size]) for size in (0, 1, 31, 33, 36)]
    spoilt += [("authenticatorData", flagged + tail) for tail in (b"", b"\x9f", b"\x81" * 5000, bytes(18) + b"\xa1")]
    spoilt += [("clientDataJSON", text) for text in (b"", b"[]", b"null", b"[" * 50_000, b"\xff", b'{"type": 1}')]
    return [{**right, "response": {**right["response"], name: websafe_encode(content)}} for name, content in spoilt] + [
        {**right, "response": other} for other in ([], None, "x", {"signature": 7})
    ]


def at_the_desk(client: Client, credential: str) -> int:
    """How the desk answers a device that was asked there, and is wherever nobody has tried so far."""
    machine = {"REMOTE_ADDR": f"192.0.2.{next(_MACHINES)}"}
    client.get("/me/sign-in/webauthn/login/", headers={"X-Requested-With": "XMLHttpRequest"}, **machine)
    assert "mfa.webauthn.state" in client.session
    status: int = client.post("/me/sign-in/webauthn/login/", {"credential": credential}, **machine).status_code
    return status


def test_no_broken_answer_is_an_error_of_the_server(device: Device, zara: Customer) -> None:
    client, staff = Client(raise_request_exception=False), Client(raise_request_exception=False)
    asked = post(client, "sign-in/passkey/ask/").json()
    for answer in _broken_answers(device, asked):
        told = post(client, "sign-in/passkey/answer/", answer)
        assert (told.status_code, "sentence" in told.json()) == (422, True), answer
        assert at_the_desk(staff, json.dumps(answer)) < 500, answer
    for text in ("[" * 100_000, "{" * 100_000, "9" * 5000, "", "null", "\x00"):
        told = client.post("/portal/sign-in/passkey/answer/", text, content_type="application/json")
        assert told.status_code == 422, text[:40]
        assert at_the_desk(staff, text) < 500, text[:40]
