"""What an operation left behind is kept as a digest in its event, under the seals (decision 0024).

A model says so with `kept = Kept(…)`; rows that belong to it say `kept_with = KeptWith(…)`. At its end an operation
puts a digest of each row it recorded an event about, with all that belongs to it, into that event. `check-books` works
the digests out again: a row that was changed, added or removed by anything but an operation is noticed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from counterfoil.platform import bulk
from counterfoil.trail.kinds import KEPT, KEPT_PRIVATELY, KINDS, trail_name
from counterfoil.trail.models import Event

# Events that say what their subject is.
_TOLD = Q(data__has_key=KEPT) | Q(data__has_key=KEPT_PRIVATELY)
# How many rows one event keeps, of rows that have no event of their own, and how much of each row's digest.
_TOGETHER, _SHORT = 1000, 16


@dataclass(frozen=True)
class Kept:
    """Rows whose last event holds a digest of them.

    `but`: columns that are worked out from other rows, or mean nothing; something else proves them.
    `personal`: columns that are erased with a person; then the digest is salted, and erased too (decision 0017).
    `where`: only such rows; the others are kept with something else.
    """

    but: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    where: Q = field(default_factory=Q)


@dataclass(frozen=True)
class KeptWith:
    """Rows that are kept within the digest of the row that one of the `paths` of foreign keys leads to."""

    paths: tuple[str, ...]
    but: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()


class Columns:
    """Rows of a model, given as tuples of these columns (field names), as they go into a digest."""

    def __init__(self, model: type[models.Model], names: Sequence[str], but: Collection[str] = ()) -> None:
        """`but` are columns that the rows have and the digest has not."""
        self.label = trail_name(model)
        # By name, so that the order of columns is nothing. The key of a part says nothing, and of the row it is known.
        self._places = [
            (name, place, _default(model._meta.get_field(name)))
            for name, place in sorted((name, place) for place, name in enumerate(names))
            if name not in but and name != "id"
        ]

    def encode(self, rows: Sequence[Sequence[Any]], known: dict[int, str] | None = None) -> list[str]:
        """Each row as text: the names and values of its columns. `known` are objects whose text was `worked_out`.

        Without those that are empty or as by default, so that a column added later changes no digest of before.
        """
        if not rows:
            return []
        columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True))
        known = {} if known is None else known
        texts = [_texts(name, columns[place], default, known) for name, place, default in self._places]
        return ["".join(row) for row in zip(*texts, strict=True)]

    def digests(self, rows: Sequence[Sequence[Any]]) -> list[str]:
        """The digest of each row, the key first, of a model that nothing is kept with.

        For who has just written them: what `Noun.digests` reads back, without reading it.
        """
        return [digest(self.label, row[0], text, ()) for row, text in zip(rows, self.encode(rows), strict=True)]


def _default(column: Any) -> Any:
    """A value that is left out. What is new with each row (a time, a random key) has none."""
    made = column.default in (list, dict)
    return column.default() if made else None if callable(column.default) else column.default


def _texts(name: str, column: Sequence[Any], default: Any, known: dict[int, str]) -> list[str]:
    """One column of many rows; each different value is worked out once."""

    def text(value: Any) -> str:
        return "" if value is None or value == "" or value == default else f"{name}={_plain(value, known)!a}\0"

    if len(set(map(id, column))) == 1:
        return [text(column[0])] * len(column)
    kinds = set(map(type, column)) - {type(None)}
    # 1 and True are the same key, and not the same value; lists are none.
    if len(kinds) > 1 or any(issubclass(kind, (dict, list, memoryview)) for kind in kinds):
        return [text(value) for value in column]
    texts = {value: text(value) for value in set(column)}
    return [texts[value] for value in column]


def _plain(value: Any, known: dict[int, str]) -> Any:
    if type(value) is str:
        return value
    match value:
        case None | bool() | int():
            return value
        case Decimal():
            return str(value.normalize())
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat()
        case dt.date():
            return value.isoformat()
        case bytes() | memoryview():
            return hashlib.sha256(bytes(value)).hexdigest()
        case dict():
            return _object(value, known)
        case list() | tuple():
            return [_plain(item, known) for item in value]
    return str(value)


def worked_out(objects: Iterable[dict[str, Any]]) -> dict[int, str]:
    """The texts of objects that stand in columns, for `encode`; the objects are to live as long."""
    known: dict[int, str] = {}
    for each in objects:
        _object(each, known)
    return known


def _object(value: dict[str, Any], known: dict[int, str]) -> str:
    """Keys in order, whatever order the database has them in. What many rows share is worked out once."""
    if (text := known.get(id(value))) is None:
        pairs = (f"{key!a}:{_plain(value[key], known)!a}" for key in sorted(value))
        text = known[id(value)] = f"{{{','.join(pairs)}}}"
    return text


def digest(label: str, pk: int, row: str, parts: Iterable[tuple[str, str]]) -> str:
    """The digest of an encoded row with what belongs to it (labels and encoded rows), in whatever order."""
    lines = [f"{label} {pk} {row}", *sorted([f"{part} {text}" for part, text in parts])]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class Noun:
    """A model that is kept, with the models that are kept with it (and the path from each)."""

    model: type[models.Model]
    kept: Kept
    parts: tuple[tuple[type[models.Model], str, KeptWith], ...]

    @property
    def label(self) -> str:
        return trail_name(self.model)

    @property
    def key(self) -> str:
        """Under which key an event has the digest: a plain one, or one that is erased with the person."""
        private = self.kept.personal or any(part.personal for _, _, part in self.parts)
        return KEPT_PRIVATELY if private else KEPT

    @property
    def rows(self) -> models.QuerySet[Any]:
        return self.model._base_manager.filter(self.kept.where)

    def digests(self, pks: Collection[int], *, personal: bool = True) -> dict[int, str]:
        """Each row that is there, with what belongs to it, as a digest; with what is `personal`, or without it."""
        belonging: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for model, path, part in self.parts:
            names = _names(model, part.but)
            columns = Columns(model, names, () if personal else part.personal)
            rows = list(model._base_manager.filter(bulk.among(path, pks)).order_by().values_list(*names, path))
            for row, text in zip(rows, columns.encode(rows), strict=True):
                belonging[row[-1]].append((columns.label, text))
        names = _names(self.model, self.kept.but)
        columns = Columns(self.model, names, () if personal else self.kept.personal)
        rows = list(self.rows.filter(bulk.among("pk", pks)).order_by().values_list(*names, "pk"))
        return {
            row[-1]: digest(self.label, row[-1], text, belonging[row[-1]])
            for row, text in zip(rows, columns.encode(rows), strict=True)
        }


def _names(model: type[models.Model], but: Collection[str]) -> list[str]:
    """The columns to read: not those that are never part of a digest, which may be megabytes."""
    return [column.name for column in model._meta.concrete_fields if column.name not in but]


@cache
def nouns() -> dict[str, Noun]:
    """Every model that is kept, by its label."""
    parts: dict[Any, list[Any]] = defaultdict(list)
    for model in apps.get_models():
        if part := getattr(model, "kept_with", None):
            for path in part.paths:
                parts[_end_of(model, path)].append((model, path, part))
    return {
        trail_name(model): Noun(model, model.kept, tuple(parts[model]))
        for model in apps.get_models()
        if hasattr(model, "kept")
    }


def _end_of(model: Any, path: str) -> Any:
    for name in path.split("__"):
        model = model._meta.get_field(name).related_model
    return model


def last_digests(label: str, pks: Collection[int]) -> dict[int, str]:
    """What the last event about each row that kept it says it is."""
    found: dict[int, str] = {}
    events = Event.objects.filter(bulk.among("subject_id", pks), subject_type=label).order_by("pk")
    for pk, plain, private in events.filter(_TOLD).values_list(
        "subject_id", f"data__{KEPT}", f"data__{KEPT_PRIVATELY}"
    ):
        found[pk] = plain or private
    return found


def changed_rows(noun: Noun) -> Iterator[tuple[int, str]]:
    """Each row (by key) that is not as its last event left it, and what is wrong with it."""
    without: set[int] = set()
    for pks in bulk.chunks(noun.rows.order_by("pk").values_list("pk", flat=True).iterator(), 2000):
        now, then = noun.digests(pks), last_digests(noun.label, pks)
        without.update(pk for pk in pks if pk not in then)
        for pk in pks:
            if pk in then and now.get(pk) != then[pk]:
                yield pk, "is not as the last operation on it left it"
    if noun.kept.where:
        # What is not kept any more was kept in another state, and no operation takes a row back out of it.
        once = Event.objects.filter(_TOLD, subject_type=noun.label).values("subject_id")
        left = noun.model._base_manager.filter(pk__in=once).exclude(noun.kept.where).order_by("pk")
        yield from ((pk, "is not as the last operation on it left it") for pk in left.values_list("pk", flat=True))
    # What has no event of its own: written many at a time, or before digests were kept.
    known: set[int] = set()
    right: set[int] = set()
    for data in (
        Event.objects.filter(kind="rows.kept", subject_type=noun.label).order_by("pk").values_list("data", flat=True)
    ):
        now, then = noun.digests(data["ids"], personal=False), short_digests(data)
        known.update(data["ids"])
        right.update(pk for pk in without & set(then) if now.get(pk, "")[:_SHORT] == then[pk])
        yield from ((pk, "is gone") for pk in data["ids"] if pk not in now)
    for pk in sorted(without - right):
        yield pk, "is not as it was written" if pk in known else "was written by no operation"


def put_into(events: Iterable[tuple[str, str, int, dict[str, Any]]]) -> None:
    """The last of these events (kind, label and key of the subject, data) about each row says what the row is now."""
    last: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for kind, label, pk, data in events:
        if label in nouns() and KEPT not in data and KINDS[kind].changes:
            last[label][pk] = data
    for label, rows in last.items():
        noun = nouns()[label]
        for pk, found in noun.digests(rows).items():
            rows[pk][noun.key] = found


def in_chunks(noun: Noun, pks: Iterable[int]) -> Iterator[dict[str, Any]]:
    """The data of events that keep many rows that have no event of their own: their keys, and short digests in a row.

    Without what is personal, which could not be erased from among the others.
    """
    for some in bulk.chunks(sorted(pks), _TOGETHER):
        found = noun.digests(some, personal=False)
        there = [pk for pk in some if pk in found]
        digests = "".join(found[pk][:_SHORT] for pk in there)
        yield {"label": noun.label, "count": len(there), "ids": there, "digests": digests}


def kept_in_chunks() -> set[str]:
    """The labels of which there are such events."""
    return set(Event.objects.filter(kind="rows.kept").values_list("data__label", flat=True).distinct())


def short_digests(data: dict[str, Any]) -> dict[int, str]:
    """The digests of such an event, by key."""
    text = data["digests"]
    return {pk: text[place * _SHORT : (place + 1) * _SHORT] for place, pk in enumerate(data["ids"])}
