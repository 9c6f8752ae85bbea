"""What is collected of whom, and on which day: pure rules of debit orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import add_months, date_text

_ONE_DAY = dt.timedelta(days=1)
# A SEPA mandate that was not collected under for 36 months is over (EPC016-06, section 4.1).
_UNUSED_MONTHS = 36


@dataclass(frozen=True)
class Way:
    """A way of collecting: its currency, how many business days before the collection the bank must have the file."""

    label: str
    currency: str
    lead_days: int
    # Who collects is known to the bank by this.
    creditor: str
    # What one order carries at most: 999 999 999.99 in SEPA (EPC130-08, AT-06), ten digits of cents in NACHA.
    most_minor: int = 99_999_999_999
    # Nobody has shown yet that the bank takes such a file.
    proven: bool = True


# SEPA D-1 (EPC016-06, 4.3); BACS three-day cycle; NACHA one banking day; Netcash two-day service.
WAYS: dict[str, Way] = {
    "sepa_core": Way("SEPA direct debit, Core", "EUR", 1, "Creditor identifier"),
    "sepa_b2b": Way("SEPA direct debit, B2B", "EUR", 1, "Creditor identifier"),
    "bacs": Way("BACS Direct Debit", "GBP", 2, "Service user number", most_minor=2_000_000_000),
    "nacha": Way("ACH debit (NACHA)", "USD", 1, "Company identification", most_minor=9_999_999_999),
    "netcash": Way("Netcash debit order, two-day", "ZAR", 2, "Service key"),
    "nedbank": Way("Nedbank CPS (unproven with the bank)", "ZAR", 2, "Client number", proven=False),
}


@dataclass(frozen=True)
class Policy:
    """What the operator decides about debit orders."""

    # Less than this waits for the next run.
    least_minor: int = 0
    # What a returned debit order costs the customer.
    fee_minor: int = 0
    # After so many returns of the same invoice it is left to people.
    most_tries: int = 3
    # On the day of the collection it counts as paid until the bank returns it; else only once the bank says so.
    on_day: bool = True
    # Who approves a run is not who prepared it.
    second_person: bool = True
    # Customers are told before it is collected, and when it came back.
    notices: bool = True


@dataclass(frozen=True)
class Terms:
    """What a mandate allows."""

    signed_on: dt.date | None
    collected_on: dt.date | None
    most_minor: int | None
    way: str


@dataclass(frozen=True)
class Owed:
    """An item that is due by the day of the collection."""

    item_id: int
    due_on: dt.date
    open_minor: int
    disputed_minor: int = 0
    # How often the bank returned it.
    tries: int = 0


@dataclass(frozen=True)
class Choice:
    """What is collected of one customer, by item; or why nothing is, with what is on hold."""

    parts: tuple[tuple[int, int], ...]
    amount_minor: int
    code: str = ""
    said: str = ""


def choose(
    owed: Sequence[Owed], terms: Terms | None, policy: Policy, currency: str, on: dt.date, *,
    credit_minor: int = 0, promised: dt.date | None = None,
) -> Choice | None:  # fmt: skip
    """What to collect of a customer on a day; none where nothing is due.

    What is in dispute is left out, and the rest collected; what the customer has in credit is not asked
    for again, the oldest first.
    """
    parts, credit, disputed, tried = [], credit_minor, 0, 0
    for row in sorted(owed, key=lambda row: (row.due_on, row.item_id)):
        disputed += min(row.disputed_minor, row.open_minor)
        minor = row.open_minor - min(row.disputed_minor, row.open_minor)
        used = min(credit, minor)
        credit, minor = credit - used, minor - used
        if minor > 0 and row.tries >= policy.most_tries:
            tried += minor
        elif minor > 0:
            parts.append((row.item_id, minor))
    total = sum(minor for _, minor in parts)
    if not total + disputed + tried:
        return None
    code, said = _why_not(total, disputed, tried, terms, policy, currency, on, promised)
    return Choice(tuple(parts), total or tried or disputed, code, said)


def _why_not(
    total: int, disputed: int, tried: int, terms: Terms | None, policy: Policy, currency: str, on: dt.date,
    promised: dt.date | None,
) -> tuple[str, str]:  # fmt: skip
    if terms is None:
        return "mandate_missing", "There is no mandate"
    if terms.signed_on is None:
        return "not_signed", "The mandate is not signed"
    if terms.signed_on > on:
        return "not_signed", f"The mandate is signed as of {date_text(terms.signed_on)}"
    if terms.way.startswith("sepa") and add_months(terms.collected_on or terms.signed_on, _UNUSED_MONTHS) < on:
        return "mandate_expired", "The mandate was not used for 36 months"
    if not total and tried:
        return "tried", f"The bank returned it {policy.most_tries} times"
    if not total:
        return "in_dispute", f"{money_text(disputed, currency)} is in dispute"
    if promised is not None:
        return "promised", f"The customer promised to pay by {date_text(promised)}"
    if total < policy.least_minor:
        return "below_least", f"Less than {money_text(policy.least_minor, currency)}"
    if total > WAYS[terms.way].most_minor:
        return "too_much", f"One debit order carries {money_text(WAYS[terms.way].most_minor, currency)}"
    if terms.most_minor is not None and total > terms.most_minor:
        return "above_most", f"The mandate allows {money_text(terms.most_minor, currency)}"
    return "", ""


# Reasons that differ from one customer to the next, for all of them together.
IN_GENERAL = {
    "in_dispute": "In dispute", "promised": "A promise stands", "above_most": "Above what the mandate allows",
    "by_hand": "Left out by somebody", "paid_since": "Paid, disputed or without a mandate since",
}  # fmt: skip
# What somebody may decide to collect all the same.
ALL_THE_SAME = ("promised", "below_least", "above_most", "tried")


def up_to(parts: Sequence[tuple[int, int]], most_minor: int) -> tuple[tuple[int, int], ...]:
    """The parts, the oldest first, as far as an amount reaches."""
    left, made = most_minor, []
    for item, minor in parts:
        if (taken := min(left, minor)) > 0:
            made.append((item, taken))
            left -= taken
    return tuple(made)


def easter(year: int) -> dt.date:
    """Easter Sunday by the Gregorian rule (Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return dt.date(year, month, day + 1)


def bank_holidays(currency: str, year: int) -> frozenset[dt.date]:
    """Days on which no bank collects in a currency: TARGET's for the euro; the operator enters others."""
    if currency != "EUR":
        return frozenset()
    sunday = easter(year)
    fixed = {dt.date(year, 1, 1), dt.date(year, 5, 1), dt.date(year, 12, 25), dt.date(year, 12, 26)}
    return frozenset(fixed | {sunday - dt.timedelta(days=2), sunday + dt.timedelta(days=1)})


def is_business_day(day: dt.date, currency: str, holidays: Collection[dt.date]) -> bool:
    """Whether banks collect on a day: no weekend, no holiday."""
    return day.weekday() < 5 and day not in holidays and day not in bank_holidays(currency, day.year)


def business_day_from(day: dt.date, currency: str, holidays: Collection[dt.date]) -> dt.date:
    """The day, or the first business day after it."""
    while not is_business_day(day, currency, holidays):
        day += _ONE_DAY
    return day


def reaches_bank_by(on: dt.date, lead_days: int, currency: str, holidays: Collection[dt.date]) -> dt.date:
    """The last day on which the bank can be given the file of a collection."""
    day, left = on, lead_days
    while left:
        day -= _ONE_DAY
        if is_business_day(day, currency, holidays):
            left -= 1
    return day


def first_possible(today: dt.date, lead_days: int, currency: str, holidays: Collection[dt.date]) -> dt.date:
    """The first day on which a bank that is given the file today can collect."""
    day = business_day_from(today, currency, holidays)
    while reaches_bank_by(day, lead_days, currency, holidays) < today:
        day = business_day_from(day + _ONE_DAY, currency, holidays)
    return day


def digest_lines(rows: Iterable[tuple[str, str, int]]) -> str:
    """What was frozen, as text that a digest is made of: reference, mandate and amount of each order."""
    return "\n".join(f"{reference}\t{mandate}\t{minor}" for reference, mandate, minor in rows)
