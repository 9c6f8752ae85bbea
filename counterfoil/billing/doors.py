"""How people meet what needs no form of its own."""

from __future__ import annotations

from counterfoil.billing import operations
from counterfoil.billing.nouns import RECURRING_INVOICE
from counterfoil.platform.plain import Door

STOP_RECURRING = Door(
    operations.stop_recurring, RECURRING_INVOICE, "stop", "Stop", caption="Stop recurring invoice", danger=True,
    about=lambda row: f"{row.invoice}, {row.get_frequency_display().lower()}",
    done=lambda row: f"Recurring invoice {row.invoice} stopped.",
)  # fmt: skip
