"""How people meet promises, follow-ups and what was decided in calls."""

from __future__ import annotations

from typing import Any

from django.forms.models import model_to_dict
from django.urls import reverse

from counterfoil.collections import operations, queries
from counterfoil.collections.models import Call, CallAction, FollowUp, Promise
from counterfoil.collections.nouns import CALL, CALL_ACTION, FOLLOW_UP, PLAN, PROMISE
from counterfoil.collections.operations.calls import DISPUTED
from counterfoil.credit.queries import collectors_of
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import lookup_names
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.receivables.forms import item_choices
from counterfoil.receivables.nouns import DISPUTE, ITEM
from counterfoil.receivables.queries import figures, open_items_of
from counterfoil.staff.queries import people


def _amount(row: Promise) -> str:
    return money_text(row.amount_minor, row.currency)


def _owed(caller: Caller, customer: Customer) -> str:
    due = figures(customer, caller.today)
    overdue, owed = (money_text(minor, due.currency) for minor in (due.overdue_minor, due.total_due_minor))
    return f"{overdue} is overdue, {owed} owed."


def _items(caller: Caller, customer: Customer) -> list[tuple[Any, str]]:
    debits = [item for item in open_items_of(customer, caller.today) if item.is_debit]
    rows = ITEM.visible(caller).in_bulk([item.id for item in debits])
    words = item_choices(debits, customer.currency)
    return [(None, "Whatever is owed"), *((rows[int(key)], text) for key, text in words)]


def _collectors(caller: Caller, customer: Any) -> list[tuple[Any, str]]:
    return [(None, "Nobody: everybody's queue"), *((row, row.name) for row in people())]


RECORD_PROMISE = Door(
    operations.record_promise, CUSTOMER, "promise", "Save promise", caption="Record promise", icon="user-check",
    words="promise to pay will pay", offers={"item": _items}, helps={"amount": _owed},
    fields={
        "amount": Says("Will pay"), "due_on": Says("By", "Up to and on this day."),
        "item": Says("For", "A newer promise for the same takes the place of an open one."),
    },
    start=lambda caller, row: {"amount": figures(row, caller.today).overdue_minor or None},
    done=lambda made, _: f"{_amount(made)} promised for {date_text(made.due_on)}.",
)  # fmt: skip
CANCEL_PROMISE = Door(
    operations.cancel_promise, PROMISE, "cancel", "Cancel promise", danger=True,
    offered=lambda row, day: row.state == Promise.State.OPEN,
    done=lambda made, _: f"The promise of {_amount(made)} is cancelled.",
)  # fmt: skip
SEND_PLAN = Door(
    operations.send_plan, PLAN, "send", "E-mail plan", caption="E-mail plan", at_once=True, icon="send",
    done=lambda made, _: f"Plan sent to {', '.join(row.address for row in made.deliveries.all())}.",
)  # fmt: skip
RECALCULATE = Door(
    operations.recalculate_effectiveness, None, "recalculate", "Recalculate", under="reports/collection-effectiveness",
    caption="Recalculate months that are over", about=lambda _: "Collection effectiveness",
    home=lambda _: reverse("report", args=["collection-effectiveness"]), icon="repeat",
    lead=lambda _: "Months are kept as they were when they ended. What was posted into them since counts from now on.",
    fields={"periods": Says("Months that are over", "0 to 10, the newest first.", 10, 0)},
    start=lambda caller, _: {"periods": 1},
    done=lambda made, _: f"{made} figures changed." if made else "Nothing changed.",
)  # fmt: skip
CLOSE_CALL = Door(
    operations.close_call, CALL, "close", "Close call", at_once=True, icon="check",
    offered=lambda row, day: row.status == Call.Status.OPEN, done=lambda made, _: "The call is closed.",
)  # fmt: skip
REOPEN_CALL = Door(
    operations.reopen_call, CALL, "reopen", "Reopen call", at_once=True, icon="undo",
    offered=lambda row, day: row.status == Call.Status.CLOSED, done=lambda made, _: "The call is open again.",
)  # fmt: skip
FINISH_FOLLOW_UP = Door(
    operations.finish_follow_up, FOLLOW_UP, "done", "Done", caption="Follow-up done", at_once=True, icon="check",
    offered=lambda row, day: row.done_on is None, done=lambda made, _: f"Done: {made.what}.",
)  # fmt: skip


def effective_collector(row: Customer) -> str:
    """Who collects from an account, in words."""
    return collectors_of([row.pk]).get(row.pk, "everybody")


