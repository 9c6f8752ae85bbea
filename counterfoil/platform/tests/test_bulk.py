"""Bulk writes: every kind of column as its field would save it, guarded, and all or nothing."""

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from counterfoil.billing.models import TaxRate
from counterfoil.ledger.models import Entry, LedgerAccount, Posting
from counterfoil.platform import bulk, write_guard
from counterfoil.platform.models import Job, JobFile, NumberSequence
from counterfoil.platform.write_guard import WriteOutsideOperation
from counterfoil.testing.world import World
from counterfoil.trail.models import Event

AT = dt.datetime(2026, 3, 31, 12, 34, 56, 789012, tzinfo=dt.UTC)
ODD = 'Tab\there, new\nline, back\\slash, \\N, "quotes", €, 日本'
EVENT = (
    "id", "operation_id", "operation", "kind", "subject_type", "subject_id", "customer_id", "actor", "door", "at",
    "data", "sealed", "salt",
)  # fmt: skip


def event(pk: int, customer: int | None, data: object, sealed: object = None) -> tuple[object, ...]:
    return (pk, uuid.UUID(int=pk), "x.y", "x.z", "x.row", pk, customer, ODD, "desk", AT, data, sealed, "")


@pytest.mark.books_are_broken_on_purpose
def test_events_come_back_as_they_went(db: None) -> None:
    data = [{"text": ODD, "n": 1, "nested": [True, None, 1.5]}, {}, {"a": "b"}]
    with write_guard.writing():
        pks = list(bulk.reserve_ids(Event, 3))
        rows = [event(pks[0], None, data[0]), event(pks[1], 2**40, data[1], {"k": ODD}), event(pks[2], 7, data[2])]
        assert bulk.insert_rows(Event, EVENT, rows) == 3
    assert list(Event.objects.filter(pk__in=pks).order_by("pk").values_list(*EVENT)) == rows


@pytest.mark.books_are_broken_on_purpose
def test_each_kind_of_column_is_saved_as_the_orm_saves_it(db: None) -> None:
    """The raw values in the table are those that a `save()` leaves."""
    with write_guard.writing():
        job = Job.objects.create(kind="k", title="t", user_name="u", at=AT, arguments={"a": [1]})
        JobFile.objects.create(job=job, name="one", mime="m", content=b"\x00\xff\\")
        columns = [field.name for field in Job._meta.concrete_fields]
        copy = [getattr(job, name) for name in columns]
        copy[0] = bulk.reserve_ids(Job, 1)[0]
        bulk.insert_rows(Job, columns, [copy])
        bulk.insert_rows(JobFile, ("job", "name", "mime", "content"), [(copy[0], "one", "m", b"\x00\xff\\")])
    for table, rest in (
        ("platform_job", ", ".join(f'"{name}"' for name in columns[1:])),
        ("platform_jobfile", "content"),
    ):
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {rest} FROM "{table}" ORDER BY id')
            one, two = cursor.fetchall()
        assert one == two, table


@pytest.mark.books_are_broken_on_purpose  # jobs that nobody started
def test_a_column_of_mixed_values_and_decimals(db: None) -> None:
    """One is not true, and a time is stored as the same instant whatever its zone."""
    here = dt.timezone(dt.timedelta(hours=2))
    columns = ("kind", "title", "unit", "user_name", "state", "done", "at", "arguments", "said")
    rows = [
        ("k", "t", "rows", "u", "waiting", n, AT.astimezone(zone), value, "")
        for n, (zone, value) in enumerate([(here, 1), (dt.UTC, True), (here, "x"), (dt.UTC, [1.0, "\u0007"])])
    ]
    with write_guard.writing():
        bulk.insert_rows(Job, columns, rows)
    found = list(Job.objects.order_by("done").values_list("at", "arguments"))
    assert [at for at, _ in found] == [AT] * 4
    assert [(type(value), value) for _, value in found] == [
        (int, 1), (bool, True), (str, "x"), (list, [1.0, "\u0007"]),
    ]  # fmt: skip


def test_children_name_parents_by_reserved_keys(world: World) -> None:
    with write_guard.writing(), transaction.atomic():
        first = list(bulk.reserve_ids(NumberSequence, 3))
        bulk.insert_rows(NumberSequence, ("id", "key", "last"), [(first[1], "p", 0)])
        after = list(bulk.reserve_ids(NumberSequence, 2))
        made = NumberSequence.objects.create(key="q")
    assert [*first, *after, made.pk] == sorted({*first, *after, made.pk})


@pytest.mark.books_are_broken_on_purpose  # written by hand
@pytest.mark.parametrize("count", [0, 1, 5, 6, 40])
def test_new_keys_come_back_in_the_order_of_the_rows(world: World, count: int) -> None:
    columns = ("on", "currency", "source", "number", "text", "reverses", "operation_id", "at")
    with write_guard.writing(), transaction.atomic():
        rows = [(AT.date(), "ZAR", "test", f"T{n}", ODD, None, uuid.UUID(int=n), AT) for n in range(count)]
        keys = bulk.add_rows(Entry, columns, rows)
        assert keys == sorted(keys)
        assert [Entry.objects.get(pk=pk).number for pk in keys] == [row[3] for row in rows]
        transaction.set_rollback(True)
    with pytest.raises(WriteOutsideOperation):
        bulk.add_rows(Entry, columns, [(AT.date(), "ZAR", "test", "T", "", None, uuid.UUID(int=1), AT)])


