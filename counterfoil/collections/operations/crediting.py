"""Giving the credit that a collector asked for, or that settles a dispute, in one step."""

from __future__ import annotations

from typing import Any

from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.billing.queries import left_to_credit
from counterfoil.collections import rules
from counterfoil.collections.disputes import creditable_parts, parts_of
from counterfoil.collections.models import CallAction
from counterfoil.collections.operations.calls import locked_action
from counterfoil.collections.operations.disputing import follow, stand
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import Money, money_text
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.words import Amount, Reason, StatementReason
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import issue_credit


def _of_action(action: CallAction, amount_minor: int, **rest: Any) -> Money:
    return Money(amount_minor, action.call.customer.currency)


def _of_dispute(dispute: Dispute, amount_minor: int, **rest: Any) -> Money:
    return Money(amount_minor, dispute.item.currency)


@verb(label="Grant credit request", limited=_of_action)
def grant_credit(op: Operation, *, action: CallAction, amount_minor: Amount, reason: StatementReason) -> OpenItem:
    """The credit that was asked for in a call is given: a credit note over the invoice's lines, with their tax.

    Without an invoice it is a credit on the account. A dispute of the same item is smaller by it, or over. The action
    is complete.
    """
    row = locked_action(action)
    refuse_if(row.action.code != "credit_memo", "no_request", "Only a credit memo that was asked for can be granted.")
    refuse_if(row.done_on is not None, "done", "This request is complete.")
    asked = row.amount_minor or 0
    refuse_if(amount_minor > asked, "over_asked",
              f"{money_text(asked, row.call.customer.currency)} was asked for.", field="amount")  # fmt: skip
    item = row.topic.item if row.topic else None
    given, lines = _credit(op, row.call.customer, item, amount_minor, reason, {row.line_id: amount_minor})
    if item is not None:
        standing = Dispute.objects.filter(item=item, closed_on__isnull=True).first()
        _lower_dispute(op, standing, amount_minor, reason, lines)
    row.done_on = op.today
    row.save(update_fields=["done_on"])
    op.record("action.done", row, customer_id=row.call.customer_id, action=row.action.name)
    return given


@verb(label="Decline credit request")
def decline_credit(op: Operation, *, action: CallAction, reason: Reason) -> CallAction:
    """No credit is given; the request is complete, and the reason is on record."""
    row = locked_action(action)
    refuse_if(row.action.code != "credit_memo", "no_request", "Only a credit memo that was asked for can be declined.")
    refuse_if(row.done_on is not None, "done", "This request is complete.")
    row.done_on = op.today
    row.save(update_fields=["done_on"])
    op.record("action.declined", row, customer_id=row.call.customer_id, action=row.action.name, reason=reason)
    return row


@verb(label="Credit dispute", limited=_of_dispute)
def credit_dispute(op: Operation, *, dispute: Dispute, amount_minor: Amount, reason: StatementReason) -> OpenItem:
    """The customer is right about so much: it is credited with its tax, and in dispute no more.

    The lines that are in dispute are credited; what is of no line by itself, over all lines as they weigh.
    """
    lock([dispute.item.customer_id])
    row = Dispute.objects.select_related("item__customer").get(pk=dispute.pk)
    refuse_if(row.closed_on is not None, "already_closed", "That dispute is closed already.")
    refuse_if(amount_minor > row.amount_minor, "over_disputed",
              f"Only {money_text(row.amount_minor, row.item.currency)} is in dispute.", field="amount")  # fmt: skip
    parts = creditable_parts(row)
    left = sum(parts.values())
    refuse_if(amount_minor > left, "over_credited", f"Only {money_text(left, row.item.currency)} of what is in dispute "
              "is left to credit.", field="amount")  # fmt: skip
    given, lines = _credit(op, row.item.customer, row.item, amount_minor, reason, parts)
    _lower_dispute(op, row, amount_minor, reason, lines)
    return given


def _credit(
    op: Operation, customer: Customer, item: OpenItem | None, minor: int, reason: str, wanted: rules.Parts
) -> tuple[OpenItem, dict[int, int]]:
    """The credit, and how much of each line: those that are wanted first, then all that is left as it weighs."""
    invoice = Invoice.objects.filter(item=item).first() if item is not None else None
    if invoice is None:
        return issue_credit(op, customer=customer, amount_minor=minor, reason=reason, against=item), {}
    left = {line: part for line, part in left_to_credit(invoice).items() if part > 0}
    total = sum(left.values())
    most = money_text(total, invoice.currency)
    refuse_if(minor > total, "over_credited", f"Only {most} of {invoice} is left to credit.", field="amount")
    # Each line with its own rate of tax.
    shares = rules.shared(minor, left, wanted)
    return credit_invoice(op, invoice=invoice, amounts=shares, reason=reason).item, shares


def _lower_dispute(op: Operation, row: Dispute | None, minor: int, reason: str, lines: dict[int, int]) -> None:
    """What is credited of a dispute is in dispute no more; actions that are about it follow, and end with it."""
    if row is None:
        return
    said = f"{money_text(minor, row.item.currency)} credited: {reason}"[:200]
    item = OpenItem.objects.get(pk=row.item_id)
    left = rules.within(rules.credited(parts_of(row), minor, lines), item.open_minor)
    follow(op, item, stand(op, item, left, row.reason, said))
