"""Paying by card: what is open, the gateway's page and the way back; the saved card; and the link of an invoice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from counterfoil.access.sessions import Arrival, Visit
from counterfoil.cards import hosted, operations, rules
from counterfoil.cards import queries as cards
from counterfoil.cards.models import CardPayment
from counterfoil.cards.tasks import ask_about
from counterfoil.customers.models import Customer
from counterfoil.documents.parties import INK
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import money_text
from counterfoil.operator.queries import face
from counterfoil.platform.callers import Caller
from counterfoil.portal import queries
from counterfoil.portal.forms import PayForm
from counterfoil.portal.pages import page

Way, State = CardPayment.Way, CardPayment.State
# For so long the page that waits for the gateway looks again by itself.
_LOOKS_FOR = dt.timedelta(minutes=10)


def _absolute(name: str, *args: Any) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"


def _away(url: str) -> HttpResponse:
    """To the gateway's page."""
    return redirect(url)


def _leading_out(answer: HttpResponse) -> HttpResponse:
    """A page whose form may lead to the gateway: browsers hold a form to where its page says it may end."""
    if targets := hosted.form_targets():
        answer._csp_update = {"form-action": list(targets)}  # type: ignore[attr-defined]
    return answer


def pay(request: Visit) -> HttpResponse:
    """What is open, with boxes; then the gateway's page. What is in dispute is not offered."""
    visitor, due = request.visitor, queries.to_pay(request.visitor)
    items, today = cards.payable(visitor.customer), visitor.caller.today
    if cards.gateway() is None or not items:
        return redirect("portal:home")
    sent = request.POST if request.method == "POST" else None
    overdue = {row.item for row in items if row.due_on < today}
    asked = {row.item for row in items if str(row.item) == request.GET.get("item")}
    form = PayForm(sent, items=items, currency=due.currency, ticked=asked or overdue)
    status = 200
    if sent is not None:
        status = 422
        if form.is_valid():
            system = Caller.system(visitor.caller.door, behalf=visitor.caller)
            try:
                return _away(hosted.open_payment_page(
                    system, visitor.customer, form.shares, way=Way.PORTAL,
                    what=_what(due.operator.name, form.numbers, due.reference),
                    back=lambda row: _absolute("portal:paid", row.reference), cancel=_absolute("portal:pay"),
                    email=visitor.login.email if visitor.login else "",
                ))  # fmt: skip
            except Refused as refusal:
                form.add_error(None if refusal.field in (None, "items") else refusal.field, refusal.sentence)
    context = {
        "due": due, "form": form, "overdue": overdue, "waiting": cards.under_way_of(visitor.customer),
        "collected": queries.collected(visitor),
    }  # fmt: skip
    return _leading_out(page(request, "portal/pay.html", context, status=status))


def _what(company: str, numbers: list[str], account: str) -> str:
    """What the gateway's page and the customer's bank call it."""
    invoices = ", ".join(numbers) if len(numbers) <= 3 else f"{len(numbers)} invoices"
    return f"{company}: {invoices}, account {account}"[:200]


def paid(request: Visit, reference: str) -> HttpResponse:
    """What is true of a payment now, whether or not the gateway has told yet."""
    visitor = request.visitor
    row = cards.payment_named(visitor.customer, reference)
    if row is None:
        raise NotFound()
    return _standing(request, row, {"again": reverse("portal:pay"), "home": reverse("portal:home")}, "portal/paid.html")


def _standing(request: Arrival, row: CardPayment, context: dict[str, Any], template: str) -> HttpResponse:
    now = Caller.system("portal").now
    waits = row.state == State.STARTED
    if waits and (row.asked_at is None or row.asked_at < now - dt.timedelta(seconds=15)):
        # An event may be late, or never come.
        ask_about.enqueue(payment_id=row.pk)
    looks = waits and row.at > now - _LOOKS_FOR
    answer = page(request, template, {
        "row": row, "waits": waits, "looks": looks, "received": row.receipt_id is not None,
        "amount": money_text(row.amount_minor, row.currency), **context,
    })  # fmt: skip
    if looks:
        answer.headers["Refresh"] = "4"
    return answer


