"""Gives each request its caller, asks strangers to sign in, and turns a refusal into a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import resolve, reverse
from django.utils.http import urlencode

from counterfoil.access.operations import record_refusal
from counterfoil.access.sessions import Arrival, Visitor
from counterfoil.kernel.clock import SKEW
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.staff.queries import caller_for

# The only pages without a signed-in person.
OPEN_NAMES = frozenset(
    {
        "sign-in", "sign-out", "health", "ready", "metrics", "account_login", "account_logout", "account_inactive",
        "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
        "account_reset_password_from_key_done", "mfa_authenticate", "mfa_login_webauthn", "openid_connect_login",
        "openid_connect_callback", "socialaccount_login_cancelled", "socialaccount_login_error",
        "socialaccount_signup",
        # A gateway shows a signature.
        "card-hook",
        # The RADIUS server shows a token.
        "radius-authorize", "radius-accounting", "radius-authorize-by-token", "radius-accounting-by-token",
        # A secret address.
        "job-calendar",
    }
)  # fmt: skip
# What somebody who left the page alone may do: say who they are, or leave.
AGAIN_NAMES = frozenset(
    {"sign-out", "account_logout", "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
)
SEEN = "seen_at"
# Addresses of customers; they stand beside the desk and are no business of it.
PORTAL = "portal"
# Addresses of other programs, which show a token; a session opens nothing there.
API = "/api/"
# What is the same for whoever asks.
_FOR_ANYBODY = frozenset({"sign-in", "health", "ready", "metrics"})


class StaffMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Arrival) -> HttpResponse:
        request.caller = caller_for(request.user) if request.user.is_authenticated else None
        answer = self.get_response(request)
        if request.user.is_authenticated:
            # Nobody who comes to this browser afterwards goes back to what somebody saw who was signed in.
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    def process_view(self, request: Arrival, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Every page asks for a signed-in person unless it is named above; nobody can forget to."""
        match = resolve(request.path_info)
        if PORTAL in match.app_names or request.path_info.startswith(API):
            return None  # ask for their own people
        name = match.url_name
        visitor = request.visitor
        if visitor is not None and request.caller is None and name not in _FOR_ANYBODY:
            return _nobody_here(request, visitor)
        if request.caller is not None or name in OPEN_NAMES:
            if _holds_nul(request):
                return HttpResponse("A NUL character cannot be stored or searched. Take it out.", status=400)
            return self._lock(request, name) if request.caller is not None else None
        return _send_to(request, reverse("sign-in"))

    def _lock(self, request: Arrival, name: str | None) -> HttpResponse | None:
        """A page that lay untouched for too long asks who is there, and then returns to where one was."""
        if not settings.IDLE_MINUTES:
            return None
        now, session = int(time.time()), request.session
        records = get_authentication_records(request, request.user)
        # What was seen ahead of now was seen by a clock that was wrong, and proves nothing.
        seen = [session.get(SEEN, now), *(int(record["at"]) for record in records)]
        active = max((at for at in seen if at <= now + SKEW.total_seconds()), default=0)
        if now - active <= settings.IDLE_MINUTES * 60:
            # Once a minute is exact enough, and a page costs no write.
            if abs(now - session.get(SEEN, 0)) >= 60:
                session[SEEN] = now
            return None
        if name in AGAIN_NAMES:
            return None
        if not get_adapter().get_reauthentication_methods(request.user):
            logout(request)  # nothing to ask again: single sign-on without a password
            return _send_to(request, reverse("sign-in"))
        return _send_to(request, reverse("account_reauthenticate"))

    def process_exception(self, request: Arrival, exception: Exception) -> HttpResponse | None:
        """What may not be seen answers like what is not there; other refusals say why."""
        if not isinstance(exception, Refused):
            return None
        status = {"not_found": 404, "not_allowed": 403}.get(exception.code, 422)
        return render(
            request, f"{status}.html" if status != 422 else "desk/refused.html", {"refusal": exception}, status=status
        )


def _send_to(request: Arrival, target: str) -> HttpResponse:
    """To a page that lets one in, which knows the way back to the page one was on."""
    where = request.get_full_path()
    if request.headers.get("HX-Request") or request.method == "POST":
        page = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/")
        where = page.path + (f"?{page.query}" if page.query else "")
    if where != "/":
        target += "?" + urlencode({"next": where})
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": target})
    return redirect(target)


def _nobody_here(request: Arrival, visitor: Visitor) -> HttpResponse:
    """A customer who is signed in to the portal is nobody on the desk: nothing is here, and the attempt is recorded."""
    system = Caller.system(visitor.caller.door, behalf=visitor.caller)
    record_refusal(
        system, customer=visitor.customer, login=visitor.login, method=request.method or "", path=request.path
    )
    return render(request, "404.html", {"home": reverse("portal:home")}, status=404)


def _holds_nul(request: Arrival) -> bool:
    """Whether an address or a form holds the one character that PostgreSQL cannot take."""
    sent = [
        request.path_info,
        *(value for data in (request.GET, request.POST) for _, row in data.lists() for value in row),
    ]
    return any("\x00" in str(value) for value in sent)
