"""The reference: the description of the API as a page to read, which needs no other host."""

from __future__ import annotations

import gc
import json
from collections import defaultdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, URLResolver
from django.urls.resolvers import RoutePattern
from django.views.decorators.csrf import csrf_exempt

from counterfoil.api.building import api, description, once
from counterfoil.api.problems import problem


def reference(request: HttpRequest) -> HttpResponse:
    """Every call, grouped by what it is about."""
    return render(request, "api/reference.html", {"groups": _groups()})


@once
def _groups() -> list[tuple[str, list[dict[str, Any]]]]:
    """The calls in words, worked out once: the page is open to strangers."""
    known = description()
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for address, calls in known["paths"].items():
        for method, call in calls.items():
            sent = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            fields = _resolved(known, sent)
            groups[call["tags"][0]].append({
                "method": method.upper(), "address": address, "summary": call["summary"],
                "description": call.get("description", "").replace("`", ""),
                "parameters": [row for row in call.get("parameters", []) if row["in"] == "query"],
                "fields": [
                    {"name": name, "type": _type(known, row), "required": name in fields.get("required", ()),
                     "words": row.get("description", "")}
                    for name, row in fields.get("properties", {}).items()
                ],
            })  # fmt: skip
    return sorted(groups.items())


def _resolved(known: Any, row: Any) -> Any:
    if "$ref" in row:
        return known["components"]["schemas"][row["$ref"].rpartition("/")[2]]
    return row


def _type(known: Any, row: Any) -> str:
    """A type in a word or two."""
    if "$ref" in row:
        return str(row["$ref"].rpartition("/")[2])
    if "anyOf" in row:
        return " or ".join(_type(known, one) for one in row["anyOf"] if one.get("type") != "null")
    if "allOf" in row:
        return " and ".join(_type(known, one) for one in row["allOf"])
    if row.get("type") == "array":
        return f"list of {_type(known, row.get('items', {}))}"
    if "enum" in row:
        return " | ".join(str(value) for value in row["enum"])
    if "const" in row:
        return str(row["const"])
    return str(row.get("format") or row.get("type") or "anything")


@once
def _written() -> bytes:
    return json.dumps(description()).encode()


def openapi(request: HttpRequest) -> HttpResponse:
    """The description for tools."""
    return HttpResponse(_written(), content_type="application/json")


@once
def _calls() -> URLResolver:
    """Where each address leads. Built at the first call; what is loaded once the collector need not look through."""
    patterns, _, _ = api().urls
    gc.collect()
    gc.freeze()
    # As a part of another one, so that what is logged and counted tells them from pages of the same name.
    return URLResolver(RoutePattern(""), [URLResolver(RoutePattern("api/v1/"), patterns)])


@csrf_exempt
def call(request: HttpRequest) -> HttpResponseBase:
    """A call, by whoever's token is shown: a browser's cookie means nothing here, so nothing can be forged by one."""
    try:
        found = _calls().resolve(request.path_info.lstrip("/"))
    except Resolver404:
        return problem("not_found", "There is no such call. The reference is at /api/v1/.")
    request.resolver_match = found
    answer: HttpResponseBase = found.func(request, *found.args, **found.kwargs)
    if answer.status_code == 405:
        refused = problem("no_such_call", f"{request.method} is not a call of this address. The reference: /api/v1/.")
        refused.headers["Allow"] = answer.headers["Allow"]
        return refused
    # Whose token it was is no part of the address.
    answer.headers["Cache-Control"] = "no-store"
    return answer
