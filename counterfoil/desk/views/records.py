"""The page of everything that has none of its own: made of what its noun shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.desk.records import facts_of, parts_of
from counterfoil.platform.plain import doors_of
from counterfoil.platform.requests import Request
from counterfoil.platform.showing import Noun
from counterfoil.trail.queries import events_about


def record(noun: Noun[Any]) -> Callable[..., HttpResponse]:
    """The page of a noun's rows: its facts and parts, its doors as buttons, and what happened to it."""

    def view(request: Request, **route: Any) -> HttpResponse:
        caller = request.caller
        row = noun.get(caller, *route.values())
        context = {
            "noun": noun, "row": row, "customer": noun.owner(row) if noun.is_somebodys else None,
            "title": noun.title(row), "home": noun.home(row), "badges": noun.badges_of(row, caller.today),
            "facts": facts_of(caller, noun, row), "parts": parts_of(caller, noun, row),
            "doors": [
                (one, reverse(one.url_name, args=[*route.values()]))
                for one in doors_of(noun) if one.is_offered(caller, row)
            ],
            "events": events_about(row)[:20],
        }  # fmt: skip
        return render(request, "desk/record.html", context)

    return view
