"""Around every request: an id that is in each log line and in the answer, a line of its own, and what is counted."""

from __future__ import annotations

import codecs
import logging
import re
import time
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_htmx.middleware import HtmxDetails

from counterfoil.platform import logs, metrics
from counterfoil.platform.callers import Caller

logger = logging.getLogger("counterfoil.request")
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
# What there is a page for: whoever sends anything else is no browser with a page of ours.
_USED = ("GET", "HEAD", "POST")
# Programs are told by the API itself, which knows what each of its addresses takes.
_FOR_PROGRAMS = "/api/v1/"
# What a page of ours never needs.
_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"


class Request(HttpRequest):
    """A request of a page that asks for somebody, for the type checker: what middlewares put on it is there."""

    caller: Caller
    htmx: HtmxDetails


def _refused(request: HttpRequest) -> HttpResponse | None:
    """The answer to what no browser with a page of ours sends: before anything reads it, error pages included."""
    told_there = request.path_info.startswith(_FOR_PROGRAMS) and request.method in _METHODS
    if request.method not in _USED and not told_there:
        return HttpResponse(status=405, headers={"Allow": ", ".join(_USED)})
    if request.encoding:
        if codecs.lookup(request.encoding).name != "utf-8":
            return HttpResponse("Send text as UTF-8.", status=415, content_type="text/plain; charset=utf-8")
        # Under whichever of its names it came.
        request.encoding = "utf-8"
    return None


class RequestMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = logs.request_id.set(given if _ID.fullmatch(given) else uuid.uuid4().hex[:16])
        started = time.perf_counter()
        try:
            response = _refused(request) or self.get_response(request)
            if request.method == "HEAD" and not response.streaming:
                # The same heads as for GET; the web server complains in its log of each body that nobody asked for.
                response.content = b""
            self._note(request, response, time.perf_counter() - started)
            response.headers["X-Request-ID"] = logs.request_id.get()
            response.headers.setdefault("Permissions-Policy", _POLICY)
            return response
        finally:
            logs.request_id.reset(token)

    def _note(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match = request.resolver_match
        # The pattern, not the address: addresses hold account numbers, and some let in whoever reads them.
        route = match.route if match else "unknown"
        method = request.method if request.method in _METHODS else "other"
        metrics.REQUESTS.labels(route, method, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(seconds)
        caller = getattr(request, "caller", None)
        logger.info(
            "%s %s %s", method, logs.route_of(request), response.status_code,
            extra={"ms": round(seconds * 1000, 1), "route": route, "user_id": getattr(caller, "user_id", None)},
        )  # fmt: skip
