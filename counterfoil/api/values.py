"""Values as JSON has them, and what a row says of itself: its address and its currency."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Model

from counterfoil.kernel.money import Money as Amount
from counterfoil.platform.showing import Noun, noun_of


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    match value:
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case Decimal():
            return format(value.normalize(), "f")
        case Amount():
            return {"minor": value.minor, "currency": value.currency}
        case models.Model():
            noun = noun_of(type(value))
            return address_of(noun, value) if noun else value.pk
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set():
            return [plain(item) for item in value]
    return value


def address_of(noun: Noun[Any], row: Any) -> Any:
    """What an address calls the row."""
    return noun.address_of(row)


def currency_of(value: Any) -> str:
    """The currency of a row, or of whose it is; empty for one without."""
    for name in ("", "customer", "item", "debit", "run", "invoice", "subscription", "service"):
        owner = getattr(value, name, None) if name else value
        if isinstance(owner, Model) and (found := getattr(owner, "currency", "")):
            return str(found)
        if name == "service" and owner is not None:
            return currency_of(owner)
    return ""
