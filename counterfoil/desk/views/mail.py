"""E-mail: what messages say, by which server messages leave, a test of it, and what makes them arrive."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.kernel.errors import Refused
from counterfoil.messaging import queries
from counterfoil.messaging.interfaces import Server
from counterfoil.messaging.models import MailSettings
from counterfoil.messaging.operations import wording
from counterfoil.operator.queries import brands, operator
from counterfoil.platform.connectors import connector
from counterfoil.platform.doors import Saved, act
from counterfoil.platform.requests import Request

RIGHT = "messaging.set_mail_server"


def state() -> str:
    """By what messages leave now, in a few words."""
    if not queries.sends_mail():
        return "Not set up: messages wait"
    if _is_kept():
        return "Demonstration: nothing is sent"
    row = queries.mail_settings()
    return f"Messages go out by {settings.EMAIL_HOST or (row.host if row else '')}"


def page(request: Request) -> HttpResponse:
    """The state, the server without its password, and the records that mailboxes ask for."""
    caller = request.caller
    caller.must(RIGHT)
    row, house = queries.mail_settings(), operator()
    problem, server = "", None
    try:
        server = queries.mail_server()
    except Refused as refusal:
        problem = refusal.sentence
    address = (server.from_address if server else "") or house.email
    context: dict[str, Any] = {
        "server": server,
        "security": MailSettings.Security(server.security).label if server else "",
        "since": row.since if row and not settings.EMAIL_HOST else None,
        "problem": problem,
        "ready": queries.sends_mail(),
        "by_environment": bool(settings.EMAIL_HOST),
        "kept": _is_kept(),
        "silent": queries.mail_server_silent(),
        "waits": queries.anything_waits(),
        "from_name": (server.from_name if server else "") or house.name,
        "from_address": address,
        "reply_to": (server.reply_to if server else "") or house.email,
        "advice": advice(address, server),
    }
    return render(request, "desk/mail.html", context)


def wordings(request: Request) -> HttpResponse:
    """Each kind of message with what it says now."""
    request.caller.must(wording.save_wording.right)
    rows = []
    for kind in wording.WORDINGS.values():
        own = wording.newest_words(kind)
        if not any(row.brand_id is None and not row.language for row in own):
            rows.append({"kind": kind, "subject": kind.subject, "own": None, "whose": "", "query": ""})
        for row in own:
            query = urlencode({"brand": row.brand_id or "", "language": row.language})
            said = wording.whose(row.brand, row.language)
            rows.append({"kind": kind, "subject": row.subject, "own": row, "whose": said, "query": query})
    return render(request, "desk/wordings.html", {"rows": rows})


def worded() -> str:
    """Which messages have words of the company's own, in a few words."""
    own = [kind.title for kind in wording.WORDINGS.values() if wording.newest_words(kind)]
    return f"{', '.join(own)} in your words" if own else "As delivered"


def reset(request: Request, about: str) -> HttpResponse:
    """A message says again what it says to the others, or as delivered."""
    brand = next((row for row in brands() if str(row.pk) == request.POST.get("brand")), None)
    return _reset(request, about=about, brand=brand, language=request.POST.get("language", ""))


_reset = act(
    wording.reset_wording,
    lambda caller, **asked: asked,
    lambda caller, asked: {"kind": asked["about"], "brand": asked["brand"], "language": asked["language"]},
    lambda result, asked: Saved(
        "It says what it says to everybody else."
        if asked["brand"] or asked["language"]
        else "It says what it says as delivered.",
        reverse("wordings"),
    ),
)


def _is_kept() -> bool:
    """Whether messages become files, as in a demonstration."""
    return not settings.EMAIL_HOST and not connector("MESSAGE_CHANNELS", "email").needs_server


def advice(address: str, server: Server | None) -> list[dict[str, str]]:
    """What whoever keeps the sender's domain enters there, with the values for it."""
    domain = address.rpartition("@")[2]
    if not domain:
        return []
    host = server.host if server else ""
    allows = f"a:{host}" if host.endswith(f".{domain}") or host == domain else "include:(what your provider names)"
    return [
        {"name": "SPF", "what": "who may send for you; there is one such record only, so add to it",
         "at": domain, "value": f"v=spf1 {allows} ~all"},
        {"name": "DKIM", "what": "the signature; your mail server makes it and names the record",
         "at": f"(selector)._domainkey.{domain}", "value": "v=DKIM1; k=rsa; p=(the key your provider shows)"},
        {"name": "DMARC", "what": "what others do with mail that is not yours",
         "at": f"_dmarc.{domain}", "value": f"v=DMARC1; p=none; rua=mailto:{address}"},
    ]  # fmt: skip
