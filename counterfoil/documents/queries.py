"""Reads about stored files. Who may see one is decided by the app whose document it is."""

from __future__ import annotations

import hashlib

from counterfoil.documents.models import StoredFile


def file_of(sha256: str) -> StoredFile | None:
    """The stored file with this hash."""
    return StoredFile.objects.filter(sha256=sha256).first()


def is_intact(file: StoredFile) -> bool:
    """Whether the bytes are still those that were stored."""
    return hashlib.sha256(bytes(file.content)).hexdigest() == file.sha256
