"""The reports there are: each is a table over rows, as of a day, for the page, the command line and every export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import Money
from counterfoil.ledger.queries import trial_balance
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Rows
from counterfoil.platform.tables import Column, Table
from counterfoil.receivables.ageing import age_analysis, aged_items
from counterfoil.receivables.queries import bucket_rules, default_bucket_set


@dataclass(frozen=True)
class Report:
    """A report: its name, its title, and the table and rows of a day."""

    name: str
    title: str
    read: Callable[[Caller, dt.date], tuple[Table, Rows]]


def _age_analysis(caller: Caller, on: dt.date) -> tuple[Table, Rows]:
    rows = age_analysis(caller, on)
    labels = [rule.label for rule in bucket_rules(default_bucket_set())]

    def amount(key: str, label: str, get: Callable[[Any], int]) -> Column:
        return Column(key, label, lambda row: Money(get(row.analysis), row.currency), "money", total=True)

    columns = (
        Column("number", "number", lambda row: row.number),
        Column("name", "name", lambda row: row.name),
        Column("currency", "currency", lambda row: row.currency),
        *(amount(f"b{n}", label, lambda age, n=n: age.buckets[n]) for n, label in enumerate(labels)),  # type: ignore[misc]
        amount("disputed", "disputed", lambda age: age.disputed),
        amount("unapplied", "unapplied", lambda age: -age.unapplied),
        amount("balance", "total", lambda age: age.balance),
    )
    return Table(key="age-analysis", title="Age analysis", columns=columns), rows


def _open_items(caller: Caller, on: dt.date) -> tuple[Table, list[Any]]:
    columns = (
        Column("number", "number", lambda row: row.customer.number),
        Column("name", "name", lambda row: row.customer.name),
        Column("item", "item", lambda row: row.item.number),
        Column("kind", "kind", lambda row: row.item.kind),
        Column("date", "date", lambda row: row.item.on, "date"),
        Column("due", "due", lambda row: row.item.due_on, "date"),
        Column("days_late", "days late", lambda row: max(row.item.days_late(on), 0), "number"),
        Column("bucket", "bucket", lambda row: row.bucket),
        Column("currency", "currency", lambda row: row.customer.currency),
        Column("open", "open", lambda row: Money(row.minor, row.customer.currency), "money", total=True),
    )
    return Table(key="open-items", title="Open items", columns=columns), aged_items(caller, on)


def _trial_balance(caller: Caller, on: dt.date) -> tuple[Table, list[Any]]:
    caller.must("ledger.view")
    # The ledger is of everybody; somebody limited to a part of the customers has no part of it.
    refuse_if(caller.scope, "not_found", "There is no such report, or you may not see it.")
    columns = (
        Column("code", "code", lambda row: row.code),
        Column("account", "account", lambda row: row.name),
        Column("currency", "currency", lambda row: row.currency),
        Column("debit", "debit", lambda row: Money(max(row.minor, 0), row.currency), "money", total=True),
        Column("credit", "credit", lambda row: Money(max(-row.minor, 0), row.currency), "money", total=True),
    )
    return Table(key="trial-balance", title="Trial balance", columns=columns), trial_balance(on)


REPORTS = {
    report.name: report
    for report in (
        Report("age-analysis", "Age analysis", _age_analysis),
        Report("open-items", "Open items", _open_items),
        Report("trial-balance", "Trial balance", _trial_balance),
    )
}


def find_report(name: str) -> Report:
    """The report of that name; refused with the names there are."""
    if name not in REPORTS:
        raise Refused("no_such_report", f"There is no report {name}. There are: {', '.join(REPORTS)}.", field="name")
    return REPORTS[name]
