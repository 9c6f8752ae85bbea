"""How people meet what needs no form of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.kernel.money import money_text
from counterfoil.platform.plain import Door
from counterfoil.receivables import operations
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.nouns import ALLOCATION

UNDO_ALLOCATION = Door(
    operations.undo_allocation, ALLOCATION, "undo", "Undo allocation",
    about=lambda row: _about(row), home=lambda row: reverse("item", args=[row.debit_id]),
    done=lambda row: "The allocation is undone.",
)  # fmt: skip


def _about(row: Allocation) -> str:
    text = money_text(row.amount_minor, row.debit.customer.currency)
    return f"{text} of {row.credit.number} against {row.debit.number}"
