"""Proving the books after a test by the checks that can have another answer than before it.

Between tests the books are those of a founded company, which are proved once. A check of which no test has written any
table answers as it did then, so it is not asked again: most of the sixty are about tables that a test never touches.
What a check reads, and what a test writes, is taken from the statements themselves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from django.apps import apps
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from counterfoil.platform import kept, write_guard
from counterfoil.platform.checks import CHECKS, Finding, changed_rows, rows_are_as_operations_left_them

_reads: dict[str, set[str]] = defaultdict(set)
_proved: set[str] = set()
_written: set[str] = set()
_reading: set[str] | None = None
_require_open = write_guard.require_open


@cache
def _tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))


def _note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if _reading is not None:
        _reading.update(_tables().intersection(re.findall(r"\w+", sql)))
    elif not sql.startswith("SELECT"):
        # More than it writes where it reads others too: then more is proved than need be.
        _written.update(_tables().intersection(re.findall(r"\w+", sql)))
    return execute(sql, params, many, context)


def _note_copy(table: str) -> None:
    _written.add(table)
    _require_open(table)


def _add(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _note not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note)


def watch() -> None:
    """Note from now on, in this process, which tables are written."""
    connection_created.connect(_add, dispatch_uid="counterfoil.testing.proof")
    for connection in connections.all(initialized_only=True):
        _add(connection)
    # COPY passes no cursor's execute.
    write_guard.require_open = _note_copy


def forget() -> None:
    """A test has ended; what it wrote is undone, or written again where it is not."""
    _written.clear()


def _checks() -> Iterable[tuple[str, Callable[[], Iterable[str]], set[str] | None]]:
    """Name, check, and the tables that decide it where they are known beforehand."""
    for name, check in sorted(CHECKS.items()):
        if check is rows_are_as_operations_left_them:
            for noun in kept.nouns().values():
                # An event about a row that was not written says of the row what the one before it said.
                own = {noun.model._meta.db_table, *(model._meta.db_table for model, _, _ in noun.parts)}
                yield f"{name} ({noun.label})", partial(changed_rows, noun), own
        else:
            yield name, check, None


def check_written() -> list[Finding]:
    """What `check_books` would find, of the checks that read what was written since the last test."""
    global _reading  # noqa: PLW0603
    findings = []
    for name, check, own in _checks():
        if name in _proved and not (own or _reads[name]) & _written:
            continue
        _reading = _reads[name]
        try:
            sentences = list(check())
        finally:
            _reading = None
        findings += [Finding(name, sentence) for sentence in sentences]
        if not sentences:
            _proved.add(name)
    return findings
