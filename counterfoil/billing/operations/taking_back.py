"""Taking a bill back as a whole."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from counterfoil.billing import queries
from counterfoil.billing.models import Charge, CreditNote, CreditNoteLine, Invoice
from counterfoil.billing.operations.charged import take_back_charges
from counterfoil.billing.operations.credits import write_credit_note
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator.readiness import refuse_unless_ready
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.words import StatementReason


@verb(label="Cancel bill")
def cancel_bill(op: Operation, *, invoice: Invoice, reason: StatementReason) -> CreditNote:
    """The newest bill of the account is taken back in full by a credit note, and its services can be billed again.

    What account credit settled of it is account credit again. Refuses one that is not the newest, or that was paid or
    credited after it was issued, or is in dispute: credit it, and bill what is missing (domain 4.5).
    """
    refuse_unless_ready()
    lock([invoice.customer_id])
    row = Invoice.objects.select_related("item").get(pk=invoice.pk)
    refuse_if(row.source != "recurring" or row.item is None, "not_a_bill", "Only an issued bill of services is "
              "cancelled; discard a draft, credit an invoice.")  # fmt: skip
    assert row.item is not None
    newest = queries.newest_bill(row.customer_id)
    refuse_if(newest is not None and newest.pk != row.pk, "not_newest", f"{newest} came after it: cancel that first.")
    # Credit that was there before it settled the bill by itself, and nobody paid this bill with it.
    later = row.item.settled_by.filter(undoes__isnull=True, undone_by__isnull=True, credit__gt=row.item_id)
    refuse_if(
        later.exists(), "has_payment",
        f"{row.number} is settled in part or in full: issue a credit note instead.",
    )  # fmt: skip
    # A note need not settle the bill it is of: its settlement may have been undone.
    refuse_if(
        _is_credited(row), "credited",
        f"Some of {row.number} was credited already: issue a credit note for the rest instead.",
    )  # fmt: skip
    refuse_if(queries.is_disputed(row), "disputed", f"{row.number} is in dispute: close that first.")
    days = {line for charge, line in queries.charges_of(row) if charge.is_for_days}
    note = write_credit_note(op, row, None, reason=reason, for_days=days)
    credit_lines = {line.invoice_line_id: line.pk for line in note.lines.all() if line.invoice_line_id is not None}
    take_back_charges(op, row, credit_lines)
    return note


def _is_credited(invoice: Invoice) -> bool:
    """Whether some of it was credited since, by hand or because its services changed, whatever that settles."""
    if CreditNoteLine.objects.filter(invoice_line__invoice=invoice).exists():
        return True
    billed = Charge.objects.filter(line__invoice=invoice)
    same = {"period_start": OuterRef("period_start"), "number__lt": OuterRef("number")}
    since = Exists(billed.filter(service=OuterRef("service"), **same))
    of_once = Exists(billed.filter(one_time=OuterRef("one_time"), **same))
    return Charge.objects.filter(since | of_once, credit_line__isnull=False).exists()
