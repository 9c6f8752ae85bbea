"""Disputes by line of an invoice: what stands in dispute of an item is changed as a whole, and its history kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from counterfoil.billing.models import Invoice
from counterfoil.collections import disputes, rules
from counterfoil.collections.models import CallAction, DisputedLine
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Parts
from counterfoil.platform.words import Reason
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import close_dispute, open_dispute
from counterfoil.trail.models import Event


@verb(right=open_dispute, label="Dispute lines")
def dispute_lines(
    op: Operation,
    *,
    invoice: Invoice,
    amounts: Annotated[dict[int, int], Parts("line", "amount_minor")],
    reason: Reason,
) -> Dispute:
    """So much of these lines (line id to amount with tax) is in dispute from today, in place of what was of them.

    What is in dispute of other lines, and of the invoice as a whole, stays. Together it is at most what is open. Zero
    ends the dispute of a line.
    """
    lock([invoice.customer_id])
    row = Invoice.objects.select_related("item__customer").get(pk=invoice.pk)
    refuse_if(row.item is None, "not_issued", "Only an issued invoice can be in dispute.")
    assert row.item is not None
    refuse_if(not amounts, "no_amount", "Say how much of which line is in dispute.", field="amounts")
    for line, minor in amounts.items():
        check_line(row, line, minor)
    parts = disputes.open_parts_of(row.item)
    for line, minor in amounts.items():
        parts[line] = minor
    made = stand(op, row.item, parts, reason, "Changed to other lines")
    refuse_if(made is None, "no_amount", "Close the dispute instead: nothing of it would be left.", field="amounts")
    assert made is not None
    follow(op, row.item, made)
    return made


def check_line(invoice: Invoice, line: int, minor: int) -> None:
    """Refuses a line of another invoice, and more than is left of the line."""
    lines = {row.pk: row for row in invoice.lines.all()}
    refuse_if(line not in lines, "other_invoice", f"That line is not on {invoice}.", field="amounts")
    refuse_if(minor < 0, "negative", "An amount in dispute is zero or more.", field=f"line-{line}")
    most = disputes.disputable(invoice).get(line, 0)
    refuse_if(minor > most, "over_disputed",
              f"Only {money_text(most, invoice.currency)} of “{lines[line].text[:40]}” is open.",
              field=f"line-{line}")  # fmt: skip


def stand(op: Operation, item: OpenItem, parts: rules.Parts, reason: str, outcome: str) -> Dispute | None:
    """The dispute of an item stands at these parts from today; the one before is closed. None where nothing is left."""
    wanted = {key: minor for key, minor in parts.items() if minor}
    old = Dispute.objects.filter(item=item, closed_on__isnull=True).first()
    if old is not None and disputes.parts_of(old) == wanted:
        return old
    if old is not None:
        close_dispute(op, dispute=old, outcome=outcome)
    if not wanted:
        return None
    made = open_dispute(op, item=item, amount_minor=sum(wanted.values()), reason=reason)
    DisputedLine.objects.bulk_create(
        DisputedLine(dispute=made, line_id=line, amount_minor=minor)
        for line, minor in wanted.items() if line is not None
    )  # fmt: skip
    return made


def follow(op: Operation, item: OpenItem, made: Dispute | None) -> None:
    """Actions of calls that are about what is in dispute of an item say what stands of it now, and end with it."""
    parts = disputes.parts_of(made)
    rows = CallAction.objects.filter(topic__item=item, action__code="partial_dispute", removed_on__isnull=True)
    for action in rows.select_related("call", "action").order_by("pk"):
        left, settled = parts.get(action.line_id, 0), action.done_on is not None and not action.amount_minor
        standing = made or action.dispute
        if settled or (action.amount_minor, action.dispute) == (left, standing):
            continue
        changed, done = action.amount_minor != left, action.done_on
        action.amount_minor, action.dispute = left, standing
        action.done_on = done if left or done else op.today
        action.save(update_fields=["dispute", "amount_minor", "done_on"])
        if done is None and not left:
            op.record("action.done", action, customer_id=action.call.customer_id, action=action.action.name)
        elif changed:
            amount = money_text(left, item.currency)
            op.record("action.disputed", action, customer_id=action.call.customer_id, amount=amount, item=item.number)
        else:
            op.keep(action, customer_id=action.call.customer_id)


@step
def disputes_moved(op: Operation, *, events: Sequence[int]) -> None:
    """What was credited of a line is in dispute no more, and what a call put in dispute ends with its dispute.

    A reaction: credit notes and disputes know nothing of lines in dispute and of calls.
    """
    known = Event.objects.filter(pk__in=events).values_list("customer_id", flat=True)
    customers = {pk for pk in known if pk is not None}
    lock(customers)
    theirs = Dispute.objects.filter(item__customer__in=customers)
    for row in theirs.filter(closed_on__isnull=True).select_related("item").order_by("pk"):
        parts = disputes.parts_of(row)
        left = disputes.creditable_parts(row)
        if left != parts:
            follow(op, row.item, stand(op, row.item, rules.within(left, row.item.open_minor), row.reason, "Credited"))
    acted = CallAction.objects.filter(
        topic__item__customer__in=customers, action__code="partial_dispute", removed_on__isnull=True,
        dispute__closed_on__isnull=False, amount_minor__gt=0,
    )  # fmt: skip
    for item in OpenItem.objects.filter(pk__in=acted.values("topic__item")).order_by("pk"):
        follow(op, item, Dispute.objects.filter(item=item, closed_on__isnull=True).first())
