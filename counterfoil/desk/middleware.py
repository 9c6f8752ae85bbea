"""Gives each request its caller, asks strangers to sign in, and turns a refusal into a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.http import urlencode

from counterfoil.access.operations import record_refusal
from counterfoil.kernel.errors import Refused
from counterfoil.staff.queries import caller_for

# The only pages without a signed-in person.
OPEN_NAMES = frozenset({"sign-in", "health", "ready"})
# Addresses of customers; they stand beside the desk and are no business of it.
PORTAL = "portal"


class StaffMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.caller = caller_for(request.user) if request.user.is_authenticated else None  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Every page asks for a signed-in person unless it is named above; nobody can forget to."""
        if PORTAL in resolve(request.path_info).app_names:
            return None  # asks for its own people
        if request.caller is not None or resolve(request.path_info).url_name in OPEN_NAMES:  # type: ignore[attr-defined]
            if _holds_nul(request):
                return HttpResponse("A NUL character cannot be stored or searched. Take it out.", status=400)
            return None
        if request.visitor is not None:  # type: ignore[attr-defined]
            return _nobody_here(request)
        target = reverse("sign-in")
        if request.path != "/":
            target += "?" + urlencode({"next": request.get_full_path()})
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return redirect(target)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What may not be seen answers like what is not there; other refusals say why."""
        if not isinstance(exception, Refused):
            return None
        status = {"not_found": 404, "not_allowed": 403}.get(exception.code, 422)
        return render(
            request, f"{status}.html" if status != 422 else "desk/refused.html", {"refusal": exception}, status=status
        )


def _nobody_here(request: HttpRequest) -> HttpResponse:
    """A customer who is signed in to the portal is nobody on the desk: nothing is here, and the attempt is recorded."""
    visitor = request.visitor  # type: ignore[attr-defined]
    record_refusal(
        visitor.caller, customer=visitor.customer, login=visitor.login, method=request.method or "", path=request.path
    )
    return render(request, "404.html", {"home": reverse("portal:home")}, status=404)


def _holds_nul(request: HttpRequest) -> bool:
    """Whether an address or a form holds the one character that PostgreSQL cannot take."""
    sent = [
        request.path_info,
        *(value for data in (request.GET, request.POST) for _, row in data.lists() for value in row),
    ]
    return any("\x00" in str(value) for value in sent)
