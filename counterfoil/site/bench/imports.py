"""A file brought in: each row an invoice and most of them a payment; the floor writes the same rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterator

from counterfoil.billing.models import Invoice, InvoiceLine
from counterfoil.customers.models import Customer, SearchWord
from counterfoil.imports.models import ImportedRecord, ImportRun
from counterfoil.imports.operations import import_file
from counterfoil.ledger.models import Entry, Posting
from counterfoil.payments.models import Receipt
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.site.bench import floors
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, peak_mb, prove, timed
from counterfoil.trail.models import Event

# Lines before their invoices: of an issued one nothing may change.
WRITTEN = (
    ImportRun, Customer, SearchWord, Entry, Posting, OpenItem, InvoiceLine, Invoice, Receipt, Allocation,
    ImportedRecord, Event,
)  # fmt: skip
MAPPING = """
name = "Bench"
source = "bench{size}"
dates = "year-month-day"
[customers]
key = "{{customer}}"
number = "{{customer}}"
name = "Customer {{customer}}"
joined_on = "{{on}}"
[invoices]
number = "{{number}}"
customer = "{{customer}}"
on = "{{on}}"
due_on = "{{due}}"
amount = "{{amount}}"
text = "Invoice {{number}}"
[receipts]
key = "{{number}}"
customer = "{{customer}}"
invoice = "{{number}}"
on = "{{paid}}"
amount = "{{amount}}"
method = "eft"
"""


def measure(quick: bool) -> Iterator[Figure]:
    """Files of a thousand to a hundred thousand rows, one after the other into the same books."""
    for count in (30, 100) if quick else (1_000, 10_000, 100_000):
        content, before = _file(count), floors.counts(WRITTEN)
        forget_peak()
        seconds = timed(
            lambda content=content, size=count: import_file(  # type: ignore[misc]
                CALLER, content=content, file_name="bench.csv", mapping=MAPPING.format(size=size)
            )
        )
        peak = peak_mb()
        if count <= 1_000:
            prove()
        grown = {model: now - before[model] for model, now in floors.counts(WRITTEN).items()}
        floor = floors.write_at_once(floors.copies(grown))
        yield figure("import", count, seconds, floor, peak_mb=peak)


def _file(count: int) -> bytes:
    rng, out = random.Random(count), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["customer", "number", "on", "due", "amount", "paid"])
    for n in range(count):
        day = dt.date(2023, 1, 1) + dt.timedelta(days=rng.randrange(700))
        paid = (day + dt.timedelta(days=21)).isoformat() if n % 10 else ""
        amount = f"{rng.randrange(1000, 9999) / 100:.2f}"
        due = day + dt.timedelta(days=30)
        writer.writerow([f"C{count}-{rng.randrange(count // 20 + 1):06d}", f"{count}-{n:07d}", day, due, amount, paid])
    return out.getvalue().encode()
