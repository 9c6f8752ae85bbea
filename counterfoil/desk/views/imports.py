"""Bringing in a file: uploaded, its columns matched, checked, and then all of it or what is right of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from counterfoil.customers.queries import customers_numbered
from counterfoil.imports.cells import ORDERS
from counterfoil.imports.forms import HOLDS, ImportForm, MatchForm, UploadForm
from counterfoil.imports.mapping import FileMapping, read_mapping
from counterfoil.imports.matching import columns_of
from counterfoil.imports.models import ParkedRow, Upload
from counterfoil.imports.operations import drop_parked_rows, import_file, place_parked_row
from counterfoil.imports.operations.parking import parked_rows
from counterfoil.imports.operations.uploads import first_lines, save_mapping, saved_mappings, upload_file, upload_of
from counterfoil.imports.rules import ImportRefused
from counterfoil.imports.sheets import is_workbook
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.downloads import file_response
from counterfoil.platform.exports import MIME, lines_csv
from counterfoil.platform.requests import Request
from counterfoil.platform.templatetags.counterfoil import plural


def _refuse(request: Request) -> None:
    if not request.caller.may(import_file):
        raise Refused("not_allowed", "Your role does not include importing files.")


def imports(request: Request) -> HttpResponse:
    """What to upload; posted with a mapping, the outcome of a check or of the import."""
    _refuse(request)
    upload, context = UploadForm(), dict[str, Any]()
    if request.method != "POST":
        context = {"form": ImportForm(), "upload": upload, "parked": len(parked_rows())}
        return render(request, "desk/imports.html", context)
    form = ImportForm(request.POST, request.FILES)
    context = {"form": form, "upload": upload}
    if form.is_valid():
        given = form.cleaned_data
        context |= _outcome(request, given["file"], form.file_name, given["mapping"])
    failed = form.errors or {"errors", "questions", "refusal"} & {name for name, value in context.items() if value}
    template = "desk/import_outcome.html" if request.htmx else "desk/imports.html"
    return render(request, template, context, status=422 if failed else 200)


def upload(request: Request) -> HttpResponse:
    """The file waits; on to its columns."""
    _refuse(request)
    form = UploadForm(request.POST, request.FILES)
    if request.method == "POST" and form.is_valid():
        try:
            row = upload_file(request.caller, content=form.cleaned_data["file"], file_name=form.file_name[:200])
        except Refused as refused:
            form.add_error("file", refused.sentence)
        else:
            return redirect(f"{reverse('match-import', args=[row.pk])}?holds={form.cleaned_data['holds']}")
    return render(request, "desk/imports.html", {"form": ImportForm(), "upload": form}, status=422)


def match(request: Request, pk: int) -> HttpResponse:
    """The columns of an uploaded file; posted, what a check finds, the import, or the rows that stay out as a file."""
    _refuse(request)
    row = upload_of(request.caller, pk)
    asked = request.POST if request.method == "POST" else request.GET
    holds = asked["holds"] if asked.get("holds") in dict(HOLDS) else "customers"
    headed = asked.get("heading") != "no"
    content, encoding = bytes(row.content), _encoding(bytes(row.content))
    kept = _kept(asked.get("match", ""), holds)
    columns = columns_of(first_lines(content, encoding=encoding or "utf-8-sig"), headed=headed)
    form = MatchForm(
        request.POST if request.method == "POST" else None, holds=holds, columns=columns, kept=kept,
        initial=_start(row, kept),
    )  # fmt: skip
    context: dict[str, Any] = {
        "form": form, "upload": row, "holds": holds, "headed": headed, "kinds": HOLDS, "matches": saved_mappings(),
        "match": asked.get("match", ""),
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "desk/import_match.html", context)
    then = request.POST.get("then")
    if form.is_valid():
        mapping = form.mapping(headed=headed, encoding=encoding)
        if then == "rest":
            return _rest(request, row, mapping)
        context |= _outcome(request, content, row.name, mapping)
        form.ask(context.get("questions", ()))
        if name := form.cleaned_data["name"]:
            save_mapping(request.caller, name=name, text=mapping)
            context["kept_as"] = name
    failed = form.errors or context.get("errors") or context.get("questions") or context.get("refusal")
    template = "desk/import_outcome.html" if request.htmx else "desk/import_match.html"
    return render(request, template, context, status=422 if failed else 200)


def parked(request: Request) -> HttpResponse:
    """The rows that wait for somebody's decision; posted, one put to a customer, or those that are ticked dropped."""
    _refuse(request)
    rows = parked_rows()
    chosen = [row for row in rows if str(row.pk) in request.POST.getlist("row")]
    context: dict[str, Any] = {"rows": rows, "number": request.POST.get("number", "")}
    if request.method == "POST":
        try:
            said = _decide(request, chosen)
        except Refused as refused:
            others = refused.others if isinstance(refused, ImportRefused) else []
            context |= {"refusal": refused, "errors": others, "chosen": [row.pk for row in chosen]}
            return render(request, "desk/parked.html", context, status=422)
        messages.success(request, said)
        return redirect("parked-rows")
    return render(request, "desk/parked.html", context)


