"""Values as JSON: in an event, and as what is kept of a call (its arguments, its answer, by what it is known again).

What is kept says nothing that our code could rename unseen: names of arguments and fields, rows as the trail calls
them, plain values. Their types are read from the signature when it is read back. Whoever renames says so: a verb with
`@verb(was=…)`, an argument or a field with `Was(…)`, a model with the `trail_name` that its events need anyway.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import hashlib
import inspect
import typing
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, is_typeddict

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

from counterfoil.kernel.money import Money
from counterfoil.platform.signatures import Like, Was, keeps_secret, unwrapped
from counterfoil.trail.kinds import trail_name


class Unreadable(Exception):
    """What was kept cannot be read any more: the signature that it was kept by has changed."""


def plain(value: Any) -> Any:
    """A value as JSON keeps it in an event."""
    match value:
        case None | bool() | int() | str():
            return value
        case dt.datetime() | dt.date():
            return value.isoformat()
        case Money():
            return str(value)
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Iterable():
            return [plain(item) for item in value]
    return str(value)


# ------------------------------------------------------------------ out


def to_wire(value: Any) -> Any:
    """A value as it is kept: rows by the name and the key that the trail knows them by, the rest by value."""
    match value:
        case enum.Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case models.Model():
            return f"{trail_name(value)}:{value.pk}"
        case dt.datetime() | dt.date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case bytes():
            # Enough to know it again; a signature with a file is none that can wait.
            return hashlib.sha256(value).hexdigest()
        case Mapping() if all(isinstance(key, str) for key in value):
            return {key: to_wire(item) for key, item in value.items()}
        case Mapping():
            return sorted(([to_wire(key), to_wire(item)] for key, item in value.items()), key=str)
        case set() | frozenset():
            return sorted((to_wire(item) for item in value), key=str)
        case list() | tuple() | models.QuerySet():
            return [to_wire(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        first = first_names(type(value))
        return {first.get(row.name, row.name): to_wire(getattr(value, row.name)) for row in dataclasses.fields(value)}
    return str(value)


@cache
def hints_of(of: Any) -> dict[str, Any]:
    """The types of a function, a dataclass or a typed dictionary, with what is said around them."""
    return typing.get_type_hints(of, include_extras=True)


@cache
def first_names(of: Any) -> dict[str, str]:
    """Of arguments or fields that were renamed, the name each had first: what is kept goes on calling it that."""
    marked = ((name, mark) for name, hint in hints_of(of).items() for mark in unwrapped(hint)[2])
    return {name: mark.first for name, mark in marked if isinstance(mark, Was)}


# ------------------------------------------------------------------ back


def from_wire(hint: Any, kept: Any) -> Any:
    """What `to_wire` was given, by its type; rows are read anew. Raises `Unreadable`, or that a row is gone."""
    hint, optional, marks = unwrapped(hint)
    if kept is None and (optional or hint in (None, NoneType) or NoneType in get_args(hint)):
        return None
    hint = next((mark.kind for mark in marks if isinstance(mark, Like)), hint)
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _SIMPLE:
        return _simple(hint, kept)
    if origin is Literal and kept in inner:
        return kept
    if origin in (Union, UnionType):
        return _one_of(inner, kept)
    if origin in _MANY:
        return _many(origin, inner, kept)
    if origin in (dict, Mapping, Counter):
        return _mapping(origin, inner, kept)
    if isinstance(hint, type) and issubclass(hint, enum.Enum) and kept in hint:
        return hint(kept)
    if isinstance(hint, type) and issubclass(hint, models.Model):
        return _row(hint, kept)
    if is_typeddict(hint):
        return _named(hints_of(hint), first_names(hint), kept, needed=hint.__required_keys__)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        needed = {
            row.name for row in dataclasses.fields(hint)
            if row.default is dataclasses.MISSING and row.default_factory is dataclasses.MISSING
        }  # fmt: skip
        return hint(**_named(hints_of(hint), first_names(hint), kept, needed=needed))
    raise Unreadable(f"{kept!r:.80} is no {hint!r}")


_SIMPLE: dict[Any, Callable[[Any], Any]] = {
    bool: bool, int: int, float: float, str: str, dt.date: dt.date.fromisoformat,
    dt.datetime: dt.datetime.fromisoformat, Decimal: Decimal,
}  # fmt: skip
_MANY: dict[Any, Callable[[Iterable[Any]], Any]] = {
    list: list, tuple: tuple, set: set, frozenset: frozenset, Sequence: tuple, Iterable: tuple, Collection: tuple,
}  # fmt: skip


def _simple(hint: Any, kept: Any) -> Any:
    as_kept = hint if hint in (bool, int, float, str) else str
    if type(kept) is not as_kept:
        raise Unreadable(f"{kept!r:.80} is no {hint.__name__}")
    try:
        return _SIMPLE[hint](kept)
    except (ValueError, InvalidOperation) as error:
        raise Unreadable(f"{kept!r:.80} is no {hint.__name__}") from error


def _one_of(hints: Sequence[Any], kept: Any) -> Any:
    for hint in hints:
        try:
            return from_wire(hint, kept)
        except Unreadable:
            continue
    raise Unreadable(f"{kept!r:.80} is none of {hints!r}")


def _many(origin: Any, inner: tuple[Any, ...], kept: Any) -> Any:
    if not isinstance(kept, list):
        raise Unreadable(f"{kept!r:.80} is no list")
    if origin is not tuple or inner[1:] == (...,):
        return _MANY[origin](from_wire(inner[0], item) for item in kept)
    if len(kept) != len(inner):
        raise Unreadable(f"{kept!r:.80} has not {len(inner)} parts")
    return tuple(from_wire(hint, item) for hint, item in zip(inner, kept, strict=True))


def _mapping(origin: Any, inner: tuple[Any, ...], kept: Any) -> Any:
    pairs = list(kept.items()) if isinstance(kept, dict) else kept
    if not isinstance(pairs, list):
        raise Unreadable(f"{kept!r:.80} is no mapping")
    of = (*inner, int)[:2]  # a Counter says of what only
    found = dict(_many(tuple, of, list(pair) if isinstance(pair, tuple) else pair) for pair in pairs)
    return Counter(found) if origin is Counter else found


def _row(model: type[models.Model], kept: Any) -> models.Model:
    """A row of just this model, or of one that was called so: a key alone would find another's row."""
    name, _, key = str(kept).partition(":")
    if name not in (trail_name(model), model._meta.label_lower):
        raise Unreadable(f"{kept!r:.80} is no {model._meta.label_lower}")
    if key == "None":
        raise ObjectDoesNotExist(f"{kept!r:.80} was removed by the call that it is the answer to")
    try:
        return model._base_manager.get(pk=key)
    except ValueError as error:
        raise Unreadable(f"{kept!r:.80} has no key") from error


