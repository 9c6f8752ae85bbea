"""Statements as pages and as PDF, and a long run of them whose memory must not grow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.kernel.periods import Period
from counterfoil.receivables.queries import statement_of
from counterfoil.receivables.statement_files import statement_html, statement_pdf
from counterfoil.site.bench.book import book, settle_down
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, peak_mb, prove, timed


def measure(quick: bool) -> Iterator[Figure]:
    """A year's statement of customers with an invoice a month."""
    rows = book(20 if quick else 1_000, 12)
    settle_down()
    prove()
    sizes = (5, 10) if quick else (100, 1_000, 10_000)
    for count in sizes[:2]:
        yield _run("statement-html", rows, count, statement_html)
    for count in sizes:
        yield _run("statement-pdf", rows, count, statement_pdf)


def _run(name: str, rows: list[Customer], count: int, make: Callable[[Any], Any]) -> Figure:
    period = Period.through(CALLER.today - dt.timedelta(days=365), CALLER.today)
    make(statement_of(rows[0], period))
    forget_peak()
    start = peak_mb()

    def work() -> None:
        for row in islice(cycle(rows), count):
            make(statement_of(row, period))

    return figure(name, count, timed(work), grew_mb=max(peak_mb() - start, 0) if count else 0)
