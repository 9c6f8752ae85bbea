"""Book checks of debit orders."""

from collections.abc import Iterable

from django.db.models import F, Q, Sum

from counterfoil.debits.models import DebitOrder
from counterfoil.kernel.money import money_text
from counterfoil.platform.checks import book_check

_SHOWN = 20


@book_check
def paid_orders_are_payments() -> Iterable[str]:
    """What was collected is a payment of the same amount, customer and currency, and nothing else has one."""
    rows = DebitOrder.objects.select_related("receipt", "customer").order_by("pk")
    none = rows.filter(state=DebitOrder.State.COLLECTED, receipt=None)
    early = rows.filter(state__in=("chosen", "left_out", "sent")).exclude(receipt=None)
    other = rows.exclude(receipt=None).filter(
        ~Q(receipt__amount_minor=F("amount_minor")) | ~Q(receipt__currency=F("currency"))
    )
    for row in none[:_SHOWN]:
        yield f"Debit order {row.reference} is collected, and no payment is recorded."
    for row in early[:_SHOWN]:
        yield f"Debit order {row.reference} has a payment, and is {row.get_state_display().lower()}."
    for row in other[:_SHOWN]:
        assert row.receipt is not None
        yield f"Debit order {row.reference} of {money_text(row.amount_minor, row.currency)} is another amount of money."


@book_check
def orders_are_their_parts() -> Iterable[str]:
    """What is asked of the bank is what its items come to."""
    asked = DebitOrder.objects.exclude(state=DebitOrder.State.LEFT_OUT).annotate(total=Sum("parts__amount_minor"))
    for row in asked.exclude(total=F("amount_minor")).order_by("pk")[:_SHOWN]:
        yield f"Debit order {row.reference} asks for something else than its invoices."


@book_check
def only_what_is_under_way_is_held() -> Iterable[str]:
    """An item is held for a debit order only from its freezing until the bank answered."""
    live = Q(state="chosen", run__state__in=("frozen", "approved")) | Q(state="sent")
    for row in DebitOrder.objects.filter(parts__held=True).exclude(live).distinct().order_by("pk")[:_SHOWN]:
        yield f"Debit order {row.reference} holds an invoice, and is {row.get_state_display().lower()}."
