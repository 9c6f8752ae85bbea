"""Turning a panel into a section of a page: its listing or its template, its buttons, and its own error box."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from counterfoil.customers.models import Customer
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.requests import Request
from counterfoil.platform.tables import Listing, Table

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Section:
    """A panel of one customer, ready to be put on a page."""

    panel: Panel
    url: str
    note: str
    body: SafeString | str
    actions: list[tuple[Action, str]]
    failed: bool = False


def listing_of(request: Request, customer: Customer, panel: Panel, *, alone: bool) -> tuple[Listing | None, Any]:
    """The panel's rows as a list for its own address, and the rest of what it read."""
    caller = request.caller
    read = panel.read(caller, customer)
    context = read if isinstance(read, dict) else {"rows": read}
    table: Table | None = context.get("table", panel.table)
    if table is None:
        return None, context
    # The query string of a page with several lists belongs to none of them; each has its own address.
    params = request.GET if alone else {}
    listing = table.listing(
        context["rows"], params, _url(customer, panel), currency=customer.currency, today=caller.today,
        brief=panel.brief, push=False,
    )  # fmt: skip
    return listing, context


def section_of(request: Request, customer: Customer, panel: Panel, *, alone: bool = False) -> Section:
    """One section. A panel that fails says so in its own place; the page around it stays usable."""
    caller = request.caller
    url = _url(customer, panel)
    actions = [(action, action.url(customer)) for action in panel.actions if action.offered(caller, customer)]
    try:
        listing, context = listing_of(request, customer, panel, alone=alone)
        body = render_to_string(panel.template, {**context, "listing": listing, "customer": customer}, request)
        note = panel.note(caller, customer) if panel.note else listing.count_text if listing and listing.count else ""
        return Section(panel, url, note, body, actions)
    except Exception:  # noqa: BLE001 - whatever failed, the other sections must still be read
        log.exception("Section %s of customer %s failed.", panel.key, customer.pk)
        return Section(panel, url, "", "", actions, failed=True)


def _url(customer: Customer, panel: Panel) -> str:
    return reverse("panel", args=[customer.number, panel.key])
