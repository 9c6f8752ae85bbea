"""Find: the palette's fragment, or a page of results."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from counterfoil.customers.nouns import CUSTOMER
from counterfoil.desk.search import find as find_hits
from counterfoil.platform.columns import sought
from counterfoil.platform.requests import Request


def find(request: Request) -> HttpResponse:
    """Results for a text, about one customer when there is one."""
    caller = request.caller
    text, number = sought(request.GET.get("q", "")), request.GET.get("customer", "")
    customer = CUSTOMER.get(caller, number) if number else None
    context = {"groups": find_hits(caller, text, customer), "text": text, "customer": customer}
    return render(request, "desk/hits.html" if request.htmx else "desk/find.html", context)
