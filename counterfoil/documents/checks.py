"""What must be true of stored files."""

from __future__ import annotations

from collections.abc import Iterable

from counterfoil.documents.models import StoredFile
from counterfoil.documents.queries import is_intact, referring_fields
from counterfoil.platform.checks import book_check


@book_check
def stored_files_are_what_was_stored() -> Iterable[str]:
    """Each file's bytes have the hash and size under which they were stored; of an erased one none are left."""
    for file in StoredFile.objects.iterator(chunk_size=50):
        if file.erased_at is not None:
            if bytes(file.content):
                yield f"File {file.pk} ({file.sha256[:12]}) was erased, and bytes of it are there."
        elif not is_intact(file):
            yield f"File {file.pk} ({file.sha256[:12]}) was changed after it was stored."
        elif file.size != len(bytes(file.content)):
            yield f"File {file.pk} ({file.sha256[:12]}) says {file.size} bytes and has {len(bytes(file.content))}."


@book_check
def nothing_refers_to_an_erased_file() -> Iterable[str]:
    """Whatever refers to a file finds its bytes."""
    for field in referring_fields():
        rows = field.model._base_manager.filter(**{f"{field.name}__erased_at__isnull": False})
        for row in rows.select_related(field.name).defer(f"{field.name}__content").order_by("pk")[:20]:
            file = getattr(row, field.name)
            yield (
                f"{row._meta.verbose_name.capitalize()} {row.pk} ({row}) has lost its {field.verbose_name}: "
                f"the content of file {file.pk} ({file.sha256[:12]}) was erased. "
                "Attach it again, or take it from a backup."
            )
