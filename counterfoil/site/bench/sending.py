"""The invoices of a bill run, sent as PDF by its job; the floor renders the same documents and does nothing else."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections

from counterfoil.billing.invoice_files import invoice_pdf
from counterfoil.billing.models import BillRun, Invoice
from counterfoil.billing.operations import begin_issuing, open_bill_run, send_bill_run
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, preview_chunk
from counterfoil.messaging.models import Message
from counterfoil.platform import jobs
from counterfoil.site.bench.bill_run import add_products, issue_all, subscribe
from counterfoil.site.bench.book import settle_down
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, peak_mb, prove, timed

# Rendering is measured on so many, whatever the size: its rate does not depend on it.
_FLOOR_OF = 500


def measure(quick: bool) -> Iterator[Figure]:
    """Two sizes, so that memory that grows is seen."""
    products = add_products()
    place = 0
    for size in (10, 20) if quick else (2_000, 10_000):
        subscribe(place, place + size, products)
        place += size
        settle_down()
        yield _run(size)
    prove()


class _Watch:
    """How many statements there were, and for how long a transaction that may write was open."""

    def __init__(self) -> None:
        self.queries, self.seconds, self._since = 0, 0.0, 0.0

    def statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.queries += 1
        return execute(sql, params, many, context)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        here = connections[DEFAULT_DB_ALIAS]
        plain = here.set_autocommit

        def noticed(autocommit: bool, **rest: Any) -> None:
            plain(autocommit, **rest)
            # The commit passes by no cursor; where the driver begins by itself, nor does that.
            self.queries += 1 if autocommit or connection.vendor == "postgresql" else 0
            if autocommit:
                self.seconds += time.perf_counter() - self._since
            else:
                self._since = time.perf_counter()

        here.set_autocommit = noticed  # type: ignore[method-assign, assignment]
        try:
            with connection.execute_wrapper(self.statement):
                yield
        finally:
            here.set_autocommit = plain  # type: ignore[method-assign]


def _run(size: int) -> Figure:
    run = _issued(size)
    sample = _sample(run)
    invoice_pdf(sample[0])
    floor = timed(lambda: [invoice_pdf(row) for row in sample]) * size / len(sample)
    run = send_bill_run(CALLER, run=run)
    before, watch = Message.objects.count(), _Watch()
    forget_peak()
    start = peak_mb()
    with watch.watching():
        seconds = timed(lambda: jobs.run(int(run.job_id or 0)))
    sent = Message.objects.count() - before
    assert sent == size, (sent, size)
    return figure(
        "sending", size, seconds, floor, grew_mb=max(peak_mb() - start, 0),
        queries_a_hundred=round(watch.queries * 100 / size, 1), locked_share=round(watch.seconds / seconds, 3),
    )  # fmt: skip


def _sample(run: BillRun) -> list[Invoice]:
    """Some of its invoices with their lines, so that nothing is read while they are rendered."""
    rows = run.items.values_list("invoice", flat=True).order_by("pk")[:_FLOOR_OF]
    return list(Invoice.objects.filter(pk__in=list(rows)).prefetch_related("lines"))


def _issued(size: int) -> BillRun:
    run = open_bill_run(CALLER, bill_to=CALLER.today)
    assert run.customers == size, (run.customers, size)
    while preview_chunk(CALLER, run=run, catalogue=catalogue_of(run)):
        pass
    finish_preview(CALLER, run=run)
    begin_issuing(CALLER, run=run)
    issue_all(run.pk)
    return finish_issuing(CALLER, run=run)
