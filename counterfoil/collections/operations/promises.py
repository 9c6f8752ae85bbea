"""What customers promise to pay, and whether they did (domain 16.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated

from counterfoil.collections import notices, queries, rules
from counterfoil.collections.models import Call, Plan, Promise
from counterfoil.collections.operations.work import keep
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock, lock_accounts
from counterfoil.kernel.checks import check_positive
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.messaging.models import Message
from counterfoil.messaging.operations import queue_messages
from counterfoil.platform import bulk
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Parts, Says
from counterfoil.platform.words import Amount, Reason
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.queries import figures, open_items_of
from counterfoil.receivables.rules import pay_now
from counterfoil.trail.models import Event

MOST_INSTALMENTS = 36
_CHUNK = 500


@verb
def record_promise(
    op: Operation, *, customer: Customer, amount_minor: Amount, due_on: dt.date, item: OpenItem | None = None
) -> Promise:
    """The customer promised so much up to and on a day, of one item or of whatever is owed.

    An open promise about the same thing is superseded. Up to its day it holds dunning and suspension, if the policy
    says so.
    """
    lock([customer.pk])
    return promise(op, customer, amount_minor, due_on, item)


@verb(label="Agree payment plan")
def agree_plan(
    op: Operation,
    *,
    customer: Customer,
    instalments: Annotated[Sequence[tuple[int, dt.date]], Parts("amount_minor", "due_on")],
    confirm: Annotated[bool, Says("E-mail the plan to the customer")] = True,
) -> Plan:
    """The customer promised several amounts, each up to and on its day. Open promises of it are superseded.

    With `confirm` the plan is e-mailed to them, where there is an address for it.
    """
    owner = lock([customer.pk])[customer.pk]
    refuse_if(not 2 <= len(instalments) <= MOST_INSTALMENTS, "instalments",
              f"A plan has 2 to {MOST_INSTALMENTS} instalments.", field="instalments")  # fmt: skip
    days = [due_on for _, due_on in instalments]
    apart = dt.timedelta(days=queries.policy().longest_days)
    refuse_if(sorted(set(days)) != days, "instalment_days", "Each instalment is due on a later day than the last.",
              field="instalments")  # fmt: skip
    wide = any(later - before > apart for before, later in zip(days, days[1:], strict=False))
    refuse_if(wide, "too_far", f"Instalments are at most {apart.days} days apart.", field="instalments")
    _supersede(op, owner, None, plans=True)
    _check(op, owner, sum(minor for minor, _ in instalments), days[0], None, field="instalments")
    holds = _holds(op, owner, sum(minor for minor, _ in instalments))
    plan = Plan.objects.create(customer=owner, made_on=op.today, author=op.caller.name)
    for minor, due_on in instalments:
        check_positive(minor, field="instalments")
        _add(op, owner, minor, due_on, None, holds=holds, plan=plan)
    total = money_text(sum(minor for minor, _ in instalments), owner.currency)
    op.record("plan.agreed", plan, customer_id=owner.pk, count=len(days), total=total, last=days[-1])
    if confirm and (message := notices.of_plan(plan)) is not None:
        queue_messages(op, messages=[message])
        op.record("plan.sent", plan, customer_id=owner.pk, to=", ".join(message.addresses))
    judge_promises(op, customers=[owner.pk])
    return plan


@verb(right=agree_plan, label="Send payment plan")
def send_plan(op: Operation, *, plan: Plan) -> Message:
    """The plan is e-mailed to the customer, with its days and amounts as they were agreed."""
    lock([plan.customer_id])
    row = Plan.objects.select_related("customer").get(pk=plan.pk)
    message = notices.of_plan(row)
    if message is None:
        raise Refused("no_address", f"There is no e-mail address for {row.customer.name}. Print the plan instead.")
    sent = queue_messages(op, messages=[message])[0]
    op.record("plan.sent", row, customer_id=row.customer_id, to=", ".join(message.addresses))
    return sent


@verb
def cancel_promise(op: Operation, *, promise: Promise, reason: Reason) -> Promise:
    """The promise counts no more; dunning and suspension go on where they stood."""
    lock([promise.customer_id])
    row = Promise.objects.get(pk=promise.pk)
    refuse_if(row.state != Promise.State.OPEN, "not_open", f"This promise is {row.get_state_display().lower()}.")
    row.state, row.ended_on = Promise.State.CANCELLED, op.today
    row.save(update_fields=["state", "ended_on"])
    op.record("promise.cancelled", row, customer_id=row.customer_id, reason=reason, **_words(row))
    judge_promises(op, customers=[row.customer_id])
    op.at_end(keep, {row.customer_id})
    return row


@step
def promise_by_customer(op: Operation, *, customer: Customer, due_on: dt.date) -> Promise:
    """The customer promised in the portal to pay all that is overdue and not in dispute, up to and on a day.

    Refused farther ahead than the policy lets them, and to who broke a promise within 90 days or has one that is open.
    """
    owner = lock([customer.pk])[customer.pk]
    minor = pay_now(open_items_of(owner, op.today), op.today).pay_now
    refuse_if(not minor, "nothing_owed", "Nothing is overdue.", field="due_on")
    days = queries.policy().portal_days
    refuse_if(not days, "no_promises", "Please call us to agree on a day.", field="due_on")
    refuse_if((due_on - op.today).days > days, "too_far", f"Choose a day up to "
              f"{date_text(op.today + dt.timedelta(days=days))}, or call us.", field="due_on")  # fmt: skip
    lately = Promise.objects.filter(customer=owner, due_on__gte=op.today - dt.timedelta(days=90), ended_on=None)
    refuse_if(lately.filter(state=Promise.State.OPEN).exists(), "promised_already",
              "You have promised already. Call us if that day is not possible.", field="due_on")  # fmt: skip
    refuse_if(lately.filter(state__in=("broken", "part")).exists(), "promise_broken",
              "Please call us: the last promise was not kept.", field="due_on")  # fmt: skip
    return promise(op, owner, minor, due_on, None)


def promise(
    op: Operation,
    customer: Customer,
    amount_minor: int,
    due_on: dt.date,
    item: OpenItem | None,
    call: Call | None = None,
) -> Promise:
    """The same within another operation, which holds the customer's lock."""
    _supersede(op, customer, item)
    _check(op, customer, amount_minor, due_on, item)
    made = _add(op, customer, amount_minor, due_on, item, holds=_holds(op, customer, amount_minor), call=call)
    judge_promises(op, customers=[customer.pk])
    return made


