"""Everyone's age analysis beside the one GROUP BY that reads the same rows; and one customer's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import connection

from counterfoil.customers.models import Customer
from counterfoil.receivables.ageing import age_analysis, age_analysis_of
from counterfoil.site.bench.book import settle_down, write_customers, write_items
from counterfoil.site.bench.figures import CALLER, Figure, best, figure, forget_peak, prove, timed

EACH = 10
FLOOR = (
    "SELECT customer_id, side, CASE WHEN due_on >= %s THEN 0 WHEN due_on >= %s THEN 1 WHEN due_on >= %s THEN 2 "
    "WHEN due_on >= %s THEN 3 ELSE 4 END, SUM(open_minor) FROM receivables_openitem "
    'WHERE open_minor > 0 AND "on" <= %s GROUP BY 1, 2, 3'
)


def measure(quick: bool) -> Iterator[Figure]:
    """10 thousand to a million open items, ten a customer."""
    today, start, items = CALLER.today, 0, 0
    for stop in (20, 200) if quick else (1_000, 10_000, 100_000):
        customers = write_customers(start, stop)
        items += write_items(customers, EACH)
        start = stop
        settle_down()
        if stop <= 1_000:
            prove()
        tries = 1 if stop > 10_000 else 3
        floor = best(_floor, tries)
        forget_peak()
        seconds = best(_everyone, tries)
        yield figure("age-analysis", items, seconds, floor)
        some = list(Customer.objects.filter(pk__in=customers[:: max(len(customers) // 200, 1)]))
        one = timed(lambda rows=some: [age_analysis_of(row, today) for row in rows])  # type: ignore[misc]
        yield figure("age-one", items, one, done=len(some), ms=round(one / len(some) * 1000, 2))


def _everyone() -> None:
    for _ in age_analysis(CALLER, CALLER.today):
        pass


def _floor() -> None:
    today = CALLER.today
    starts = [(today - dt.timedelta(days=days)).isoformat() for days in (0, 30, 60, 90)]
    with connection.cursor() as cursor:
        cursor.execute(FLOOR, [*starts, today.isoformat()])
        for _ in cursor.fetchall():
            pass
