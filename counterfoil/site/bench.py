"""What is measured: a rate of the product beside the rate of the plain driver on the same rows, in the same run."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from counterfoil.billing.operations import NewInvoice, draft_invoices, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import NewCustomer, add_customers
from counterfoil.imports.operations import import_file
from counterfoil.kernel.periods import Period
from counterfoil.ledger.models import Entry, Posting
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import NewReceipt, record_receipt, record_receipts
from counterfoil.platform import bulk, write_guard
from counterfoil.platform.operations import Caller
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.queries import age_analysis, age_analysis_of, statement_of
from counterfoil.receivables.statement_files import statement_html, statement_pdf
from counterfoil.trail.models import Event


@dataclass(frozen=True)
class Figure:
    """One measurement. `ratio` is floor rate by rate: how many times slower than the plain driver."""

    name: str
    database: str
    n: int
    seconds: float
    rate: float
    floor_rate: float | None
    ratio: float | None
    peak_mb: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def as_text(self) -> str:
        floor = f"{self.floor_rate:>12,.0f}{self.ratio:>8.2f}" if self.floor_rate and self.ratio else f"{'':>20}"
        return (
            f"{self.name:<16}{self.database:<12}{self.n:>10,}{self.seconds:>10.2f}{self.rate:>12,.1f}"
            f"{floor}{self.peak_mb:>9}"
        )


def _figure(name: str, n: int, seconds: float, floor_seconds: float | None = None) -> Figure:
    floor = n / floor_seconds if floor_seconds else None
    rate = n / seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    database = "postgres" if connection.vendor == "postgresql" else "sqlite"
    ratio = round(floor / rate, 2) if floor else None
    return Figure(name, database, n, round(seconds, 3), round(rate, 1), round(floor, 1) if floor else None, ratio, peak)


def _timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


CALLER = Caller.system("bench")


def _book(customers: int, invoices: int) -> list[Customer]:
    """Customers with so many issued invoices each, over a year."""
    rows = []
    for batch in bulk.chunks(range(customers), 2000):
        rows += add_customers(CALLER, customers=[NewCustomer(f"Customer {n}") for n in batch])
    today, line = CALLER.today, (LineInput("Services", Decimal(1), Decimal("115.00")),)
    for batch in bulk.chunks(((row, n) for n in range(invoices) for row in rows), 2000):
        days = [dt.timedelta(days=30 * n + row.pk % 28) for row, n in batch]
        new = [NewInvoice(row, line, today - back) for (row, _), back in zip(batch, days, strict=True)]
        issue_invoices(CALLER, invoices=draft_invoices(CALLER, invoices=new))
    return rows


def bench_age_analysis() -> Iterator[Figure]:
    """Everyone's age analysis; the floor is the one GROUP BY that reads the same rows."""
    for customers in (1_000, 10_000):
        rows = _book(customers, 12)
        count = OpenItem.objects.filter(open_minor__gt=0).count()
        floor_sql = (
            "SELECT customer_id, side, due_on, SUM(open_minor) FROM receivables_openitem "
            "WHERE open_minor > 0 GROUP BY customer_id, side, due_on"
        )

        def floor(sql: str = floor_sql) -> None:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                for _ in cursor.fetchall():
                    pass

        today = CALLER.today
        age_analysis(CALLER, today)
        yield _figure("age-analysis", count, _timed(partial(age_analysis, CALLER, today)), _timed(floor))
    some = rows[:200]
    yield _figure("age-one", len(some), _timed(lambda: [age_analysis_of(row, today) for row in some]))


def bench_receipts() -> Iterator[Figure]:
    """Receipts one by one and in bulk, allocated; the floor writes the same rows with the plain driver."""
    rows = _book(4_000, 2)
    today = CALLER.today
    single = rows[:500]

    def one_by_one() -> None:
        for row in single:
            record_receipt(CALLER, customer=row, amount_minor=11500, on=today, method="eft")

    many = [NewReceipt(row.pk, 11500, today, "eft") for row in rows[500:]]

    def in_bulk() -> None:
        for batch in bulk.chunks(many, 2000):
            record_receipts(CALLER, receipts=batch)

    yield _figure("receipts", len(single), _timed(one_by_one), None)
    seconds = _timed(in_bulk)
    yield _figure("receipts-bulk", len(many), seconds, _floor_of_receipts(len(many)))


def _floor_of_receipts(count: int) -> float:
    """Write copies of the rows that receipts write: entry, two postings, item, receipt, allocation, two events."""
    copies: list[tuple[Any, list[str], list[tuple[Any, ...]]]] = []
    for model, each in ((Entry, 1), (Posting, 2), (OpenItem, 1), (Receipt, 1), (Allocation, 1), (Event, 2)):
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        found = list(model.objects.order_by("-pk").values_list(*[field.attname for field in fields])[: count * each])
        copies.append((model, [field.name for field in fields], found))
    start = time.perf_counter()
    with write_guard.writing(), transaction.atomic():
        for model, names, found in copies:
            taken = {"number": 0, "sequence_no": 0, "item": 0, "undoes": 0}
            unique = [place for place, name in enumerate(names) if name in taken and model in (OpenItem, Receipt)]
            changed = (
                tuple(_fresh(value, n) if place in unique else value for place, value in enumerate(row))
                for n, row in enumerate(found)
            )
            if model is Receipt:
                continue  # its item is one to one: its rows are counted with the open items
            bulk.insert_rows(model, names, changed)
        transaction.set_rollback(True)
    return time.perf_counter() - start


def _fresh(value: Any, n: int) -> Any:
    return f"floor-{n}" if isinstance(value, str) else value


def bench_statements() -> Iterator[Figure]:
    """Statements as HTML and as PDF."""
    rows = _book(150, 12)
    today = CALLER.today
    period = Period.through(today - dt.timedelta(days=365), today)
    statement_pdf(statement_of(rows[0], period))
    yield _figure("statement-html", 150, _timed(lambda: [statement_html(statement_of(row, period)) for row in rows]))
    yield _figure(
        "statement-pdf", 100, _timed(lambda: [statement_pdf(statement_of(row, period)) for row in rows[:100]])
    )


def bench_import() -> Iterator[Figure]:
    """Rows of a file (an invoice and its payment each) brought in."""
    mapping = (Path(__file__).parents[2] / "examples" / "late_payments.toml").read_text()
    rng, out = random.Random(1), io.StringIO()
    names = (
        "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
        "PaperlessBill,DaysToSettle,DaysLate"
    )
    writer = csv.writer(out)
    writer.writerow(names.split(","))
    count = 10_000
    for n in range(count):
        day = dt.date(2012, 1, 1) + dt.timedelta(days=rng.randrange(700))
        dates = [f"{d.month}/{d.day}/{d.year}" for d in (day, day + dt.timedelta(days=30), day + dt.timedelta(days=21))]
        amount = f"{rng.randrange(1000, 9999) / 100:.2f}"
        row = ["391", f"C{rng.randrange(count // 25):06d}", "", f"{n:010d}", *dates[:2], amount, "No", dates[2]]
        writer.writerow([*row, "Paper", "0", "0"])
    content = out.getvalue().encode()
    seconds = _timed(lambda: import_file(CALLER, content=content, file_name="bench.csv", mapping=mapping))
    yield _figure("import", count, seconds)


BENCHES: dict[str, Callable[[], Iterator[Figure]]] = {
    "age-analysis": bench_age_analysis,
    "receipts": bench_receipts,
    "statements": bench_statements,
    "import": bench_import,
}
