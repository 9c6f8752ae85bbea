"""How people meet the areas and brands that customers belong to."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.operator import operations
from counterfoil.operator.nouns import BANK_ACCOUNT
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

ADD_BANK_ACCOUNT = Door(
    operations.add_bank_account, None, "add", "Add account", under="settings/bank-accounts",
    caption="Add bank account", home=lambda row: reverse("bank-accounts"), done=lambda made, _: f"{made} added.",
)  # fmt: skip
CHANGE_BANK_ACCOUNT = Door(
    operations.change_bank_account, BANK_ACCOUNT, "edit", "Save account", under="settings/bank-accounts",
    caption="Edit bank account", about=str, home=lambda row: reverse("bank-accounts"),
    offered=lambda row, day: row.closed_on is None,
    done=lambda made, _: f"{made} saved. Used from the next document on.",
)  # fmt: skip
USE_BANK_ACCOUNT = Door(
    operations.use_bank_account, BANK_ACCOUNT, "use", "Use on documents", under="settings/bank-accounts",
    caption="Use on documents", about=str, home=lambda row: reverse("bank-accounts"),
    offered=lambda row, day: row.closed_on is None and not row.is_default,
    lead=lambda row: "Documents and the portal show it from now on, in place of the one they show now.",
    done=lambda made, _: f"{made} is on documents from the next one on.",
)  # fmt: skip
CLOSE_BANK_ACCOUNT = Door(
    operations.close_bank_account, BANK_ACCOUNT, "close", "Close account", under="settings/bank-accounts",
    caption="Close bank account", danger=True, about=str, home=lambda row: reverse("bank-accounts"),
    offered=lambda row, day: row.closed_on is None and not row.is_default,
    lead=lambda row: "It is not offered any more. Issued documents still show it.",
    done=lambda made, _: f"{made} closed.",
)  # fmt: skip
_NAME = {"name": Says(most=60)}
ADD_AREA = Door(
    operations.add_area, None, "add", "Add area", under="staff/areas", caption="Add area", fields=_NAME,
    home=lambda row: reverse("people"), done=lambda made, _: f"{made.name} added.",
)  # fmt: skip
ADD_BRAND = Door(
    operations.add_brand, None, "add", "Add brand", under="staff/brands", caption="Add brand", fields=_NAME,
    home=lambda row: reverse("people"), done=lambda made, _: f"{made.name} added.",
)  # fmt: skip
