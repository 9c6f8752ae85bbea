"""Every read of agreements."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import theirs
from counterfoil.platform.grants import declare_view
from counterfoil.sales.models import Agreement

declare_view("sales.view", "See agreements")


def agreements_of(customer: Customer) -> QuerySet[Agreement]:
    """A customer's agreements, those that hold first, and of these the one that ends next."""
    rows = Agreement.objects.filter(theirs(customer)).select_related("customer", "site")
    return rows.order_by("state", "ends", "pk")


def holding_of(customer: Customer) -> list[Agreement]:
    """The agreements of one account that are neither expired nor terminated."""
    return list(Agreement.objects.filter(customer=customer, state=Agreement.State.ACTIVE).order_by("ends", "pk"))


def agreements_due(day: dt.date) -> list[Agreement]:
    """Agreements whose end has come, to be renewed or over."""
    return list(Agreement.objects.filter(state=Agreement.State.ACTIVE, ends__lte=day).order_by("ends", "pk"))
