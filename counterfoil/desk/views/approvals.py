"""Requests for approval: the list, one request with what it would do, and the decision."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.customers.queries import find_customer
from counterfoil.desk.approvals import state_tone
from counterfoil.kernel.errors import Refused
from counterfoil.platform.approvals import Outcome, approve, why_not, withdraw_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.models import Approval
from counterfoil.platform.nouns import APPROVAL
from counterfoil.platform.requests import Request


def detail(request: Request, pk: int) -> HttpResponse:
    """One request, and what it would do."""
    caller = request.caller
    row = APPROVAL.get(caller, pk)
    waiting = row.state == Approval.State.WAITING
    refusal = why_not(caller, row) if waiting else None
    decides = waiting and refusal is None and caller.may(approve)
    context = {
        "approval": row, "customer": find_customer(caller, row.customer_id), "tone": state_tone(row),
        "decides": decides, "why_not": refusal, "waiting": waiting,
        "own": waiting and refusal is not None and refusal.code == "own_request",
        "shown": _shown(caller, row) if decides else None,
    }  # fmt: skip
    return render(request, "desk/approval.html", context)


def _shown(caller: Caller, row: Approval) -> Outcome | Refused:
    """What approving would do, done and rolled back."""
    try:
        return approve(caller.previewing(), approval=row)
    except Refused as refusal:
        return refusal


def _arguments(caller: Caller, pk: int) -> dict[str, Any]:
    return {"approval": APPROVAL.get(caller, pk)}


def _told(outcome: Outcome) -> Saved:
    row = outcome.approval
    url = reverse("approval", args=[row.pk])
    if outcome.done:
        return Saved(f"Approved and done: {row.label}.", url)
    return Saved(f"That is not possible any more: {row.error}", url, bad=True)


give = act(approve, _arguments, _told)
withdraw = act(
    withdraw_approval, _arguments, lambda outcome: Saved("Withdrawn.", reverse("approval", args=[outcome.approval.pk]))
)
