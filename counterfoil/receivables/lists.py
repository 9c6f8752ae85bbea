"""Lists of customers by what they owe, in SQL, for pages that show fifty of fifty thousand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import BigIntegerField, Case, Exists, F, OuterRef, QuerySet, Subquery, Sum, When
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.platform.callers import Caller
from counterfoil.receivables.models import Dispute, OpenItem, SetAside, Standing
from counterfoil.receivables.queries import outdated


def with_figures(customers: QuerySet[Customer], on: dt.date) -> QuerySet[Customer]:
    """The customers with `balance_minor`, `overdue_minor` and `oldest_due_on` (of what is open) as of today."""
    return customers.annotate(
        balance_minor=F("standing__balance_minor"),
        overdue_minor=_overdue(on),
        oldest_due_on=F("standing__oldest_due_on"),
    )


def _overdue(on: dt.date) -> Any:
    """What is overdue, as a column that an index orders; added up where it was not worked out for this day yet.

    That is between midnight and the next minute's tick, or while the clock is behind.
    """
    kept = F("standing__overdue_minor")
    if all_are_of(on):
        return kept
    standing = OpenItem.objects.filter(customer=OuterRef("pk"), open_minor__gt=0)
    aside = SetAside.objects.filter(item=OuterRef("pk"), released_on__isnull=True)
    covers = standing.filter(side="credit").exclude(Exists(aside))
    late = _total(standing.filter(side="debit", due_on__lt=on)) - _total(covers)
    return Case(
        When(standing__after_on__lt=on, standing__until_on__gte=on, then=kept),
        default=Case(When(GreaterThan(late, 0), then=late), default=0, output_field=BigIntegerField()),
    )


def _total(items: QuerySet[OpenItem]) -> Coalesce:
    sums = items.order_by().values("customer").annotate(total=Sum("open_minor")).values("total")
    return Coalesce(Subquery(sums, output_field=BigIntegerField()), 0)


def all_are_of(on: dt.date) -> bool:
    """Whether every standing says what is overdue on this day."""
    return not Standing.objects.filter(outdated(on)).exists()


def only_overdue(customers: QuerySet[Customer], on: dt.date) -> QuerySet[Customer]:
    """Those of the customers who have something past due that no credit of theirs covers, on any day."""
    late = customers.filter(standing__oldest_due_on__lt=on)
    # The amounts of all others lie together at one end of their index.
    return late.filter(standing__overdue_minor__gt=0) if all_are_of(on) else late.filter(GreaterThan(_overdue(on), 0))


def most_overdue(caller: Caller, limit: int = 10) -> list[Customer]:
    """Whom to call first: the largest overdue amounts."""
    rows = with_figures(only_overdue(visible(caller), caller.today), caller.today)
    return list(rows.order_by(F("overdue_minor").desc(), "-standing__pk")[:limit])


def open_disputes_of(customer: Customer) -> list[Dispute]:
    """What the customer does not accept, oldest first."""
    rows = Dispute.objects.filter(item__customer=customer, closed_on__isnull=True)
    return list(rows.select_related("item").order_by("opened_on", "pk"))


def open_dispute_of(item_id: int) -> Dispute | None:
    """The dispute that stands on an item."""
    return Dispute.objects.filter(item=item_id, closed_on__isnull=True).select_related("item").first()


def disputes_of(item_id: int) -> list[Dispute]:
    """Every dispute there was on an item, newest first."""
    return list(Dispute.objects.filter(item=item_id).order_by("-opened_on", "-pk"))
