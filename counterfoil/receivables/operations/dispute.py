"""Amounts that a customer does not accept. A dispute never stops a payment from being applied (domain 5.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Amount, Reason
from counterfoil.receivables.models import Dispute, OpenItem


@verb
def open_dispute(op: Operation, *, item: OpenItem, amount_minor: Amount, reason: Reason) -> Dispute:
    """So much of the item is in dispute from today, beside its age until the dispute is closed."""
    lock([item.customer_id])
    target = OpenItem.objects.get(pk=item.pk)
    refuse_if(target.side != "debit", "wrong_side", "Only what a customer owes can be in dispute.")
    refuse_if(
        amount_minor > target.open_minor,
        "over_disputed",
        f"Only {money_text(target.open_minor, target.currency)} of {target.number} is open.",
        field="amount",
    )
    refuse_if(
        Dispute.objects.filter(item=target, closed_on__isnull=True).exists(),
        "already_disputed",
        f"{target.number} is in dispute already. Close that dispute first.",
    )
    dispute = Dispute.objects.create(
        item=target,
        amount_minor=amount_minor,
        reason=reason,
        opened_on=op.today,
        opened_by=op.caller.name,
    )
    op.record(
        "dispute.opened",
        dispute,
        customer_id=target.customer_id,
        number=target.number,
        amount=money_text(amount_minor, target.currency),
        reason=dispute.reason,
    )
    return dispute


@verb
def close_dispute(op: Operation, *, dispute: Dispute, outcome: Reason) -> Dispute:
    """Nothing of the item is in dispute from today; it ages again in full."""
    row = Dispute.objects.select_related("item").get(pk=dispute.pk)
    lock([row.item.customer_id])
    row.refresh_from_db()
    refuse_if(row.closed_on is not None, "already_closed", "That dispute is closed already.")
    row.closed_on = op.today
    row.outcome = outcome
    row.save(update_fields=["closed_on", "outcome"])
    op.record("dispute.closed", row, customer_id=row.item.customer_id, number=row.item.number, outcome=row.outcome)
    return row


@dataclass(frozen=True)
class BroughtDispute:
    """A dispute of where the books were kept before: of which item, how much, why, from which day until when."""

    item: int
    amount_minor: int
    reason: str
    on: dt.date
    until: dt.date | None = None


@step
def bring_past_disputes(op: Operation, *, disputes: Sequence[BroughtDispute]) -> list[Dispute]:
    """These amounts were in dispute on their own days: what was owed and disputed on each day says so.

    One that is not over stands until somebody closes it. Refused before its item's day, and above its amount.
    """
    items = OpenItem.objects.in_bulk({row.item for row in disputes})
    lock({item.customer_id for item in items.values()})
    standing = set(Dispute.objects.filter(item__in=items, closed_on__isnull=True).values_list("item_id", flat=True))
    made = []
    for row in disputes:
        item = items[row.item]
        refuse_if(row.on < item.on, "before_item", f"{item.number} was not there on {date_text(row.on)}.", field="on")
        refuse_if(row.until is not None and row.until > op.today, "ahead", "A day until which something was in dispute "
                  "is over.", field="until")  # fmt: skip
        refuse_if(not 0 < row.amount_minor <= item.amount_minor, "over_disputed",
                  f"{item.number} is of {money_text(item.amount_minor, item.currency)}.", field="amount")  # fmt: skip
        refuse_if(
            row.until is None and item.pk in standing, "already_disputed", f"{item.number} is in dispute already."
        )
        if row.until is None:
            standing.add(item.pk)
        made.append(
            Dispute(
                item=item, amount_minor=row.amount_minor, reason=row.reason, opened_on=row.on,
                opened_by=op.caller.name, closed_on=row.until,
                outcome="Over before the books came in" if row.until else "",
            )
        )  # fmt: skip
    Dispute.objects.bulk_create(made)
    for dispute in made:
        amount = money_text(dispute.amount_minor, dispute.item.currency)
        op.record("dispute.opened", dispute, customer_id=dispute.item.customer_id, number=dispute.item.number,
                  amount=amount, reason=dispute.reason)  # fmt: skip
    return made
