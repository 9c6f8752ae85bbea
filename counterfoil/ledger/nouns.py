"""What there is to read of the ledger."""

from __future__ import annotations

from counterfoil.ledger.models import Closing, LedgerAccount
from counterfoil.platform.showing import Noun

LEDGER_ACCOUNT = Noun(
    LedgerAccount, path="ledger-accounts", sees="ledger.view", whose=(), called=("account",),
    shows=("code", "number", "name", "kind"),
)  # fmt: skip
CLOSING = Noun(
    Closing, path="closings", sees="ledger.view", whose=(), word="closing of the books",
    labels={"closed_to": "Closed up to", "final_to": "For good up to", "author": "Who", "at": "When"},
    shows=("how", "closed_to", "final_to", "reason", "author", "at"),
    title=lambda row: "Closing of the books",
)  # fmt: skip
