"""What would happen on a day: who is listed, warned, suspended and switched on, if nothing is paid before."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import render

from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.desk.suspension_tables import foreseen_table
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import read_date
from counterfoil.platform.requests import Request
from counterfoil.suspension import queries

_FARTHEST = dt.timedelta(days=400)


def foreseen(request: Request) -> HttpResponse:
    """What would happen today or on another day."""
    caller = request.caller
    caller.must("suspension.view")
    today, asked = caller.today, request.GET.get("on", "")
    day = max(read_date(asked, today=today), today) if asked else today
    refuse_if(day - today > _FARTHEST, "absurd_date", "That day is too far away to be foreseen.", field="on")
    listing = listing_for(request, foreseen_table(day), queries.foreseen(caller, day), keep=("on",))
    if form := request.GET.get("format"):
        return export(request, listing, form, f"Suspensions on {day.isoformat()}")
    context = {
        "listing": listing,
        "day": day,
        "today_iso": today.isoformat(),
        "enabled": queries.policies().any_enabled,
    }
    return render(request, "desk/suspensions_foreseen.html", context)
