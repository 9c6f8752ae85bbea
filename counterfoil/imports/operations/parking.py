"""Rows that match nobody, or that a rule refuses: they wait until somebody puts them to a customer or drops them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from counterfoil.customers.models import Customer
from counterfoil.imports.mapping import read_mapping
from counterfoil.imports.models import ImportRun, ParkedRow
from counterfoil.imports.operations.bringing import import_file, usual_reading, work_through
from counterfoil.imports.reading import plan_of
from counterfoil.imports.rules import ImportResult
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.operations import Operation, verb


@verb(right=import_file, whole=True)
def place_parked_row(op: Operation, *, parked: ParkedRow, customer: Customer) -> int:
    """The row is this customer's, whomever it names: what it says is there, and it is parked no more.

    Returns how many records came of it. A row of a list of customers is this customer from now on. Refused where
    something else is wrong with it too; then it stays parked.
    """
    row = _locked(op, [parked])[0]
    mapping = dataclasses.replace(
        read_mapping(row.mapping).answered(row.answers), currency=row.currency, wrong="refuse", repeated="keep",
    )  # fmt: skip
    plan = plan_of(((place, cells) for place, cells in row.rows), mapping, usual_reading(op.caller, mapping))
    run = ImportRun(
        source=row.source, file_name=row.run.file_name, sha256=row.run.sha256, author=op.caller.name, at=op.now
    )
    result: ImportResult = work_through(op, run, mapping, plan, put_to=customer)
    refuse_if(not result.added, "nothing_new", " ".join(result.said) or "It is there already. Drop the row.")
    op.record("parked_row.placed", row.run, customer_id=customer.pk, row=row.first_row, file=row.run.file_name)
    row.delete()
    return result.added


@verb(right=import_file, whole=True)
def drop_parked_rows(op: Operation, *, rows: Sequence[ParkedRow]) -> int:
    """The rows are not brought in, and parked no more; returns how many. The trail says which they were."""
    refuse_if(not rows, "nothing_chosen", "Choose at least one row.", field="rows")
    there = _locked(op, rows)
    for row in there:
        op.record("parked_row.dropped", row.run, row=row.first_row, file=row.run.file_name, why=row.problem[:200])
    ParkedRow.objects.filter(pk__in=[row.pk for row in there]).delete()
    return len(there)


def _locked(op: Operation, rows: Sequence[ParkedRow]) -> list[ParkedRow]:
    there = list(
        ParkedRow.objects.select_for_update(of=("self",)).select_related("run").filter(pk__in=[row.pk for row in rows])
    )
    if len(there) < len({row.pk for row in rows}):
        raise Refused("not_parked", "It is not parked any more: somebody else has put it to a customer or dropped it.")
    return there


def parked_rows() -> list[ParkedRow]:
    """The rows that wait, the oldest first."""
    return list(ParkedRow.objects.select_related("run").order_by("pk"))
