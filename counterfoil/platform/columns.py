"""What a list is made of: columns, filters and saved views, and the cells and heads they become."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from django.db.models import Q

from counterfoil.kernel import money as amounts

Kind = Literal["text", "money", "date", "when", "number", "badge"]
Rows = Any  # a QuerySet, lazy rows, or a sequence of anything the columns can read
_NUMERIC = ("money", "number")


# What is looked for in a list: more than anybody types, and little enough that looking for it stays quick.
_MOST_LETTERS = 100
_MOST_WORDS = 8


def sought(text: str) -> str:
    """A text to search for, as it is searched for: one space between words, none twice, no more than is useful."""
    return " ".join(list(dict.fromkeys(text[:_MOST_LETTERS].split()))[:_MOST_WORDS])


class LazyRows(ABC):
    """Rows that the database counts, orders and adds up, where no model's query can: none is held in memory."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __iter__(self) -> Iterator[Any]:
        """Every row, one after the other."""

    @abstractmethod
    def page(self, start: int, stop: int) -> list[Any]:
        """The rows from one place to before another."""

    @abstractmethod
    def ordered(self, key: str, *, down: bool) -> Self:
        """The same rows by a column."""

    @abstractmethod
    def totals(self, currency: str) -> dict[str, int]:
        """The sums of the columns that have one, over the rows in a currency, in minor units."""


@dataclass(frozen=True)
class Column:
    """One column: how to read its value from a row, and how the value looks."""

    key: str
    label: str
    get: Callable[[Any], Any]
    kind: Kind = "text"
    # The name of the database column to order by; True orders rows held in memory by their value.
    sort: str | bool = False
    # The name of the key that orders rows of the same value: in the table of the column, so that one index has both.
    tie: str = "pk"
    # Rows that a search finds are side by side in its order.
    named: bool = False
    # Of a name in another table of few rows: each name with the condition on rows of that name, None for those of none.
    parts: Callable[[], Sequence[tuple[str | None, Q]]] | None = None
    # Low priority: not shown on telephones.
    low: bool = False
    href: Callable[[Any], str] | None = None
    sub: Callable[[Any], str] | None = None
    tone: Callable[[Any], str] | None = None
    strong: bool = False
    total: bool = False
    # Attributes of the link that open it in the dialog.
    dialog: bool = False

    @property
    def numeric(self) -> bool:
        return self.kind in _NUMERIC

    @property
    def css(self) -> str:
        return " ".join(part for part in ("n" if self.numeric else "", "lo" if self.low else "") if part)


@dataclass(frozen=True)
class Filter:
    """A choice that narrows the rows."""

    key: str
    label: str
    choices: Callable[[], Sequence[tuple[str, str]]]
    narrow: Callable[[Rows, str], Rows]


@dataclass(frozen=True)
class View:
    """A saved view, shown as a tab above the list."""

    key: str
    label: str
    narrow: Callable[[Rows], Rows]


@dataclass(frozen=True)
class Cell:
    """A value as it is shown."""

    column: Column
    text: str
    value: Any
    href: str = ""
    sub: str = ""
    tone: str = ""

    @property
    def is_zero(self) -> bool:
        value = self.value.minor if isinstance(self.value, amounts.Money) else self.value
        return self.column.kind == "money" and value == 0


@dataclass(frozen=True)
class Line:
    """A row as it is shown."""

    id: str
    cells: list[Cell]
    peek: str = ""


@dataclass(frozen=True)
class Head:
    """A column head, with the link that orders by it."""

    column: Column
    label: str
    href: str = ""
    direction: str = ""

    @property
    def aria(self) -> str:
        return {"up": "ascending", "down": "descending"}.get(self.direction, "")
