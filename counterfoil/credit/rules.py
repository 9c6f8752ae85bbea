"""What a profile and a letter set must be, and the terms that hold for a customer, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import MOST_MINOR

# What a class says and a profile has of it.
TERMS = (
    "collector", "credit_rating", "account_status", "tolerance_percent", "credit_check", "receipt_grace_days",
    "send_dunning", "letter_set", "finance_charges", "charge_interval_days", "charge_disputed",
)  # fmt: skip
# The same for amounts, of a currency each.
AMOUNTS = (
    "credit_limit_minor", "order_limit_minor", "min_dunning_minor", "min_dunning_invoice_minor", "interest_percent",
    "min_customer_balance_minor", "min_invoice_balance_minor", "most_interest_minor",
)  # fmt: skip
MOST_DAYS = 9999
MOST_GRACE_DAYS = 365
MOST_LINES = 12

# The fields that a letter may have, with what each is.
FIELDS = {
    "customer_name": "the customer",
    "account_number": "their account number",
    "company_name": "your trading name",
    "letter_date": "the day of the letter",
    "amount_due": "what is overdue and asked for",
    "oldest_days": "days late of the oldest of it",
    "items": "a line for each overdue item: number, due date, days late, amount",
    "charges": "interest and fees that this letter adds, where it does",
    "how_to_pay": "bank account and reference",
}


@dataclass(frozen=True, slots=True)
class EffectiveTerms:
    """The terms that hold for a customer or a site, with the amounts of its currency."""

    class_name: str
    collector_id: int | None
    send_dunning: bool
    letter_set_id: int | None
    receipt_grace_days: int
    finance_charges: bool
    charge_interval_days: int
    charge_disputed: bool
    min_dunning_minor: int | None = None
    min_dunning_invoice_minor: int | None = None
    interest_percent: Decimal | None = None
    min_customer_balance_minor: int | None = None
    min_invoice_balance_minor: int | None = None
    most_interest_minor: int | None = None


@dataclass(frozen=True)
class CreditLimits:
    """How much a customer may owe and order, in minor units of its currency; none is unlimited."""

    total_minor: int | None
    order_minor: int | None
    tolerance_percent: Decimal

    def most(self, limit_minor: int) -> int:
        """A limit with what it may be exceeded by; a part of a minor unit is not had."""
        return int(limit_minor * (100 + self.tolerance_percent) // 100)

    def order_is_over(self, more_minor: int) -> bool:
        """Whether that much is more than one order may be."""
        return self.order_minor is not None and more_minor > self.most(self.order_minor)

    def total_is_over(self, owed_minor: int, more_minor: int) -> bool:
        """Whether what is owed and that much more come to more than the limit. Who is in credit owes nothing."""
        return self.total_minor is not None and max(owed_minor, 0) + more_minor > self.most(self.total_minor)


@dataclass(frozen=True)
class Range:
    """The days or levels that a letter of a set is for; `last` is none where it is for any more."""

    first: int
    last: int | None
    min_days: int = 0
    fee_minor: int = 0


def check_ranges(ranges: Sequence[Range], *, staged: bool) -> None:
    """Refuses a set whose letters leave something out or say two things at once, with the row that does."""
    if not ranges:
        raise Refused("no_letters", "A letter set needs at least one letter.", field="lines")
    if len(ranges) > MOST_LINES:
        raise Refused("too_many_letters", f"A letter set has at most {MOST_LINES} letters.", field="lines")
    what = "level" if staged else "day"
    for place, row in enumerate(ranges, start=1):
        _check_range(row, place, what)
    if staged and ranges[0].first != 1:
        raise Refused("letters_gap", "Letter 1: levels begin at 1.", field="lines.1.first")
    for place, (before, after) in enumerate(zip(ranges, ranges[1:], strict=False), start=2):
        if before.last is None:
            raise Refused(
                "letters_overlap", f"Letter {place - 1}: only the last letter may be open-ended.",
                field=f"lines.{place - 1}.last",
            )  # fmt: skip
        if after.first <= before.last:
            raise Refused(
                "letters_overlap", f"Letter {place}: {what} {after.first} belongs to the letter before.",
                field=f"lines.{place}.first",
            )  # fmt: skip
        if after.first > before.last + 1:
            raise Refused(
                "letters_gap", f"Letter {place}: there is no letter for {what} {before.last + 1}.",
                field=f"lines.{place}.first",
            )  # fmt: skip


def _check_range(row: Range, place: int, what: str) -> None:
    at = f"lines.{place}"
    if not 1 <= row.first <= MOST_DAYS:
        raise Refused("absurd_days", f"Letter {place}: from {what} 1 to {MOST_DAYS:,}.", field=f"{at}.first")
    if row.last is not None and row.last < row.first:
        raise Refused("letter_backwards", f"Letter {place} ends before it starts.", field=f"{at}.last")
    if row.last is not None and row.last > MOST_DAYS:
        raise Refused("absurd_days", f"Letter {place}: at most {MOST_DAYS:,}.", field=f"{at}.last")
    if not 0 <= row.min_days <= MOST_GRACE_DAYS:
        raise Refused(
            "absurd_days", f"Letter {place}: at most {MOST_GRACE_DAYS} days between letters.", field=f"{at}.min_days"
        )
    if not 0 <= row.fee_minor <= MOST_MINOR:
        raise Refused("absurd_amount", f"Letter {place}: a fee is zero or more.", field=f"{at}.fee")


def check_value(name: str, value: Any) -> None:
    """Refuses a value of a class or profile that nobody can mean."""
    public = name.removesuffix("_minor")
    if value is None:
        return
    if name.endswith("_minor") and not 0 <= value <= MOST_MINOR:
        raise Refused("absurd_amount", "An amount is zero or more.", field=public)
    if name.endswith("_percent") and not (0 <= value <= 100 and value == round(value, 3)):
        raise Refused("absurd_percent", "From 0 to 100 %, with three decimals at most.", field=public)
    if name == "receipt_grace_days" and not 0 <= value <= MOST_GRACE_DAYS:
        raise Refused("absurd_days", f"From 0 to {MOST_GRACE_DAYS} days.", field=name)
    if name == "charge_interval_days" and not 1 <= value <= MOST_GRACE_DAYS:
        raise Refused("absurd_days", f"From 1 to {MOST_GRACE_DAYS} days.", field=name)
