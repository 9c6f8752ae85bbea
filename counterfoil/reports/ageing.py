"""The age analysis with other buckets, and by who answers for the customers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from counterfoil.collections.queries import in_plans
from counterfoil.credit.queries import collectors_of
from counterfoil.customers.models import Customer
from counterfoil.platform.bulk import among
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.receivables.ageing import AgeRow
from counterfoil.receivables.ageing import age_analysis as aged
from counterfoil.receivables.models import BucketSet
from counterfoil.receivables.queries import bucket_rules, default_bucket_set
from counterfoil.reports.asked import Asked, amount, currency


@dataclass
class Aged:
    """Buckets of many customers together."""

    name: str
    currency: str
    customers: int = 0
    buckets: list[int] = field(default_factory=list)
    disputed: int = 0
    unapplied: int = 0
    balance: int = 0


def _bucket_columns(labels: Iterable[str]) -> tuple[Column, ...]:
    def part(n: int) -> Callable[[Any], int]:
        return lambda row: row.buckets[n]

    return (
        *(amount(f"b{n}", label, part(n)) for n, label in enumerate(labels)),
        amount("disputed", "disputed", lambda row: row.disputed),
        amount("unapplied", "credit", lambda row: -row.unapplied),
        amount("balance", "balance", lambda row: row.balance),
    )


def _labels(chosen: BucketSet) -> list[str]:
    return [rule.label for rule in bucket_rules(chosen)]


def _named(name: str) -> BucketSet:
    return BucketSet.objects.filter(name=name).first() or default_bucket_set()


def _flat(row: AgeRow) -> Aged:
    age = row.analysis
    return Aged(row.name, row.currency, 1, list(age.buckets), age.disputed, age.unapplied, age.balance)


@dataclass
class Account(Aged):
    """Buckets of one customer."""

    number: str = ""


def _accounts(caller: Caller, on: dt.date, chosen: BucketSet) -> list[Account]:
    rows = []
    for row in aged(caller, on, chosen):
        flat = _flat(row)
        rows.append(
            Account(flat.name, flat.currency, 1, flat.buckets, flat.disputed, flat.unapplied, flat.balance, row.number)
        )
    return rows


_WHO = (
    Column("number", "number", lambda row: row.number, sort=True),
    Column("name", "name", lambda row: row.name, sort=True),
    currency(),
)


def ageing_by(name: str, title: str, buckets: str) -> Callable[[Caller, Asked], tuple[Table, list[Account]]]:
    """The age analysis by account, with the buckets of a set."""

    def read(caller: Caller, asked: Asked) -> tuple[Table, list[Account]]:
        chosen = _named(buckets)
        columns = (*_WHO, *_bucket_columns(_labels(chosen)))
        return Table(key=f"report-{name}", title=title, columns=columns), _accounts(caller, asked.last, chosen)

    return read


def ageing_by_amount(caller: Caller, asked: Asked) -> tuple[Table, list[Account]]:
    """Who owes most comes first."""
    chosen = default_bucket_set()
    rows = sorted(_accounts(caller, asked.last, chosen), key=lambda row: (-row.balance, row.number))
    columns = (*_WHO, *_bucket_columns(_labels(chosen)))
    return Table(key="report-ageing-by-amount", title="Ageing by amount", columns=columns), rows


@dataclass
class Planned(Account):
    """Buckets of one customer without what is in a plan that is kept, and that beside them."""

    planned: int = 0


def ageing_with_plans(caller: Caller, asked: Asked) -> tuple[Table, list[Planned]]:
    """What is in a payment plan that was kept up to the day is not late: the oldest amounts are in it first."""
    chosen = default_bucket_set()
    lines = list(aged(caller, asked.last, chosen))
    in_plan = in_plans({row.customer_id for row in lines}, asked.last)
    rows = []
    for line in lines:
        flat, left = _flat(line), in_plan.get(line.customer_id, 0)
        for place in reversed(range(len(flat.buckets))):
            taken = min(max(flat.buckets[place], 0), left)
            flat.buckets[place] -= taken
            left -= taken
        planned = in_plan.get(line.customer_id, 0) - left
        rows.append(
            Planned(flat.name, flat.currency, 1, flat.buckets, flat.disputed, flat.unapplied, flat.balance, line.number,
                    planned)
        )  # fmt: skip
    before, after = _bucket_columns(_labels(chosen))[:-3], _bucket_columns(_labels(chosen))[-3:]
    columns = (*_WHO, *before, amount("planned", "in a plan", lambda row: row.planned), *after)
    return Table(key="report-ageing-with-plans", title="Ageing with payment plans", columns=columns), rows


def _grouped(caller: Caller, on: dt.date, names: Callable[[set[int]], dict[int, str]]) -> list[Aged]:
    lines = list(aged(caller, on))
    known = names({row.customer_id for row in lines})
    found: dict[tuple[str, str], Aged] = {}
    for line in lines:
        flat = _flat(line)
        name = known.get(line.customer_id) or "Nobody"
        row = found.setdefault((name, line.currency), Aged(name, line.currency, 0, [0] * len(flat.buckets)))
        row.customers += 1
        row.buckets = [one + other for one, other in zip(row.buckets, flat.buckets, strict=True)]
        row.disputed += flat.disputed
        row.unapplied += flat.unapplied
        row.balance += flat.balance
    return [found[key] for key in sorted(found)]


def _by_person(name: str, title: str, word: str, names: Callable[[set[int]], dict[int, str]]) -> Any:
    def read(caller: Caller, asked: Asked) -> tuple[Table, list[Aged]]:
        columns = (
            Column(word, word, lambda row: row.name, sort=True),
            Column("accounts", "accounts", lambda row: row.customers, "number", sort=True),
            currency(),
            *_bucket_columns(_labels(default_bucket_set())),
        )
        return Table(key=f"report-{name}", title=title, columns=columns), _grouped(caller, asked.last, names)

    return read


def _managers(customers: set[int]) -> dict[int, str]:
    rows = Customer.objects.filter(among("pk", customers), manager__isnull=False)
    return dict(rows.values_list("pk", "manager__name"))


ageing_by_collector = _by_person("ageing-by-collector", "Ageing by collector", "collector", collectors_of)
ageing_by_salesperson = _by_person("ageing-by-salesperson", "Ageing by account manager", "manager", _managers)
