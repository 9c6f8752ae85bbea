"""Every write about files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from django.db import connection

from counterfoil.documents.models import StoredFile
from counterfoil.documents.queries import referred_to
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation, step

MOST_BYTES = 25 * 1024 * 1024


@step
def store_files(op: Operation, *, files: Sequence[tuple[bytes, str]]) -> list[StoredFile]:
    """The bytes of each (with its type) are kept for good, once, however often they are stored; the rows in order."""
    for content, _ in files:
        refuse_if(len(content) > MOST_BYTES, "file_too_large", "A file may have 25 MB at most.", field="files")
    hashes = [hashlib.sha256(content).hexdigest() for content, _ in files]
    found = _held(hashes)
    # In one order, so that two writers cannot wait for each other.
    missing = sorted({sha256: file for sha256, file in zip(hashes, files, strict=True) if sha256 not in found}.items())
    if missing:
        ids = bulk.reserve_ids(StoredFile, len(missing))
        # A second writer of the same bytes waits here and then finds them. Written plainly: Django would make an array
        # of each column, and the bytes in it a text that is searched for what must be escaped.
        values = [
            value
            for pk, (sha256, (content, mime)) in zip(ids, missing, strict=True)
            for value in (pk, sha256, mime, len(content), content)
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {StoredFile._meta.db_table} (id, sha256, mime, size, content) VALUES "
                f"{', '.join(['(%s, %s, %s, %s, %s)'] * len(missing))} ON CONFLICT DO NOTHING",
                values,
            )
        stored = _held([sha256 for sha256, _ in missing])
        found |= stored
        for row in stored.values():
            if row.pk in set(ids):
                op.record("file.stored", row, mime=row.mime, size=row.size, sha256=row.sha256)
    return [found[sha256] for sha256 in hashes]


def _held(hashes: Sequence[str]) -> dict[str, StoredFile]:
    """The files that are there, by hash: held until the end, so that nobody erases one before a row refers to it."""
    rows = StoredFile.objects.select_for_update(no_key=True).defer("content").filter(erased_at=None)
    return {row.sha256: row for row in rows.filter(sha256__in=set(hashes)).order_by("pk")}


@step
def store_file(op: Operation, *, content: bytes, mime: str) -> StoredFile:
    """The same for one file."""
    return store_files(op, files=[(content, mime)])[0]


@step
def erase_files(op: Operation, *, files: Iterable[int]) -> int:
    """Of these files (by key) the bytes are gone of those that nothing refers to; returns how many.

    Whoever lets go of a file calls this afterwards. That there was a file with this hash stays.
    """
    # Whoever is about to refer to one holds it (see `store_files`): they are waited for, and then seen.
    rows = StoredFile.objects.select_for_update().defer("content").filter(pk__in=set(files), erased_at=None)
    found = list(rows.order_by("pk"))
    used = referred_to([row.pk for row in found])
    unused = [row for row in found if row.pk not in used]
    for row in unused:
        row.content, row.erased_at = b"", op.now
        row.save(update_fields=["content", "erased_at"])
        op.record("file.erased", row, sha256=row.sha256)
    return len(unused)