def _stands(row: CallAction, day: Any) -> bool:
    disputes = row.removed_on is None and row.action.code == "partial_dispute"
    return disputes and (row.done_on is None or (row.dispute is not None and row.dispute.closed_on is None))


FINISH_ACTION = Door(
    operations.finish_action, CALL_ACTION, "done", "Complete", caption="Complete action", at_once=True, icon="check",
    offered=lambda row, day: row.done_on is None and row.removed_on is None,
    done=lambda made, _: f"Complete: {made.action}.",
)  # fmt: skip
CHANGE_CALL_DISPUTE = Door(
    operations.change_call_dispute, CALL_ACTION, "dispute", "Save dispute", caption="Change dispute", offered=_stands,
    fields={"amount": Says("Amount in dispute", "0 ends the dispute.")},
    start=lambda caller, row: {"amount": row.amount_minor},
    done=lambda made, row: f"{money_text(made.amount_minor or 0, row.call.customer.currency)} is in dispute.",
)  # fmt: skip
REMOVE_CALL_DISPUTE = Door(
    operations.remove_call_dispute, CALL_ACTION, "remove", "Take back", caption="Take back dispute", danger=True,
    offered=_stands, lead=lambda row: "The dispute ends today. The action and its history stay to be read.",
    done=lambda made, _: "The dispute is taken back.",
)  # fmt: skip


def _asked(row: CallAction, day: Any) -> bool:
    return row.action.code == "credit_memo" and row.done_on is None and row.removed_on is None


def _why_asked(row: CallAction) -> str:
    said = "An invoice is credited over its lines, with their tax. A dispute of it is smaller by as much."
    return f"{said} Noted, for staff only: {row.note}" if row.note else said


_CREDIT_REASONS = lookup_names("credit_reason")
_STATEMENT = Says(help="The customer reads it on the statement.")
GRANT_CREDIT = Door(
    operations.grant_credit, CALL_ACTION, "grant", "Credit", caption="Grant credit request", offered=_asked,
    fields={"reason": _STATEMENT}, suggests={"reason": _CREDIT_REASONS},
    # What staff noted is shown beside the form; the reason is written for the customer.
    start=lambda caller, row: {"amount": row.amount_minor},
    lead=_why_asked,
    done=lambda made, row: f"{money_text(made.amount_minor, made.currency)} credited as {made.number}.",
)  # fmt: skip
DECLINE_CREDIT = Door(
    operations.decline_credit, CALL_ACTION, "decline", "Decline", caption="Decline credit request", danger=True,
    offered=_asked, done=lambda made, _: "The request is declined.",
)  # fmt: skip
CREDIT_DISPUTE = Door(
    operations.credit_dispute, DISPUTE, "credit", "Credit", caption="Credit what is in dispute",
    offered=lambda row, day: row.closed_on is None and bool(row.item.open_minor), fields={"reason": _STATEMENT},
    suggests={"reason": _CREDIT_REASONS},
    start=lambda caller, row: {
        "amount": min(row.amount_minor, row.item.open_minor), "reason": "" if row.reason == DISPUTED else row.reason,
    },
    lead=lambda row: "The customer is right: it is credited with its tax, and in dispute no more.",
    done=lambda made, row: f"{money_text(made.amount_minor, made.currency)} credited as {made.number}.",
)  # fmt: skip
ASSIGN = Door(
    operations.assign_collector, CUSTOMER, "collector", "Give", caption="Give to a collector", icon="users",
    words="collector assign queue", given={"customers": lambda caller, row: [row]}, offers={"collector": _collectors},
    fields={"collector": Says("In the queue of")},
    done=lambda made, row: f"{row.name} is in the queue of {effective_collector(row)}.",
)  # fmt: skip
POLICY = Door(
    operations.set_collections_policy, None, "promises", "Save", name="collections-policy", under="settings",
    caption="Promises to pay", about=lambda _: "Settings", home=lambda _: reverse("settings"),
    fields={
        "promises_hold": Says("An open promise holds dunning and suspension up to its day"),
        "hold_percent": Says("It must be for so much of what is overdue, in percent", "", 100),
        "longest_days": Says("How far ahead a promise may be, in days", "Instalments are no farther apart.", 366),
        "portal_days": Says("How far ahead customers may promise in the portal, in days", "0: they may not.", 90),
        "portal_instalments": Says("How many instalments they may ask for in the portal", "0: none.", 12),
    },
    start=lambda caller, _: model_to_dict(queries.policy(), exclude=("id",)),
    done=lambda made, _: "Saved. It counts from now on.",
)  # fmt: skip


def followed(row: FollowUp) -> str:
    """How a follow-up stands."""
    return f"Done {date_text(row.done_on)}" if row.done_on else ""
