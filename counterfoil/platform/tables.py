"""Lists: one definition serves the page, the fragment and each export, so that a file cannot differ from the screen.

A `Table` says which columns there are and how rows are narrowed. A `Listing` is a table over rows for one address: the
query string carries search, filters, order and page, so that back, bookmarks and plain links work without JavaScript.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db.models import QuerySet, Sum
from django.http import QueryDict
from django.utils import timezone

from counterfoil.kernel import money as amounts
from counterfoil.kernel import periods
from counterfoil.platform.columns import Cell, Column, Filter, Head, LazyRows, Line, Rows, View, sought
from counterfoil.platform.paging import MOST_COUNTED, InParts, Ordered, Paged, counted

PAGE_SIZE = 50
# A longer list is exported as a job.
MOST_AT_ONCE = MOST_COUNTED
__all__ = ["MOST_AT_ONCE", "PAGE_SIZE", "Column", "Filter", "Listing", "Table", "View"]


@dataclass(frozen=True)
class Table:
    """A list of the system."""

    key: str
    title: str
    columns: tuple[Column, ...]
    # Narrows the rows to a text; None: rows in memory are searched in all their text, rows in the database not at all.
    search: Callable[[Rows, str], Rows] | None = None
    search_label: str = ""
    filters: tuple[Filter, ...] = ()
    views: tuple[View, ...] = ()
    # Order when nothing is asked: a column key, with a minus for descending. Empty keeps the order of the rows.
    order: str = ""
    page_size: int = PAGE_SIZE
    row_id: Callable[[Any], str] | None = None
    peek: Callable[[Any], str] | None = None
    empty: tuple[str, str] = ("Nothing here yet", "")
    total_label: str = "Total"
    # The column of the database that says what the amounts of a row are in, where rows differ.
    currency: str = ""
    # Whether there are more rows the more customers there are.
    grows: bool = False

    def column(self, key: str) -> Column | None:
        return next((column for column in self.columns if column.key == key), None)

    def listing(self, rows: Rows, params: QueryDict | dict[str, str], url: str, **options: Any) -> Listing:
        """This table over rows, as the query string asks."""
        return Listing(self, rows, _first_values(params), url, **options)


def _first_values(params: QueryDict | dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in params.items() if isinstance(value, str)}


@dataclass
class Listing(Paged):
    """A table over rows, for one address."""

    table: Table
    rows: Rows
    params: dict[str, str]
    url: str
    # What amounts without one of their own are in.
    currency: str = ""
    today: dt.date = field(default_factory=timezone.localdate)
    # Parameters that belong to the page rather than the list, kept in every link (`as_of` of a report).
    keep: tuple[str, ...] = ()
    push: bool = True
    # How many rows to show before "Show all", where a list is one section of many.
    brief: int = 0
    # This person's own views of the list: (label, query string, address that forgets it).
    saved: Sequence[tuple[str, str, str]] = ()
    # Where the view on screen is given a name.
    save_url: str = ""

    @property
    def dom_id(self) -> str:
        return f"t-{self.table.key}"

    @property
    def text(self) -> str:
        return sought(self.params.get("q", ""))

    @property
    def searchable(self) -> bool:
        return self.table.search is not None or not isinstance(self.rows, QuerySet)

    @property
    def view(self) -> View | None:
        views = self.table.views
        return next((view for view in views if view.key == self.params.get("view")), views[0] if views else None)

    @property
    def sort(self) -> str:
        asked = self.params.get("sort", "")
        column = self.table.column(asked.lstrip("-"))
        return asked if column and column.sort else self.table.order

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.chosen)

    @cached_property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, with values that exist."""
        asked = {item.key: self.params.get(item.key, "") for item in self.table.filters}
        return {
            item.key: asked[item.key]
            for item in self.table.filters
            if asked[item.key] and asked[item.key] in [value for value, _ in item.choices()]
        }

    @cached_property
    def _narrowed(self) -> Rows:
        rows = self.rows
        if self.view:
            rows = self.view.narrow(rows)
        for item in self.table.filters:
            if value := self.chosen.get(item.key):
                rows = item.narrow(rows, value)
        if self.text:
            rows = self.table.search(rows, self.text) if self.table.search else self._search_values(rows)
        return rows

    @cached_property
    def ordered(self) -> Ordered | None:
        column = self.table.column(self.sort.lstrip("-"))
        if column is None or not isinstance(self._narrowed, QuerySet):
            return None
        name, down = column.sort if isinstance(column.sort, str) else column.key, self.sort.startswith("-")
        whole = self.rows if self.table.grows else None
        if column.parts is not None:
            return InParts(self._narrowed, name, column.tie, down, whole, parts=tuple(column.parts()))
        return Ordered(self._narrowed, name, column.tie, down, whole, self._is_found_first)

    @cached_property
    def _is_found_first(self) -> bool:
        """Whether rows are found first and put in order then: they are few, or side by side in the order of names."""
        column = self.table.column(self.sort.lstrip("-"))
        if not self.table.grows or not self.is_filtered or column is None:
            return False
        # Fewer letters are no help to an index of texts.
        sought = any(len(word) > 2 for word in self.text.split())
        return (sought and column.named) or self._counted <= MOST_COUNTED

    @cached_property
    def _counted(self) -> int:
        # Before they are in any order.
        return counted(self._narrowed)

    @cached_property
    def found(self) -> Rows:
        """All rows that match, in order."""
        rows, column = self._narrowed, self.table.column(self.sort.lstrip("-"))
        if self.ordered is not None:
            return self.ordered.forward
        if column is None or isinstance(rows, QuerySet):
            return rows
        down = self.sort.startswith("-")
        if isinstance(rows, LazyRows):
            return rows.ordered(column.key, down=down)
        known = [row for row in rows if column.get(row) is not None]
        blank = [row for row in rows if column.get(row) is None]
        return sorted(known, key=lambda row: _order(column.get(row)), reverse=down) + blank

    def _search_values(self, rows: Rows) -> Rows:
        if isinstance(rows, QuerySet):
            return rows
        words = self.text.casefold().split()
        texts = ((row, " ".join(cell.text for cell in self.cells(row)).casefold()) for row in rows)
        return [row for row, text in texts if all(word in text for word in words)]

    # -------------------------------------------------------------- pages

    @property
    def is_brief(self) -> bool:
        return bool(self.brief) and "all" not in self.params

    @property
    def size(self) -> int:
        return self.brief if self.is_brief else self.table.page_size

    @cached_property
    def lines(self) -> list[Line]:
        """The rows of this page as they are shown."""
        return [self._line(row) for row in self.page_rows]

    # -------------------------------------------------------------- links

    def link(self, **changes: str) -> str:
        """This list with something changed; a change other than of the page goes back to the first page."""
        kept = {"q", "view", "sort", "all", *self.keep, *(item.key for item in self.table.filters)}
        query = {key: value for key, value in self.params.items() if key in kept and value}
        query.update(changes)
        query = {key: value for key, value in query.items() if value}
        return f"{self.url}?{urlencode(query)}" if query else self.url

    @property
    def query(self) -> str:
        """What narrows and orders the list, as a query string without the page."""
        return self.link().partition("?")[2]

    @property
    def views(self) -> list[tuple[str, str, bool]]:
        """Saved views as (label, address, whether it is this one); a person's own come after those of the list."""
        mine = self.own_view
        first = self.table.views[0] if self.table.views else None
        given = [
            (view.label, self.link(view="" if view is first else view.key), view is self.view and mine is None)
            for view in self.table.views
        ]
        if self.saved and not given:
            given = [("All", self.url, not self.query)]
        own = [(saved[0], f"{self.url}?{saved[1]}", saved is mine) for saved in self.saved]
        return given + own

    @property
    def own_view(self) -> tuple[str, str, str] | None:
        """The person's own view that is on screen."""
        asked = sorted(parse_qsl(self.query))
        return next((saved for saved in self.saved if sorted(parse_qsl(saved[1])) == asked), None)

    @property
    def can_save(self) -> bool:
        """Whether what is on screen is worth a name: narrowed or ordered, and not named yet."""
        return bool(self.save_url and (self.is_filtered or self.params.get("sort")) and self.own_view is None)

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """What narrows the list, one by one: (filter, value in words, address without it)."""
        said = [
            (item.label, str(dict(choices)[value]), self.link(**{item.key: ""}))
            for item, choices, value in self.filters
            if value
        ]
        return [*said, ("Text", f"“{self.text}”", self.link(q=""))] if self.text else said

    @cached_property
    def filters(self) -> list[tuple[Filter, Sequence[tuple[str, str]], str]]:
        """Filters as (filter, choices, chosen value); one without choices is left out."""
        triples = [(item, item.choices(), self.chosen.get(item.key, "")) for item in self.table.filters]
        return [triple for triple in triples if triple[1]]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the search form must carry along."""
        return [(key, self.params[key]) for key in ("view", "sort", "all", *self.keep) if self.params.get(key)]

    @property
    def clear_url(self) -> str:
        return self.link(q="", **dict.fromkeys((item.key for item in self.table.filters), ""))

    @property
    def all_url(self) -> str:
        return self.link(all="1") if self.brief and self.count > self.brief and "all" not in self.params else ""

    @property
    def at_once(self) -> bool:
        """Whether an export is ready while one waits."""
        return self.count <= MOST_AT_ONCE

    @property
    def exports(self) -> list[tuple[str, str]]:
        return [(label, self.link(format=key)) for key, label in (("csv", "CSV"), ("xlsx", "Excel"), ("pdf", "PDF"))]

    # -------------------------------------------------------------- what is shown

    @property
    def heads(self) -> list[Head]:
        heads = []
        for column in self.table.columns:
            label = (
                f"{column.label}, {amounts.symbol(self.currency).strip()}" if column.kind == "money" else column.label
            )
            if not column.sort:
                heads.append(Head(column, label))
                continue
            here = self.sort.lstrip("-") == column.key
            down = here and self.sort.startswith("-")
            # Amounts and dates start with the largest, which is what is looked for.
            first = f"-{column.key}" if column.kind in ("money", "number", "date", "when") else column.key
            second = column.key if first.startswith("-") else f"-{column.key}"
            follow = second if here and self.sort == first else first
            heads.append(Head(column, label, self.link(sort=follow), ("down" if down else "up") if here else ""))
        return heads

    def _line(self, row: Any) -> Line:
        table = self.table
        return Line(table.row_id(row) if table.row_id else "", self.cells(row), table.peek(row) if table.peek else "")

    def cells(self, row: Any) -> list[Cell]:
        """A row's values as they are shown."""
        return [self._cell(column, row) for column in self.table.columns]

    def _cell(self, column: Column, row: Any) -> Cell:
        value = column.get(row)
        return Cell(
            column,
            self.words(column, value),
            value,
            column.href(row) if column.href else "",
            column.sub(row) if column.sub else "",
            column.tone(row) if column.tone else "",
        )

    def words(self, column: Column, value: Any) -> str:
        """A value as people read it."""
        if value is None or value == "":
            return ""
        match column.kind:
            case "money":
                if isinstance(value, str):
                    return value
                if isinstance(value, amounts.Money):
                    same = value.currency == self.currency
                    return amounts.figure_text(value.minor, value.currency) if same else str(value)
                return amounts.figure_text(value, self.currency)
            case "date":
                return periods.date_text(value, today=self.today)
            case "when":
                local = timezone.localtime(value)
                return f"{periods.date_text(local.date(), today=self.today)} {local:%H:%M}"
            case "number":
                return f"{value:,}"
        return str(value)

    @cached_property
    def totals(self) -> list[Cell]:
        """The total of each column that has one, over all rows that match."""
        summed = {column.key for column in self.table.columns if column.total}
        # Of very many rows no sum is worth the wait on each page; their own page says what they come to.
        if not summed or not self.count or self.is_long:
            return []
        values = self._sums([column for column in self.table.columns if column.total])
        return [
            Cell(column, self.words(column, values.get(column.key)), values.get(column.key))
            for column in self.table.columns
        ]

    def _sums(self, columns: Iterable[Column]) -> dict[str, Any]:
        if isinstance(self.found, LazyRows):
            return self.found.totals(self.currency)
        if isinstance(self.found, QuerySet):
            named = {column.key: Sum(str(column.sort)) for column in columns if isinstance(column.sort, str)}
            return self._sums_by_currency(named) if self.table.currency else self._sums_of(named)
        return {column.key: _added([column.get(row) for row in self.found]) for column in columns}

    def _sums_of(self, named: dict[str, Sum]) -> dict[str, Any]:
        return {key: value or 0 for key, value in self.found.order_by().aggregate(**named).items()}

    def _sums_by_currency(self, named: dict[str, Sum]) -> dict[str, Any]:
        """A sum for each currency, in words: amounts in two of them are never added up."""
        name = self.table.currency
        parts = list(self.found.order_by(name).values(name).annotate(**named))
        if len(parts) == 1:
            return {key: amounts.Money(parts[0][key] or 0, parts[0][name]) for key in named}
        return {key: ", ".join(amounts.money_text(part[key] or 0, part[name]) for part in parts) for key in named}

    @property
    def description(self) -> str:
        """What narrows and orders the list, in words, for the head of an export."""
        said = []
        if self.view and self.table.views and self.view is not self.table.views[0]:
            said.append(self.view.label)
        for item, choices, value in self.filters:
            if value:
                said.append(f"{item.label}: {dict(choices)[value]}")
        if self.text:
            said.append(f"matching “{self.text}”")
        column = self.table.column(self.sort.lstrip("-"))
        if column:
            said.append(f"by {column.label.lower()}{', descending' if self.sort.startswith('-') else ''}")
        return "; ".join(said) or "All rows"

    def all_rows(self) -> Iterator[Any]:
        """Every row that matches, for an export."""
        if isinstance(self.found, QuerySet):
            # Prefetched relations need a chunk size; plain queries stream.
            yield from self.found.iterator(chunk_size=2000)
        else:
            yield from self.found


def _order(value: Any) -> Any:
    if isinstance(value, amounts.Money):
        return value.minor
    return value.casefold() if isinstance(value, str) else value


def _added(values: Iterable[Any]) -> Any:
    """The sum of amounts; of several currencies a sum for each, in words."""
    sums: dict[str, int] = {}
    for value in values:
        if isinstance(value, amounts.Money):
            sums[value.currency] = sums.get(value.currency, 0) + value.minor
        elif value is not None:
            sums[""] = sums.get("", 0) + value
    if set(sums) <= {""}:
        return sums.get("", 0)
    if len(sums) == 1:
        ((currency, minor),) = sums.items()
        return amounts.Money(minor, currency)
    return ", ".join(amounts.money_text(sums[currency], currency) for currency in sorted(sums))
