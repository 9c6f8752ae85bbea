"""Book checks of letters."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, Q, Sum

from counterfoil.dunning.models import Correspondence, CorrespondenceItem
from counterfoil.platform.checks import book_check


@book_check
def letters_are_about_their_customer() -> Iterable[str]:
    """What a letter was about, its customer owed."""
    rows = CorrespondenceItem.objects.exclude(item__customer=F("correspondence__customer"))
    for row in rows[:20]:
        yield f"Letter {row.correspondence_id} is about an item of another customer."


@book_check
def letters_charged_what_they_say() -> Iterable[str]:
    """The interest and the fee of a letter are owed, and its interest is that of its items."""
    wrong = (
        Q(interest_minor__gt=0, interest_item=None)
        | Q(fee_minor__gt=0, fee_item=None)
        | (Q(interest_item__isnull=False) & ~Q(interest_item__amount_minor=F("interest_minor")))
        | (Q(fee_item__isnull=False) & ~Q(fee_item__amount_minor=F("fee_minor")))
    )
    for row in Correspondence.objects.filter(wrong)[:20]:
        yield f"Letter {row.pk} says another charge than is owed for it."
    sums = Correspondence.objects.annotate(of_items=Sum("items__interest_minor"))
    for row in sums.exclude(of_items=F("interest_minor"))[:20]:
        yield f"The interest of letter {row.pk} is not that of its items."
