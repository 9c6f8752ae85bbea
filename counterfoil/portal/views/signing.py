"""Signing in and out: by link, password or passkey; and the way in for staff who look."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from counterfoil.access import operations, passkeys, rules, sessions
from counterfoil.access.sessions import Arrival, Visit
from counterfoil.access.tasks import email_link
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.platform.callers import Caller, System
from counterfoil.portal.forms import LinkForm, PasswordForm
from counterfoil.portal.pages import page

TOO_MANY = "There were too many tries from your connection. Wait 15 minutes and try again."


def machine_of(request: Arrival) -> str:
    """The machine that asks. Behind a proxy its address is the one that the proxy itself has added last."""
    passed = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return rules.machine(passed.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))


def _nobody() -> System:
    """Who acts before anybody is signed in: the portal itself."""
    return Caller.system("portal", name="Portal")


def _may_try(request: Arrival) -> bool:
    return operations.may_try(_nobody(), limit=rules.MACHINE, value=machine_of(request))


def sign_in(request: Arrival, **forms: Any) -> HttpResponse:
    """The ways in."""
    if request.visitor is not None:
        return redirect("portal:home")
    status = forms.pop("status", 200)
    context = {"link_form": LinkForm(), "password_form": PasswordForm(), **forms}
    return page(request, "portal/sign_in.html", context, status=status)


@require_POST
def ask_link(request: Arrival) -> HttpResponse:
    """Send a link. The answer is the same whether the address is known or not, and so is the work done here."""
    form = LinkForm(request.POST)
    if not form.is_valid():
        return sign_in(request, link_form=form, status=422)
    email = form.cleaned_data["email"]
    if not _may_try(request):
        return sign_in(request, link_form=form, problem=TOO_MANY, status=429)
    if operations.may_try(_nobody(), limit=rules.LINK, value=rules.fold_email(email)):
        email_link.enqueue(email=rules.fold_email(email), asked=uuid.uuid4().hex)
    return page(request, "portal/link_sent.html", {"email": email, "minutes": settings.PORTAL_LINK_MINUTES})


def link(request: Arrival, token: str) -> HttpResponse:
    """A link from an e-mail. Opening it shows a button, because mail scanners open links; the button signs in."""
    if request.method != "POST":
        if not operations.link_is_good(token):
            return _dead(request)
        return page(request, "portal/link.html", {"token": token})
    if not _may_try(request):
        return sign_in(request, problem=TOO_MANY, status=429)
    try:
        login = operations.use_link(_nobody(), token=token)
    except Refused:
        return _dead(request)
    sessions.begin(request, login, "link")
    if not login.password:
        messages.success(request, "You are signed in. A password or passkey spares you the next e-mail: see Details.")
    return redirect("portal:home")


def _dead(request: Arrival) -> HttpResponse:
    return page(request, "portal/dead_link.html", {"sentence": operations.DEAD_LINK}, status=410)


@require_POST
def password(request: Arrival) -> HttpResponse:
    """Sign in by password."""
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return sign_in(request, password_form=form, open_password=True, status=422)
    email, secret = rules.fold_email(form.cleaned_data["email"]), form.cleaned_data["password"]
    if not _may_try(request):
        return sign_in(request, password_form=form, open_password=True, problem=TOO_MANY, status=429)
    # Counted before it is looked at, so that many tries at once are not all let through.
    if not operations.may_try(_nobody(), limit=rules.PASSWORD, value=email):
        return sign_in(request, password_form=form, open_password=True, problem=operations.SPENT, status=429)
    try:
        login = operations.sign_in_by_password(_nobody(), email=email, password=secret)
    except Refused as refusal:
        return sign_in(request, password_form=form, open_password=True, problem=refusal.sentence, status=422)
    sessions.begin(request, login, "password")
    return redirect("portal:home")


@require_POST
def passkey_ask(request: Arrival) -> HttpResponse:
    """What a device with a passkey is asked."""
    if not _may_try(request):
        return JsonResponse({"sentence": TOO_MANY}, status=429)
    options, state = passkeys.ask_known()
    sessions.keep_challenge(request, state)
    return JsonResponse(options)


@require_POST
def passkey_answer(request: Arrival) -> HttpResponse:
    """The device's answer."""
    try:
        passkey, uses = passkeys.check_known(sessions.take_challenge(request), read_json(request))
        login = operations.sign_in_by_passkey(_nobody(), passkey=passkey, uses=uses)
    except Refused as refusal:
        return JsonResponse({"sentence": refusal.sentence}, status=422)
    sessions.begin(request, login, "passkey")
    return JsonResponse({"url": reverse("portal:home")})


def read_json(request: Arrival) -> dict[str, Any]:
    """What the script sent; anything else than an object is none."""
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError, RawPostDataException):  # a form's fields are no answer of a script
        return {}
    return sent if isinstance(sent, dict) else {}


def view_as(request: Arrival, ticket: str) -> HttpResponse:
    """A member of staff arrives from the customer page of the desk."""
    staff = request.caller
    if staff is None or not sessions.begin_view(request, ticket, staff):
        raise NotFound()
    return redirect("portal:home")


@require_POST
def sign_out(request: Visit) -> HttpResponse:
    """The session is over; a member of staff goes back to the customer's page of the desk."""
    visitor = request.visitor
    sessions.end(request)
    if visitor.viewer:
        return redirect("customer", number=visitor.customer.number)
    return redirect("portal:sign-in")
