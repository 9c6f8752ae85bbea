"""Requests for approval: the list, one request with what it would do, and the decision."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.customers.queries import find_customer
from counterfoil.desk.approvals import approvals_table, seen_by, state_tone
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.kernel.errors import Refused
from counterfoil.platform.approvals import Outcome, approve, get_approval, unreadable, why_not, withdraw_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.models import Approval
from counterfoil.platform.requests import Request


def index(request: Request) -> HttpResponse:
    """What waits for approval, what one asked for, and all of it."""
    caller = request.caller
    caller.must("platform.view")
    listing = listing_for(request, approvals_table(caller), seen_by(caller))
    if form := request.GET.get("format"):
        return export(request, listing, form)
    return render(request, "desk/approvals.html", {"listing": listing})


def detail(request: Request, pk: int) -> HttpResponse:
    """One request, and what it would do."""
    caller = request.caller
    row = get_approval(seen_by(caller), pk)
    waiting = row.state == Approval.State.WAITING
    refusal = why_not(caller, row) if waiting else None
    decides = waiting and refusal is None and caller.may(approve)
    context = {
        "approval": row, "customer": find_customer(caller, row.customer_id), "tone": state_tone(row),
        "decides": decides, "why_not": refusal, "waiting": waiting,
        "own": waiting and refusal is not None and refusal.code == "own_request",
        "unreadable": unreadable(row) if waiting else None,
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
    return {"approval": get_approval(seen_by(caller), pk)}


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
