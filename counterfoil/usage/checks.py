"""Book checks of usage: only usage is metered, and what is taken back was there."""

from collections.abc import Iterable

from django.db.models import F, Q

from counterfoil.catalogue.models import Product
from counterfoil.platform.checks import book_check
from counterfoil.usage.models import UsageRecord


@book_check
def usage_is_of_services_of_usage() -> Iterable[str]:
    """Every record is of a service that is charged by usage."""
    for row in UsageRecord.objects.exclude(service__product__kind=Product.Kind.USAGE)[:20]:
        yield f"Usage {row.pk} is of service {row.service_id}, which is not charged by usage."


@book_check
def what_is_taken_back_is_the_opposite() -> Iterable[str]:
    """A record that takes another back is of the same service and day, and of as much."""
    pairs = UsageRecord.objects.filter(reverses__isnull=False)
    wrong = ~Q(service=F("reverses__service"), on=F("reverses__on"), quantity=-F("reverses__quantity"))
    for row in pairs.filter(wrong)[:20]:
        yield f"Usage {row.pk} does not take back what usage {row.reverses_id} says."
