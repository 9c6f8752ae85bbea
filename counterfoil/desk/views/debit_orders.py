"""Debit orders: one run with what it collects, holds back and got back, and its file."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.debits import queries
from counterfoil.debits.files import file_of
from counterfoil.debits.models import DebitRun
from counterfoil.debits.nouns import DEBIT_RUN
from counterfoil.debits.operations import send_debit_run
from counterfoil.debits.tables import RUN_TONES, orders_table
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.platform.callers import Caller
from counterfoil.platform.downloads import file_response
from counterfoil.platform.plain import doors_of
from counterfoil.platform.requests import Request


def run(request: Request, pk: int) -> HttpResponse:
    """One run: what is collected, what is on hold and why, what came back, and what to do next."""
    caller = request.caller
    found = DEBIT_RUN.get(caller, pk)
    listing = listing_for(request, orders_table(caller), queries.orders_in(caller, found))
    if form := request.GET.get("format"):
        return export(request, listing, form, f"Debit orders {found.on.isoformat()}")
    doors = [
        (one, reverse(one.url_name, args=[found.pk])) for one in doors_of(DEBIT_RUN) if one.is_offered(caller, found)
    ]
    return render(request, "desk/debit_run.html", {
        "run": found, "listing": listing, "tone": RUN_TONES[found.state], "doors": doors,
        "second": queries.policy().second_person,
        "may_file": bool(found.file_sha256) and caller.may(send_debit_run), **_facts(caller, found),
    })  # fmt: skip


def _facts(caller: Caller, found: DebitRun) -> dict[str, Any]:
    job = found.job
    return {"facts": queries.facts(found, caller), "job": job, "working": job is not None and not job.is_over}


def file(request: Request, pk: int) -> HttpResponse:
    """The file for the bank, made anew: the same bytes as when it was made."""
    caller = request.caller
    if not caller.may(send_debit_run):
        raise caller.why_not(send_debit_run)
    made = file_of(DEBIT_RUN.get(caller, pk))
    kind = "application/xml" if made.name.endswith(".xml") else "text/plain"
    return file_response(made.content, made.name, kind)
