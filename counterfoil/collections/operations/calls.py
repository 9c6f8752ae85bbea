"""Calls: one save writes the call, its topics, promises, disputes, actions, hold and follow-ups, or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from django.utils import timezone

from counterfoil.billing.models import InvoiceLine
from counterfoil.collections.disputes import disputable
from counterfoil.collections.models import Call, CallAction, CallTopic, FollowUp, Notified
from counterfoil.collections.operations import effects
from counterfoil.collections.operations.promises import promise
from counterfoil.collections.operations.work import keep
from counterfoil.customers.models import Contact, Customer, Site
from counterfoil.customers.operations import place_credit_hold
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator.models import Lookup
from counterfoil.operator.queries import check_offered, lookups
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import PastDay, StaffNote
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.staff.models import User

_Short = Annotated[str, Says(most=120, optional=True)]
_Line = Annotated[str, Says(most=200, optional=True)]
MOST_ROWS = 100

# What is noted of a dispute where nobody said why.
DISPUTED = "Disputed in a call"


@dataclass(frozen=True)
class NewTopic:
    """What the call was about: one item, what was said about it, and what was promised for it."""

    item: OpenItem
    response: Lookup | None = None
    note: _Line = ""
    promise_minor: int | None = None
    promise_on: dt.date | None = None


@dataclass(frozen=True)
class NewAction:
    """What is to be done: about the account, or about an item, which becomes a topic of the call."""

    action: Lookup
    item: OpenItem | None = None
    amount_minor: int | None = None
    note: _Line = ""
    # Who is told of it.
    notify: tuple[User, ...] = field(default=())
    # The line of the item's invoice that it is about, by its id; without an amount all that is left of it.
    line: int | None = None
    # The answer, where excluding from dunning asks whether the whole account is meant.
    confirm: bool | None = None


@verb(label="Log call")
def record_call(
    op: Operation,
    *,
    customer: Customer,
    outcome: Lookup,
    note: StaffNote = "",
    response: Lookup | None = None,
    on: PastDay | None = None,
    contact: Contact | None = None,
    spoke_to: _Short = "",
    phone: Annotated[str, Says(most=40, optional=True)] = "",
    site: Site | None = None,
    promise_minor: int | None = None,
    promise_on: dt.date | None = None,
    forecast_minor: int | None = None,
    forecast_on: dt.date | None = None,
    follow_up_on: dt.date | None = None,
    follow_up_time: Annotated[str, Says("At", "An hour such as 14:30.", 5, optional=True)] = "",
    follow_up_action: Lookup | None = None,
    topics: Sequence[NewTopic] = (),
    actions: Sequence[NewAction] = (),
    hold_reason: _Line = "",
) -> Call:
    """The call is on record with all that came of it. What was said in it never changes.

    A promise supersedes an open one about the same thing; a dispute counts from today; a follow-up is in somebody's
    queue from its day, or its hour, on. What was to be followed up by now is done. With a reason for it the account
    goes on credit hold.
    """
    owner = lock([customer.pk])[customer.pk]
    refuse_if(owner.status == Customer.Status.MERGED, "account_closed", f"{owner.number} was merged.")
    _check_choices(op, outcome=outcome, response=response, follow_up_action=follow_up_action)
    _check_people(owner, contact, site)
    _check_pair(promise_minor, promise_on, "promise")
    _check_pair(forecast_minor, forecast_on, "forecast")
    refuse_if(len(topics) + len(actions) > MOST_ROWS, "too_many", f"A call has at most {MOST_ROWS} topics and actions.")
    call = Call.objects.create(
        customer=owner, site=site, on=on or op.today, at=op.now, contact=contact,
        spoke_to=spoke_to or (contact.name[:120] if contact else ""), phone=phone, outcome=outcome, response=response,
        note=note, forecast_on=forecast_on, forecast_minor=forecast_minor, collector_id=op.caller.user_id,
        collector_name=op.caller.name,
    )  # fmt: skip
    # Who has just been called back is not called back again; what is due later stays.
    due = FollowUp.objects.filter(customer=owner, done_on__isnull=True, on__lte=op.today)
    for row in due.exclude(at__gt=op.now):
        _finish(op, row)
    said = f": {note[:200]}" if note else ""
    op.record("call.recorded", call, customer_id=owner.pk, outcome=outcome.name, note=said)
    known: dict[int, CallTopic] = {}
    for topic in topics:
        _add_topic(op, call, topic, known)
    if promise_minor is not None and promise_on is not None:
        promise(op, owner, promise_minor, promise_on, None, call)
    for action in actions:
        _add_action(op, call, action, known)
    if follow_up_on is not None or follow_up_time or follow_up_action is not None:
        _follow_up(op, call, follow_up_on, follow_up_time, follow_up_action)
    if hold_reason:
        place_credit_hold(op, customer=owner, reason=hold_reason)
    op.at_end(keep, {owner.pk})
    return call


@verb(label="Add to call")
def add_to_call(
    op: Operation, *, call: Call, topics: Sequence[NewTopic] = (), actions: Sequence[NewAction] = ()
) -> Call:
    """The call has these topics and actions too. What it had stays as it was."""
    row = _locked(call)
    refuse_if(not topics and not actions, "nothing", "Add a topic or an action.")
    refuse_if(len(topics) + len(actions) > MOST_ROWS, "too_many", f"A call has at most {MOST_ROWS} topics and actions.")
    known = {topic.item_id: topic for topic in row.topics.all()}
    for topic in topics:
        _add_topic(op, row, topic, known)
    for action in actions:
        _add_action(op, row, action, known)
    op.keep(row, customer_id=row.customer_id)
    op.at_end(keep, {row.customer_id})
    return row


@verb
def close_call(op: Operation, *, call: Call) -> Call:
    """Nothing is expected of the call any more. What is still to be followed up stays in the queue."""
    row = _locked(call)
    refuse_if(row.status == Call.Status.CLOSED, "closed", "This call is closed.")
    row.status = Call.Status.CLOSED
    row.save(update_fields=["status"])
    op.record("call.closed", row, customer_id=row.customer_id, on=row.on)
    return row


@verb
def reopen_call(op: Operation, *, call: Call) -> Call:
    """The call is open again."""
    row = _locked(call)
    refuse_if(row.status == Call.Status.OPEN, "open", "This call is open.")
    row.status = Call.Status.OPEN
    row.save(update_fields=["status"])
    op.record("call.reopened", row, customer_id=row.customer_id, on=row.on)
    return row


@verb
def finish_follow_up(op: Operation, *, follow_up: FollowUp) -> FollowUp:
    """It is done, and in nobody's queue any more."""
    lock([follow_up.customer_id])
    row = FollowUp.objects.select_related("what").get(pk=follow_up.pk)
    refuse_if(row.done_on is not None, "done", "This is done already.")
    _finish(op, row)
    op.at_end(keep, {row.customer_id})
    return row


