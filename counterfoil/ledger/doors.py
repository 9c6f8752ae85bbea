"""How people meet the ledger accounts."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.ledger.nouns import LEDGER_ACCOUNT
from counterfoil.ledger.operations import change_ledger_account
from counterfoil.ledger.rules import POSTED
from counterfoil.platform.plain import Door

CHANGE_LEDGER_ACCOUNT = Door(
    change_ledger_account, LEDGER_ACCOUNT, "edit", "Save account", under="settings/ledger-accounts",
    caption="Edit ledger account", about=str, home=lambda row: reverse("ledger-accounts"),
    start=lambda caller, row: {"name": row.name, "number": row.number},
    lead=lambda row: f"{POSTED.get(row.code, row.get_kind_display())}. Nothing that is posted moves.",
    done=lambda made, _: f"{made} saved.",
)  # fmt: skip
