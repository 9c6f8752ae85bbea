"""Who may sign in to the portal."""

from __future__ import annotations

from counterfoil.access.models import Access
from counterfoil.access.queries import standing
from counterfoil.platform.showing import Noun, Shown

ACCESS = Noun(
    Access, path="portal-access", sees="access.view", related=("customer", "contact", "login"),
    section="account#portal-access",
    word="portal access", title=lambda row: row.contact.name, labels={"given_at": "Since"},
    shows=(
        "customer", "contact", "given_at",
        Shown("email", lambda row: row.login.email, str, "What they sign in with."),
    ),
    rows=lambda caller, rows: rows.filter(pk__in=standing().values("pk")),
)  # fmt: skip
