"""People, roles, and who may do what."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.desk.staff import limited_to
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


def _act(operation: Any, words: str) -> Any:
    def after(user: User, _: User) -> Saved:
        return Saved(f"{user.name} {words}.", reverse("person", args=[user.pk]))

    return act(operation, queries.get_user, lambda caller, user: {"user": user}, after)


deactivate = _act(staff.deactivate_user, "cannot sign in any more")
reactivate = _act(staff.reactivate_user, "can sign in again")
sign_out_user = _act(staff.sign_out_user, "is signed out everywhere")
reset_factor = _act(staff.reset_second_factor, "signs in with the password alone now")
