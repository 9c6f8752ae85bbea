"""Nouns: what there is to read, each declared once in its app's `nouns.py` (decision 0033).

A noun says how an address names a row, who may see it, and what is shown of it. The API's lists, pages and schema come
from it, and a verb whose argument is such a row finds it by the same address.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, reduce
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Generic, TypeVar, cast

from django.apps import apps
from django.db.models import Model, QuerySet
from django.urls import reverse

from counterfoil.platform.callers import Caller
from counterfoil.platform.joints import joint

M = TypeVar("M", bound=Model)
K = TypeVar("K")


@dataclass(frozen=True)
class Shown:
    """Something shown of a row that is no plain column: its name, how to read it, and its type."""

    name: str
    get: Callable[[Any], Any]
    type: Any
    words: str = ""


@dataclass(frozen=True, eq=False)
class Noun(Generic[M]):
    """Something there is to read."""

    model: type[M]
    # The word for it in addresses, in the plural.
    path: str
    # The view that shows it.
    sees: str
    # Columns and properties by name, and what else is shown.
    shows: tuple[str | Shown, ...]
    # The column that names a row in an address.
    by: str = "pk"
    # Foreign keys that are read along.
    related: tuple[str, ...] = ()
    # Columns that a list can be ordered by, besides the order in which rows were written.
    sorts: tuple[str, ...] = ()
    search: Callable[[QuerySet[M], str], QuerySet[M]] | None = None
    # Which rows there are, of those whose customer may be seen; None: all.
    rows: Callable[[Caller, QuerySet[M]], QuerySet[M]] | None = None
    # What a row is made of, shown with one row: the name of a reverse foreign key, and the columns of a part.
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # What is said beside its name on its page: words, and a tone.
    badges: tuple[Callable[[M, dt.date], tuple[str, str] | None], ...] = ()
    # What columns and arguments call it, besides its model's name.
    called: tuple[str, ...] = ()
    # What is read along with one row, besides what lists read.
    one: Callable[[QuerySet[M]], QuerySet[M]] | None = None
    # From a row to whose it is.
    whose: tuple[str, ...] = ("customer",)
    # Where its rows stand on the customer's page: a tab, and a section of it.
    section: str = ""
    # The name of the page of a row, where that is not the one made of what is shown.
    page: str = ""
    # Customers read their own on the portal, where nobody has rights.
    portal: bool = False
    # The word for one of it on screen, where that is another one; and how one row is called there.
    word: str = ""
    title: Callable[[M], str] = str
    # What is shown, in words for people, where its name does not say it.
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The word for one of it: `credit_note`."""
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in self.model.__name__)[1:]

    @property
    def words(self) -> str:
        """The same for people."""
        return self.name.replace("_", " ")

    def badges_of(self, row: M, day: dt.date) -> list[tuple[str, str]]:
        """What is said of a row beside its name, as words with their tone."""
        return [found for badge in self.badges if (found := badge(row, day))]

    @property
    def is_numbered(self) -> bool:
        """Whether an address names a row by its key in the database."""
        return self.by == "pk"

    @property
    def route(self) -> str:
        """How a path names a row."""
        if self.is_numbered:
            return "<int:pk>"
        # A key is made by us; a number may come from anywhere.
        return "<slug:key>" if self.by == "key" else f"<str:{self.by.rpartition('__')[2]}>"

    @property
    def url_name(self) -> str:
        """What templates call the page of a row."""
        return self.page or f"show-{self.name.replace('_', '-')}"

    @property
    def said(self) -> str:
        """The word for one of it on screen."""
        return self.word or self.words

    @property
    def is_somebodys(self) -> bool:
        """Whether its rows belong to customers."""
        return bool(self.whose)

    def visible(self, caller: Caller) -> QuerySet[M]:
        """All rows that the caller may see."""
        (found,) = rows_seen(caller, self)
        return cast("QuerySet[M]", found)

    def get(self, caller: Caller, address: str | int) -> M:
        """The row of an address; the same answer when it is not there and when the caller may not see it."""
        (found,) = row_found(caller, self, address)
        return cast(M, found)

    def address_of(self, row: M) -> Any:
        """What an address calls a row."""
        return reduce(getattr, self.by.split("__"), row)

    def url(self, row: M) -> str:
        """The page of a row."""
        return reverse(self.url_name, args=[self.address_of(row)])

    def owner(self, row: M) -> Any:
        """Whose a row is; none of what is nobody's."""
        found: Any = row
        for name in self.whose:
            found = getattr(found, name, None)
        return found

    def home(self, row: M) -> str:
        """Where a row stands on its customer's page; nothing of what is nobody's."""
        tab, _, section = self.section.partition("#")
        if not tab or (owner := self.owner(row)) is None:
            return ""
        return reverse("customer-tab", args=[owner.number, tab]) + (f"#{section}" if section else "")


@joint
def row_found(caller: Caller, noun: Noun[Any], address: str | int, /) -> Model:
    """One is asked: the row that an address names, refused as not there when the caller may not see it."""
    raise NotImplementedError


@joint
def rows_seen(caller: Caller, noun: Noun[Any], /) -> QuerySet[Any]:
    """One is asked: all rows of a noun that the caller may see."""
    raise NotImplementedError


def declared(file: str, kind: type[K]) -> list[K]:
    """Everything of a kind that the apps declare in their file of this name, floor by floor."""
    found: list[K] = []
    for app in apps.get_app_configs():
        if app.name.startswith("counterfoil.") and find_spec(f"{app.name}.{file}") is not None:
            found += [one for one in vars(import_module(f"{app.name}.{file}")).values() if isinstance(one, kind)]
    return list(dict.fromkeys(found))


@cache
def nouns() -> tuple[Noun[Any], ...]:
    """All nouns, floor by floor."""
    found: list[Noun[Any]] = declared("nouns", Noun)
    for attribute in ("path", "model"):
        there = [getattr(row, attribute) for row in found]
        assert len(set(there)) == len(there), f"Two nouns have one {attribute}."
    return tuple(found)


@cache
def noun_of(model: type[Model]) -> Noun[Any] | None:
    """The noun of a model."""
    return next((row for row in nouns() if row.model is model), None)


@cache
def noun_called(name: str) -> Noun[Any] | None:
    """The noun that a column or an argument calls by this name: `manager` is a person of staff."""
    return next((row for row in nouns() if name == row.name or name in row.called), None)
