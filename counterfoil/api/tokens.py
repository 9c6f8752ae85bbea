"""Who calls: the integration whose token came along, and no oftener than it may."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from counterfoil.api.parsing import look_at_body
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.staff.operations import note_token_used
from counterfoil.staff.queries import caller_for, shown_token

_MINUTE = 60.0
_calls: dict[str, deque[float]] = {}
_lock = threading.Lock()


class Bearer(HttpBearer):
    """The token in `Authorization: Bearer …`; a session of the desk opens nothing here."""

    openapi_description = "An access token of an integration: `counterfoil add-token NAME --role ROLE` prints one."

    def __call__(self, request: HttpRequest) -> Any:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Refused("no_token", "Send a token: Authorization: Bearer …")
        caller = self.authenticate(request, text.strip())
        look_at_body(request)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        now = timezone.now()
        row = shown_token(token, timezone.localdate(now))
        _refuse_too_many(row.digest)
        caller = caller_for(row.user, "api")
        request.caller = caller  # type: ignore[attr-defined]
        if row.used_on != caller.today:
            note_token_used(Caller.system("api", behalf=caller), token=row)
        return caller


def _refuse_too_many(token: str) -> None:
    """Each web process counts for itself: what it keeps from is one program that keeps everybody else waiting."""
    now = time.monotonic()
    with _lock:
        calls = _calls.setdefault(token, deque())
        while calls and calls[0] < now - _MINUTE:
            calls.popleft()
        if len(calls) >= settings.API_CALLS_PER_MINUTE:
            raise Refused(
                "too_many", f"More than {settings.API_CALLS_PER_MINUTE} calls in a minute. Try again in a moment."
            )
        calls.append(now)
