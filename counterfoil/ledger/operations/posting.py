"""The only writer of entries and postings, and the names of the accounts they stand on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from django.db.models import Q
from django.utils import timezone

from counterfoil.kernel.checks import tidy_name
from counterfoil.kernel.digests import digest
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import month_of
from counterfoil.ledger import queries
from counterfoil.ledger.models import Entry, LedgerAccount, Posting
from counterfoil.ledger.rules import CHART, Leg, assert_balanced, entry_line
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Says

# Longer than any operation takes, and than clocks of two machines differ.
_LONGEST = dt.timedelta(hours=1)


@dataclass(frozen=True)
class NewEntry:
    """An entry to post: the day, the document behind it, and its legs."""

    on: dt.date
    currency: str
    source: str
    number: str
    text: str
    legs: tuple[Leg, ...]
    reverses_id: int | None = None


@step
def set_up_ledger(op: Operation) -> None:
    """The ledger accounts the product posts to exist."""
    for code, name, kind in CHART:
        account, created = LedgerAccount.objects.get_or_create(code=code, defaults={"name": name, "kind": kind})
        if created and code == CHART[0][0]:
            op.record("ledger.set_up", account)
        elif created:
            op.keep(account)


@verb(label="Change ledger account", whole=True)
def change_ledger_account(
    op: Operation,
    *,
    account: LedgerAccount,
    name: Annotated[str, Says(most=80)],
    number: Annotated[
        str, Says("Number in your chart of accounts", "Blank: the one it came with.", 20, optional=True)
    ] = "",
) -> LedgerAccount:
    """Reports call the account this from now on, of all that is and will be posted to it; postings stay as they are."""
    row = LedgerAccount.objects.select_for_update().get(pk=account.pk)
    before, row.name, row.number = str(row), tidy_name(name, 80), "".join(number.split())
    refuse_if(not row.number.isprintable(), "bad_number", "A number is letters, digits and signs.", field="number")
    others = LedgerAccount.objects.exclude(pk=row.pk)
    taken = others.filter(Q(number=row.number) | Q(code=row.number, number="")).order_by("code").first()
    refuse_if(row.number and taken is not None, "taken", f"{taken} has this number already.", field="number")
    usual = others.filter(number=row.code).first() if not row.number else None
    refuse_if(usual is not None, "taken", f"{usual} has the number {row.code}. Enter another one.", field="number")
    named = others.filter(name__iexact=row.name).first()
    refuse_if(named is not None, "taken", f"{named} has this name already.", field="name")
    if str(row) != before:
        row.save(update_fields=["name", "number"])
        op.record("ledger.account_changed", row, before=before, account=str(row))
    return row


@step
def post_entries(op: Operation, *, entries: Sequence[NewEntry], closing: bool = False) -> list[int]:
    """The entries and their postings are in the books; returns the entries' ids in order.

    The event holds a digest of what was posted; the document behind it records what it was. Refused where the books
    are closed on the day, unless it is what `closing` itself posts: that is asked for its days by `close_books`.
    """
    if not closing:
        _refuse_closed(op, entries)
    accounts = dict(bulk.asked("SELECT code, id FROM ledger_ledgeraccount"))
    ids = bulk.add_rows(
        Entry,
        ("on", "currency", "source", "number", "text", "reverses", "operation_id", "at"),
        [(e.on, e.currency, e.source, e.number, e.text[:200], e.reverses_id, op.id, op.now) for e in entries],
    )
    postings = []
    for pk, entry in zip(ids, entries, strict=True):
        assert_balanced(entry.legs)
        postings += [(pk, accounts[leg.account], leg.customer_id, leg.minor) for leg in entry.legs if leg.minor]
    bulk.insert_rows(Posting, ("entry", "account", "customer", "amount_minor"), postings)
    if ids:
        seen = digest(
            entry_line(
                (pk, e.on, e.currency, e.source, e.number, e.text[:200], e.reverses_id),
                [(leg.account, leg.customer_id, leg.minor) for leg in e.legs if leg.minor],
            )
            for pk, e in zip(ids, entries, strict=True)
        )
        op.record("entries.posted", Entry(pk=ids[0]), first=ids[0], last=ids[-1], count=len(ids), digest=seen)
    return ids


def lock_books() -> None:
    """Whoever closes the books waits for those who post into earlier months, and they for whoever closes.

    Postings go on referring to the row meanwhile: those of this month ask nothing.
    """
    LedgerAccount.objects.select_for_update(no_key=True).order_by("pk").first()


def _refuse_closed(op: Operation, entries: Sequence[NewEntry]) -> None:
    # This month is never closed, so that the usual posting asks nothing. What begins before midnight may be written
    # after it, when somebody closes the month that this was; so the month is over an hour early here.
    first = min((entry.on for entry in entries), default=op.today)
    if first >= month_of(timezone.localdate(op.now + _LONGEST)).start:
        return
    lock_books()
    last = queries.closed_for(op.caller)
    refuse_if(last is not None and first <= last, "books_closed", queries.closed_text(last or first), field="on")
