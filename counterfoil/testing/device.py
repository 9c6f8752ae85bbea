"""A device with passkeys, for tests without a browser: makes keys and signs what it is asked (WebAuthn, ES256)."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

_SEEN = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Device:
    """Holds one passkey and counts its uses."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.user = b""
        self.uses = 0

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to what a site asks to make."""
        asked = options.get("publicKey", options)
        self.user = websafe_decode(_text(asked["user"]["id"]))
        public: Any = ES256.from_cryptography_key  # of a package that says no types
        made = AttestedCredentialData.create(b"\0" * 16, self.id, public(self.key.public_key()))
        flags = _SEEN | AuthenticatorData.FLAG.AT
        data = AuthenticatorData.create(_hash_of(asked["rp"]["id"]), flags, self.uses, made)
        return self._answer(
            clientDataJSON=self._told("webauthn.create", asked),
            attestationObject=AttestationObject.create("none", data, {}),
        )

    def use(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to what a site asks to sign."""
        asked = options.get("publicKey", options)
        self.uses += 1
        data = AuthenticatorData.create(_hash_of(asked["rpId"]), _SEEN, self.uses)
        told = self._told("webauthn.get", asked)
        signature = self.key.sign(bytes(data) + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(authenticatorData=data, clientDataJSON=told, signature=signature, userHandle=self.user)

    def _told(self, kind: str, asked: dict[str, Any]) -> bytes:
        return bytes(CollectedClientData.create(kind, _text(asked["challenge"]), self.origin))

    def _answer(self, **parts: bytes) -> dict[str, Any]:
        response = {name: websafe_encode(bytes(value)) for name, value in parts.items()}
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def asked_of(page: str) -> dict[str, Any]:
    """What a page of the sign-in package asks a device, from its script's data."""
    start = page.index('type="application/json">', page.index("js_data")) + len('type="application/json">')
    found: dict[str, Any] = json.loads(page[start : page.index("</script>", start)])
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else websafe_encode(value)


def _hash_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
