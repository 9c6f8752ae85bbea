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


def ensure() -> None:
    """Create the triggers of every protected table that exists; safe to run again."""
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table, rule in frozen_tables().items():
            if table in existing:
                for event, condition in (("UPDATE", rule.update), ("DELETE", rule.delete), ("INSERT", rule.insert)):
                    if condition:
                        for statement in _statements(table, event, condition):
                            cursor.execute(statement)


def disable() -> None:
    """Drop the triggers, in a transaction that puts them back with `ensure()`: a restore writes what was frozen."""
    existing = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in frozen_tables():
            if table in existing:
                for event in ("update", "delete", "insert"):
                    on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
                    cursor.execute(f'DROP TRIGGER IF EXISTS "frozen_{table}_{event}"{on}')


def _statements(table: str, event: str, condition: str) -> list[str]:
    name = f"frozen_{table}_{event.lower()}"
    message = f"{table} is append-only: {event.lower()} refused"
    if connection.vendor == "sqlite":
        return [
            f'DROP TRIGGER IF EXISTS "{name}"',
            f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" WHEN {condition} '
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ]
    result = "OLD" if event == "DELETE" else "NEW"
    # What is looked up is one row by its key; a plan made while the table was empty would read all of it ever after.
    by_key = "SET enable_seqscan = off " if "SELECT" in condition else ""
    return [
        f'CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql {by_key}AS $$ BEGIN '
        f"IF {condition} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END IF; "
        f"RETURN {result}; END $$",
        f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"',
        f'CREATE TRIGGER "{name}" BEFORE {event} ON "{table}" FOR EACH ROW EXECUTE FUNCTION "{name}"()',
    ]
