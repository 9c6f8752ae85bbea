"""Files that were uploaded and wait to be matched and imported, and matches that are kept by name."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Annotated

from counterfoil.imports.mapping import read_mapping
from counterfoil.imports.models import SavedMapping, Upload
from counterfoil.imports.operations.bringing import import_file
from counterfoil.imports.sheets import MOST_ABOVE, Row, lines_of
from counterfoil.kernel.errors import NotFound, refuse_if
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says

MOST_BYTES = 20 * 1024 * 1024
# How long a file waits for whoever uploaded it.
KEPT_FOR = dt.timedelta(days=2)


@verb(right=import_file, whole=True)
def upload_file(op: Operation, *, content: bytes, file_name: Annotated[str, Says(most=200)]) -> Upload:
    """The file waits for this person to match its columns, for two days at most."""
    refuse_if(not content, "empty", "The file is empty.", field="file")
    refuse_if(len(content) > MOST_BYTES, "too_large", "The file is larger than 20 MB. Use the import command for it.",
              field="file")  # fmt: skip
    # Refused here rather than on the next page, when it is no file of rows at all.
    first_lines(content)
    return Upload.objects.create(user_id=op.caller.user_id, name=file_name, content=content, at=op.now)


@step
def drop_old_uploads(op: Operation) -> int:
    """Files that waited two days are gone; returns how many. They may name people, and nobody asked for them."""
    deleted, _ = Upload.objects.filter(at__lt=op.now - KEPT_FOR).delete()
    return deleted


@verb(right=import_file, whole=True)
def save_mapping(
    op: Operation, *, name: Annotated[str, Says(most=60)], text: Annotated[str, Says(most=20_000)]
) -> SavedMapping:
    """The match is kept under this name; one of that name is replaced."""
    read_mapping(text)
    row, made = SavedMapping.objects.update_or_create(name=name.strip(), defaults={"text": text})
    op.record("mapping.saved", row, name=row.name, new=made)
    return row


def upload_of(caller: Caller, pk: int) -> Upload:
    """A file that this person uploaded."""
    row = Upload.objects.filter(pk=pk, user_id=caller.user_id).first()
    if row is None:
        raise NotFound("There is no such file any more. Upload it again.")
    return row


def saved_mappings() -> list[SavedMapping]:
    """The matches that are kept, by name."""
    return list(SavedMapping.objects.order_by("name"))


def first_lines(content: bytes, *, encoding: str = "utf-8-sig") -> list[Row]:
    """The first lines of a file that say anything."""
    lines = lines_of(content, encoding=encoding)
    return list(itertools.islice((row for row in lines if any(row[1])), MOST_ABOVE))
