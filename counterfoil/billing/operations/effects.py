"""What a change of services does to the money, before anybody does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from counterfoil.billing.forecast import NextBill, next_bills
from counterfoil.billing.operations.bills import Outcome, bill_customers
from counterfoil.customers.models import Customer, Site
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.platform.operations import Operation, step
from counterfoil.subscriptions.models import Service, Subscription
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    add_services,
    change_account,
    change_services,
    remove_services,
    reprice_services,
    start_subscription,
)
from counterfoil.subscriptions.operations.changing import PRICING
from counterfoil.subscriptions.operations.shared import REMOVALS
from counterfoil.subscriptions.rules import Change


@dataclass(frozen=True)
class Effect:
    """The lines of the bill up to a day as it would be after a change; `said` when there would be none."""

    bill_to: dt.date
    lines: tuple[tuple[int | None, str, int], ...]
    said: str = ""
    # It is of two accounts, each with its next bill.
    both: bool = False

    @property
    def total_minor(self) -> int:
        return sum(minor for _, _, minor in self.lines)


@dataclass(frozen=True)
class BillAfter:
    """A bill to come with what is added, and what it would be without, in minor units; nothing where there is none."""

    bill: NextBill
    was_minor: int


@step
def preview_services(
    op: Operation, *, customer: Customer, services: Sequence[NewService], on: dt.date, term: NewTerm | None = None,
    site: Site | None = None, subscription: Subscription | None = None,
) -> list[BillAfter]:  # fmt: skip
    """The services are started (or added to a subscription) and the next bills drawn, as a preview only."""
    refuse_if(not op.caller.preview, "preview_only", "A service is started by its own operation.")
    before = {bill.on: bill.minor for bill in next_bills(customer, op.today)}
    if subscription is not None:
        add_services(op, subscription=subscription, services=services, on=on)
    else:
        start_subscription(op, customer=customer, services=services, on=on, term=term, site=site)
    after = next_bills(customer, op.today, 3)
    return [BillAfter(bill, before.get(bill.on, 0)) for bill in after]


@step
def preview_account(op: Operation, *, subscription: Subscription, customer: Customer, reason: str = "") -> Effect:
    """The account is changed and both bills drawn, as a preview only: all is rolled back."""
    refuse_if(not op.caller.preview, "preview_only", "A change is made by its own operation.")
    change_account(op, subscription=subscription, customer=customer, reason=reason)
    both = {subscription.customer_id: subscription.customer.number, customer.pk: customer.number}
    outcomes = bill_customers(op, customers=[*both], bill_to=op.today, on=op.today, may_credit=[*both])
    lines: list[tuple[int | None, str, int]] = []
    said: dict[str, None] = {}
    for each in (subscription.customer, customer):
        outcome = outcomes[each.pk]
        bill = _next_bill(op, each, outcome)
        # A bill of another day than that of the rest says which.
        when = f" on {date_text(bill.on)}" if bill else ""
        lines += [
            (service, f"{each.number}{when}: {text}", minor)
            for service, text, minor in (outcome.lines or _lines(bill))
        ]  # fmt: skip
        if not bill and outcome.said:
            said[outcome.said] = None
    return Effect(op.today, tuple(lines), " ".join(said), both=True)


def _next_bill(op: Operation, customer: Customer, outcome: Outcome) -> NextBill | None:
    """Where nothing is due yet, the next bill as it is to be now; None where it cannot be said, or there is none."""
    if outcome.code != "nothing_to_bill":
        return None
    bill = next(iter(next_bills(customer, op.today, most=1)), None)
    return bill if bill and not bill.refused else None


def _lines(bill: NextBill | None) -> tuple[tuple[int | None, str, int], ...]:
    if bill is None:
        return ()
    return tuple((None, ", ".join(part for part in (name, days) if part), minor) for name, days, minor in bill.lines)


@step
def preview_change(op: Operation, *, services: Sequence[Service], change: Change, reason: str = "") -> Effect:
    """The change is made and the bill that follows drawn, as a preview only: both are rolled back.

    Of a change at once that is the bill up to today, or with nothing due the next one; of a later change it is the
    first of the next bills that the change makes another one.
    """
    refuse_if(not op.caller.preview, "preview_only", "A change is made by its own operation.")
    customer, is_later = services[0].subscription.customer, change.on > op.today
    before = next_bills(customer, op.today) if is_later else []
    verb: Any = change_services
    if change.kind in REMOVALS:
        verb = remove_services
    elif change.kind in PRICING:
        verb = reprice_services
    verb(op, services=services, change=change, reason=reason or "Preview")
    if is_later:
        after = next_bills(customer, op.today)
        bill = _first_other(before, after)
        # What ends every bill after it may still begin on the day of one.
        bill = bill or next((one for one in after if one.on == change.on), None)
        if bill is not None:
            return Effect(bill.on, _lines(bill), bill.refused)
        return Effect(change.on, (), f"There is nothing to bill up to {date_text(change.on)}.")
    wanted = [customer.pk]
    outcome = bill_customers(op, customers=wanted, bill_to=op.today, on=op.today, may_credit=wanted)[customer.pk]
    if (bill := _next_bill(op, customer, outcome)) is not None:
        return Effect(bill.on, _lines(bill))
    return Effect(op.today, outcome.lines, outcome.said)


def _first_other(before: Sequence[NextBill], after: Sequence[NextBill]) -> NextBill | None:
    """The first bill that is not as it was; where one is gone, the one after it."""
    for was, bill in zip_longest(before, after):
        if bill is None or bill != was:
            return bill
    return after[-1] if after else None
