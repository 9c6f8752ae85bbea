"""Finding whom arguments speak of: the rows they name, however deep, and the way from a row to what owns it."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from django.db import models


def named(value: Any, ids: frozenset[str]) -> Iterator[models.Model | int]:
    """Every row in the arguments, and every number under one of the names (`customer_id`)."""
    match value:
        case models.Model():
            yield value
        case str() | bytes() | None:
            return
        case Mapping():
            for key, item in value.items():
                yield from _under(str(key), item, ids)
        case list() | tuple() | set() | frozenset() | models.QuerySet():
            for item in value:
                yield from named(item, ids)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            for field in dataclasses.fields(value):
                yield from _under(field.name, getattr(value, field.name), ids)


def _under(name: str, value: Any, ids: frozenset[str]) -> Iterator[models.Model | int]:
    if name in ids and isinstance(value, int):
        yield value
    else:
        yield from named(value, ids)


@cache
def way_to(model: type[models.Model], owner: type[models.Model], id_name: str) -> str | None:
    """The shortest way over foreign keys from a row to its owner, as a lookup; None when it belongs to none.

    A plain column of that name counts too: below the owner's floor there is no foreign key.
    """
    if model is owner:
        return "pk"
    seen, waiting = {model}, deque([(model, "")])
    while waiting:
        here, way = waiting.popleft()
        if any(field.attname == id_name for field in here._meta.concrete_fields):
            return way + id_name
        for field in here._meta.concrete_fields:
            there = field.related_model
            if field.is_relation and isinstance(there, type) and there not in seen:
                if there is owner:
                    return f"{way}{field.attname}"
                seen.add(there)
                waiting.append((there, f"{way}{field.name}__"))
    return None


def owner_ids(found: list[models.Model | int], owner: type[models.Model], id_name: str) -> set[int]:
    """The owners of what was found, read anew; at most one query for each kind of row."""
    owners = {item for item in found if isinstance(item, int)}
    by_model: dict[type[models.Model], set[Any]] = {}
    for item in found:
        if isinstance(item, models.Model) and item.pk is not None:
            by_model.setdefault(type(item), set()).add(item.pk)
    for model, keys in by_model.items():
        way = way_to(model, owner, id_name)
        if way == "pk":
            owners |= keys
        elif way:
            rows = model._base_manager.filter(pk__in=keys).values_list(way, flat=True)
            owners |= {pk for pk in rows if pk is not None}
    return owners
