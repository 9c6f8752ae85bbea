"""The list of what gateways told."""

from __future__ import annotations

from django.db.models import Q

from counterfoil.cards.models import CardEvent
from counterfoil.cards.nouns import CARD_EVENT, CARD_PAYMENT, EVENT_TONES, TONES, called
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.platform.tables import Column, Table, View

OPEN = (CardEvent.State.UNKNOWN, CardEvent.State.PROBLEM)
EVENTS = Table(
    key="card-events",
    title="Card events",
    columns=(
        Column("at", "Received", lambda row: row.at, "when", sort="at", href=CARD_EVENT.url),
        Column("name", "What", called, sub=lambda row: f"told {row.repeats + 1} times" if row.repeats else ""),
        Column("state", "Status", lambda row: row.get_state_display(), "badge",
               tone=lambda row: EVENT_TONES[row.state]),
        Column("customer", "Customer", lambda row: row.customer.name if row.customer else "",
               href=lambda row: CUSTOMER.url(row.customer) if row.customer else ""),
        Column("said", "What came of it", lambda row: row.said),
        Column("event_id", "Gateway’s reference", lambda row: row.event_id, low=True),
    ),
    views=(
        View("all", "All", lambda rows: rows),
        View("open", "To look at", lambda rows: rows.filter(state__in=OPEN)),
        View("refused", "Refused", lambda rows: rows.filter(state="refused")),
    ),
    search=lambda rows, text: rows.filter(
        Q(customer__name__icontains=text) | Q(customer__number__iexact=text) | Q(event_id=text) | Q(intent=text)
    ),
    search_label="Search card events",
    row_id=lambda row: str(row.pk),
    order="-at",
    empty=("Nothing was told yet", "What the card gateway says of payments, refunds and disputes appears here."),
)  # fmt: skip
PAYMENTS = Table(
    key="card-payments",
    title="Card payments",
    columns=(
        Column("at", "Date", lambda row: row.at, "when", sort="at", href=CARD_PAYMENT.url),
        Column("way", "How", lambda row: row.get_way_display(), low=True),
        Column("card", "Card", lambda row: f"•••• {row.last4}" if row.last4 else "", low=True),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", tone=lambda row: TONES[row.state]),
        Column("said", "Why", lambda row: row.said[:1].upper() + row.said[1:], low=True),
        Column("receipt", "Receipt", lambda row: row.receipt.number if row.receipt else "", low=True),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", sort="amount_minor", strong=True),
    ),
    order="-at",
    empty=("No card payments yet", "What this customer pays by card appears here."),
)  # fmt: skip