@pytest.mark.books_are_broken_on_purpose
def test_decimals_are_saved_with_the_places_of_their_field(world: World) -> None:
    columns = ("code", "name", "category", "percent", "valid_from", "valid_to", "is_default")
    rest = (AT.date(), None, False)
    rows = [("even", "n", "standard", Decimal("15.5"), *rest), ("last", "n", "standard", Decimal("0.125"), *rest)]
    with write_guard.writing():
        TaxRate.objects.create(**dict(zip(columns, ("odd", *rows[0][1:]), strict=True)))
        bulk.insert_rows(TaxRate, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT percent, valid_from, valid_to, is_default FROM billing_taxrate ORDER BY id DESC LIMIT 3")
        third, second, first = cursor.fetchall()
    assert first == second
    assert Decimal(str(third[0])) == Decimal("0.125")


def test_outside_an_operation_it_is_refused(db: None) -> None:
    columns, rows = ("key", "last"), [("k", 0)]
    with pytest.raises(WriteOutsideOperation):
        bulk.insert_rows(NumberSequence, columns, rows)
    with pytest.raises(WriteOutsideOperation):
        bulk.update_rows(NumberSequence, ("last",), [(1, 1)])
    with pytest.raises(WriteOutsideOperation):
        bulk.add_to_column(NumberSequence, "last", {1: 1})
    assert not NumberSequence.objects.filter(key="k").exists()


def _write_an_entry(postings: int) -> None:
    """An entry of so many postings on one account, the last of them zero."""
    account = LedgerAccount.objects.values_list("pk", flat=True)[0]
    with write_guard.writing(), transaction.atomic():
        pk = bulk.reserve_ids(Entry, 1)[0]
        bulk.insert_rows(
            Entry,
            ("id", "on", "currency", "source", "number", "text", "reverses", "operation_id", "at"),
            [(pk, AT.date(), "ZAR", "receipt", "N", "", None, uuid.uuid4(), AT)],
        )
        rows = ((pk, account, None, postings - 1 - n) for n in range(postings))
        bulk.insert_rows(Posting, ("entry", "account", "customer", "amount_minor"), rows)


def test_a_broken_constraint_leaves_nothing(world: World) -> None:
    """Of five thousand postings the last is zero: none are there, nor the entry they belong to."""
    before = Entry.objects.count(), Posting.objects.count()
    with pytest.raises(IntegrityError):
        _write_an_entry(5000)
    assert (Entry.objects.count(), Posting.objects.count()) == before


@pytest.mark.books_are_broken_on_purpose  # jobs that nobody started
def test_update_rows_sets_what_it_is_given(db: None) -> None:
    with write_guard.writing():
        jobs = [Job.objects.create(kind="k", title="t", user_name="u", at=AT) for _ in range(3)]
        bulk.update_rows(
            Job, ("finished_at", "said", "arguments"), [(AT, ODD, {"n": job.pk}, job.pk) for job in jobs[:2]]
        )
    assert list(Job.objects.order_by("pk").values_list("finished_at", "said", "arguments")) == [
        (AT, ODD, {"n": jobs[0].pk}), (AT, ODD, {"n": jobs[1].pk}), (None, "", {}),
    ]  # fmt: skip


@pytest.mark.books_are_broken_on_purpose  # jobs that nobody started
@pytest.mark.parametrize("same", [True, False])
def test_a_column_that_is_the_same_in_every_row_is_one_value(db: None, same: bool) -> None:
    day = None if same else AT
    with write_guard.writing():
        jobs = [Job.objects.create(kind="k", title="t", user_name="u", at=AT, said="before") for _ in range(4)]
        rows = [(day if n else None, ODD, n * 10, {"n": 1 if same else n}, job.pk) for n, job in enumerate(jobs[:3])]
        with CaptureQueriesContext(connection) as asked:
            bulk.update_rows(Job, ("finished_at", "said", "done", "arguments"), rows)
    assert list(Job.objects.order_by("pk").values_list("finished_at", "said", "done", "arguments", "pk")) == [
        *rows, (None, "before", 0, {}, jobs[3].pk),
    ]  # fmt: skip
    if connection.vendor == "postgresql":
        (statement,) = [query["sql"] for query in asked.captured_queries]
        assert statement.count("[]") == (2 if same else 4)
        assert statement.count("back") == 1


LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.text())
NESTED = st.recursive(LEAF, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@given(st.lists(st.dictionaries(st.text(), NESTED | st.dictionaries(st.text(), LEAF)) | NESTED, min_size=1), NESTED)
def test_json_that_rows_share_is_what_each_says(values: list[Any], shared: Any) -> None:
    column = [*values, *({"own": {"is": value}, "shared": {"is": shared}} for value in values)]
    written = bulk._json(column, None)
    assert [None if text is None else json.loads(text) for text in written] == column
