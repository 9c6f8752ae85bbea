"""How a subscription is billed, and what is charged once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from django.db.models import Q

from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription, Term
from counterfoil.subscriptions.operations.shared import (
    NearDay,
    NewTerm,
    check_amounts,
    check_days,
    locked,
    refresh_due,
    write_one_time,
    write_term,
)


@verb(label="Change how it is billed")
def amend_terms(op: Operation, *, subscription: Subscription, term: NewTerm, on: dt.date | None = None) -> Term:
    """The subscription is billed by this term from the end of what is billed already, or from the day given (what is
    billed beyond it is credited). The term before stays as history.
    """
    row = locked(subscription)
    billed = [day for day in Service.objects.filter(subscription=row).values_list("billed_to", flat=True) if day]
    start = on or max([*billed, op.today, row.started_on])
    check_days(start, op.today)
    refuse_if(start < row.started_on, "before_subscription", "The subscription began later.", field="on")
    before = queries.term_on(row, start)
    # One that begins on that day or later gives way; what it was is in the events.
    Term.objects.filter(subscription=row, valid_from__gte=start).delete()
    Term.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=start), subscription=row).update(valid_to=start)
    made = write_term(row, term, start, before)
    for service in Service.objects.filter(subscription=row, billed_to__gt=start):
        # The new periods start here; what is charged beyond is credited.
        service.changed_from, service.billed_to = min(start, service.changed_from or start), start
        service.save(update_fields=["changed_from", "billed_to"])
    refresh_due([row.pk])
    op.record(
        "subscription.term_changed", row, customer_id=row.customer_id, number=row.number, on=start,
        terms=f"{made.get_frequency_display().lower()}, day {made.anchor_day}, "
        f"{'in advance' if made.in_advance else 'in arrears'}",
    )  # fmt: skip
    return made


@verb(label="Add a one-time charge")
def add_one_time_charge(
    op: Operation, *, subscription: Subscription, text: Annotated[str, Says(most=200)], price: Decimal,
    on: NearDay,
    quantity: Decimal = Decimal(1), tax_code: str = "standard", prices_include_tax: bool = True,
) -> OneTimeCharge:  # fmt: skip
    """The next bill charges this once (price in whole currency units, with tax in it or without)."""
    row = locked(subscription)
    check_amounts(quantity, price, None)
    made = write_one_time(
        op, row, text, price, on, quantity=quantity, tax_code=tax_code, prices_include_tax=prices_include_tax
    )
    refresh_due([row.pk])
    return made


@verb(label="Drop a one-time charge")
def drop_one_time_charge(op: Operation, *, charge: OneTimeCharge) -> OneTimeCharge:
    """A one-time charge that is not billed yet will not be."""
    lock([charge.subscription.customer_id])
    row = OneTimeCharge.objects.select_related("subscription").get(pk=charge.pk)
    refuse_if(row.billed_on is not None, "billed", "It is billed already: credit the invoice.")
    if not row.dropped:
        row.dropped = True
        row.save(update_fields=["dropped"])
        op.record("one_time.dropped", row, customer_id=row.subscription.customer_id, text=row.text)
        refresh_due([row.subscription_id])
    return row
