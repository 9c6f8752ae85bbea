"""Amounts that a customer does not accept. A dispute never stops a payment from being applied (domain 5.5)."""

from __future__ import annotations

from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.platform.operations import Operation, verb
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
