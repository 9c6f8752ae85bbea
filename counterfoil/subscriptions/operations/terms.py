"""How a subscription is billed, and what is charged once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q

from counterfoil.catalogue.models import Frequency
from counterfoil.customers.queries import lock
from counterfoil.customers.rules import check_text
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import MOST_MINOR
from counterfoil.kernel.periods import add_months
from counterfoil.platform.operations import Operation, operation
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription, Term
from counterfoil.subscriptions.operations.shared import check_amounts, check_day, locked, refresh_due


@dataclass(frozen=True)
class NewTerm:
    """How a subscription is billed. `anchor_day` is the day of the month a period starts on; empty, the first day."""

    frequency: str = Frequency.MONTH
    anchor_day: int | None = None
    in_advance: bool = True
    proration: str = Term.Proration.ACTUAL
    contract_ends: dt.date | None = None
    notice_days: int = 0
    regret_days: int = 7
    penalty_minor: int = 0


@operation(label="Change how it is billed")
def amend_terms(op: Operation, *, subscription: Subscription, term: NewTerm, on: dt.date | None = None) -> Term:
    """The subscription is billed by this term from the end of what is billed already, or from the day given (what is
    billed beyond it is credited). The term before stays as history.
    """
    row = locked(subscription)
    billed = [day for day in Service.objects.filter(subscription=row).values_list("billed_to", flat=True) if day]
    start = on or max([*billed, op.today, row.started_on])
    check_day(start, op.today)
    refuse_if(start < row.started_on, "before_subscription", "The subscription began later.", field="on")
    # One that begins on that day or later gives way; what it was is in the events.
    Term.objects.filter(subscription=row, valid_from__gte=start).delete()
    Term.objects.filter(subscription=row, valid_from__lt=start).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=start)
    ).update(valid_to=start)
    made = write_term(row, term, start)
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


def write_term(subscription: Subscription, new: NewTerm, on: dt.date) -> Term:
    """The term of the subscription from a day on."""
    refuse_if(
        new.frequency not in Frequency.values or new.frequency == Frequency.ONCE, "no_such_frequency",
        "Choose how often it is billed.", field="frequency",
    )  # fmt: skip
    day = new.anchor_day or on.day
    refuse_if(not 1 <= day <= 31, "absurd_day", "A day of the month is from 1 to 31.", field="anchor_day")
    anchor = on
    if new.frequency != Frequency.WEEK:
        # The last such day that is not after the first one of the term.
        anchor = add_months(on, 0, anchor=day)
        anchor = anchor if anchor <= on else add_months(on, -1, anchor=day)
    refuse_if(
        not (0 <= new.notice_days <= 400 and 0 <= new.regret_days <= 400), "absurd_days",
        "Notice and cooling-off are from 0 to 400 days.", field="notice_days",
    )  # fmt: skip
    refuse_if(new.proration not in Term.Proration.values, "no_such_proration", "Choose how days are counted.",
              field="proration")  # fmt: skip
    refuse_if(not 0 <= new.penalty_minor <= MOST_MINOR, "absurd_amount", "That penalty cannot be right.",
              field="penalty")  # fmt: skip
    return Term.objects.create(
        subscription=subscription, valid_from=on, frequency=new.frequency, anchor_on=anchor, anchor_day=day,
        in_advance=new.in_advance, proration=new.proration, contract_ends=new.contract_ends,
        notice_days=new.notice_days, regret_days=new.regret_days, penalty_minor=new.penalty_minor,
    )  # fmt: skip


@operation(label="Add a one-time charge")
def add_one_time_charge(
    op: Operation, *, subscription: Subscription, text: str, price: Decimal, on: dt.date,
    quantity: Decimal = Decimal(1), tax_code: str = "standard",
) -> OneTimeCharge:  # fmt: skip
    """The next bill charges this once (price in whole currency units, tax included)."""
    row = locked(subscription)
    check_day(on, op.today)
    check_amounts(quantity, price, None)
    made = one_time(op, row, text, price, on, quantity=quantity, tax_code=tax_code)
    refresh_due([row.pk])
    return made


def one_time(
    op: Operation, subscription: Subscription, text: str, price: Decimal, on: dt.date, **rest: Any
) -> OneTimeCharge:
    """A one-time charge waits for the next bill."""
    made = OneTimeCharge.objects.create(
        subscription=subscription, text=check_text(text, field="text", most=200), price=price, on=on,
        asked_by=op.caller.name[:120], **{"tax_code": "standard", **rest},
    )  # fmt: skip
    op.record("one_time.added", made, customer_id=subscription.customer_id, text=made.text, amount=str(made.price))
    return made


@operation(label="Drop a one-time charge")
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
