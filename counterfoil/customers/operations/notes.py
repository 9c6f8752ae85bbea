"""What staff note about a customer."""

from __future__ import annotations

from typing import Annotated

from counterfoil.customers import queries
from counterfoil.customers.models import Customer, Note
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator.models import Lookup
from counterfoil.operator.queries import check_offered
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.words import StaffNote


@verb
def add_note(
    op: Operation,
    *,
    customer: Customer,
    text: StaffNote,
    pin: bool = False,
    note_type: Annotated[Lookup | None, Says("Type", "Debtor notes stand on the tab Collections.")] = None,
) -> Note:
    """Staff can read the note, with the author and time set by the system; the customer never sees it (domain 2.3)."""
    check_offered(note_type, Lookup.Kind.NOTE_TYPE, op.today, field="note_type")
    note = Note.objects.create(
        customer=customer, note_type=note_type, text=text, author_id=op.caller.user_id, author_name=op.caller.name,
        at=op.now,
    )  # fmt: skip
    op.record("note.added", note, customer_id=customer.pk, text=text[:200])
    if pin:
        pin_note(op, customer=customer, note=note)
    return note


@verb
def pin_note(op: Operation, *, customer: Customer, note: Note | None) -> Customer:
    """The note is shown beside everything on the customer's page; none takes the pinned one down."""
    row = queries.lock([customer.pk])[customer.pk]
    refuse_if(note is not None and note.customer_id != row.pk, "other_customer", "That note is another customer's.")
    row.pinned_note = note
    row.save(update_fields=["pinned_note"])
    if note is not None:
        op.record("note.pinned", note, customer_id=row.pk, text=note.text[:200])
    else:
        op.record("note.unpinned", row, customer_id=row.pk)
    return row
