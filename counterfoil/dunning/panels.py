"""What letters offer to the customer page: those that were sent, and what a run would do now."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.dunning import queries
from counterfoil.dunning.models import Correspondence
from counterfoil.dunning.nouns import CORRESPONDENCE
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table


def how(row: Correspondence) -> str:
    """How a letter left."""
    return "E-mail" if row.message_id else "On paper" if row.printed else "Erased"


def file_url(row: Correspondence) -> str:
    """Where its PDF is, of one on paper."""
    return reverse("letter-file", args=[row.pk]) if row.printed else ""


LETTERS = Table(
    key="correspondence",
    title="Letters",
    columns=(
        Column("on", "Day", lambda row: row.on, "date", sort="on", href=CORRESPONDENCE.url),
        Column("letter", "Letter", lambda row: row.letter.name, sub=lambda row: row.site.label if row.site else ""),
        Column("how", "Sent by", how, low=True, href=file_url),
        Column("asked", "Asked for", lambda row: row.total_minor, "money", sort="total_minor", strong=True),
        Column("charged", "Charged", lambda row: row.interest_minor + row.fee_minor, "money", low=True),
    ),
    order="-on",
    empty=("No letters yet", "Letters about what is late appear here."),
)  # fmt: skip


def _now(caller: Caller, customer: Customer) -> str:
    """What a run of today would do, in words."""
    found = queries.decided_now(customer, caller.today)
    if found is None:
        return "nothing is owed"
    left = found.left
    return f"now: {left.said}" if left else f"due for {found.dunned.line.letter}"  # type: ignore[union-attr]


CORRESPONDENCE_PANEL = Panel(
    "correspondence", "Letters", "dunning.view", lambda caller, customer: queries.letters_of(customer), table=LETTERS,
    note=_now, words="dunning reminder demand correspondence letter late", queries=15,
)  # fmt: skip
