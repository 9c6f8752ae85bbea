"""How well what is owed is collected, month by month (domain 16.4): worked out, and kept once a month is over."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from counterfoil.collections.models import MonthFigures
from counterfoil.kernel.periods import days_before

# What customers owe for: no money that went back, and none that moved to another account.
OWED = ("invoice", "debit_memo", "opening", "adjustment", "transfer_in")
FIGURES = ("begin", "sales", "end", "current", "credited", "received", "late_weight", "late_paid")


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
    # Amount x days of what payments settled late, and what they settled.
    late_weight: int = 0
    late_paid: int = 0
    # Whether its figures were kept when it was over, and stay.
    is_kept: bool = False

    @property
    def late_days(self) -> str:
        """How many days late what was paid was, weighted by amount."""
        return _ratio(self.late_weight, self.late_paid, 1)

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


def month_ends(last: dt.date, count: int) -> list[dt.date]:
    """A day and the last days of as many months before its own, the newest first."""
    ends = [last]
    while len(ends) <= count:
        ends.append(days_before(ends[-1].replace(day=1), 1))
    return ends


def measured(items: Any, shares: Any, ends: Sequence[dt.date]) -> Iterator[Month]:
    """The months up to these days (the newest first, and one day more for what was owed before the oldest)."""
    owed = {end: owed_on(items, shares, end) for end in ends}
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
            yield Month(
                end, code, owed[before].get(code, (0, 0))[0],
                sum(kinds.get(kind, 0) for kind in ("invoice", "debit_memo")), total, current,
                sum(kinds.get(kind, 0) for kind in ("credit_note", "credit", "write_off")),
                kinds.get("receipt", 0) - kinds.get("reversal", 0), *late.get(code, (0, 0)),
            )  # fmt: skip


def kept_months(ends: Sequence[dt.date]) -> dict[dt.date, list[Month]]:
    """The months up to these days whose figures were kept, by their last day; by currency."""
    found: dict[dt.date, list[Month]] = defaultdict(list)
    for row in MonthFigures.objects.filter(ends__in=ends).order_by("ends", "currency"):
        figures = {name: getattr(row, f"{name}_minor" if name != "late_weight" else name) for name in FIGURES}
        found[row.ends].append(Month(row.ends, row.currency, **figures, is_kept=True))
    return found


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


def _late(shares: Any, days: tuple[dt.date, dt.date]) -> dict[str, tuple[int, int]]:
    """Amount x days late of what payments settled in a period, and the amount, by currency; early is on its day."""
    weights: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    rows = shares.filter(
        on__range=days, credit__kind="receipt", debit__kind__in=OWED, undoes__isnull=True, undone_by__isnull=True
    )
    for code, on, due_on, minor in rows.values_list(
        "debit__currency", "on", "debit__due_on", "amount_minor"
    ).iterator():
        weights[code][0] += minor * max((on - due_on).days, 0)
        weights[code][1] += minor
    return {code: (late, paid) for code, (late, paid) in weights.items()}
