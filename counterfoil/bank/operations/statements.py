"""Bringing in a statement: what is new of it, once, whatever format said it."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import re
import tomllib
from collections import defaultdict
from dataclasses import asdict
from typing import Annotated

from counterfoil.bank import queries
from counterfoil.bank.models import BankLine, BankStatement, KeptColumns
from counterfoil.bank.readers import Columns, Line, Statement, columns_from, read
from counterfoil.bank.rules import new_among, posted_on
from counterfoil.kernel.errors import Refused, Remedy, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.ledger.models import LedgerAccount
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.queries import closed_for
from counterfoil.ledger.rules import BANK, SUSPENSE, Leg
from counterfoil.operator.models import BankAccount
from counterfoil.operator.queries import operator_currency
from counterfoil.platform import bulk
from counterfoil.platform.callers import Caller
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.signatures import Says
from counterfoil.platform.templatetags.counterfoil import plural


def _read(
    caller: Caller, *, content: bytes, mapping: str = "", bank_account: BankAccount | None = None, **more: object
) -> list[Statement]:
    currency = operator_currency()
    if mapping.strip():
        return read(content, _columns(mapping), currency=currency)
    if kept := queries.kept_columns(bank_account):
        # Of another layout than the last one it is read as it is.
        with contextlib.suppress(Refused):
            found = read(content, _columns(kept), currency=currency)
            if not any(one.unread for one in found):
                return found
    return read(content, None, currency=currency)


def _columns(mapping: str) -> Columns:
    try:
        return columns_from(tomllib.loads(mapping))
    except tomllib.TOMLDecodeError as error:
        raise Refused("bad_mapping", f"That is no mapping: {error}.", field="mapping") from error


@verb(label="Bring in a bank statement", before=_read, whole=True)
def bring_in_statement(
    op: Operation,
    *,
    content: bytes,
    file_name: Annotated[str, Says(most=200)],
    bank_account: BankAccount | None = None,
    mapping: Annotated[str, Says(most=2000)] = "",
    although: bool = False,
) -> list[BankStatement]:
    """Each line that is not here yet waits for somebody who knows whose it is; its money is in the books.

    A line is known by account, day and amount, and by what it says of payer and reference where both say it
    (`rules.new_among`), so another format of the same month adds nothing. Refused where a statement does not add up,
    unless it is to be taken `although` it does not. What is of a day to come is left out until then; what is of a day
    that is closed is posted on the first open one. A mapping is kept for the next table of the account.
    """
    found: list[Statement] = op.ready
    wrong = [sentence for one in found if one.adds_up is False for sentence in one.doubts]
    refuse_if(bool(wrong) and not although, "does_not_add_up", " ".join(wrong)[:1000], field="although")
    refuse_if(not all(re.fullmatch(r"[A-Z]{3}", one.currency) for one in found), "no_currency",
              "The file does not say its currency. Enter the company's in Settings.", field="file")  # fmt: skip
    # One file after the other: two parts of a day at once would both take the first place of it.
    LedgerAccount.objects.select_for_update(no_key=True).get(code=SUSPENSE)
    accounts = _accounts(found, bank_account)
    keys = [f"#{row.pk}" if row else one.account[:80] for one, row in zip(found, accounts, strict=True)]
    fresh = _new_lines(found, keys, op.today)
    digest = hashlib.sha256(content).hexdigest()
    made = [
        _write(op, one, account, key, lines, file_name, digest)
        for one, account, key, lines in zip(found, accounts, keys, fresh, strict=True) if lines
    ]  # fmt: skip
    if mapping.strip() and len(set(accounts)) == 1 and accounts[0] is not None:
        _keep(op, accounts[0], mapping)
    if not made:
        ahead = sum(_ahead(one, op.today) for one in found)
        already = sum(len(one.lines) for one in found) - ahead
        said = f"{plural(already, 'line is', 'lines are')} here already" if already else "There is no line in it"
        said = f"{said}; nothing was added." if already or not ahead else "Nothing was added."
        raise Refused("nothing_new", " ".join([said, *_ahead_text(ahead)]), field="content")
    return made


def _keep(op: Operation, account: BankAccount, mapping: str) -> None:
    """The next table of the account is read with the same columns."""
    if queries.kept_columns(account) != mapping:
        row, _ = KeptColumns.objects.update_or_create(bank_account=account, defaults={"text": mapping})
        op.record("bank_columns.kept", row, account=str(account))


def _ahead(one: Statement, today: dt.date) -> int:
    """How many lines are of days to come: their money has not moved yet."""
    return sum(line.date > today for line in one.lines)


def _ahead_text(many: int) -> list[str]:
    said = plural(many, "line of a day", "lines of days")
    return [f"Left out: {said} to come. Bring the file in again then."] if many else []


def _accounts(found: list[Statement], chosen: BankAccount | None) -> list[BankAccount | None]:
    """Which of our accounts each statement is of; none where it names one that is not in Settings.

    Refused where a statement names none and there are several to choose from, and where the chosen one cannot be it.
    """
    names = sorted({one.account for one in found})
    if chosen is None:
        ours = queries.our_accounts() if "" in names else []
        if "" in names and not ours:
            raise Refused("no_account", "The file does not say which account it is of, and none of yours is entered. "
                          "Add it in Settings.", field="bank_account",
                          remedy=Remedy("bank-accounts", "operator.add_bank_account"))  # fmt: skip
        refuse_if(len(ours) > 1, "which_account", "The file does not say which account it is of. Choose it.",
                  field="bank_account")  # fmt: skip
        called = {name: queries.account_called(name) if name else ours[0] for name in names}
        return [called[one.account] for one in found]
    said = ", ".join(name or "one without a number" for name in names)
    refuse_if(len(names) > 1, "several_accounts", f"The file holds several accounts ({said}), so they cannot all be "
              f"{chosen}. Leave the account as the file says.", field="bank_account")  # fmt: skip
    named = queries.account_numbered(names[0]) if names else None
    refuse_if(named is not None and named != chosen, "another_account", f"The file is of {named}, not of {chosen}.",
              field="bank_account")  # fmt: skip
    return [chosen] * len(found)


_Placed = list[tuple[int, Line]]


def _new_lines(found: list[Statement], keys: list[str], today: dt.date) -> list[_Placed]:
    """Of each statement the lines that are not here, each with its place among those of its account, day and amount.

    All statements of a file are compared together, because a line that is here stands for one line of the file alone.
    """
    files: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (one, key) in enumerate(zip(found, keys, strict=True)):
        files[key, one.currency].append(number)
    places: list[dict[int, int]] = [{} for _ in found]
    for (key, currency), numbers in files.items():
        like: dict[tuple[dt.date, int], list[tuple[int, int]]] = defaultdict(list)
        for number in numbers:
            for at, line in enumerate(found[number].lines):
                if line.amount_minor and line.date <= today:
                    like[line.date, line.amount_minor].append((number, at))
        if not like:
            continue
        # Under what the file calls the account the lines may be here since before it was set up.
        names = {key, *(found[number].account[:80] for number in numbers)} - {""}
        days = [day for day, _ in like]
        here: dict[tuple[dt.date, int], list[BankLine]] = defaultdict(list)
        rows = BankLine.objects.filter(key__in=names, currency=currency, on__range=(min(days), max(days)))
        for row in rows.order_by("place", "pk"):
            here[row.on, row.amount_minor].append(row)
        for which, spots in like.items():
            known = here[which]
            last = max((row.place for row in known), default=-1)
            lines = [found[number].lines[at] for number, at in spots]
            for place, new in enumerate(new_among(lines, [queries.as_line(row) for row in known]), last + 1):
                number, at = spots[new]
                places[number][at] = place
    return [
        [(places[number][at], line) for at, line in enumerate(one.lines) if at in places[number]]
        for number, one in enumerate(found)
    ]


def _write(
    op: Operation, one: Statement, account: BankAccount | None, key: str, fresh: _Placed, name: str,
    digest: str,
) -> BankStatement:  # fmt: skip
    here = sum(line.amount_minor != 0 and line.date <= op.today for line in one.lines) - len(fresh)
    # Who may post late does; everybody else posts on the first open day.
    closed = closed_for(op.caller)
    late = [line.amount_minor for _, line in fresh if closed and line.date <= closed]
    said = [f"{plural(here, 'line was', 'lines were')} here already."] if here else []
    said += _ahead_text(_ahead(one, op.today))
    if late and closed:
        many = plural(len(late), "line of a closed day", "lines of closed days")
        day = date_text(posted_on(closed, closed))
        said.append(f"{money_text(sum(late), one.currency)} of {many} is posted on {day}.")
    said += one.doubts[:50]
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
        days[posted_on(line.date, closed)] += line.amount_minor
    post_entries(op, entries=[
        NewEntry(day, one.currency, "bank", f"statement {row.pk}", f"Bank statement {name}"[:200],
                 (Leg(BANK, minor), Leg(SUSPENSE, -minor)))
        for day, minor in sorted(days.items()) if minor
    ])  # fmt: skip
    return row


def _told(line: Line) -> dict[str, object]:
    told: dict[str, object] = {
        name: getattr(line, name) for name in ("end_to_end", "mandate", "structured", "returned") if getattr(line, name)
    }
    return {**told, "parts": [asdict(part) for part in line.parts]} if line.parts else told
