"""Requests for approval: the list, one request with what it would do, and the decision."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from counterfoil.customers.queries import find_customer
from counterfoil.desk.approvals import state_tone
from counterfoil.kernel.errors import Refused
from counterfoil.platform.approvals import Outcome, approve, unreadable, why_not
from counterfoil.platform.callers import Caller
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
