"""Every write about agreements."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.operator import numbering
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import LastDay, Reason, Reference
from counterfoil.sales import queries
from counterfoil.sales.models import Agreement
from counterfoil.sales.rules import renewed_end

SEQUENCE = ("agreement", "AGR-{number:06}")
MOST_MONTHS = 120
_FARTHEST = dt.timedelta(days=50 * 366)


@step
def set_up_sales(op: Operation) -> None:
    """The number sequence of agreements exists."""
    numbering.define(op, *SEQUENCE)


@verb(label="New agreement")
def make_agreement(
    op: Operation,
    *,
    customer: Customer,
    title: Reference,
    starts: dt.date,
    ends: LastDay,
    coverage: Annotated[str, Says(most=10_000)] = "",
    renewal_months: int | None = None,
    site: Site | None = None,
) -> Agreement:
    """The customer agreed to this from a day up to `ends`, the first day without it; then it is renewed or expires."""
    owner = lock([customer.pk])[customer.pk]
    refuse_if(
        owner.status != "active", "account_closed", f"The account is {owner.status}; nothing new can be added to it."
    )
    refuse_if(
        site is not None and site.customer_id != owner.pk, "other_customer", "That address is another customer's.",
        field="site",
    )  # fmt: skip
    refuse_if(ends <= starts, "no_days", "It would end before it starts.", field="ends")
    _check_end(op, ends)
    _check_renewal(renewal_months)
    refuse_if(abs(starts - op.today) > _FARTHEST, "absurd_date", "That day is too far away to be right.",
              field="starts")  # fmt: skip
    number = numbering.take(SEQUENCE[0], [numbering.For(op.today, owner.brand_id)])[0]
    made = Agreement.objects.create(
        customer=owner, site=site, number=number.text, sequence_no=number.place, title=title, coverage=coverage,
        starts=starts, ends=ends, renewal_months=renewal_months,
    )  # fmt: skip
    op.record("agreement.made", made, customer_id=owner.pk, number=made.number, last=made.last_day)
    return made


def _check_end(op: Operation, ends: dt.date) -> None:
    refuse_if(ends <= op.today, "over_already", "It would already be over. Choose a later last day.", field="ends")
    refuse_if(ends - op.today > _FARTHEST, "absurd_date", "That day is too far away to be right.", field="ends")


def _check_renewal(months: int | None) -> None:
    refuse_if(
        months is not None and not 1 <= months <= MOST_MONTHS, "absurd_renewal",
        f"It is renewed for 1 to {MOST_MONTHS} months, or not at all.", field="renewal_months",
    )  # fmt: skip


def _locked(agreement: Agreement) -> Agreement:
    lock([agreement.customer_id])
    return Agreement.objects.get(pk=agreement.pk)


@verb(label="Renew agreement")
def renew_agreement(
    op: Operation, *, agreement: Agreement, ends: LastDay, renewal_months: int | None = None
) -> Agreement:
    """It holds up to a later day without a gap, also one that has expired, and is renewed like this from then on.

    A termination that is still to come is taken back.
    """
    row = _locked(agreement)
    refuse_if(
        row.state == Agreement.State.TERMINATED, "terminated", f"{row.number} is terminated. Make a new agreement."
    )
    _check_end(op, ends)
    refuse_if(ends < row.ends or (ends == row.ends and not row.reason), "not_later",
              f"It already runs to {date_text(row.last_day)}. Choose a later day.", field="ends")  # fmt: skip
    _check_renewal(renewal_months)
    row.state, row.ends, row.renewal_months, row.reason = Agreement.State.ACTIVE, ends, renewal_months, ""
    row.save(update_fields=["state", "ends", "renewal_months", "reason"])
    op.record("agreement.renewed", row, customer_id=row.customer_id, number=row.number, last=row.last_day)
    return row


@verb(label="Terminate agreement")
def terminate_agreement(op: Operation, *, agreement: Agreement, on: dt.date, reason: Reason) -> Agreement:
    """From a day on it does not hold, whatever was agreed; until then it does, and is not renewed."""
    row = _locked(agreement)
    refuse_if(row.state != Agreement.State.ACTIVE, "not_active", f"{row.number} is {row.get_state_display().lower()}.")
    refuse_if(on < row.starts, "ends_before", f"It starts on {date_text(row.starts)}. Use that day or a later one.",
              field="on")  # fmt: skip
    refuse_if(on > row.ends, "ends_before", f"It ends anyway: its last day is {date_text(row.last_day)}.",
              field="on")  # fmt: skip
    row.reason, row.ends, row.renewal_months = reason, on, None
    if on <= op.today:
        row.state = Agreement.State.TERMINATED
    row.save(update_fields=["ends", "renewal_months", "reason", "state"])
    op.record("agreement.terminated", row, customer_id=row.customer_id, number=row.number, on=on, reason=row.reason)
    return row


@step
def end_agreement(op: Operation, *, agreement: Agreement) -> Agreement:
    """An agreement whose end has come is renewed where that was agreed, or over; run again, nothing happens."""
    row = _locked(agreement)
    if row.state != Agreement.State.ACTIVE or row.ends > op.today:
        return row
    if row.renewal_months is not None:
        row.ends = renewed_end(row.starts, row.ends, row.renewal_months, op.today)
        op.record("agreement.renewed", row, customer_id=row.customer_id, number=row.number, last=row.last_day)
    elif row.reason:
        # That it would end was told when it was terminated.
        row.state = Agreement.State.TERMINATED
        op.keep(row)
    else:
        row.state = Agreement.State.EXPIRED
        op.record("agreement.expired", row, customer_id=row.customer_id, number=row.number)
    row.save(update_fields=["ends", "state"])
    return row


def end_due_agreements(system: System) -> int:
    """Renew or end every agreement whose day has come; returns how many. Run by the clock."""
    due = queries.agreements_due(system.today)
    for row in due:
        end_agreement(system, agreement=row)
    return len(due)


@step
def erase_agreements(op: Operation, *, customer: Customer) -> None:
    """Of a customer's agreements only numbers and dates are left. Part of erasing personal data."""
    rows = Agreement.objects.filter(customer=customer)
    op.keep(*rows, customer_id=customer.pk)
    rows.update(title="Erased", coverage="", site=None)
    rows.exclude(reason="").update(reason="Erased")


def keeps_open(customer: Customer) -> str:
    """Why an account stays open: an agreement with it holds."""
    rows = queries.holding_of(customer)
    return f"{rows[0].number} of {customer.number} runs to {date_text(rows[0].last_day)}. Terminate it." if rows else ""
