"""Answering with a listing as a file."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.text import slugify

from counterfoil.documents.rendering import table_pdf
from counterfoil.kernel.errors import Refused
from counterfoil.platform.exports import MIME, for_pdf, to_csv, to_xlsx
from counterfoil.platform.operations import Caller
from counterfoil.platform.tables import Listing
from counterfoil.staff.queries import operator

# A PDF is for reading on paper; nobody reads more than this, and laying it out would block others.
MOST_PDF_ROWS = 2_000


def file_response(content: bytes, name: str, mime: str, *, inline: bool = False) -> HttpResponse:
    """A file to keep, or (inline) to look at."""
    response = HttpResponse(content, content_type=mime)
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    return response


def export(listing: Listing, form: str, caller: Caller, title: str = "") -> HttpResponse:
    """The rows on screen, all pages of them, as CSV, Excel or PDF."""
    title = title or listing.table.title
    name = f"{slugify(title)}-{caller.today.isoformat()}.{form}"
    match form:
        case "csv":
            content = to_csv(listing)
        case "xlsx":
            content = to_xlsx(listing, title=title, now=caller.now)
        case "pdf":
            content = _pdf(listing, title, caller)
        case _:
            raise Refused("unknown_format", "Choose csv, xlsx or pdf.")
    return file_response(content, name, MIME[form])


def _pdf(listing: Listing, title: str, caller: Caller) -> bytes:
    if listing.count > MOST_PDF_ROWS:
        raise Refused(
            "too_many_rows", f"A PDF has at most {MOST_PDF_ROWS:,} rows. Narrow the list, or export it as Excel."
        )
    data = for_pdf(listing, title=title, now=caller.now)
    today = caller.today
    return table_pdf(author=operator().name, on=(today.year, today.month, today.day), **data)
