"""What is sent, looked at before anything reads it: how long it is, what it says it is, and that it is an object."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from counterfoil.kernel.errors import Refused, refuse_if

_MOST = 1_000_000
# Where a file is sent: base64 makes it a third longer, and nothing is longer than any page takes.
_WITH_FILE, _MOST_WITH_FILE = ("/attach-file", "/import-file", "-logo"), 25_000_000


def look_at_body(request: HttpRequest) -> None:
    """Refuse what is too long or no JSON by its own account; an empty body is an empty object."""
    if request.method != "POST":
        return
    most = _MOST_WITH_FILE if request.path.endswith(_WITH_FILE) else _MOST
    told = request.headers.get("Content-Length") or "0"
    # A body in chunks is read by nobody here: what it asks for would be left out, and the rest done.
    if "Transfer-Encoding" in request.headers or not (told.isascii() and told.isdigit()):
        raise Refused("no_length", "Send the body in one piece, and how long it is: Content-Length.")
    refuse_if(len(told) > 15 or int(told) > most, "too_large", f"Send at most {most:,} bytes.")
    if not request.body:
        request._body = b"{}"
    elif request.content_type != "application/json":
        raise Refused("not_json", "Send JSON: Content-Type: application/json")


class JsonParser(Parser):
    """JSON objects whose numbers are numbers."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            found = json.loads(request.body, parse_constant=_no_number, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise Refused("bad_json", f"This is no JSON: {str(error)[:120]}.") from error
        refuse_if(not isinstance(found, dict), "bad_json", "Send an object: {…}")
        return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ on which of two fields of one name counts (RFC 8259, 4): none does."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field is there twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
