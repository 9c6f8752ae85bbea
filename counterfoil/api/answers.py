"""Rows as JSON: what a noun shows of one, with its type for the description."""

from __future__ import annotations

import datetime as dt
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from pydantic import BaseModel, ConfigDict, Field, create_model

from counterfoil.api.kinds import Day, Exact, Moment, Money
from counterfoil.api.values import address_of, currency_of, plain
from counterfoil.api.words import WORDS
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import sees
from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import Noun, Shown, noun_of


@dataclass(frozen=True)
class Part:
    """Something shown of a row: its name outside, its type, and how it is read."""

    name: str
    type: Any
    get: Callable[[Any], Any]
    words: str = ""
    # It names a customer who may be another than the row's own, and so one that the caller does not see.
    names_other: Callable[[Any], Any] | None = None


# ------------------------------------------------------------------ what is shown


@cache
def shown(noun: Noun[Any]) -> tuple[Part, ...]:
    """What is shown of a noun's rows, the name in addresses first."""
    named = [] if not noun.is_numbered else [Part("id", int, lambda row: row.pk, "What an address calls it.")]
    return (*named, *(_shown(noun.model, name) for name in noun.shows))


@cache
def also_shown(noun: Noun[Any]) -> tuple[tuple[str, tuple[Part, ...]], ...]:
    """What a row is made of: each list with what is shown of its parts."""
    found = []
    for name, columns in noun.parts.items():
        model: Any = noun.model._meta.get_field(name).related_model
        found.append((name, tuple(_shown(model, column) for column in columns)))
    return tuple(found)


def _shown(model: type[models.Model], name: str | Shown) -> Part:
    if isinstance(name, Shown):
        get = name.get
        return Part(name.name, _type_of(name.type), lambda row: plain(get(row)), name.words)
    try:
        column = model._meta.get_field(name)
    except FieldDoesNotExist:
        of: Any = getattr(model, name)
        hint = typing.get_type_hints(of.fget)["return"]
        return Part(name, _type_of(hint), lambda row: plain(getattr(row, name)), WORDS.get(name, ""))
    assert isinstance(column, models.Field)
    return _column(column)


def _column(column: models.Field[Any, Any]) -> Part:
    name = column.name
    words = str(column.help_text) or WORDS.get(name, "")
    if isinstance(column, models.ForeignKey):
        return _reference(column, words)
    if name.endswith("_minor"):
        public = name.removesuffix("_minor")
        kind: Any = Money | None if column.null else Money
        return Part(public, kind, lambda row: _money(row, name), words)
    kind = (
        Literal[tuple(column.choices and [value for value, _ in column.flatchoices] or [])] if column.choices else None
    )
    if kind is not None and column.blank:
        kind = kind | Literal[""]
    kind = kind or next((kind for of, kind in _TYPES if isinstance(column, of)), str)
    if isinstance(column, models.JSONField):
        kind = list[Any] if column.default is list else dict[str, Any]
    return Part(name, kind | None if column.null else kind, lambda row: plain(getattr(row, name)), words)


_TYPES: tuple[tuple[type, Any], ...] = (
    (models.BooleanField, bool), (models.DateTimeField, Moment), (models.DateField, Day), (models.DecimalField, Exact),
    (models.IntegerField, int), (models.UUIDField, str),
)  # fmt: skip


def _type_of(hint: Any) -> Any:
    known = {dt.date: Day, dt.datetime: Moment, Decimal: Exact}
    if hint in known:
        return known[hint]
    inner = [part for part in typing.get_args(hint) if part is not type(None)]
    return known[inner[0]] | None if inner and inner[0] in known and len(inner) == 1 else hint


def _reference(column: models.ForeignKey[Any, Any], words: str) -> Part:
    name, noun = column.name, noun_of(column.related_model)
    if noun is None or noun.is_numbered:
        kind: Any = int
        attribute = column.attname

        def get(row: Any) -> Any:
            return getattr(row, attribute)
    else:
        kind, key = str, noun

        def get(row: Any) -> Any:
            found = getattr(row, name)
            return None if found is None else address_of(key, found)

    other = (lambda row: getattr(row, name)) if column.null and column.related_model is Customer else None
    return Part(name, kind | None if column.null else kind, get, words, other)


def _money(row: Any, name: str) -> Any:
    minor = getattr(row, name)
    return (
        None if minor is None else {"minor": minor, "currency": getattr(row, "shown_currency", "") or currency_of(row)}
    )


# ------------------------------------------------------------------ rows and their description


def related(noun: Noun[Any]) -> tuple[str, ...]:
    """Foreign keys that are read along, because rows there are not known by their keys."""
    found = set(noun.related)
    for name in noun.shows:
        column = noun.model._meta.get_field(name) if isinstance(name, str) and _is_column(noun.model, name) else None
        if isinstance(column, models.ForeignKey):
            there = noun_of(column.related_model)
            if there is not None and not there.is_numbered:
                found.add(column.name)
    return tuple(sorted(found))


def _is_column(model: type[models.Model], name: str) -> bool:
    return any(column.name == name for column in model._meta.get_fields())


def summary(caller: Caller, noun: Noun[Any], row: Any) -> dict[str, Any]:
    """A row as it is in a list; a customer whom the caller does not see is not named."""
    found = {part.name: part.get(row) for part in shown(noun)}
    if caller.is_scoped:
        for part in shown(noun):
            if part.names_other and (other := part.names_other(row)) is not None and not sees(caller, other):
                found[part.name] = None
    return found


def whole(caller: Caller, noun: Noun[Any], row: Any) -> dict[str, Any]:
    """A row with what it is made of."""
    found = summary(caller, noun, row)
    currency = currency_of(row)
    for name, parts in also_shown(noun):
        found[name] = []
        for inner in getattr(row, name).order_by("pk"):
            inner.shown_currency = currency
            found[name].append({part.name: part.get(inner) for part in parts})
    return found


@cache
def schema(noun: Noun[Any], *, complete: bool = False) -> type[BaseModel]:
    """The type of a row, in a list or complete."""
    name = noun.words.title().replace(" ", "")
    fields = _fields(shown(noun))
    if complete and noun.parts:
        for key, parts in also_shown(noun):
            one = create_model(f"{name}{key.title()}", __config__=_CLOSED, **_fields(parts))
            fields[key] = (list[one], ...)  # type: ignore[valid-type]
        name = f"{name}Complete"
    return create_model(name, __config__=_CLOSED, __doc__=(noun.model.__doc__ or "").split("\n\n")[0], **fields)


_CLOSED = ConfigDict(extra="forbid")


def _fields(parts: Sequence[Part]) -> dict[str, Any]:
    return {part.name: (part.type, Field(..., description=part.words or None)) for part in parts}