@verb
def finish_action(op: Operation, *, action: CallAction) -> CallAction:
    """The action was carried out. Its effects stay: an exclusion or a dispute does not end with it."""
    row = locked_action(action)
    refuse_if(row.done_on is not None, "done", "This action is complete.")
    row.done_on = op.today
    row.save(update_fields=["done_on"])
    op.record("action.done", row, customer_id=row.call.customer_id, action=row.action.name)
    for left in row.follow_ups.filter(done_on__isnull=True).select_related("what"):
        _finish(op, left)
    op.at_end(keep, {row.call.customer_id})
    return row


@verb(label="Change dispute of call")
def change_call_dispute(
    op: Operation, *, action: CallAction, amount_minor: Annotated[int, Says("Amount in dispute")]
) -> CallAction:
    """So much of the item is in dispute from today; nothing ends the dispute. What was in dispute before is history."""
    row = locked_action(action)
    refuse_if(row.action.code != "partial_dispute", "not_a_dispute", "Only a partial dispute can change.")
    refuse_if(row.done_on is not None and not _in_dispute(row), "settled", "This dispute is settled.")
    refuse_if(amount_minor < 0, "negative", "An amount in dispute is zero or more.", field="amount")
    effects.set_dispute(op, row, amount_minor)
    return row


@verb(label="Remove dispute of call")
def remove_call_dispute(op: Operation, *, action: CallAction) -> CallAction:
    """The action and its dispute are taken back from today; both can be read."""
    row = locked_action(action)
    refuse_if(row.action.code != "partial_dispute", "not_a_dispute", "Only a partial dispute can be removed.")
    refuse_if(row.done_on is not None and not _in_dispute(row), "settled", "This dispute is settled.")
    effects.set_dispute(op, row, 0)
    row.removed_on = op.today
    row.save(update_fields=["removed_on"])
    op.record("action.removed", row, customer_id=row.call.customer_id, action=row.action.name)
    return row


def _locked(call: Call) -> Call:
    lock([call.customer_id])
    return Call.objects.select_related("customer").get(pk=call.pk)


def locked_action(action: CallAction) -> CallAction:
    """The action as it is now, with its customer locked; refused when it was taken back."""
    lock([action.call.customer_id])
    row = CallAction.objects.select_related(
        "action", "call__customer", "topic__item__customer", "dispute", "line__invoice__item"
    ).get(pk=action.pk)
    refuse_if(row.removed_on is not None, "removed", "This action was taken back.")
    return row


def _in_dispute(row: CallAction) -> bool:
    return row.topic is not None and Dispute.objects.filter(item=row.topic.item_id, closed_on__isnull=True).exists()


def _check_choices(op: Operation, **chosen: Lookup | None) -> None:
    kinds = {"outcome": "call_outcome", "response": "customer_response", "action": "call_action"}
    for name, row in chosen.items():
        check_offered(row, kinds.get(name, name), op.today, field=name)


def _check_people(owner: Customer, contact: Contact | None, site: Site | None) -> None:
    for row, name in ((contact, "contact"), (site, "site")):
        wrong = row is not None and row.customer_id != owner.pk
        refuse_if(wrong, "other_customer", "That belongs to another customer.", field=name)


