"""What somebody did already today for the same customer counts against their limit (decision 0012)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Sum

from counterfoil.kernel.money import Money
from counterfoil.platform.models import LimitUse

if TYPE_CHECKING:
    from counterfoil.platform.callers import Caller


def whom(arguments: Mapping[str, Any]) -> int | None:
    """The customer a limited operation's arguments speak of: the owner of a row among them, else the row itself."""
    rows = [value for value in arguments.values() if isinstance(value, Model)]
    found: list[int] = [row.customer_id for row in rows if hasattr(row, "customer_id")] or [row.pk for row in rows]
    return found[0] if found else None


def used(names: Collection[str], caller: Caller, customer_id: int, currency: str) -> Money:
    """What the caller did of an operation, by any name it had, for one customer today: not what somebody approved."""
    rows = LimitUse.objects.filter(
        operation__in=names, user_id=caller.user_id, customer_id=customer_id, on=caller.today, currency=currency
    )
    rows = rows.filter(actor=caller.name[:120]) if caller.user_id is None else rows
    return Money(rows.aggregate(sum=Sum("amount_minor"))["sum"] or 0, currency)


def note(operation: str, caller: Caller, customer_id: int, amount: Money) -> LimitUse:
    """So much more of the limit is used. Inside the operation's transaction, which holds the customer's lock."""
    return LimitUse.objects.create(
        operation=operation, user_id=caller.user_id, actor=caller.name[:120], customer_id=customer_id,
        on=caller.today, currency=amount.currency, amount_minor=abs(amount.minor),
    )  # fmt: skip
