"""Answering with a listing as a file: at once, or as a job when it is long."""

from __future__ import annotations

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify

from counterfoil.desk.operations import export_in_background
from counterfoil.documents.rendering import table_pdf
from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.downloads import file_response
from counterfoil.platform.exports import MIME, for_pdf, to_csv, to_xlsx
from counterfoil.platform.requests import Request
from counterfoil.platform.tables import Listing

# A PDF is for reading on paper; nobody reads more than this, and laying it out would block others.
MOST_PDF_ROWS = 2_000


class Again(Request):
    """The request of a job that asks an address again, for the listing and not for a file."""


class ListingResponse(HttpResponse):
    """The listing itself, for the job that asks an address again."""

    def __init__(self, listing: Listing, title: str) -> None:
        super().__init__(status=204)
        self.listing, self.title = listing, title


def file_name_of(title: str, form: str, on: dt.date) -> str:
    return f"{slugify(title)}-{on.isoformat()}.{form}"


def export(request: Request, listing: Listing, form: str, title: str = "") -> HttpResponse:
    """The rows on screen, all pages of them, as CSV, Excel or PDF; a long list as a job."""
    caller = request.caller
    title = title or listing.table.title
    if isinstance(request, Again):
        return ListingResponse(listing, title)
    if form in ("csv", "xlsx") and not listing.at_once:
        job = export_in_background(
            caller, path=request.path, query=listing.query, form=form, title=title, rows=listing.exact_count
        )
        return redirect("job", pk=job.pk)
    match form:
        case "csv":
            content = to_csv(listing)
        case "xlsx":
            content = to_xlsx(listing, title=title, now=caller.now)
        case "pdf":
            content = _pdf(listing, title, caller)
        case _:
            raise Refused("unknown_format", "Choose csv, xlsx or pdf.")
    return file_response(content, file_name_of(title, form, caller.today), MIME[form])


def _pdf(listing: Listing, title: str, caller: Caller) -> bytes:
    if listing.count > MOST_PDF_ROWS:
        raise Refused(
            "too_many_rows", f"A PDF has at most {MOST_PDF_ROWS:,} rows. Narrow the list, or export it as Excel."
        )
    data = for_pdf(listing, title=title, now=caller.now)
    today = caller.today
    return table_pdf(author=operator().name, on=(today.year, today.month, today.day), **data)
