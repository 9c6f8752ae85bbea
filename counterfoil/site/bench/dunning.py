"""Who is sent which letter, of everybody who owes, beside the SQL that reads the same items."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from counterfoil.customers.models import Customer
from counterfoil.dunning.rules import Dunned
from counterfoil.dunning.selecting import Asked, Selection
from counterfoil.site.bench.book import settle_down, write_customers, write_items
from counterfoil.site.bench.figures import CALLER, Figure, best, figure, forget_peak, prove

EACH = 10
FLOOR = (
    "SELECT customer_id, due_on, number, id, open_minor FROM receivables_openitem "
    "WHERE open_minor > 0 AND side = 'debit' AND \"on\" <= %s ORDER BY customer_id"
)
_AT_ONCE = 2000


def measure(quick: bool) -> Iterator[Figure]:
    """10 thousand to a million open items, ten a customer, all of them late."""
    start = 0
    for stop in (20, 200) if quick else (1_000, 10_000, 100_000):
        write_items(write_customers(start, stop), EACH)
        start = stop
        settle_down()
        if stop <= 1_000:
            prove()
        tries = 1 if stop > 10_000 else 3
        floor = best(_floor, tries)
        forget_peak()
        seconds = best(_everybody, tries)
        yield figure("dunning", stop * EACH, seconds, floor, done=stop)


def _everybody() -> None:
    selection, letters = Selection(Asked(CALLER.today)), 0
    for accounts in selection.accounts(Customer.objects.all()):
        letters += sum(isinstance(found.decision, Dunned) for found in selection.of(accounts))
    assert letters == Customer.objects.count()


def _floor() -> None:
    with connection.chunked_cursor() as cursor:
        cursor.execute(FLOOR, [CALLER.today.isoformat()])
        while cursor.fetchmany(_AT_ONCE):
            pass
