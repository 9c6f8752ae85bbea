"""What there is to read about card payments."""

from __future__ import annotations

import datetime as dt

from counterfoil.cards.models import CardEvent, CardGateway, CardPayment, CardPolicy, SavedCard
from counterfoil.platform.showing import Noun

TONES = {"started": "", "due": "info", "charging": "info", "paid": "ok", "failed": "bad", "expired": "",
         "disputed": "warn", "refunded": "", "lost": "bad"}  # fmt: skip
EVENT_TONES = {"waiting": "info", "done": "ok", "nothing": "", "unknown": "warn", "problem": "bad", "refused": "bad"}

# As the gateways call them, in words.
_CALLED = {
    "checkout.session.completed": "Payment page completed", "checkout.session.expired": "Payment page closed",
    "payment_intent.succeeded": "Payment succeeded", "payment_intent.payment_failed": "Payment failed",
    "charge.succeeded": "Card charged", "charge.refunded": "Refund", "charge.dispute.created": "Dispute opened",
    "charge.dispute.closed": "Dispute closed", "payout.paid": "Paid out",
    "checkout.session.async_payment_failed": "Payment failed later",
    "checkout.session.async_payment_succeeded": "Payment succeeded later",
}  # fmt: skip


def called(row: CardEvent) -> str:
    """What an event is, in words; as the gateway calls it where there are none."""
    return _CALLED.get(row.name, row.name) or "Not signed"


def _payment(row: CardPayment, day: dt.date) -> tuple[str, str]:
    return row.get_state_display(), TONES[row.state]


def _event(row: CardEvent, day: dt.date) -> tuple[str, str]:
    return row.get_state_display(), EVENT_TONES[row.state]


GATEWAY = Noun(
    CardGateway, path="card-gateways", sees="cards.view", whose=(), called=("gateway",), word="card gateway",
    labels={"added_on": "In use since", "retired_on": "Not used since", "checked": "Account",
            "checked_at": "Answered last"},
    shows=("kind", "public_key", "live", "added_on", "retired_on", "checked", "checked_at"),
)  # fmt: skip
CARD_POLICY = Noun(
    CardPolicy, path="card-policies", sees="cards.view", whose=(), word="policy of card payments",
    shows=("automatic", "most_tries", "wait_days", "at", "author"),
)  # fmt: skip
SAVED_CARD = Noun(
    SavedCard, path="saved-cards", sees="cards.view", section="account#saved-card", related=("customer",),
    called=("card",), word="saved card", title=lambda row: row.shown,
    labels={"shown": "Card", "expiry": "Valid to", "verified_at": "Entered by the customer",
            "told_on": "Told that it expires"},
    shows=("customer", "shown", "expiry", "verified_at", "told_on", "removed_on", "remove_reason"),
)  # fmt: skip
CARD_PAYMENT = Noun(
    CardPayment, path="card-payments", sees="cards.view", section="billing#card-payments",
    related=("customer", "card", "receipt", "gateway"), word="card payment", called=("payment",), badges=(_payment,),
    title=lambda row: f"Card payment {row.reference.rpartition('-')[2][:6]}",
    labels={"way": "How", "card": "Saved card", "last4": "Card ends in", "said": "Why", "at": "Begun",
            "receipt": "Payment", "intent": "Gateway’s reference", "refunded_minor": "Gone back to the card",
            "lost_minor": "Lost in a dispute", "next_try_at": "Tried again"},
    shows=("customer", "reference", "way", "state", "amount_minor", "currency", "card", "brand", "last4", "code",
           "said", "at", "receipt", "intent", "refunded_minor", "lost_minor", "tries", "next_try_at"),
    parts={"parts": ("item", "amount_minor")},
    rows=lambda caller, rows: rows.prefetch_related("parts__item"),
)  # fmt: skip
CARD_EVENT = Noun(
    CardEvent, path="card-events", sees="cards.view", whose=(), related=("customer", "payment", "gateway"),
    called=("event",), word="event of the card gateway", badges=(_event,), title=called,
    rows=lambda caller, rows: rows.none() if caller.is_scoped else rows,
    labels={"name": "What it is called there", "event_id": "Gateway’s reference", "told_at": "Said at",
            "at": "Received", "said": "What came of it", "repeats": "Told again"},
    shows=("name", "state", "said", "customer", "payment", "event_id", "told_at", "at", "repeats"),
)  # fmt: skip
