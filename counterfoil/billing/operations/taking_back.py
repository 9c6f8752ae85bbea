"""Taking back what was charged for services: credit notes for what is not had any more, and cancelling a bill."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

from counterfoil.billing import queries
from counterfoil.billing.models import Charge, CreditNote, Invoice
from counterfoil.billing.operations.charged import CHARGE_COLUMNS, charge_row, renumbered, take_back_charges
from counterfoil.billing.operations.credits import write_credit_note
from counterfoil.billing.rules import Charged
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import date_text
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation, operation


def credit_services(op: Operation, credits: Sequence[Charged], on: dt.date) -> int | None:
    """Negative charges become credit notes on the invoices that charged those periods, newest first.

    Returns the newest invoice credited. Refuses `over_credited` when less is left of them than is to be credited.
    """
    wanted: dict[int, dict[int, int]] = defaultdict(dict)
    taken: list[tuple[Charged, int, int]] = []
    for charge in credits:
        missing = -charge.minor
        for owner, line, left in queries.creditable(charge):
            part = min(missing, left - wanted[owner].get(line, 0))
            if part > 0:
                wanted[owner][line] = wanted[owner].get(line, 0) + part
                taken.append((charge, line, part))
                missing -= part
        if missing:
            raise Refused(
                "over_credited",
                f"Of what was billed for {date_text(charge.period_start)} less is left than is to be credited: "
                "it was credited already. Issue the rest as account credit.",
            )
    lines: dict[int, tuple[int, int, int]] = {}
    days = {line for charge, line, _ in taken if charge.is_for_days}
    for pk, amounts in wanted.items():
        if amounts:
            invoice = Invoice.objects.get(pk=pk)
            note = write_credit_note(
                op, invoice, amounts, reason="Services changed", on=max(on, invoice.on), for_days=days & set(amounts)
            )
            lines |= {row.invoice_line_id: (row.pk, row.net_minor, row.total_minor) for row in note.lines.all()}
    _write_credited(taken, lines)
    return max((pk for pk, amounts in wanted.items() if amounts), default=None)


def _write_credited(taken: Sequence[tuple[Charged, int, int]], lines: Mapping[int, tuple[int, int, int]]) -> None:
    """A charge for each part credited; the net of a line's parts adds up to the line's."""
    left = {line: [net, total] for line, (_, net, total) in lines.items()}
    rows = []
    numbered = renumbered([charge for charge, _, _ in taken])
    for charge, (_, line, part) in zip(numbered, taken, strict=True):
        net = left[line][0] * part // left[line][1]
        left[line] = [left[line][0] - net, left[line][1] - part]
        rows.append(charge_row(charge, -part, -net, None, lines[line][0]))
    bulk.insert_rows(Charge, CHARGE_COLUMNS, rows)


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
    days = {line for charge, line, _ in queries.charges_of(row) if charge.is_for_days}
    note = write_credit_note(op, row, None, reason=reason, for_days=days)
    take_back_charges(op, row, {line.invoice_line_id: line.pk for line in note.lines.all()})
    return note
