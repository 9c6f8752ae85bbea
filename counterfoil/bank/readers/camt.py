"""ISO 20022 camt.052, .053 and .054, all versions, by the local names of elements.

The amount of a booking is the one directly within its entry: that of its details may be of another currency, or one of
many, as public samples show. Only what is booked is money.
"""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from counterfoil.bank.readers.statement import Line, Part, Statement, day_of, minor_of, tidy
from counterfoil.kernel.elements import child, declares_entities, events, local
from counterfoil.kernel.errors import Refused

_STATEMENTS = {"Stmt", "Rpt", "Ntfctn"}
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read(content: bytes) -> list[Statement]:
    """Every statement, report or notification of the file."""
    if declares_entities(content):
        raise Refused("bad_xml", "The file declares entities, which no bank statement does.", field="file")
    found, known = [], False
    # Fed in pieces and cleared entry by entry, so that memory does not grow with the file.
    inside: list[Statement] = []
    try:
        for event, element in events(content):
            name = local(element)
            if event == "start":
                if name in _STATEMENTS:
                    inside.append(Statement("", ""))
                known = known or name.startswith("BkToCstmr")
            elif name == "Ntry" and inside:
                _entry(inside[-1], element)
                element.clear()
            elif name in ("Acct", "Bal") and inside:
                (_account if name == "Acct" else _balance)(inside[-1], element)
            elif name in _STATEMENTS and inside:
                found.append(inside.pop())
                element.clear()
    except ElementTree.ParseError as error:
        line, _ = error.position
        raise Refused(
            "bad_xml", f"The file is damaged or cut off at line {line}. Ask the bank for it again.", field="file"
        ) from error
    except (LookupError, ValueError) as error:
        raise Refused("bad_xml", "The file is XML in an encoding that nobody knows.", field="file") from error
    if not known:
        raise Refused("not_a_statement", "The file is XML, but no bank statement (camt.052, .053 or .054).",
                      field="file")  # fmt: skip
    if not found:
        raise Refused("not_a_statement", "The file is camt, but holds no statement of an account.", field="file")
    return found


def _text(element: Element | None, *path: str) -> str:
    found = child(element, *path)
    return tidy(found.text) if found is not None else ""


def _account(statement: Statement, element: Element) -> None:
    if statement.account:
        return
    # What its amounts are in they say themselves.
    statement.account = _text(element, "Id", "IBAN") or _text(element, "Id", "Othr", "Id")


def _balance(statement: Statement, element: Element) -> None:
    amount = child(element, "Amt")
    if amount is None:
        return
    statement.currency = statement.currency or amount.get("Ccy", "")
    kind = _text(element, "Tp", "CdOrPrtry", "Cd")
    minor = _signed(element, amount, statement.currency)
    if kind in _OPENING and (kind == "OPBD" or statement.opening_minor is None):
        statement.opening_minor = minor
    elif kind in _CLOSING:
        statement.closing_minor = minor


def _signed(element: Element, amount: Element, currency: str) -> int:
    minor = minor_of(amount.text or "", currency)
    return -minor if _text(element, "CdtDbtInd") == "DBIT" else minor


def _entry(statement: Statement, entry: Element) -> None:
    amount = child(entry, "Amt")
    status = _text(entry, "Sts", "Cd") or _text(entry, "Sts")
    if amount is None:
        statement.unread += 1
        statement.remarks.append("An entry without an amount was left out.")
        return
    statement.currency = statement.currency or amount.get("Ccy", "")
    if status and status != "BOOK":
        statement.remarks.append(f"An entry of {amount.text} is not booked yet ({status}) and was left out.")
        return
    try:
        minor = _signed(entry, amount, statement.currency)
        day, strange = _day(entry)
    except Refused as refused:
        statement.unread += 1
        statement.remarks.append(f"An entry was left out: {refused.sentence}")
        return
    if strange:
        statement.remarks.append(strange)
    details = [found for part in entry if local(part) == "NtryDtls" for found in part if local(found) == "TxDtls"]
    one = _part(details[0], minor, statement.currency) if len(details) == 1 else Part(minor)
    parts = tuple(_part(each, minor, statement.currency) for each in details) if len(details) > 1 else ()
    statement.lines.append(
        Line(
            day, minor, _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef"), one.counterparty, one.account,
            one.details or _text(entry, "AddtlNtryInf"), one.end_to_end, one.mandate, one.structured, one.returned,
            parts,
        )
    )  # fmt: skip


def _day(entry: Element) -> tuple[dt.date, str]:
    for name in ("BookgDt", "ValDt"):
        if text := _text(entry, name, "Dt") or _text(entry, name, "DtTm"):
            year, month, day = (text[:10].split("-") + ["", ""])[:3]
            if not (year + month + day).isdecimal():
                raise Refused("not_a_day", f"“{text[:40]}” is not a day.")
            return day_of(int(year), int(month), int(day))
    raise Refused("not_a_day", "It has no day.")


def _part(details: Element, entry_minor: int, currency: str) -> Part:
    amount = next(
        (found for path in (("AmtDtls", "TxAmt", "Amt"), ("Amt",)) if (found := child(details, *path)) is not None),
        None,
    )
    minor = entry_minor
    if amount is not None and amount.get("Ccy", currency) == currency:
        size = minor_of(amount.text or "", currency)
        minor = -size if (_text(details, "CdtDbtInd") == "DBIT" or entry_minor < 0) else size
    # Who paid, where money came in; whom it went to, where it went out.
    whose = "Dbtr" if entry_minor >= 0 else "Cdtr"
    parties = child(details, "RltdPties")
    told = [tidy(part.text) for part in (child(details, "RmtInf") or ()) if local(part) == "Ustrd"]
    end_to_end = _text(details, "Refs", "EndToEndId")
    return Part(
        minor,
        _text(parties, whose, "Nm") or _text(parties, whose, "Pty", "Nm"),
        _text(parties, f"{whose}Acct", "Id", "IBAN") or _text(parties, f"{whose}Acct", "Id", "Othr", "Id"),
        " ".join(told) or _text(details, "AddtlTxInf"),
        "" if end_to_end == "NOTPROVIDED" else end_to_end,
        _text(details, "Refs", "MndtId"),
        _text(details, "RmtInf", "Strd", "CdtrRefInf", "Ref"),
        _text(details, "RtrInf", "Rsn", "Cd"),
    )
