"""What every page of the portal has: the menu, whose account it is, and who looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from counterfoil.access.sessions import Arrival
from counterfoil.documents.parties import INK, Letterhead
from counterfoil.documents.speech import Speech
from counterfoil.operator.queries import face
from counterfoil.tickets.queries import policy


@dataclass(frozen=True)
class Item:
    """An entry of the menu."""

    label: str
    name: str
    icon: str


# Five at most: they stand in one row at the foot of a telephone.
MENU = (
    Item("Home", "home", "house"),
    Item("Invoices", "invoices", "receipt"),
    Item("Payments", "payments", "landmark"),
    Item("Statements", "statements", "file-text"),
    Item("Details|portal", "details", "users"),
)


def house_of(request: Arrival) -> Letterhead:
    """Whose pages these are, in the language of whoever looks; asked once for each request.

    Who is not signed in yet reads the company's language.
    """
    known = vars(request)
    if "house" not in known:
        customer = request.visitor.customer if request.visitor else None
        house = face(customer.brand_id if customer else None)
        known["house"] = house.speaking(customer.language) if customer else house
    found: Letterhead = known["house"]
    return found


def speech_of(request: Arrival) -> Speech:
    """How pages say things to whoever looks."""
    return house_of(request).speech


def page(request: Arrival, template: str, context: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """A page of the portal."""
    # The page of a payment link has addresses of its own, and leads to those of the portal all the same.
    request.current_app = "portal"
    visitor, house = request.visitor, house_of(request)
    here = request.resolver_match.url_name if request.resolver_match else ""
    frame = {
        "visitor": visitor,
        "customer": visitor.customer if visitor else None,
        "first_name": visitor.login.name.split()[0] if visitor and visitor.login and visitor.login.name.split() else "",
        "today": timezone.localdate(),
        "speech": house.speech,
        "house": house.name,
        "logo": house.logo,
        # The style has one of its own.
        "colour": house.colour[1:] if house.colour != INK else "",
        # Help is in the same place on every page.
        "reach": house,
        "may_ask": bool(visitor) and policy().in_portal,
        "nav": [
            {"label": item.label, "url": reverse(f"portal:{item.name}"), "icon": item.icon,
             "here": here == item.name or (here, item.name) in _UNDER}
            for item in MENU
        ] if visitor else [],
    }  # fmt: skip
    return render(request, template, {**frame, **(context or {})}, status=status)


# Pages without an entry of their own, and the entry they stand under.
_UNDER = {
    ("invoice", "invoices"),
    ("usage", "home"),
    ("pay", "home"),
    ("paid", "home"),
    ("card", "details"),
    ("requests", "home"),
    ("request", "home"),
    ("new-request", "home"),
    ("promise", "home"),
    ("plan", "home"),
    ("dispute", "invoices"),
    ("security", "details"),
    ("set-password", "details"),
    ("correct-contact", "details"),
    ("correct-address", "details"),
}
