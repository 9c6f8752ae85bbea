"""Changing the account: what one customer has goes on under another (domain 3.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db.models import Q

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator import numbering
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, verb
from counterfoil.subscriptions import queries, rules
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription, Term
from counterfoil.subscriptions.operations.beginning import SEQUENCE
from counterfoil.subscriptions.operations.setting_up import follow_start
from counterfoil.subscriptions.operations.shared import done, refresh_due, tell, write_spans


@joint
def service_moved(op: Operation, before: Service, after: Service, /) -> None:
    """Many are asked, who have rows of a service: those from today on go along to the one that it goes on as."""
    raise NotImplementedError


@verb(label="Change account")
def change_account(op: Operation, *, subscription: Subscription, customer: Customer, reason: str = "") -> Subscription:
    """What goes on of a subscription goes on under another account from today; returns the one it has there.

    Package, price of its own, discount, rest, what is scheduled, terms and billing days stay as they are, and so do the
    days that count (the price that was kept, the regret days). No notice, no penalty. The account before pays up to
    yesterday: what it was billed beyond is credited to it by its next bill. What is charged once stays with it.
    """
    lock([subscription.customer_id, customer.pk])
    old = Subscription.objects.select_related("customer").get(pk=subscription.pk)
    to = Customer.objects.get(pk=customer.pk)
    refuse_if(to.pk == old.customer_id, "same_account", "It is on that account already.", field="account")
    refuse_if(to.status != "active", "account_closed", f"{to.number} is {to.status}; nothing new can be added to it.",
              field="account")  # fmt: skip
    refuse_if(
        to.currency != old.currency, "wrong_currency", f"{old} is in {old.currency}, {to.number} in {to.currency}.",
        field="account",
    )  # fmt: skip
    rows = list(Service.objects.filter(subscription=old, end="").select_related("subscription", "product", "within"))
    refuse_if(not rows, "no_services", f"{old} has no active services.")
    refuse_if(
        any(row.added_on > op.today for row in rows), "begins_later",
        "One of its services begins on a later day. Change the account then, or remove that one first.",
    )  # fmt: skip
    number = numbering.take(SEQUENCE[0], [numbering.For(op.today, to.brand_id)])[0]
    new = Subscription.objects.create(
        customer=to, number=number.text, sequence_no=number.place, currency=old.currency, started_on=op.today
    )
    _copy_terms(old, new, op.today)
    moved: dict[int, Service] = {}
    # What a bundle brought comes after the bundle.
    for row in sorted(rows, key=lambda row: (row.within_id is not None, row.pk)):
        moved[row.pk] = _move(op, row, new, moved, reason)
        service_moved(op, row, moved[row.pk])
    refresh_due([old.pk, new.pk])
    for customer_id in (old.customer_id, to.pk):
        op.record(
            "subscription.moved", new, customer_id=customer_id, number=old.number, to=to.number,
            **{"from": old.customer.number},
        )  # fmt: skip
    new.refresh_from_db()
    return new


def _copy_terms(old: Subscription, new: Subscription, today: dt.date) -> None:
    """The terms from today on, with their anchor: dates of bills do not move."""
    held = Term.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=today), subscription=old)
    for term in held.order_by("valid_from"):
        term.pk, term.subscription, term.valid_from = None, new, max(term.valid_from, today)
        term._state.adding = True
        term.save()


def _move(op: Operation, row: Service, to: Subscription, moved: Mapping[int, Service], reason: str) -> Service:
    before = queries.timeline_of(row)
    waiting = list(ServiceAction.objects.filter(service=row, state=ServiceAction.State.SCHEDULED).order_by("on", "pk"))
    later = row.taken_over_on if row.taken_over_on and row.taken_over_on > op.today else None
    new = Service.objects.create(
        subscription=to, product=row.product, label=row.label, added_on=row.added_on, taken_over_on=later,
        within=moved.get(row.within_id or 0), moved_from=row,
        had_from=rules.had_since(before, op.today, row.first_had_on),
    )  # fmt: skip
    rest = rules.since(before, op.today)
    write_spans(new, rest)
    after = rules.cut(before, op.today)
    if row.billed_to is not None and op.today < row.billed_to:
        row.changed_from = min(op.today, row.changed_from or op.today)
    row.end, row.ended_on = Service.End.MOVED, op.today
    row.save(update_fields=["changed_from", "end", "ended_on"])
    write_spans(row, after)
    for action in waiting:
        action.state, action.done_at = ServiceAction.State.WITHDRAWN, op.now
        action.save(update_fields=["state", "done_at"])
        action.pk, action.service, action.state, action.done_at = None, new, ServiceAction.State.SCHEDULED, None
        action._state.adding = True
        action.save()
        tell(op, "service.scheduled", action)
    done(op, ServiceAction(service=row, kind="move", on=op.today, reason=reason[:200]), before, after)
    done(op, ServiceAction(service=new, kind="move", on=op.today, reason=reason[:200]), (), rest)
    follow_start(op, [new])
    return new
