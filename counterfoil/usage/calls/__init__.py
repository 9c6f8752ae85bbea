"""Call records and rate decks as files, and what calls cost. Nothing here touches the database."""

from __future__ import annotations

import datetime as dt

from counterfoil.kernel.errors import Refused
from counterfoil.usage.calls import asterisk, cisco, freeswitch, table
from counterfoil.usage.calls.deck_files import read_deck
from counterfoil.usage.calls.decks import Deck, Decks
from counterfoil.usage.calls.rating import Rated, Rater, Total, Totals
from counterfoil.usage.calls.records import MOST_BYTES, Call, Calls, rows_of, text_lines, zone_of
from counterfoil.usage.calls.table import Columns, columns_from

__all__ = [
    "FORMATS", "MOST_BYTES", "Call", "Calls", "Columns", "Deck", "Decks", "Rated", "Rater", "Total", "Totals",
    "columns_from", "read", "read_deck", "zone_of",
]  # fmt: skip

# So many records as so many octets hold; what has shorter lines is something else.
MOST_LINES = 1_000_000
FORMATS = ("asterisk", "freeswitch", "cisco")


def read(content: bytes, form: str | Columns, zone: dt.tzinfo = dt.UTC) -> Calls:
    """The calls of a file, read as they are asked for; `zone` is of times that name none.

    Refused, at the latest with the first call, where the file is no such file. A record that cannot be read is a call
    that says why.
    """
    lines = text_lines(content, what="A file of call records")
    in_json = form == "freeswitch" and content[:1000].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[")
    if not in_json and content.count(b"\n") > MOST_LINES:
        raise Refused("too_large", f"A file of call records has at most {MOST_LINES:,} lines. Cut it into parts.",
                      field="file")  # fmt: skip
    if isinstance(form, Columns):
        return Calls(table.read(lines, form, zone))
    match form:
        case "asterisk":
            return Calls(asterisk.read(rows_of(lines), zone))
        case "cisco":
            return Calls(cisco.read(rows_of(lines), zone))
        case "freeswitch":
            if in_json:
                return Calls(freeswitch.read_json(lines.read(), zone))
            return Calls(freeswitch.read_table(rows_of(lines), zone))
        case _:
            raise Refused("other_format", f"Call records are of {', '.join(FORMATS)}, or of a mapping.", field="file")
