"""Lists of customers by what they owe, in SQL, for pages that show fifty of fifty thousand."""

from __future__ import annotations

import datetime as dt

from django.db.models import BigIntegerField, DateField, Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.platform.operations import Caller
from counterfoil.receivables.models import Dispute, OpenItem


def _sum(items: QuerySet[OpenItem]) -> Coalesce:
    total = items.order_by().values("customer").annotate(total=Sum("open_minor")).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0)


def with_figures(customers: QuerySet[Customer], on: dt.date) -> QuerySet[Customer]:
    """The customers with `balance_minor`, `overdue_minor` and `oldest_due_on` as of today."""
    standing = OpenItem.objects.filter(customer=OuterRef("pk"), open_minor__gt=0)
    late = standing.filter(side="debit", due_on__lt=on)
    return customers.annotate(
        balance_minor=_sum(standing.filter(side="debit")) - _sum(standing.filter(side="credit")),
        overdue_minor=_sum(late),
        oldest_due_on=Subquery(late.order_by("due_on").values("due_on")[:1], output_field=DateField()),
    )


def only_overdue(customers: QuerySet[Customer], on: dt.date) -> QuerySet[Customer]:
    """Those of the customers who have something past due."""
    late = OpenItem.objects.filter(customer=OuterRef("pk"), open_minor__gt=0, side="debit", due_on__lt=on)
    # Asked of each customer in order: a page of fifty ends the search, where IN would gather all of them first.
    return customers.filter(Exists(late))


def most_overdue(caller: Caller, limit: int = 10) -> list[Customer]:
    """Whom to call first: the largest overdue amounts."""
    rows = with_figures(only_overdue(visible(caller), caller.today), caller.today)
    return list(rows.order_by(F("overdue_minor").desc(), "pk")[:limit])


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
