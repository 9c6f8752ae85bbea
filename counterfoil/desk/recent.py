"""The last five customers a person opened. Their session keeps the numbers; who they are is looked up each time."""

from __future__ import annotations

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import customers_numbered
from counterfoil.platform.requests import Request

KEY = "recent_numbers"
MOST = 5


def remember(request: Request, customer: Customer) -> None:
    """Put the customer on top."""
    before = request.session.get(KEY, [])
    now = [customer.number, *(number for number in before if number != customer.number)][:MOST]
    if now != before:
        request.session[KEY] = now


def recent(request: Request) -> list[list[str]]:
    """Number and name, newest first; who may not be seen any more is not there."""
    numbers = request.session.get(KEY, []) if hasattr(request, "session") else []
    caller = request.caller
    return [[row.number, row.name] for row in customers_numbered(caller, numbers)] if numbers else []
