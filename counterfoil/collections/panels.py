"""What collections offer to the customer page: calls, what was decided, promises, and what is to be done."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.collections import doors, queries
from counterfoil.collections.models import Call, CallAction, Promise
from counterfoil.collections.nouns import CALL, CALL_ACTION, PLAN, PROMISE, tone_of
from counterfoil.collections.operations import agree_plan, record_call
from counterfoil.customers.models import Customer
from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Action, Panel
from counterfoil.platform.tables import Column, Table

LOG_CALL = Action(record_call, "Log call", "log-call", "phone-call", "c", words="call rang spoke collector telephone")
AGREE_PLAN = Action(
    agree_plan, "Agree payment plan", "agree-plan", "layers", words="instalments arrangement plan pay off"
)
RECORD_PROMISE, ASSIGN = doors.RECORD_PROMISE.action, doors.ASSIGN.action


def _said(row: Call) -> str:
    parts = [row.spoke_to, str(row.response or "")]
    return ", ".join(part for part in parts if part)


CALLS = Table(
    key="calls",
    title="Calls",
    columns=(
        Column("on", "Day", lambda row: row.on, "date", sort="at", href=CALL.url, sub=lambda row: row.collector_name),
        Column("outcome", "Outcome", lambda row: row.outcome.name, sub=_said),
        Column("note", "Note", lambda row: row.note, low=True),
        Column("status", "Status", lambda row: row.get_status_display(), "badge", sort="status",
               tone=lambda row: "" if row.status == "closed" else "info"),
    ),
    order="-on",
    empty=("No calls yet", "Calls about what this customer owes appear here."),
)  # fmt: skip


def _of(row: Promise) -> str:
    return row.item.number if row.item else "What is owed"


PROMISES = Table(
    key="promises",
    title="Promises",
    columns=(
        Column("due", "By", lambda row: row.due_on, "date", sort="due_on", href=PROMISE.url,
               sub=lambda row: "Instalment" if row.plan_id else ""),
        Column("of", "For", _of, low=True),
        Column("author", "Taken by", lambda row: row.author, low=True),
        Column("amount", "Promised", lambda row: row.amount_minor, "money", sort="amount_minor", strong=True),
        Column("received", "Received", lambda row: row.received_minor, "money", low=True),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", sort="state", tone=tone_of),
        Column("plan", "Plan", lambda row: "Plan" if row.plan_id else "", low=True,
               href=lambda row: PLAN.url(row.plan) if row.plan_id else ""),
        Column("letter", "Letter", lambda row: "PDF" if row.plan_id else "", low=True,
               href=lambda row: reverse("plan-file", args=[row.plan_id]) if row.plan_id else ""),
        doors.CANCEL_PROMISE.column("Cancel"),
    ),
    order="-due",
    empty=("No promises yet", "What customers promise to pay appears here, with whether they did."),
)  # fmt: skip


FOLLOW_UPS = Table(
    key="follow-ups",
    title="To follow up",
    columns=(
        Column("on", "Day", lambda row: row.on, "date", sort="on"),
        Column("what", "To do", lambda row: row.what.name, sub=lambda row: row.call.note[:80]),
        Column("state", "Status", doors.followed, "badge"),
        doors.FINISH_FOLLOW_UP.column("Done"),
    ),
    empty=("Nothing to follow up", "What a call leaves to be done appears here."),
)  # fmt: skip


def _about(row: CallAction) -> str:
    line = f", {row.line.text[:60]}" if row.line else ""
    return f"{row.topic.item.number}{line}" if row.topic else "The account"


def _action_state(row: CallAction) -> str:
    if row.removed_on:
        return "Taken back"
    return "Complete" if row.done_on else "To do"


ACTIONS = Table(
    key="call-actions",
    title="Call actions",
    columns=(
        Column("at", "Taken", lambda row: row.at, "when", sort="at", sub=lambda row: row.author),
        Column("action", "Action", lambda row: row.action.name, href=CALL_ACTION.url, sub=lambda row: row.note),
        Column("about", "About", _about),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", low=True),
        Column("state", "Status", _action_state, "badge", tone=lambda row: "ok" if row.done_on else ""),
        doors.CHANGE_CALL_DISPUTE.column("Change"),
        doors.FINISH_ACTION.column("Complete"),
    ),
    order="-at",
    empty=("No actions yet", "What was decided in calls appears here: disputes, credit requests, alerts."),
)  # fmt: skip

CALLS_PANEL = Panel(
    "calls", "Calls", "collections.view", lambda caller, customer: queries.calls_of(customer), table=CALLS,
    actions=(LOG_CALL,), words="call history telephone collector", queries=4,
)  # fmt: skip


def _planned(caller: Caller, customer: Customer) -> str:
    minor = queries.in_plans([customer.pk], caller.today).get(customer.pk, 0)
    return f"{money_text(minor, customer.currency)} in a plan that is kept" if minor else ""


PROMISES_PANEL = Panel(
    "promises", "Promises", "collections.view", lambda caller, customer: queries.promises_of(customer), table=PROMISES,
    actions=(AGREE_PLAN, RECORD_PROMISE), words="promise to pay plan instalments kept broken", queries=10,
    note=_planned,
)  # fmt: skip
FOLLOW_UPS_PANEL = Panel(
    "follow-ups", "To follow up", "collections.view", lambda caller, customer: queries.follow_ups_of(customer),
    table=FOLLOW_UPS, words="follow up task call back", queries=4,
)  # fmt: skip
ACTIONS_PANEL = Panel(
    "call-actions", "Call actions", "collections.view", lambda caller, customer: queries.actions_of(customer),
    table=ACTIONS, words="action dispute credit memo alert", queries=4,
)  # fmt: skip
