"""What must be true of stored files."""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.documents.models import StoredFile
from counterfoil.documents.queries import is_intact
from counterfoil.platform.checks import book_check


@book_check
def stored_files_are_what_was_stored() -> Iterable[str]:
    """Each file's bytes have the hash and size under which they were stored."""
    for file in StoredFile.objects.filter(erased_at__isnull=True).iterator(chunk_size=50):
        if not is_intact(file):
            yield f"File {file.sha256[:12]} was changed after it was stored."
        elif file.size != len(bytes(file.content)):
            yield f"File {file.sha256[:12]} says {file.size} bytes and has {len(bytes(file.content))}."
