"""The records of a file on disk while it is read and brought in, so that memory does not grow with the file."""

from __future__ import annotations

import datetime as dt
import pickle
import sqlite3
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from counterfoil.imports.rules import Record

_AT_ONCE = 500


class Shelf:
    """Records by part and key, each once, in a database of its own that goes with this object."""

    def __init__(self) -> None:
        # An empty name is a file that nobody else sees.
        self._rows = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._rows.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8000;"
            "CREATE TABLE record (part TEXT, key BLOB, first BLOB, line INTEGER, content BLOB,"
            " PRIMARY KEY (part, key)) WITHOUT ROWID; BEGIN"
        )

    def put(self, part: str, record: Record, first: dt.date | str = "") -> Record | None:
        """The record is there; or the one that has its key already. `first` orders them, and then their rows do."""
        found = self._rows.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (part, _bytes(record.key), _bytes(str(first)), record.row, pickle.dumps(record, pickle.HIGHEST_PROTOCOL)),
        )
        return None if found.rowcount else self.get(part, record.key)

    def get(self, part: str, key: str) -> Record | None:
        """The record of a key."""
        row = self._rows.execute(
            "SELECT content FROM record WHERE part = ? AND key = ?", (part, _bytes(key))
        ).fetchone()
        return None if row is None else _record(row[0])

    def replace(self, part: str, record: Record) -> None:
        """The record says something else now."""
        self._rows.execute(
            "UPDATE record SET content = ? WHERE part = ? AND key = ?",
            (pickle.dumps(record, pickle.HIGHEST_PROTOCOL), part, _bytes(record.key)),
        )

    def drop(self, part: str, key: str) -> None:
        """The record is not there."""
        self._rows.execute("DELETE FROM record WHERE part = ? AND key = ?", (part, _bytes(key)))

    def records(self, part: str) -> Iterator[Record]:
        """Those of a part, in order."""
        rows = self._rows.execute("SELECT content FROM record WHERE part = ? ORDER BY first, line", (part,))
        while some := rows.fetchmany(_AT_ONCE):
            for (content,) in some:
                yield _record(content)


def _bytes(text: str) -> bytes:
    """A text as it is, characters that are none included."""
    return text.encode("utf-8", "surrogatepass")


def _record(content: bytes) -> Record:
    # Written by this object and by nobody else.
    found: Record = pickle.loads(content)  # noqa: S301
    return found
