"""Home: what waits for this person, not a dashboard."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from counterfoil.billing.queries import drafts
from counterfoil.customers.queries import recently_joined
from counterfoil.messaging.queries import undelivered
from counterfoil.receivables.lists import most_overdue
from counterfoil.staff.queries import operator


def home(request: HttpRequest) -> HttpResponse:
    """Most overdue customers, drafts to issue, messages that did not arrive, new customers."""
    caller = request.caller  # type: ignore[attr-defined]
    context: dict[str, Any] = {"currency": operator().currency, "newest": recently_joined(caller)}
    if caller.may("receivables.view"):
        context["overdue"] = most_overdue(caller)
    if caller.may("billing.issue_invoices"):
        context["drafts"] = drafts(caller)[:10]
    if caller.may("messaging.view"):
        context["failed"] = undelivered(caller, caller.now - dt.timedelta(days=30))[:10]
    return render(request, "desk/home.html", context)
