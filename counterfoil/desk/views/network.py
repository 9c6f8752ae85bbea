"""Network access: NASes, speeds, what NASes are told, and what holds for sessions."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from counterfoil.network import queries
from counterfoil.network.nouns import NAS
from counterfoil.network.operations.policy import policy_words
from counterfoil.platform.plain import doors_of
from counterfoil.platform.requests import Request


def settings(request: Request) -> HttpResponse:
    """What the operator decides about the network."""
    caller = request.caller
    caller.must("network.view")
    nases = [
        (row, [(one, reverse(one.url_name, args=[row.pk])) for one in doors_of(NAS) if one.is_offered(caller, row)])
        for row in queries.nases()
    ]
    told = [
        {"name": name, "full": full, "walled": walled, "url": reverse(f"attributes-{key}")}
        for key, name, full, walled, _ in queries.all_attributes()
    ]
    holds = queries.included_data()
    packages = [(product, speed, holds.get(product.pk)) for product, speed in queries.packages()]
    context = {
        "packages": packages,
        "words": policy_words(queries.policy()), "nases": nases, "told": told,
    }  # fmt: skip
    return render(request, "desk/network_settings.html", context)
