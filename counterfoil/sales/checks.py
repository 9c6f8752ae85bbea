"""Book checks of sales."""

from collections.abc import Iterable

from django.db.models import Q

from counterfoil.operator import numbering
from counterfoil.platform.checks import book_check
from counterfoil.sales.models import Agreement


@book_check
def agreement_numbers_are_gapless() -> Iterable[str]:
    """Agreements use every number of their sequence once."""
    yield from numbering.gaps("agreement", Agreement.objects.all())


@book_check
def what_is_over_is_not_renewed() -> Iterable[str]:
    """An agreement that is over, or is to be terminated, is not renewed by itself."""
    over = Q(state__in=("expired", "terminated")) | ~Q(reason="")
    for row in Agreement.objects.filter(over, renewal_months__isnull=False)[:20]:
        yield f"Agreement {row.number} is {row.get_state_display().lower()} and would be renewed."
