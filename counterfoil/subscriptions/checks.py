"""Book checks of subscriptions: what held when is said once, and nothing is billed of what has ended."""

from collections.abc import Iterable

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from counterfoil.operator import numbering
from counterfoil.platform import bulk
from counterfoil.platform.checks import book_check
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.models import OneTimeCharge, Service, Span, Subscription, Term


def _with_next(rows: QuerySet, owner: str, first: str) -> QuerySet:
    after = rows.model._base_manager.filter(**{owner: OuterRef(owner), f"{first}__gt": OuterRef(first)})
    found: QuerySet = rows.annotate(following=Subquery(after.order_by(first).values(first)[:1]))
    return found


@book_check
def spans_do_not_overlap() -> Iterable[str]:
    """A service is one thing on a day."""
    rows = _with_next(Span.objects.all(), "service", "starts").filter(following__isnull=False)
    for row in rows.filter(Q(ends__isnull=True) | Q(ends__gt=F("following")))[:20]:
        yield f"Service {row.service_id} is two things at once from {row.following} on."


@book_check
def terms_adjoin() -> Iterable[str]:
    """A subscription is billed by one term on each day, from its first on."""
    for row in _with_next(Term.objects.all(), "subscription", "valid_from").exclude(
        Q(valid_to=F("following")) | Q(valid_to__isnull=True, following__isnull=True)
    )[:20]:
        yield f"The term of subscription {row.subscription_id} from {row.valid_from} does not adjoin the next."
    begun = Term.objects.filter(subscription=OuterRef("pk"), valid_from__lte=OuterRef("started_on"))
    first = begun.order_by("valid_from").values("pk")[:1]
    for row in Subscription.objects.annotate(first=Subquery(first)).filter(first__isnull=True)[:20]:
        yield f"Subscription {row} has no term from its first day on."


@book_check
def what_ended_has_no_days_after() -> Iterable[str]:
    """A service that has ended has no span that goes on, and one that has not has one."""
    for row in Span.objects.filter(Q(ends__isnull=True) | Q(ends__gt=F("service__ended_on"))).exclude(service__end="")[
        :20
    ]:
        yield f"Service {row.service_id} has ended and goes on."
    going = Span.objects.filter(ends__isnull=True)
    for service in Service.objects.filter(end="").exclude(pk__in=going.values("service"))[:20]:
        yield f"Service {service.pk} has not ended and does not go on."


@book_check
def what_waits_is_billed_some_day() -> Iterable[str]:
    """A subscription with something to charge once, or to look at again, knows when it is billed next."""
    waiting = OneTimeCharge.objects.filter(billed_on=None, dropped=False, subscription__next_bill_on=None)
    for row in waiting[:20]:
        yield f"One-time charge {row.pk} waits for a bill that never comes: bill subscription {row.subscription_id}."
    changed = Service.objects.filter(changed_from__isnull=False, subscription__next_bill_on=None)
    for service in changed[:20]:
        yield f"Service {service.pk} changed, and no bill looks at it: bill subscription {service.subscription_id}."


@book_check
def subscriptions_are_billed_when_they_are_due() -> Iterable[str]:
    """Each subscription is billed next when its services, their changes and its one-time charges say."""
    rows = Subscription.objects.order_by("pk").values_list("pk", "number", "next_bill_on")
    for some in bulk.chunks(rows.iterator(), 2000):
        days = queries.next_bill_days([pk for pk, _, _ in some])
        for pk, number, stored in some:
            if stored != days[pk]:
                yield f"Subscription {pk} ({number}) is to be billed next on {stored}; its services say {days[pk]}."


@book_check
def subscription_numbers_are_gapless() -> Iterable[str]:
    """Subscriptions use every number of their sequence once."""
    yield from numbering.gaps("subscription", Subscription.objects.all())
