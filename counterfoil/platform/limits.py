"""What somebody did already today for the same customer counts against their limit (decision 0012)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Model, Sum

from counterfoil.kernel.money import Money
from counterfoil.platform.models import LimitUse


def whom(arguments: Mapping[str, Any]) -> int | None:
    """The customer a limited operation's arguments speak of: the owner of a row among them, else the row itself."""
    rows = [value for value in arguments.values() if isinstance(value, Model)]
    found: list[int] = [row.customer_id for row in rows if hasattr(row, "customer_id")] or [row.pk for row in rows]
    return found[0] if found else None


def used(operation: str, *, user_id: int | None, actor: str, customer_id: int, on: dt.date, currency: str) -> Money:
    """What one person did of an operation for one customer on one day, without what somebody else approved."""
    rows = LimitUse.objects.filter(
        operation=operation, user_id=user_id, customer_id=customer_id, on=on, currency=currency
    )
    rows = rows.filter(actor=actor) if user_id is None else rows
    return Money(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


def note(operation: str, amount: Money, *, user_id: int | None, actor: str, customer_id: int, on: dt.date) -> None:
    """So much more of the limit is used. Inside the operation's transaction, which holds the customer's lock."""
    LimitUse.objects.create(
        operation=operation, user_id=user_id, actor=actor[:120], customer_id=customer_id, on=on,
        currency=amount.currency, amount_minor=abs(amount.minor),
    )  # fmt: skip
