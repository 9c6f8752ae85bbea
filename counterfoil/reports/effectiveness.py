"""How well what is owed is collected: ten months up to a day (domain 16.4)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from counterfoil.customers.queries import of_visible
from counterfoil.kernel.money import Money
from counterfoil.kernel.periods import days_before
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.reports.asked import Asked, currency

MONTHS = 10
# What customers owe for: no money that went back, and none that moved to another account.
OWED = ("invoice", "debit_memo", "opening", "adjustment", "transfer_in")


@dataclass
class Month:
    """How well a month's receivables were collected (domain 16.4), in one currency, in minor units."""

    ends: dt.date
    currency: str
    begin: int
    sales: int
    end: int
    current: int
    credited: int
    received: int
    late_days: str = "n/a"

    @property
    def effectiveness(self) -> str:
        """(Begin + sales - end) / (begin + sales - end current), in percent."""
        return _ratio((self.begin + self.sales - self.end) * 100, self.begin + self.sales - self.current, 2)

    @property
    def outstanding(self) -> str:
        """Days of sales that are outstanding."""
        return _ratio(self.end * self.ends.day, self.sales, 1)

    @property
    def best_outstanding(self) -> str:
        """The same, were everything paid on its day."""
        return _ratio(self.current * self.ends.day, self.sales, 1)

    @property
    def delinquent(self) -> str:
        """What is past due, in percent of what is owed."""
        return _ratio((self.end - self.current) * 100, self.end, 1)


def _ratio(over: int, under: int, places: int) -> str:
    return f"{Decimal(over) / under:.{places}f}" if under > 0 else "n/a"


def effectiveness(caller: Caller, asked: Asked) -> tuple[Table, list[Month]]:
    """Ten months up to the day: what was owed, billed and collected in each, and how long it takes to be paid."""
    items = of_visible(caller, OpenItem.objects.all())
    shares = of_visible(caller, Allocation.objects.all(), "debit__customer")
    ends = [asked.last]
    while len(ends) <= MONTHS:
        ends.append(days_before(ends[-1].replace(day=1), 1))
    owed = {end: owed_on(items, shares, end) for end in ends}
    rows = []
    for end, before in zip(ends[:-1], ends[1:], strict=True):
        days = (before + dt.timedelta(days=1), end)
        kinds_of = items.filter(on__range=days).order_by().values_list("currency", "kind")
        moved: dict[str, dict[str, int]] = defaultdict(dict)
        for code, kind, minor in kinds_of.annotate(total=Sum("amount_minor")):
            moved[code][kind] = minor
        late = _late(shares, days)
        for code in sorted({*owed[end], *owed[before], *moved}):
            kinds = moved[code]
            total, current = owed[end].get(code, (0, 0))
            rows.append(
                Month(end, code, owed[before].get(code, (0, 0))[0],
                      sum(kinds.get(kind, 0) for kind in ("invoice", "debit_memo")), total, current,
                      sum(kinds.get(kind, 0) for kind in ("credit_note", "credit", "write_off")),
                      kinds.get("receipt", 0) - kinds.get("reversal", 0), late.get(code, "n/a"))
            )  # fmt: skip
    columns = (
        Column("month", "month to", lambda row: row.ends, "date", sort=True),
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


def owed_on(items: Any, shares: Any, on: dt.date) -> dict[str, tuple[int, int]]:
    """What customers owed at the end of a day, and what of it was not due, by currency; credit is not taken off."""
    debits = items.filter(side="debit", on__lte=on)
    settled = shares.filter(on__lte=on, debit__on__lte=on)
    found: dict[str, tuple[int, int]] = {}
    for due, paid, place in (
        (debits, settled, 0), (debits.filter(due_on__gte=on), settled.filter(debit__due_on__gte=on), 1),
    ):  # fmt: skip
        sums = dict(due.order_by().values_list("currency").annotate(minor=Sum("amount_minor")))
        for code, minor in paid.order_by().values_list("debit__currency").annotate(minor=Sum("amount_minor")):
            sums[code] = sums.get(code, 0) - minor
        for code, minor in sums.items():
            pair = found.get(code, (0, 0))
            found[code] = (minor, pair[1]) if place == 0 else (pair[0], minor)
    return found


def _late(shares: Any, days: tuple[dt.date, dt.date]) -> dict[str, str]:
    """Days late of what payments settled in a period, weighted by amount, by currency; early counts as on its day."""
    weights: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = shares.filter(
        on__range=days, credit__kind="receipt", debit__kind__in=OWED, undoes__isnull=True, undone_by__isnull=True
    )
    for code, on, due_on, minor in rows.values_list(
        "debit__currency", "on", "debit__due_on", "amount_minor"
    ).iterator():
        weights[code][0] += minor * max((on - due_on).days, 0)
        weights[code][1] += minor
    return {code: _ratio(late, paid, 1) for code, (late, paid) in weights.items()}
