"""Book checks of card payments."""

from collections.abc import Iterable

from django.db.models import F, Q

from counterfoil.cards.models import CardPayment
from counterfoil.kernel.money import money_text
from counterfoil.platform.checks import book_check

_SHOWN = 20
_PAID = ("paid", "disputed", "refunded", "lost")


@book_check
def card_payments_are_payments() -> Iterable[str]:
    """What was paid by card is a payment of the same amount and currency, and nothing else has one."""
    rows = CardPayment.objects.select_related("receipt").order_by("pk")
    for row in rows.filter(state__in=_PAID, receipt=None)[:_SHOWN]:
        yield f"Card payment {row.reference} is paid, and no payment is recorded."
    for row in rows.exclude(state__in=_PAID).exclude(receipt=None)[:_SHOWN]:
        yield f"Card payment {row.reference} has a payment, and is not paid: {row.get_state_display().lower()}."
    other = ~Q(receipt__amount_minor=F("amount_minor")) | ~Q(receipt__currency=F("currency"))
    for row in rows.exclude(receipt=None).filter(other)[:_SHOWN]:
        amount = money_text(row.amount_minor, row.currency)
        yield f"Card payment {row.reference} of {amount} is another amount of money."
