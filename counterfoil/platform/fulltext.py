"""Finding rows by any part of a text, fast on both databases: trigram indexes over one column.

A model says `searched: ClassVar[str] = "search_text"`. PostgreSQL gets a GIN index of pg_trgm; SQLite gets an FTS5
table that triggers keep in step. `ensure()` runs after every migration, because Django rebuilds SQLite tables when they
change, and a rebuilt table has lost its triggers.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.apps import apps
from django.db import connection, models
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

# Shorter text has no trigram to look up.
_TRIGRAM = 3


def _searched() -> list[tuple[str, str]]:
    """Table and column of each searched model."""
    return [
        (model._meta.db_table, column) for model in apps.get_models() if (column := getattr(model, "searched", None))
    ]


def ensure() -> None:
    """Create the index of every searched table that exists; safe to run again."""
    existing = set(connection.introspection.table_names())
    for table, column in _searched():
        if table in existing:
            with connection.cursor() as cursor:
                for statement in _statements(table, column, existing):
                    cursor.execute(statement)


def _statements(table: str, column: str, existing: set[str]) -> list[str]:
    if connection.vendor == "postgresql":
        return [
            "CREATE EXTENSION IF NOT EXISTS pg_trgm",
            f'CREATE INDEX IF NOT EXISTS "{table}_{column}_trgm" ON "{table}" USING gin ("{column}" gin_trgm_ops)',
        ]
    index = f"{table}_fts"
    remove = f'INSERT INTO "{index}"("{index}", rowid, "{column}") VALUES (\'delete\', OLD.id, OLD."{column}");'
    insert = f'INSERT INTO "{index}"(rowid, "{column}") VALUES (NEW.id, NEW."{column}");'
    triggers = {
        f'"{index}_i" AFTER INSERT': insert,
        f'"{index}_d" AFTER DELETE': remove,
        f'"{index}_u" AFTER UPDATE OF "{column}"': remove + insert,
    }
    made = [f'CREATE TRIGGER IF NOT EXISTS {when} ON "{table}" BEGIN {body} END' for when, body in triggers.items()]
    if index in existing:
        return made
    return [
        f'CREATE VIRTUAL TABLE "{index}" USING fts5("{column}", content="{table}", content_rowid="id", '
        f"tokenize='trigram case_sensitive 1')",
        f'INSERT INTO "{index}"("{index}") VALUES (\'rebuild\')',
        *made,
    ]


def holding(rows: QuerySet, *terms: str) -> QuerySet:
    """The rows whose searched column holds each of these texts somewhere."""
    return rows.filter(_holds(rows.model, terms, " AND "))


def holding_any(rows: QuerySet, terms: Sequence[str]) -> QuerySet:
    """The rows whose searched column holds at least one of the texts; none for no text."""
    return rows.filter(_holds(rows.model, terms, " OR ")) if terms else rows.none()


def _holds(model: type[models.Model], terms: Sequence[str], joined: str) -> Q:
    column = model.searched  # type: ignore[attr-defined]
    fast = [] if connection.vendor == "postgresql" else [term for term in terms if len(term) >= _TRIGRAM]
    conditions = [Q(**{f"{column}__contains": term}) for term in terms if term not in fast]
    if fast:
        # All at once: the index meets or joins its lists itself, where a query for each would hand over every row.
        index = f"{model._meta.db_table}_fts"
        said = joined.join('"' + term.replace('"', '""') + '"' for term in fast)
        conditions.append(Q(pk__in=RawSQL(f'SELECT rowid FROM "{index}" WHERE "{index}" MATCH %s', [said])))
    return Q(*conditions, _connector=joined.strip())


def starting(column: str, text: str) -> Q:
    """A condition on a column with a unique index: the rows whose value starts with the text, by that index."""
    if connection.vendor == "postgresql":
        return Q(**{f"{column}__startswith": text})
    # SQLite's LIKE cannot use the index, a range can.
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + "\U0010ffff"})
