"""Lines of a bank statement against what is open: reading the book, and finding what each line settles."""

from __future__ import annotations

import random
from collections.abc import Iterator

from django.db import connection

from counterfoil.bank.queries import book_in
from counterfoil.bank.readers import Line
from counterfoil.bank.rules import Book, match
from counterfoil.site.bench.book import settle_down, write_customers, write_items
from counterfoil.site.bench.figures import CALLER, Figure, best, figure, forget_peak, prove, timed

# Two open items a customer; lines as people write them, a quarter of them of an amount alone.
EACH = 2
WRITTEN = ("payment {number} thanks", "{plain}", "account {customer}", "internet")
FLOOR = (
    "SELECT number, customer_id, due_on, open_minor, id FROM receivables_openitem "
    "WHERE side = 'debit' AND open_minor > 0"
)


def measure(quick: bool) -> Iterator[Figure]:
    """10,000 lines among a thousand to a hundred thousand open items; the floor reads the same items."""
    start = items = 0
    for stop in (10, 50) if quick else (500, 5_000, 50_000):
        items += write_items(write_customers(start, stop), EACH)
        start = stop
        settle_down()
        if stop <= 500:
            prove()
        forget_peak()
        floor = best(_read, 3)
        seconds = best(lambda: book_in("ZAR"), 3)
        yield figure("matching-book", items, seconds, floor)
        book = book_in("ZAR")
        lines = _lines(book, 100 if quick else 10_000)
        forget_peak()
        seconds = timed(lambda book=book, lines=lines: _match(book, lines))  # type: ignore[misc]
        yield figure("matching", items, seconds, done=len(lines))


def _read() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FLOOR)
        cursor.fetchall()


def _lines(book: Book, count: int) -> list[Line]:
    rng, items = random.Random(1), list(book.items.values())
    found = []
    for place in range(count):
        item = rng.choice(items)
        plain = item.number.replace("-", " ").lower()
        text = WRITTEN[place % len(WRITTEN)].format(number=item.number, plain=plain, customer=item.customer)
        found.append(Line(CALLER.today, item.open_minor, details=text))
    return found


def _match(book: Book, lines: list[Line]) -> None:
    for line in lines:
        if (found := match(line, book)).sure:
            book.settle(found)
