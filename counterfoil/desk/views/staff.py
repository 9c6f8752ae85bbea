"""People, roles, and who may do what."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.desk.staff import limited_to
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.requests import Request
from counterfoil.staff import operations as staff
from counterfoil.staff import queries
from counterfoil.staff.models import User
from counterfoil.trail.queries import events_about


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
