"""Requests for approval as the desk lists and counts them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from counterfoil.customers.queries import only_visible
from counterfoil.kernel.money import Money
from counterfoil.platform.approvals import approvals, to_decide
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Approval
from counterfoil.platform.tables import Column, Table, View

_TONES = {"waiting": "warn", "approved": "ok", "refused": "bad", "failed": "bad"}


def seen_by(caller: Caller) -> QuerySet[Approval]:
    """The requests this person may see."""
    return only_visible(caller, approvals(caller))


def waiting_for(caller: Caller) -> list[Approval]:
    """The requests that wait for this person's decision."""
    return to_decide(caller, seen_by(caller))


def how_many(caller: Caller) -> int:
    """How many requests wait for this person, for the menu."""
    return len(waiting_for(caller))


def state_tone(row: Approval) -> str:
    return _TONES.get(row.state, "")


def amount_of(row: Approval) -> Money | None:
    """What a request is for, where it is for money."""
    return None if row.amount_minor is None else Money(row.amount_minor, row.currency)


def approvals_table(caller: Caller) -> Table:
    """Requests, what waits first."""

    def own(rows: Any) -> Any:
        return rows.filter(asked_by_id=caller.user_id)

    return Table(
        key="approvals",
        title="Approvals",
        columns=(
            Column(
                "label", "Request", lambda row: row.label, sort="label", sub=lambda row: row.reason,
                href=lambda row: reverse("approval", args=[row.pk]),
            ),
            Column("amount", "Amount", amount_of, "money", sort="amount_minor", strong=True),
            Column("state", "Status", lambda row: row.get_state_display(), "badge", sort="state", tone=state_tone),
            Column("asked_by", "Asked by", lambda row: row.asked_by, sort="asked_by", low=True),
            Column("asked_at", "Asked", lambda row: row.asked_at, "when", sort="id", low=True),
            Column("decided_by", "Decided by", lambda row: row.decided_by, sort="decided_by", low=True),
        ),
        views=(
            View("waiting", "Waiting", lambda rows: rows.filter(state="waiting")),
            View("mine", "Asked by me", own),
            View("all", "All", lambda rows: rows),
        ),
        search=lambda rows, text: rows.filter(label__icontains=text),
        search_label="Request",
        order="-asked_at",
        empty=("No pending approvals", "Requests above a limit appear here."),
    )  # fmt: skip
