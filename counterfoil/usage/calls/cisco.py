"""Cisco Unified Communications Manager: a heading line, a line of types, and times in seconds since 1970."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls.records import CUT_OFF, Call, Fields, call_of, digest
from counterfoil.usage.calls.switches import Row

_NEEDED = ("dateTimeOrigination", "callingPartyNumber", "finalCalledPartyNumber", "dateTimeConnect", "duration")


def read(rows: Iterator[Row], zone: dt.tzinfo) -> Iterator[Call]:
    """The calls of the file, each to where it was answered last, on the account of the number that called."""
    _, heads, _ = next(rows, (0, [], ""))
    where = {head.strip(): place for place, head in enumerate(heads)}
    if missing := [name for name in _NEEDED if name not in where]:
        if "numberPacketsSent" in where:
            raise Refused("other_format", "The file holds records of quality (CMR). The calls are in the file whose "
                          "name begins with cdr.", field="file")  # fmt: skip
        raise Refused("other_format", "The file holds no call records of Cisco: its first line does not name "
                      f"{missing[0]}.", field="file")  # fmt: skip
    for number, cells, why in rows:
        if cells and cells[0].strip().upper() in ("INTEGER", "INT"):
            continue
        if len(cells) < len(heads):
            why = why or f"{CUT_OFF}: it has {len(cells)} of {len(heads)} columns."

        def cell(name: str, cells: list[str] = cells) -> str:
            place = where.get(name, len(cells))
            return cells[place].strip() if place < len(cells) else ""

        connected = cell("dateTimeConnect").strip("0") != ""
        fields = Fields(
            cell("pkid") or cell("globalCallID_callId"), cell("callingPartyNumber"), cell("dateTimeOrigination"),
            cell("finalCalledPartyNumber") or cell("originalCalledPartyNumber"), cell("duration"), "", connected,
            once=bool(cell("pkid")),
        )  # fmt: skip
        yield call_of(number, fields, zone, digest(cells), why=why)
