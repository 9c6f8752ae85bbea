"""A bill run of customers with two services each, by one worker and by two; the floor copies the same rows."""

from __future__ import annotations

import datetime as dt
import multiprocessing
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, connections, transaction

from counterfoil.billing.models import BillRun, Charge, Invoice, InvoiceLine
from counterfoil.billing.operations import begin_issuing, bill_customer, open_bill_run
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.kernel.periods import add_months
from counterfoil.ledger.models import Entry, Posting
from counterfoil.operator import numbering
from counterfoil.platform import bulk, write_guard
from counterfoil.receivables.models import OpenItem
from counterfoil.site.bench import floors
from counterfoil.site.bench.book import CHUNK, settle_down, write_customers
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, peak_mb, prove, timed
from counterfoil.subscriptions.models import Service, Span, Subscription, Term
from counterfoil.trail.models import Event

WRITTEN = (Entry, Posting, OpenItem, InvoiceLine, Charge, Invoice, Event)
# The floor is measured on so many customers' rows, whatever the size: its rate does not depend on it.
_FLOOR_OF = 10_000


def measure(quick: bool) -> Iterator[Figure]:
    """Ten and a hundred thousand customers, on PostgreSQL a million too."""
    sizes: tuple[int, ...] = (20, 60) if quick else (10_000, 100_000)
    if not quick and connection.vendor == "postgresql":
        sizes = (*sizes, 1_000_000)
    products = add_products()
    place = 0
    for size in sizes:
        for workers in (1, 2) if connection.vendor == "postgresql" or quick else (1,):
            subscribe(place, place + size, products)
            place += size
            settle_down()
            yield _run(size, workers)
    yield from _preview(products)
    prove()


def add_products() -> list[Product]:
    made = []
    for code, kind, price in (("fibre", "data", "599"), ("line", "voice", "99")):
        product = add_product(CALLER, new=NewProduct(code, code.title(), kind))
        set_prices(CALLER, prices=[(product, "month", Decimal(price))], currency="ZAR", valid_from=dt.date(2000, 1, 1))
        made.append(product)
    return made


def subscribe(start: int, stop: int, products: Sequence[Product]) -> None:
    """New customers, each with a subscription of these products from the first of this month, monthly in advance."""
    first = CALLER.today.replace(day=1)
    for numbers in bulk.chunks(range(start, stop), CHUNK):
        customers = write_customers(numbers[0], numbers[-1] + 1)
        with write_guard.writing(), transaction.atomic():
            _rows(customers, products, first)


def _rows(customers: Sequence[int], products: Sequence[Product], first: dt.date) -> None:
    subscriptions = list(bulk.reserve_ids(Subscription, len(customers)))
    given = numbering.take("subscription", [numbering.For(first)] * len(customers))
    bulk.insert_rows(
        Subscription,
        ("id", "customer", "number", "sequence_no", "currency", "started_on", "next_bill_on"),
        (
            (pk, customer, number.text, number.place, "ZAR", first, first)
            for pk, customer, number in zip(subscriptions, customers, given, strict=True)
        ),
    )
    bulk.insert_rows(
        Term,
        ("subscription", "valid_from", "frequency", "anchor_on", "anchor_day", "in_advance", "proration",
         "notice_days", "regret_days", "penalty_minor"),
        ((pk, first, "month", first, 1, True, "actual", 0, 7, 0) for pk in subscriptions),
    )  # fmt: skip
    owners = [(pk, product.pk) for pk in subscriptions for product in products]
    services = list(bulk.reserve_ids(Service, len(owners)))
    bulk.insert_rows(
        Service,
        ("id", "subscription", "product", "label", "added_on", "end"),
        ((pk, *owner, "", first, "") for pk, owner in zip(services, owners, strict=True)),
    )
    bulk.insert_rows(
        Span,
        ("service", "starts", "state", "product", "quantity", "percent_off"),
        (
            (pk, first, "effective", product, Decimal(1), Decimal(0))
            for pk, (_, product) in zip(services, owners, strict=True)
        ),
    )


def _run(size: int, workers: int) -> Figure:
    before = floors.counts(WRITTEN)
    run = open_bill_run(CALLER, bill_to=CALLER.today)
    assert run.customers == size, (run.customers, size)
    catalogue = catalogue_of(run)
    previewing = timed(lambda: _until_done(lambda: preview_chunk(CALLER, run=run, catalogue=catalogue)))
    finish_preview(CALLER, run=run)
    begin_issuing(CALLER, run=run)
    forget_peak()
    peaks: list[int] = []
    seconds = timed(lambda: peaks.extend(_issue(run, workers)))
    finish_issuing(CALLER, run=run)
    run.refresh_from_db()
    assert run.state == BillRun.State.ISSUED
    sample = min(size, _FLOOR_OF)
    grown = {model: (count - before[model]) * sample // size for model, count in floors.counts(WRITTEN).items()}
    floor = floors.write_at_once(floors.copies(grown)) * size / sample
    name = "bill-run" if workers == 1 else f"bill-run-x{workers}"
    return figure(name, size, seconds, floor, peak_mb=max(peaks), preview_seconds=round(previewing, 2))


def _until_done(work: Any) -> None:
    while work():
        pass


def _issue(run: BillRun, workers: int) -> list[int]:
    """The peak of each worker, all of which issue until nothing is left."""
    if workers == 1:
        return [issue_all(run.pk)]
    connections.close_all()
    processes = multiprocessing.get_context("fork")
    with processes.Pool(workers) as pool:
        return pool.map(issue_all, [run.pk] * workers, chunksize=1)


def issue_all(run_id: int) -> int:
    """Issue what is left of a run; returns this process's peak memory."""
    run = BillRun.objects.get(pk=run_id)
    catalogue = catalogue_of(run)
    _until_done(lambda: issue_chunk(CALLER, run=run, catalogue=catalogue))
    peak = peak_mb()
    connections.close_all()
    return peak


def _preview(products: Sequence[Product]) -> Iterator[Figure]:
    """One customer with thirty services."""
    (customer,) = write_customers(9_000_000, 9_000_001)
    first = CALLER.today.replace(day=1)
    with write_guard.writing(), transaction.atomic():
        _rows([customer], [*products] * 15, first)
    settle_down()
    row = Customer.objects.get(pk=customer)
    until = add_months(first, 1)
    queries: list[int] = []

    def once() -> None:
        connection.force_debug_cursor = True
        connection.queries_log.clear()
        bill_customer(CALLER.previewing(), customer=row, bill_to=until)
        queries.append(len(connection.queries_log))
        connection.force_debug_cursor = False

    once()
    seconds = min(timed(once) for _ in range(5))
    yield figure("bill-preview", 30, seconds, done=1, ms=round(seconds * 1000, 1), queries=queries[-1])
