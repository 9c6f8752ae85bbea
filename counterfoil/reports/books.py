"""Reports as of a day: what is owed by age, and what stands on the ledger; and a ledger account's postings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from counterfoil.kernel.money import Money
from counterfoil.ledger.models import LedgerAccount, Posting
from counterfoil.ledger.queries import trial_balance as balances
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column, Rows
from counterfoil.platform.tables import Table
from counterfoil.receivables.ageing import age_analysis as aged
from counterfoil.receivables.ageing import aged_items
from counterfoil.receivables.queries import bucket_rules, default_bucket_set
from counterfoil.reports.asked import Asked, currency, whole_book


def age_analysis(caller: Caller, asked: Asked) -> tuple[Table, Rows]:
    """What everyone owes by age."""
    rows = aged(caller, asked.last)
    labels = [rule.label for rule in bucket_rules(default_bucket_set())]

    def amount(key: str, label: str, get: Callable[[Any], int]) -> Column:
        return Column(key, label, lambda row: Money(get(row.analysis), row.currency), "money", total=True)

    columns = (
        Column("number", "number", lambda row: row.number),
        Column("name", "name", lambda row: row.name),
        currency(),
        *(amount(f"b{n}", label, lambda age, n=n: age.buckets[n]) for n, label in enumerate(labels)),  # type: ignore[misc]
        amount("disputed", "disputed", lambda age: age.disputed),
        amount("unapplied", "unapplied", lambda age: -age.unapplied),
        amount("balance", "total", lambda age: age.balance),
    )
    return Table(key="age-analysis", title="Age analysis", columns=columns), rows


def open_items(caller: Caller, asked: Asked) -> tuple[Table, list[Any]]:
    """Everything that is open, item by item."""
    on = asked.last
    columns = (
        Column("number", "number", lambda row: row.customer.number),
        Column("name", "name", lambda row: row.customer.name),
        Column("item", "item", lambda row: row.item.number),
        Column("kind", "kind", lambda row: row.item.kind),
        Column("date", "date", lambda row: row.item.on, "date"),
        Column("due", "due", lambda row: row.item.due_on, "date"),
        Column("days_late", "days late", lambda row: max(row.item.days_late(on), 0), "number"),
        Column("bucket", "bucket", lambda row: row.bucket),
        Column("currency", "currency", lambda row: row.customer.currency),
        Column("open", "open", lambda row: Money(row.minor, row.customer.currency), "money", total=True),
    )
    return Table(key="open-items", title="Open items", columns=columns), aged_items(caller, on)


def trial_balance(caller: Caller, asked: Asked) -> tuple[Table, list[Any]]:
    """What stands on each ledger account at the end of a day."""
    # The ledger is of everybody; somebody limited to a part of the customers has no part of it.
    whole_book(caller)
    month = replace(asked, first=asked.last.replace(day=1))
    columns = (
        Column("code", "code", lambda row: row.code, href=lambda row: month.link("ledger-account", row.code)),
        Column("account", "account", lambda row: row.name),
        currency(),
        Column("debit", "debit", lambda row: Money(max(row.minor, 0), row.currency), "money", total=True),
        Column("credit", "credit", lambda row: Money(max(-row.minor, 0), row.currency), "money", total=True),
    )
    return Table(key="trial-balance", title="Trial balance", columns=columns), balances(asked.last)


def ledger_account(caller: Caller, asked: Asked) -> tuple[Table, Any]:
    """What was posted to a ledger account in the period; to all of them, where none is named."""
    whole_book(caller)
    rows = Posting.objects.filter(entry__on__range=(asked.first, asked.last))
    named = LedgerAccount.objects.filter(code=asked.of).first()
    if asked.of:
        rows = rows.filter(account__code=asked.of)
    columns = (
        Column("date", "date", lambda row: row.entry.on, "date"),
        Column("account", "account", lambda row: str(row.account), low=True),
        Column("document", "document", lambda row: row.entry.number),
        Column("text", "text", lambda row: row.entry.text, low=True),
        Column("customer", "customer", lambda row: row.customer.number if row.customer else ""),
        replace(currency(), get=lambda row: row.entry.currency),
        Column("debit", "debit", lambda row: Money(max(row.amount_minor, 0), row.entry.currency), "money"),
        Column("credit", "credit", lambda row: Money(max(-row.amount_minor, 0), row.entry.currency), "money"),
    )
    title = f"Ledger account {named}" if named else "Ledger postings"
    table = Table(key="report-ledger-account", title=title, columns=columns)
    return table, rows.select_related("entry", "account", "customer").order_by("entry__on", "pk")
