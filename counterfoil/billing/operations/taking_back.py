"""Taking back what was charged for services: credit notes for what is not had any more, and cancelling a bill."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from counterfoil.billing import queries
from counterfoil.billing.charging import Charged, LineLeft, credit_parts
from counterfoil.billing.models import Charge, CreditNote, Invoice
from counterfoil.billing.operations.charged import CHARGE_COLUMNS, charge_row, renumbered, take_back_charges
from counterfoil.billing.operations.credits import write_credit_note
from counterfoil.billing.rules import Amounts
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation, operation


def credit_services(op: Operation, credits: Sequence[Charged], on: dt.date) -> int | None:
    """Negative charges become credit notes on the invoices that charged those periods, newest first.

    Returns the newest invoice credited. Refuses `over_credited` when less is left of them than is to be credited.
    """
    taken: list[tuple[Charged, LineLeft, Amounts]] = []
    used: dict[int, Amounts] = {}
    for charge in credits:
        lines = []
        for line in queries.creditable(charge):
            before = used.get(line.line_id, Amounts(0, 0))
            priced = before.total if charge.prices_include_tax else before.net
            lines.append(replace(line, minor=line.minor - priced, tax_minor=line.tax_minor - before.tax))
        for line, amounts in credit_parts(charge, lines):
            used[line.line_id] = used.get(line.line_id, Amounts(0, 0)) + amounts
            taken.append((charge, line, amounts))
    invoices = {line.line_id: line.invoice_id for _, line, _ in taken}
    for_days = {line.line_id for charge, line, _ in taken if charge.is_for_days}
    notes: dict[int, int] = {}
    for pk in dict.fromkeys(invoices.values()):
        invoice = Invoice.objects.get(pk=pk)
        exactly = {line: used[line] for line, owner in invoices.items() if owner == pk}
        note = write_credit_note(
            op, invoice, {line: amounts.total for line, amounts in exactly.items()}, reason="Services changed",
            on=max(on, invoice.on), for_days=for_days & set(exactly), exactly=exactly,
        )  # fmt: skip
        notes |= {row.invoice_line_id: row.pk for row in note.lines.all()}
    # A charge for each part credited.
    numbered = renumbered([charge for charge, _, _ in taken])
    rows = [
        charge_row(charge, -amounts.total, -amounts.net, None, notes[line.line_id])
        for charge, (_, line, amounts) in zip(numbered, taken, strict=True)
    ]
    bulk.insert_rows(Charge, CHARGE_COLUMNS, rows)
    return max(invoices.values(), default=None)


@operation(label="Cancel bill")
def cancel_bill(op: Operation, *, invoice: Invoice, reason: str) -> CreditNote:
    """The newest bill of the account is taken back in full by a credit note, and its services can be billed again.

    Refuses one that is not the newest, or that is paid, credited or in dispute: credit it, and bill what is missing
    (domain 4.5, 21.8).
    """
    lock([invoice.customer_id])
    row = Invoice.objects.select_related("item").get(pk=invoice.pk)
    refuse_if(row.source != "recurring" or row.item is None, "not_a_bill", "Only an issued bill of services is "
              "cancelled; discard a draft, credit an invoice.")  # fmt: skip
    assert row.item is not None
    newest = queries.newest_bill(row.customer_id)
    refuse_if(newest is not None and newest.pk != row.pk, "not_newest", f"{newest} came after it: cancel that first.")
    refuse_if(
        row.item.open_minor != row.item.amount_minor, "has_payment",
        f"{row.number} is settled in part or in full: issue a credit note instead.",
    )  # fmt: skip
    refuse_if(queries.is_disputed(row), "disputed", f"{row.number} is in dispute: close that first.")
    days = {line for charge, line in queries.charges_of(row) if charge.is_for_days}
    note = write_credit_note(op, row, None, reason=reason, for_days=days)
    take_back_charges(op, row, {line.invoice_line_id: line.pk for line in note.lines.all()})
    return note
