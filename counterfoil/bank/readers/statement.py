"""What every bank says in its own way: a statement of an account, and its lines, as plain values."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text, places

# More than any bank sends for a month; whoever uploads more has another file in hand.
MOST_BYTES = 64 * 1024 * 1024
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}")


@dataclass(frozen=True)
class Part:
    """A payment within a line that the bank booked as one sum, such as a collection of debit orders."""

    amount_minor: int
    counterparty: str = ""
    account: str = ""
    details: str = ""
    end_to_end: str = ""
    mandate: str = ""
    structured: str = ""
    returned: str = ""


@dataclass(frozen=True)
class Line:
    """One booking: money that came in above zero, what went out below, in minor units."""

    date: dt.date
    amount_minor: int
    # What the bank knows the booking by.
    reference: str = ""
    counterparty: str = ""
    account: str = ""
    details: str = ""
    end_to_end: str = ""
    mandate: str = ""
    # A reference with check digits, such as RF18 5390 0754 7034.
    structured: str = ""
    # Why a payment came back, in the bank's code.
    returned: str = ""
    parts: tuple[Part, ...] = ()


@dataclass
class Statement:
    """What a bank says of an account. Balances are as the bank wrote them, none where it did not."""

    account: str
    currency: str
    opening_minor: int | None = None
    closing_minor: int | None = None
    lines: list[Line] = field(default_factory=list)
    # What was left out or read with doubt, in sentences.
    remarks: list[str] = field(default_factory=list)
    # Lines that nobody could read: with any, the lines are not all there is.
    unread: int = 0

    @property
    def moved_minor(self) -> int:
        """What all lines come to."""
        return sum(line.amount_minor for line in self.lines)

    @property
    def difference_minor(self) -> int | None:
        """What the closing balance is above what the opening one and the lines come to; none without both."""
        if self.opening_minor is None or self.closing_minor is None:
            return None
        return self.closing_minor - self.opening_minor - self.moved_minor

    @property
    def adds_up(self) -> bool | None:
        """Whether opening balance and lines come to the closing balance; none where the bank wrote no such balances."""
        if self.unread:
            return False
        return None if self.difference_minor is None else not self.difference_minor

    @property
    def doubts(self) -> list[str]:
        """What somebody should know before the lines are brought in, in sentences."""
        found = list(self.remarks)
        if gap := self.difference_minor:
            assert self.opening_minor is not None
            assert self.closing_minor is not None
            reached = money_text(self.opening_minor + self.moved_minor, self.currency)
            found.append(
                f"It does not add up: {money_text(self.opening_minor, self.currency)} and the lines come to {reached}, "
                f"the bank says {money_text(self.closing_minor, self.currency)}: a difference of "
                f"{money_text(gap, self.currency)}."
            )
        return found


def minor_of(text: str, currency: str) -> int:
    """An amount without sign as banks' programs write it (`29.95`, `29,95`, `5,`), in minor units.

    Zeros beyond the currency's places say nothing; anything else there is no amount of the currency.
    """
    clean = text.strip().replace(",", ".")
    try:
        value = Decimal(clean) if _NUMBER.fullmatch(clean) else None
    except InvalidOperation:  # pragma: no cover - the pattern lets none through
        value = None
    if value is None:
        raise Refused("not_an_amount", f"“{text.strip()[:40]}” is not an amount.")
    minor = value.scaleb(places(currency))
    if minor != int(minor):
        raise Refused("too_many_places", f"“{text.strip()[:40]}” has more decimal places than {currency or 'money'}.")
    return int(minor)


def signed_minor(text: str, currency: str) -> int:
    """The same with a sign before or after it."""
    clean = text.strip()
    minus = clean.startswith("-") or clean.endswith("-")
    minor = minor_of(clean.strip("+-").strip(), currency)
    return -minor if minus else minor


def day_of(year: int, month: int, day: int) -> tuple[dt.date, str]:
    """The day, and what is strange about it: some banks book on 30 February, which is the last of the month."""
    try:
        return dt.date(year, month, day), ""
    except ValueError:
        if not (1 <= month <= 12 and 29 <= day <= 31 and 1 <= year <= 9999):
            raise Refused("not_a_day", f"{day}/{month}/{year} is not a day.") from None
    last = next(dt.date(year, month, before) for before in (30, 29, 28) if _is_day(year, month, before))
    return last, f"{day}/{month}/{year} is not a day; the last of the month was taken."


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def short_year(year: int) -> int:
    """A year of two digits: no bank statement is of before 1970."""
    return year + (1900 if year >= 70 else 2000)


def text_of(content: bytes) -> str:
    """The text of a file, in the first of the usual encodings that fits."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def tidy(text: str | None) -> str:
    """One line without control characters and doubled spaces."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text or "").split())
