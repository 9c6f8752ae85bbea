"""MT940 and MT942: SWIFT fields that begin with their tag."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from counterfoil.bank.readers.cells import Unreadable, day, joined, minor, refuse
from counterfoil.bank.readers.shape import Line, Statement

_TAG = re.compile(r":([0-9]{2}[A-Z]?|NS):")
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})?([0-9]+,[0-9]*)")
_ENTRY = re.compile(
    r"([0-9]{6})([0-9]{4}| {4})?([RE]?[CD])([A-Z])?([0-9]+,[0-9]*)([A-Z][A-Z0-9]{3})?([^\n]*)", re.ASCII
)
# What a German bank marks inside :86:, and what a Dutch one does.
_GERMAN = re.compile(r"(EREF|MREF|SVWZ|KREF|CRED|DEBT|ABWA|IBAN|BIC)\+")
_DUTCH = re.compile(r"/(CNTP|REMI|EREF|MARF|MREF|CSID|TRTP|IBAN|BIC|NAME|RTRN|PREF|ISDT|ORDP|BENM)/")
_WIDTH = 65


def read(content: str, _currency: str = "") -> list[Statement]:
    """The statements of a file, each from one :20: to the next."""
    reading = _Reading()
    for row, text in enumerate(content.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        found = _TAG.match(text)
        if found:
            reading.close()
            reading.tag, reading.row, reading.held = found[1], row, [text[found.end() :]]
        elif text.strip() in ("-", "-}") or text.startswith("-}"):
            reading.close()
        elif reading.tag:
            reading.held.append(text)
    reading.close()
    reading.done()
    if not any(one.account or one.lines for one in reading.statements):
        raise refuse("This file has no account (:25:) and no entry (:61:): it is no MT940.")
    return reading.statements


class _Reading:
    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.tag, self.row, self.held = "", 0, [""]
        self.entry: Line | None = None

    def close(self) -> None:
        """The field that was being read is done."""
        tag, self.tag = self.tag, ""
        if not tag:
            return
        if tag == "20" or not self.statements:
            self.done()
            self.statements.append(Statement("mt940"))
        statement = self.statements[-1]
        if tag == "25" and not statement.account:
            statement.account = self.held[0].strip()
        elif tag == "61":
            self.done()
            self.entry = self.line(statement)
        elif tag == "86" and self.entry:
            self.entry = _told(self.entry, self.held)
            self.done()
        elif tag[:2] in ("60", "62"):
            self.done()
            self.balance(statement, tag)
        elif tag == "34F" and not statement.currency:
            statement.currency = self.held[0][:3]

    def done(self) -> None:
        if self.entry and self.statements:
            self.statements[-1].lines.append(self.entry)
        self.entry = None

    def balance(self, statement: Statement, tag: str) -> None:
        found = _BALANCE.match(self.held[0].strip())
        if not found:
            statement.wrong.append(f"Row {self.row}: the balance “{self.held[0][:40]}” cannot be read.")
            return
        statement.currency = statement.currency or found[3] or ""
        try:
            amount = minor(found[4].replace(",", "."), statement.currency) * (1 if found[1] == "C" else -1)
        except Unreadable as wrong:
            statement.wrong.append(f"Row {self.row}: {wrong}.")
            return
        if tag[:2] == "62":
            statement.closing_minor = amount
        elif statement.opening_minor is None:
            statement.opening_minor = amount

    def line(self, statement: Statement) -> Line | None:
        found = _ENTRY.match(self.held[0])
        if not found:
            statement.wrong.append(f"Row {self.row}: the entry “{self.held[0][:60]}” cannot be read and was left out.")
            return None
        # RD takes a debit back and is money in; RC takes a credit back.
        sign = 1 if found[3] in ("C", "RD", "EC") else -1
        try:
            amount = minor(found[5].replace(",", "."), statement.currency) * sign
            when = self.booked(statement, found[1], found[2])
        except Unreadable as wrong:
            statement.wrong.append(f"Row {self.row}: {wrong}; the entry was left out.")
            return None
        own, _, banks = found[7].partition("//")
        nothing = ("NONREF", "")
        return Line(
            date=when,
            amount_minor=amount,
            currency=statement.currency,
            reference="" if banks.strip() in nothing else banks.strip(),
            end_to_end="" if own.strip() in nothing else own.strip(),
            details=joined(*self.held[1:]),
        )

    def booked(self, statement: Statement, value: str, entry: str | None) -> dt.date:
        """The booking day when there is one: its year is that of the value date, or the next to it."""
        year, month, of_month = 2000 + int(value[:2]), int(value[2:4]), int(value[4:])
        if not 1 <= month <= 12:
            raise Unreadable(f"{value} is no day")
        last = calendar.monthrange(year, month)[1]
        if of_month > last:
            statement.remarks.append(f"Row {self.row}: {of_month}.{month}.{year} is no day; day {last} was taken.")
            of_month = last
        valued = day(year, month, of_month)
        entry = (entry or "").strip()
        if not entry:
            return valued
        for near in sorted((year - 1, year, year + 1), key=lambda it: abs((it - year) * 12 + int(entry[:2]) - month)):
            try:
                return day(near, entry[:2], entry[2:])
            except Unreadable:
                continue
        raise Unreadable(f"{entry} is no day")


def _told(entry: Line, held: list[str]) -> Line:
    """The entry with what :86: says of it, in the layouts of the German and Dutch banks or as plain text."""
    whole = before = ""
    for text in held:
        wrapped = len(before) >= _WIDTH - 4 or whole[3:4] in ("?", ">")
        whole += text if wrapped or not whole else f" {text}"
        before = text
    if len(whole) > 3 and whole[:3].isdigit() and whole[3] in "?>":
        return _german(entry, whole)
    if _DUTCH.search(whole):
        return _dutch(entry, whole)
    return _with(entry, details=joined(entry.details, whole))


def _german(entry: Line, whole: str) -> Line:
    fields = {piece[:2]: piece[2:] for piece in whole[4:].split(whole[3])}
    text = "".join(fields[key] for key in sorted(fields) if key[:1] == "2" or key in ("60", "61", "62", "63"))
    marked = dict(zip(_GERMAN.findall(text), _GERMAN.split(text)[2::2], strict=False))
    return _with(
        entry,
        details=joined(marked.get("SVWZ", text) or fields.get("00", "")),
        counterparty=joined(fields.get("32", "") + fields.get("33", "")),
        counterparty_account=fields.get("31", "").strip(),
        end_to_end=marked.get("EREF", "").strip() or entry.end_to_end,
        mandate=marked.get("MREF", "").strip(),
    )


def _dutch(entry: Line, whole: str) -> Line:
    pieces = _DUTCH.split(whole)
    said = dict(zip(pieces[1::2], pieces[2::2], strict=False))
    party = said.get("CNTP", "").split("/")
    structured = said.get("REMI", "").startswith("STRD/")
    remittance = said.get("REMI", "")
    return _with(
        entry,
        details=joined(pieces[0], "" if structured else remittance.removeprefix("USTD//")),
        counterparty=joined(said.get("NAME", "") or (party[3] if len(party) > 3 else "")),
        counterparty_account=(said.get("IBAN", "") or party[0]).strip(),
        creditor_reference=remittance.rstrip("/").rpartition("/")[2].strip() if structured else "",
        end_to_end="" if (said.get("EREF", "") or "NOTPROVIDED") == "NOTPROVIDED" else said["EREF"].strip(" /"),
        mandate=(said.get("MARF", "") or said.get("MREF", "")).strip(" /"),
    )


def _with(entry: Line, **said: str) -> Line:
    return Line(**{**entry.__dict__, **said})
