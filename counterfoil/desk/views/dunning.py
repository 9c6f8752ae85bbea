"""Dunning: who would be sent what and who is left out, and the runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.credit.queries import letter_sets
from counterfoil.desk.dunning_tables import PRELIMINARY, RUN_LETTERS
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.documents.parties import file_name
from counterfoil.dunning import queries
from counterfoil.dunning.letter_files import letter_pdf, letters_pdf
from counterfoil.dunning.models import DunningRun
from counterfoil.dunning.nouns import CORRESPONDENCE, DUNNING_RUN
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.dunning.selecting import Asked
from counterfoil.kernel.errors import NotFound
from counterfoil.kernel.periods import read_date
from counterfoil.platform.callers import Caller
from counterfoil.platform.downloads import file_response
from counterfoil.platform.requests import Request
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.staff.queries import people

_KEEP = ("as_of", "letter_set", "collector", "first_number", "last_number")


def _key(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _asked(caller: Caller, request: Request) -> Asked:
    typed = request.GET.get("as_of", "")
    as_of = min(read_date(typed, today=caller.today), caller.today) if typed else caller.today
    return Asked(
        as_of, _key(request.GET.get("letter_set", "")), _key(request.GET.get("collector", "")),
        request.GET.get("first_number", "").strip()[:40], request.GET.get("last_number", "").strip()[:40],
    )  # fmt: skip


def preliminary(request: Request) -> HttpResponse:
    """Everybody who owes, as of a day: the letter each would be sent, or why there is none. Nothing is written."""
    caller = request.caller
    caller.must("dunning.view")
    asked = _asked(caller, request)
    rows = queries.selected(caller, asked)
    listing = listing_for(request, PRELIMINARY, rows, keep=_KEEP)
    if form := request.GET.get("format"):
        return export(request, listing, form, f"Letters as of {asked.as_of.isoformat()}, preliminary")
    chosen = {
        "as_of": asked.as_of.isoformat(), "letter_set": asked.letter_set_id, "collector": asked.collector_id,
        "first_number": asked.first_number, "last_number": asked.last_number,
    }  # fmt: skip
    narrowed = {key: value for key, value in chosen.items() if value}
    context = {
        "listing": listing, "asked": asked, "sets": letter_sets(offered=True), "people": people(),
        "letters": sum(1 for row in rows if row.dunned), "held": sum(1 for row in rows if row.left and row.left.held),
        "today_iso": caller.today.isoformat(), "may_send": caller.may(start_dunning_run) and not caller.is_scoped,
        "send_url": f"{reverse('start-dunning-run')}?{urlencode(narrowed)}",
    }  # fmt: skip
    return render(request, "desk/dunning_preliminary.html", context)


def run(request: Request, pk: int) -> HttpResponse:
    """One run: what it sent and charged, whom it left out and why, and who is on hold."""
    caller = request.caller
    found = DUNNING_RUN.get(caller, pk)
    listing = listing_for(request, RUN_LETTERS, queries.letters_of_run(caller, found))
    if form := request.GET.get("format"):
        return export(request, listing, form, f"Letters as of {found.as_of.isoformat()}")
    return render(request, "desk/dunning_run.html", {"run": found, "listing": listing, **_facts(caller, found)})


def _facts(caller: Caller, found: Any) -> dict[str, Any]:
    job = found.job if found.state == DunningRun.State.RUNNING else None
    printed, most = queries.printed_of(caller, found).count(), queries.PRINTED_AT_ONCE
    return {
        "printed": [
            (f"{first + 1} to {min(first + most, printed)}" if printed > most else plural(printed, "letter"),
             f"{reverse('run-letters-file', args=[found.pk])}?part={first // most + 1}")
            for first in range(0, printed, most)
        ],
        "totals": queries.totals_of(caller, found), "skipped": queries.skipped_of(caller, found),
        "held": list(queries.held_of(caller, found)[:200]), "job": job,
        "working": job is not None and not job.is_over and job.state != "paused",
    }  # fmt: skip


def letter_file(request: Request, pk: int) -> HttpResponse:
    """A letter on paper, to be printed."""
    letter = CORRESPONDENCE.get(request.caller, pk)
    if not letter.printed:
        raise NotFound("This letter was not printed.")
    name = file_name("Letter", letter.customer.number, "pdf", letter.on)
    return file_response(letter_pdf(letter), name, "application/pdf", inline=True)


def run_letters_file(request: Request, pk: int) -> HttpResponse:
    """The letters of a run that have no e-mail address, to be printed: a part of them, by account number."""
    found = DUNNING_RUN.get(request.caller, pk)
    asked = request.GET.get("part", "1")
    part = int(asked) if asked.isdecimal() and 0 < len(asked) < 7 else 0
    most = queries.PRINTED_AT_ONCE
    rows = list(queries.printed_of(request.caller, found)[max(part - 1, 0) * most : part * most])
    if not rows:
        raise NotFound("There are no letters to print here.")
    name = f"Letters {found.as_of.isoformat()} part {part}.pdf"
    return file_response(letters_pdf(rows), name, "application/pdf", inline=True)
