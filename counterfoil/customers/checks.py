"""What must be true of customers and what is told of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max

from counterfoil.platform.checks import book_check
from counterfoil.trail.models import Event


@book_check
def what_is_personal_is_gone_of_who_was_erased_alone() -> Iterable[str]:
    """Events lose what is personal, the digest of their row with it, when their customer is erased, and never else.

    Otherwise whoever can write to the database would take away what proves that a row is not an older one again.
    """
    erasures = Event.objects.filter(kind="customer.erased").order_by()
    erased = dict(erasures.values_list("customer_id").annotate(Max("pk")))
    without = Event.objects.filter(sealed__isnull=False, salt="").order_by("pk")
    for pk, kind, customer_id in without.values_list("pk", "kind", "customer_id").iterator():
        if pk > erased.get(customer_id, 0):
            yield f"Event {pk} ({kind}) has lost what was personal in it, and its customer was not erased after it."
