"""Every read for bank statements."""

from __future__ import annotations

from counterfoil.bank.rules import Book, Open
from counterfoil.receivables.models import OpenItem


def book_in(currency: str) -> Book:
    """What is open in a currency now, for matching."""
    rows = OpenItem.objects.filter(currency=currency, side="debit", open_minor__gt=0)
    values = rows.order_by("pk").values_list("number", "customer__number", "due_on", "open_minor")
    return Book.of(Open(*row) for row in values.iterator(chunk_size=5000))
