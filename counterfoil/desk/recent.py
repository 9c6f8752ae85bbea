"""The last five customers a person opened, kept in their session."""

from __future__ import annotations

from django.http import HttpRequest

from counterfoil.customers.models import Customer

KEY = "recent_customers"
MOST = 5


def remember(request: HttpRequest, customer: Customer) -> None:
    """Put the customer on top."""
    here = [customer.number, customer.name]
    rest = [pair for pair in request.session.get(KEY, []) if pair[0] != customer.number]
    if [here, *rest][:MOST] != request.session.get(KEY):
        request.session[KEY] = [here, *rest][:MOST]


def recent(request: HttpRequest) -> list[list[str]]:
    """Number and name, newest first."""
    return list(request.session.get(KEY, [])) if hasattr(request, "session") else []
