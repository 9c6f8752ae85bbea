"""The one view of every page that only lists."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render

from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.desk.pages import ListPage
from counterfoil.platform.requests import Request


def listed(page: ListPage) -> Callable[[Request], HttpResponse]:
    """The list of a page, as the address asks; or the same as a file."""

    def view(request: Request) -> HttpResponse:
        caller = request.caller
        if page.sees:
            caller.must(page.sees)
        rows = page.rows(caller)
        if page.ticked is not None:
            rows = page.ticked(rows, request.GET.getlist("id"))
        listing = listing_for(request, page.table(caller), rows)
        if form := request.GET.get("format"):
            return export(request, listing, form)
        return render(request, page.template, {"listing": listing, **page.more(caller)})

    return view
