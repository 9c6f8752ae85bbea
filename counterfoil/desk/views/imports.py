"""Bringing in a file: checked first, then all of it or nothing."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from counterfoil.imports.forms import ImportForm
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused
from counterfoil.kernel.errors import Refused
from counterfoil.platform.requests import Request


def imports(request: Request) -> HttpResponse:
    """The form; posted, the outcome of a check or of the import."""
    if not request.caller.may(import_file):
        raise Refused("not_allowed", "Your role does not include importing files.")
    if request.method != "POST":
        return render(request, "desk/imports.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    context = {"form": form, **(_outcome(request, form) if form.is_valid() else {})}
    failed = form.errors or context.get("errors") or context.get("refusal")
    template = "desk/import_outcome.html" if request.htmx else "desk/imports.html"
    return render(request, template, context, status=422 if failed else 200)


def _outcome(request: Request, form: ImportForm) -> dict[str, Any]:
    caller = request.caller
    dry = request.POST.get("then") != "import"
    given = form.cleaned_data
    try:
        result = import_file(
            caller.previewing() if dry else caller,
            content=given["file"], file_name=form.file_name, mapping=given["mapping"],
        )  # fmt: skip
    except ImportRefused as refused:
        return {"errors": refused.errors[:200], "more": max(len(refused.errors) - 200, 0), "dry": dry}
    except Refused as refused:
        return {"refusal": refused, "dry": dry}
    return {"result": result, "dry": dry}
