"""BAI2: records of fields between commas, `03` an account, `16` a booking, `88` what did not fit before.

Amounts are in minor units. A booking has no day of its own but that of its group.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace

from counterfoil.bank.readers.statement import Line, Statement, day_of, short_year, text_of, tidy
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text

_RECORDS = "01|02|03|16|49|88|98|99"
# Some files put several records on one line.
_BREAK = re.compile(rf"/\s+(?=(?:{_RECORDS}),)")
_RECORD = re.compile(rf"({_RECORDS}),(.*)", re.DOTALL)
# Some banks fill fields with zeros to any width.
_WHOLE = re.compile(r"[+-]?0*[0-9]{1,15}")
_OPENING, _CLOSING = "010", "015"
# Fields of `16` before its text, where the funds are of the plainest kind.
_BEFORE_TEXT = 5
_LONGEST = dt.timedelta(days=45)


def read(content: bytes, currency: str = "") -> list[Statement]:
    """A statement for each account record."""
    found: list[Statement] = []
    day, group_currency, ended, counted = None, "", False, 0
    for kind, rest in _records(text_of(content)):
        fields = rest.split(",")
        if kind == "02":
            day = _day(fields[3] if len(fields) > 3 else "")
            group_currency = tidy(fields[5]) if len(fields) > 5 else ""
        elif kind == "03":
            found.append(_account(fields, group_currency or currency or "USD"))
            counted = _counted(fields)
        elif kind == "16" and found:
            _booking(found[-1], fields, day)
            counted += _whole(fields[1] if len(fields) > 1 else "")
        elif kind == "49" and found:
            _controlled(found[-1], fields[0], counted)
        ended = ended or kind == "99"
    if not found:
        raise Refused("not_a_statement", "The file looks like BAI2, but holds no account.", field="file")
    if not ended:
        for one in found:
            one.remarks.append("The end of the file is missing: it may have been cut off.")
            one.unread += 1
    for one in found:
        _days_of_references(one)
    return found


def _days_of_references(one: Statement) -> None:
    """Where each reference begins with a day of the month before the group's, that is the day of the booking."""
    days = []
    for line in one.lines:
        match = re.match(r"(20[0-9]{2})([01][0-9])([0-3][0-9])", line.reference)
        try:
            day = day_of(int(match[1]), int(match[2]), int(match[3]))[0] if match else None
        except Refused:
            day = None
        if day is None or not dt.timedelta() <= line.date - day <= _LONGEST:
            return
        days.append(day)
    if any(day != line.date for day, line in zip(days, one.lines, strict=True)):
        one.lines = [replace(line, date=day) for line, day in zip(one.lines, days, strict=True)]
        one.remarks.append("Days are those that the bank's references begin with; the file has one for all bookings.")


def _records(text: str) -> Iterator[tuple[str, str]]:
    """Each record with all that continues it."""
    kind, held = "", ""
    for line in text.splitlines():
        for piece in _BREAK.split(line):
            match = _RECORD.match(piece.strip())
            if match is None:
                # Text that was broken off.
                held += f" {tidy(piece).removesuffix('/')}" if kind else ""
                continue
            value = match[2].rstrip().removesuffix("/")
            if match[1] == "88" and kind:
                held = _joined(kind, held, value)
                continue
            if kind:
                yield kind, held
            kind, held = match[1], value
    if kind:
        yield kind, held


def _joined(kind: str, before: str, more: str) -> str:
    """Text goes on where it stopped; among fields a new one begins."""
    if kind == "16" and before.count(",") >= _BEFORE_TEXT:
        return f"{before}{more}" if not re.match(r"[A-Z]{4}:", more) else f"{before} {more}"
    # The slash ended a field, an empty one too: without it what follows would be read one place too early.
    return f"{before},{more}"


def _day(text: str) -> dt.date | None:
    match = re.fullmatch(r"(?:[0-9]{2})?([0-9]{2})([0-9]{2})([0-9]{2})", text.strip())
    return day_of(short_year(int(match[1])), int(match[2]), int(match[3]))[0] if match else None


def _minor(text: str) -> int:
    clean = tidy(text)
    if not _WHOLE.fullmatch(clean):
        raise Refused("not_an_amount", f"“{clean[:40]}” is not an amount.")
    return int(clean)


def _funds(fields: list[str], place: int) -> int:
    """The place after a funds type and what belongs to it."""
    kind = fields[place].strip().upper() if place < len(fields) else ""
    if kind == "S":
        return place + 4
    if kind == "V":
        return place + 3
    if kind == "D":
        many = fields[place + 1].strip() if place + 1 < len(fields) else ""
        return place + 2 + 2 * (int(many) if many.isdecimal() else 0)
    return place + 1


def _account(fields: list[str], currency: str) -> Statement:
    named = tidy(fields[1]).upper() if len(fields) > 1 else ""
    one = Statement(tidy(fields[0]), named or currency)
    place = 2
    while place + 1 < len(fields):
        code, amount = fields[place].strip(), fields[place + 1].strip()
        # A count stands between the amount and the funds.
        place = _funds(fields, place + 3)
        if code in (_OPENING, _CLOSING) and amount:
            try:
                minor = _minor(amount)
            except Refused as refused:
                one.remarks.append(f"A balance cannot be read: {refused.sentence}")
                continue
            if code == _OPENING:
                one.opening_minor = minor
            else:
                one.closing_minor = minor
    return one


def _whole(text: str) -> int:
    """What a field counts for in a control total: nothing where it is no amount, which is said elsewhere."""
    clean = tidy(text)
    return int(clean) if _WHOLE.fullmatch(clean) else 0


def _counted(fields: list[str]) -> int:
    """The sum of an account's balances and summaries, which are in its control total as its bookings are."""
    total, place = 0, 2
    while place + 1 < len(fields):
        total += _whole(fields[place + 1]) if fields[place].strip() else 0
        place = _funds(fields, place + 3)
    return total


def _controlled(one: Statement, told: str, counted: int) -> None:
    if _whole(told) != counted:
        one.unread += 1
        one.remarks.append(
            f"The amounts of the account come to {money_text(counted, one.currency)}, its control total says "
            f"{money_text(_whole(told), one.currency)}: records are missing or were changed."
        )


def _booking(one: Statement, fields: list[str], day: dt.date | None) -> None:
    try:
        code = fields[0].strip()
        if not code.isdecimal() or len(fields) < 2:
            raise Refused("not_a_line", f"“{','.join(fields)[:40]}” cannot be read.")
        minor = _minor(fields[1])
        if day is None:
            raise Refused("not_a_day", "Its group has no day.")
    except Refused as refused:
        one.unread += 1
        one.remarks.append(f"A booking was left out: {refused.sentence}")
        return
    kind = int(code)
    if not (100 <= kind < 700):
        one.remarks.append(f"A booking of the type {code} moves no money and was left out.")
        return
    place = _funds(fields, 2)
    reference, customers = [*(tidy(text) for text in fields[place : place + 2]), "", ""][:2]
    told = tidy(",".join(fields[place + 2 :]))
    names = re.search(r"(?:DBNM|CRNM): ?(.*?)(?= [A-Z]{4}:|$)", told)
    paid = re.search(r"EREF: ?(\S+)", told)
    one.lines.append(
        Line(
            day, minor if kind < 400 else -minor, reference or customers, tidy(names[1]) if names else "", details=told,
            end_to_end=paid[1] if paid else "",
        )
    )  # fmt: skip
