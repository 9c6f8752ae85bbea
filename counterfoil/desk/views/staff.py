"""People, roles, and who may do what."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.desk.staff import limited_to, matrix, matrix_table, people_table, roles_table, tokens_table
from counterfoil.operator.queries import areas, brands
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.requests import Request
from counterfoil.platform.tables import Table
from counterfoil.staff import operations as staff
from counterfoil.staff import queries
from counterfoil.staff.models import User
from counterfoil.trail.queries import events_about


def _list(request: Request, table: Table, rows: Any, template: str) -> HttpResponse:
    caller = request.caller
    caller.must("staff.view")
    listing = listing_for(request, table, rows)
    if form := request.GET.get("format"):
        return export(request, listing, form)
    return render(request, template, {"listing": listing, "areas": areas(), "brands": brands()})


def people(request: Request) -> HttpResponse:
    """Everybody who works here, and the areas and brands they can be limited to."""
    rows = queries.users(request.caller)
    return _list(request, people_table(), rows, "desk/people.html")


def roles(request: Request) -> HttpResponse:
    """The roles."""
    return _list(request, roles_table(), queries.roles(), "desk/roles.html")


def tokens(request: Request) -> HttpResponse:
    """What other programs prove themselves with."""
    return _list(request, tokens_table(request.caller.today), queries.tokens(request.caller), "desk/tokens.html")


def who_may_do_what(request: Request) -> HttpResponse:
    """Operations and views by role, with limits."""
    return _list(request, matrix_table(), matrix(), "desk/matrix.html")


def person(request: Request, pk: int) -> HttpResponse:
    """One person, and what happened to their access."""
    found = queries.get_user(request.caller, pk)
    context = {
        "person": found, "limited_to": limited_to(found), "factors": queries.second_factors(found),
        "events": events_about(found)[:20],
    }  # fmt: skip
    return render(request, "desk/person.html", context)


def _about(caller: Caller, pk: int) -> dict[str, Any]:
    return {"user": queries.get_user(caller, pk)}


def _told(words: str) -> Any:
    def after(user: User) -> Saved:
        return Saved(f"{user.name} {words}.", reverse("person", args=[user.pk]))

    return after


deactivate = act(staff.deactivate_user, _about, _told("cannot sign in any more"))
reactivate = act(staff.reactivate_user, _about, _told("can sign in again"))
sign_out_user = act(staff.sign_out_user, _about, _told("is signed out everywhere"))
reset_factor = act(staff.reset_second_factor, _about, _told("signs in with the password alone now"))
