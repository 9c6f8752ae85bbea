"""CSV of any bank: which column says what is a mapping kept for the account, or guessed from the headings."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field

from counterfoil.bank.readers.cells import Unreadable, day, joined, minor, refuse
from counterfoil.bank.readers.shape import Line, Statement

# What banks write above a column, without case; the first column of a list that fits is taken.
HEADINGS = {
    "date": ("date", "booking date", "value date", "transaction date", "boekdatum", "datum", "buchungstag", "fecha"),
    "amount": ("amount", "bedrag", "betrag", "montant", "importe"),
    "debit": ("debit", "debits", "money out", "paid out", "af", "soll"),
    "credit": ("credit", "credits", "money in", "paid in", "bij", "haben"),
    "mark": ("d/c", "dc", "debit/credit", "af bij", "type d/c"),
    "balance": ("balance", "saldo", "saldo na boeking", "running balance", "kontostand"),
    "currency": ("currency", "ccy", "valuta", "währung", "devise"),
    "reference": ("reference", "bank reference", "operation number", "transaction id", "referentie"),
    "counterparty": ("partner name", "name", "naam", "counterparty", "payee", "beguenstigter/zahlungspflichtiger"),
    "counterparty_account": ("bank account", "tegenrekening", "counterparty account", "iban", "kontonummer/iban"),
    "account": ("rekening", "account", "own account"),
    "details": ("label", "details", "detail", "description", "omschrijving", "memo", "verwendungszweck", "narrative"),
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"([0-9]{1,4})[-/. ]([0-9]{1,2}|[A-Za-z]{3,9})[-/. ]([0-9]{2,4})(?:[ T].*)?|([0-9]{8})", re.ASCII)
_ACCOUNT = re.compile(r"account(?: number)?\s*:\s*,?\s*\"?([A-Z0-9 ]{6,34})", re.IGNORECASE)
_START, _END = re.compile(r"start|opening|begin", re.I), re.compile(r"end|closing|eind", re.I)
_PLACES = {"date", "amount", "debit", "credit"}


@dataclass
class Mapping:
    """Column by column, by heading or by number from 1, and how the values are to be read."""

    columns: dict[str, list[str | int]] = field(default_factory=dict)
    separator: str = ""
    dates: str = ""  # "dmy" or "mdy", where days alone do not tell
    decimal: str = ""
    currency: str = ""
    turn_signs: bool = False


def read_mapping(text: str) -> Mapping:
    """The mapping of a TOML file; refuses names it does not know, with those it does."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(f"The mapping is no TOML: {error}.") from None
    known = set(Mapping.__dataclass_fields__)
    if unknown := sorted(set(said) - known):
        raise refuse(f"The mapping has “{unknown[0][:40]}”. It may have: {', '.join(sorted(known))}.")
    columns = said.pop("columns", {})
    if not isinstance(columns, dict) or (unknown := sorted(set(columns) - set(HEADINGS))):
        raise refuse(f"The columns of a mapping are: {', '.join(sorted(HEADINGS))}.")
    if said.get("dates", "") not in ("", "dmy", "mdy"):
        raise refuse("“dates” of a mapping is “dmy” or “mdy”.")
    if any(not isinstance(value, bool if key == "turn_signs" else str) for key, value in said.items()):
        raise refuse("A mapping says texts in quotation marks, and turn_signs = true or false.")
    named = {key: value if isinstance(value, list) else [value] for key, value in columns.items()}
    return Mapping(columns=named, **said)


def read(content: str, currency: str = "", mapping: Mapping | None = None) -> list[Statement]:
    """The one statement of a file."""
    mapping = mapping or Mapping()
    separator = mapping.separator or max(",;\t|", key=content[:20_000].count)
    try:
        rows = list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))
    except csv.Error as error:
        raise refuse(f"This file is no table: {error}.") from None
    where, top = _columns(rows, mapping)
    reading = _Rows(rows, where, top, mapping, mapping.currency or currency)
    return [reading.statement(content)]


def _columns(rows: list[list[str]], mapping: Mapping) -> tuple[dict[str, list[int]], int]:
    """Where each column is, and the row after the headings."""
    wanted = mapping.columns or {key: list(names) for key, names in HEADINGS.items()}
    if all(isinstance(name, int) for names in wanted.values() for name in names):
        where = {key: [int(name) - 1 for name in names] for key, names in wanted.items()}
        return where, 0
    for number, row in enumerate(rows[:50]):
        heads = [cell.strip().casefold() for cell in row]
        where = {}
        for key, names in wanted.items():
            at = [heads.index(str(name).casefold()) for name in names if str(name).casefold() in heads]
            if at:
                where[key] = at if key == "details" else at[:1]
        if "date" in where and where.keys() & {"amount", "debit", "credit"}:
            return where, number + 1
    raise refuse("No row has headings for a date and an amount. Say in a mapping which column is which.")


