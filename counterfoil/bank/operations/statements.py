"""Bringing in a statement: what is new of it, once, whatever format said it."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import asdict
from typing import Annotated

from counterfoil.bank import queries
from counterfoil.bank.models import BankLine, BankStatement
from counterfoil.bank.readers import Columns, Line, Statement, columns_from, read
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.rules import BANK, SUSPENSE, Leg
from counterfoil.operator.models import BankAccount
from counterfoil.operator.queries import operator_currency
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural


def _read(caller: Caller, *, content: bytes, mapping: str = "", **more: object) -> list[Statement]:
    columns: Columns | None = None
    if mapping.strip():
        try:
            columns = columns_from(tomllib.loads(mapping))
        except tomllib.TOMLDecodeError as error:
            raise Refused("bad_mapping", f"That is no mapping: {error}.", field="mapping") from error
    return read(content, columns, currency=operator_currency())


@verb(label="Bring in a bank statement", before=_read, whole=True)
def bring_in_statement(
    op: Operation,
    *,
    content: bytes,
    file_name: Annotated[str, Says(most=200)],
    bank_account: BankAccount | None = None,
    mapping: str = "",
    although: bool = False,
) -> list[BankStatement]:
    """Each line that is not here yet waits for somebody who knows whose it is; its money is in the books.

    A line is known by account, day, amount and its place among such lines of that day, so another format of the same
    month adds nothing. Refused where a statement does not add up, unless it is to be taken `although` it does not.
    """
    found: list[Statement] = op.ready
    wrong = [sentence for one in found if one.adds_up is False for sentence in one.doubts]
    refuse_if(bool(wrong) and not although, "does_not_add_up", " ".join(wrong)[:1000], field="although")
    made, already, seen = [], 0, Counter[tuple[str, str, dt.date, int]]()
    digest = hashlib.sha256(content).hexdigest()
    for one in found:
        refuse_if(not re.fullmatch(r"[A-Z]{3}", one.currency), "no_currency",
                  "The file does not say its currency. Enter the company's in Settings.", field="file")  # fmt: skip
        account = bank_account or queries.account_called(one.account)
        key = f"#{account.pk}" if account else one.account[:80]
        # Under what the file calls the account the lines may be here since before it was set up.
        keys = {key} if bank_account else {key, one.account[:80]}
        fresh = _new_lines(one, key, keys, seen)
        already += len(one.lines) - len(fresh)
        if fresh:
            made.append(_write(op, one, account, key, fresh, file_name, digest))
    if not made:
        said = f"{plural(already, 'line is', 'lines are')} here already" if already else "There is no line in it"
        raise Refused("nothing_new", f"{said}; nothing was added.", field="content")
    return made


def _new_lines(
    one: Statement, key: str, keys: set[str], seen: Counter[tuple[str, str, dt.date, int]]
) -> list[tuple[int, Line]]:
    """Those that are not here, each with its place among such lines of its day in all statements of the file."""
    lines = []
    for line in one.lines:
        if line.amount_minor:
            like = key, one.currency, line.date, line.amount_minor
            lines.append((seen[like], line))
            seen[like] += 1
    if not lines:
        return []
    days = [line.date for _, line in lines]
    here = BankLine.objects.filter(key__in=keys, currency=one.currency, on__range=(min(days), max(days)))
    known = set(here.values_list("on", "amount_minor", "place"))
    return [(place, line) for place, line in lines if (line.date, line.amount_minor, place) not in known]


def _write(
    op: Operation, one: Statement, account: BankAccount | None, key: str, fresh: list[tuple[int, Line]], name: str,
    digest: str,
) -> BankStatement:  # fmt: skip
    here = len([line for line in one.lines if line.amount_minor]) - len(fresh)
    said = [*([f"{plural(here, 'line was', 'lines were')} here already."] if here else []), *one.doubts[:50]]
    row = BankStatement.objects.create(
        bank_account=account, account=one.account[:80], currency=one.currency, opening_minor=one.opening_minor,
        closing_minor=one.closing_minor, adds_up=one.adds_up, said=said, file_name=name, sha256=digest,
        author=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    op.record("statement.brought_in", row, lines=plural(len(fresh), "line"), file=name)
    values = [
        (
            row.pk, key, line.date, line.amount_minor, place, one.currency, line.reference[:140],
            line.counterparty[:140], line.account[:80], (line.details or line.structured)[:500], _told(line),
            BankLine.State.OPEN, None, "",
        )
        for place, line in fresh
    ]  # fmt: skip
    columns = (
        "statement", "key", "on", "amount_minor", "place", "currency", "reference", "counterparty", "account",
        "details", "told", "state", "posted_to", "note",
    )  # fmt: skip
    for pk, value in zip(bulk.add_rows(BankLine, columns, values), values, strict=True):
        told = money_text(value[3], one.currency)
        op.record("bank_line.added", BankLine(pk=pk), amount=told, on=value[2])
    days: dict[dt.date, int] = defaultdict(int)
    for _, line in fresh:
        days[line.date] += line.amount_minor
    post_entries(op, entries=[
        NewEntry(day, one.currency, "bank", f"{row.pk}", f"Bank statement {name}"[:200],
                 (Leg(BANK, minor), Leg(SUSPENSE, -minor)))
        for day, minor in sorted(days.items()) if minor
    ])  # fmt: skip
    return row


def _told(line: Line) -> dict[str, object]:
    told: dict[str, object] = {
        name: getattr(line, name) for name in ("end_to_end", "mandate", "structured", "returned") if getattr(line, name)
    }
    return {**told, "parts": [asdict(part) for part in line.parts]} if line.parts else told
