"""At a glance: a year month by month, each figure from the report that shows it, with charts that lead to its rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth

from counterfoil.billing.models import CreditNoteLine, InvoiceLine
from counterfoil.collections.effectiveness import owed_on
from counterfoil.collections.models import Promise
from counterfoil.customers.queries import of_visible
from counterfoil.kernel.money import Money, money_text
from counterfoil.kernel.periods import days_before
from counterfoil.payments.models import Receipt, ReceiptReversal
from counterfoil.platform.callers import Caller
from counterfoil.platform.charts import Bar, Chart
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.reports.asked import Asked, currency
from counterfoil.reports.sales import customers_moved, revenue_on

MONTHS = 12


@dataclass
class Glance:
    """A month in one currency, in minor units: what stood at its end, and what happened in it up to its last day."""

    first: dt.date
    ends: dt.date
    currency: str
    recurring: int = 0
    billed: int = 0
    received: int = 0
    owed: int = 0
    overdue: int = 0
    won: int = 0
    lost: int = 0
    promised: int = 0
    kept: int = 0

    @property
    def promises_kept(self) -> int | None:
        """Promises kept in full, in percent of those that were due in the month and are decided."""
        return round(100 * self.kept / self.promised) if self.promised else None


def _months(last: dt.date) -> list[tuple[dt.date, dt.date]]:
    found = []
    end = last
    for _ in range(MONTHS):
        found.append((end.replace(day=1), end))
        end = days_before(end.replace(day=1), 1)
    return found[::-1]


class _Book:
    """The rows by month and currency."""

    def __init__(self, months: list[tuple[dt.date, dt.date]]) -> None:
        self.months = months
        self.rows: dict[tuple[dt.date, str], Glance] = {}

    def row(self, first: dt.date, code: str) -> Glance:
        ends = dict(self.months)[first]
        return self.rows.setdefault((first, code), Glance(first, ends, code))

    def add(self, name: str, rows: Iterable[tuple[Any, str, int]], sign: int = 1) -> None:
        for first, code, number in rows:
            row = self.row(first, code)
            setattr(row, name, getattr(row, name) + sign * (number or 0))


def _by_month(rows: Any, day: str, code: str, figure: Any) -> Any:
    """(first day of the month, currency, figure) of rows."""
    return rows.order_by().annotate(month=TruncMonth(day)).values_list("month", code).annotate(figure=figure)


def at_a_glance(caller: Caller, asked: Asked) -> tuple[Table, list[Glance]]:
    """Twelve months up to the day, as far as the caller sees such figures."""
    months = _months(asked.last)
    book, days = _Book(months), (months[0][0], asked.last)
    if caller.may("subscriptions.view"):
        ends = tuple(end for _, end in months)
        for code, found, _ in revenue_on(caller, ends):
            for (first, _end), minor in zip(months, found, strict=True):
                book.row(first, code).recurring += minor
    if caller.may("billing.view"):
        lines = of_visible(caller, InvoiceLine.objects.filter(invoice__state="issued", invoice__on__range=days),
                           "invoice__customer")  # fmt: skip
        book.add("billed", _by_month(lines, "invoice__on", "invoice__currency", Sum("net_minor")))
        back = of_visible(caller, CreditNoteLine.objects.filter(credit_note__on__range=days), "credit_note__customer")
        book.add("billed", _by_month(back, "credit_note__on", "credit_note__currency", Sum("net_minor")), -1)
    if caller.may("payments.view"):
        came = of_visible(caller, Receipt.objects.filter(on__range=days))
        book.add("received", _by_month(came, "on", "currency", Sum("amount_minor")))
        gone = of_visible(caller, ReceiptReversal.objects.filter(on__range=days), "receipt__customer")
        book.add("received", _by_month(gone, "on", "receipt__currency", Sum("receipt__amount_minor")), -1)
    items = of_visible(caller, OpenItem.objects.all())
    shares = of_visible(caller, Allocation.objects.all(), "debit__customer")
    for first, end in months:
        for code, (owed, current) in owed_on(items, shares, end).items():
            row = book.row(first, code)
            row.owed, row.overdue = owed, owed - current
    if caller.may("collections.view"):
        decided = of_visible(caller, Promise.objects.filter(due_on__range=days, state__in=("kept", "part", "broken")))
        book.add("promised", _by_month(decided, "due_on", "currency", Count("pk")))
        book.add("kept", _by_month(decided, "due_on", "currency", Count("pk", filter=Q(state="kept"))))
    if caller.may("customers.view"):
        _moved(caller, book, Asked(*days))
    rows = [book.rows[key] for key in sorted(book.rows)]
    return Table(key="report-at-a-glance", title="At a glance", columns=_columns(caller)), rows


def _moved(caller: Caller, book: _Book, asked: Asked) -> None:
    """Customers won and lost in each month; they stand in the row of the currency with most else in it."""
    codes: dict[str, int] = defaultdict(int)
    for (_, code), row in book.rows.items():
        codes[code] += row.owed + row.billed + row.recurring
    main = max(codes, key=lambda code: codes[code], default="")
    if main:
        for one in customers_moved(caller, asked)[1]:
            row = book.row(one.on.replace(day=1), main)
            row.won += one.what == "Joined"
            row.lost += one.what == "Lost"


def _money(name: str) -> Callable[[Glance], Money]:
    return lambda row: Money(getattr(row, name), row.currency)


# What stands on the page, under which right, and where its rows are: a report and whether it is asked for the month.
_FIGURES = (
    ("recurring", "recurring a month", "subscriptions.view", "recurring-revenue"),
    ("billed", "billed", "billing.view", "sales"),
    ("received", "received", "payments.view", "received"),
    ("owed", "owed at the end", "receivables.view", "open-items"),
    ("overdue", "of it overdue", "receivables.view", "past-due-invoices"),
)


def _link(name: str) -> Callable[[Glance], str]:
    return lambda row: Asked(row.first, row.ends).link(name, "")


def _columns(caller: Caller) -> tuple[Column, ...]:
    found = [Column("month", "month to", lambda row: row.ends, "date", sort=True), currency()]
    found += [
        Column(key, label, _money(key), "money", href=_link(report), low=key in ("billed", "owed"))
        for key, label, right, report in _FIGURES
        if caller.may(right)
    ]
    if caller.may("customers.view"):
        found += [
            Column("won", "customers won", lambda row: row.won, "number", href=_link("customers"), low=True),
            Column("lost", "customers lost", lambda row: row.lost, "number", href=_link("customers")),
        ]
    if caller.may("collections.view"):
        found.append(
            Column("promises_kept", "promises kept %", lambda row: row.promises_kept, "number",
                   href=_link("receipt-promises"), low=True)
        )  # fmt: skip
    return tuple(found)


def charts(rows: list[Glance]) -> list[Chart]:
    """A chart for each figure, of the currency with most rows; each bar leads to the report of its month."""
    codes = [row.currency for row in rows]
    code = max(sorted(set(codes)), key=codes.count, default="")
    mine = [row for row in rows if row.currency == code]
    if len(mine) < 2:
        return []
    names = {
        "recurring": "Recurring revenue a month", "billed": "Billed, without tax", "received": "Received",
        "overdue": "Overdue at the end",
    }  # fmt: skip
    reports = {key: report for key, _, _, report in _FIGURES}
    found = [
        Chart(_finding(title, mine[-1], mine[-2], key),
              [Bar(f"{row.ends:%b}", getattr(row, key), money_text(getattr(row, key), code), _link(reports[key])(row))
               for row in mine])
        for key, title in names.items()
    ]  # fmt: skip
    for key, title in (("won", "Customers won"), ("lost", "Customers lost")):
        bars = [
            Bar(f"{row.ends:%b}", getattr(row, key), str(getattr(row, key)), _link("customers")(row)) for row in mine
        ]
        found.append(Chart(f"{title}: {bars[-1].text}, {bars[-2].text} in {mine[-2].ends:%B}", bars))
    return [chart for chart in found if chart.is_worth_it]


def _finding(title: str, now: Glance, before: Glance, key: str) -> str:
    """The newest figure beside the one before it."""
    is_, was = getattr(now, key), getattr(before, key)
    said = f"{title}: {money_text(is_, now.currency)}"
    if is_ == was:
        return f"{said}, as in {before.ends:%B}"
    return f"{said}, {'up' if is_ > was else 'down'} {money_text(abs(is_ - was), now.currency)} on {before.ends:%B}"
