"""What is sent, looked at before anything reads it: how long it is, what it says it is, and that it is an object."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from counterfoil.kernel.errors import Refused, refuse_if

_MOST = 1_000_000
# Where a file is sent: base64 makes it a third longer, and nothing is longer than any page takes.
_WITH_FILE, _MOST_WITH_FILE = ("/attach-file", "/import-file"), 25_000_000


def look_at_body(request: HttpRequest) -> None:
    """Refuse what is too long or no JSON by its own account; an empty body is an empty object."""
    if request.method != "POST":
        return
    most = _MOST_WITH_FILE if request.path.endswith(_WITH_FILE) else _MOST
    refuse_if(int(request.headers.get("Content-Length") or 0) > most, "too_large", f"Send at most {most:,} bytes.")
    if not request.body:
        request._body = b"{}"
    elif request.content_type != "application/json":
        raise Refused("not_json", "Send JSON: Content-Type: application/json")


class JsonParser(Parser):
    """JSON objects whose numbers are numbers."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            found = json.loads(request.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise Refused("bad_json", f"This is no JSON: {str(error)[:120]}.") from error
        refuse_if(not isinstance(found, dict), "bad_json", "Send an object: {…}")
        return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")
