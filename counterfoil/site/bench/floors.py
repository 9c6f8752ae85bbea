"""The floor of a write: copies of the rows that the product wrote, written by the plain driver."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models, transaction

from counterfoil.platform import write_guard

_APART = 1_000_000_000


@dataclass(frozen=True)
class Copies:
    """Rows of one table, ready to be written beside those they were copied from."""

    model: type[models.Model]
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    @property
    def head(self) -> str:
        names = ", ".join(f'"{name}"' for name in self.columns)
        return f'"{self.model._meta.db_table}" ({names})'


def counts(kinds: Sequence[type[models.Model]]) -> dict[type[models.Model], int]:
    """How many rows there are of each kind."""
    return {model: model._base_manager.count() for model in kinds}


def copies(grown: dict[type[models.Model], int]) -> list[Copies]:
    """Copies of the newest rows of each kind, in the order given, with keys of their own."""
    newest: dict[type[models.Model], list[tuple[Any, ...]]] = {}
    for model, count in grown.items():
        names = ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {names} FROM "{model._meta.db_table}" ORDER BY id DESC LIMIT {count}')
            newest[model] = list(reversed(cursor.fetchall()))
    ids = {model: {row[0] for row in rows} for model, rows in newest.items()}
    result = []
    for model, rows in newest.items():
        fields = model._meta.concrete_fields
        once = {name for rule in model._meta.total_unique_constraints for name in rule.fields}
        columns = tuple(str(field.column) for field in fields)
        fresh = [
            tuple(_fresh(field, value, ids, once) for field, value in zip(fields, row, strict=True)) for row in rows
        ]
        result.append(Copies(model, columns, fresh))
    return result


def _fresh(field: Any, value: Any, ids: dict[type[models.Model], set[int]], once: set[str]) -> Any:
    if value is None:
        return None
    if field.primary_key or (field.is_relation and value in ids.get(field.related_model, ())):
        return value + _APART
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime) and field.name in once:
        return value + dt.timedelta(days=7300)
    # A count within something else (a line's place, a charge's number) is told apart by that.
    counted = field.get_internal_type() == "PositiveSmallIntegerField"
    if (field.unique or field.name in once) and not field.is_relation and not field.choices and not counted:
        return f"~{value}"[: field.max_length] if isinstance(value, str) else value + _APART
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value) if connection.vendor == "sqlite" and isinstance(value, dt.datetime) else value


def write_at_once(tables: Sequence[Copies]) -> float:
    """Seconds to write all of them in one transaction, COPY or executemany; rolled back."""
    with write_guard.writing(), transaction.atomic(), connection.cursor() as cursor:
        start = time.perf_counter()
        for table in tables:
            if connection.vendor == "postgresql":
                with cursor.copy(f"COPY {table.head} FROM STDIN") as copy:
                    for row in table.rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(table.columns))
                cursor.executemany(f"INSERT INTO {table.head} VALUES ({marks})", table.rows)
        if connection.vendor == "postgresql":
            # Foreign keys are checked at the end, as they are for the product.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        seconds = time.perf_counter() - start
        transaction.set_rollback(True)
    return seconds


def write_one_by_one(tables: Sequence[Copies], count: int) -> float:
    """Seconds to write them in `count` transactions. They stay: nothing more can be measured on these books."""
    statements = [(f"INSERT INTO {table.head} VALUES ({', '.join(['%s'] * len(table.columns))})", table.rows,
                   len(table.rows) // count) for table in tables]  # fmt: skip
    start = time.perf_counter()
    with write_guard.writing():
        for place in range(count):
            with transaction.atomic(), connection.cursor() as cursor:
                for statement, rows, each in statements:
                    for row in rows[place * each : (place + 1) * each]:
                        cursor.execute(statement, row)
    return time.perf_counter() - start
