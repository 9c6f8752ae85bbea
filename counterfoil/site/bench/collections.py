"""A collector's queue page by page, and promises judged when their day is over, beside the SQL that reads them."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.collections.models import Promise
from counterfoil.collections.operations import judge_due
from counterfoil.platform import write_guard
from counterfoil.receivables.operations import keep_standings
from counterfoil.site.bench.book import account, settle_down, write_customers, write_items
from counterfoil.site.bench.customer_page import signed_in
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, percentiles, timed

_CHUNK = 10_000
FLOOR = (
    "SELECT p.customer_id, p.amount_minor, p.due_on, r.amount_minor FROM collections_promise p "
    "LEFT JOIN payments_receipt r ON r.customer_id = p.customer_id AND r.\"on\" >= p.made_on WHERE p.state = 'open'"
)


def measure(quick: bool) -> Iterator[Figure]:
    """A queue of 10,000 overdue accounts; then a promise of each of 1,000, 10,000 and 100,000, all of them over."""
    client, size = signed_in(), 30 if quick else 10_000
    customers = write_customers(0, size)
    write_items(customers, 3)
    keep_standings(CALLER)
    settle_down()
    for name in ("queue", "queue-next"):
        yield _asked(name, size, client, name == "queue-next", 2 if quick else 20)
    start = size
    for stop in (60, 120) if quick else (11_000, 20_000, 110_000):
        made = write_customers(start, stop)
        _promise(made)
        settle_down()
        floor = timed(_floor)
        forget_peak()
        seconds = timed(lambda: judge_due(CALLER))
        assert not Promise.objects.filter(state="open").exists()
        yield figure("promises", stop - start, seconds, floor)
        start = stop


def _promise(customers: list[int] | range) -> None:
    before = CALLER.today - dt.timedelta(days=10)
    with write_guard.writing():
        rows = [
            Promise(customer_id=pk, amount_minor=10_000, currency="ZAR", made_on=before, made_at=CALLER.now,
                    author="bench", due_on=CALLER.today - dt.timedelta(days=1))
            for pk in customers
        ]  # fmt: skip
        Promise.objects.bulk_create(rows, batch_size=_CHUNK)


def _asked(name: str, size: int, client: Client, other: bool, times: int) -> Figure:
    rng = random.Random(name)
    addresses = [
        f"/collections/?whose=all{f'&customer={account(rng.randrange(size))}' if other else ''}"
        for _ in range(times + 1)
    ]
    with CaptureQueriesContext(connection) as seen:
        _read(client, addresses[0])
        queries = len(seen.captured_queries)
    forget_peak()
    took = [timed(lambda at=at: _read(client, at)) for at in addresses[1:]]  # type: ignore[misc]
    return figure(name, size, sum(took), done=len(took), **percentiles(took), queries=queries)


def _read(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"


def _floor() -> None:
    with connection.chunked_cursor() as cursor:
        cursor.execute(FLOOR)
        while cursor.fetchmany(_CHUNK):
            pass
