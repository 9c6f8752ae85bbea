"""Credit notes: taking back an issued invoice, line by line, with the same tax."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from counterfoil.billing import queries, rules
from counterfoil.billing.models import CreditNote, CreditNoteLine, Invoice
from counterfoil.billing.operations.invoices import total_text
from counterfoil.billing.rules import Amounts
from counterfoil.customers.queries import lock
from counterfoil.customers.rules import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import Money, money_text
from counterfoil.ledger.rules import DEFERRED, REVENUE, TAX, Leg
from counterfoil.platform import numbering
from counterfoil.platform.operations import Operation, operation
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
from counterfoil.receivables.operations.items import check_day
from counterfoil.receivables.rules import Share


def _credited(invoice: Invoice, amounts: dict[int, int] | None = None, **rest: Any) -> Money:
    """The amount that a role may limit: what is named, else all that is left."""
    if amounts is not None:
        return Money(sum(amounts.values()), invoice.currency)
    return Money(invoice.total_minor - sum(queries.credited_by_line(invoice).values()), invoice.currency)


@operation(label="Credit invoice", limited=_credited)
def credit_invoice(
    op: Operation, *, invoice: Invoice, amounts: dict[int, int] | None = None, reason: str, on: dt.date | None = None
) -> CreditNote:
    """A credit note takes back so much of each line (line id to total with tax); without amounts, all that is left.

    It settles the invoice: what is open of it, then in place of what paid it, which is account credit again. Of
    services no more is credited than their period still costs: what a change gave back already is not given again.
    """
    return write_credit_note(op, invoice, amounts, reason=reason, on=on, by_hand=True)


def write_credit_note(
    op: Operation,
    invoice: Invoice,
    amounts: dict[int, int] | None,
    *,
    reason: str,
    on: dt.date | None = None,
    for_days: Collection[int] = (),
    exactly: Mapping[int, Amounts] | None = None,
    by_hand: bool = False,
) -> CreditNote:
    """The credit note as above, `by_hand` or because services changed.

    Lines `for_days` take back what was billed in advance and is not earned any more. Net and tax that are known
    `exactly` are not worked out again as a share of the line.
    """
    customer = lock([invoice.customer_id])[invoice.customer_id]
    row = Invoice.objects.select_related("item").get(pk=invoice.pk)
    target = _creditable(row)
    day = check_day(on or op.today, op.today)
    refuse_if(day < row.on, "before_invoice", "A credit note cannot be dated before its invoice.", field="on")
    why = check_text(reason, field="reason", most=200)
    lines = _credit_lines(row, amounts, exactly or {}, queries.left_of_periods(row) if by_hand else {})
    note = CreditNote(
        customer=customer, invoice=row, currency=row.currency, on=day, reason=why, author=op.caller.name,
        net_minor=sum(line.net_minor for line in lines), tax_minor=sum(line.tax_minor for line in lines),
        total_minor=sum(line.total_minor for line in lines), copy=row.copy,
    )  # fmt: skip
    unearned = sum(line.net_minor for line in lines if line.invoice_line_id in for_days)
    number = numbering.take("credit_note", 1)[0]
    note.number, note.sequence_no = number.text, number.place
    item = open_items(
        op,
        items=[
            NewItem(
                customer_id=customer.pk, kind="credit_note", side="credit", number=note.number, on=day,
                currency=row.currency, amount_minor=note.total_minor,
                legs=(
                    Leg(REVENUE, note.net_minor - unearned), Leg(DEFERRED, unearned), Leg(TAX, note.tax_minor)
                ),
                text=f"{why} ({row.number})",
                reference=row.number or "", reverses_id=target.entry_id,
            )
        ],
    )[0]  # fmt: skip
    note.item = item
    note.save()
    for line in lines:
        line.credit_note = note
    CreditNoteLine.objects.bulk_create(lines)
    if missing := max(note.total_minor - target.open_minor, 0):
        free_money(op, target, missing, day, f"{row.number} is credited by {note.number}")
        target = OpenItem.objects.get(pk=target.pk)
    if settles := min(note.total_minor, target.open_minor):
        allocate_shares(op, shares=[Share(item.pk, target.pk, settles)], items={item.pk: item, target.pk: target})
    op.record(
        "invoice.credited", note, customer_id=customer.pk, number=note.number, invoice=row.number,
        total=total_text(note), reason=why,
    )  # fmt: skip
    follow_merge(op, customer)
    settle_with_credit(op, [customer.pk, *heirs(customer)])
    return note


def _creditable(row: Invoice) -> OpenItem:
    """The open item of an invoice that can be credited at all."""
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


def _credit_lines(
    invoice: Invoice, amounts: dict[int, int] | None, exactly: Mapping[int, Amounts],
    periods: Mapping[int, tuple[Any, int]],
) -> list[CreditNoteLine]:  # fmt: skip
    before: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for line_id, net, tax in CreditNoteLine.objects.filter(credit_note__invoice=invoice).values_list(
        "invoice_line_id", "net_minor", "tax_minor"
    ):
        before[line_id][0] += net
        before[line_id][1] += tax
    rows = {line.pk: line for line in invoice.lines.all()}
    left = {pk: row.total_minor - sum(before[pk]) for pk, row in rows.items()}
    # What is left of a billing period its lines share.
    shared = dict(periods.values())
    for pk, (period, _) in periods.items():
        left[pk] = min(left[pk], shared[period])
        shared[period] -= left[pk] if amounts is None else min(left[pk], amounts.get(pk, 0))
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
        part = exactly.get(pk) or rules.credit_amounts(line, Amounts(*before[pk]), minor)
        lines.append(
            CreditNoteLine(
                invoice_line=row, position=row.position, text=row.text, tax_name=row.tax_name,
                tax_percent=row.tax_percent, net_minor=part.net, tax_minor=part.tax, total_minor=part.total,
            )
        )  # fmt: skip
    return lines
