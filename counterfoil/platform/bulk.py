"""Insert many rows fast on both databases: COPY on PostgreSQL, executemany on SQLite, fed by plain tuples."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from itertools import chain, islice
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models import F, Lookup

from counterfoil.platform import write_guard

_M = TypeVar("_M", bound=models.Model)


class _Among(Lookup):
    """All keys as one parameter: Django's `IN` has one for each, and making them takes longer than the query."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        condition, keys = among_sql(column, self.rhs)
        return condition, (*params, keys)


def among_sql(column: str, keys: Iterable[int]) -> tuple[str, str]:
    """The same in plain SQL: a condition with one mark, and the parameter for it."""
    listed = ",".join(map(str, keys))
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::bigint[])", f"{{{listed}}}"
    return f"{column} IN (SELECT value FROM json_each(%s))", f"[{listed}]"


def among(column: str, keys: Iterable[int]) -> Lookup:
    """The condition that a key is one of many: `filter(among("customer", ids))`."""
    return _Among(F(column), tuple(keys))


def listed_sql(keys: Iterable[int]) -> tuple[str, str]:
    """Keys as rows of one column `id`, each once, in plain SQL: a query with one mark, and the parameter for it."""
    listed = ",".join(map(str, set(keys)))
    if connection.vendor == "postgresql":
        return "SELECT unnest(%s::bigint[]) AS id", f"{{{listed}}}"
    return "SELECT value AS id FROM json_each(%s)", f"[{listed}]"