def _check(
    op: Operation, customer: Customer, minor: int, due_on: dt.date, item: OpenItem | None, field: str = ""
) -> None:
    refuse_if(due_on < op.today, "promise_past", f"A promise is for {date_text(op.today)} or later.",
              field=field or "due_on")  # fmt: skip
    longest = dt.timedelta(days=queries.policy().longest_days)
    refuse_if(due_on - op.today > longest, "too_far", f"A promise is for {date_text(op.today + longest)} at the "
              "latest. Agree a payment plan instead.", field=field or "due_on")  # fmt: skip
    if item is not None:
        fresh = OpenItem.objects.get(pk=item.pk)
        refuse_if(fresh.customer_id != customer.pk, "other_customer", "That item is another customer's.", field="item")
        refuse_if(fresh.side != "debit", "wrong_side", "Only what a customer owes can be promised.", field="item")
        most, what = fresh.open_minor, f"of {fresh.number} is open"
    else:
        # What is promised already counts too, but for what this one supersedes.
        rows = Promise.objects.filter(customer=customer, state=Promise.State.OPEN)
        known = sum(rows.values_list("amount_minor", flat=True))
        most = max(figures(customer, op.today).total_due_minor - known, 0)
        what = "is owed and not promised yet" if known else "is owed"
    refuse_if(minor > most, "over_promised", f"Only {money_text(most, customer.currency)} {what}.",
              field=field or "amount")  # fmt: skip


def _holds(op: Operation, customer: Customer, minor: int) -> bool:
    """Whether so much, with what is promised already, is enough of what is overdue to hold letters and the cut-off."""
    overdue = figures(customer, op.today).overdue_minor
    rows = Promise.objects.filter(customer=customer, state=Promise.State.OPEN).values_list("amount_minor", flat=True)
    return (minor + sum(rows)) * 100 >= overdue * queries.policy().hold_percent


def _supersede(op: Operation, customer: Customer, item: OpenItem | None, *, plans: bool = False) -> None:
    """Open promises about the same thing count no more; instalments of a plan only where another plan is agreed."""
    rows = Promise.objects.filter(customer=customer, state=Promise.State.OPEN, item=item)
    rows = rows if plans else rows.filter(plan=None)
    for row in rows.order_by("pk"):
        row.state, row.ended_on = Promise.State.SUPERSEDED, op.today
        row.save(update_fields=["state", "ended_on"])
        op.record("promise.superseded", row, customer_id=row.customer_id, **_words(row))


