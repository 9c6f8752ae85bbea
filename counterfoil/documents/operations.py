"""Every write about files."""

from __future__ import annotations

import hashlib

from counterfoil.documents.models import StoredFile
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, operation

MOST_BYTES = 25 * 1024 * 1024


@operation
def store_file(op: Operation, *, content: bytes, mime: str) -> StoredFile:
    """The bytes are kept for good, once, whatever they are called and however often they are stored."""
    refuse_if(len(content) > MOST_BYTES, "file_too_large", "A file may have 25 MB at most.", field="files")
    sha256 = hashlib.sha256(content).hexdigest()
    # A second writer of the same bytes waits here and then finds them.
    row, created = StoredFile.objects.get_or_create(
        sha256=sha256, defaults={"mime": mime, "size": len(content), "content": content}
    )
    if created:
        op.record("file.stored", row, mime=mime, size=len(content), sha256=sha256)
    return row


@operation
def erase_file(op: Operation, *, file: StoredFile) -> StoredFile:
    """The bytes are gone; that there was a file with this hash stays. The caller knows that nobody else uses it."""
    row = StoredFile.objects.get(pk=file.pk)
    if row.erased_at is None:
        row.content, row.erased_at = b"", op.now
        row.save(update_fields=["content", "erased_at"])
        op.record("file.erased", row, sha256=row.sha256)
    return row
