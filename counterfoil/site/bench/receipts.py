"""Payments one by one and in bulk, each settling what is oldest; the floor writes the same rows."""

from __future__ import annotations

from collections.abc import Iterator

from counterfoil.customers.models import Customer
from counterfoil.ledger.models import Entry, Posting
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import NewReceipt, record_receipt, record_receipts
from counterfoil.platform import bulk
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.site.bench import floors
from counterfoil.site.bench.book import book, settle_down
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, peak_mb, prove, timed
from counterfoil.trail.models import Event

WRITTEN = (Entry, Posting, OpenItem, Receipt, Allocation, Event)
BATCH = 2000


def measure(quick: bool) -> Iterator[Figure]:
    """One by one from three hundred, in bulk from two to twenty thousand."""
    single, *many = (5, 20, 60) if quick else (300, 2_000, 20_000)
    rows = book(single + sum(many), 2)
    settle_down()
    for count in many:
        forget_peak()
        batch = [NewReceipt(row.pk, 11500, CALLER.today, "eft") for row in rows[:count]]
        before = floors.counts(WRITTEN)
        seconds = timed(lambda new=batch: _in_bulk(new))  # type: ignore[misc]
        peak = peak_mb()
        yield figure("receipts-bulk", count, seconds, _floor(before), peak_mb=peak)
        rows = rows[count:]
    yield _singly(rows[:single])


def _in_bulk(receipts: list[NewReceipt]) -> None:
    for batch in bulk.chunks(receipts, BATCH):
        record_receipts(CALLER, receipts=batch)


def _singly(rows: list[Customer]) -> Figure:
    forget_peak()
    before = floors.counts(WRITTEN)

    def one_by_one() -> None:
        for row in rows:
            record_receipt(CALLER, customer=row, amount_minor=11500, on=CALLER.today, method="eft")

    seconds, peak = timed(one_by_one), peak_mb()
    prove()
    copies = floors.copies(_grown(before))
    return figure("receipts", len(rows), seconds, floors.write_one_by_one(copies, len(rows)), peak_mb=peak)


def _floor(before: dict[type, int]) -> float:
    return floors.write_at_once(floors.copies(_grown(before)))


def _grown(before: dict[type, int]) -> dict[type, int]:
    return {model: count - before[model] for model, count in floors.counts(WRITTEN).items()}