def _named(hints: Mapping[str, Any], first: Mapping[str, str], kept: Any, *, needed: Collection[str]) -> dict[str, Any]:
    by_name = {first.get(name, name): (name, hint) for name, hint in hints.items()}
    if not isinstance(kept, dict) or (strange := sorted(set(kept) - set(by_name))):
        raise Unreadable(f"There is no {', '.join(strange) if isinstance(kept, dict) else kept!r:.80} here any more")
    found = {by_name[name][0]: from_wire(by_name[name][1], item) for name, item in kept.items()}
    if missing := sorted(set(needed) - set(found)):
        raise Unreadable(f"{', '.join(missing)} was not kept")
    return found


# ------------------------------------------------------------------ a call


@cache
def _taken(function: Callable[..., Any]) -> tuple[dict[str, Any], dict[str, str], set[str]]:
    """What a verb's function takes: types by name, the first names of what was renamed, and what must be given."""
    hints: dict[str, Any] = {}
    needed, first = set(), dict(first_names(function))
    for row in list(inspect.signature(function).parameters.values())[1:]:
        hint = hints_of(function).get(row.name, Any)
        if row.kind is row.VAR_KEYWORD:
            for kind in (mark.kind for mark in unwrapped(hint)[2] if isinstance(mark, Like)):
                hints = {**hints_of(kind), **hints}
                first = {**first_names(kind), **first}
        else:
            hints[row.name] = hint
            needed |= {row.name} if row.default is row.empty else set()
    return hints, first, needed


def named_first(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as they are kept, by the names that they had first."""
    _, first, _ = _taken(function)
    return {first.get(name, name): to_wire(value) for name, value in arguments.items()}


def keep_arguments(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Arguments as JSON, to call a verb's function with later. A signature that cannot wait is a `TypeError`."""
    if keeps_secret(function):
        raise TypeError(f"{function.__name__} cannot be kept for later: a secret is among its arguments.")
    kept = {"is": named_first(function, arguments)}
    try:
        kept_arguments(function, kept)
    except Unreadable as error:
        raise TypeError(f"{function.__name__} cannot be kept for later: {error}.") from error
    return kept


def kept_arguments(function: Callable[..., Any], kept: Any) -> dict[str, Any]:
    """Arguments as they were kept; rows are read anew. Raises `Unreadable`, or `ObjectDoesNotExist` for a row gone."""
    hints, first, needed = _taken(function)
    return _named(hints, first, _unpacked(kept), needed=needed)


def keep_answer(result: Any) -> Any:
    """What a verb returned, as JSON."""
    return {"is": to_wire(result)}


def kept_answer(function: Callable[..., Any], kept: Any) -> Any:
    """What a verb returned; rows are read anew. Raises `Unreadable`, or `ObjectDoesNotExist` for a row that is gone."""
    hint = hints_of(function).get("return", Any)
    return _unpacked(kept) if hint is Any else from_wire(hint, _unpacked(kept))


def _unpacked(kept: Any) -> Any:
    return kept["is"] if isinstance(kept, dict) and "is" in kept else _of_before(kept)


def _of_before(kept: Any) -> Any:
    """What was kept before types were read from signatures: each value stood beside the word for its type."""
    match kept:
        case {"row": name, "pk": key}:
            return f"{name}:{key}"
        case {"map": named}:
            return {key: _of_before(item) for key, item in named.items()}
        case {"list": items} | {"tuple": items} | {"set": items}:
            return [_of_before(item) for item in items]
        case {"pairs": pairs}:
            return [[_of_before(key), _of_before(item)] for key, item in pairs]
        case {"value": value} | {"date": value} | {"datetime": value} | {"decimal": value}:
            return value
    raise Unreadable(f"{kept!r:.80} is nothing that was kept")
