"""What there is to read about letters to customers who are late."""

from __future__ import annotations

from counterfoil.dunning.models import Correspondence, DunningRun
from counterfoil.platform.showing import Noun

DUNNING_RUN = Noun(
    DunningRun, path="dunning-runs", sees="dunning.view", whose=(), page="dunning-run", sorts=("as_of",),
    related=("letter_set", "collector"),
    shows=("as_of", "letter_set", "collector", "first_number", "last_number", "state", "author", "at", "finished_at"),
    labels={"as_of": "As of", "first_number": "Accounts from", "last_number": "Accounts to"},
)  # fmt: skip
CORRESPONDENCE = Noun(
    Correspondence, path="correspondence", sees="dunning.view", section="collections#correspondence",
    related=("customer", "site", "run", "letter", "message"), sorts=("on",), word="letter to a customer",
    shows=("customer", "site", "letter", "level", "on", "total_minor", "interest_minor", "fee_minor", "message",
           "printed"),
    parts={"items": ("item", "open_minor", "disputed_minor", "days_late", "level", "interest_minor")},
    labels={"total_minor": "Asked for", "interest_minor": "Interest added", "fee_minor": "Fee added",
            "printed": "Printed text"},
    rows=lambda caller, rows: rows.prefetch_related("items__item"),
)  # fmt: skip
