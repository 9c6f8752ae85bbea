"""The list of bank lines."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import Q
from django.urls import reverse

from counterfoil.bank import queries
from counterfoil.bank.models import BankLine
from counterfoil.bank.nouns import LINE
from counterfoil.bank.operations import post_line, record_line, reopen_line
from counterfoil.bank.rules import Book, Match, match
from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Table, View

TONES = {"open": "warn", "recorded": "ok", "posted": ""}


def lines_table(caller: Caller) -> Table:
    """What came and went, and what each line would settle; what is open is read once for a page, if it is asked."""

    @cache
    def book(currency: str) -> Book:
        return queries.book_in(currency)

    @cache
    def found(pk: int, row: Any) -> Match:
        return match(queries.as_line(row), book(row.currency))

    def proposal(row: BankLine) -> str:
        if row.state == BankLine.State.POSTED:
            return f"{row.posted_to}{f', {row.note}' if row.note else ''}"
        if row.state == BankLine.State.RECORDED:
            return ", ".join(made.receipt.number for made in row.payments.all())
        if row.amount_minor < 0:
            return ""
        one = found(row.pk, row)
        shares = queries.shares_text(one, row.currency)
        return f"{'' if one.sure or not one.shares else 'Perhaps '}{shares}"

    def why(row: BankLine) -> str:
        return found(row.pk, row).reason if row.state == BankLine.State.OPEN and row.amount_minor > 0 else ""

    def next_step(row: BankLine) -> tuple[str, str]:
        if row.state != BankLine.State.OPEN:
            return "Reopen", "reopen-line"
        if row.amount_minor < 0:
            return "Post", "post-line"
        return ("Record", "record-line") if found(row.pk, row).shares else ("Whose is it?", "give-line")

    may = {
        "record-line": caller.may(record_line), "give-line": caller.may(record_line),
        "post-line": caller.may(post_line), "reopen-line": caller.may(reopen_line),
    }  # fmt: skip

    def act(row: BankLine) -> str:
        words, name = next_step(row)
        return words if may[name] else ""

    return Table(
        key="bank-lines",
        title="Bank",
        columns=(
            Column("on", "Date", lambda row: row.on, "date", sort="on"),
            Column("who", "Who", lambda row: row.counterparty or row.details[:60] or row.reference, named=True,
                   sub=lambda row: row.details[:80] if row.counterparty else "", href=LINE.url),
            Column("amount", "Amount", lambda row: Money(row.amount_minor, row.currency), "money", sort="amount_minor"),
            Column("settles", "Settles", proposal),
            Column("why", "Why", why, low=True),
            Column("state", "Status", lambda row: row.get_state_display(), "badge", low=True,
                   tone=lambda row: TONES[row.state]),
            Column("next", "Next", act, dialog=True, href=lambda row: reverse(next_step(row)[1], args=[row.pk])),
        ),
        views=(
            View("open", "Open", lambda rows: rows.filter(state=BankLine.State.OPEN)),
            View("recorded", "Recorded", lambda rows: rows.filter(state=BankLine.State.RECORDED)),
            View("posted", "Not a customer's", lambda rows: rows.filter(state=BankLine.State.POSTED)),
            View("all", "All", lambda rows: rows),
        ),
        search=lambda rows, text: rows.filter(
            Q(counterparty__icontains=text) | Q(details__icontains=text) | Q(reference__icontains=text)
        ),
        search_label="Search bank lines",
        grows=True, currency="currency", row_id=lambda row: str(row.pk),
        empty=("No bank lines", "Bring in a statement from the bank: each line says what it would settle."),
    )  # fmt: skip
