"""How people meet what needs no form of its own."""

from __future__ import annotations

from counterfoil.kernel.periods import date_text
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.sales import operations
from counterfoil.sales.models import Agreement
from counterfoil.sales.nouns import AGREEMENT

TERMINATE = Door(
    operations.terminate_agreement, AGREEMENT, "terminate", "Terminate", danger=True,
    about=lambda row: f"{row}, to {date_text(row.last_day)}", done=lambda row: _ended(row),
    start=lambda caller, row: {"on": caller.today}, fields={"on": Says("First day without it")},
)  # fmt: skip


def _ended(row: Agreement) -> str:
    if row.state == Agreement.State.TERMINATED:
        return f"{row.number} is terminated."
    return f"{row.number} ends on {date_text(row.last_day)}."
