"""How people meet card payments."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.billing.nouns import INVOICE
from counterfoil.cards import operations, queries
from counterfoil.cards.forms import AssignForm
from counterfoil.cards.models import CardEvent, CardPayment
from counterfoil.cards.nouns import CARD_EVENT, CARD_PAYMENT, GATEWAY, SAVED_CARD
from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door

State, EventState = CardPayment.State, CardEvent.State
_OPEN = (EventState.UNKNOWN, EventState.PROBLEM)


def _settings(row: Any) -> str:
    return reverse("card-settings")


ADD_GATEWAY = Door(
    operations.add_card_gateway, None, "add", "Save", under="settings/card-payments", name="add-card-gateway",
    caption="Set up card payments", home=_settings, about=lambda _: "Settings",
    lead=lambda row: f"At the gateway, add the webhook address {queries.hook_address('stripe')} first: it gives you "
                     "the signing secret.",
    done=lambda made, _: f"Customers can pay by card, by {made}. Check the connection next.",
)  # fmt: skip
CHECK_GATEWAY = Door(
    operations.check_card_gateway, GATEWAY, "check", "Check connection", under="settings/card-payments", about=str,
    at_once=True, home=_settings, offered=lambda row, day: row.retired_on is None, icon="check",
    done=lambda made, _: f"{made.get_kind_display()} answered: {made.checked}.",
)  # fmt: skip
CHANGE_KEYS = Door(
    operations.change_card_keys, GATEWAY, "keys", "Save keys", under="settings/card-payments", about=str,
    caption="Change keys", home=_settings, offered=lambda row, day: row.retired_on is None,
    start=lambda caller, row: {"public_key": row.public_key},
    lead=lambda row: "Of the same account at the gateway: saved cards and payments under way stay as they are.",
    done=lambda made, _: f"{made} is reached with these keys from now on. Check the connection next.",
)  # fmt: skip
RETIRE_GATEWAY = Door(
    operations.retire_card_gateway, GATEWAY, "retire", "Stop using", under="settings/card-payments", about=str,
    caption="Stop using", danger=True, home=_settings, offered=lambda row, day: row.retired_on is None,
    lead=lambda row: "Nobody is offered to pay by card, and no saved card is charged. What was begun is still "
                     "recorded.",
    done=lambda made, _: f"{made} is not used any more.",
)  # fmt: skip


def _policy(caller: Caller, row: Any) -> dict[str, Any]:
    now = queries.policy()
    return {"automatic": now.automatic, "most_tries": now.most_tries, "wait_days": now.wait_days}


CARD_POLICY = Door(
    operations.set_card_policy, None, "policy", "Save", under="settings/card-payments", name="card-policy",
    caption="Change card rules", about=lambda _: "Settings", home=_settings, start=_policy,
    done=lambda made, _: "Saved cards are charged like this from now on.",
)  # fmt: skip
REMOVE_CARD = Door(
    operations.remove_card, SAVED_CARD, "remove", "Remove card", caption="Remove card", danger=True, icon="ban",
    offered=lambda row, day: row.removed_on is None, start=lambda caller, row: {"reason": ""},
    lead=lambda row: "It is charged no more. Only the customer can add another, in the portal.",
    done=lambda made, row: f"{made.shown} is removed.",
)  # fmt: skip


REFUND_CARD = Door(
    operations.refund_card_payment, CARD_PAYMENT, "refund", "Refund to the card", caption="Refund to the card",
    icon="undo", danger=True, offered=lambda row, day: row.state in (State.PAID, State.LOST) and row.left_minor > 0
    and not row.asked_back_minor,
    start=lambda caller, row: {"amount": row.left_minor},
    lead=lambda row: f"{money_text(row.left_minor, row.currency)} can go back. Account credit is used first; what this "
                     "payment settled beyond that is owed again.",
    done=lambda made, row: f"{money_text(made.asked_back_minor, made.currency)} is on its way back to the card. "
                           "It is recorded when the gateway says that it went.",
)  # fmt: skip
ASSIGN_EVENT = Door(
    operations.assign_card_event, CARD_EVENT, "assign", "Record", caption="Say whose it is", icon="users",
    offered=lambda row, day: row.state in _OPEN, about=lambda row: row.said, form=AssignForm,
    done=lambda made, row: Saved(f"{made.said}", CARD_EVENT.url(made)),
)  # fmt: skip
RETRY_EVENT = Door(
    operations.retry_card_event, CARD_EVENT, "again", "Try again", caption="Try again", icon="repeat", at_once=True,
    offered=lambda row, day: row.state in _OPEN, done=lambda made, row: Saved(made.said, CARD_EVENT.url(made)),
)  # fmt: skip
REVOKE_LINK = Door(
    operations.revoke_pay_link, INVOICE, "revoke-link", "Revoke link", caption="Revoke the payment link", icon="ban",
    danger=True, words="pay online link token", offered=lambda row, day: row.item_id is not None
    and queries.gateway() is not None,
    lead=lambda row: "What was printed and sent with the old address opens nothing any more. Print or send the invoice "
                     "again to give the new one.",
    done=lambda made, row: f"The old payment link of {row.number} opens nothing any more.",
)  # fmt: skip
