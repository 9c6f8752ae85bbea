"""How well what is owed is collected: ten months up to a day (domain 16.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from counterfoil.collections.effectiveness import Month, kept_months, measured, month_ends
from counterfoil.customers.queries import of_visible
from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.charts import Bar, Chart
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.reports.asked import Asked, currency

MONTHS = 10


def effectiveness(caller: Caller, asked: Asked) -> tuple[Table, list[Month]]:
    """Ten months up to the day: what was owed, billed and collected in each, and how long it takes to be paid.

    Months whose figures were kept are as they were kept; who is limited to a part has theirs worked out.
    """
    items = of_visible(caller, OpenItem.objects.all())
    shares = of_visible(caller, Allocation.objects.all(), "debit__customer")
    ends = month_ends(asked.last, MONTHS)
    kept = {} if caller.scope else kept_months(ends[:-1])
    rows: list[Month] = []
    for end, before in zip(ends[:-1], ends[1:], strict=True):
        rows += kept[end] if end in kept else measured(items, shares, [end, before])
    columns = (
        Column("month", "month to", lambda row: row.ends, "date", sort=True,
               sub=lambda row: "Kept" if row.is_kept else ""),
        currency(),
        *(
            Column(key, label, _figure(key), "money", low=key in ("current", "credited"))
            for key, label in (("begin", "open before"), ("sales", "billed"), ("credited", "credited"),
                               ("received", "received"), ("end", "open at the end"), ("current", "of it not due"))
        ),
        Column("cei", "collected %", lambda row: row.effectiveness),
        Column("dso", "days of sales", lambda row: row.outstanding),
        Column("best_dso", "best possible", lambda row: row.best_outstanding, low=True),
        Column("days_late", "paid days late", lambda row: row.late_days),
        Column("delinquent", "past due %", lambda row: row.delinquent, low=True),
    )  # fmt: skip
    title = "Collection effectiveness"
    return Table(key="report-collection-effectiveness", title=title, columns=columns), rows


def _figure(key: str) -> Callable[[Month], Any]:
    return lambda row: Money(getattr(row, key), row.currency)


def charts(rows: list[Month]) -> list[Chart]:
    """What was collected of what could be, month by month, in the currency with most months."""
    codes = [row.currency for row in rows]
    code = max(sorted(set(codes)), key=codes.count, default="")
    mine = sorted((row for row in rows if row.currency == code), key=lambda row: row.ends)
    found = []
    for name, title, unit in (
        ("effectiveness", "Collected", "%"), ("outstanding", "Days of sales outstanding", " days"),
    ):  # fmt: skip
        bars = [
            Bar(f"{row.ends:%b}", 0 if (text := getattr(row, name)) == "n/a" else round(float(text)),
                text if text == "n/a" else f"{text}{unit}", Asked(row.ends.replace(day=1), row.ends).link(
                    "past-due-invoices", ""))
            for row in mine
        ]  # fmt: skip
        if bars:
            found.append(Chart(f"{title}: {bars[-1].text} in {mine[-1].ends:%B}", bars))
    return [chart for chart in found if chart.is_worth_it]
