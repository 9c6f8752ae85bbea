"""Money that came, and money that went back."""

from __future__ import annotations

import datetime as dt

from counterfoil.payments.models import Receipt, Refund
from counterfoil.platform.showing import Noun, Shown

RECEIPT = Noun(
    Receipt, path="payments", sees="payments.view", called=("payment",), related=("customer", "item", "reversal"),
    sorts=("on",),
    section="billing#receipts", page="receipt", portal=True, word="payment",
    shows=(
        "customer", "number", "on", "method", "reference", "currency", "amount_minor", "item", "author",
        Shown("reversed_on", lambda row: _reversed_on(row), dt.date | None, "When it turned out to be none."),
    ),
)  # fmt: skip
REFUND = Noun(
    Refund, path="refunds", sees="payments.view", related=("customer", "item"),
    section="billing#refunds",
    shows=("customer", "number", "on", "method", "reference", "reason", "currency", "amount_minor", "item", "author"),
)  # fmt: skip


def _reversed_on(row: Receipt) -> dt.date | None:
    reversal = getattr(row, "reversal", None)
    return reversal.on if reversal else None
