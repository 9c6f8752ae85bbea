"""A bank's own table (CSV): what its columns are is kept once for each bank, or seen from headings and cells.

What a table means is decided by its own balances where it has them: signs, and whether the newest line comes first.
What could be read in two ways is refused with what to say.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from counterfoil.bank.readers.statement import Line, Statement, day_of, minor_of, short_year, text_of, tidy
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import places

# What each column is called by banks, in small letters.
_CALLED = {
    "date": "date|booking date|boekdatum|value date|transaction date|posting date|datum|buchungstag|fecha|data",
    "amount": "amount|bedrag|betrag|montant|importe|importo|value|transaction amount|umsatz",
    "debit": "debit|debits|af|soll|debet|paid out|money out|withdrawals|dr",
    "credit": "credit|credits|bij|haben|paid in|money in|deposits|cr",
    "mark": "d/c|dc|c/d|debit/credit|af bij|soll/haben|cr/dr|dr/cr|type",
    "balance": "balance|saldo|saldo na boeking|running balance|kontostand|solde|balance after",
    "details": "details|description|omschrijving|label|verwendungszweck|narrative|text|memo|mededelingen",
    "counterparty": "partner name|naam|name|counterparty|beguenstigter|payee|naam tegenpartij|beneficiary",
    "account": "bank account|tegenrekening|counterparty account|iban tegenpartij|kontonummer|partner account",
    "own": "rekening|own account|account|iban",
    "reference": "reference|operation number|bank reference|transaction id|referenz|id|transaction reference|number",
    "currency": "currency|munt|waehrung|ccy|devise",
}  # fmt: skip
_NAMES = {called: part for part, text in _CALLED.items() for called in text.split("|")}
_SEPARATORS = ",;\t|"
_MONTHS = {name: place for place, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}
_OPENS = re.compile(r"(opening balance|balance at start|beginsaldo|anfangssaldo|brought forward)", re.IGNORECASE)
# What stands above a table: “Account: 4242”, but not the words of a title that begin so.
_OWN = re.compile(r"\s*account(?: number)?\s*:?\s*((?:(?=[A-Z ]*[0-9])[0-9A-Z ]+)?)\s*$", re.IGNORECASE)
_CLOSES = re.compile(r"(closing balance|balance at end|eindsaldo|endsaldo|carried forward)", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """What somebody said of a table: columns by heading, or by place from 1 where there is none; the rest is seen."""

    date: str = ""
    amount: str = ""
    debit: str = ""
    credit: str = ""
    mark: str = ""
    balance: str = ""
    details: str = ""
    counterparty: str = ""
    account: str = ""
    own: str = ""
    reference: str = ""
    currency: str = ""
    # day/month/year, month/day/year or year-month-day; point or comma; `turned` where money in is below zero.
    dates: str = ""
    decimal: str = ""
    turned: bool = False

    @property
    def named(self) -> dict[str, str]:
        """The columns that were said."""
        return {part: getattr(self, part) for part in _CALLED if getattr(self, part)}


def columns_from(values: dict[str, object]) -> Columns:
    """A mapping as a file says it; refused where a word is none of it."""
    known = {one.name: one for one in fields(Columns)}
    for name, value in values.items():
        if name not in known or not isinstance(value, bool if name == "turned" else str):
            raise Refused("bad_mapping", f"A mapping knows no {name} = {value!r}. It knows: {', '.join(known)}.",
                          field="mapping")  # fmt: skip
    found = replace(Columns(), **values)  # type: ignore[arg-type]
    if found.dates and found.dates not in _ORDERS:
        raise Refused("bad_mapping", f"dates is one of {', '.join(_ORDERS)}.", field="mapping")
    if found.decimal not in ("", "point", "comma"):
        raise Refused("bad_mapping", "decimal is point or comma.", field="mapping")
    return found


_ORDERS = {"day/month/year": "dmy", "month/day/year": "mdy", "year-month-day": "ymd"}


def read(content: bytes, columns: Columns | None = None, currency: str = "") -> list[Statement]:
    """A statement of the table; one for each currency where it has several."""
    asked = columns or Columns()
    rows = _rows(text_of(content))
    above, where, body, below = _parted(rows, asked)
    cells = [{part: row[place].strip() if place < len(row) else "" for part, place in where.items()} for row in body]
    if len({row.get("own", "") for row in cells} - {""}) > 1 and "account" not in where:
        # Ours is one; where they differ they are of whoever paid.
        for row in cells:
            row["account"] = row.pop("own", "")
    if not cells:
        return [_headed(Statement("", currency), above, below, asked)]
    found = []
    for name in dict.fromkeys(tidy(row.get("currency")).upper() for row in cells):
        mine = [row for row in cells if tidy(row.get("currency")).upper() == name]
        one = Statement(_own(mine, above), name or currency or _said_currency(above))
        _fill(one, mine, asked, above, below)
        found.append(one)
    return found


def _rows(text: str) -> list[list[str]]:
    """The cells, by the separator that makes the most columns of most lines."""
    lines = [line for line in text.splitlines()[:200] if line.strip()]
    if not lines:
        raise Refused("empty_file", "The file is empty.", field="file")

    def columns(mark: str) -> int:
        counts = sorted(len(row) for row in csv.reader(lines, delimiter=mark))
        return counts[len(counts) // 2]

    best = max(_SEPARATORS, key=columns)
    try:
        rows = [row for row in csv.reader(text.splitlines(), delimiter=best) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Refused("not_a_statement", f"The table cannot be read: {error}.", field="file") from error
    if max(map(len, rows), default=0) < 3:
        raise Refused("not_a_statement", "The file is no bank statement that is known: neither camt, MT940, OFX, BAI2 "
                      "or QIF nor a table with day, text and amount.", field="file")  # fmt: skip
    return rows


_Parted = tuple[list[list[str]], dict[str, int], list[list[str]], list[list[str]]]


def _parted(rows: list[list[str]], asked: Columns) -> _Parted:
    """What stands above the heading, where each column is, the rows of bookings, and what stands below them."""
    for place, row in enumerate(rows[:60]):
        where = _places(row, asked)
        if "date" in where and ("amount" in where or {"debit", "credit"} <= set(where)):
            body = [one for one in rows[place + 1 :] if _is_booking(one, where)]
            below = [one for one in rows[place + 1 :] if not _is_booking(one, where)]
            return rows[:place], where, body, below
    if asked.named and all(said.isdecimal() for said in asked.named.values()):
        where = {part: int(said) - 1 for part, said in asked.named.items()}
        return [], where, [one for one in rows if _is_booking(one, where)], []
    if (guessed := _unheaded(rows)) is not None:
        return [], guessed, rows, []
    first = ", ".join(cell.strip() for cell in max(rows[:60], key=len) if cell.strip())[:200]
    raise Refused("no_columns", "No heading says which column is the day and which the amount. Say it in a mapping, "
                  f"such as date = \"…\" and amount = \"…\". The file has: {first}.", field="mapping")  # fmt: skip


def _places(row: Sequence[str], asked: Columns) -> dict[str, int]:
    heads = [tidy(cell).casefold() for cell in row]
    where = {}
    for part, said in asked.named.items():
        if said.casefold() in heads:
            where[part] = heads.index(said.casefold())
    for place, head in enumerate(heads):
        part = _NAMES.get(head, "")
        if part and part not in where and place not in where.values():
            where[part] = place
    return where


def _unheaded(rows: list[list[str]]) -> dict[str, int] | None:
    """A table without heading: the one column that is a day everywhere, and the first that is an amount."""
    width = min(len(row) for row in rows)
    days = [place for place in range(width) if all(_looks_like_day(row[place]) for row in rows)]
    amounts = [place for place in range(width) if all(_looks_like_amount(row[place]) for row in rows)]
    if len(days) != 1 or not amounts:
        return None
    where = {"date": days[0], "amount": amounts[0]}
    texts = [place for place in range(width) if place not in (*days, *amounts)]
    kinds = [place for place in texts if all(re.fullmatch(r"[A-Z]{3}", row[place].strip()) for row in rows)]
    where.update({"currency": kinds[0]} if kinds else {})
    where.update(dict(zip(("details", "counterparty", "account"), [p for p in texts if p not in kinds], strict=False)))
    return where


def _is_booking(row: Sequence[str], where: dict[str, int]) -> bool:
    day = row[where["date"]] if where["date"] < len(row) else ""
    return _looks_like_day(day)


def _looks_like_day(text: str) -> bool:
    return bool(_parts_of_day(text))


def _looks_like_amount(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[0-9][0-9.,' ]*[.,][0-9]{2}[+-]?", text.strip()))


def _parts_of_day(text: str) -> tuple[str, ...]:
    clean = text.strip()
    if match := re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})(?![0-9])", clean):
        return match.groups()
    match = re.match(r"([0-9]{1,4})[-/. ]+([0-9]{1,2}|[A-Za-z]{3,9})[-/. ]+([0-9]{2,4})(?![0-9])", clean)
    return match.groups() if match else ()


# ------------------------------------------------------------------ days and amounts


def day_reader(texts: Sequence[str], asked: Columns) -> Callable[[str], dt.date]:
    """How the days of a file are read: as somebody said, or as all of them together show."""
    order = _ORDERS.get(asked.dates, "")
    if not order and asked.decimal == "comma":
        # Nobody who writes a comma before the cents writes the month first.
        order = "dmy" if not any(len(found[0]) == 4 for text in texts if (found := _parts_of_day(text))) else "ymd"
    if not order:
        parts = [found for text in texts if (found := _parts_of_day(text))]
        numbers = [found for found in parts if all(piece.isdecimal() for piece in found)]
        if any(len(found[0]) == 4 for found in numbers):
            order = "ymd"
        elif any(int(found[0]) > 12 for found in numbers):
            order = "dmy"
        elif any(int(found[1]) > 12 for found in numbers):
            order = "mdy"
        elif numbers and len({found[:2] for found in numbers}) == 1 and numbers[0][0] == numbers[0][1]:
            order = "dmy"
    return lambda text: _day(text, order)


def _day(text: str, order: str) -> dt.date:
    found = _parts_of_day(text)
    if not found:
        raise Refused("not_a_day", f"“{text.strip()[:40]}” is not a day.")
    first, second, third = found
    if not second.isdecimal():
        month = _MONTHS.get(second[:3].casefold())
        if month is None:
            raise Refused("not_a_day", f"“{text.strip()[:40]}” is not a day.")
        first, second, order = first, str(month), "ymd" if len(first) == 4 else "dmy"
    elif not order:
        raise Refused("unclear_day", f"“{text.strip()[:40]}” can be read in two ways. Say dates = \"day/month/year\" "
                      "or dates = \"month/day/year\" in the mapping.", field="mapping")  # fmt: skip
    said_year, said_month, said_day = {
        "ymd": (first, second, third), "dmy": (third, second, first), "mdy": (third, first, second)
    }[order]  # fmt: skip
    year = int(said_year) if len(said_year) == 4 else short_year(int(said_year))
    return day_of(year, int(said_month), int(said_day))[0]


def amount_reader(texts: Sequence[str], asked: Columns, currency: str) -> Callable[[str], int]:
    """How the amounts of a file are read: a comma before the parts of a unit, or a point, as all of them show."""
    mark = {"point": ".", "comma": ","}.get(asked.decimal, "")
    if not mark:
        several = [text for text in texts if "." in text and "," in text]
        last = {max("., ", key=text.rfind).strip() for text in several}
        parts = {match[1] for text in texts if (match := re.search(r"([.,])[0-9]{1,2}[^0-9.,]*$", text))}
        shown = last or parts
        if len(shown) > 1:
            raise Refused("unclear_amount", "Some amounts have a comma before the cents and some a point. Say decimal "
                          "= \"comma\" or \"point\" in the mapping.", field="mapping")  # fmt: skip
        mark = next(iter(shown), "")
    return lambda text: _amount(text, mark, currency)


def _amount(text: str, mark: str, currency: str) -> int:
    clean = re.sub(r"[\s'\u00a0\u2009\u202f]", "", text).replace("\N{MINUS SIGN}", "-")
    minus = clean.startswith(("-", "(")) or clean.endswith("-")
    clean = clean.strip("+-()")
    if not mark and re.search(r"[.,][0-9]{3}$", clean) and places(currency or "EUR") != 3:
        raise Refused("unclear_amount", f"“{text.strip()[:40]}” can be read in two ways. Say decimal = \"comma\" or "
                      "\"point\" in the mapping.", field="mapping")  # fmt: skip
    other = "," if mark == "." else "."
    if mark:
        whole, _, rest = clean.partition(mark)
        clean = f"{whole.replace(other, '')}.{rest}" if rest else whole.replace(other, "")
    minor = minor_of(clean, currency or "EUR")
    return -minor if minus else minor


# ------------------------------------------------------------------ what the rows say


def _fill(
    one: Statement, rows: list[dict[str, str]], asked: Columns, above: list[list[str]], below: list[list[str]]
) -> None:
    texts = [row.get(part, "") for row in rows for part in ("amount", "debit", "credit", "balance")]
    read_amount = amount_reader([text for text in texts if text], asked, one.currency)
    comma = any(re.search(r",[0-9]{2}[+-]?$", text.strip()) for text in texts)
    read_day = day_reader([row["date"] for row in rows], replace(asked, decimal="comma") if comma else asked)
    kept: list[tuple[dict[str, str], dt.date, int, int, int | None]] = []
    for place, row in enumerate(rows, start=1):
        try:
            figures = [read_amount(row[part]) if row.get(part) else 0 for part in ("amount", "debit", "credit")]
            balance = read_amount(row["balance"]) if row.get("balance") else None
            kept.append((row, read_day(row["date"]), *_two(row, figures), balance))
        except Refused as refused:
            if refused.field == "mapping":
                raise
            one.unread += 1
            one.remarks.append(f"Line {place} was left out: {refused.sentence}")
    moves, turned = _moves(kept, asked)
    balances = [balance for *_, balance in kept]
    newest_first = _newest_first(moves, balances, [day for _, day, *_ in kept])
    order = range(len(kept) - 1, -1, -1) if newest_first else range(len(kept))
    for place in order:
        row, day = kept[place][0], kept[place][1]
        one.lines.append(
            Line(
                day, moves[place], tidy(row.get("reference")), tidy(row.get("counterparty")), tidy(row.get("account")),
                tidy(row.get("details")),
            )
        )  # fmt: skip
    if turned:
        one.remarks.append("Signs were taken so that the lines agree with the balance after each.")
    known = [(place, balances[place]) for place in order if balances[place] is not None]
    if known:
        first, last = known[0], known[-1]
        assert first[1] is not None
        before = list(order)
        one.opening_minor = first[1] - sum(moves[place] for place in before[: before.index(first[0]) + 1])
        one.closing_minor = last[1]
    _headed(one, above, below, asked, read_amount)
    _check_running(one, [moves[place] for place in order], [balances[place] for place in order])


def _two(row: dict[str, str], figures: list[int]) -> tuple[int, int]:
    """What the figure is under credit and under debit; an amount in one column counts by its sign or its mark."""
    amount, debit, credit = figures
    if mark := row.get("mark", "").strip().casefold():
        if mark[:1] in ("d", "a", "s"):
            return 0, abs(amount)
        if mark[:1] in ("c", "b", "h"):
            return abs(amount), 0
    if "amount" in row:
        return (amount, 0) if amount >= 0 else (0, -amount)
    return credit, debit


_Kept = list[tuple[dict[str, str], dt.date, int, int, int | None]]


def _moves(kept: _Kept, asked: Columns) -> tuple[list[int], bool]:
    """What each line moves: of the ways in which banks write debits and credits, the one the balances agree with."""
    ways: list[Callable[[int, int], int]] = [
        lambda credit, debit: abs(credit) - abs(debit),
        lambda credit, debit: abs(debit) - abs(credit),
    ]
    if asked.turned:
        ways.reverse()
        return [ways[0](credit, debit) for _, _, credit, debit, _ in kept], False
    balances = [balance for *_, balance in kept]
    if sum(balance is not None for balance in balances) > 1:
        for place, way in enumerate(ways):
            moves = [way(credit, debit) for _, _, credit, debit, _ in kept]
            if _agree(moves, balances) or _agree(moves[::-1], balances[::-1]):
                return moves, place > 0
    return [ways[0](credit, debit) for _, _, credit, debit, _ in kept], False


def _agree(moves: Sequence[int], balances: Sequence[int | None]) -> bool:
    pairs = [
        (before, move, after)
        for before, move, after in zip(balances, moves[1:], balances[1:], strict=False)
        if before is not None and after is not None
    ]
    return bool(pairs) and all(before + move == after for before, move, after in pairs)


def _newest_first(moves: list[int], balances: list[int | None], days: list[dt.date]) -> bool:
    if _agree(moves, balances) != _agree(moves[::-1], balances[::-1]):
        return not _agree(moves, balances)
    return bool(days) and days[0] > days[-1]


def _check_running(one: Statement, moves: list[int], balances: list[int | None]) -> None:
    wrong = [
        place for place in range(1, len(moves))
        if (before := balances[place - 1]) is not None and (after := balances[place]) is not None
        and before + moves[place] != after
    ]  # fmt: skip
    if wrong:
        one.unread += 1
        one.remarks.append(f"The balance after line {wrong[0] + 1} does not follow from the one before.")


def _headed(
    one: Statement, above: list[list[str]], below: list[list[str]], asked: Columns,
    read_amount: Callable[[str], int] | None = None,
) -> Statement:  # fmt: skip
    """Balances that stand outside the table, where each has a row of its own."""
    found: dict[str, int] = {}
    for row in (*above, *below):
        said = " ".join(row)
        for name, words in (("opening", _OPENS), ("closing", _CLOSES)):
            figures = [cell for cell in row if re.search(r"[0-9]", cell)]
            if words.search(said) and figures and read_amount is not None:
                try:
                    found[name] = read_amount(figures[-1])
                except Refused:
                    continue
    one.opening_minor = found.get("opening", one.opening_minor)
    one.closing_minor = found.get("closing", one.closing_minor)
    return one


def _own(rows: list[dict[str, str]], above: list[list[str]]) -> str:
    own = {tidy(row.get("own")) for row in rows} - {""}
    if len(own) == 1:
        return own.pop()
    for row in above:
        for cell, after in zip(row, [*row[1:], ""], strict=True):
            if match := _OWN.match(cell):
                return tidy(match[1] or after)
    return ""


def _said_currency(above: list[list[str]]) -> str:
    for row in above:
        for cell in row:
            if match := re.match(r"\s*:?\s*([A-Z]{3})\s*$", cell):
                return match[1]
    return ""
