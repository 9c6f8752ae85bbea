"""The portal's own doorkeeper: asks strangers to sign in, lets staff look only, and turns refusals into pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from counterfoil.access.operations import record_refusal
from counterfoil.access.sessions import Arrival
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.platform.callers import Caller
from counterfoil.portal.pages import page

# The logo and the colour: the same for everybody, so kept by browsers too.
LOOKS = frozenset({"logo", "colour"})
# The only pages without somebody signed in.
OPEN_NAMES = LOOKS | frozenset({"sign-in", "ask-link", "password", "link", "passkey-ask", "passkey-answer", "view-as",
                                "pay-link", "pay-back"})  # fmt: skip
# What may be posted. A member of staff who looks may only leave.
WRITES = frozenset({
    *(OPEN_NAMES - LOOKS), "sign-out", "switch", "set-password", "passkey-new", "passkey-add", "passkey-remove",
    "correct-contact", "correct-address", "promise", "plan", "dispute", "new-request", "request", "rate-request",
    "pay", "card-add", "card-remove",
})  # fmt: skip
_SAFE = ("GET", "HEAD", "OPTIONS")


class PortalMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Arrival) -> HttpResponse:
        answer = self.get_response(request)
        if _is_here(request):
            # A page with somebody's account is not kept by the browser or anything between, and says nothing of itself.
            if request.resolver_match is None or request.resolver_match.url_name not in LOOKS:
                answer.headers["Cache-Control"] = "no-store"
            answer.headers["X-Robots-Tag"] = "noindex"
        return answer

    def process_view(self, request: Arrival, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Every page of the portal asks for somebody signed in unless it is named above; nobody can forget to."""
        match = request.resolver_match
        if match is None or not _is_here(request):
            return None
        if any("\x00" in str(value) for value in (request.path_info, *_sent(request))):
            return HttpResponse("A NUL character cannot be stored or searched. Take it out.", status=400)
        name, visitor = match.url_name, request.visitor
        if visitor is None:
            return None if name in OPEN_NAMES else redirect("portal:sign-in")
        if request.method not in _SAFE and visitor.viewer and name != "sign-out":
            return self._refused(
                request, Refused("only_looking", "You are viewing as the customer. Nothing can be changed.")
            )
        if request.method not in _SAFE and name not in WRITES:
            return self._refused(request, NotFound())
        return None

    def process_exception(self, request: Arrival, exception: Exception) -> HttpResponse | None:
        """What is not there and what is somebody else's are the same answer, and the attempt is recorded."""
        if not _is_here(request) or not isinstance(exception, Refused):
            return None
        return self._refused(request, exception)

    def _refused(self, request: Arrival, refusal: Refused) -> HttpResponse:
        visitor = request.visitor
        status = {"not_found": 404, "not_allowed": 404, "only_looking": 403}.get(refusal.code, 422)
        if visitor is not None and status != 422:
            record_refusal(
                Caller.system(visitor.caller.door, behalf=visitor.caller),
                customer=visitor.customer,
                login=visitor.login,
                method=request.method or "",
                path=request.path,
            )
        context = {"status": status, "sentence": "" if status == 404 else refusal.sentence}
        return page(request, "portal/refused.html", context, status=status)


def _is_here(request: Arrival) -> bool:
    match = request.resolver_match
    return match is not None and "portal" in match.app_names


def _sent(request: Arrival) -> list[str]:
    return [value for data in (request.GET, request.POST) for _, row in data.lists() for value in row]
