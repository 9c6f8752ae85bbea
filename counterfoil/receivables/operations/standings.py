"""What each customer owes, kept beside the open items that it follows from (decision 0025)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection

from counterfoil.customers.queries import lock_accounts
from counterfoil.platform import bulk, write_guard
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step
from counterfoil.receivables.models import Standing
from counterfoil.receivables.queries import outdated_standings

_CHUNK = 5000
_FIGURES = ("balance_minor", "overdue_minor", "oldest_due_on", "after_on", "until_on")


def work_out(customers: Iterable[int], on: dt.date) -> None:
    """The standings of these customers are what their open items add up to on a day; one statement however many.

    The caller holds the customers' locks, or has just made them.
    """
    write_guard.require_open(Standing._meta.db_table)
    listed, keys = bulk.listed_sql(customers)
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(listed=listed), [on, on, dt.date.min, on, dt.date.max, keys])


# Both databases speak this. The day is right or wrong by itself, so that no query needs to know when it was written.
# Credit that is not set aside covers what is late (domain 5.3).
_STATEMENT = f"""
    INSERT INTO receivables_standing (customer_id, {", ".join(_FIGURES)})
    SELECT id, balance, CASE WHEN late > cover THEN late - cover ELSE 0 END, oldest, after_on, until_on FROM (
        SELECT c.id,
            COALESCE(SUM(CASE WHEN i.side = 'debit' THEN i.open_minor ELSE -i.open_minor END), 0) AS balance,
            COALESCE(SUM(CASE WHEN i.side = 'debit' AND i.due_on < %s THEN i.open_minor END), 0) AS late,
            COALESCE(SUM(CASE WHEN i.side = 'credit' AND a.id IS NULL THEN i.open_minor END), 0) AS cover,
            MIN(CASE WHEN i.side = 'debit' THEN i.due_on END) AS oldest,
            COALESCE(MAX(CASE WHEN i.side = 'debit' AND i.due_on < %s THEN i.due_on END), %s) AS after_on,
            COALESCE(MIN(CASE WHEN i.side = 'debit' AND i.due_on >= %s THEN i.due_on END), %s) AS until_on
        FROM ({{listed}}) AS c LEFT JOIN receivables_openitem i ON i.customer_id = c.id AND i.open_minor > 0
            LEFT JOIN receivables_setaside a ON a.item_id = i.id AND a.released_on IS NULL
        GROUP BY c.id
    ) AS standings WHERE 1 = 1
    ON CONFLICT (customer_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _FIGURES)}
"""


def keep(op: Operation, customers: set[int]) -> None:
    """The same at the end of an operation, once for all that changed in it: `op.at_end(keep, customers)`."""
    work_out(customers, op.today)


@step
def bring_up_to_date(op: Operation, *, customers: list[int]) -> int:
    """What these customers owe is as of today again; the calendar changed what is overdue. Returns how many."""
    locked = lock_accounts(customers)
    work_out(locked, op.today)
    return len(locked)


def keep_standings(system: System) -> int:
    """The same for everybody whose day has come, in pieces; returns how many. Run by the clock."""
    count = 0
    while customers := outdated_standings(system.today, _CHUNK):
        count += bring_up_to_date(system, customers=customers)
    return count


def begin(op: Operation, customers: Iterable[int]) -> None:
    """These new accounts have a standing: they owe nothing."""
    work_out(customers, op.today)
