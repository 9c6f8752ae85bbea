"""Credit notes: taking back an issued invoice, line by line, with the same tax."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Annotated, Any

from counterfoil.billing import queries, rules
from counterfoil.billing.models import CreditNote, CreditNoteLine, Invoice
from counterfoil.billing.operations.invoices import total_text
from counterfoil.billing.rules import Amounts
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import Money, money_text
from counterfoil.ledger.rules import DEFERRED, REVENUE, TAX, Leg
from counterfoil.operator import numbering
from counterfoil.operator.readiness import refuse_unless_ready
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Parts
from counterfoil.platform.words import PastDay, StatementReason
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import (
    NewItem,
    allocate_shares,
    follow_merge,
    heirs,
    open_items,
    settle_with_credit,
)
from counterfoil.receivables.operations.credit import free_money
from counterfoil.receivables.rules import Share


def _credited(invoice: Invoice, amounts: dict[int, int] | None = None, **rest: Any) -> Money:
    """The amount that a role may limit: what is named, else all that is left."""
    if amounts is not None:
        return Money(sum(amounts.values()), invoice.currency)
    return Money(sum(queries.left_to_credit(invoice).values()), invoice.currency)


@verb(label="Credit invoice", limited=_credited)
def credit_invoice(
    op: Operation,
    *,
    invoice: Invoice,
    amounts: Annotated[dict[int, int], Parts("line", "amount_minor")] | None = None,
    reason: StatementReason,
    on: PastDay | None = None,
) -> CreditNote:
    """A credit note takes back so much of each line (line id to total with tax); without amounts, all that is left.

    It settles the invoice: what is open of it, then in place of what paid it, which is account credit again. Of
    services no more is credited than their period still costs: what a change gave back already is not given again.
    """
    refuse_unless_ready()
    return write_credit_note(op, invoice, amounts, reason=reason, on=on, by_hand=True)


def write_credit_note(
    op: Operation,
    invoice: Invoice,
    amounts: dict[int, int] | None,
    *,
    reason: str,
    on: dt.date | None = None,
    for_days: Collection[int] = (),
    by_hand: bool = False,
) -> CreditNote:
    """The credit note as above, `by_hand` or because a bill is cancelled.

    Lines `for_days` take back what was billed in advance and is not earned any more.
    """
    customer = lock([invoice.customer_id])[invoice.customer_id]
    row = Invoice.objects.select_related("item").get(pk=invoice.pk)
    target = creditable_item(row)
    day = on or op.today
    refuse_if(day < row.on, "before_invoice", "A credit note cannot be dated before its invoice.", field="on")
    lines = _credit_lines(row, amounts, by_hand=by_hand)
    unearned = sum(line.net_minor for line in lines if line.invoice_line_id in for_days)
    if paid := max(sum(line.total_minor for line in lines) - target.open_minor, 0):
        free_money(op, target, paid, day, f"{row.number} is credited")
        target = OpenItem.objects.get(pk=target.pk)
    return issue_credit_note(op, customer, [row], [target], lines, reason, day, unearned)


def issue_credit_note(
    op: Operation, customer: Customer, invoices: Sequence[Invoice], targets: Sequence[OpenItem],
    lines: Sequence[CreditNoteLine], reason: str, on: dt.date, unearned: int,
) -> CreditNote:  # fmt: skip
    """The credit note is posted and settles what is still open of the invoices it credits, the first of them first.

    Of its net `unearned` takes back what was billed in advance.
    """
    row = invoices[0]
    note = CreditNote(
        customer=customer, invoice=row, currency=row.currency, on=on, reason=reason, author=op.caller.name,
        net_minor=sum(line.net_minor for line in lines), tax_minor=sum(line.tax_minor for line in lines),
        total_minor=sum(line.total_minor for line in lines), copy=row.copy,
    )  # fmt: skip
    number = numbering.take("credit_note", [numbering.For(on, customer.brand_id)])[0]
    note.number, note.sequence_no = number.text, number.place
    item = open_items(
        op,
        items=[
            NewItem(
                customer_id=customer.pk, kind="credit_note", side="credit", number=note.number, on=on,
                currency=row.currency, amount_minor=note.total_minor,
                legs=(
                    Leg(REVENUE, note.net_minor - unearned), Leg(DEFERRED, unearned), Leg(TAX, note.tax_minor)
                ),
                text=f"{reason} ({', '.join(str(each) for each in invoices)})"[:200],
                reference=row.number or "", reverses_id=targets[0].entry_id,
            )
        ],
    )[0]  # fmt: skip
    note.item = item
    note.save()
    for line in lines:
        line.credit_note = note
    CreditNoteLine.objects.bulk_create(lines)
    left, shares = note.total_minor, []
    for target in targets:
        if settles := min(left, target.open_minor):
            shares.append(Share(item.pk, target.pk, settles))
            left -= settles
    if shares:
        allocate_shares(op, shares=shares, items={each.pk: each for each in (item, *targets)})
    op.record(
        "invoice.credited", note, customer_id=customer.pk, number=note.number, invoice=row.number,
        total=total_text(note), reason=reason,
    )  # fmt: skip
    follow_merge(op, customer)
    settle_with_credit(op, [customer.pk, *heirs(customer)], on)
    return note


def creditable_item(row: Invoice) -> OpenItem:
    """The open item of an invoice that can be credited at all; refuses what is no invoice, given up, or moved."""
    refuse_if(row.state != Invoice.State.ISSUED, "not_issued", "Only an issued invoice is credited; discard a draft.")
    assert row.item_id is not None
    target = OpenItem.objects.get(pk=row.item_id)
    refuse_if(
        target.settled_by.filter(credit__kind="write_off", undone_by__isnull=True, undoes__isnull=True).exists(),
        "written_off",
        f"{row.number} was written off, so it cannot be credited.",
    )
    refuse_if(
        target.settled_by.filter(credit__kind="transfer_out", undone_by__isnull=True, undoes__isnull=True).exists(),
        "moved",
        f"What was open of {row.number} moved to the account it was merged into. Issue credit there.",
    )
    return target


def _credit_lines(invoice: Invoice, amounts: dict[int, int] | None, *, by_hand: bool) -> list[CreditNoteLine]:
    before: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for line_id, net, tax in CreditNoteLine.objects.filter(invoice_line__invoice=invoice).values_list(
        "invoice_line_id", "net_minor", "tax_minor"
    ):
        before[line_id][0] += net
        before[line_id][1] += tax
    rows = {line.pk: line for line in invoice.lines.all()}
    left = {pk: row.total_minor - sum(before[pk]) for pk, row in rows.items()}
    if by_hand:
        left = queries.left_to_credit(invoice, amounts)
    wanted = {pk: minor for pk, minor in left.items() if minor} if amounts is None else amounts
    wanted = {pk: minor for pk, minor in wanted.items() if minor}
    refuse_if(not wanted, "nothing_to_credit", "There is nothing (left) to credit.", field="amounts")
    lines = []
    for pk, minor in wanted.items():
        row = rows.get(pk)
        if row is None:
            raise Refused("other_invoice", "That line belongs to another invoice.")
        # A line that was itself a credit is taken back the other way.
        if not (0 < minor <= left[pk] or left[pk] <= minor < 0):
            raise Refused(
                "over_credited",
                f"Only {money_text(left[pk], invoice.currency)} of “{row.text[:40]}” is left to credit.",
                field=f"line-{pk}",
            )
        line = Amounts(row.net_minor, row.tax_minor)
        part = rules.credit_amounts(line, Amounts(*before[pk]), minor)
        lines.append(
            CreditNoteLine(
                invoice_line=row, position=row.position, text=row.text, tax_name=row.tax_name,
                tax_percent=row.tax_percent, net_minor=part.net, tax_minor=part.tax, total_minor=part.total,
            )
        )  # fmt: skip
    return lines
