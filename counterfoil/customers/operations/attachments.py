"""Files about a customer."""

from __future__ import annotations

from typing import Any

from counterfoil.customers import queries, rules
from counterfoil.customers.models import Attachment, Customer
from counterfoil.customers.operations.shared import choice
from counterfoil.documents.inspection import inspect
from counterfoil.documents.operations import store_file
from counterfoil.documents.picturing import SEEN
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Reason

MOST = 500


def _look(caller: Caller, *, content: bytes, **more: Any) -> str:
    return inspect(content)


@verb(label="Attach a file", before=_look)
def attach_file(op: Operation, *, customer: Customer, kind: str, name: str, content: bytes) -> Attachment:
    """The file is kept with the customer, as what it really is, under a tidy name (domain 2.3).

    It can be used at once; the worker makes a small picture of it afterwards.
    """
    mime: str = op.ready
    return write_attachment(op, customer, kind=kind, name=name, content=content, mime=mime)


def write_attachment(
    op: Operation, customer: Customer, *, kind: str, name: str, content: bytes, mime: str
) -> Attachment:  # fmt: skip
    """The file is kept with the customer; what it really is was looked at before the transaction."""
    row = queries.lock([customer.pk])[customer.pk]
    choice(kind, Attachment.Kind, "kind")
    refuse_if(
        Attachment.objects.filter(customer=row, removed_at__isnull=True).count() >= MOST,
        "too_many", f"A customer has at most {MOST} attachments. Remove some first.", field="file",
    )  # fmt: skip
    file = store_file(op, content=content, mime=mime)
    attachment = Attachment.objects.create(
        customer=row, kind=kind, name=rules.tidy_file_name(name, mime), file=file, author_name=op.caller.name[:120],
        at=op.now, pictured_at=None if mime in SEEN else op.now,
    )  # fmt: skip
    if attachment.pictured_at is None:
        picture_new_attachments.enqueue()
    op.record(
        "attachment.added", attachment, customer_id=row.pk, name=attachment.name,
        attachment_kind=attachment.get_kind_display().lower(),
    )  # fmt: skip
    return attachment


@verb(label="Remove attachment")
def remove_attachment(op: Operation, *, attachment: Attachment, reason: Reason) -> Attachment:
    """The file is no longer shown; the trail says that it was there."""
    row = Attachment.objects.select_for_update().get(pk=attachment.pk)
    refuse_if(row.removed_at is not None, "already_removed", "Somebody removed it a moment ago.")
    row.removed_at = op.now
    row.save(update_fields=["removed_at"])
    op.record("attachment.removed", row, customer_id=row.customer_id, name=row.name, reason=reason)
    return row


@step
def set_thumbnail(op: Operation, *, attachment: Attachment, picture: bytes) -> Attachment:
    """The attachment has this small picture (empty: it has none), and is not looked at again."""
    row = Attachment.objects.select_for_update().get(pk=attachment.pk)
    if row.pictured_at is None:
        # Somebody may have been erased while it was drawn.
        if picture and row.file_id is not None:
            row.thumbnail = store_file(op, content=picture, mime="image/jpeg")
        row.pictured_at = op.now
        row.save(update_fields=["thumbnail", "pictured_at"])
    return row


from counterfoil.customers.tasks import picture_new_attachments  # noqa: E402 - the task needs the names above
