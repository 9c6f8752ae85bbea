"""What files of switches without a heading share: how many columns a record has."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls.records import CUT_OFF

# The line number, the cells, and what is wrong with the record.
Row = tuple[int, list[str], str]
# So many lines are looked at before a file is said to be another.
_LOOKED_AT = 50


def checked(rows: Iterator[Row], least: int, most: int, switch: str) -> Iterator[Row]:
    """The rows, each with why where it has fewer columns than the file's records have; refused where none has them."""
    head = list(islice(rows, _LOOKED_AT))
    widths = [len(cells) for _, cells, _ in head if least <= len(cells) <= most]
    if not widths:
        has = max((len(cells) for _, cells, _ in head), default=0)
        raise Refused("other_format", f"The file holds no call records of {switch}: a line has {has} columns, and "
                      f"those have {least} or more.", field="file")  # fmt: skip
    width = max(set(widths), key=widths.count)
    for number, cells, why in chain(head, rows):
        if len(cells) < width:
            why = why or f"{CUT_OFF}: it has {len(cells)} of {width} columns."
        elif len(cells) > most:
            why = why or f"The record has {len(cells)} columns instead of {width}."
        yield number, cells, why
