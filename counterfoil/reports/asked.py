"""What a report is asked for, and what it is: a table over rows, as of a day or for the days of a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.charts import Chart
from counterfoil.platform.columns import Column, Rows
from counterfoil.platform.tables import Table


@dataclass(frozen=True)
class Asked:
    """The days a report is about, both included, and what of it: a rate, a method, a ledger account."""

    first: dt.date
    last: dt.date
    of: str = ""

    def link(self, name: str, of: str) -> str:
        """The address of another report about the same days."""
        query = urlencode({"from": self.first.isoformat(), "to": self.last.isoformat(), "of": of})
        return f"{reverse('report', args=[name])}?{query}"


@dataclass(frozen=True)
class Report:
    """A report: its name, its title, what it answers, who may see it, and its table and rows."""

    name: str
    title: str
    about: str
    sees: str
    read: Callable[[Caller, Asked], tuple[Table, Rows]]
    # About the days of a period; else as of a day.
    by_period: bool = False
    # What people would rather look at, drawn from the rows.
    charts: Callable[[Any], list[Chart]] | None = None
    # Reached from a figure of another report, which it is the rows of.
    behind: str = ""

    def titled(self, asked: Asked) -> str:
        """What a file of it is called."""
        if self.by_period:
            return f"{self.title} {asked.first.isoformat()} to {asked.last.isoformat()}"
        return f"{self.title} as of {asked.last.isoformat()}"


def whole_book(caller: Caller) -> None:
    """Refuse somebody limited to a part of the customers: this is of everybody."""
    refuse_if(caller.scope, "not_found", "There is no such report, or you may not see it.")


def amount(key: str, label: str, get: Callable[[Any], int], **more: Any) -> Column:
    """A column of amounts in minor units of each row's currency, added up by currency."""
    return Column(key, label, lambda row: Money(get(row), row.currency), "money", sort=True, total=True, **more)


def currency(key: str = "currency") -> Column:
    """What the amounts of a row are in."""
    return Column(key, "currency", lambda row: row.currency, sort=True, low=True)
