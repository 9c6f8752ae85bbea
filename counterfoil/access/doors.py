"""How people meet portal access, where a form needs nothing of its own."""

from __future__ import annotations

from counterfoil.access import operations
from counterfoil.access.nouns import ACCESS
from counterfoil.platform.plain import Door

TAKE_ACCESS = Door(
    operations.take_access, ACCESS, "take-away", "Remove access", caption="Remove portal access", danger=True,
    home=ACCESS.home, about=lambda row: row.customer.name,
    lead=lambda row: (
        f"{row.contact.name} signs in as {row.login.email}. From their next page on they no longer see "
        f"{row.customer.name}. Nothing else changes; access can be given again."
    ),
    done=lambda made, _: f"{made.login.email} no longer sees this account.",
)  # fmt: skip
