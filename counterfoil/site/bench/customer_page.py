"""The customer page and the customers list as the number of customers grows; the floor is their queries alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.payments.operations import NewReceipt, record_receipts
from counterfoil.platform import write_guard
from counterfoil.site.bench.book import book, settle_down, write_customers, write_items
from counterfoil.site.bench.figures import CALLER, Figure, figure, forget_peak, percentiles, prove, timed
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user

LISTS = {
    "list-by-name": "/customers/",
    "list-overdue": "/customers/?view=overdue",
    "list-by-balance": "/customers/?sort=-balance",
    "list-last-page": "/customers/?page=99999999",
}


def measure(quick: bool) -> Iterator[Figure]:
    """The pages of twenty customers with a year of invoices and payments, among few and among many others."""
    client = signed_in()
    rows = book(20, 12)
    record_receipts(CALLER, receipts=[NewReceipt(row.pk, 80_000, CALLER.today, "eft") for row in rows])
    pages = [f"/customers/{row.number}/" for row in rows]
    start = len(rows)
    for stop in (40, 80) if quick else (1_000, 10_000, 100_000):
        write_items(write_customers(start, stop), 3)
        start = stop
        settle_down()
        if stop <= 1_000:
            prove()
        yield _pages("customer-page", stop, client, pages)
        for name, address in LISTS.items():
            yield _pages(name, stop, client, [address] * 5)


def signed_in() -> Client:
    """A browser in which an administrator is signed in."""
    made = add_user(CALLER, email="bench@x.example", name="Bench", role="administrator", password="only-for-a-bench")
    client = Client()
    client.force_login(User.objects.get(pk=made.pk))
    return client


def _pages(name: str, n: int, client: Client, addresses: Sequence[str]) -> Figure:
    def read(address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"

    read(addresses[0])
    with CaptureQueriesContext(connection) as seen:
        read(addresses[0])
    asked = [query["sql"] for query in seen.captured_queries]
    forget_peak()
    times = [timed(_call(read, address)) for address in addresses]
    queries = [sql for sql in asked if sql.startswith("SELECT")]
    floor = min(timed(_call(_run, queries)) for _ in range(3)) * len(addresses)
    return figure(
        name, n, sum(times), floor, done=len(times), queries=len(asked), ms=percentiles(times)["p50_ms"],
        sql_ms=round(floor / len(addresses) * 1000, 2),
    )  # fmt: skip


def _call(work: Callable[..., None], argument: object) -> Callable[[], None]:
    return lambda: work(argument)


def _run(queries: Sequence[str]) -> None:
    with write_guard.writing(), connection.cursor() as cursor:
        for sql in queries:
            cursor.execute(sql)
            cursor.fetchall()
