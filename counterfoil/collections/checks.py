"""Book checks of collections."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q

from counterfoil.collections.models import Call, CallAction, CallTopic, FollowUp, Promise, Work
from counterfoil.collections.operations.work import FIGURES, work_out
from counterfoil.platform.checks import book_check

_CHUNK = 2000


@book_check
def the_queue_knows_what_happened() -> Iterable[str]:
    """What the queue knows of an account follows from its calls, promises and follow-ups."""
    after = 0
    while rows := list(Work.objects.filter(pk__gt=after).order_by("pk")[:_CHUNK]):
        known = work_out([row.pk for row in rows])
        for row in rows:
            wrong = [name for name in FIGURES if getattr(row, name) != getattr(known[row.pk], name)]
            if wrong:
                yield f"The work about customer {row.pk} says another {', '.join(wrong)} than its calls and promises."
        after = rows[-1].pk
    there = Work.objects.values("customer")
    for model in (Call, Promise, FollowUp):
        for pk in model._default_manager.exclude(customer__in=there).values_list("customer", flat=True).distinct()[:20]:
            yield f"Customer {pk} has a {model._meta.verbose_name} and is not in the queue."


@book_check
def calls_are_about_their_customer() -> Iterable[str]:
    """Topics of a call, and promises of an item, are about what the customer of the call owes."""
    own = Q(item__customer=F("call__customer")) | Q(item__customer__merged_into=F("call__customer"))
    for topic in CallTopic.objects.exclude(own).select_related("call")[:20]:
        yield f"Topic {topic.pk} of the {topic.call} is about another customer's item."
    theirs = Q(item__customer=F("customer")) | Q(item__customer__merged_into=F("customer")) | Q(item=None)
    for promise in Promise.objects.exclude(theirs)[:20]:
        yield f"Promise {promise.pk} is about another customer's item."
    for action in CallAction.objects.filter(topic__isnull=False).exclude(topic__call=F("call"))[:20]:
        yield f"Action {action.pk} is about a topic of another call."
