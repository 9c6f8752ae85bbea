"""OFX 1 (SGML, without end tags) and 2 (XML), and QFX, which is the same."""

from __future__ import annotations

import html
import re

from counterfoil.bank.readers.cells import Unreadable, iso_day, joined, minor, refuse
from counterfoil.bank.readers.shape import Line, Statement

_ELEMENT = re.compile(r"<(/?)([A-Z0-9.]{1,40})>([^<]*)", re.IGNORECASE)


def read(content: str, currency: str = "") -> list[Statement]:
    """The statements of a file, one for each account with lines or a balance."""
    if "<OFX>" not in content.upper():
        raise refuse("This file has no <OFX>: it is no OFX, or it was cut off.")
    statements: list[Statement] = []
    held: dict[str, str] = {}
    inside: list[str] = []
    period_end = ""
    for found in _ELEMENT.finditer(content):
        closing, name, value = bool(found[1]), found[2].upper(), html.unescape(found[3]).strip()
        if not closing and name in ("STMTRS", "CCSTMTRS"):
            statements.append(Statement("ofx"))
            period_end = ""
        elif not closing and name in ("STMTTRN", "LEDGERBAL", "BANKACCTFROM", "CCACCTFROM", "CURRENCY"):
            inside.append(name)
            held = {} if name != "CURRENCY" else held
        elif closing and inside and name == inside[-1]:
            inside.pop()
            if statements and name != "CURRENCY":
                _close(statements[-1], name, held, period_end, currency)
        elif not closing and inside:
            held.setdefault(name, value)
        elif not closing and name == "CURDEF" and statements:
            statements[-1].currency = value
        elif not closing and name == "DTEND":
            period_end = value
    if inside and statements:
        statements[-1].wrong.append("The file ends in the middle of a line: it was cut off.")
    elif "</OFX>" not in content.upper():
        raise refuse("The file ends before </OFX>: it was cut off. Fetch it again.")
    if not statements:
        said = re.search(r"<MESSAGE>([^<]*)", content)
        why = f" The bank says: “{said[1].strip()[:200]}”." if said and said[1].strip().lower() != "success" else ""
        raise refuse(f"This OFX holds no statement of an account.{why}")
    return statements


def _close(statement: Statement, name: str, held: dict[str, str], period_end: str, currency: str) -> None:
    money = held.get("CURSYM", "") or statement.currency or currency
    if name in ("BANKACCTFROM", "CCACCTFROM"):
        statement.account = statement.account or held.get("ACCTID", "")
    elif name == "LEDGERBAL" and held.get("BALAMT"):
        try:
            statement.closing_minor = minor(held["BALAMT"].replace(",", "."), money)
        except Unreadable as wrong:
            statement.wrong.append(f"The balance was left out: {wrong}.")
    elif name == "STMTTRN":
        number = len(statement.lines) + 1
        what = f"Transaction {held.get('FITID') or number}"
        try:
            amount = minor(held.get("TRNAMT", "").replace(",", "."), money)
        except Unreadable as wrong:
            statement.wrong.append(f"{what} was left out: {wrong}.")
            return
        for key, text in (("DTPOSTED", ""), ("DTUSER", "its own day"), ("", "the last day of the period")):
            try:
                when = iso_day(held.get(key, "") if key else period_end)
            except Unreadable:
                continue
            if text:
                statement.remarks.append(f"{what} has no booking day: {text} was taken.")
            break
        else:
            statement.wrong.append(f"{what} was left out: it has no day.")
            return
        statement.lines.append(
            Line(
                date=when,
                amount_minor=amount,
                currency=money,
                reference=held.get("FITID", ""),
                counterparty=held.get("NAME", "") or held.get("PAYEE", ""),
                details=joined(held.get("MEMO", ""), held.get("CHECKNUM", "")),
            )
        )
