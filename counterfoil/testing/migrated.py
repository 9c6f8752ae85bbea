"""A migrated SQLite database, made once and copied: most of what making one takes is working out old models.

Only tests and benches, which make many, name a place to keep it (`COUNTERFOIL_MIGRATED`).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from pathlib import Path

import django
from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
NAME = "COUNTERFOIL_MIGRATED"


def usual_place() -> str:
    """Where this version's is kept: another migration, or another Django, is another file."""
    made_of = hashlib.sha256(django.__version__.encode())
    for path in sorted(ROOT.glob("*/migrations/*.py")):
        made_of.update(path.name.encode() + path.read_bytes())
    return str(Path(tempfile.gettempdir()) / f"counterfoil-migrated-{os.getuid()}-{made_of.hexdigest()[:16]}.sqlite3")


def begin_with_copy() -> None:
    """An empty SQLite database begins as the kept one, where there is one."""
    kept = os.environ.get(NAME, "")
    if not kept or not Path(kept).exists() or not _is_empty():
        return
    with contextlib.closing(sqlite3.connect(f"file:{kept}?mode=ro", uri=True)) as made:
        made.backup(connection.connection)


def keep_copy() -> None:
    """The database is kept for the next one, where a place is named and it has nothing yet."""
    kept = os.environ.get(NAME, "")
    if not kept or Path(kept).exists() or connection.vendor != "sqlite":
        return
    connection.ensure_connection()
    part = f"{kept}.{os.getpid()}"
    with contextlib.closing(sqlite3.connect(part)) as copy:
        connection.connection.backup(copy)
    os.replace(part, kept)


def _is_empty() -> bool:
    if connection.vendor != "sqlite":
        return False
    connection.ensure_connection()
    return not connection.introspection.table_names()
