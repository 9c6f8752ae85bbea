"""Pages of rows in the database that cost the same wherever they are: after a row or before one, by an index.

Counting rows up to a page, or all of them, takes longer the more there are. So a list is counted as far as people
count, its first pages have numbers, from there on each page leads to the next, and the last one is read backwards.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, DecimalField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from counterfoil.platform.columns import LazyRows, Rows

# As far as a list is counted, and its pages have numbers.
MOST_COUNTED = 2_000
# What in an address says where in a list one is.
_PLACES = {"page", "after", "before"}


class _Beyond(Func):
    """A comparison of rows of two columns: a range of an index over both."""

    arity = 4
    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, *_: Any, **__: Any) -> tuple[str, tuple[Any, ...]]:
        column, tie, value, key = (compiler.compile(part) for part in self.get_source_expressions())
        sql = f"({column[0]}, {tie[0]}) {self.extra['sign']} ({value[0]}, {key[0]})"
        return sql, (*column[1], *tie[1], *value[1], *key[1])


def counted(rows: QuerySet) -> int:
    """How many rows there are, or one more than is counted."""
    return int(rows.order_by().values("pk")[: MOST_COUNTED + 1].count())


@dataclass(frozen=True)
class Ordered:
    """Rows in the order of a column, then of a key that no two share; rows without a value come last both ways."""

    rows: QuerySet
    column: str
    tie: str
    down: bool
    # Where rows grow with the book: all that may be seen, from which a page is read once its keys are known. What is
    # only shown is then joined to a page of rows, and not to all that are passed on the way to it.
    whole: QuerySet | None
    # Whether the rows are found first and put in order then: when they are few, or side by side in the order of names,
    # whoever reads in that order until a page is full passes half the book.
    found_first: bool = False

    @property
    def forward(self) -> QuerySet:
        """All of them in their order."""
        return self._by(self.down, blanks_last=True)

    def between(self, start: int, stop: int) -> list[Any]:
        """The rows from one place to before another, counted from the first."""
        return self._read(self.forward, start, stop)

    def page_after(self, place: tuple[Any, int], size: int) -> list[Any]:
        """The rows that follow a place, one more than the size when there are."""
        return self._read(self.forward.filter(self._beyond(place, back=False)), 0, size + 1)

    def page_before(self, place: tuple[Any, int] | None, size: int) -> list[Any]:
        """The rows that come before a place, or the last ones of all; one more than the size when there are."""
        rows = self._by(not self.down, blanks_last=False)
        rows = rows if place is None else rows.filter(self._beyond(place, back=True))
        return self._read(rows, 0, size + 1)[::-1]

    def _read(self, rows: QuerySet, start: int, stop: int) -> list[Any]:
        if self.whole is None:
            return list(rows[start:stop])
        keys = list(rows.values_list("pk", flat=True)[start:stop])
        found = {row.pk: row for row in self.whole.order_by().filter(pk__in=keys)} if keys else {}
        return [found[key] for key in keys if key in found]

    def place_of(self, rows: QuerySet, pk: int) -> tuple[Any, int] | None:
        """Where a row stands, found among these; none when it is not there."""
        return rows.order_by().filter(pk=pk).values_list(self.column, self.tie).first()

    @property
    def _has_blanks(self) -> bool:
        """Whether the column may be empty. What the models do not say might be."""
        if (known := self.rows.query.annotations.get(self.column)) is not None:
            target = getattr(known, "target", None)
            return target is None or target.null
        options = self.rows.model._meta
        try:
            for name in self.column.split("__"):
                field = options.get_field("id" if name == "pk" else name)
                if field.null:
                    return True
                options = field.related_model._meta if field.is_relation else options
        except FieldDoesNotExist:
            return True
        return False

    def _by(self, down: bool, *, blanks_last: bool) -> QuerySet:
        sign = "-" if down else ""
        beside, _, _ = self.tie.rpartition("__")
        # A row that is there for each: said, so that its index may lead.
        rows = self.rows.filter(**{f"{beside}__isnull": False}) if beside else self.rows
        # Twice is the same, and no index knows its order.
        column = Coalesce(self.column, self.column) if self.found_first else F(self.column)
        places = {"nulls_last": blanks_last or None, "nulls_first": not blanks_last or None} if self._has_blanks else {}
        return rows.order_by(column.desc(**places) if down else column.asc(**places), f"{sign}{self.tie}")

    def _beyond(self, place: tuple[Any, int], *, back: bool) -> Q:
        """The condition that a row comes after a place, or before it."""
        value, key = place
        up = self.down == back
        blank = Q(**{f"{self.column}__isnull": True})
        if value is None:
            same = blank & Q(**{f"{self.tie}__{'gt' if up else 'lt'}": key})
            return same | ~blank if back else same
        known: Any = Value(value)
        if isinstance(value, Decimal):  # a text to SQLite otherwise, which no number equals
            known = Cast(known, DecimalField(max_digits=30, decimal_places=10))
        beyond = Q(_Beyond(F(self.column), F(self.tie), known, Value(key), sign=">" if up else "<"))
        if self._has_blanks and not back:
            return beyond | blank
        # Said once more of the column alone: for an index of it where the key is in another table.
        return beyond & Q(**{f"{self.column}__{'gte' if up else 'lte'}": known})


@dataclass(frozen=True)
class InParts(Ordered):
    """The same by a name in another table of few rows (areas): one name after the other, so that none are sorted."""

    # Each name with the condition on the rows of that name, in order; those of no name (None) come last.
    parts: tuple[tuple[str | None, Q], ...] = ()

    def _of(self, *, back: bool) -> list[tuple[str | None, QuerySet]]:
        """The rows of each name, in the order in which they are read."""
        named = [part for part in self.parts if part[0] is not None]
        parts = [*(reversed(named) if self.down else named), *(part for part in self.parts if part[0] is None)]
        key = f"{'-' if self.down != back else ''}{self.tie}"
        rows = [(name, self.rows.filter(condition).order_by(key)) for name, condition in parts]
        return rows[::-1] if back else rows

    def between(self, start: int, stop: int) -> list[Any]:
        found: list[Any] = []
        skip, wanted = start, stop - start
        for _, rows in self._of(back=False):
            if skip and (there := counted(rows)) <= skip:
                skip -= there
                continue
            found += self._read(rows, skip, skip + wanted - len(found))
            skip = 0
            if len(found) == wanted:
                break
        return found

    def page_after(self, place: tuple[Any, int], size: int) -> list[Any]:
        return self._walk(place, size, back=False)

    def page_before(self, place: tuple[Any, int] | None, size: int) -> list[Any]:
        return self._walk(place, size, back=True)[::-1]

    def _walk(self, place: tuple[Any, int] | None, size: int, *, back: bool) -> list[Any]:
        found: list[Any] = []
        begun = place is None
        for name, part in self._of(back=back):
            rows = part
            if place is not None and not begun:
                if name != place[0]:
                    continue
                begun, rows = True, part.filter(**{f"{self.tie}__{'lt' if self.down != back else 'gt'}": place[1]})
            found += self._read(rows, 0, size + 1 - len(found))
            if len(found) > size:
                break
        return found


class Paged(ABC):
    """What a listing says of its pages."""

    rows: Rows
    params: dict[str, str]

    @property
    @abstractmethod
    def found(self) -> Rows:
        """All rows that match, in order."""

    @property
    @abstractmethod
    def ordered(self) -> Ordered | None:
        """The same where the database orders them by a column."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many rows a page has."""

    @property
    @abstractmethod
    def is_brief(self) -> bool:
        """Whether only the first rows are shown, without further pages."""

    @abstractmethod
    def link(self, **changes: str) -> str:
        """This list with something changed."""

    @cached_property
    def _counted(self) -> int:
        """As far as they are counted, how many rows the database finds."""
        return counted(self.found)

    @cached_property
    def _start(self) -> list[Any]:
        """The first page and one row more: most lists are no longer, and then need not be counted."""
        return self._between(0, self.size + 1)

    def _between(self, start: int, stop: int) -> list[Any]:
        if self.ordered is not None:
            return self.ordered.between(start, stop)
        return self.found.page(start, stop) if isinstance(self.found, LazyRows) else list(self.found[start:stop])

    @cached_property
    def count(self) -> int:
        """How many rows there are; of very many in the database, one more than is counted."""
        if not isinstance(self.found, QuerySet):
            return len(self.found)
        if self.params.keys().isdisjoint(_PLACES) and len(self._start) <= self.size:
            return len(self._start)
        return self._counted if self.ordered else int(self.found.count())

    @property
    def exact_count(self) -> int:
        """How many rows there are, however long counting takes."""
        return int(self.found.count()) if self.is_long else self.count

    @property
    def is_long(self) -> bool:
        """Whether there are more rows than are counted: pages beyond those with numbers are reached one by one."""
        return self.ordered is not None and self.count > MOST_COUNTED

    @property
    def count_text(self) -> str:
        """How many rows there are, as far as they are counted."""
        return f"more than {MOST_COUNTED:,}" if self.is_long else f"{self.count:,}"

    @property
    def page_count(self) -> int:
        """How many pages have numbers."""
        return max(-(-min(self.count, MOST_COUNTED if self.is_long else self.count) // self.size), 1)

    @property
    def page(self) -> int:
        """The number of this page; none (0) of one that was reached from another page or from the end."""
        asked = self.params.get("page", "1")
        if self._reached is not None:
            return 0
        if asked == "last":
            return self.page_count
        return min(max(int(asked) if asked.isdecimal() and len(asked) < 9 else 1, 1), self.page_count)

    @cached_property
    def _reached(self) -> tuple[list[Any], bool, bool] | None:
        """The rows of a page without a number, and whether there are rows before and after them."""
        size, rows = self.size, []
        if self.ordered is None:
            return None
        if place := self._place("after"):
            rows = self.ordered.page_after(place, size)
        elif place := self._place("before"):
            rows = self.ordered.page_before(place, size)
            # What is left at the beginning is the first page.
            return (rows[-size:], True, True) if len(rows) > size else None
        elif self.params.get("page") != "last" or not self.is_long:
            return None
        # Nothing follows what was last meanwhile: then this is the last page.
        return (
            (rows[:size], True, len(rows) > size)
            if rows
            else (self.ordered.page_before(None, size)[-size:], True, False)
        )

    def _place(self, key: str) -> tuple[Any, int] | None:
        """Where the row stands that the address names: found among all that may be seen, narrowed away or not."""
        asked = self.params.get(key, "")
        usable = self.ordered is not None and asked.isdecimal() and len(asked) < 19
        return self.ordered.place_of(self.rows, int(asked)) if usable and self.ordered else None

    @cached_property
    def page_rows(self) -> list[Any]:
        """The rows of this page."""
        if self._reached is not None:
            return self._reached[0]
        if self.page == 1:
            return self._start[: self.size]
        start = (self.page - 1) * self.size
        return self._between(start, start + self.size)

    @property
    def shown(self) -> str:
        """Which rows are on screen: `1 to 50 of 4,812`."""
        if self._reached is not None:
            return f"{len(self.page_rows)} of {self.count_text}"
        start = (self.page - 1) * self.size
        if self.count <= self.size:
            return f"{self.count:,} {'row' if self.count == 1 else 'rows'}"
        return f"{start + 1:,} to {min(start + self.size, self.count):,} of {self.count_text}"

    @property
    def pages(self) -> list[tuple[str, str, str]]:
        """Pages as (label, address, what it is): numbered ones are the first, the last, and those around this one.

        A list that is not counted to its end leads to the next page and the last one instead.
        """
        if self.page_count == 1 or self.is_brief:
            return []
        if self._reached is not None:
            return self._steps(*self._reached)
        near = {1, *range(self.page - 2, self.page + 3), *(() if self.is_long else (self.page_count,))}
        result, before = [], 0
        for number in sorted(n for n in near if 1 <= n <= self.page_count):
            if number > before + 1:
                result.append(("…", "", ""))
            result.append((str(number), self.link(page=str(number)), f"Page {number}"))
            before = number
        return result + self._steps(self.page_rows, False, True) if self.is_long else result

    def _steps(self, rows: list[Any], back: bool, on: bool) -> list[tuple[str, str, str]]:
        steps = []
        if back and rows:
            steps += [("First", self.link(), "First page"),
                      ("Previous", self.link(before=str(rows[0].pk)), "Previous page")]  # fmt: skip
        if on and rows:
            following = self.page + 1 if 0 < self.page < self.page_count else 0
            change = {"page": str(following)} if following else {"after": str(rows[-1].pk)}
            steps += [("Next", self.link(**change), "Next page"), ("Last", self.link(page="last"), "Last page")]
        return steps
