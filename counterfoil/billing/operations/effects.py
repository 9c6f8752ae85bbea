"""What a change of services does to the money, before anybody does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.billing.operations.bills import bill_customers
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, operation
from counterfoil.subscriptions.models import Service, Subscription
from counterfoil.subscriptions.operations import change_account, change_services, remove_services, reprice_services
from counterfoil.subscriptions.operations.changing import PRICING
from counterfoil.subscriptions.operations.shared import REMOVALS
from counterfoil.subscriptions.rules import Change


@dataclass(frozen=True)
class Effect:
    """The lines of the bill up to a day as it would be after a change; `said` when there would be none."""

    bill_to: dt.date
    lines: tuple[tuple[int | None, str, int], ...]
    said: str = ""

    @property
    def total_minor(self) -> int:
        return sum(minor for _, _, minor in self.lines)


@operation(label="Preview a change of account")
def preview_account(op: Operation, *, subscription: Subscription, customer: Customer, reason: str = "") -> Effect:
    """The account is changed and both bills drawn, as a preview only: all is rolled back."""
    refuse_if(not op.caller.preview, "preview_only", "A change is made by its own operation.")
    change_account(op, subscription=subscription, customer=customer, reason=reason)
    both = {subscription.customer_id: subscription.customer.number, customer.pk: customer.number}
    outcomes = bill_customers(op, customers=[*both], bill_to=op.today, on=op.today, may_credit=[*both])
    lines = [(service, f"{both[pk]}: {text}", minor) for pk in both for service, text, minor in outcomes[pk].lines]
    return Effect(
        op.today, tuple(lines), " ".join(dict.fromkeys(outcomes[pk].said for pk in both if outcomes[pk].said))
    )


@operation(label="Preview a change of services")
def preview_change(op: Operation, *, services: Sequence[Service], change: Change, reason: str = "") -> Effect:
    """The change is made and the bill up to its day drawn, as a preview only: both are rolled back."""
    refuse_if(not op.caller.preview, "preview_only", "A change is made by its own operation.")
    verb: Any = change_services
    if change.kind in REMOVALS:
        verb = remove_services
    elif change.kind in PRICING:
        verb = reprice_services
    verb(op, services=services, change=change, reason=reason or "Preview")
    customer = services[0].subscription.customer_id
    bill_to = max(change.on, op.today)
    outcome = bill_customers(op, customers=[customer], bill_to=bill_to, on=op.today, may_credit=[customer])[customer]
    return Effect(bill_to, outcome.lines, outcome.said)
