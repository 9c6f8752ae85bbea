"""What payments offer to the customer page: receipts and refunds."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.payments import doors, operations, queries
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table

RECORD = Action(
    operations.record_receipt,
    "Record payment",
    "record-payment",
    "landmark",
    "p",
    words="payment receipt eft cash card paid",
)
REFUND = doors.REFUND.action


def _status(row: Any) -> tuple[str, str]:
    if hasattr(row, "reversal"):
        return "Reversed", "bad"
    return ("Set aside", "info") if row.is_aside and row.item.open_minor else ("", "")


RECEIPTS = Table(
    key="receipts",
    title="Payments and receipts",
    columns=(
        Column(
            "number",
            "Receipt",
            lambda row: row.number,
            sort="sequence_no",
            href=lambda row: reverse("receipt", args=[row.pk]),
        ),
        Column("on", "Received", lambda row: row.on, "date", sort="on"),
        Column("method", "Method", lambda row: row.method_name, sort="method"),
        Column("reference", "Reference", lambda row: row.reference, low=True),
        Column("state", "Status", lambda row: _status(row)[0], "badge", tone=lambda row: _status(row)[1]),
        Column("left", "Unallocated", lambda row: row.item.open_minor, "money", sort="item__open_minor", low=True),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", sort="amount_minor", strong=True),
    ),
    order="-on",
    empty=("No payments yet", "Money received from this customer appears here."),
)

REFUNDS = Table(
    key="refunds",
    title="Refunds",
    columns=(
        Column("number", "Refund", lambda row: row.number, href=lambda row: reverse("item", args=[row.item_id])),
        Column("on", "Refunded", lambda row: row.on, "date", sort="on"),
        Column("method", "Method", lambda row: row.method_name),
        Column("reason", "Reason", lambda row: row.reason),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", sort="amount_minor"),
    ),
    order="-on",
    empty=("No refunds", "Refunds to this customer appear here."),
)

PAYMENTS = Panel(
    "receipts",
    "Payments and receipts",
    "payments.view",
    lambda caller, customer: queries.receipts_of(customer),
    table=RECEIPTS,
    actions=(REFUND, RECORD),
    words="payment receipts money received",
    queries=3,
)
REFUNDS_PANEL = Panel(
    "refunds",
    "Refunds",
    "payments.view",
    lambda caller, customer: queries.refunds_of(customer),
    table=REFUNDS,
    words="refunds money back",
    queries=3,
)
