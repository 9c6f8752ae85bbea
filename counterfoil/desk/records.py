"""A row as a page: what its noun shows, in words for people, and what can be done to it."""

from __future__ import annotations

import datetime as dt
import typing
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import models

from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Cell, Column
from counterfoil.platform.columns import Kind as ColumnKind
from counterfoil.platform.showing import Noun, Shown, noun_of
from counterfoil.platform.signatures import unwrapped
from counterfoil.platform.tables import Listing, Table

# Names that say less to people than to programs.
_WORDS = {
    "on": "Date",
    "at": "When",
    "author": "By",
    "net_minor": "Without tax",
    "email": "E-mail address",
    "emails": "E-mail addresses",
    "phones": "Phone numbers",
    "roles": "Used for",
    "purposes": "Used for",
}
# What a page says without a fact: whose it is, what its amounts are in, and how often it was saved.
_UNSAID = {"customer", "currency", "version"}
_KINDS: tuple[tuple[type, ColumnKind], ...] = (
    (models.DateTimeField, "when"), (models.DateField, "date"), (models.BooleanField, "text"),
    (models.IntegerField, "number"),
)  # fmt: skip


def label_of(noun: Noun[Any], name: str) -> str:
    """What something shown is called on screen: `opened_on` is “Opened”."""
    if known := noun.labels.get(name) or _WORDS.get(name):
        return known
    plain = name.removesuffix("_minor").removesuffix("_on").removesuffix("_at").removeprefix("is_")
    return plain.replace("_", " ").capitalize()


def facts_of(caller: Caller, noun: Noun[Any], row: Any) -> list[Cell]:
    """What a noun shows of a row; what is empty, and what its heading says already, is left out."""
    columns = [_column(caller, noun, noun.model, name, row) for name in noun.shows if name not in _UNSAID]
    # No currency is that of the page: each amount is shown with its own.
    listing = _listing(noun.path, "", columns, [row], caller, currency="")
    said = noun.title(row)
    return [cell for cell in listing.cells(row) if cell.text and (cell.href or not said.startswith(cell.text))]


def parts_of(caller: Caller, noun: Noun[Any], row: Any) -> list[Listing]:
    """What a row is made of: a list for each kind of part."""
    found = []
    for name, shows in noun.parts.items():
        model: Any = noun.model._meta.get_field(name).related_model
        columns = [_column(caller, noun, model, each, row) for each in shows if each != "id"]
        rows = list(getattr(row, name).order_by("pk"))
        # What is empty in each of them is no column.
        columns = [one for one in columns if any(one.get(part) not in (None, "") for part in rows)]
        currency = _currency(noun, row)
        found.append(_listing(name, name.capitalize(), columns, rows, caller, currency=currency))
    return found


def _listing(key: str, title: str, columns: Any, rows: Any, caller: Caller, *, currency: str) -> Listing:
    table = Table(key, title, tuple(columns), page_size=max(len(rows), 1), empty=("Nothing here", ""))
    return table.listing(rows, {}, "", currency=currency, today=caller.today, push=False)


def _column(caller: Caller, noun: Noun[Any], model: Any, shown: str | Shown, whole: Any) -> Column:
    """How something shown looks; amounts are in the currency of the whole."""
    if isinstance(shown, Shown):
        get = shown.get
        return Column(shown.name, label_of(noun, shown.name), lambda row: _plain(get(row)), _kind_of(shown.type))
    label = label_of(noun, shown)
    field = next((one for one in model._meta.concrete_fields if one.name == shown), None)
    if field is None:
        hint = typing.get_type_hints(getattr(model, shown).fget)["return"]
        return Column(shown, label, lambda row: _plain(getattr(row, shown)), _kind_of(hint))
    if isinstance(field, models.ForeignKey):
        return _reference(caller, field, noun.labels.get(shown, ""))
    if field.choices:
        return Column(shown, label, lambda row: getattr(row, f"get_{shown}_display")())
    if shown.endswith("_minor"):
        currency = _currency(noun, whole)
        return Column(shown, label, lambda row: _money(getattr(row, shown), currency), "money")
    kind: ColumnKind = next((kind for of, kind in _KINDS if isinstance(field, of)), "text")
    return Column(shown, label, lambda row: _plain(getattr(row, shown)), kind)


def _reference(caller: Caller, field: models.ForeignKey[Any, Any], label: str) -> Column:
    """Another row by its name, leading to its page; not named when it is a customer's whom the caller does not see."""
    name, there = field.name, noun_of(field.related_model)
    label = label or (there.said.capitalize() if there and name == there.name else name.replace("_", " ").capitalize())

    @cache
    def seen(other: Any) -> bool:
        return bool(there and other is not None and there.visible(caller).filter(pk=other.pk).exists())

    def named(row: Any) -> str:
        other = getattr(row, name)
        # Who may see such rows and not this one is limited to others.
        hidden = there is not None and caller.may(there.sees) and not seen(other)
        return "" if other is None or hidden else there.title(other) if there else str(other)

    def page(row: Any) -> str:
        return there.url(getattr(row, name)) if there and seen(getattr(row, name)) else ""

    return Column(name, label, named, href=page)


def _kind_of(hint: Any) -> ColumnKind:
    kinds: dict[Any, ColumnKind] = {dt.date: "date", dt.datetime: "when", int: "number"}
    return kinds.get(unwrapped(hint)[0], "text")


def _plain(value: Any) -> Any:
    match value:
        case bool():
            return "Yes" if value else "No"
        case Decimal():
            return f"{value.normalize():f}"
        case list() | tuple():
            return ", ".join(str(part) for part in value)
    return value


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _currency(noun: Noun[Any], row: Any) -> str:
    return str(getattr(row, "currency", "") or getattr(noun.owner(row), "currency", ""))
