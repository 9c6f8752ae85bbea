"""What is to come of services: scheduled changes, and contracts that end."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible
from counterfoil.platform.callers import Caller
from counterfoil.subscriptions.models import ServiceAction, Term
from counterfoil.subscriptions.queries import actions_of, subscriptions_of


def actions_to_come(customer: Customer) -> list[ServiceAction]:
    """What is scheduled to happen to a customer's services, in the order it will."""
    rows = actions_of(customer).filter(state=ServiceAction.State.SCHEDULED).select_related("product")
    return list(rows.select_related("service__product").order_by("on", "pk"))


def contracts_of(customer: Customer, day: dt.date) -> list[Term]:
    """The terms with a contract that holds on a day, of subscriptions that have services, by the day they end."""
    terms = Term.objects.filter(
        subscription__in=subscriptions_of(customer), valid_from__lte=day, contract_ends__gt=day,
        subscription__services__end="",
    )  # fmt: skip
    later = Term.objects.filter(
        subscription=OuterRef("subscription"), valid_from__gt=OuterRef("valid_from"), valid_from__lte=day
    )
    rows = terms.filter(~Exists(later)).select_related("subscription").distinct()
    return list(rows.order_by("contract_ends", "pk"))


def changes_soon(caller: Caller, before: dt.date, limit: int = 10) -> list[ServiceAction]:
    """What is scheduled to happen to services before a day, the next first."""
    rows = ServiceAction.objects.filter(state=ServiceAction.State.SCHEDULED, on__lt=before).order_by("on", "pk")
    rows = of_visible(caller, rows, "service__subscription__customer")
    return list(rows.select_related("service__product", "service__subscription__customer", "product")[:limit])
