"""Bank statements from files: camt, MT940, OFX, BAI2, QIF and CSV. Pure: bytes in, statements out."""

from __future__ import annotations

from counterfoil.bank.readers import bai2, camt, columns, mt940, ofx, qif
from counterfoil.bank.readers.cells import refuse, text_of
from counterfoil.bank.readers.columns import Mapping, read_mapping
from counterfoil.bank.readers.shape import Line, Part, Statement

__all__ = ["MOST_BYTES", "Line", "Mapping", "Part", "Statement", "read_mapping", "read_statements"]

# 10,000 camt entries are about 8 MB.
MOST_BYTES = 64 * 1024 * 1024


def read_statements(content: bytes, *, mapping: Mapping | None = None, currency: str = "") -> list[Statement]:
    """The statements of a file whose format is told by how it begins; `currency` where the file names none.

    Raises Refused (`not_a_statement`) with a sentence when the file is nothing that can be read, or was cut off where
    the format itself shows it. What does not add up is in `Statement.wrong` and refuses nothing.
    """
    if len(content) > MOST_BYTES:
        raise refuse(f"The file is larger than {MOST_BYTES // 2**20} MB. Ask the bank for a shorter period.")
    if not content.strip():
        raise refuse("The file is empty.")
    start = text_of(content[:4_000]).lstrip("\ufeff \t\r\n")
    if start.startswith("<") and "<OFX>" not in start.upper() and "OFXHEADER" not in start.upper():
        statements = camt.read(content.lstrip())
    else:
        text = text_of(content)
        if "\0" in text:
            raise refuse("This file is not text: it is no bank statement in a format that is read here.")
        statements = _of_text(text, start, mapping, currency)
    return [statement.settle(currency) for statement in statements]


def _of_text(text: str, start: str, mapping: Mapping | None, currency: str) -> list[Statement]:
    if mapping:
        return columns.read(text, currency, mapping)
    if "OFXHEADER" in start.upper() or "<OFX>" in start.upper():
        return ofx.read(text, currency)
    if start.startswith("!"):
        return qif.read(text.lstrip("\ufeff \t\r\n"), currency)
    if start.startswith(("01,", "00,")):
        return bai2.read(text.lstrip("\ufeff \t\r\n"), currency)
    if any(row.startswith((":20:", ":25:")) for row in start.splitlines()):
        return mt940.read(text, currency)
    return columns.read(text, currency)
