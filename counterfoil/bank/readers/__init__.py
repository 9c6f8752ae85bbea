"""Bank statements as files: what a file is, and the statements it holds. Nothing here touches the database."""

from __future__ import annotations

import re

from counterfoil.bank.readers import bai2, camt, mt940, ofx, qif, table
from counterfoil.bank.readers.statement import MOST_BYTES, Line, Part, Statement
from counterfoil.bank.readers.table import Columns, columns_from
from counterfoil.kernel.errors import Refused

__all__ = ["MOST_BYTES", "Columns", "Line", "Part", "Statement", "columns_from", "kind_of", "read"]

_MT940 = re.compile(rb"^(?:\{[1-5]:.*)?:20:|^:(?:25|60[FM]|61):", re.MULTILINE)


def kind_of(content: bytes) -> str:
    """What the file is by what it holds: camt, mt940, ofx, bai2, qif or csv."""
    head = content[:4000].lstrip(b"\xef\xbb\xbf \r\n\t")
    if b"OFXHEADER" in head or b"<OFX" in head:
        return "ofx"
    if head.startswith(b"<") or head.startswith((b"\xff\xfe<", b"\xfe\xff\x00<")):
        return "camt"
    if head.startswith(b"01,") or re.match(rb"(?:02|03),", head):
        return "bai2"
    if head.startswith(b"!"):
        return "qif"
    return "mt940" if _MT940.search(content[:20_000]) else "csv"


def read(content: bytes, columns: Columns | None = None, *, currency: str = "") -> list[Statement]:
    """The statements of a file, one for each account and statement in it; refused in words where it is none.

    `columns` says what the columns of a table are; `currency` is that of files that name none.
    """
    if len(content) > MOST_BYTES:
        raise Refused("too_large", f"A bank statement has at most {MOST_BYTES // 1024 // 1024} MB. Ask the bank for a "
                      "shorter period.", field="file")  # fmt: skip
    if not content.strip():
        raise Refused("empty_file", "The file is empty.", field="file")
    match kind_of(content):
        case "camt":
            return camt.read(content)
        case "mt940":
            return mt940.read(content)
        case "ofx":
            return ofx.read(content, currency)
        case "bai2":
            return bai2.read(content, currency)
        case "qif":
            return qif.read(content, columns, currency)
        case _:
            return table.read(content, columns, currency)
