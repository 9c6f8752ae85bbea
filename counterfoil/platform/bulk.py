"""Insert many rows fast on both databases: COPY on PostgreSQL, executemany on SQLite, fed by plain tuples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from counterfoil.platform import write_guard


def reserve_ids(model: type[models.Model], count: int) -> range | list[int]:
    """Primary keys for rows about to be inserted, safe against other writers."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return [row[0] for row in cursor.fetchall()]
        # SQLite has one writer at a time, and this transaction is it.
        cursor.execute(f'SELECT COALESCE(MAX("{column}"), 0) FROM "{table}"')
        highest = cursor.fetchone()[0]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        if row := cursor.fetchone():
            highest = max(highest, row[0])
        return range(highest + 1, highest + count + 1)


# Values of these types go to the driver as they are.
_AS_IT_IS: dict[str, type] = {
    "BigAutoField": int, "BigIntegerField": int, "PositiveIntegerField": int, "PositiveSmallIntegerField": int,
    "CharField": str, "TextField": str, "BooleanField": bool,
}  # fmt: skip


def _fields(model: type[models.Model], columns: Sequence[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in columns]


def _preparers(fields: Sequence[Any]) -> list[Callable[[Any], Any]]:
    """For each field what makes a value fit for the driver, quickly where there is nothing to do."""
    # Not through the proxy, which looks for the thread's connection at each value.
    here = connections[DEFAULT_DB_ALIAS]
    on_sqlite = here.vendor == "sqlite"

    def preparer(field: Any) -> Callable[[Any], Any]:
        kind = (field.target_field if field.is_relation else field).get_internal_type()
        if kind == "DateField":
            return lambda value: (
                (value.isoformat() if on_sqlite else value)
                if type(value) is dt.date
                else field.get_db_prep_save(value, here)
            )
        plain = _AS_IT_IS.get(kind)
        return lambda value: value if value is None or type(value) is plain else field.get_db_prep_save(value, here)

    return [preparer(field) for field in fields]


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert plain tuples, values in the order of `columns` (field names); returns how many.

    Runs in the caller's transaction. No signals, no model instances; constraints hold as always.
    """
    table = model._meta.db_table
    write_guard.require_open(table)
    fields = _fields(model, columns)
    names = ", ".join(f'"{field.column}"' for field in fields)
    preparers = _preparers(fields)
    prepared = (tuple(prepare(value) for prepare, value in zip(preparers, row, strict=True)) for row in rows)
    count = 0
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                for row in prepared:
                    copy.write_row(row)
                    count += 1
            return count
        marks = ", ".join(["%s"] * len(fields))
        for chunk in chunks(prepared, 2000):
            cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', chunk)
            count += len(chunk)
    return count


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of at most `size`."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set columns of many rows: each row is the values in the order of `columns`, then the primary key."""
    table = model._meta.db_table
    write_guard.require_open(table)
    fields = _fields(model, columns)
    sets = ", ".join(f'"{field.column}" = %s' for field in fields)
    preparers = _preparers(fields)
    prepared = ((*(prepare(value) for prepare, value in zip(preparers, row, strict=False)), row[-1]) for row in rows)
    with connection.cursor() as cursor:
        for chunk in chunks(prepared, 2000):
            cursor.executemany(f'UPDATE "{table}" SET {sets} WHERE id = %s', chunk)


def add_to_column(model: type[models.Model], column: str, deltas: dict[int, int]) -> None:
    """Add to a whole-number column of many rows by primary key, in one statement on PostgreSQL."""
    table = model._meta.db_table
    write_guard.require_open(table)
    if not deltas:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f'UPDATE "{table}" SET "{column}" = "{column}" + d.delta '
                "FROM unnest(%s::bigint[], %s::bigint[]) AS d(id, delta) "
                f'WHERE "{table}".id = d.id',
                [list(deltas), list(deltas.values())],
            )
        else:
            cursor.executemany(
                f'UPDATE "{table}" SET "{column}" = "{column}" + %s WHERE id = %s',
                [(delta, pk) for pk, delta in deltas.items()],
            )
