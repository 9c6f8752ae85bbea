"""Double entry on plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# The accounts that this product posts to. The owner may rename them; the codes are what the code knows.
RECEIVABLES, BANK, TRANSFERS = "1100", "1000", "1190"
REVENUE, CREDITS_GIVEN, ADJUSTMENTS = "4000", "4900", "4950"
TAX, DEFERRED, BAD_DEBTS, OPENINGS, RETAINED = "2100", "2300", "6100", "3000", "3100"
SUSPENSE, BANK_CHARGES = "2400", "6200"
CHART = (
    (BANK, "Bank", "asset"),
    (RECEIVABLES, "Customers", "asset"),
    (TRANSFERS, "Moved between customers", "asset"),
    (TAX, "Tax on sales", "liability"),
    (DEFERRED, "Billed in advance", "liability"),
    (SUSPENSE, "Unmatched bank lines", "liability"),
    (OPENINGS, "Opening balances", "equity"),
    (RETAINED, "Retained earnings", "equity"),
    (REVENUE, "Sales", "income"),
    (CREDITS_GIVEN, "Credits given", "income"),
    (ADJUSTMENTS, "Adjustments", "income"),
    (BAD_DEBTS, "Bad debts", "expense"),
    (BANK_CHARGES, "Bank charges", "expense"),
)
# What is posted to each, in words.
POSTED = {
    BANK: "Payments received, refunds and reversed payments",
    RECEIVABLES: "What customers owe, each on their own account",
    TRANSFERS: "What is moved from one customer to another; nothing stays on it",
    TAX: "Tax on invoices, less that on credit notes",
    DEFERRED: "What is billed for days to come, until they pass",
    SUSPENSE: "Money of bank statements until it is known whose it is",
    OPENINGS: "Balances brought in from another system",
    RETAINED: "The result of each year that was closed",
    REVENUE: "What is invoiced without tax, less credit notes",
    CREDITS_GIVEN: "Account credit that was given",
    ADJUSTMENTS: "Adjustments and debit memos",
    BAD_DEBTS: "Debts written off",
    BANK_CHARGES: "What the bank charged, by hand from bank statements",
}


@dataclass(frozen=True)
class Leg:
    """An amount on one ledger account: debit positive, credit negative, in minor units."""

    account: str
    minor: int
    customer_id: int | None = None


def assert_balanced(legs: Sequence[Leg]) -> None:
    """A programming mistake if an entry does not sum to zero, or a receivable leg has no customer."""
    assert legs, "An entry has postings."
    assert sum(leg.minor for leg in legs) == 0, f"Postings do not sum to zero: {legs}"
    assert all((leg.account == RECEIVABLES) == (leg.customer_id is not None) for leg in legs), (
        f"Customer missing: {legs}"
    )


def entry_line(entry: tuple[Any, ...], postings: Sequence[tuple[str, int | None, int]]) -> list[Any]:
    """An entry with its postings as a digest sees it; the postings in an order of their own, not the database's."""
    return [list(entry), sorted([list(posting) for posting in postings], key=str)]
