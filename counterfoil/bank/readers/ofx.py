"""OFX and QFX, version 1 (SGML, whose tags need no end) and 2 (XML). There is no opening balance in it."""

from __future__ import annotations

import datetime as dt
import html
import re

from counterfoil.bank.readers.statement import Line, Statement, day_of, signed_minor, text_of, tidy
from counterfoil.kernel.errors import Refused

_TAG = re.compile(r"<(/?)([A-Za-z0-9._]+)>([^<]*)")
_BEGINS = {"STMTRS", "CCSTMTRS"}
_DECLARED = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def read(content: bytes, currency: str = "") -> list[Statement]:
    """A statement for each account of the file that has one."""
    text = text_of(content)
    if _DECLARED.search(text):
        raise Refused("bad_xml", "The file declares entities, which no bank statement does.", field="file")
    found: list[Statement] = []
    one: Statement | None = None
    row: dict[str, str] | None = None
    within, ends, said, defined = "", None, "", ""
    for closing, name, value in _TAG.findall(text):
        tag, said_here = name.upper(), tidy(html.unescape(value))
        if closing:
            if tag == "STMTTRN" and one is not None and row is not None:
                _line(one, row, ends)
                row = None
            within = "" if tag == within else within
            continue
        if tag in _BEGINS:
            one, ends, defined = Statement("", currency), None, ""
            found.append(one)
        elif tag == "STMTTRN":
            if one is not None and row is not None:
                _line(one, row, ends)
            row = {"CURDEF": defined}
        elif tag in ("LEDGERBAL", "AVAILBAL", "BANKACCTFROM", "CCACCTFROM", "BANKACCTTO", "CCACCTTO", "BANKTRANLIST"):
            within = tag
            if tag == "LEDGERBAL" and one is not None and row is not None:
                _line(one, row, ends)
                row = None
        elif row is not None:
            row.setdefault(tag, said_here)
        elif tag == "MESSAGE":
            said = said_here or said
        elif one is not None:
            defined = said_here.upper() if tag == "CURDEF" else defined
            ends = _known(one, tag, said_here, within) or ends
    if one is not None and row is not None:
        _line(one, row, ends)
    if not found:
        raise Refused("not_a_statement", f"The file holds no statement. {said}".strip(), field="file")
    return found


def _known(one: Statement, tag: str, value: str, within: str) -> dt.date | None:
    if tag == "CURDEF" and value:
        one.currency = value.upper()
    elif tag in ("BANKID", "ACCTID") and within in ("BANKACCTFROM", "CCACCTFROM"):
        one.account = f"{one.account} {value}".strip() if tag == "ACCTID" and not one.account else one.account or ""
        if tag == "ACCTID":
            one.account = value
    elif tag == "BALAMT" and within == "LEDGERBAL" and value:
        try:
            one.closing_minor = signed_minor(value, one.currency)
        except Refused as refused:
            one.remarks.append(f"The balance cannot be read: {refused.sentence}")
    elif tag == "DTEND":
        return _day(value)[0]
    return None


def _day(value: str) -> tuple[dt.date | None, str]:
    """The first eight digits; what follows is the time."""
    match = re.match(r"([0-9]{4})([0-9]{2})([0-9]{2})", value)
    return day_of(int(match[1]), int(match[2]), int(match[3])) if match else (None, "")


def _line(one: Statement, row: dict[str, str], ends: dt.date | None) -> None:
    # An amount may name its own currency (CURRENCY); ORIGCURRENCY is only what it was before the bank changed it.
    own = row.get("CURSYM", "").upper() if "CURRENCY" in row else ""
    if own and not row["CURDEF"] and not one.lines:
        one.currency = own
    try:
        if own and own != one.currency:
            raise Refused("other_currency", f"It is in {own}, the statement in {one.currency}.")
        minor = signed_minor(row.get("TRNAMT", ""), one.currency)
        day, strange = _day(row.get("DTPOSTED") or row.get("DTUSER") or "")
    except Refused as refused:
        one.unread += 1
        one.remarks.append(f"A line was left out: {refused.sentence}")
        return
    if strange:
        one.remarks.append(strange)
    if day is None:
        if ends is None:
            one.unread += 1
            one.remarks.append("A line without a day was left out.")
            return
        day = ends
        one.remarks.append("A line without a day was put on the last day of the statement.")
    name = row.get("NAME") or row.get("PAYEE", "")
    one.lines.append(Line(day, minor, row.get("FITID", ""), name, details=row.get("MEMO") or row.get("CHECKNUM", "")))
