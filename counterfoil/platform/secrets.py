"""Secrets that must be kept and read again: encrypted in the database, so that a copy of it gives none of them away.

The first key of `ENCRYPTION_KEYS` encrypts, every one of them decrypts: put a new key in front, and take the old one
out when nothing is encrypted with it any more.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from counterfoil.kernel.errors import Refused


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    def key(text: str) -> bytes:
        return base64.urlsafe_b64encode(hashlib.sha256(f"counterfoil.secrets:{text}".encode()).digest())

    return MultiFernet([Fernet(key(text)) for text in keys])


def encrypt(text: str) -> str:
    """The text as it may be stored."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """The text again; refused when no key of this installation fits."""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise Refused(
            "wrong_key", "A stored secret cannot be read: put the key it was encrypted with in ENCRYPTION_KEYS."
        ) from error


def _seal(key: str, about: str, content: bytes) -> str:
    return hmac.new(f"counterfoil.{about}:{key}".encode(), content, hashlib.sha256).hexdigest()


def seal(about: str, content: bytes) -> str:
    """What proves that this installation wrote the content."""
    return _seal(settings.ENCRYPTION_KEYS[0], about, content)


def seals(about: str, content: bytes) -> list[str]:
    """The same by each key of this installation, the one that seals now first."""
    return [_seal(key, about, content) for key in settings.ENCRYPTION_KEYS]


def fits(about: str, content: bytes, seal: str) -> bool:
    """Whether the seal of the content was made with a key of this installation."""
    return any(hmac.compare_digest(one, seal) for one in seals(about, content))
