"""Book checks of payments: every receipt, reversal and refund matches its open item, and numbers have no gap."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from counterfoil.operator import numbering
from counterfoil.payments.models import Receipt, ReceiptReversal, Refund
from counterfoil.platform.checks import book_check
from counterfoil.receivables.models import OpenItem


@book_check
def payments_match_their_items() -> Iterable[str]:
    """Amount, customer, day and number agree, and no such item is without its document."""
    pairs: tuple[tuple[Any, str], ...] = ((Receipt, "receipt"), (Refund, "refund"))
    for model, kind in pairs:
        wrong = model.objects.exclude(
            item__kind=kind, item__number=F("number"), item__customer=F("customer"), item__on=F("on"),
            item__amount_minor=F("amount_minor"), item__currency=F("currency"), item__reference=F("reference"),
        )  # fmt: skip
        for row in wrong[:20]:
            yield f"{row} and its open item differ."
        for item in OpenItem.objects.filter(kind=kind).exclude(pk__in=model.objects.values("item"))[:20]:
            yield f"Item {item.number} has no {kind} behind it."
    for reversal in ReceiptReversal.objects.exclude(
        item__kind="reversal", item__amount_minor=F("receipt__amount_minor"), item__customer=F("receipt__customer"),
        item__open_minor=0, receipt__item__open_minor=0, item__on=F("on"), item__reference=F("receipt__number"),
    )[:20]:  # fmt: skip
        yield f"The reversal of {reversal.receipt} and its items differ."


@book_check
def payment_numbers_are_gapless() -> Iterable[str]:
    """Receipts and refunds use every number of their sequence once."""
    yield from numbering.gaps("receipt", Receipt.objects.all())
    yield from numbering.gaps("refund", Refund.objects.all())
