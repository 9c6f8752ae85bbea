"""US ACH in the format of Nacha: debits out (PPD), returns and corrections in.

A file is lines of 94 characters, padded with lines of nines to tens (Nacha Operating Rules, appendix three). Amounts
are cents. The entry hash is the sum of the first eight digits of all routing numbers; its last ten digits count.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from counterfoil.debits.formats.accounts import CURRENCIES, bare, check_accounts, wrong_creditor_id, wrong_routing
from counterfoil.debits.formats.order import (
    Answer,
    Creditor,
    FormatError,
    Order,
    OrderFile,
    check_file,
    check_orders,
    day_of,
    plain,
    plain_name,
    tidy,
)
from counterfoil.debits.formats.reasons import reason

# The identification number of an entry, which comes back with a return.
MOST_REFERENCE = 15
# Ten digits of cents in an entry, twelve in a control.
MOST_MINOR, _MOST_SUM = 9_999_999_999, 999_999_999_999
# What a return or a correction is known by, with the list of codes.
_RETURN, _CORRECTION = "99", "98"
_WIDTH, _BLOCK = 94, 10
_NINES = "9" * _WIDTH


def write(
    creditor: Creditor,
    orders: Sequence[Order],
    *,
    created: dt.datetime,
    collect_on: dt.date,
    description: str = "PAYMENT",
    modifier: str = "A",
    batch: int = 1,
) -> OrderFile:
    """The file: one batch of PPD debits (service class 225), 27 for current and 37 for savings accounts, no addenda.

    `description` is what the payer reads, at most 10 characters; `modifier`, A to Z or a digit, tells files of one day
    apart. Facts are `entry_hash`, `blocks`, `batch` and `modifier`.
    """
    _check(creditor, orders, modifier, batch)
    bank, name = bare(creditor.bank), plain(creditor.name, 23)
    total = sum(order.amount_minor for order in orders)
    entry_hash = f"{sum(int(bare(order.bank)[:8]) for order in orders) % 10**10:010d}"
    lines = [
        f"101 {bank}{creditor.creditor_id}{created:%y%m%d%H%M}{modifier}094101{plain(creditor.bank_name, 23):<23}"
        f"{name:<23}{'':8}",
        f"5225{name[:16]:<16}{'':20}{creditor.creditor_id}PPD{plain(description, 10):<10}{'':6}{collect_on:%y%m%d}"
        f"{'':3}1{bank[:8]}{batch:07d}",
    ]
    for number, order in enumerate(orders, 1):
        code = "27" if order.account_type == "current" else "37"
        lines.append(
            f"6{code}{bare(order.bank)}{bare(order.account):<17}{order.amount_minor:010d}{order.reference:<15}"
            f"{plain_name(order, 22):<22}{'':2}0{bank[:8]}{number:07d}"
        )
    lines.append(
        f"8225{len(orders):06d}{entry_hash}{total:012d}{0:012d}{creditor.creditor_id}{'':25}{bank[:8]}{batch:07d}"
    )
    blocks = -(-(len(lines) + 1) // _BLOCK)
    lines.append(f"9{1:06d}{blocks:06d}{len(orders):08d}{entry_hash}{total:012d}{0:012d}{'':39}")
    lines += [_NINES] * (blocks * _BLOCK - len(lines))
    content = ("\r\n".join(lines) + "\r\n").encode("ascii")
    facts = {"entry_hash": entry_hash, "blocks": str(blocks), "batch": str(batch), "modifier": modifier}
    return OrderFile(f"{created:%Y%m%d}{modifier}.ach", content, len(orders), total, facts)


def _check(creditor: Creditor, orders: Sequence[Order], modifier: str, batch: int) -> None:
    if not plain(creditor.name, 16):
        raise FormatError("bad_creditor", "Our name cannot be written for the bank. Enter it in Latin letters.")
    if wrong := wrong_routing(bare(creditor.bank)):
        raise FormatError("bad_creditor", f"Our own bank: {wrong}")
    if wrong := wrong_creditor_id("nacha", creditor.creditor_id):
        raise FormatError("bad_creditor", wrong)
    if not re.fullmatch("[A-Z0-9]", modifier) or not 0 < batch < 10**7:
        raise FormatError("bad_message", "The file's modifier must be a letter or digit, its batch 1 to 9999999.")
    check_orders(orders, CURRENCIES["nacha"], most=MOST_MINOR)
    check_accounts("nacha", orders)
    if len(orders) > 999_999 or sum(order.amount_minor for order in orders) > _MOST_SUM:
        raise FormatError("too_much", "One file cannot carry so many orders or so much. Make two runs of it.")
    for order in orders:
        if len(order.reference) > MOST_REFERENCE or plain(order.reference, MOST_REFERENCE) != order.reference:
            raise FormatError(
                "bad_order",
                f"Order {order.reference}: NACHA takes a reference of at most {MOST_REFERENCE} letters and digits.",
                reference=order.reference,
            )


@dataclass
class Contents:
    """What a file holds, as counted; amounts in cents."""

    created_on: dt.date
    batches: int = 0
    entries: int = 0
    addenda: int = 0
    debit_minor: int = 0
    credit_minor: int = 0
    hash_sum: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def entry_hash(self) -> str:
        """The last ten digits of the sum of routing numbers."""
        return f"{self.hash_sum % 10**10:010d}"


@dataclass
class _Entry:
    """An entry whose addenda may follow."""

    account: str
    reference: str
    name: str
    amount_minor: int


def read(content: bytes) -> list[Answer]:
    """What the bank says of debits it was sent: returns (R..) and corrections (C..).

    An answer's reference is the identification number of the entry, or the trace number where there is none; its day is
    that of the file. Refused: what is no such file, is cut or damaged, or holds orders only.
    """
    found = contents(content)
    if found.entries and not found.answers:
        raise FormatError(
            "no_answers",
            "The file holds no returns or corrections: it is a file of orders. Choose the bank's answer.",
        )
    return found.answers


def contents(content: bytes) -> Contents:
    """Everything in the file, if its controls agree with it; refused in words where they do not."""
    check_file(content, "A NACHA file")
    lines = _lines(content)
    number, head = next(lines, (1, ""))
    if not re.match(r"101[ 0-9]{10}", head):
        raise FormatError("not_nacha", "The file is no NACHA file: its first line says so. Choose another.", line=1)
    found = Contents(day_of(head[23:29], "%y%m%d", f"Line {number}: the file's day", line=number))
    before, batch, ended = _state(found), False, False
    entry: _Entry | None = None
    for number, line in lines:
        kind = line[0]
        if ended:
            raise FormatError("damaged", f"Line {number}: the file goes on after its end.", line=number)
        if kind == "9" and batch:
            raise FormatError("cut_off", f"Line {number}: the batch before it is cut off. {_AGAIN}", line=number)
        if kind not in "56789" or (kind in "678") != batch:
            raise FormatError("damaged", f"Line {number}: such a line cannot stand here. {_AGAIN}", line=number)
        if kind == "5":
            batch, before, entry = True, _state(found), None
            found.batches += 1
        elif kind == "6":
            entry = _entry(found, line, number)
        elif kind == "7":
            _addendum(found, entry, line, number)
        elif kind == "8":
            batch = False
            # Nothing of one batch counts in another.
            now = tuple(after - was for after, was in zip(_state(found), before, strict=True))
            _compare("batch", now, line, number, (4, 10, 20, 32, 44))
        else:
            ended = True
            _compare("file", _state(found), line, number, (13, 21, 31, 43, 55))
    if not ended:
        raise FormatError("cut_off", f"The file is cut off: it ends without its control record. {_AGAIN}")
    return found


_AGAIN = "Ask the bank for the file again."


def _lines(content: bytes) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, 94 characters each; without those that only fill the last block."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    # Only these part lines: `splitlines` would part at signs within a name.
    rows = re.split(r"\r\n|\n|\r", text)
    if len(rows) == 1 and len(text) > _WIDTH:
        # Some banks send blocks without line breaks.
        rows = [text[place : place + _WIDTH] for place in range(0, len(text), _WIDTH)]
    for number, row in enumerate(rows, 1):
        line = row.rstrip()
        if not line or (len(line) >= _WIDTH and not line.strip("9")):
            continue
        if len(line) > _WIDTH:
            raise FormatError(
                "damaged", f"Line {number} has {len(line)} characters, not {_WIDTH}. {_AGAIN}", line=number
            )
        yield number, line.ljust(_WIDTH)


def _state(found: Contents) -> tuple[int, ...]:
    return found.entries + found.addenda, found.hash_sum, found.debit_minor, found.credit_minor


def _compare(what: str, now: tuple[int, ...], line: str, number: int, places: Sequence[int]) -> None:
    """Refuses a control that says anything but what was counted."""
    names = ("the number of entries", "the entry hash", "the sum of debits", "the sum of credits")
    for name, counted, (start, end) in zip(names, now, pairwise(places), strict=True):
        counted = counted % 10**10 if name == "the entry hash" else counted
        said = _number(line, start, end, name, number)
        if said != counted:
            raise FormatError(
                "does_not_add_up",
                f"Line {number}: {name} of the {what} is {counted}, its control says {said}: lines are missing or "
                f"damaged. {_AGAIN}",
                line=number,
            )


def _number(line: str, start: int, end: int, what: str, number: int) -> int:
    text = line[start:end]
    if not re.fullmatch("[0-9]+", text):
        raise FormatError("damaged", f"Line {number}: “{tidy(text)}” is not {what}. {_AGAIN}", line=number)
    return int(text)


def _entry(found: Contents, line: str, number: int) -> _Entry:
    """Counts an entry. The second digit of its code says which way: 1 to 4 are credits, 5 to 9 are debits."""
    code = _number(line, 1, 3, "a transaction code", number)
    amount = _number(line, 29, 39, "an amount", number)
    found.entries += 1
    found.hash_sum += _number(line, 3, 11, "a routing number", number)
    if code % 10 < 5:
        found.credit_minor += amount
    else:
        found.debit_minor += amount
    return _Entry(line[12:29].strip(), line[39:54].strip(), line[54:76].strip(), amount)


def _addendum(found: Contents, entry: _Entry | None, line: str, number: int) -> None:
    found.addenda += 1
    if entry is None:
        raise FormatError("damaged", f"Line {number}: an addendum without its entry. {_AGAIN}", line=number)
    kind = line[1:3]
    if kind not in (_RETURN, _CORRECTION):
        return
    code, trace = line[3:6], line[6:21].strip()
    if not re.fullmatch("R[0-9]{2}" if kind == _RETURN else "C[0-9]{2}", code):
        raise FormatError("damaged", f"Line {number}: “{tidy(code)}” is no code of a return. {_AGAIN}", line=number)
    why = reason("nacha", code)
    found.answers.append(
        Answer(
            "returned" if kind == _RETURN else "corrected",
            reference=tidy(entry.reference or trace),
            account=tidy(entry.account),
            # A correction is of no amount: nothing moves.
            amount_minor=entry.amount_minor if kind == _RETURN else None,
            on=found.created_on,
            code=code,
            meaning=why.meaning,
            final=why.ends_mandate,
            correction=tidy(line[35:64]) if kind == _CORRECTION else "",
        )
    )
