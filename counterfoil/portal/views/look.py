"""How the portal looks: the logo and the colour, for everybody, signed in or not."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from counterfoil.access.sessions import Arrival
from counterfoil.documents.logos import SVG, logo_svg
from counterfoil.kernel.errors import NotFound
from counterfoil.operator.queries import is_logo

# Its address says what it holds, so it never changes.
_FOR_GOOD = "public, max-age=31536000, immutable"


@require_safe
def logo(request: Arrival, sha256: str) -> HttpResponse:
    """A logo that documents bear, or bore."""
    if not is_logo(sha256):
        raise NotFound()
    answer = HttpResponse(logo_svg(sha256), content_type=SVG)
    # Opened by itself it is still only a picture: nothing in it runs or is fetched.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    answer.headers["Cache-Control"] = _FOR_GOOD
    return answer


@require_safe
def colour(request: Arrival, digits: str) -> HttpResponse:
    """The style of pages whose buttons have this colour; what is on them is white."""
    if not re.fullmatch("[0-9a-f]{6}", digits):
        raise NotFound()
    style = f".portal {{ --ink: #{digits}; --ink-hover: #{digits}; --on-ink: #fff; }}\n"
    return HttpResponse(style, content_type="text/css", headers={"Cache-Control": _FOR_GOOD})
