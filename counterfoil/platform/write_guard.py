"""Refuses INSERT, UPDATE and DELETE on business tables while no operation is open.

"Nothing else writes" is thereby checked, not hoped: a view, a task or a shell that forgets to go through an operation
fails at once instead of changing money without a trace.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# Django's own bookkeeping, sessions, the task queue and the tables of the sign-in package. Everything else is business.
_PLUMBING = ("django_", "auth_", "sqlite_", "pg_", "account_", "mfa_", "usersessions_", "socialaccount_")
_WRITE = (
    r"""(?:(?:INSERT(?:\s+OR\s+\w+)?|REPLACE|MERGE)\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM|COPY"""
    r"""|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?"?(\w+)"?"""
)
# At the start, or in or after a common table expression; SELECT … FOR UPDATE is no write.
_STATEMENT = re.compile(
    rf"^(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:EXPLAIN\b[^(]*|WITH\b.*?[()]\s*)?{_WRITE}", re.IGNORECASE | re.DOTALL
)
_open = threading.local()


class WriteOutsideOperation(RuntimeError):
    """Something wrote to a business table without an operation: a programming mistake."""


def is_open() -> bool:
    """Whether this thread is inside an operation (or a migration)."""
    return getattr(_open, "depth", 0) > 0


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Allow writes in this thread: used by verbs and steps and by migrations, and by nothing else."""
    if getattr(_open, "reads", False):
        raise WriteOutsideOperation("What an operation does before its transaction may only read and work things out.")
    _open.depth = getattr(_open, "depth", 0) + 1
    try:
        yield
    finally:
        _open.depth -= 1


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Allow no writes in this thread meanwhile, not even by an operation: for what is done before a transaction."""
    with _as(depth=0, reads=True):
        yield


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """What another process does meanwhile, played in this thread by a test."""
    with _as(depth=0, reads=False):
        yield


@contextlib.contextmanager
def _as(**state: Any) -> Iterator[None]:
    before = vars(_open).copy()
    vars(_open).update(state)
    try:
        yield
    finally:
        vars(_open).clear()
        vars(_open).update(before)


def require_open(table: str) -> None:
    """Raise unless an operation is open. For writes that do not pass through a cursor's execute, such as COPY."""
    if not is_open():
        raise WriteOutsideOperation(f"{table} may be written by operations only.")


def _guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    if not is_open() and (match := _STATEMENT.match(sql)) and not match[1].lower().startswith(_PLUMBING):
        raise WriteOutsideOperation(f"{match[1]} may be written by operations only: {sql[:120]}")
    return execute(sql, params, many, context)


def _add(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if _guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(_guard)


def install() -> None:
    """Guard every connection, those open now and those opened later."""
    # The one signal in the product: Django offers no other hook for a new connection.
    connection_created.connect(_add, dispatch_uid="counterfoil.write_guard")
    for connection in connections.all(initialized_only=True):
        _add(connection)
