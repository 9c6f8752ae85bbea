"""What there is to read of the ledger."""

from __future__ import annotations

from counterfoil.ledger.models import LedgerAccount
from counterfoil.platform.showing import Noun

LEDGER_ACCOUNT = Noun(
    LedgerAccount, path="ledger-accounts", sees="ledger.view", whose=(), called=("account",),
    shows=("code", "number", "name", "kind"),
)  # fmt: skip
