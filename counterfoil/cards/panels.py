"""What cards offer to the customer page: the saved card, and what was paid by card."""

from __future__ import annotations

from typing import Any

from counterfoil.cards import doors, queries
from counterfoil.cards.nouns import SAVED_CARD
from counterfoil.cards.tables import PAYMENTS
from counterfoil.customers.models import Customer
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel


def _shown(caller: Caller, customer: Customer) -> dict[str, Any]:
    card = queries.card_of(customer)
    return {
        "card": card, "url": SAVED_CARD.url(card) if card else "",
        "expired": card is not None and card.expires_on < caller.today,
        "may_remove": card is not None and doors.REMOVE_CARD.is_offered(caller, card),
        "waiting": queries.under_way_of(customer), "automatic": queries.policy().automatic,
    }  # fmt: skip


SAVED = Panel(
    "saved-card", "Saved card", "cards.view", _shown, template="cards/panels/card.html",
    words="credit card debit card visa mastercard token expiry automatic", queries=4,
)  # fmt: skip
CARD_PAYMENTS = Panel(
    "card-payments", "Card payments", "cards.view", lambda caller, customer: queries.payments_of(customer),
    table=PAYMENTS, words="online stripe declined refund dispute", queries=3,
)  # fmt: skip
