"""Who is left out of a run of debit orders, and why: decided on plain values, before a file is made."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from counterfoil.debits.formats.accounts import CURRENCIES, why_not
from counterfoil.debits.formats.order import MOST_MINOR
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import long_date_text

# What is left out for now and waits for a better day, or what somebody has to put right.
LeftOut = tuple[Literal["skip", "reject"], str]

# A SEPA mandate under which nothing was collected for so long is over (EPC016-06, 4.1).
SEPA_MONTHS = 36
# What one order carries at most: ten digits of cents in NACHA; BACS takes 20 million pounds.
MOST = {"sepa": MOST_MINOR, "nacha": 9_999_999_999, "bacs": 2_000_000_000, "za": MOST_MINOR}
_NAMES = {"sepa": "SEPA", "nacha": "ACH", "bacs": "BACS", "za": "A debit order"}


@dataclass(frozen=True, slots=True)
class Due:
    """A mandate with what it should collect, on the day of collection."""

    scheme: str
    # "active", or anything else, as in "revoked".
    status: str
    signed_on: dt.date | None
    account: str
    bank: str
    account_type: str
    amount_minor: int
    currency: str
    # The most that the payer agreed to at once; none where they set no limit.
    most_minor: int | None = None
    # Less than this waits for more.
    least_minor: int = 0
    last_collected_on: dt.date | None = None


def why_left_out(due: Due, on: dt.date) -> LeftOut | None:
    """Why nothing is collected under a mandate on a day: to skip it, or to reject it until it is put right.

    None where it is collected. The first reason counts: nothing to collect needs nobody's attention.
    """
    if due.amount_minor <= 0:
        return "skip", "Nothing to collect."
    if due.status != "active":
        return "reject", f"The mandate is {due.status or 'not active'}. Have a new one signed."
    if due.signed_on is None:
        return "reject", "The mandate is not signed. Enter the day on which it was."
    if due.signed_on > on:
        return "reject", f"The mandate is signed on {long_date_text(due.signed_on)} only, after the collection."
    currency = CURRENCIES.get(due.scheme, due.currency)
    if due.currency != currency:
        return "reject", f"{_NAMES.get(due.scheme, 'It')} collects {currency} only, not {due.currency}."
    if wrong := why_not(due.scheme, due.account, due.bank, due.account_type):
        return "reject", wrong
    if due.scheme == "sepa" and _months(due.last_collected_on or due.signed_on, on) >= SEPA_MONTHS:
        return "reject", f"Nothing was collected under the mandate for {SEPA_MONTHS} months. Have a new one signed."
    return _amount(due)


def _amount(due: Due) -> LeftOut | None:
    said = money_text(due.amount_minor, due.currency)
    most = MOST.get(due.scheme, MOST_MINOR)
    if due.amount_minor > most:
        limit = money_text(most, due.currency)
        return "reject", f"{said} is above {limit}, the most of one collection. Collect it in parts."
    if due.most_minor is not None and due.amount_minor > due.most_minor:
        limit = money_text(due.most_minor, due.currency)
        return "reject", f"{said} is above {limit}, the most that the mandate allows. Ask the payer."
    if due.amount_minor < due.least_minor:
        return "skip", f"{said} is less than {money_text(due.least_minor, due.currency)}; it waits for the next run."
    return None


def _months(start: dt.date, end: dt.date) -> int:
    """Whole months between two days."""
    return (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
