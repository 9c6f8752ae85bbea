"""What customers ask: their requests with our answers, a new one, a reply, and how it went."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from counterfoil.access.sessions import Visit, Visitor
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.downloads import file_response
from counterfoil.portal import queries, tables
from counterfoil.portal.forms import RatingForm, ReplyForm, RequestForm
from counterfoil.portal.pages import page, speech_of
from counterfoil.portal.views.documents import listing_of
from counterfoil.tickets.operations import ask_by_customer, rate_by_customer, reply_by_customer
from counterfoil.tickets.queries import login_name, policy


def _system(visitor: Visitor, key: str | None) -> System:
    system = Caller.system(visitor.caller.door, behalf=visitor.caller)
    return system.with_key(key and f"portal:{visitor.caller.alias}:{key}"[:200])


def _files(form: forms.Form) -> list[tuple[str, str, bytes]]:
    return [(str(one.name), str(one.content_type or ""), one.read()) for one in form.cleaned_data["attachments"]]


def _shown(visitor: Visitor) -> None:
    if not policy().in_portal:
        raise NotFound()


def requests(request: Visit) -> HttpResponse:
    """What the customer asked, the open ones first."""
    visitor = request.visitor
    _shown(visitor)
    return page(request, "portal/requests.html", {
        "requests": listing_of(request, tables.REQUESTS, queries.requests(visitor)),
    })  # fmt: skip


def new(request: Visit) -> HttpResponse:
    """Ask something."""
    visitor = request.visitor
    _shown(visitor)
    form, status = RequestForm(), 200
    if request.method == "POST":
        form, status = RequestForm(request.POST, request.FILES), 422
        if form.is_valid():
            try:
                row = ask_by_customer(
                    _system(visitor, request.POST.get("key")), customer=visitor.customer,
                    subject=form.cleaned_data["topic"], text=form.cleaned_data["text"], files=_files(form),
                    author=login_name(visitor.login, visitor.customer),
                    email=visitor.login.email if visitor.login else "",
                )  # fmt: skip
            except Refused as refusal:
                _refuse(form, refusal)
            else:
                messages.success(request, f"Thank you. Your request is {row.number}; we'll answer by e-mail and here.")
                return redirect("portal:request", number=row.number)
    return page(request, "portal/new_request.html", {"form": form, "key": _key(request)}, status=status)


def request_page(request: Visit, number: str) -> HttpResponse:
    """One request: what was said, and a reply."""
    visitor = request.visitor
    row = queries.request(visitor, number)
    form, status = ReplyForm(), 200
    if request.method == "POST":
        form, status = ReplyForm(request.POST, request.FILES), 422
        if form.is_valid():
            try:
                reply_by_customer(
                    _system(visitor, request.POST.get("key")), ticket=row, text=form.cleaned_data["text"],
                    files=_files(form), author=login_name(visitor.login, visitor.customer),
                )  # fmt: skip
            except Refused as refusal:
                _refuse(form, refusal)
            else:
                messages.success(request, "Thank you. We have your reply.")
                return redirect("portal:request", number=row.number)
    return page(request, "portal/request.html", _context(request, row, form), status=status)


def _context(request: Visit, row: Any, form: forms.Form, rating: forms.Form | None = None) -> dict[str, Any]:
    words, tone = tables.request_status(row)
    words = speech_of(request).say(words)
    return {
        "ticket": row, "said": queries.said(row), "form": form, "key": _key(request), "words": words, "tone": tone,
        "rating": rating or RatingForm(initial={"rating": row.rating, "note": row.rating_note}),
    }  # fmt: skip


def rate(request: Visit, number: str) -> HttpResponse:
    """How it went, once it is over."""
    visitor = request.visitor
    row = queries.request(visitor, number)
    if not row.is_over or request.method != "POST":
        return redirect("portal:request", number=row.number)
    form = RatingForm(request.POST)
    if form.is_valid():
        try:
            rate_by_customer(
                _system(visitor, request.POST.get("key")), ticket=row, rating=form.cleaned_data["rating"],
                note=form.cleaned_data["note"],
            )  # fmt: skip
        except Refused as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, "Thank you for telling us.")
            return redirect("portal:request", number=row.number)
    return page(request, "portal/request.html", _context(request, row, ReplyForm(), form), status=422)


def _refuse(form: forms.Form, refusal: Refused) -> None:
    name = {"subject": "topic", "files": "attachments"}.get(refusal.field or "", refusal.field or "")
    form.add_error(name if name in form.fields else None, refusal.sentence)


def _key(request: Visit) -> str:
    return request.POST.get("key") or str(uuid.uuid4())


def file(request: Visit, pk: int) -> HttpResponse:
    """A file that came with a request, to be saved."""
    found = queries.request_file(request.visitor, pk)
    assert found.file is not None, "What is read here has its bytes."
    return file_response(bytes(found.file.content), found.name, "application/octet-stream")
