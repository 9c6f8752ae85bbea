"""Home, one's details, and how one signs in."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from counterfoil.access import operations, passkeys, sessions
from counterfoil.access.models import Login
from counterfoil.access.queries import get_passkey, passkeys_of
from counterfoil.access.sessions import Visit
from counterfoil.cards import queries as cards
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.queries import house_name
from counterfoil.platform.plain import Door, asking_form
from counterfoil.portal import queries, tables
from counterfoil.portal.forms import NewPasswordForm
from counterfoil.portal.operations import ask
from counterfoil.portal.pages import page, speech_of
from counterfoil.portal.views.documents import listing_of
from counterfoil.portal.views.signing import read_json


def home(request: Visit) -> HttpResponse:
    """What to pay now, and how; then the newest invoices and payments."""
    visitor = request.visitor
    speech = speech_of(request)
    table = tables.invoices_table(queries.standing(visitor), visitor.caller.today, speech)
    data = listing_of(request, tables.data_table(speech), queries.data_used(visitor), brief=2)
    # Nothing is left to say of the data of who has used none.
    now = queries.data_now(visitor) if data.lines else []
    context = {
        "data_now": listing_of(request, tables.data_now_table(speech), now, brief=3),
        "due": queries.to_pay(visitor),
        "suspended": queries.suspended(visitor),
        "arranged": queries.arranged(visitor),
        "collected": queries.collected(visitor),
        "invoices": listing_of(request, table, queries.invoices(visitor), brief=4),
        "payments": listing_of(request, tables.payments_table(speech), queries.receipts(visitor), brief=3),
        "requests": listing_of(request, tables.REQUESTS, queries.open_requests(visitor), brief=3),
        "data": data,
        "visits": listing_of(request, tables.visits_table(speech), queries.visits(visitor), brief=3),
        "usage": listing_of(request, tables.usage_table(speech), queries.usage_now(visitor), brief=3),
    }
    return page(request, "portal/home.html", context)


def switch(request: Visit) -> HttpResponse:
    """Look at another of one's accounts."""
    visitor = request.visitor
    wanted = next((row for row in visitor.customers if row.number == request.POST.get("number")), None)
    if wanted is None:
        raise NotFound()
    request.portal_session["customer"] = wanted.pk
    return redirect("portal:home")


def details(request: Visit) -> HttpResponse:
    """Whom the operator reaches, and where."""
    visitor = request.visitor
    context = {
        "contacts": queries.contacts(visitor),
        "addresses": queries.addresses(visitor),
        "corrections": queries.corrections(visitor)[:5],
        "card": cards.card_of(visitor.customer),
        "by_card": cards.gateway() is not None,
    }
    return page(request, "portal/details.html", context)


def correct(door: Door, called: Callable[[Any], str]) -> Callable[..., HttpResponse]:
    """The view of a correction of something that a door changes: what customers may ask for, and nothing else."""
    assert door.noun is not None
    noun, form_class = door.noun, asking_form(door)

    def view(request: Visit, pk: int) -> HttpResponse:
        visitor = request.visitor
        found = noun.get(visitor.caller, pk)
        if not found.active:
            raise NotFound()
        sent = request.POST if request.method == "POST" else None
        form = form_class(sent, caller=visitor.caller, subject=found, params=QueryDict())
        status, what = 200, f"Correct {noun.said} {called(found)}"
        if sent is not None:
            status = 422
            if form.is_valid() and not form.changed_data:
                form.add_error(None, "Nothing has changed yet. Correct what is wrong, then send it.")
            elif form.is_valid():
                changes = {name: form.cleaned_data[name] for name in form.changed_data}
                given = {**door.arguments(visitor.caller, found), "version": found.version, "changes": changes}
                try:
                    ask(visitor, door.verb, given, what, sent.get("key") or None)
                except Refused as refusal:
                    form.refuse(refusal)
                else:
                    said = "Thank you. We'll review this before updating your details."
                    messages.success(request, speech_of(request).say(said))
                    return redirect("portal:details")
        key = (sent.get("key") if sent else "") or str(uuid.uuid4())
        return page(request, "portal/correct.html", {"form": form, "name": called(found), "key": key}, status=status)

    return view


def _login(request: Visit) -> Login:
    """The visitor's own login; somebody who looks as a customer has none."""
    login = request.visitor.login
    if login is None:
        raise NotFound()
    return login


def security(request: Visit, form: NewPasswordForm | None = None, status: int = 200) -> HttpResponse:
    """Password and passkeys."""
    login = _login(request)
    context = {
        "login": login,
        "form": form or NewPasswordForm(asks_current=_asks_current(request, login)),
        "passkeys": passkeys_of(login),
    }
    return page(request, "portal/security.html", context, status=status)


def _asks_current(request: Visit, login: Login) -> bool:
    return bool(login.password) and not request.visitor.by_link


def set_password(request: Visit) -> HttpResponse:
    """Choose a password; every other session of this login ends."""
    if request.method != "POST":
        return redirect("portal:security")
    visitor, login = request.visitor, _login(request)
    asks = _asks_current(request, login)
    form = NewPasswordForm(request.POST, asks_current=asks)
    if not form.is_valid():
        return security(request, form, 422)
    current = form.cleaned_data["current"] if asks else None
    try:
        login = operations.set_password(
            visitor.caller, login=login, password=form.cleaned_data["password"], current=current,
            customer=visitor.customer,
        )  # fmt: skip
    except Refused as refusal:
        form.add_error(refusal.field, refusal.sentence)
        return security(request, form, 422)
    customer = visitor.customer.pk
    sessions.begin(request, login, "password")
    request.portal_session["customer"] = customer
    messages.success(request, "Your password is set. You have been signed out on all other devices.")
    return redirect("portal:security")


@require_POST
def passkey_new(request: Visit) -> HttpResponse:
    """What the device is asked to make."""
    options, state = passkeys.ask_new(_login(request), house_name() or "Counterfoil")
    sessions.keep_challenge(request, state)
    return JsonResponse(options)


@require_POST
def passkey_add(request: Visit) -> HttpResponse:
    """The passkey the device has made."""
    visitor, login = request.visitor, _login(request)
    try:
        new = passkeys.check_new(sessions.take_challenge(request), read_json(request))
        operations.add_passkey(
            visitor.caller, login=login, key_id=new.key_id, credential=new.credential, uses=new.uses,
            customer=visitor.customer,
        )  # fmt: skip
    except Refused as refusal:
        return JsonResponse({"sentence": refusal.sentence}, status=422)
    messages.success(request, "Your passkey is added. Next time, choose “Use a passkey”.")
    return JsonResponse({"url": reverse("portal:security")})


def passkey_remove(request: Visit, pk: int) -> HttpResponse:
    """A passkey that is no longer used."""
    visitor = request.visitor
    passkey = get_passkey(_login(request), pk)
    if request.method != "POST":
        return redirect("portal:security")
    operations.remove_passkey(visitor.caller, passkey=passkey, customer=visitor.customer)
    messages.success(request, f"{passkey.name} is removed.")
    return redirect("portal:security")
