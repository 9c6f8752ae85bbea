"""Values as JSON: in an event, as an operation's remembered answer, and as arguments to call one with later."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import importlib
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models

from counterfoil.kernel.money import Money


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


def store(value: Any, *, exact: bool = False) -> Any:
    """An operation's result (or arguments) as JSON: rows by their key, the rest by value.

    `exact` refuses what `load` could not give back as it was.
    """
    match value:
        case models.Model():
            return {"row": value._meta.label_lower, "pk": value.pk}
        case list():
            return {"list": [store(item, exact=exact) for item in value]}
        case tuple():
            return {"tuple": [store(item, exact=exact) for item in value]}
        case Mapping() if all(isinstance(key, str) for key in value):
            return {"map": {key: store(item, exact=exact) for key, item in value.items()}}
        case Mapping():
            pairs = [[store(key, exact=exact), store(item, exact=exact)] for key, item in value.items()]
            return {"pairs": sorted(pairs, key=str)}
        case None | bool() | int() | str():
            return {"value": value}
        case dt.datetime():
            return {"datetime": value.isoformat()}
        case dt.date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case bytes() if not exact:
            return {"value": hashlib.sha256(value).hexdigest()}
        case set() | frozenset():
            return {"set": sorted((store(item, exact=exact) for item in value), key=str)}
        case models.QuerySet():
            return store(list(value), exact=exact)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        return {
            "of": f"{kind.__module__}:{kind.__qualname__}",
            **store({f.name: getattr(value, f.name) for f in dataclasses.fields(value)}, exact=exact),
        }
    if exact:
        raise TypeError(f"{value!r} cannot be kept for later.")
    return {"value": str(value)}


_LOADERS: dict[str, Callable[[Any], Any]] = {
    "list": lambda items: [load(item) for item in items],
    "tuple": lambda items: tuple(load(item) for item in items),
    "set": lambda items: {load(item) for item in items},
    "pairs": lambda pairs: {load(key): load(item) for key, item in pairs},
    "datetime": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "decimal": Decimal,
    "value": lambda value: value,
}


def load(answer: Any) -> Any:
    """What `store` was given; rows are read anew."""
    if "row" in answer:
        return apps.get_model(answer["row"])._base_manager.get(pk=answer["pk"])
    if "map" in answer:
        loaded = {key: load(item) for key, item in answer["map"].items()}
        if "of" not in answer:
            return loaded
        return _kind_of(answer["of"])(**loaded)
    (kind, stored), *_ = answer.items()
    return _LOADERS[kind](stored)


def _kind_of(name: str) -> Any:
    """A dataclass of ours by its name. Whoever can write a row must not be able to have anything else called."""
    module, _, kind = name.partition(":")
    found = getattr(importlib.import_module(module), kind, None) if module.startswith("counterfoil.") else None
    if not (isinstance(found, type) and dataclasses.is_dataclass(found) and found.__module__ == module):
        raise ValueError(f"{name[:80]} is nothing that is kept.")
    return found


def keep_arguments(arguments: Mapping[str, Any]) -> Any:
    """Arguments as JSON, to call an operation with later."""
    return store(dict(arguments), exact=True)


def kept_arguments(stored: Any) -> dict[str, Any]:
    """Arguments as they were kept; rows are read anew. Raises `ObjectDoesNotExist` when one is gone."""
    arguments: dict[str, Any] = load(stored)
    return arguments
