"""Triggers that make the database itself refuse to change what was appended or issued, on both engines.

A model says so with a class attribute: `append_only = True`, or `frozen = Frozen(update="…", delete="…")` with SQL
conditions over OLD and NEW. `ensure()` runs after every migration, because Django rebuilds SQLite tables when they
change, and a rebuilt table has lost its triggers.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db import connection


@dataclass(frozen=True)
class Frozen:
    """When a row may no longer be updated, deleted or added: SQL conditions over OLD and NEW, where there is one."""

    update: str | None = None
    delete: str | None = None
    insert: str | None = None


def frozen_tables() -> dict[str, Frozen]:
    """Each protected table with its conditions."""
    tables = {}
    for model in apps.get_models():
        if getattr(model, "append_only", False):
            tables[model._meta.db_table] = Frozen("1=1", "1=1")
        elif rule := getattr(model, "frozen", None):
            tables[model._meta.db_table] = rule
    return tables


@dataclass(frozen=True)
class _Trigger:
    """One trigger as it must be."""

    table: str
    event: str
    condition: str

    @property
    def name(self) -> str:
        return f"frozen_{self.table}_{self.event.lower()}"

    @property
    def _message(self) -> str:
        return f"{self.table} is append-only: {self.event.lower()} refused"

    @property
    def body(self) -> str:
        """What the database keeps of it: the statement on SQLite, the function's source on PostgreSQL."""
        if connection.vendor == "sqlite":
            return (
                f'CREATE TRIGGER "{self.name}" BEFORE {self.event} ON "{self.table}" WHEN {self.condition} '
                f"BEGIN SELECT RAISE(ABORT, '{self._message}'); END"
            )
        result = "OLD" if self.event == "DELETE" else "NEW"
        return (
            f" BEGIN IF {self.condition} THEN RAISE EXCEPTION '{self._message}' USING ERRCODE = 'restrict_violation'; "
            f"END IF; RETURN {result}; END "
        )

    @property
    def drop(self) -> str:
        on = f' ON "{self.table}"' if connection.vendor == "postgresql" else ""
        return f'DROP TRIGGER IF EXISTS "{self.name}"{on}'

    @property
    def statements(self) -> list[str]:
        if connection.vendor == "sqlite":
            return [self.drop, self.body]
        # What is looked up is one row by its key; a plan made while the table was empty would read all of it for ever.
        by_key = "SET enable_seqscan = off " if "SELECT" in self.condition else ""
        return [
            f'CREATE OR REPLACE FUNCTION "{self.name}"() RETURNS trigger LANGUAGE plpgsql {by_key}AS $${self.body}$$',
            self.drop,
            f'CREATE TRIGGER "{self.name}" BEFORE {self.event} ON "{self.table}" '
            f'FOR EACH ROW EXECUTE FUNCTION "{self.name}"()',
        ]


def _triggers() -> list[_Trigger]:
    """Every trigger there must be, of the tables that exist."""
    existing = set(connection.introspection.table_names())
    return [
        _Trigger(table, event, condition)
        for table, rule in frozen_tables().items()
        for event, condition in (("UPDATE", rule.update), ("DELETE", rule.delete), ("INSERT", rule.insert))
        if condition and table in existing
    ]


def ensure() -> None:
    """Create the triggers of every protected table that exists; safe to run again."""
    with connection.cursor() as cursor:
        for trigger in _triggers():
            for statement in trigger.statements:
                cursor.execute(statement)


def disable() -> None:
    """Drop the triggers, in a transaction that puts them back with `ensure()`: a restore writes what was frozen."""
    with connection.cursor() as cursor:
        for trigger in _triggers():
            cursor.execute(trigger.drop)


def missing() -> list[str]:
    """The triggers that must be there and are not, are switched off, or let through something else than they should."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
                "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE t.tgenabled IN ('O', 'A') AND n.nspname = current_schema()"
            )
        there = dict(cursor.fetchall())
    return [trigger.name for trigger in _triggers() if there.get(trigger.name) != trigger.body]
