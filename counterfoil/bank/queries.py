"""Every read for bank statements."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import F, QuerySet
from django.utils import timezone

from counterfoil.bank.models import BankLine, BankStatement, KeptColumns, LinePayment
from counterfoil.bank.readers import Line, Part
from counterfoil.bank.rules import Book, Match, Open, match
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator.models import BankAccount
from counterfoil.platform.grants import declare_view
from counterfoil.platform.templatetags.counterfoil import plural
from counterfoil.receivables.models import OpenItem

declare_view("bank.view", "See bank statements and their lines")
# As many reasons as anybody reads at once.
_TOLD = 10


def book_in(currency: str) -> Book:
    """What is open in a currency now, and whose accounts are known by earlier lines, for matching."""
    rows = OpenItem.objects.filter(currency=currency, side="debit", open_minor__gt=0)
    values = rows.order_by("pk").values_list("number", "customer__number", "due_on", "open_minor", "pk")
    return Book.of((Open(*row) for row in values.iterator(chunk_size=5000)), known_payers())


def known_payers() -> dict[str, str]:
    """Bank accounts that always paid for one customer, by earlier lines."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = LinePayment.objects.exclude(line__account="").filter(receipt__reversal=None, line__state="recorded")
    for account, number in rows.values_list("line__account", "receipt__customer__number").distinct():
        found[account].add(number)
    return {account: numbers.pop() for account, numbers in found.items() if len(numbers) == 1}


def as_line(row: BankLine) -> Line:
    """The line as its file said it."""
    told = row.told
    parts = tuple(Part(**part) for part in told.get("parts", ()))
    return Line(
        row.on, row.amount_minor, row.reference, row.counterparty, row.account, row.details, told.get("end_to_end", ""),
        told.get("mandate", ""), told.get("structured", ""), told.get("returned", ""), parts,
    )  # fmt: skip


def account_numbered(text: str) -> BankAccount | None:
    """Our account with this number or IBAN. One that is closed is still ours; of two it is the open one."""
    plain = "".join(text.split()).upper()
    for row in BankAccount.objects.order_by(F("closed_on").asc(nulls_first=True), "pk"):
        if plain and plain in ("".join(row.number.split()).upper(), "".join(row.iban.split()).upper()):
            return row
    return None


def account_called(text: str) -> BankAccount | None:
    """Our account that a file calls so: by its number, or because somebody said so of a file before."""
    if (found := account_numbered(text)) is not None or not text:
        return found
    said = BankStatement.objects.filter(account=text[:80], bank_account__isnull=False).select_related("bank_account")
    last = said.order_by("-pk").first()
    return last.bank_account if last else None


def lines() -> QuerySet[BankLine]:
    """All lines, the newest first."""
    rows = BankLine.objects.select_related("statement", "posted_to").prefetch_related("payments__receipt")
    return rows.order_by("-on", "-pk")


def kept_columns(account: BankAccount | None) -> str:
    """What was said last of the columns of an account's tables; of the only account where none is named."""
    ours = [account] if account is not None else our_accounts()
    if len(ours) != 1:
        return ""
    return KeptColumns.objects.filter(bank_account=ours[0]).values_list("text", flat=True).first() or ""


def open_lines(on: dt.date) -> int:
    """How many lines up to a day wait to be decided."""
    return BankLine.objects.filter(state=BankLine.State.OPEN, on__lte=on).count()


def our_accounts() -> list[BankAccount]:
    """Our accounts that are open, the one on documents first."""
    return list(BankAccount.objects.filter(closed_on=None).order_by("-is_default", "pk"))


def found_for(row: BankLine) -> Match:
    """What an open line would settle now."""
    return match(as_line(row), book_in(row.currency))


def shares_text(found: Match, currency: str) -> str:
    """What a line would settle, as `INV-000044 R75.00, CF-000003 R5.00`."""
    return ", ".join(f"{share.number or share.customer} {money_text(share.minor, currency)}" for share in found.shares)


def payments_of(row: BankLine) -> list[str]:
    """The numbers of the payments that were recorded of a line and stand."""
    rows = LinePayment.objects.filter(line=row, receipt__reversal=None).order_by("pk")
    return list(rows.values_list("receipt__number", flat=True))


def sure_text() -> str:
    """How many open lines are sure, and what they come to."""
    waiting = BankLine.objects.filter(state=BankLine.State.OPEN, amount_minor__gt=0, on__lte=timezone.localdate())
    rows = [row for row, _ in sure_among(waiting.order_by("on", "pk"))]
    many = f"{plural(len(rows), 'line')} of {sums_text(rows)} {'is' if len(rows) == 1 else 'are'} sure"
    return f"{many}, by a reference or a known account." if rows else "No open line is sure."


def sure_among(rows: Iterable[BankLine]) -> list[tuple[BankLine, Match]]:
    """Those of the lines that are sure, in their order; what one settles is not open for the next."""
    books: dict[str, Book] = {}
    found = []
    for row in rows:
        if row.currency not in books:
            books[row.currency] = book_in(row.currency)
        one = match(as_line(row), books[row.currency])
        if one.sure:
            books[row.currency].settle(one)
            found.append((row, one))
    return found


def sums_text(rows: Iterable[BankLine]) -> str:
    """What lines come to, by currency."""
    sums: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[row.currency] += row.amount_minor
    return " and ".join(money_text(minor, currency) for currency, minor in sorted(sums.items()))


def recorded_text(tried: Sequence[BankLine]) -> str:
    """How many of the lines were recorded, what they come to, and which were left with why."""
    done = [row for row in tried if row.state == BankLine.State.RECORDED]
    left = [row for row in tried if row.state != BankLine.State.RECORDED]
    said = f"{plural(len(done), 'bank line')} of {sums_text(done)} recorded as payments." if done else ""
    if not left:
        return said
    said = f"{said or 'Nothing was recorded.'} {plural(len(left), 'line was', 'lines were')} left: "
    told = [f"{money_text(row.amount_minor, row.currency)} of {date_text(row.on)}: {row.left}" for row in left[:_TOLD]]
    return said + " ".join([*told, *([f"And {len(left) - _TOLD} more."] if len(left) > _TOLD else [])])


def brought_in_text(made: Sequence[BankStatement]) -> str:
    """What came of a file, with its numbers and what was said of it."""
    rows = BankLine.objects.filter(statement__in=[row.pk for row in made])
    said = " ".join(sentence for one in made for sentence in one.said)
    return f"{plural(len(rows), 'new line')} from the bank, {sums_text(rows)} in all. {said[:600]}".strip()
