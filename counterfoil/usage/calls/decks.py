"""Rate decks: what a minute to each prefix costs, from which day; and the price of a number at a moment.

A deck is a table with a heading. Prices are whole numbers of a billionth of the currency, so that nothing is rounded
before a call is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import date_text

# A price has at most so many decimal places.
PLACES = 9
# Each is held against the others.
_MOST_OF_A_PREFIX = 1000


@dataclass(frozen=True, slots=True)
class Times:
    """When a price holds: days of the week (0 is Monday, 7 a holiday) and minutes of the day, the last not included."""

    days: frozenset[int]
    start: int
    end: int

    def holds(self, day: int, minute: int) -> bool:
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        # Over midnight: the hours after it are of the day on which they are.
        return day in self.days and (minute >= self.start or minute < self.end)

    def meets(self, other: Times) -> bool:
        """Whether there is a moment in both."""
        starts = (self.start, other.start, 0)
        return any(self.holds(day, minute) and other.holds(day, minute) for day in self.days for minute in starts)


@dataclass(frozen=True, slots=True)
class Price:
    """What a minute to a prefix costs from a day on, up to the day before `end`. Without a rate it is withdrawn."""

    prefix: str
    destination: str
    rate: int | None
    connect: int
    # The first seconds are charged whole; what is above them in steps of `then`.
    first: int
    then: int
    # The least that a call with talk costs.
    minimum: int
    start: dt.date
    end: dt.date | None
    times: Times | None
    deck: Deck

    @property
    def terms(self) -> tuple[int | None, int, int, int, int]:
        return self.rate, self.connect, self.first, self.then, self.minimum


@dataclass(eq=False, slots=True)
class Deck:
    """One deck as it was read. Days and hours are of its zone."""

    name: str
    currency: str = ""
    zone: dt.tzinfo = dt.UTC
    holidays: frozenset[dt.date] = frozenset()
    prices: list[Price] = field(default_factory=list)


class Decks:
    """The prices of several decks, found by the longest prefix; the time it takes does not grow with their number."""

    def __init__(self, decks: Sequence[Deck], currency: str = "") -> None:
        """Refused where decks differ in currency, or have two prices for the same number at the same moment."""
        self.currency = _one_currency(decks, currency)
        self._by_prefix: dict[str, Price | list[Price]] = {}
        for deck in decks:
            for price in deck.prices:
                before = self._by_prefix.setdefault(price.prefix, price)
                if isinstance(before, list):
                    before.append(price)
                elif before is not price:
                    self._by_prefix[price.prefix] = [before, price]
        for prefix, prices in self._by_prefix.items():
            if isinstance(prices, list):
                self._by_prefix[prefix] = _in_order(prices)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)

    def __len__(self) -> int:
        return len(self._by_prefix)

    def find(self, number: str, moment: dt.datetime) -> tuple[Price | None, str]:
        """The price of a number in E.164 (with +) for a call that began at an instant; or none, and why.

        A price that is withdrawn, or not valid on that day, leaves the number to a shorter prefix. One that says
        hours does not: who charges by them has a price for the others, or a mistake in the deck.
        """
        digits, ended = number[1:], None
        for length in self._lengths:
            prices = self._by_prefix.get(digits[:length]) if length <= len(digits) else None
            if prices is None:
                continue
            valid = False
            for price in prices if isinstance(prices, list) else (prices,):
                local = moment if price.deck.zone is dt.UTC else moment.astimezone(price.deck.zone)
                day = local.date()
                if day < price.start or (price.end is not None and day >= price.end):
                    ended = ended or price
                    continue
                if price.rate is None:
                    ended, valid = price, False
                    break
                if price.times is None:
                    return price, ""
                valid = True
                weekday = 7 if day in price.deck.holidays else day.weekday()
                if price.times.holds(weekday, local.hour * 60 + local.minute):
                    return price, ""
            if valid:
                return None, f"No deck has a price for {digits[:length]} at {local:%H:%M} on {date_text(day)}."
        if ended is not None:
            on = date_text(moment.astimezone(ended.deck.zone).date())
            return None, f"No rate: no deck has a price for {ended.prefix} on {on}."
        return None, f"No rate: no deck has a prefix of {number}."


def _one_currency(decks: Sequence[Deck], asked: str) -> str:
    if not decks:
        raise Refused("no_deck", "Calls are rated by a deck. Name one.", field="deck")
    said = {deck.currency: deck.name for deck in decks if deck.currency}
    if asked:
        said.setdefault(asked, "what was asked for")
    if len(said) > 1:
        (one, first), (two, second), *_ = said.items()
        raise Refused("two_currencies", f"{first} is in {one} and {second} in {two}. Calls are rated in one currency.",
                      field="deck")  # fmt: skip
    return next(iter(said), "")


def _in_order(prices: list[Price]) -> list[Price]:
    """The prices of one prefix, the one that counts first: the later start, and before others those that say hours."""
    if len(prices) > _MOST_OF_A_PREFIX:
        raise Refused("too_many", f"There are more than {_MOST_OF_A_PREFIX:,} prices for {prices[0].prefix}.",
                      field="deck")  # fmt: skip
    prices.sort(key=lambda price: (price.start, price.times is not None), reverse=True)
    found: list[Price] = []
    for price in prices:
        twice = next((one for one in found if _says_the_same(one, price)), None)
        if twice is None:
            found.append(price)
    return found


def _says_the_same(one: Price, other: Price) -> bool:
    """Whether both are the same price. Refused where they are two for the same moment."""
    same_hours = (one.times is None) == (other.times is None)
    if same_hours and one.times is not None and other.times is not None:
        same_hours = one.times.meets(other.times)
    if not same_hours:
        return False
    if one.start == other.start:
        if one.terms == other.terms and one.end == other.end and one.times == other.times:
            return True
        if one.end == other.end or one.deck is other.deck or one.terms != other.terms:
            _refuse_two(one, other, max(one.start, other.start))
    elif one.deck is other.deck and other.end and one.start < other.end and one.terms != other.terms:
        # The earlier says that it still holds. (Without an end the next follows it, as decks with changes write it.)
        _refuse_two(one, other, one.start)
    return False


def _refuse_two(one: Price, other: Price, day: dt.date) -> None:
    where = one.deck.name if one.deck is other.deck else f"{other.deck.name} and {one.deck.name}"
    raise Refused("two_prices", f"{where}: there are two prices for {one.prefix} on {date_text(day)}. Take one out.",
                  field="deck")  # fmt: skip


_RANGE = re.compile(r"([0-9]{1,15})\s*(?:-|–|to)\s*([0-9]{1,15})")
_MOST_IN_A_RANGE = 10_000


def prefixes_of(text: str) -> Iterable[str]:
    """The prefixes that a cell lists: `27`, `+27 82`, `2772-2774, 2778`, `61401-3`. Refused where it is none."""
    if text.isascii() and text.isdecimal() and len(text) <= 15 and text[0] != "0":
        return (text,)
    found: list[str] = []
    for part in re.split(r"[,;/|]", text):
        clean = part.strip().lstrip("+").strip()
        if not clean:
            continue
        if match := _RANGE.fullmatch(clean):
            first, last = match.groups()
            # 61401-3 is short for 61401-61403.
            last = first[: len(first) - len(last)] + last if len(last) < len(first) else last
            if len(last) != len(first) or not 0 <= int(last) - int(first) < _MOST_IN_A_RANGE:
                raise Refused("not_a_prefix", f"“{clean[:40]}” is no range of prefixes.")
            if len(found) > _MOST_IN_A_RANGE:
                raise Refused("too_many", f"The line has more than {_MOST_IN_A_RANGE:,} prefixes.")
            found += [f"{one:0{len(first)}d}" for one in range(int(first), int(last) + 1)]
        else:
            digits = clean.replace(" ", "")
            if not (digits.isascii() and digits.isdecimal() and len(digits) <= 15) or digits.startswith("0"):
                raise Refused("not_a_prefix", f"“{clean[:40]}” is no prefix: it begins with a country's code, "
                              "without 00.")  # fmt: skip
            found.append(digits)
    if not found:
        raise Refused("not_a_prefix", "The line has no prefix.")
    return found
