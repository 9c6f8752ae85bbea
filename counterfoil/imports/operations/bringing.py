"""Bringing in a file: all of it or nothing, and a second time adds nothing."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.imports.cells import Reading
from counterfoil.imports.mapping import FileMapping, read_mapping
from counterfoil.imports.models import ImportRun
from counterfoil.imports.operations.disputed import bring_disputes
from counterfoil.imports.operations.money import bring_invoices, bring_receipts
from counterfoil.imports.operations.openings import bring_openings
from counterfoil.imports.operations.people import bring_customers
from counterfoil.imports.operations.services import bring_services
from counterfoil.imports.operations.used import bring_usage
from counterfoil.imports.operations.work import CHUNK, Work
from counterfoil.imports.questions import who_repeats
from counterfoil.imports.reading import make_plan, rows_in
from counterfoil.imports.rules import ONE, ImportRefused, ImportResult, Plan
from counterfoil.operator.queries import operator
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.receivables.operations import settle_with_credit


def _read(caller: Caller, *, content: bytes, mapping: str, **more: Any) -> tuple[FileMapping, Plan]:
    # A file names customers by their numbers, whoever they are.
    read = read_mapping(mapping)
    # Without a currency of its own a file is in the operator's: how many places an amount has depends on it.
    read = dataclasses.replace(read, currency=read.currency or operator().currency)
    return read, make_plan(content, read, usual_reading(caller, read))


def usual_reading(caller: Caller, mapping: FileMapping) -> Reading:
    """How cells are read today, where the operator is, as far as nothing is said of their column."""
    home = timezone.get_current_timezone()
    return Reading(caller.today, mapping.currency, operator().region, mapping.order, mapping.comma, home, mapping.times)


# Customers first, whom all else names, and payments after the invoices that they settle.
_BRING = {
    "customers": bring_customers, "openings": bring_openings, "services": bring_services,
    "invoices": bring_invoices, "receipts": bring_receipts,
    "disputes": bring_disputes, "usage": bring_usage,
}  # fmt: skip


@verb(label="Import file", before=_read, whole=True)
def import_file(op: Operation, *, content: bytes, file_name: str, mapping: str) -> ImportResult:
    """Everything that the file holds is there; refused whole when any row is wrong.

    Raises `ImportRefused` with one error per row and column. What was brought in before under the same key is left
    alone when it is the same, and is an error when it is not. A dry run is this operation with `previewing()`.
    """
    read, plan = op.ready
    if plan.questions:
        raise ImportRefused(plan.errors, plan.questions)
    if plan.errors and (plan.broken or read.wrong == "refuse"):
        raise ImportRefused(plan.errors)
    run = ImportRun(
        source=read.source, file_name=file_name[:200], sha256=hashlib.sha256(content).hexdigest(),
        author=op.caller.name, at=op.now,
    )  # fmt: skip
    return work_through(op, run, read, plan, content=content, text=mapping)


def work_through(
    op: Operation, run: ImportRun, read: FileMapping, plan: Plan, *, put_to: Customer | None = None,
    content: bytes = b"", text: str = "",
) -> ImportResult:  # fmt: skip
    """Everything of a plan is there, or it is refused; rows are parked with what the file says and how it is read."""
    work = Work(op, run, read, plan, put_to)
    for part, bring in _BRING.items():
        if part in read.parts:
            bring(work)
    if work.differing:
        raise ImportRefused(work.errors, [who_repeats(work.differing)])
    if read.wrong == "park":
        work.park(rows_in(content, read), text)
    errors = sorted((*plan.errors, *work.errors), key=lambda error: error.row)
    if errors and read.wrong == "refuse":
        raise ImportRefused(errors)
    always = ("customers", "invoices", "receipts")
    totals = tuple(work.tallies[one].totals(one) for part, one in ONE.items() if part in (*always, *read.parts))
    result = ImportResult(read.name, work.currency, plan.rows, totals, tuple(work.said()), tuple(errors))
    if result.added:
        # After its payments, which say themselves what they settle.
        for batch in bulk.chunks(sorted(work.met), CHUNK):
            lock(batch)
            settle_with_credit(op, batch, op.today)
        _tell(op, run, run.file_name, {total.kind: total.added for total in totals})
    return result


def _tell(op: Operation, run: ImportRun, file: str, added: dict[str, int]) -> None:
    used = added.pop(ONE["usage"], 0)
    services = added.pop(ONE["services"], 0)
    openings = added.pop(ONE["openings"], 0)
    disputes = added.pop(ONE["disputes"], 0)
    if any(added.values()):
        op.record("file.imported", run, file=file, **{f"{kind}s": count for kind, count in added.items()})
    if openings:
        op.record("file.openings_imported", run, file=file, openings=openings)
    if disputes:
        op.record("file.disputes_imported", run, file=file, disputes=disputes)
    if services:
        op.record("file.services_imported", run, file=file, services=services)
    if used:
        op.record("file.usage_imported", run, file=file, records=used)
