"""QIF: lines of a letter and a value, a booking up to `^`. It names no account, no currency and no balance."""

from __future__ import annotations

import re

from counterfoil.bank.readers.statement import Line, Statement, text_of, tidy
from counterfoil.bank.readers.table import Columns, amount_reader, day_reader
from counterfoil.kernel.errors import Refused

_KINDS = re.compile(r"!Type:\s*(Bank|CCard|Cash|Oth)", re.IGNORECASE)


def read(content: bytes, columns: Columns | None = None, currency: str = "") -> list[Statement]:
    """One statement; what the days and amounts mean is seen from all of them together."""
    text = text_of(content)
    if not _KINDS.search(text):
        raise Refused("not_a_statement", "The file is QIF, but of no bank account.", field="file")
    rows: list[dict[str, str]] = [{}]
    for line in text.splitlines():
        if line.startswith("^"):
            rows.append({})
        elif line[:1] in "DTUPMN" and line[:1]:
            rows[-1].setdefault(line[0], line[1:].strip())
    rows = [row for row in rows if row.get("D") or row.get("T") or row.get("U")]
    asked = columns or Columns()
    read_day = day_reader([row.get("D", "").replace("'", "/") for row in rows], asked)
    read_amount = amount_reader([row.get("T") or row.get("U", "") for row in rows], asked, currency)
    one = Statement("", currency)
    for place, row in enumerate(rows, start=1):
        try:
            day = read_day(row.get("D", "").replace("'", "/"))
            minor = read_amount(row.get("T") or row.get("U", ""))
        except Refused as refused:
            one.unread += 1
            one.remarks.append(f"Booking {place} was left out: {refused.sentence}")
            continue
        one.lines.append(Line(day, minor, row.get("N", ""), tidy(row.get("P")), details=tidy(row.get("M"))))
    return [one]
