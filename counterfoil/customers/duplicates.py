"""Accounts that may be one customer twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from counterfoil.customers.models import ContactPoint, Customer
from counterfoil.customers.queries import visible
from counterfoil.platform.callers import Caller


@dataclass(frozen=True)
class Duplicate:
    """Two accounts that look like one customer, and why."""

    customer: Customer
    other: Customer
    why: str


def duplicates(caller: Caller, customer: Customer | None = None, limit: int = 500) -> list[Duplicate]:
    """Accounts that share an e-mail address, a telephone or tax number, or a name; the older account first."""
    live = visible(caller).filter(status__in=("active", "inactive"))
    seen: dict[tuple[int, int], str] = {}
    points = ContactPoint.objects.filter(contact__customer__in=live, contact__active=True)
    shared = points.values("value").annotate(n=Count("contact__customer", distinct=True)).filter(n__gt=1)
    if customer is not None:
        shared = shared.filter(value__in=ContactPoint.objects.filter(contact__customer=customer).values("value"))
    rows = points.filter(value__in=shared.values("value")).values_list("value", "contact__customer").distinct()
    _pair(seen, rows.order_by("value", "contact__customer")[: limit * 4], "Both are reached at {}")
    for column, why in (("tax_number", "Same tax number, {}"), ("name", "Same name")):
        named = live if customer is None else live.filter(**{column: getattr(customer, column)})
        same = named.exclude(**{column: ""}).order_by().values(column).annotate(n=Count("pk")).filter(n__gt=1)
        found = live.filter(**{f"{column}__in": same.values(column)}).order_by(column, "pk")
        _pair(seen, found.values_list(column, "pk")[: limit * 4], why)
    pairs = [(pair, why) for pair, why in seen.items() if customer is None or customer.pk in pair][:limit]
    people = visible(caller).in_bulk({pk for pair, _ in pairs for pk in pair})
    return [Duplicate(people[one], people[two], why) for (one, two), why in pairs]


def _pair(seen: dict[tuple[int, int], str], rows: Iterable[tuple[str, int]], why: str) -> None:
    """Each account with the first one of the same value; the strongest reason stands."""
    first: dict[str, int] = {}
    for value, pk in rows:
        one = first.setdefault(value, pk)
        if one != pk:
            seen.setdefault((min(one, pk), max(one, pk)), why.format(value))
