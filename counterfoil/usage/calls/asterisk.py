"""Asterisk's Master.csv: 16 columns without a heading, and up to five more (cdr_csv.c; cdr.conf says which).

accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec,
disposition, amaflags, then uniqueid and userfield, and of newer ones peeraccount, linkedid and sequence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from counterfoil.usage.calls.records import Call, Fields, call_of, digest
from counterfoil.usage.calls.switches import Row, checked

_LEAST = 16
_MOST = 21


def read(rows: Iterator[Row], zone: dt.tzinfo) -> Iterator[Call]:
    """The calls of the file. An id may be there often, on other legs: what makes a record is all that it says."""
    for number, cells, why in checked(rows, _LEAST, _MOST, "Asterisk"):
        filled = [*cells, *[""] * (_MOST - len(cells))]
        fields = Fields(
            filled[16], filled[0], filled[9], filled[2], filled[13], filled[12],
            filled[14].strip().upper() == "ANSWERED",
        )  # fmt: skip
        yield call_of(number, fields, zone, digest(cells), why=why)
