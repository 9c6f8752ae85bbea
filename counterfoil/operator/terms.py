"""When an invoice is due by the terms it was made with. Plain values."""

from __future__ import annotations

import datetime as dt

from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import add_months, month_of

MOST_DAYS = 365
# Each with what stands behind its number where it is chosen.
RULES = {
    "days": "days after the invoice",
    "next_month": "is the day of the next month",
    "month_end": "days after the end of the month",
}


def due_day(rule: str, number: int, on: dt.date) -> dt.date:
    """The day on which an invoice of a day is due. Day 31 is the last of a shorter month."""
    if rule == "next_month":
        return add_months(on.replace(day=1), 1, anchor=number)
    start = month_of(on).last if rule == "month_end" else on
    return start + dt.timedelta(days=number)


def check_terms(rule: str, number: int) -> None:
    """Refuses terms that cannot be."""
    refuse_if(rule not in RULES, "unknown_choice", "Choose how the due date is counted.", field="terms_rule")
    if rule == "next_month":
        refuse_if(
            not 1 <= number <= 31, "absurd_terms", "The day of the next month is from 1 to 31.", field="terms_days"
        )
    refuse_if(
        not 0 <= number <= MOST_DAYS, "absurd_terms", f"Terms are between 0 and {MOST_DAYS} days.", field="terms_days"
    )


def terms_words(rule: str, number: int) -> str:
    """Terms as documents say them, with `{n}` for the number."""
    if rule == "next_month":
        return "Last day of the next month" if number == 31 else "Day {n} of the next month"
    if rule == "month_end":
        several = "1 day after the end of the month" if number == 1 else "{n} days after the end of the month"
        return several if number else "End of the month"
    several = "1 day from invoice" if number == 1 else "{n} days from invoice"
    return several if number else "Due on receipt"


def terms_text(rule: str, number: int) -> str:
    """The same in English."""
    return terms_words(rule, number).format(n=number)