class _Rows:
    def __init__(
        self, rows: list[list[str]], where: dict[str, list[int]], top: int, mapping: Mapping, currency: str
    ) -> None:
        self.rows, self.where, self.top, self.mapping = rows, where, top, mapping
        self.made = Statement("csv", currency=currency)
        figures = [self.cell(row, key) for row in rows[top:] for key in ("amount", "debit", "credit", "balance")]
        self.decimal = mapping.decimal or ("," if any(re.search(r",[0-9]{2}$", cell) for cell in figures) else ".")
        dates = [found for row in rows[top:] if (found := _DATE.fullmatch(self.cell(row, "date"))) and found[1]]
        self.day_first = mapping.dates != "mdy" and (
            mapping.dates == "dmy" or not any(found[2].isdigit() and int(found[2]) > 12 for found in dates)
        )
        numbers = [found for found in dates if len(found[1]) < 3 and found[2].isdigit()]
        if not mapping.dates and numbers and all(int(it[1]) < 13 and int(it[2]) < 13 for it in numbers):
            self.made.remarks.append("The days can be read in two ways: the day before the month was taken.")

    def cell(self, row: list[str], key: str) -> str:
        return joined(*(row[at] for at in self.where.get(key, ()) if at < len(row)))

    def figure(self, text: str, currency: str) -> int:
        plain = re.sub(r"[\s'\u00a0\u202f]", "", text)
        plain = plain.replace("." if self.decimal == "," else ",", "").replace(self.decimal, ".")
        return minor(plain, currency)

    def day(self, text: str) -> dt.date:
        found = _DATE.fullmatch(text)
        if not found:
            raise Unreadable(f"“{text[:40]}” is no day")
        if found[4]:
            return day(text[:4], text[4:6], text[6:8])
        one, two, three = found[1], found[2], found[3]
        if two.isalpha():
            if two[:3].lower() not in _MONTHS:
                raise Unreadable(f"“{text[:40]}” is no day")
            two = str(_MONTHS.index(two[:3].lower()) + 1)
        elif len(one) < 3 and not self.day_first:
            one, two = two, one
        if len(one) == 4:
            return day(one, two, three)
        return day(int(three) + (2000 if len(three) == 2 else 0), two, one)

    def amount(self, row: list[str], currency: str, turned: bool) -> int:
        if "amount" in self.where:
            found = self.figure(self.cell(row, "amount"), currency)
            # The mark says the direction, whatever sign stands before the figure.
            if mark := self.cell(row, "mark")[:1].upper():
                found = -abs(found) if mark in ("D", "A", "S") else abs(found)
        else:
            out, into = (abs(self.figure(self.cell(row, key) or "0", currency)) for key in ("debit", "credit"))
            found = out - into if turned else into - out
        return -found if self.mapping.turn_signs else found

    def statement(self, content: str) -> Statement:
        made = self.made
        made.lines, balances = self.read(turned=False, tell=True)
        if "amount" not in self.where and len(balances) == len(made.lines) and not _chain(made.lines, balances):
            # Some banks put what leaves under Credit, as in the bank's own books: the balances tell.
            other, _ = self.read(turned=True, tell=False)
            if _chain(other, balances):
                made.lines = other
        newest_first = bool(made.lines) and made.lines[0].date > made.lines[-1].date
        if newest_first or (not _chain(made.lines, balances) and _chain(made.lines[::-1], balances[::-1])):
            made.lines.reverse()
            balances.reverse()
        if balances and len(balances) == len(made.lines):
            made.opening_minor = balances[0] - made.lines[0].amount_minor
            made.closing_minor = balances[-1]
        if found := _ACCOUNT.search(content[:5_000]):
            made.account = made.account or found[1].strip()
        return made

    def read(self, *, turned: bool, tell: bool) -> tuple[list[Line], list[int]]:
        made, lines, balances = self.made, [], []
        for number, row in enumerate(self.rows[self.top :], self.top + 1):
            if not any(cell.strip() for cell in row):
                continue
            currency = (self.cell(row, "currency") or made.currency).upper()[:3]
            try:
                when = self.day(self.cell(row, "date"))
            except Unreadable as wrong:
                if tell and not self.total(row) and (self.cell(row, "amount") or self.cell(row, "date")[:1].isdigit()):
                    made.wrong.append(f"Row {number} was left out: {wrong}.")
                continue
            try:
                line = Line(when, self.amount(row, currency, turned), currency, **self.words(row))
                lines.append(line)
                if self.cell(row, "balance"):
                    balances.append(self.figure(self.cell(row, "balance"), currency))
            except Unreadable as wrong:
                if tell:
                    made.wrong.append(f"Row {number} was left out: {wrong}.")
            made.account = made.account or self.cell(row, "account")
        for row in self.rows if tell else ():
            self.total(row)
        return lines, balances

    def total(self, row: list[str]) -> bool:
        """A row that is no line but a total or a balance, which is remembered."""
        first = next((cell for cell in row if cell.strip()), "")
        if not re.search(r"balance|saldo|total|totaal|summe", first, re.I):
            return False
        figures = [cell for cell in row[1:] if re.fullmatch(r"[+-]?[0-9][0-9., ]*", cell.strip())]
        if "balance" in first.lower() and figures and "balance" not in self.where:
            try:
                found = self.figure(figures[-1].strip(), self.made.currency)
            except Unreadable:
                return True
            if _START.search(first):
                self.made.opening_minor = found
            elif _END.search(first):
                self.made.closing_minor = found
        return True

    def words(self, row: list[str]) -> dict[str, str]:
        return {key: self.cell(row, key) for key in ("reference", "counterparty", "counterparty_account", "details")}


def _chain(lines: Iterable[Line], balances: list[int]) -> bool:
    """Each balance is the one before with the line added."""
    amounts = [line.amount_minor for line in lines]
    return len(amounts) == len(balances) and all(
        before + amount == after for before, amount, after in zip(balances, amounts[1:], balances[1:], strict=False)
    )
