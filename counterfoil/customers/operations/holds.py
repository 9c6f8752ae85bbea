"""Credit holds: an account gets no new services, while what it has goes on and is billed."""

from __future__ import annotations

import datetime as dt

from counterfoil.customers import queries
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.words import LastDay, Reason


@verb
def place_credit_hold(op: Operation, *, customer: Customer, reason: Reason, ends: LastDay | None = None) -> Customer:
    """The account gets no new services, up to and on a last day or until the hold is lifted.

    What it has goes on, is billed, and may change to what costs no more; payments, credits and cancelling stay
    possible.
    """
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(row.held_on(op.today), "on_hold", f"There is a credit hold: {row.hold_reason}. Lift it first.")
    refuse_if(ends is not None and ends <= op.today, "over_already", "It would already be over.", field="last_day")
    row.hold_reason, row.hold_ends = reason, ends
    row.save(update_fields=["hold_reason", "hold_ends"])
    until = f" up to {date_text(ends - dt.timedelta(days=1))}" if ends else ""
    op.record("hold.placed", row, customer_id=row.pk, reason=row.hold_reason, until=until)
    return row


@verb
def lift_credit_hold(op: Operation, *, customer: Customer) -> Customer:
    """The account can have new services again."""
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(not row.held_on(op.today), "not_on_hold", "There is no credit hold.")
    row.hold_reason, row.hold_ends = "", None
    row.save(update_fields=["hold_reason", "hold_ends"])
    op.record("hold.lifted", row, customer_id=row.pk)
    return row
