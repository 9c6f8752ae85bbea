"""What there is to read of collections."""

from __future__ import annotations

import datetime as dt

from counterfoil.collections.models import Call, CallAction, FollowUp, Plan, Promise
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.platform.showing import Noun, Shown

_TONES = {"open": "info", "kept": "ok", "part": "warn", "broken": "bad"}


def tone_of(row: Promise) -> str:
    """How a promise's state looks."""
    return _TONES.get(row.state, "")


def _promise_badge(row: Promise, day: dt.date) -> tuple[str, str]:
    return row.get_state_display(), tone_of(row)


CALL = Noun(
    Call, path="calls", sees="collections.view", related=("customer", "outcome", "response", "contact", "site"),
    section="collections#calls", sorts=("on",), title=lambda row: f"Call of {date_text(row.on)}",
    shows=(
        "customer", "on", "at", "outcome", "response", "spoke_to", "contact", "phone", "site", "note", "forecast_on",
        "forecast_minor", "collector_name", "status",
    ),
    labels={"on": "Day", "collector_name": "Collector", "response": "Says", "forecast_minor": "Expected"},
    parts={"topics": ("item", "response", "note"), "promises": ("amount_minor", "due_on", "state")},
    one=lambda rows: rows.prefetch_related("topics__item", "topics__response"),
)  # fmt: skip
CALL_ACTION = Noun(
    CallAction, path="call-actions", sees="collections.view", called=("action",),
    related=("call__customer", "action", "topic__item", "dispute__item", "line"), whose=("call", "customer"),
    section="collections#call-actions", title=lambda row: f"{row.action}",
    shows=(
        "call", "action", Shown("item", lambda row: row.topic.item.number if row.topic else "", str),
        Shown("line", lambda row: row.line.text if row.line else "", str), "amount_minor",
        "note", "at", "author", "dispute", "done_on", "removed_on",
    ),
    labels={"done_on": "Complete since", "removed_on": "Taken back", "at": "Taken"},
)  # fmt: skip
FOLLOW_UP = Noun(
    FollowUp, path="follow-ups", sees="collections.view", related=("customer", "what", "call"),
    section="collections#follow-ups", title=lambda row: f"{row.what} on {date_text(row.on)}", sorts=("on",),
    shows=("customer", "call", "what", "on", "at", "done_on", "done_by"),
    labels={"what": "To do", "on": "Day", "done_on": "Done on"},
)  # fmt: skip
PROMISE = Noun(
    Promise, path="promises", sees="collections.view", related=("customer", "item", "call", "plan"),
    section="collections#promises", sorts=("due_on",), badges=(_promise_badge,), portal=True,
    title=lambda row: f"{money_text(row.amount_minor, row.currency)} by {date_text(row.due_on)}",
    shows=(
        "customer", "item", "call", "plan", "amount_minor", "currency", "made_on", "author", "due_on", "state",
        "received_minor",
    ),
    labels={"due_on": "By", "received_minor": "Received in time"},
)  # fmt: skip
PLAN = Noun(
    Plan, path="payment-plans", sees="collections.view", related=("customer",), section="collections#promises",
    title=lambda row: f"Plan of {date_text(row.made_on)}", word="payment plan",
    shows=("customer", "made_on", "author"), parts={"promises": ("amount_minor", "due_on", "state", "received_minor")},
)  # fmt: skip
