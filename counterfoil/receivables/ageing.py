"""Age analyses added up by the database: everybody's, handed over a line at a time, and one customer's.

One statement serves both. It adds what is open now and what was settled after the day, so it is the same arithmetic as
`queries.open_items_of` with `rules.age`; tests compare the two on any sequence of operations.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.db import connection
from django.db.models import Q, QuerySet

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import matching, of_visible, visible
from counterfoil.kernel.periods import days_before
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import LazyRows
from counterfoil.receivables import queries, rules
from counterfoil.receivables.models import Allocation, Bucket, BucketSet, OpenItem

_CHUNK = 2000


@dataclass(frozen=True)
class AgeRow:
    """One customer's line of the age analysis."""

    customer_id: int
    number: str
    name: str
    currency: str
    analysis: rules.AgeAnalysis


@dataclass(frozen=True)
class _Day:
    """A day and the buckets to age by: what the statement is made from."""

    on: dt.date
    labels: tuple[str, ...]
    ends: tuple[int | None, ...]
    column: str

    @property
    def places(self) -> tuple[str, ...]:
        """The columns of a line: the buckets, what is disputed, what is unapplied."""
        return (*(f"b{place}" for place in range(len(self.labels))), "disputed", "unapplied")

    def analysis(self, sums: Sequence[int]) -> rules.AgeAnalysis:
        return rules.AgeAnalysis(self.labels, tuple(sums[:-2]), sums[-2], sums[-1])

    def sums(self, customer: int | None = None) -> tuple[str, list[Any]]:
        """What each customer has in each place, as SQL and its parameters; who has nothing anywhere is left out."""
        moved, parameters = self._moved(customer)
        added = ", ".join(
            f"CAST(SUM(CASE WHEN place = {n} THEN minor ELSE 0 END) AS BIGINT) AS {name}"
            for n, name in enumerate(self.places)
        )
        some = " OR ".join(f"{name} <> 0" for name in self.places)
        grouped = f"SELECT customer_id, {added} FROM ({moved}) AS moved GROUP BY customer_id"
        return f"SELECT * FROM ({grouped}) AS sums WHERE {some}", parameters

    def _moved(self, customer: int | None) -> tuple[str, list[Any]]:
        """Amounts with their customer and place: open now, settled since, and out of its bucket into dispute."""
        on = connection.ops.adapt_datefield_value(self.on)
        last = len(self.labels) - 1
        starts = [days_before(self.on, end) for end in self.ends if end is not None]
        ages = " ".join(f"WHEN i.{self.column} >= %s THEN {place}" for place in range(len(starts)))
        place = f"CASE WHEN i.side = 'credit' THEN {last + 2} {ages} ELSE {last} END"
        days = [connection.ops.adapt_datefield_value(day) for day in starts]
        mine, who = ("", []) if customer is None else (" AND i.customer_id = %s", [customer])
        items = "receivables_openitem AS i"
        settled = (
            f"SELECT i.customer_id, {place} AS place, a.amount_minor AS minor FROM receivables_allocation AS a "
            f'JOIN {items} ON i.id = a.{{side}}_id WHERE a."on" > %s AND i."on" <= %s{mine}'
        )
        open_then = (
            "i.open_minor + COALESCE((SELECT SUM(a.amount_minor) FROM receivables_allocation AS a "
            'WHERE a.debit_id = i.id AND a."on" > %s), 0)'
        )
        disputed = (
            f"SELECT i.customer_id, {place} AS place, d.minor, {open_then} AS most "
            "FROM (SELECT item_id, SUM(amount_minor) AS minor FROM receivables_dispute WHERE opened_on <= %s "
            f"AND (closed_on IS NULL OR closed_on > %s) GROUP BY item_id) AS d JOIN {items} ON i.id = d.item_id "
            f'WHERE i."on" <= %s{mine}'
        )
        least = "CAST(CASE WHEN minor < most THEN minor ELSE most END AS BIGINT)"
        pieces = (
            f"WITH disputed AS ({disputed}) "
            f"SELECT i.customer_id, {place} AS place, i.open_minor AS minor FROM {items} "
            # Said so that SQLite does not go by an index of the days: it would fetch nearly every row one by one.
            f'WHERE i.open_minor > 0 AND NOT (i."on" > %s){mine}',
            settled.format(side="debit"),
            settled.format(side="credit"),
            f"SELECT customer_id, place, -{least} FROM disputed",
            f"SELECT customer_id, {last + 1}, {least} FROM disputed",
        )
        later = [*days, on, on, *who]
        return " UNION ALL ".join(pieces), [*days, on, on, on, on, *who, *days, on, *who, *later, *later]


