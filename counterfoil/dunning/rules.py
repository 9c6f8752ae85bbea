"""Who is sent which letter, and what is charged for being late: pure, of one customer (domain 15).

Items are plain tuples, oldest first, because a run looks at millions of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from counterfoil.credit.rules import EffectiveTerms
from counterfoil.kernel.money import money_text, round_minor
from counterfoil.kernel.periods import date_text

DAYS_OF_A_YEAR = 365


class Open(NamedTuple):
    """An open debit, as it stands on the day; in the order in which it is the oldest.

    Nothing is open of one that was paid since the day.
    """

    due_on: dt.date
    number: str
    id: int
    open_minor: int
    disputed_minor: int = 0
    # The customer said when it will be paid.
    promised_on: dt.date | None = None
    # The highest level that it was on a letter with, and the day of its last letter.
    level: int = 0
    letter_on: dt.date | None = None
    # Up to which day interest was charged for it, and how much of it in all.
    charged_on: dt.date | None = None
    charged_minor: int = 0
    # It is itself interest or a fee: interest is simple.
    is_charge: bool = False


class Line(NamedTuple):
    """A letter of a set, for days or levels from and to."""

    letter_id: int
    letter: str
    active: bool
    first: int
    last: int | None
    min_days: int = 0
    fee_minor: int = 0

    def holds(self, number: int) -> bool:
        """Whether it is the letter for so many days, or for a level."""
        return self.first <= number and (self.last is None or number <= self.last)


@dataclass(frozen=True, slots=True)
class Letters:
    """A letter set as values."""

    name: str
    lines: tuple[Line, ...]
    staged: bool = False
    resend_last: bool = False
    in_sequence: bool = False
    dun_disputed: bool = False
    include_unapplied: bool = True
    use_grace_days: bool = True
    charge_interest: bool = False
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The letters of before: the day of the last one, and of each that was about something still open."""

    last_on: dt.date | None = None
    letters: Mapping[int, dt.date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that may be charged: a simple rate a year, and a fee in a currency."""

    percent_a_year: Decimal | None = None
    fee_minor: int | None = None
    currency: str = ""


class DunnedItem(NamedTuple):
    """An item on a letter."""

    id: int
    number: str
    due_on: dt.date
    days_late: int
    open_minor: int
    disputed_minor: int
    level: int
    interest_minor: int


class Dunned(NamedTuple):
    """A letter to send."""

    line: Line
    level: int
    # What is late and asked for, the oldest first; of staged levels, the keys of those that rise by one.
    late: list[Open]
    rising: frozenset[int] | None
    as_of: dt.date
    # What is asked for, without what the letter adds.
    total_minor: int
    charges: Sequence[int] = ()
    fee_minor: int = 0

    @property
    def interest_minor(self) -> int:
        return sum(self.charges)

    @property
    def items(self) -> list[DunnedItem]:
        """The items as the letter has them."""
        # Only who sends or shows a letter needs them: a selection of a million items makes none.
        return [
            DunnedItem(
                item.id, item.number, item.due_on, (self.as_of - item.due_on).days, item.open_minor,
                item.disputed_minor, self.level if self.rising is None else item.level + (item.id in self.rising),
                self.charges[place] if self.charges else 0,
            )
            for place, item in enumerate(self.late)
        ]  # fmt: skip


class Left(NamedTuple):
    """Why there is no letter. `held`: somebody has to do something first."""

    code: str
    said: str
    held: bool = False


NOT_SENT = Left("excluded", "left out of dunning")
NO_SET = Left("no_set", "no letter set")
NOT_OVERDUE = Left("not_overdue", "not overdue")
WITHIN_GRACE = Left("grace", "within grace")
DISPUTED = Left("disputed", "in dispute")
IN_CREDIT = Left("in_credit", "in credit")
COVERED = Left("covered", "covered by account credit")
PAID = Left("paid", "paid since")
TODAY = Left("sent", "letter sent today")
NO_ADDRESS = Left("no_address", "no e-mail address and no address to post it to", held=True)
NO_LIMIT = Limit()
NOTHING_SENT = Sent()
_DAY = dt.timedelta(days=1)


def decide(
    items: Sequence[Open], credit_minor: int, terms: EffectiveTerms, letters: Letters | None, as_of: dt.date,
    currency: str, sent: Sent = NOTHING_SENT, limit: Limit = NO_LIMIT,
) -> Dunned | Left:  # fmt: skip
    """The letter that a customer (or a site) is sent as of a day, or why there is none (domain 15.1)."""
    if not terms.send_dunning:
        return NOT_SENT
    if letters is None:
        return NO_SET
    grace = terms.receipt_grace_days if letters.use_grace_days else 0
    # Strict: what was due on the day itself, or is with its grace days, is not late.
    before = as_of - grace * _DAY if grace else as_of
    least = terms.min_dunning_invoice_minor or 0
    late: list[Open] = []
    total = 0
    for item in items:
        # By place, which is quicker than by name: nearly all of the time of a run is spent here.
        if item[0] >= before:
            break
        asked = item[3] if letters.dun_disputed else item[3] - item[4]
        if asked > least and (item[5] is None or item[5] < as_of):
            late.append(item)
            total += asked
    if not late:
        return _none_late(items, letters, before, as_of, least, currency)
    net = total - credit_minor
    if net <= 0:
        return IN_CREDIT if sum(item.open_minor for item in items) <= credit_minor else COVERED
    if net < (terms.min_dunning_minor or 0):
        return Left("minimum", f"under the minimum of {money_text(terms.min_dunning_minor or 0, currency)}")
    if sent.last_on is not None and sent.last_on >= as_of:
        return (
            TODAY if sent.last_on == as_of else Left("sent", f"letter sent on {date_text(sent.last_on, today=as_of)}")
        )
    if letters.staged:
        chosen = _by_level(late, letters, as_of)
    else:
        chosen = _by_days((before - late[0].due_on).days, letters, sent, as_of)
    if isinstance(chosen, Left):
        return chosen
    line, level, rising = chosen
    if not line.active:
        return Left("letter_off", f"{line.letter} is switched off", held=True)
    charges: Sequence[int] = ()
    if letters.charge_interest and terms.finance_charges and terms.interest_percent:
        charges = interest_of(late, credit_minor, terms, as_of, limit)
    fee = fee_of(line, letters, currency, limit) if line.fee_minor else 0
    asked = net if letters.include_unapplied else total
    return Dunned(line, level, late, rising, as_of, asked, charges, fee)


def _none_late(
    items: Sequence[Open], letters: Letters, before: dt.date, as_of: dt.date, least: int, currency: str
) -> Left:
    """Why nothing that is open is asked for: by the oldest that is late."""
    paid = False
    for item in items:
        if item.due_on >= before:
            break
        if not item.open_minor:
            paid = True
            continue
        if item.promised_on is not None and item.promised_on >= as_of:
            return Left("promised", f"promised for {date_text(item.promised_on, today=as_of)}")
        if not letters.dun_disputed and item.open_minor <= item.disputed_minor:
            return DISPUTED
        return Left("small", f"under the minimum of {money_text(least, currency)} an item")
    if paid:
        return PAID
    return WITHIN_GRACE if any(item.due_on < as_of for item in items if item.open_minor) else NOT_OVERDUE


# ------------------------------------------------------------------ which letter

_Chosen = tuple[Line, int, frozenset[int] | None] | Left


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _ago(on: dt.date, as_of: dt.date) -> Left:
    return Left("sent", f"letter sent {_days((as_of - on).days)} ago")


def _by_days(days: int, letters: Letters, sent: Sent, as_of: dt.date) -> _Chosen:
    """The letter for the days late of the oldest item; a level is its place in the set."""
    place = next((at for at, line in enumerate(letters.lines) if line.holds(days)), None)
    if place is None:
        return Left("no_letter", f"no letter for {_days(days)}", held=True)
    had = [at for at, line in enumerate(letters.lines) if line.letter_id in sent.letters]
    if letters.in_sequence:
        # The next that was not sent, even where the days match a later one.
        after = max(had) + 1 if had else 0
        if after <= place:
            place = after
        elif not letters.resend_last:
            return _ago(max(sent.letters.values()), as_of)
    elif place in had and not letters.resend_last:
        return _ago(sent.letters[letters.lines[place].letter_id], as_of)
    line = letters.lines[place]
    if sent.letters and (as_of - (last := max(sent.letters.values()))).days < line.min_days:
        return _ago(last, as_of)
    return line, place + 1, None


def _by_level(late: Sequence[Open], letters: Letters, as_of: dt.date) -> _Chosen:
    """The letter of the highest level that an item rises to; each rises by one, after enough days."""
    rising: dict[int, tuple[int, Line]] = {}
    for item in late:
        line = next((line for line in letters.lines if line.holds(item.level + 1)), None)
        waited = item.letter_on is None or (as_of - item.letter_on).days >= (line.min_days if line else 0)
        if line is not None and waited:
            rising[item.id] = (item.level + 1, line)
    if rising:
        level, line = max(rising.values(), key=lambda found: found[0])
        return line, level, frozenset(rising)
    last = max(item.letter_on for item in late if item.letter_on is not None)
    top = max(line.last or line.first for line in letters.lines)
    if all(item.level >= top for item in late):
        return Left("sent", f"last letter sent {_days((as_of - last).days)} ago")
    return _ago(last, as_of)


# ------------------------------------------------------------------ what is charged


def simple_interest(base_minor: int, percent: Decimal, days: int, interval_days: int) -> int:
    """So much per cent of the base an interval, by the day, half up: 1,000.00 at 1.5 % in 30 days, 45 late, is 22.50.

    Never below zero.
    """
    if base_minor <= 0 or days <= 0:
        return 0
    return round_minor(Decimal(base_minor) * percent * days / (100 * interval_days))


def rate_within(percent: Decimal, interval_days: int, limit: Limit) -> Decimal:
    """The rate of an interval, at most what the limit of a year allows of it."""
    if limit.percent_a_year is None:
        return percent
    return min(percent, limit.percent_a_year * interval_days / DAYS_OF_A_YEAR)


def interest_of(
    late: Sequence[Open], credit_minor: int, terms: EffectiveTerms, as_of: dt.date, limit: Limit = NO_LIMIT
) -> list[int]:
    """The interest of each item that is late (domain 15.3).

    Account credit is deducted first, from the oldest, whether a letter says it or not.
    """
    if terms.interest_percent is None:
        return [0] * len(late)
    rate = rate_within(terms.interest_percent, terms.charge_interval_days, limit)
    owed = [item.open_minor if terms.charge_disputed else item.open_minor - item.disputed_minor for item in late]
    if sum(owed) - credit_minor < (terms.min_customer_balance_minor or 0):
        return [0] * len(late)
    charges, credit = [], credit_minor
    for item, minor in zip(late, owed, strict=True):
        used = min(credit, minor)
        credit -= used
        charges.append(_interest(item, minor - used, rate, terms, as_of))
    return charges


def _interest(item: Open, base: int, rate: Decimal, terms: EffectiveTerms, as_of: dt.date) -> int:
    """Once per period: from the due date, then from the last day up to which it was charged."""
    since = max(item.due_on, item.charged_on or item.due_on)
    days = (as_of - since).days
    if item.is_charge or base < (terms.min_invoice_balance_minor or 0):
        return 0
    if item.charged_on is not None and days < terms.charge_interval_days:
        return 0
    charge = simple_interest(base, rate, days, terms.charge_interval_days)
    if terms.most_interest_minor is not None:
        charge = min(charge, max(terms.most_interest_minor - item.charged_minor, 0))
    return charge


def fee_of(line: Line, letters: Letters, currency: str, limit: Limit = NO_LIMIT) -> int:
    """The fee of a letter; none in another currency than that of the set, at most what the limit allows."""
    if letters.currency != currency:
        return 0
    if limit.fee_minor is not None and limit.currency == currency:
        return min(line.fee_minor, limit.fee_minor)
    return line.fee_minor
