"""A list of the desk for one request: with this person's own views of it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from counterfoil.desk import pages
from counterfoil.desk.queries import saved_views
from counterfoil.operator.queries import operator
from counterfoil.platform.requests import Request
from counterfoil.platform.tables import Listing, Table

# Which page shows the list of a key: only these can have views of one's own.
LISTS = {one.key: one.name for one in (*vars(pages).values(), *pages.EVERYONES) if isinstance(one, pages.ListPage)} | {
    "age": "age-analysis", "aged-items": "aged-items",
}  # fmt: skip


def listing_for(request: Request, table: Table, rows: Any, **options: Any) -> Listing:
    """The table over rows as the address asks."""
    caller = request.caller
    options.setdefault("currency", operator().currency)
    saved: list[tuple[str, str, str]] = []
    save_url = ""
    if table.key in LISTS and caller.user_id is not None:
        saved = [
            (view.name, view.query, reverse("forget-view", args=[view.pk]) if view.user_id == caller.user_id else "")
            for view in saved_views(caller, table.key)
        ]
    listing = table.listing(rows, request.GET, request.path, today=caller.today, saved=saved, **options)
    if table.key in LISTS and caller.may("desk.save_view"):
        save_url = f"{reverse('save-view')}?{urlencode({'list_key': table.key, 'query': listing.query})}"
    listing.save_url = save_url
    return listing