@dataclass(frozen=True)
class AgeLines(LazyRows):
    """Everyone's age analysis: counted, ordered, added up and handed over by the database."""

    customers: QuerySet[Customer]
    day: _Day
    key: str = "number"
    down: bool = False

    def ordered(self, key: str, *, down: bool) -> Self:
        return dataclasses.replace(self, key=key, down=down)

    def matching(self, text: str) -> Self:
        """The lines of the customers that a search for the text finds."""
        return dataclasses.replace(self, customers=matching(self.customers, text))

    def __iter__(self) -> Iterator[AgeRow]:
        sql, parameters = self._lines()
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"{sql} ORDER BY {self._order}", parameters)
            while rows := cursor.fetchmany(_CHUNK):
                yield from map(self._row, rows)

    def page(self, start: int, stop: int) -> list[AgeRow]:
        sql, parameters = self._lines()
        with connection.cursor() as cursor:
            cursor.execute(f"{sql} ORDER BY {self._order} LIMIT {stop - start:d} OFFSET {start:d}", parameters)
            return [self._row(row) for row in cursor.fetchall()]

    def __len__(self) -> int:
        return sum(count for count, _ in self._totals.values())

    @property
    def currencies(self) -> set[str]:
        """The currencies of the lines."""
        return set(self._totals)

    def totals(self, currency: str) -> dict[str, int]:
        count_and_sums = self._totals.get(currency)
        sums = count_and_sums[1] if count_and_sums else [0] * len(self.day.places)
        analysis = self.day.analysis(sums)
        named = dict(zip(self.day.places, sums, strict=True))
        return named | {"unapplied": -analysis.unapplied, "balance": analysis.balance}

    @cached_property
    def _totals(self) -> dict[str, tuple[int, list[int]]]:
        """How many lines there are of each currency, and their sums."""
        sql, parameters = self._lines()
        added = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in self.day.places)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT currency, COUNT(*), {added} FROM ({sql}) AS lines GROUP BY currency", parameters)
            return {currency: (count, sums) for currency, count, *sums in cursor.fetchall()}

    def _lines(self) -> tuple[str, list[Any]]:
        who, whose = bulk.as_sql(self.customers.order_by().values("pk", "number", "name", "currency"))
        sums, parameters = self.day.sums()
        names = ", ".join(f"sums.{name}" for name in self.day.places)
        sql = (
            f"SELECT who.pk, who.number, who.name, who.currency, {names} "
            f"FROM ({sums}) AS sums JOIN ({who}) AS who ON who.pk = sums.customer_id"
        )
        return sql, [*parameters, *whose]

    @property
    def _order(self) -> str:
        debits = " + ".join(f"sums.{name}" for name in self.day.places[:-1])
        known = {
            "number": "who.number",
            "name": "LOWER(who.name)",
            "currency": "who.currency",
            "unapplied": "-sums.unapplied",
            "balance": f"{debits} - sums.unapplied",
            **{name: f"sums.{name}" for name in self.day.places[:-1]},
        }
        return f"{known[self.key]} {'DESC' if self.down else 'ASC'}, who.number"

    def _row(self, row: Sequence[Any]) -> AgeRow:
        pk, number, name, currency, *sums = row
        return AgeRow(pk, number, name, currency, self.day.analysis(sums))


def _day(on: dt.date, chosen: BucketSet | None) -> _Day:
    """The buckets of a set, or of the default one, in one query."""
    buckets = Bucket.objects.filter(set__is_default=True) if chosen is None else Bucket.objects.filter(set=chosen)
    rows = list(buckets.order_by("position").values_list("label", "days_to", "set__basis"))
    labels, ends, bases = zip(*rows, strict=True)
    return _Day(on, labels, ends, "due_on" if bases[0] == "due" else '"on"')


def age_analysis(caller: Caller, on: dt.date, bucket_set: BucketSet | None = None, group: str = "") -> AgeLines:
    """Everyone's age analysis as of a day, by account number; who has nothing open is left out (domain 8.3).

    Nothing is read until lines, their number or their sums are asked for.
    """
    customers = visible(caller).filter(group=group) if group else visible(caller)
    return AgeLines(customers, _day(on, bucket_set))


def age_analysis_of(customer: Customer, on: dt.date, bucket_set: BucketSet | None = None) -> rules.AgeAnalysis:
    """One customer's age analysis as of a day."""
    day = _day(on, bucket_set)
    sql, parameters = day.sums(customer.pk)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return day.analysis(row[1:] if row else [0] * len(day.places))


# ------------------------------------------------------------------ the rows behind a cell


@dataclass(frozen=True)
class AgedItem:
    """A row behind a cell of the age analysis."""

    customer: Customer
    item: rules.ItemState
    minor: int
    bucket: str


def aged_items(
    caller: Caller,
    on: dt.date,
    *,
    bucket: str = "",
    customer: Customer | None = None,
    bucket_set: BucketSet | None = None,
) -> list[AgedItem]:
    """The rows behind one cell, one row or one column of the age analysis; their amounts add up to it.

    `bucket` is a bucket's label, `disputed`, `unapplied`, `overdue` (debits past their due date, disputed amounts
    included, and the credit that covers them), or empty for all. Credits count against the balance.
    """
    chosen = bucket_set or queries.default_bucket_set()
    buckets = queries.bucket_rules(chosen)
    items = of_visible(caller, OpenItem.objects.filter(on__lte=on))
    if customer is not None:
        items = items.filter(customer=customer)
    moved = Allocation.objects.filter(on__gt=on)
    items = items.filter(Q(open_minor__gt=0) | Q(pk__in=moved.values("debit")) | Q(pk__in=moved.values("credit")))
    owners = dict(items.values_list("pk", "customer_id"))
    people = {row.pk: row for row in visible(caller).filter(pk__in=items.values("customer"))}
    found = [
        AgedItem(people[owners[state.id]], state, minor, label)
        for state in queries.states_of(items, on, None if customer is None else [customer.pk])
        for label, minor in cells(state, buckets, on, chosen.basis)
        if minor and (bucket in ("", label) or (bucket == "overdue" and state.counts_as_overdue(on)))
    ]
    return sorted(found, key=lambda row: (row.customer.number, row.item.due_on, row.item.id))


def cells(
    state: rules.ItemState, buckets: Sequence[rules.BucketRule], on: dt.date, basis: str
) -> Iterable[tuple[str, int]]:
    """What an item has in which column: credits count against the balance, what is in dispute has one of its own."""
    if not state.is_debit:
        yield "unapplied", -state.open_minor
        return
    start = state.due_on if basis == "due" else state.on
    yield buckets[rules.bucket_index((on - start).days, buckets)].label, state.open_minor - state.disputed_minor
    yield "disputed", state.disputed_minor
