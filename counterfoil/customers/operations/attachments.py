"""Files about a customer."""

from __future__ import annotations

from typing import Any

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Attachment, Customer
from counterfoil.customers.operations.shared import choice
from counterfoil.documents.inspection import Inspected, inspect
from counterfoil.documents.operations import store_file
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Caller, Operation, operation

MOST = 500


def _look(caller: Caller, *, content: bytes, **more: Any) -> Inspected:
    return inspect(content)


@operation(label="Attach a file", before=_look)
def attach_file(op: Operation, *, customer: Customer, kind: str, name: str, content: bytes) -> Attachment:
    """The file is kept with the customer, as what it really is, under a tidy name (seed 001)."""
    row = queries.lock([customer.pk])[customer.pk]
    choice(kind, Attachment.Kind, "kind")
    refuse_if(
        Attachment.objects.filter(customer=row, removed_at__isnull=True).count() >= MOST,
        "too_many", f"A customer has at most {MOST} attachments. Remove some first.", field="file",
    )  # fmt: skip
    found: Inspected = op.ready
    file = store_file(op, content=content, mime=found.mime)
    small = store_file(op, content=found.thumbnail, mime="image/jpeg") if found.thumbnail else None
    attachment = Attachment.objects.create(
        customer=row, kind=kind, name=rules.tidy_file_name(name, found.mime), file=file, thumbnail=small,
        author_name=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    op.record(
        "attachment.added", attachment, customer_id=row.pk, name=attachment.name,
        attachment_kind=attachment.get_kind_display().lower(),
    )  # fmt: skip
    return attachment


@operation(label="Remove attachment")
def remove_attachment(op: Operation, *, attachment: Attachment, reason: str) -> Attachment:
    """The file is no longer shown; the trail says that it was there."""
    row = Attachment.objects.select_for_update().get(pk=attachment.pk)
    refuse_if(row.removed_at is not None, "already_removed", "Somebody removed it a moment ago.")
    why = rules.check_text(reason, field="reason", most=200)
    row.removed_at = op.now
    row.save(update_fields=["removed_at"])
    op.record("attachment.removed", row, customer_id=row.customer_id, name=row.name, reason=why)
    return row
