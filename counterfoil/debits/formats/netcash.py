"""Netcash (South Africa): debit order batches out; batch reports and the daily statement in.

A batch is lines of fields between tabs: H says what it is, K which fields follow, T is an order, F counts and sums in
cents (api.netcash.co.za, input template). Proven against samples of another project, not against Netcash: see `PROVEN`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from counterfoil.debits.formats.accounts import CURRENCIES, bare, check_accounts
from counterfoil.debits.formats.order import (
    Answer,
    Creditor,
    FormatError,
    Kind,
    Order,
    OrderFile,
    check_file,
    check_orders,
    day_of,
    minor_of,
    plain,
    plain_name,
    tidy,
)
from counterfoil.debits.formats.reasons import reason

# The batch file is as the input template says; nobody sent one to Netcash from here.
PROVEN = False

Instruction = Literal["TwoDay", "SameDay"]
# Account reference, name, kind of detail (1: bank account), account name, account type, branch, filler, account number,
# amount in cents, and two of ours that come back on the statement.
_KEYS = ("101", "102", "131", "132", "133", "134", "135", "136", "162", "301", "302")
# An account reference; Netcash keeps one of each payer in its master file.
MOST_MANDATE = 22
_KEY = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# What of a statement is about debit orders. Of other services nothing is read.
_KINDS: dict[str, Kind] = {
    "TDD": "collected", "SDD": "collected", "TDC": "collected", "SDC": "collected", "DRU": "returned", "NSF": "fee",
    # The tax of the fees, on a line of its own.
    "VAT": "fee",
}  # fmt: skip
_OTHERS = set(
    "OBL CBL CRP CRU CDR CSP DTT DTR SAL SAD SRU BTR BTU INP INR IAT IST AVS DCP ABR ABU PNC PNU PND PNR PNP PNM PNE "
    "PNQ PNW PNZ BDW".split()
)


def write(
    creditor: Creditor,
    orders: Sequence[Order],
    *,
    message: str,
    collect_on: dt.date,
    instruction: Instruction = "TwoDay",
) -> OrderFile:
    """The batch, of a name (`message`) that its report names.

    Netcash knows a payer by the mandate, once in each batch; our reference goes in the first extra field, which the
    statement gives back. The fact is `footer`.
    """
    _check(creditor, orders, message)
    total = sum(order.amount_minor for order in orders)
    footer = ["F", str(len(orders)), str(total), "9999"]
    rows = [
        ["H", creditor.creditor_id, "1", instruction, message, f"{collect_on:%Y%m%d}", creditor.vendor_key],
        ["K", *_KEYS],
        *(_row(order) for order in orders),
        footer,
    ]
    content = "".join("\t".join(row) + "\r\n" for row in rows).encode("ascii")
    name = f"{message.replace('/', '-')}.txt"
    return OrderFile(name, content, len(orders), total, {"footer": "\t".join(footer)})


def _row(order: Order) -> list[str]:
    name, kind = plain_name(order, 50), "1" if order.account_type == "current" else "2"
    return [
        "T", order.mandate, name, "1", name, kind, bare(order.bank), "0", bare(order.account), str(order.amount_minor),
        order.reference, order.mandate,
    ]  # fmt: skip


def _check(creditor: Creditor, orders: Sequence[Order], message: str) -> None:
    for what, key in (
        ("service key of debit orders", creditor.creditor_id),
        ("software vendor key", creditor.vendor_key),
    ):
        if not _KEY.fullmatch(key):
            raise FormatError("bad_creditor", f"The {what} is 32 digits and letters in five groups. Copy it anew.")
    if not message or plain(message, 50) != message:
        raise FormatError("bad_message", f"The batch name “{message[:40]}” must be 1 to 50 letters and digits.")
    check_orders(orders, CURRENCIES["za"])
    check_accounts("za", orders)
    known: set[str] = set()
    for order in orders:
        wrong = ""
        if not 2 <= len(order.mandate) <= MOST_MANDATE or plain(order.mandate, MOST_MANDATE) != order.mandate:
            wrong = f"its mandate must be 2 to {MOST_MANDATE} letters and digits"
        elif order.mandate in known:
            wrong = "its mandate is in the batch already; Netcash takes each once. Collect both in one amount"
        elif plain(order.reference, 35) != order.reference:
            wrong = "its reference must be letters and digits"
        if wrong:
            raise FormatError("bad_order", f"Order {order.reference}: {wrong}.", reference=order.reference)
        known.add(order.mandate)


def _lines(content: bytes, what: str) -> Iterator[tuple[int, str]]:
    check_file(content, what)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip():
            yield number, line


def read_statement(content: bytes) -> list[Answer]:
    """What the daily statement says of debit orders: collected, unpaid with its code, and fees; amounts as it has them.

    Lines of other services are no answers. Refused: what is no statement, is cut off, or has a code nobody knows.
    """
    answers, ended = [], False
    begun = False
    for number, line in _lines(content, "A Netcash statement"):
        cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else re.split(" {4}", line))]
        if not begun and cells[0] in ("FH", "SH"):
            raise FormatError("bulk", "This is a bulk statement. Download the daily statement instead.", line=1)
        code = cells[1] if len(cells) > 1 else ""
        if not begun and not re.fullmatch("[A-Z]{3}", code):
            raise FormatError("not_a_statement", "The file is no Netcash statement. Choose another.", line=number)
        begun = True
        if ended:
            raise FormatError("damaged", f"Line {number}: the statement goes on after its end.", line=number)
        ended = code == "CBL"
        if code in _KINDS:
            answers.append(_answer(cells, _KINDS[code], number))
        elif code not in _OTHERS:
            raise FormatError(
                "unknown_code",
                f"Line {number}: nobody here knows the code “{tidy(code, 20)}”. Ask Netcash what it means.",
                line=number,
            )
    if not ended:
        raise FormatError("cut_off", "The statement is cut off: it has no closing balance. Download it again.")
    return answers


def _answer(cells: list[str], kind: Kind, number: int) -> Answer:
    """A line: date, code, id, description, amount, sign, VAT, three of ours, ledger. A description may be parted."""
    sign = next((place for place in range(4, len(cells)) if cells[place] in ("+", "-")), 0)
    if not sign:
        raise FormatError("damaged", f"Line {number}: it has no amount with a sign after it.", line=number)
    told = " ".join(cells[3 : sign - 1])
    extras = [tidy(cell) for cell in cells[sign + 2 : sign + 5]] + ["", ""]
    coded = re.search(r"- ?Code: ?([0-9A-Za-z]{1,10})", told)
    why = reason("za", coded[1] if coded else "") if kind == "returned" else None
    return Answer(
        kind,
        reference=extras[0],
        mandate=extras[1],
        amount_minor=minor_of(cells[sign - 1], CURRENCIES["za"], f"Line {number}", line=number),
        on=day_of(cells[0], "%Y-%m-%d", f"Line {number}", line=number),
        code=why.code if why else cells[1],
        meaning=why.meaning if why else f"{tidy(told, 100)}.",
        final=why.ends_mandate if why else False,
    )


_BEGIN = re.compile(
    r"###BEGIN\s+(?P<batch>\S.*?)\s+(?P<how>SUCCESSFUL WITH ERRORS|SUCCESSFUL|UNSUCCESSFUL)\s+"
    r"(?P<time>[0-9][0-9: APM]*?)\s+R(?P<amount>[0-9][0-9.,]*)\s+(?P<day>[0-9]{8})\s*"
)
_WRONG = re.compile(r"Acc Ref ?:\s*(?P<mandate>.*?)\s+Line ?:\s*(?P<line>[0-9]+)\s+(?P<what>\S.*)")


def read_batch_report(content: bytes) -> list[Answer]:
    """What Netcash says of a batch it was sent: first of all of it, accepted or rejected; then of each wrong line.

    `file` is the batch's name. A batch that was not successful is not collected at all, whatever lines were right.
    """
    answers: list[Answer] = []
    amount, day, batch, ended = 0, None, "", False
    for number, line in _lines(content, "A Netcash batch report"):
        if not answers:
            if len(line) > 500 or not (begin := _BEGIN.fullmatch(line)):
                raise FormatError("not_a_report", "The file is no Netcash batch report. Choose another.", line=number)
            batch = tidy(begin["batch"])
            amount = minor_of(begin["amount"], CURRENCIES["za"], f"Line {number}", line=number)
            day = day_of(begin["day"], "%Y%m%d", f"Line {number}", line=number)
            good = begin["how"] != "UNSUCCESSFUL"
            meaning = f"Netcash took batch {batch}." if good else f"Netcash took nothing of batch {batch}."
            answers.append(Answer("accepted" if good else "rejected", "", "", "", amount, day, "", meaning, file=batch))
        elif ended:
            raise FormatError("damaged", f"Line {number}: the report goes on after its end.", line=number)
        elif line.startswith("###END"):
            ended = True
        elif line.startswith("###ERROR:"):
            what = tidy(line[9:].split("\t")[0])
            answers.append(Answer("rejected", "", "", "", None, day, "", f"{what}.", file=batch))
        else:
            answers.append(_wrong_line(line, number, day, batch))
    if not ended:
        raise FormatError("cut_off", "The report is cut off: it has no end. Download it again.")
    return answers


def _wrong_line(line: str, number: int, day: dt.date | None, batch: str) -> Answer:
    said = _WRONG.match(line[:1000])
    if not said:
        raise FormatError("damaged", f"Line {number}: nobody here can read “{tidy(line, 60)}”.", line=number)
    what = tidy(said["what"].split("\t")[0])
    return Answer("rejected", "", tidy(said["mandate"]), "", None, day, "", f"Line {said['line']}: {what}.", file=batch)