def _add(
    op: Operation,
    customer: Customer,
    minor: int,
    due_on: dt.date,
    item: OpenItem | None,
    *,
    holds: bool,
    call: Call | None = None,
    plan: Plan | None = None,
) -> Promise:
    row = Promise.objects.create(
        customer=customer, item=item, call=call, plan=plan, amount_minor=minor, currency=customer.currency,
        made_on=op.today, made_at=op.now, author=op.caller.name, due_on=due_on,
        holds=holds,
    )  # fmt: skip
    op.record("promise.made", row, customer_id=customer.pk, **_words(row))
    op.at_end(keep, {customer.pk})
    return row


def _words(row: Promise) -> dict[str, str]:
    of = f" of {row.item.number}" if row.item else ""
    return {"amount": money_text(row.amount_minor, row.currency) + of, "due": date_text(row.due_on)}


_SAID = {
    rules.KEPT: "promise.kept", rules.PART: "promise.part", rules.BROKEN: "promise.broken",
    rules.OPEN: "promise.reopened",
}  # fmt: skip


@step
def judge_promises(op: Operation, *, customers: Sequence[int]) -> int:
    """Every promise of these accounts stands as what came in says; returns how many changed. Again, it changes none.

    A payment that is reversed breaks a kept promise again; one recorded late with an earlier day mends a broken one.
    """
    locked = lock_accounts(customers)
    changed: list[Promise] = []
    verdicts: dict[int, rules.Judged] = {}
    for promises, money in queries.to_judge(locked).values():
        verdicts.update((found.id, found) for found in rules.judge(promises, money, op.today))
    for row in Promise.objects.filter(ended_on__isnull=True, pk__in=list(verdicts)).select_related("item"):
        found = verdicts[row.pk]
        if (row.state, row.received_minor) == (found.state, found.received_minor):
            continue
        if row.state != found.state:
            received = money_text(found.received_minor, row.currency)
            op.record(_SAID[found.state], row, customer_id=row.customer_id, received=received, **_words(row))
        row.state, row.received_minor, row.judged_on = found.state, found.received_minor, op.today
        changed.append(row)
    judged = [(row.state, row.received_minor, row.judged_on, row.pk) for row in changed]
    bulk.update_rows(Promise, ("state", "received_minor", "judged_on"), judged)
    changed += _end_for_good(op, [found.id for found in verdicts.values() if found.state == rules.OPEN])
    op.at_end(keep, {row.customer_id for row in changed})
    return len(changed)


def _end_for_good(op: Operation, promises: list[int]) -> list[Promise]:
    """Open promises of which nothing is left to pay are cancelled: credited, written off, or paid for another one."""
    over = queries.over_for_good(promises)
    rows = list(Promise.objects.filter(pk__in=over, state=Promise.State.OPEN).select_related("item"))
    for row in rows:
        row.state, row.ended_on = Promise.State.CANCELLED, op.today
        row.save(update_fields=["state", "ended_on"])
        op.record("promise.cancelled", row, customer_id=row.customer_id, reason="nothing of it is owed any more",
                  **_words(row))  # fmt: skip
    return rows


def judge_due(system: System) -> int:
    """The same for everybody with an open promise whose day is over, in pieces; how many changed. Run by the clock."""
    count = 0
    while customers := queries.due_for_judging(system.today, _CHUNK):
        count += judge_promises(system, customers=customers)
    return count


@step
def money_moved(op: Operation, *, events: Sequence[int]) -> None:
    """Who paid, or whose payment was taken back, has their promises judged. A reaction."""
    customers = set(Event.objects.filter(pk__in=events).values_list("customer_id", flat=True))
    with_promise = Promise.objects.filter(customer__in=customers - {None}, ended_on__isnull=True)
    if found := sorted(set(with_promise.values_list("customer_id", flat=True))):
        judge_promises(op, customers=found)


def keeps_open(customer: Customer) -> str:
    """Why an account stays open: something is promised for it."""
    rows = queries.open_promises_of(customer)
    return f"{customer.number} has promised {_words(rows[0])['amount']}. Cancel the promise." if rows else ""
