"""The bill-run console: select, preview, review exceptions, issue, send."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.billing import run_queries as queries
from counterfoil.billing.models import BillRun
from counterfoil.billing.nouns import BILL_RUN
from counterfoil.billing.operations import (
    review_items,
)
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.desk.run_tables import BILL_RUN_ITEMS
from counterfoil.desk.views.work import progress_of
from counterfoil.operator.readiness import what_is_missing
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.requests import Request

STEPS = ("Select", "Preview", "Review exceptions", "Issue", "Send")
_STEP = {"open": 1, "previewed": 2, "approved": 3, "issuing": 3, "issued": 4, "sent": 5, "discarded": 2}


def run(request: Request, pk: int) -> HttpResponse:
    """One run: how far it is, its totals, and whom it holds back with the one thing that mends it."""
    caller = request.caller
    found = BILL_RUN.get(caller, pk)
    if request.GET.get("format"):
        return export(request, _items(request, found), request.GET["format"])
    listing = _items(request, found)
    if request.htmx and request.htmx.target == f"{listing.dom_id}-body":
        # Another order or page of the customers: what the run comes to stands above them already.
        return render(request, "platform/table_body.html", {"listing": listing})
    return render(request, "desk/bill_run.html", {"run": found, **_facts(caller, found), "listing": listing})


def state(request: Request, pk: int) -> HttpResponse:
    """The upper part of the page of a run, which asks for itself again while a job is at work."""
    caller = request.caller
    found = BILL_RUN.get(caller, pk)
    facts = _facts(caller, found)
    # The last answer also asks for the customers, as the page that polls shows them: they stand below, from before.
    here, shown = reverse("bill-run", args=[pk]), request.htmx.current_url_abs_path or ""
    again = "" if facts["working"] else shown if urlsplit(shown).path == here else here
    return render(request, "desk/bill_run_state.html", {"run": found, **facts, "again": again})


def _items(request: Request, found: BillRun) -> Any:
    return listing_for(request, BILL_RUN_ITEMS, queries.items_of_run(found), currency=found.currency)


def _facts(caller: Any, found: BillRun) -> dict[str, Any]:
    figures = queries.run_figures(found)
    ready, billed = figures.of("ready"), figures.of("billed")
    before = queries.last_run(found)
    last = queries.run_figures(before).of("billed")[1] if before else None
    total = ready[1] + billed[1]
    job = found.job
    return {
        "steps": [(name, place, _STEP[found.state]) for place, name in enumerate(STEPS)],
        "status": queries.status_of(found),
        "held": list(queries.items_of_run(found, *queries.EXCEPTIONS)[:50]),
        "held_count": figures.of(*queries.EXCEPTIONS)[0],
        "ready": ready,
        "billed": billed,
        "total_minor": total,
        "last_minor": last,
        "change_minor": total - last if last is not None else None,
        "sent": figures.sent,
        "waiting_to_send": figures.to_send,
        "approvable": queries.APPROVABLE,
        "ahead": found.on > caller.today,
        "changed": list(queries.changed_since_approved(found)[:50]) if found.state == BillRun.State.APPROVED else [],
        "job": job,
        "working": job is not None and not job.is_over and job.state != "paused",
        **progress_of(caller, job),
        "missing": what_is_missing() if found.state == BillRun.State.PREVIEWED else None,
    }


def _reviewed(count: int, verdict: str) -> str:
    many = f"{count:,} customer{'' if count == 1 else 's'}"
    return f"{many} approved." if verdict == "approve" else f"{many} on hold."


def review(request: Request, pk: int) -> HttpResponse:
    """Let held customers go ahead, or hold others back."""
    wanted = [int(value) for value in request.POST.getlist("item") if value.isdecimal() and len(value) < 18]
    verdict = request.POST.get("verdict", "")
    view = act(
        review_items,
        lambda caller, pk: BILL_RUN.get(caller, pk),
        lambda caller, run: {"run": run, "items": wanted, "verdict": verdict},
        lambda count, run: Saved(_reviewed(count, verdict), reverse("bill-run", args=[pk])),
    )
    return view(request, pk=pk)
