"""What receivables offer to the customer page: open items, the age analysis, credits and adjustments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table
from counterfoil.platform.templatetags.counterfoil import lateness
from counterfoil.receivables import ageing, doors, operations, queries
from counterfoil.receivables.rules import ItemState

ISSUE_CREDIT, DEBIT_MEMO = doors.ISSUE_CREDIT.action, doors.DEBIT_MEMO.action
ALLOCATE = Action(operations.allocate, "Allocate credit", "allocate", "link", words="allocate apply match credit")
ALLOCATE_OLDEST = Action(
    operations.allocate_oldest_first, "Allocate oldest first", "allocate-oldest", "link", words="allocate automatically"
)


def item_status(item: ItemState, today: Any, currency: str) -> tuple[str, str]:
    """The one fact about an open item that decides, and its tone."""
    from counterfoil.kernel.money import figure_text  # noqa: PLC0415 - only here

    if not item.is_debit:
        return ("Set aside", "info") if item.set_aside else ("Unallocated", "ok")
    if item.disputed_minor:
        return f"{figure_text(item.disputed_minor, currency)} disputed", "warn"
    return lateness(item.due_on, today)


def items_table(currency: str, today: Any) -> Table:
    """Open items, with how late each is on a day."""
    return Table(
        key="open-items",
        title="Open items",
        columns=(
            Column(
                "number", "Item", lambda row: row.number, sort=True, href=lambda row: reverse("item", args=[row.id])
            ),
            Column("text", "For", lambda row: row.text, low=True),
            Column("due_on", "Due", lambda row: row.due_on, "date", sort=True),
            Column(
                "status",
                "Status",
                lambda row: item_status(row, today, currency)[0],
                "badge",
                tone=lambda row: item_status(row, today, currency)[1],
            ),
            Column("amount", "Total", lambda row: row.signed_minor, "money", sort=True, low=True),
            Column("open", "Open", lambda row: row.signed_open_minor, "money", sort=True, strong=True, total=True),
        ),
        total_label="Balance",
        empty=("Nothing is open", "Invoices that are not fully paid appear here."),
    )


def read_items(customer: Customer, on: dt.date) -> list[ItemState]:
    """What is open of the customer of a page, read now and kept with it for the sections of the page."""
    found = queries.open_items_of(customer, on)
    customer.__dict__["_open_items"] = on, found
    return found


def items_at_hand(customer: Customer, on: dt.date) -> list[ItemState]:
    """The same for a section: as the page read it, or read now where there is no page around it."""
    day, found = customer.__dict__.get("_open_items", (None, []))
    return cast(list[ItemState], found) if day == on else queries.open_items_of(customer, on)


def _open_items(caller: Caller, customer: Customer) -> dict[str, Any]:
    items = items_at_hand(customer, caller.today)
    chosen = queries.default_bucket_set()
    from counterfoil.receivables.rules import age  # noqa: PLC0415 - the rule beside the read it needs

    analysis = age(items, queries.bucket_rules(chosen), caller.today, basis=chosen.basis)
    key = list(zip(analysis.labels, analysis.buckets, strict=True))
    return {"rows": items, "table": items_table(customer.currency, caller.today), "analysis": analysis, "agekey": key}


def _matrix(caller: Caller, customer: Customer) -> dict[str, Any]:
    """Open items spread over the buckets."""
    chosen = queries.default_bucket_set()
    buckets = queries.bucket_rules(chosen)
    labels = [rule.label for rule in buckets]
    heads = [*labels, "disputed", "unapplied"]
    rows: list[tuple[ItemState, list[int | None]]] = []
    for item in items_at_hand(customer, caller.today):
        parts: list[int | None] = [None] * len(heads)
        for label, minor in ageing.cells(item, buckets, caller.today, chosen.basis):
            parts[heads.index(label)] = minor or None
        rows.append((item, parts))
    return {"rows": rows, "table": matrix_table(labels)}


def _part(place: int) -> Callable[[Any], int | None]:
    return lambda row: row[1][place]


def matrix_table(labels: list[str]) -> Table:
    """One row to an item; the columns are the buckets."""
    heads = [*labels, "In dispute", "Credit"]
    return Table(
        key="age-analysis",
        title="Age analysis",
        columns=(
            Column("number", "Item", lambda row: row[0].number, href=lambda row: reverse("item", args=[row[0].id])),
            Column("due_on", "Due", lambda row: row[0].due_on, "date", sort=True),
            *(
                Column(f"b{place}", label, _part(place), "money", total=True, low=place > 0)
                for place, label in enumerate(heads)
            ),
            Column("open", "Open", lambda row: sum(v for v in row[1] if v), "money", strong=True, total=True),
        ),
        total_label="Balance",
        empty=("Nothing is open", "What is open appears here by its age."),
    )


CREDITS = Table(
    key="credits",
    title="Credits and adjustments",
    columns=(
        Column("number", "Number", lambda row: row.number, href=lambda row: reverse("item", args=[row.pk])),
        Column("on", "Date", lambda row: row.on, "date", sort="on"),
        Column("kind", "Kind", lambda row: row.get_kind_display(), sort="kind"),
        Column("text", "Reason", lambda row: row.text, low=True),
        Column("amount", "Amount", lambda row: row.signed_minor, "money"),
        Column("open", "Open", lambda row: row.open_minor, "money", sort="open_minor"),
    ),
    order="-on",
    empty=("No credits yet", "Credits, charges and write-offs appear here."),
)

OPEN_ITEMS = Panel(
    "open-items",
    "Open items",
    "receivables.view",
    _open_items,
    template="receivables/panels/open_items.html",
    note=lambda caller, customer: "as of now",
    words="balance overdue unpaid invoices outstanding",
    queries=6,
)
AGE_ANALYSIS = Panel(
    "age-analysis",
    "Age analysis",
    "receivables.view",
    _matrix,
    template="receivables/panels/age_analysis.html",
    actions=(ALLOCATE,),
    note=lambda caller, customer: "always current",
    words="ageing aged debtors buckets",
    queries=12,
)
CREDITS_PANEL = Panel(
    "credits",
    "Credits and adjustments",
    "receivables.view",
    lambda caller, customer: queries.credits_of(customer),
    table=CREDITS,
    actions=(DEBIT_MEMO, ISSUE_CREDIT),
    words="credit memo adjustments write-off debit memo",
    queries=3,
)