def _check_pair(minor: int | None, on: dt.date | None, name: str) -> None:
    refuse_if((minor is None) != (on is None), f"half_{name}", f"A {name} is an amount and a day.",
              field=f"{name}_on" if on is None else name)  # fmt: skip
    refuse_if(minor is not None and minor <= 0, "not_positive", "The amount must be more than zero.", field=name)


def _add_topic(op: Operation, call: Call, new: NewTopic, known: dict[int, CallTopic]) -> CallTopic:
    _check_choices(op, response=new.response)
    _check_pair(new.promise_minor, new.promise_on, "promise")
    refuse_if(new.item.pk in known, "topic_twice", f"{new.item.number} is a topic already.", field="topics")
    item = _item(call, new.item)
    topic = CallTopic.objects.create(call=call, item=item, response=new.response, note=new.note)
    known[item.pk] = topic
    op.keep(topic, customer_id=call.customer_id)
    if new.promise_minor is not None and new.promise_on is not None:
        promise(op, call.customer, new.promise_minor, new.promise_on, item, call)
    return topic


def _line(item: OpenItem | None, line: int | None) -> InvoiceLine | None:
    if line is None:
        return None
    row = InvoiceLine.objects.select_related("invoice__item").filter(pk=line).first()
    refuse_if(row is None or item is None or row.invoice.item_id != item.pk, "other_invoice",
              "That line is not on this invoice.", field="line")  # fmt: skip
    return row


def _item(call: Call, item: OpenItem) -> OpenItem:
    fresh = OpenItem.objects.select_related("customer").get(pk=item.pk)
    owners = {fresh.customer_id, fresh.customer.merged_into_id}
    refuse_if(call.customer_id not in owners, "other_customer", f"{fresh.number} is another customer's.", field="item")
    return fresh


def _add_action(op: Operation, call: Call, new: NewAction, known: dict[int, CallTopic]) -> None:
    _check_choices(op, action=new.action)
    if new.action.code == "exclude_from_dunning" and not effects.exclude(op, call, confirmed=new.confirm):
        return
    topic = None
    if new.item is not None:
        topic = known.get(new.item.pk) or _add_topic(op, call, NewTopic(new.item), known)
    line = _line(topic.item if topic else None, new.line)
    minor = new.amount_minor
    if line is not None and minor is None and new.action.code in ("partial_dispute", "credit_memo"):
        minor = disputable(line.invoice).get(line.pk, 0)
    effects.check(new.action.code, topic.item if topic else None, minor)
    row = CallAction(
        call=call, topic=topic, line=line, action=new.action, amount_minor=minor, note=new.note, at=op.now,
        author=op.caller.name,
    )  # fmt: skip
    if new.action.code == "partial_dispute" and topic is not None:
        # Not what was said in the call: the customer may read a reason, and a person can be forgotten in a note.
        why = new.note or (call.response.name if call.response else "") or DISPUTED
        row.dispute = effects.begin_dispute(op, row, why)
    row.save()
    Notified.objects.bulk_create([Notified(action=row, user=user) for user in dict.fromkeys(new.notify)])
    amount = f" {money_text(row.amount_minor, call.customer.currency)}" if row.amount_minor else ""
    of = f" of {topic.item.number}" if topic else ""
    # Whom it tells and what else follows by itself is a reaction to this.
    op.record("action.taken", row, customer_id=call.customer_id, action=new.action.name, amount=amount + of,
              note=f", {new.note}" if new.note else "")  # fmt: skip
    if new.action.code in effects.MAKE_WORK:
        work = FollowUp.objects.create(
            customer=call.customer, call=call, topic=topic, action=row, what=new.action, on=op.today
        )
        op.keep(work, customer_id=call.customer_id)


def _follow_up(op: Operation, call: Call, on: dt.date | None, time: str, what: Lookup | None) -> None:
    refuse_if(on is None, "no_day", "Say on which day to follow up.", field="follow_up_on")
    assert on is not None
    refuse_if(on < op.today, "follow_up_past", f"A follow-up is for {date_text(op.today)} or later.",
              field="follow_up_on")  # fmt: skip
    refuse_if(on - op.today > dt.timedelta(days=1100), "absurd_date", "That day is too far away to be right.",
              field="follow_up_on")  # fmt: skip
    at = None
    if time:
        try:
            at = timezone.make_aware(dt.datetime.combine(on, dt.time.fromisoformat(time)))
        except ValueError:
            refuse_if(True, "bad_time", "An hour is such as 14:30.", field="follow_up_time")
    kind = what or next(iter(lookups("follow_up_action", op.today)), None)
    refuse_if(kind is None, "no_choice", "There is no follow-up action to choose. Add one in Settings.",
              field="follow_up_action")  # fmt: skip
    assert kind is not None
    row = FollowUp.objects.create(customer=call.customer, call=call, what=kind, on=on, at=at)
    op.record("follow_up.asked", row, customer_id=call.customer_id, what=kind.name, on=on, time=f", {time}" * bool(at))


def _finish(op: Operation, row: FollowUp) -> None:
    row.done_on, row.done_by = op.today, op.caller.name
    row.save(update_fields=["done_on", "done_by"])
    op.record("follow_up.done", row, customer_id=row.customer_id, what=row.what.name)