def _decide(request: Request, chosen: Sequence[ParkedRow]) -> str:
    if request.POST.get("then") == "drop":
        return f"{plural(drop_parked_rows(request.caller, rows=chosen), 'row')} dropped."
    refuse_if(len(chosen) != 1, "one_row", "Choose one row to be put to a customer.")
    number = request.POST.get("number", "").strip()
    customer = next(iter(customers_numbered(request.caller, [number])), None)
    if customer is None:
        raise Refused("no_such_customer", f"There is no account {number[:40]}.")
    place_parked_row(request.caller, parked=chosen[0], customer=customer)
    return f"Row {chosen[0].first_row} is put to {customer.name}."


def _encoding(content: bytes) -> str:
    """What the text is written in where it is not UTF-8: that of Windows, which most other files are."""
    if is_workbook(content):
        return ""
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "cp1252"
    return ""


def _kept(name: str, holds: str) -> FileMapping | None:
    found = next((row for row in saved_mappings() if row.name == name), None)
    read = read_mapping(found.text) if found else None
    return read if read and holds in read.parts else None


def _start(row: Upload, kept: FileMapping | None) -> dict[str, Any]:
    """What the form begins with: that of a kept match."""
    orders = {short: name for name, short in ORDERS.items()}
    if kept is not None:
        return {
            "source": kept.source, "dates": orders.get(kept.order, "ask"),
            "decimal": "ask" if kept.comma is None else "comma" if kept.comma else "point",
            "repeated": kept.repeated, "find": kept.find, "above_zero": kept.above_zero,
            "negative": kept.negative, "wrong": kept.wrong,
        }  # fmt: skip
    return {"source": Path(row.name).stem[:60]}


def _outcome(request: Request, content: bytes, name: str, mapping: str) -> dict[str, Any]:
    caller = request.caller
    dry = request.POST.get("then") != "import"
    try:
        result = import_file(caller.previewing() if dry else caller, content=content, file_name=name, mapping=mapping)
    except ImportRefused as refused:
        errors = refused.others
        return {"errors": errors[:200], "more": max(len(errors) - 200, 0), "questions": refused.questions, "dry": dry}
    except Refused as refused:
        return {"refusal": refused, "dry": dry}
    return {"result": result, "dry": dry}


def _rest(request: Request, row: Upload, mapping: str) -> HttpResponse:
    """What is wrong in the file, a line for each row and column, to be mended there."""
    outcome = _outcome(request, bytes(row.content), row.name, mapping)
    result = outcome.get("result")
    errors = outcome.get("errors") or (result.stayed_out if result else ())
    content = lines_csv(("Row", "Column", "Problem"), [(error.row, error.column, error.sentence) for error in errors])
    name = f"{Path(row.name).stem[:60]}-to-mend.csv"
    return file_response(content, name, MIME["csv"])