# ------------------------------------------------------------------ the saved card


def card(request: Visit) -> HttpResponse:
    """The card that may be charged, and how it is added and removed."""
    visitor = request.visitor
    row = cards.card_of(visitor.customer)
    if row is None and cards.gateway() is None:
        return redirect("portal:details")
    context = {
        "card": row, "automatic": cards.policy().automatic, "taken": cards.gateway() is not None,
        "expired": row is not None and row.expires_on < visitor.caller.today, "added": "added" in request.GET,
    }  # fmt: skip
    answer = page(request, "portal/card.html", context)
    if row is None and "added" in request.GET:
        answer.headers["Refresh"] = "4; url=" + reverse("portal:card") + "?added"
    return _leading_out(answer)


def card_add(request: Visit) -> HttpResponse:
    """To the gateway's page, where the customer enters a card; nothing is charged."""
    visitor = request.visitor
    if request.method != "POST":
        return redirect("portal:card")
    here = _absolute("portal:card")
    try:
        return _away(hosted.open_card_page(
            Caller.system(visitor.caller.door, behalf=visitor.caller), visitor.customer, back=f"{here}?added",
            cancel=here, email=visitor.login.email if visitor.login else "",
        ))  # fmt: skip
    except Refused as refusal:
        messages.error(request, refusal.sentence)
        return redirect("portal:card")


def card_remove(request: Visit) -> HttpResponse:
    """The card is charged no more."""
    visitor = request.visitor
    row = cards.card_of(visitor.customer)
    if request.method != "POST" or row is None:
        return redirect("portal:card")
    system = Caller.system(visitor.caller.door, behalf=visitor.caller)
    operations.remove_card(system, card=row, reason="Removed by the customer")
    messages.success(request, f"{row.shown} is removed. It is not charged any more.")
    return redirect("portal:card")


# ------------------------------------------------------------------ the link of an invoice


def link(request: Arrival, token: str) -> HttpResponse:
    """An invoice, for whoever has its link: number, company, what is open and by when. Nothing of the customer."""
    found = cards.linked(token)
    if found is None:
        return page(request, "portal/dead_pay_link.html", status=404)
    invoice, problem, status = found.invoice, "", 200
    context = _of_house(invoice.customer)
    if request.method == "POST" and found.open_minor:
        try:
            return _away(hosted.open_payment_page(
                Caller.system("link"), invoice.customer, rules.parts(_open(found), found.open_minor), way=Way.LINK,
                what=f"{context['house']}: {invoice.number}",
                back=lambda row: _absolute("pay:pay-back", token, row.reference),
                cancel=_absolute("pay:pay-link", token),
            ))  # fmt: skip
        except Refused as refusal:
            problem, status = refusal.sentence, 422
    context |= {
        "invoice": invoice, "to_pay": found.open_minor, "problem": problem, "taken": cards.gateway() is not None,
        "late": invoice.due_on < Caller.system("link").today,
    }  # fmt: skip
    return _leading_out(page(request, "portal/pay_link.html", context, status=status))


def _open(found: cards.Linked) -> list[rules.Open]:
    invoice = found.invoice
    assert invoice.item_id is not None
    return [rules.Open(invoice.item_id, invoice.due_on, invoice.number or "", found.open_minor)]


def link_back(request: Arrival, token: str, reference: str) -> HttpResponse:
    """What is true of a payment by link now."""
    found = cards.linked(token)
    row = cards.payment_named(found.invoice.customer, reference) if found else None
    if found is None or row is None or row.way != Way.LINK:
        return page(request, "portal/dead_pay_link.html", status=404)
    context = {**_of_house(found.invoice.customer), "invoice": found.invoice,
               "again": reverse("pay:pay-link", args=[token])}  # fmt: skip
    return _standing(request, row, context, "portal/paid_link.html")


def _of_house(customer: Customer) -> dict[str, Any]:
    """How the company of an invoice looks, whoever is signed in here, and how it speaks to the customer."""
    house = face(customer.brand_id).speaking(customer.language)
    return {"speech": house.speech, "house": house.name, "logo": house.logo,
            "colour": house.colour[1:] if house.colour != INK else "",
            "reach": house}  # fmt: skip
