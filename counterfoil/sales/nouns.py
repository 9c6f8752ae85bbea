"""What was agreed."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.sales.models import Agreement

AGREEMENT = Noun(
    Agreement, path="agreements", sees="sales.view", related=("customer", "site"),
    section="account#agreements",
    labels={"title": "For", "coverage": "What it covers", "starts": "From", "renewal_months": "Then renewed, months"},
    shows=(
        "customer", "number", "title", "coverage", "site", "starts", "last_day", "renewal_months", "state", "reason",
    ),
)  # fmt: skip
