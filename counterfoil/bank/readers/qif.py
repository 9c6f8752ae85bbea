"""QIF of a bank, cash or card account: one letter a field, `^` after each entry. It names no account and no balance."""

from __future__ import annotations

import re

from counterfoil.bank.readers.cells import Unreadable, day, joined, minor, refuse
from counterfoil.bank.readers.shape import Line, Statement

_DAY = re.compile(r"\s*([0-9]{1,4})[/.\- ]+([0-9]{1,2})[/.'\- ]+\s*([0-9]{1,4})\s*")


def read(content: str, currency: str = "") -> list[Statement]:
    """The one statement of a file."""
    rows = content.splitlines()
    if not rows or not re.match(r"!Type:(Bank|Cash|CCard|Oth [AL])", rows[0].strip(), re.IGNORECASE):
        raise refuse("This file does not begin with !Type:Bank: it is no QIF of an account.", row=1)
    statement = Statement("qif", currency=currency)
    dates = [found for row in rows if row[:1] == "D" and (found := _DAY.match(row[1:]))]
    day_first = any(int(found[1]) > 12 for found in dates)
    if dates and not day_first and not any(int(found[2]) > 12 for found in dates):
        statement.remarks.append("The days can be read in two ways: month first was taken, as QIF began in America.")
    held: dict[str, str] = {}
    for number, row in enumerate(rows[1:], 2):
        if row.startswith("^"):
            _line(statement, held, number, day_first)
            held = {}
        elif row[:1]:
            held.setdefault(row[0], row[1:].strip())
    if held:
        statement.wrong.append(f"The last entry, in row {len(rows)}, has no end (^): the file was cut off.")
    return [statement]


def _line(statement: Statement, held: dict[str, str], row: int, day_first: bool) -> None:
    try:
        amount = minor((held.get("T") or held.get("U") or "").replace(",", ""), statement.currency)
        found = _DAY.fullmatch(held.get("D", ""))
        if not found:
            raise Unreadable(f"“{held.get('D', '')[:40]}” is no day")
        one, two, three = (int(group) for group in found.groups())
        if one > 31:
            when = day(one, two, three)
        else:
            year = three if three > 99 else 2000 + three if three < 70 else 1900 + three
            when = day(year, two, one) if day_first else day(year, one, two)
    except Unreadable as wrong:
        statement.wrong.append(f"The entry that ends in row {row} was left out: {wrong}.")
        return
    statement.lines.append(
        Line(when, amount, statement.currency, held.get("N", ""), held.get("P", ""), details=joined(held.get("M", "")))
    )
