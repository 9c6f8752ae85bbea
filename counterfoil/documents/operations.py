"""Every write about files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from counterfoil.documents.models import StoredFile
from counterfoil.documents.queries import referred_to
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.operations import Operation, step

MOST_BYTES = 25 * 1024 * 1024


@step
def store_file(op: Operation, *, content: bytes, mime: str) -> StoredFile:
    """The bytes are kept for good, once, whatever they are called and however often they are stored."""
    refuse_if(len(content) > MOST_BYTES, "file_too_large", "A file may have 25 MB at most.", field="files")
    sha256 = hashlib.sha256(content).hexdigest()
    # Held until the end, so that nobody erases it before the caller's row refers to it.
    kept = StoredFile.objects.select_for_update(no_key=True).defer("content").filter(erased_at=None)
    # A second writer of the same bytes waits here and then finds them.
    row, created = kept.get_or_create(sha256=sha256, defaults={"mime": mime, "size": len(content), "content": content})
    if created:
        op.record("file.stored", row, mime=mime, size=len(content), sha256=sha256)
    return row


@step
def erase_files(op: Operation, *, files: Iterable[int]) -> int:
    """Of these files (by key) the bytes are gone of those that nothing refers to; returns how many.

    Whoever lets go of a file calls this afterwards. That there was a file with this hash stays.
    """
    # Whoever is about to refer to one holds it (see `store_file`): they are waited for, and then seen.
    rows = StoredFile.objects.select_for_update().defer("content").filter(pk__in=set(files), erased_at=None)
    found = list(rows.order_by("pk"))
    used = referred_to([row.pk for row in found])
    unused = [row for row in found if row.pk not in used]
    for row in unused:
        row.content, row.erased_at = b"", op.now
        row.save(update_fields=["content", "erased_at"])
        op.record("file.erased", row, sha256=row.sha256)
    return len(unused)
