"""The menu, and what every page knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from counterfoil.desk.approvals import how_many
from counterfoil.desk.queries import unread_notices
from counterfoil.desk.recent import recent
from counterfoil.messaging.queries import mail_trouble
from counterfoil.operator.queries import house_name
from counterfoil.platform.callers import Caller
from counterfoil.platform.requests import Request
from counterfoil.tickets.queries import how_many_wait


@dataclass(frozen=True)
class Item:
    """An entry of the menu: shown to those who may open it."""

    label: str
    url_name: str
    icon: str
    sees: str
    # The letter after G that goes there.
    key: str = ""
    # How much waits there for this person.
    count: Callable[[Caller], int] | None = None


MENU = (
    (
        "",
        (
            Item("Home", "home", "house", "customers.view", "h"),
            Item("Customers", "customers", "users", "customers.view", "c"),
            Item("Tickets", "tickets", "inbox", "tickets.view", "k", how_many_wait),
            Item("Schedule", "schedule", "calendar", "jobs.view", "w"),
            Item("Approvals", "approvals", "circle-check", "platform.view", "a", how_many),
        ),
    ),
    (
        "Money",
        (
            Item("Collections", "collections", "phone-call", "collections.view", "l"),
            Item("Dunning", "dunning", "file-text", "dunning.view", "d"),
            Item("Suspensions", "suspensions", "ban", "suspension.view"),
            Item("Bill runs", "bill-runs", "layers", "billing.open_bill_run", "b"),
            Item("Invoices", "invoices", "receipt", "billing.view", "v"),
            Item("Payments", "payments", "landmark", "payments.view", "m"),
            Item("Bank", "bank", "landmark", "bank.view"),
            Item("Debit orders", "debit-orders", "arrow-down", "debits.view"),
            Item("Subscriptions", "subscriptions", "repeat", "subscriptions.view", "u"),
            Item("Messages", "messages", "mail", "messaging.view", "e"),
            Item("Catalogue", "catalogue", "tag", "catalogue.view", "t"),
            Item("Age analysis", "age-analysis", "chart-column", "receivables.view", "o"),
            Item("Reports", "reports", "layers", "customers.view", "r"),
        ),
    ),
    (
        "Tools",
        (
            Item("Import", "imports", "upload", "imports.import_file", "i"),
            Item("Duplicates", "duplicates", "git-merge", "receivables.merge_customers"),
            Item("Settings", "settings", "settings", "operator.view", "s"),
            Item("Background work", "jobs", "clock", "desk.view", "j"),
            Item("People", "people", "users", "staff.view", "p"),
        ),
    ),
)  # fmt: skip


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def menu(caller: Caller, path: str) -> list[dict[str, Any]]:
    """What this person may open; a group without entries is left out."""
    groups = []
    for title, items in MENU:
        shown = [
            {
                "label": item.label,
                "url": url,
                "icon": item.icon,
                "key": item.key,
                "here": _is_here(url, path),
                "count": item.count(caller) if item.count else 0,
            }
            for item in items
            if caller.may(item.sees) and (url := _url(item.url_name))
        ]
        if shown:
            groups.append({"title": title, "items": shown})
    return groups


def _is_here(url: str, path: str) -> bool:
    return path == url if url == "/" else path.startswith(url)


class _Page(Request):
    desk_context: dict[str, Any]


def context(request: _Page) -> dict[str, Any]:
    """Template context of every page, worked out once however many fragments the page is made of."""
    known: dict[str, Any] | None = getattr(request, "desk_context", None)
    if known is None:
        known = request.desk_context = _context(request)
    return known


def _context(request: Request) -> dict[str, Any]:
    caller = getattr(request, "caller", None)
    if caller is None:
        # Where “Home” leads somebody who is not of staff.
        home = "portal:home" if request.path.startswith("/portal/") else "home"
        # Not read where the page says it itself, as the portal does.
        house = SimpleLazyObject(house_name)
        frame = {"house": house, "theme": "system", "today": timezone.localdate(), "home": reverse(home)}
        return {**frame, "base": "platform/bare.html"}
    user: Any = request.user
    return {
        "base": "platform/base.html",
        "caller": caller,
        "user": user,
        "house": house_name(),
        "theme": user.theme,
        "today": caller.today,
        "menu": menu(caller, request.path),
        "recent": recent(request),
        "unread": unread_notices(caller),
        "mail_trouble": mail_trouble() if caller.may("messaging.set_mail_server") else "",
    }
