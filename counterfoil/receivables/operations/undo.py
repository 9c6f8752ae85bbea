"""Undoing one settlement alone."""

from __future__ import annotations

from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.words import Reason
from counterfoil.receivables import rules
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.operations.allocate import undo_rows
from counterfoil.receivables.operations.transfer import follow_merge


@verb
def undo_allocation(op: Operation, *, allocation: Allocation, reason: Reason) -> Allocation:
    """This one settlement is undone from today; both items are open again by its amount, at their original age."""
    bound = {allocation.debit.kind, allocation.credit.kind} & rules.BOUND_KINDS
    refuse_if(bound, "bound", "This settlement belongs to its document and can't be undone separately.")
    undone = undo_rows(op, [allocation], op.today, reason)[0]
    follow_merge(op, allocation.debit.customer)
    return undone
