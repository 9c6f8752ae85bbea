"""Passkeys (WebAuthn): what is asked of a device, and whether its answer is right. Writes nothing."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from counterfoil.access.models import Login, Passkey
from counterfoil.access.queries import passkey_with, passkeys_of
from counterfoil.kernel.errors import Refused

_BAD = "The passkey's answer could not be checked. Try again, or sign in by link."
# What the library raises at an answer that is none: it is taken apart before anything of it is proven.
BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, OverflowError, RecursionError,
          NotImplementedError, struct.error)  # fmt: skip


@dataclass(frozen=True)
class NewKey:
    """A passkey that a device has made and that was verified."""

    key_id: str
    credential: bytes
    uses: int


def _server(name: str = "Counterfoil") -> Fido2Server:
    # The host people see; a passkey made for it is of no use to any other.
    return Fido2Server(PublicKeyCredentialRpEntity(id=urlsplit(settings.PUBLIC_URL).hostname or "localhost", name=name))


def ask_new(login: Login, house: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the device is asked to make, and what to remember until it answers."""
    known = [AttestedCredentialData(bytes(row.credential)) for row in passkeys_of(login)]
    options, state = _server(house).register_begin(
        PublicKeyCredentialUserEntity(id=login.handle.bytes, name=login.email, display_name=login.name),
        known,
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options), state


def check_new(state: dict[str, Any] | None, answer: Mapping[str, Any]) -> NewKey:
    """The new key, when the answer is to what was asked."""
    try:
        made = _server().register_complete(state, answer)
        data = made.credential_data
        assert data is not None
    except BROKEN as error:
        raise Refused("bad_passkey", _BAD) from error
    return NewKey(websafe_encode(data.credential_id), bytes(data), made.counter)


def ask_known() -> tuple[dict[str, Any], dict[str, Any]]:
    """What any device with a passkey for this portal is asked, and what to remember. Names nobody."""
    options, state = _server().authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(options), state


def check_known(state: dict[str, Any] | None, answer: Mapping[str, Any]) -> tuple[Passkey, int]:
    """The passkey that answered, and its count of uses."""
    try:
        said = AuthenticationResponse.from_dict(answer)
        passkey = passkey_with(websafe_encode(said.raw_id))
        known = [AttestedCredentialData(bytes(passkey.credential))] if passkey else []
        _server().authenticate_complete(state, known, answer)
        uses = said.response.authenticator_data.counter
    except BROKEN as error:
        raise Refused("bad_passkey", _BAD) from error
    assert passkey is not None
    return passkey, uses
