"""The catalogue: what is sold, what it costs, and whom new prices touch."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from counterfoil.billing.queries import tax_rates_on
from counterfoil.catalogue import queries
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.nouns import PRODUCT
from counterfoil.desk.catalogue_forms import RaisePricesForm, SetPriceForm
from counterfoil.desk.catalogue_tables import (
    history_table,
    touched_rows,
    touched_table,
)
from counterfoil.desk.exporting import export
from counterfoil.desk.lists import listing_for
from counterfoil.kernel.errors import Refused
from counterfoil.platform.requests import Request
from counterfoil.subscriptions.queries import services_by_product
from counterfoil.trail.queries import events_about


def product(request: Request, pk: int) -> HttpResponse:
    """One product: its facts, every price it had and will have, what it is made of, and what happened to it."""
    caller = request.caller
    found = PRODUCT.get(caller, pk)
    rows = queries.price_history(found, caller.today)
    meant = queries.tax_words(found)
    listing = listing_for(request, history_table(caller.today, rows, meant), rows, brief=20)
    if form := request.GET.get("format"):
        return export(request, listing, form, f"Prices of {found}")
    taxes = {rate.code: rate.name for rate in tax_rates_on(caller.today)}
    context = {
        "product": found, "excl": meant, "listing": listing, "needs": dict(Product.Kind.choices).get(found.needs, ""),
        "tax": taxes.get(found.tax_code, found.tax_code), "parts": queries.parts_of(found),
        "bundles": queries.bundles_with(found), "services": services_by_product(caller).get(found.pk, 0),
        "events": events_about(found)[:20],
    }  # fmt: skip
    return render(request, "desk/product.html", context)


def _touched(request: Request, form_class: type[SetPriceForm | RaisePricesForm], **route: Any) -> HttpResponse:
    caller = request.caller
    if not caller.may(form_class.operation):
        raise Refused("not_allowed", f"Your role does not include: {form_class.operation.label}.")
    data = request.GET.copy()
    # In an address the products are one value, so that the links of the list can carry it along.
    data.setlist("products", [part for part in data.get("products", "").split(".") if part])
    subject = form_class.find(caller, **route)
    form = form_class(data, None, caller=caller, subject=subject, params=QueryDict())
    if not form.is_valid():
        said = next(error for errors in form.errors.values() for error in errors)
        raise Refused("incomplete", f"{said} Open the form, fill it in, and follow its link again.")
    form.result = form.perform(caller.previewing())
    prices = form.result
    on = max(prices[0].valid_from, caller.today)
    listing = listing_for(
        request, touched_table(prices), touched_rows(caller, prices, on), currency=prices[0].currency,
        keep=tuple(form_class.base_fields),
    )  # fmt: skip
    if wanted := request.GET.get("format"):
        return export(request, listing, wanted)
    context = {"listing": listing, "form": form, "on": prices[0].valid_from, "prices": prices}
    return render(request, "desk/touched.html", context)


def raise_touched(request: Request) -> HttpResponse:
    """Whom raising prices like that would touch. Nothing is changed."""
    return _touched(request, RaisePricesForm)


def price_touched(request: Request, pk: int) -> HttpResponse:
    """Whom a price like that would touch. Nothing is changed."""
    return _touched(request, SetPriceForm, pk=pk)
