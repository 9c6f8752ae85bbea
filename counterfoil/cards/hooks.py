"""Where a gateway tells what happened: the signature is checked, the body is kept once, and a task works it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from counterfoil.cards import operations, queries
from counterfoil.cards.interfaces import Forged, Told
from counterfoil.cards.models import GATEWAYS, CardGateway
from counterfoil.platform.callers import Caller

# An event of a gateway has some thousands.
MOST_BYTES = 256 * 1024
REFUSED_AN_HOUR = 20


@csrf_exempt
@require_POST
def card_hook(request: HttpRequest, kind: str) -> HttpResponse:
    """200 when it is kept (again, too), 400 when it is not the gateway's, so that the gateway sends it again."""
    accounts = queries.listening(kind) if kind in dict(GATEWAYS) else []
    if not accounts:
        return HttpResponse("Nobody listens here.", status=404, content_type="text/plain")
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length[:12]) > MOST_BYTES:
        return HttpResponse("Too large to be an event.", status=413, content_type="text/plain")
    system = Caller.system("hook")
    try:
        account, told, body = _proven(request, accounts, system)
    except Forged as forged:
        # Strangers knock as often as they like, and are written down so often: the rest costs one question.
        if queries.refused_lately(system.now) < REFUSED_AN_HOUR:
            operations.refuse_delivery(system, gateway=accounts[0], sentence=forged.sentence)
        return HttpResponse(forged.sentence, status=400, content_type="text/plain")
    operations.receive_event(system, gateway=account, told=told, body=body)
    return HttpResponse("Kept.", content_type="text/plain")


def _proven(request: HttpRequest, accounts: list[CardGateway], system: Caller) -> tuple[CardGateway, Told, str]:
    """Whose event it is, and what it says; the first account whose secret signed it."""
    raw, wrong = request.body, Forged("unsigned", "It carries no signature.")
    for account in accounts:
        speaker = queries.speaker_of(account.kind)
        try:
            speaker.verify(queries.keys_of(account), raw, request.headers, system.now)
            return account, speaker.read(raw), raw.decode()
        except Forged as forged:
            # Of several accounts, what comes closest to being right.
            wrong = forged if wrong.code != "old" else wrong
        except ValueError as error:
            raise Forged("unread", "It is signed, and is no event that anybody can read.") from error
    raise wrong
