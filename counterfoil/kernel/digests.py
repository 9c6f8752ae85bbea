"""A fingerprint of values, the same on every database: how a frozen row is recognised again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any


def digest(rows: Iterable[Any]) -> str:
    """SHA-256 over plain values, in order. Dates as ISO, decimals without trailing zeros, text as it is."""
    found = hashlib.sha256()
    for row in rows:
        found.update(_encoded(row).encode())
        found.update(b"\n")
    return found.hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    assert isinstance(value, dt.date), value
    return value.isoformat()


# Made once: `json.dumps` would make one for each row.
_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=_plain).encode
