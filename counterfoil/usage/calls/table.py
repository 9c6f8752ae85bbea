"""A table of any other exchange: a mapping says which column is what."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import islice

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls.records import (
    CUT_OFF,
    SLASHED,
    Call,
    Fields,
    call_of,
    digest,
    rows_of,
    separator_of,
    tidy,
    zone_of,
)
from counterfoil.usage.calls.switches import Row

_ORDERS = {"day/month/year": "dmy", "month/day/year": "mdy", "year-month-day": "ymd"}
_PARTS = ("id", "account", "start", "number", "talk", "duration", "result")


@dataclass(frozen=True)
class Columns:
    """What is in which column, by heading or by place from 1, and how times and results are written."""

    number: str = ""
    start: str = ""
    talk: str = ""
    id: str = ""
    account: str = ""
    duration: str = ""
    result: str = ""
    # The results of calls that were answered; without them, whoever talked was answered.
    answered: tuple[str, ...] = ()
    # day/month/year, month/day/year or year-month-day; seen from the days where it is left out.
    dates: str = ""
    # Of times that name none; UTC where it is left out.
    zone: str = ""

    @property
    def named(self) -> dict[str, str]:
        """The columns that were said."""
        return {part: getattr(self, part) for part in _PARTS if getattr(self, part)}


def columns_from(values: dict[str, object]) -> Columns:
    """A mapping as a file says it. Refuses `bad_mapping` where it knows no such word, or a needed one is missing."""
    known = [one.name for one in fields(Columns)]
    told: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, int) and not isinstance(value, bool) and name in _PARTS:
            value = str(value)
        if name == "answered":
            words = [value] if isinstance(value, str) else value
            if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
                raise Refused("bad_mapping", 'answered is a list of results: answered = ["Answered"].', field="mapping")
            told[name] = tuple(word.strip().casefold() for word in words)
        elif name in known and isinstance(value, str):
            told[name] = value
        else:
            raise Refused("bad_mapping", f"A mapping knows no {name} = {value!r}. It knows: {', '.join(known)}.",
                          field="mapping")  # fmt: skip
    found = Columns(**told)  # type: ignore[arg-type]
    for part, example in (("number", "To"), ("start", "Start"), ("talk", "Talk time")):
        if not getattr(found, part):
            raise Refused("bad_mapping", f'A mapping says which column is {part}: {part} = "{example}".',
                          field="mapping")  # fmt: skip
    if found.dates and found.dates not in _ORDERS:
        raise Refused("bad_mapping", f"dates is one of {', '.join(_ORDERS)}.", field="mapping")
    if found.answered and not found.result:
        raise Refused("bad_mapping", "answered needs a column that says the result: result = \"Result\".",
                      field="mapping")  # fmt: skip
    if found.zone:
        zone_of(found.zone, field="mapping")
    return found


def read(lines: io.TextIOWrapper, columns: Columns, zone: dt.tzinfo) -> Iterator[Call]:
    """The calls of the table. Refused where a column is not there, or a day can be read in two ways."""
    zone = zone_of(columns.zone) if columns.zone else zone
    separator = separator_of(islice(lines, 100))
    where, width, above = _places(lines, separator, columns)
    order = _ORDERS.get(columns.dates, "") or _order(_rows(lines, separator, above), where["start"])
    for number, cells, why in _rows(lines, separator, above):
        if len(cells) < width:
            why = why or f"{CUT_OFF}: it has {len(cells)} of {width} columns."

        def cell(part: str, cells: list[str] = cells) -> str:
            place = where.get(part, len(cells))
            return cells[place] if place < len(cells) else ""

        said = cell("result").strip().casefold()
        found = Fields(
            cell("id"), cell("account"), cell("start"), cell("number"), cell("talk"), cell("duration"),
            said in columns.answered if columns.answered else None, once=True,
        )  # fmt: skip
        if not cell("talk").strip():
            why = why or "The record does not say how long they talked."
        yield call_of(number, found, zone, digest(cells), order, why)


def _rows(lines: io.TextIOWrapper, separator: str, above: int) -> Iterator[Row]:
    lines.seek(0)
    return (row for row in rows_of(lines, separator) if row[0] > above)


def _places(lines: io.TextIOWrapper, separator: str, columns: Columns) -> tuple[dict[str, int], int, int]:
    """Where each column is, how many there are, and the line of the heading (0 where there is none)."""
    if all(said.isdecimal() for said in columns.named.values()):
        where = {part: int(said) - 1 for part, said in columns.named.items()}
        if min(where.values()) < 0:
            raise Refused("bad_mapping", "Columns are counted from 1.", field="mapping")
        return where, max(where.values()) + 1, 0
    best: list[str] = []
    wanted = {part: said.strip().casefold() for part, said in columns.named.items()}
    for number, cells, _ in islice(_rows(lines, separator, 0), 60):
        heads = [tidy(cell).casefold() for cell in cells]
        if all(said in heads for said in wanted.values()):
            return {part: heads.index(said) for part, said in wanted.items()}, len(heads), number
        best = max(best, heads, key=len)
    lost = ", ".join(said for said in wanted.values() if said not in best) or "some"
    raise Refused("no_columns", f"No line of the file has all columns of the mapping; {lost} is missing. "
                  f"The file has: {', '.join(best)[:200]}.", field="mapping")  # fmt: skip


def _order(rows: Iterator[Row], place: int) -> str:
    """Whether the day or the month comes first, from the first day that can be only one of them."""
    seen = ""
    for _, cells, _ in rows:
        match = SLASHED.fullmatch(cells[place].strip()) if place < len(cells) else None
        if match is None:
            continue
        first, second = int(match[1]), int(match[2])
        if first > 12 or second > 12:
            return "dmy" if first > 12 else "mdy"
        if first != second:
            seen = seen or match[0]
    if seen:
        raise Refused("two_days", f"“{seen}” can be two days. Say which in the mapping: dates = \"day/month/year\" or "
                      "dates = \"month/day/year\".", field="mapping")  # fmt: skip
    return "dmy"
