"""BAI2 of the Bank Administration Institute: records with commas that end with a slash; amounts in minor units."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from counterfoil.bank.readers.cells import Unreadable, day, iso_day, joined, refuse
from counterfoil.bank.readers.shape import Line, Statement
from counterfoil.kernel.money import MOST_MINOR, money_text

# A record begins with a line, or after the slash of another that some banks put into the same line.
_RECORD = re.compile(r"(?:^|(?<=/))[ \t]*(?=(?:01|02|03|16|49|88|98|99),)", re.MULTILINE)
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
# A reference often begins with the day of the entry. It is believed when it is this close to the statement's day.
_NEAR = 62


def read(content: str, currency: str = "") -> list[Statement]:
    """One statement for each account record (03); a repeated account gives one for each."""
    records = [piece.strip() for piece in _RECORD.split(content) if piece.strip()]
    if not records or not records[0].startswith("01,"):
        raise refuse("This file does not begin with a file header (01): it is no BAI2.", row=1)
    reading = _Reading(currency)
    whole: list[str] = []
    for record in records:
        code = record[:2]
        if code == "88":
            whole.append(record[3:])
            continue
        reading.take(whole)
        whole = [record]
    reading.take(whole)
    reading.finish()
    if not reading.statements:
        raise refuse("This BAI2 file has no account (03): it was cut off, or is empty.")
    return reading.statements


def _number(text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()) or abs(int(text)) > MOST_MINOR:
        raise Unreadable(f"“{text.strip()[:40]}” is no amount")
    return int(text)


def _fields(pieces: list[str]) -> list[str]:
    return ",".join(piece.rstrip().removesuffix("/") for piece in pieces).split(",")


@dataclass
class _Reading:
    currency: str

    def __post_init__(self) -> None:
        self.statements: list[Statement] = []
        self.group_currency, self.as_of = "", dt.date.min
        self.sum, self.controlled, self.ended = 0, True, False

    def take(self, pieces: list[str]) -> None:
        if not pieces:
            return
        code = pieces[0][:2]
        if code == "02":
            said = _fields(pieces)
            self.group_currency = said[6].strip() if len(said) > 6 else ""
            self.as_of = _short_day(said[4] if len(said) > 4 else "")
        elif code == "03":
            self.unfinished()
            self.account(_fields(pieces))
        elif code == "16" and self.statements:
            self.entry(self.statements[-1], pieces)
        elif code == "49" and self.statements:
            self.control(self.statements[-1], _fields(pieces))
        elif code == "99":
            self.ended = True

    def unfinished(self) -> None:
        if not self.controlled:
            self.statements[-1].wrong.append("The account has no end (49): the file was cut off, or lost records.")
        self.sum, self.controlled = 0, False

    def finish(self) -> None:
        if self.statements:
            self.unfinished()
            if not self.ended:
                self.statements[-1].wrong.append("The file has no end (99): it was cut off.")

    def account(self, said: list[str]) -> None:
        money = (said[2].strip() if len(said) > 2 else "") or self.group_currency or self.currency
        statement = Statement("bai2", account=said[1].strip() if len(said) > 1 else "", currency=money)
        self.statements.append(statement)
        if not money:
            statement.currency = "USD"
            statement.remarks.append("The file names no currency: US dollars were taken, as BAI2 says.")
        at = 3
        while at < len(said):
            code, amount = said[at].strip(), said[at + 1].strip() if at + 1 < len(said) else ""
            if code and amount:
                try:
                    found = _number(amount)
                except Unreadable as wrong:
                    statement.wrong.append(f"Summary {code[:10]} was left out: {wrong}.")
                else:
                    self.sum += found
                    if code == "010":
                        statement.opening_minor = found
                    elif code == "015":
                        statement.closing_minor = found
            # Code, amount, count, and funds type with what belongs to it.
            at += 3 + _funds(said, at + 3)

    def control(self, statement: Statement, said: list[str]) -> None:
        self.controlled = True
        try:
            told = _number(said[1] if len(said) > 1 else "")
        except Unreadable as wrong:
            statement.wrong.append(f"The control total cannot be read: {wrong}.")
            return
        if told != self.sum:
            statement.wrong.append(
                f"The amounts of the account are together {money_text(self.sum, statement.currency)}, but its control "
                f"total (49) says {money_text(told, statement.currency)}."
            )

    def entry(self, statement: Statement, pieces: list[str]) -> None:
        said = pieces[0].rstrip().removesuffix("/").split(",")
        rest = pieces[1:]
        # Numbers may go on in the next record; once the text has begun, text goes on.
        while rest and len(said) < 3 + _funds(said, 3) + 2:
            said += rest.pop(0).rstrip().removesuffix("/").split(",")
        after = 3 + _funds(said, 3)
        text, cut = ",".join(said[after + 2 :]), pieces[0].rstrip().endswith("/")
        for piece in rest:
            text += ("" if cut else " ") + piece.rstrip().removesuffix("/")
            cut = piece.rstrip().endswith("/")
        number = len(statement.lines) + 1
        try:
            code = int(said[1]) if len(said) > 1 and said[1].isdigit() else 0
            amount = _number(said[2] if len(said) > 2 else "")
        except (Unreadable, ValueError) as wrong:
            statement.wrong.append(f"Entry {number} was left out: {wrong}.")
            return
        self.sum += amount
        # Type codes: 100 to 399 are credits, 400 to 699 debits, 700 to 799 loans (721 to 760 credits).
        if not 100 <= code <= 799:
            statement.remarks.append(f"Entry {number} has the type {said[1][:10]}, which moves no money: left out.")
            return
        credit = code < 400 or 720 < code <= 760
        reference = said[after].strip() if len(said) > after else ""
        end_to_end = said[after + 1].strip() if len(said) > after + 1 else ""
        statement.lines.append(
            Line(
                date=self.day(said, reference),
                amount_minor=amount if credit else -amount,
                currency=statement.currency,
                reference=reference,
                details=joined(text),
                end_to_end=end_to_end,
            )
        )

    def day(self, said: list[str], reference: str) -> dt.date:
        """The value day (funds type V), the day that the reference begins with, or that of the group."""
        if len(said) > 4 and said[3].strip() == "V" and said[4].strip():
            return _short_day(said[4])
        try:
            found = iso_day(reference)
        except Unreadable:
            return self.as_of
        return found if 0 <= (self.as_of - found).days <= _NEAR else self.as_of


def _funds(said: list[str], at: int) -> int:
    """How many fields the funds type at this place takes, with itself."""
    kind = said[at].strip() if at < len(said) else ""
    if kind == "D":
        count = said[at + 1].strip() if at + 1 < len(said) else ""
        return 2 + 2 * min(int(count) if count.isdigit() and len(count) < 4 else 0, 100)
    return {"S": 4, "V": 3}.get(kind, 1)


def _short_day(text: str) -> dt.date:
    said = text.strip()
    if not re.fullmatch(r"[0-9]{6}", said, re.ASCII):
        raise refuse(f"“{said[:20]}” is no day (YYMMDD).")
    try:
        return day(2000 + int(said[:2]), said[2:4], said[4:])
    except Unreadable as wrong:
        raise refuse(f"{wrong}.".capitalize()) from None