def as_sql(rows: models.QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """A query (of another app, say) to stand within plain SQL, with its parameters; columns have the fields' names."""
    text, parameters = rows.query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    return text, parameters


def asked(sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """What plain SQL answers. For questions that every payment or bill asks: building a query takes longer than it."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def found(model: type[_M], condition: str, parameters: Sequence[Any] = ()) -> list[_M]:
    """The same of whole rows of a model, by what stands after WHERE."""
    fields = model._meta.concrete_fields
    columns = ", ".join([f'"{field.column}"' for field in fields])
    names = [field.attname for field in fields]
    rows = asked(f'SELECT {columns} FROM "{model._meta.db_table}" WHERE {condition}', parameters)
    return [model.from_db(DEFAULT_DB_ALIAS, names, row) for row in rows]


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """Everything that is read belongs together, and nobody who writes meanwhile waits."""
    if connection.in_atomic_block:
        yield  # whoever opened the transaction has the moment
        return
    begin = "BEGIN DEFERRED" if connection.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def reserve_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """Primary keys for rows about to be inserted, in rising order; nobody else is given them."""
    table, column = model._meta.db_table, model._meta.pk.column
    write_guard.require_open(table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                # Within a SELECT of its own the name is looked up once, and not for each key.
                "SELECT nextval((SELECT pg_get_serial_sequence(%s, %s)::regclass)) FROM generate_series(1, %s)",
                [table, column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # SQLite has one writer at a time, and this transaction is it.
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
        if row := cursor.fetchone():
            return range(row[0] - count + 1, row[0] + 1)
        cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, count])
        return range(1, count + 1)


# Values of these types go to the driver as they are.
_AS_IT_IS: dict[str, type] = {
    "BigAutoField": int, "BigIntegerField": int, "IntegerField": int, "PositiveBigIntegerField": int,
    "PositiveIntegerField": int, "PositiveSmallIntegerField": int,
    "CharField": str, "EmailField": str, "SlugField": str, "TextField": str, "BooleanField": bool,
}  # fmt: skip
_AT_ONCE = 2000
# So few rows are one statement of their own.
_FEW = 5


def _fields(model: type[models.Model], columns: Sequence[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in columns]


def _prepared(field: Any, column: Sequence[Any]) -> Sequence[Any]:
    """The values of one column as its field would save them: untouched, or each different value worked out once."""
    kind = (field.target_field if field.is_relation else field).get_internal_type()
    types = set(map(type, column)) - {type(None)}
    if not types or types == {_AS_IT_IS.get(kind)}:
        return column
    # Not through the proxy, which looks for the thread's connection at each value.
    here = connections[DEFAULT_DB_ALIAS]
    if kind == "JSONField" and here.vendor == "postgresql":
        return _json(column, field.encoder)

    def saved(value: Any) -> Any:
        value = field.get_db_prep_save(value, here)
        # The driver would make the same text of each, row by row.
        return str(value) if here.vendor == "postgresql" and isinstance(value, _WRITTEN_AS_TEXT) else value

    if len(set(map(id, column))) == 1:
        return [saved(column[0])] * len(column)
    # Only among values of one type: 1 and True are the same key, and not the same value.
    if len(types) > 1 or kind in ("JSONField", "BinaryField"):
        return [saved(value) for value in column]
    known = {value: saved(value) for value in set(column)}
    return [known[value] for value in column]


_WRITTEN_AS_TEXT = (dt.date, uuid.UUID, Decimal)


class Written(dict[str, Any]):
    """An object that was made JSON already, by whoever has the time before others wait."""

    text: str


def written(values: Sequence[dict[str, Any]], encoder: Any) -> list[Written]:
    """The objects, made JSON already for a column with this encoder."""
    found = [Written(value) for value in values]
    for value, text in zip(found, _json(values, encoder), strict=True):
        value.text = text or ""
    return found


def _json(column: Sequence[Any], encoder: Any) -> list[str | None]:
    """What the driver would write, without an object around each value; an object that many rows share is written once.

    Such as the operator on the printed copies of a run.
    """
    parts: dict[int, str] = {}

    def part(value: Any) -> str:
        if (text := parts.get(id(value))) is None:
            text = parts[id(value)] = json.dumps(value, cls=encoder)
        return text

    def text(value: Any) -> str | None:
        if value is None:
            return None
        if type(value) is Written:
            return value.text
        if type(value) is not dict or set(map(type, value)) != {str} or set(map(type, value.values())) != {dict}:
            return json.dumps(value, cls=encoder)
        return f"{{{', '.join([f'{json.dumps(key)}: {part(inner)}' for key, inner in value.items()])}}}"

    return [text(value) for value in column]


def _columns(fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    """The same rows by column, fit for the driver."""
    columns = list(zip(*rows, strict=True))
    assert len(columns) == len(fields), f"{len(columns)} values for {len(fields)} columns."
    return [_prepared(field, column) for field, column in zip(fields, columns, strict=True)]


def _rows(fields: Sequence[Any], rows: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The same rows, fit for the driver."""
    return zip(*_columns(fields, rows), strict=True)


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert plain tuples, values in the order of `columns` (field names); returns how many.

    Runs in the caller's transaction; outside an operation it raises `WriteOutsideOperation`. No signals, no model
    instances, no defaults: constraints hold as always, and a column left out is what the database makes of it.
    """
    table = model._meta.db_table
    write_guard.require_open(table)
    fields = _fields(model, columns)
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    count = 0
    with connection.cursor() as cursor:
        for chunk in chunks(rows, _AT_ONCE):
            count += len(chunk)
            if len(chunk) <= _FEW:
                _insert_few(cursor, model, columns, chunk)
                continue
            prepared = _rows(fields, chunk)
            if connection.vendor == "postgresql":
                # COPY does not pass through Django's cursor, so its errors are not Django's by themselves.
                with connection.wrap_database_errors, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
                    for row in prepared:
                        copy.write_row(row)
            else:
                cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(prepared))
    return count


def add_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Insert plain tuples without keys, otherwise as `insert_rows`; returns their new keys in order."""
    if len(rows) > _FEW:
        ids = list(reserve_ids(model, len(rows)))
        insert_rows(model, ("id", *columns), ((pk, *row) for pk, row in zip(ids, rows, strict=True)))
        return ids
    if not rows:
        return []
    # The database gives the keys with the same answer.
    with connection.cursor() as cursor:
        _insert_few(cursor, model, columns, rows, " RETURNING id")
        return [pk for (pk,) in cursor.fetchall()]


def _insert_few(
    cursor: Any, model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], returning: str = ""
) -> None:
    """One question and one answer, where COPY has three."""
    table, fields = model._meta.db_table, _fields(model, columns)
    write_guard.require_open(table)
    names, marks = ", ".join(f'"{field.column}"' for field in fields), ", ".join(["%s"] * len(fields))
    cursor.execute(
        f'INSERT INTO "{table}" ({names}) VALUES {", ".join([f"({marks})"] * len(rows))}{returning}',
        [value for row in _rows(fields, rows) for value in row],
    )


def check_keys(model: type[models.Model], but: type[models.Model]) -> None:
    """The foreign keys of the rows written so far lead somewhere, but for those to one model, which are yet to come.

    They are checked at the commit otherwise, while others wait for numbers. Where that takes nobody's time it waits.
    """
    if connection.vendor == "postgresql" and (names := _keys(model._meta.db_table, but._meta.db_table)):
        with connection.cursor() as cursor:
            cursor.execute(f"SET CONSTRAINTS {names} IMMEDIATE")
            cursor.execute(f"SET CONSTRAINTS {names} DEFERRED")


@cache
def _keys(table: str, but: str) -> str:
    rows = asked(
        "SELECT quote_ident(conname) FROM pg_constraint WHERE contype = 'f' AND condeferrable"
        " AND conrelid = %s::regclass AND confrelid <> %s::regclass ORDER BY conname",
        [table, but],
    )
    return ", ".join([name for (name,) in rows])


def instances(model: type[_M], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[_M]:
    """Model instances of rows just inserted, for whoever wants to read on; every column of the model must be there."""
    assert [field.name for field in model._meta.concrete_fields] == list(columns), columns
    return [model(*row) for row in rows]


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of at most `size`."""
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set columns of many rows: each row is the values in the order of `columns`, then the primary key.

    On PostgreSQL arrays side by side in one statement, elsewhere `executemany`.
    """
    table = model._meta.db_table
    write_guard.require_open(table)
    fields = [*_fields(model, columns), model._meta.pk]
    sets = ", ".join(f'"{field.column}" = %s' for field in fields[:-1])
    with connection.cursor() as cursor:
        for chunk in chunks(rows, _AT_ONCE):
            if connection.vendor == "postgresql":
                cursor.execute(*_update(table, fields, _columns(fields, chunk)))
            else:
                cursor.executemany(f'UPDATE "{table}" SET {sets} WHERE id = %s', list(_rows(fields, chunk)))


def _update(table: str, fields: Sequence[Any], columns: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """The statement that sets these columns by the last of them, and its parameters.

    A column that is the same in every row is one value, as the state of what was billed is.
    """
    sets, names, arrays, once, each = [], [], [], [], []
    for field, column in zip(fields, columns, strict=True):
        name, kind = f'"{field.column}"', str(field.db_type(connection)).partition("(")[0]
        if field is not fields[-1] and column.count(column[0]) == len(column):
            sets.append(f"{name} = %s::{kind}")
            once.append(column[0])
            continue
        if field is not fields[-1]:
            sets.append(f"{name} = d.{name}")
        names.append(name)
        arrays.append(f"%s::{kind}[]")
        # Of whole numbers the driver would look at each.
        each.append(f"{{{','.join(map(str, column))}}}" if set(map(type, column)) == {int} else list(column))
    sql = (
        f'UPDATE "{table}" SET {", ".join(sets)} FROM unnest({", ".join(arrays)}) AS d({", ".join(names)}) '
        f'WHERE "{table}".{names[-1]} = d.{names[-1]}'
    )
    return sql, [*once, *each]


def add_to_column(model: type[models.Model], column: str, deltas: dict[int, int]) -> None:
    """Add to a whole-number column of many rows by primary key, in one statement on PostgreSQL."""
    table = model._meta.db_table
    write_guard.require_open(table)
    if not deltas:
        return
    with connection.cursor() as cursor:
        if len(deltas) <= _FEW:
            cases = " ".join(["WHEN %s THEN %s"] * len(deltas))
            cursor.execute(
                f'UPDATE "{table}" SET "{column}" = "{column}" + CASE id {cases} END '
                f"WHERE id IN ({', '.join(['%s'] * len(deltas))})",
                [*chain.from_iterable(deltas.items()), *deltas],
            )
        elif connection.vendor == "postgresql":
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
