"""Where the RADIUS server asks and reports, as FreeRADIUS's rest module does."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from counterfoil.kernel.errors import Refused
from counterfoil.network import queries, rules
from counterfoil.network.operations import take_report
from counterfoil.platform.callers import Caller

logger = logging.getLogger(__name__)
# A packet has 4,096 bytes at most; each attribute is some thirty letters more as JSON.
MOST_BYTES = 128 * 1024


@csrf_exempt
@require_POST
def authorize(request: HttpRequest, token: str = "") -> HttpResponse:
    """200 with the password to compare and what the NAS is told; 401 where nobody may connect, with the reason."""
    sent = _sent(request, token)
    if isinstance(sent, HttpResponse):
        return sent
    try:
        verdict = queries.authorise(rules.attributes(sent), timezone.localdate())
    except rules.Unusable as error:
        return _refused(str(error))
    except Refused as refusal:
        # A password that no key of this installation opens: the rest goes on being answered.
        logger.error("A user could not be authorised: %s", refusal.sentence)
        return _refused("It cannot be answered now.")
    return _refused(verdict.why) if verdict.told is None else JsonResponse(verdict.told)


@csrf_exempt
@require_POST
def accounting(request: HttpRequest, token: str = "") -> HttpResponse:
    """204 when a report is kept, again too, and when it says nothing that could be kept.

    Anything else has FreeRADIUS answer nothing, so that the NAS sends it again.
    """
    sent = _sent(request, token)
    if isinstance(sent, HttpResponse):
        return sent
    system = Caller.system("hook")
    try:
        packet = rules.packet(rules.attributes(sent), system.now, timezone.get_current_timezone())
    except rules.Unusable as error:
        logger.warning("An accounting packet says nothing: %s", error)
        return HttpResponse(status=204)
    if packet is not None:
        try:
            take_report(system, packet=packet)
        except IntegrityError:
            # Two packets of one session that nobody knew came at once; the other one is kept by now.
            take_report(system, packet=packet)
    return HttpResponse(status=204)


def _sent(request: HttpRequest, token: str) -> Any:
    """What was sent, or the answer to somebody who may not ask."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    shown = token or (bearer.strip() if kind.lower() == "bearer" else "")
    if not shown or not queries.token_fits(shown):
        return HttpResponse("The token is missing or wrong.", status=403, content_type="text/plain")
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length[:12]) > MOST_BYTES:
        return HttpResponse("Too large to be a packet.", status=413, content_type="text/plain")
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return HttpResponse("That is no JSON.", status=400, content_type="text/plain")


def _refused(why: str) -> HttpResponse:
    return JsonResponse({"reply:Reply-Message": {"op": ":=", "value": [why]}}, status=401)
