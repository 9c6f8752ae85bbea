"""Lists of the API: filters and order by what a noun shows, and pages that stay where they are while rows come."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from django.core import signing
from django.db import models
from pydantic import Field

from counterfoil.api.answers import related, summary
from counterfoil.api.kinds import Address, Day, Number, Whole
from counterfoil.customers.queries import row_of, rows_of
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import sought
from counterfoil.platform.paging import Ordered
from counterfoil.platform.showing import Noun, noun_of

MOST = 200
_SALT = "counterfoil.api.cursor"


@dataclass(frozen=True)
class Narrow:
    """A way to narrow a list: its name in the address, what it takes, and the lookup it becomes."""

    name: str
    type: Any
    lookup: str
    words: str
    noun: Noun[Any] | None = None


@cache
def filters(noun: Noun[Any]) -> tuple[Narrow, ...]:
    """What a list can be narrowed by: rows it belongs to, choices, yes or no, and days and amounts from and to."""
    found: list[Narrow] = []
    for name in noun.shows:
        column = next((one for one in noun.model._meta.fields if one.name == name), None)
        match column:
            case models.ForeignKey():
                there = noun_of(column.related_model)
                if there is not None:
                    kind = Number if there.is_numbered else Address
                    found.append(Narrow(column.name, kind, column.name, f"Only those of this {there.words}.", there))
            case models.BooleanField():
                found.append(Narrow(column.name, bool, column.name, ""))
            case models.DateTimeField():
                continue
            case models.DateField():
                found.append(Narrow(f"{column.name}_from", Day, f"{column.name}__gte", "From this day on."))
                found.append(Narrow(f"{column.name}_to", Day, f"{column.name}__lte", "Up to and on this day."))
            case models.BigIntegerField() if column.name.endswith("_minor"):
                said, on = column.name.removesuffix("_minor"), column.name
                found.append(Narrow(f"{said}_from", Whole, f"{on}__gte", "From this amount on, in minor units."))
                found.append(Narrow(f"{said}_to", Whole, f"{on}__lte", "Up to this amount, in minor units."))
            case models.Field() if column.choices:
                found.append(
                    Narrow(column.name, Literal[tuple(value for value, _ in column.flatchoices)], column.name, "")
                )
    return tuple(found)


@cache
def sorts(noun: Noun[Any]) -> dict[str, str]:
    """What a list can be ordered by: the name outside, and the column."""
    return {"id": "pk", **{name.removesuffix("_minor"): name for name in noun.sorts}}


def parameters(noun: Noun[Any]) -> dict[str, tuple[Any, Any]]:
    """The parameters of a list: type and default of each."""
    names = [way + name for name in sorts(noun) for way in ("", "-")]
    found: dict[str, tuple[Any, Any]] = {
        "limit": (Annotated[int, Field(ge=1, le=MOST)], 50),
        "cursor": (Annotated[str, Field(max_length=400)] | None, None),
        "sort": (Literal[tuple(names)], "id"),
    }
    if noun.search:
        found["q"] = (Annotated[str, Field(max_length=100)] | None, None)
    return {**found, **{row.name: (row.type | None, None) for row in filters(noun)}}


def page(caller: Caller, noun: Noun[Any], asked: dict[str, Any]) -> dict[str, Any]:
    """A page of a list and where the next one begins."""
    rows = all_rows = rows_of(caller, noun).select_related(*related(noun))
    for row in filters(noun):
        if (value := asked.get(row.name)) is not None:
            rows = rows.filter(**{row.lookup: _narrowing(caller, row, value)})
    if noun.search and (text := sought(asked.get("q") or "")):
        rows = noun.search(rows, text)
    sort = str(asked["sort"])
    ordered = Ordered(rows, sorts(noun)[sort.lstrip("-")], "pk", sort.startswith("-"), None)
    size, digest = int(asked["limit"]), _digest(noun, asked)
    if cursor := asked.get("cursor"):
        place = ordered.place_of(all_rows, _read_cursor(cursor, digest))
        if place is None:
            raise Refused("cursor_gone", "What the page began after is not there any more. Begin anew.", field="cursor")
        found = ordered.page_after(place, size)
    else:
        found = ordered.between(0, size + 1)
    more = signing.dumps([found[size - 1].pk, digest], salt=_SALT) if len(found) > size else None
    return {"rows": [summary(caller, noun, row) for row in found[:size]], "next_cursor": more}


def _narrowing(caller: Caller, row: Narrow, value: Any) -> Any:
    if row.noun is not None:
        return row_of(caller, row.noun, value).pk
    return dt.date.fromisoformat(value) if row.type is Day else value


def _digest(noun: Noun[Any], asked: dict[str, Any]) -> str:
    """Of the question: a cursor answers no other one."""
    told = {key: value for key, value in asked.items() if key not in ("cursor", "limit") and value is not None}
    return hashlib.sha256(json.dumps([noun.path, told], sort_keys=True).encode()).hexdigest()[:16]


def _read_cursor(text: str, digest: str) -> int:
    wrong = Refused("bad_cursor", "That is no cursor of this list. Begin without one.", field="cursor")
    try:
        key, of = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise wrong from error
    refuse_if(of != digest, "bad_cursor", wrong.sentence, field="cursor")
    return int(key)
