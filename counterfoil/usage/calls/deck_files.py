"""Rate decks as files: the plain table, and how carriers send it (heading lines, lists and ranges of codes, 60/1)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.usage.calls.decks import PLACES, Deck, Price, Times, prefixes_of
from counterfoil.usage.calls.records import rows_of, separator_of, text_lines, tidy, zone_of
from counterfoil.usage.calls.switches import Row

# What each column is called, in small letters.
_CALLED = {
    "prefix": "prefix|prefixes|dial code|dial codes|dial code(s)|dialcode|code|codes|dialing code",
    "destination": "destination|description|name|destination name|area|zone name",
    "rate": "rate_per_min|rate per min|rate per minute|rate/min|rate|price|price/min|price per minute|rate_per_minute",
    "connect": "connect_fee|connect fee|connection fee|connection charge|setup|setup fee|set-up|call setup",
    "first": "initial_increment|initial increment|first increment|first_increment",
    "then": "subsequent_increment|subsequent increment|next increment|increment",
    "interval": "interval|increments|billing increment|billing increments|billing interval",
    "minimum": "minimum|minimum_charge|minimum charge|minimum cost",
    "start": "effective_from|effective from|effective date|effective|valid from|valid_from|start date",
    "end": "effective_to|effective to|end date|withdrawn from|valid_to",
    "days": "days|day",
    "hours": "hours|times|time of day",
    "change": "change|action|status",
    "currency": "currency",
}  # fmt: skip
_NAMES = {called: part for part, text in _CALLED.items() for called in text.split("|")}
_WITHDRAWN = {"withdrawn", "withdraw", "delete", "deleted", "removed", "remove", "discontinued", "closed", "blocked"}
_DAYS = {name: place for place, name in enumerate("mon tue wed thu fri sat sun".split())}
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*(?:-|–|to)\s*([0-9]{1,2}):([0-9]{2})")
_AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]+)?|\.[0-9]+")
_MOST_PREFIXES = 1_000_000
_REMEMBERED = 10_000
# What a line is not without, where the deck has it: by what is left out a call would cost something else.
_NEEDED = ("prefix", "rate", "connect", "first", "then", "interval", "start")
_OTHERS = (
    "rate", "connect", "first", "then", "interval", "minimum", "start", "end", "days", "hours", "change", "currency",
)  # fmt: skip
_NO_DAY = dt.date(1990, 1, 1)


def read_deck(content: bytes, name: str) -> Deck:
    """The deck of a file, `name` being what sentences call it. Refused where any line of it cannot be read.

    A price that is left out would leave its calls to a shorter prefix, which is another price: so all lines or none.
    """
    lines = text_lines(content, what="A rate deck")
    separator = separator_of(islice(lines, 100))
    deck = Deck(tidy(name))

    def rows() -> Iterator[Row]:
        lines.seek(0)
        return rows_of(lines, separator)

    above, where = _heading(deck, rows())
    reader = _Reader(deck, where, (cells for number, cells, _ in rows() if number > above))
    for number, cells, why in rows():
        if number <= above:
            continue
        try:
            refuse_if(why, "bad_deck", why)
            deck.prices += reader.prices(cells)
        except Refused as refused:
            raise Refused(refused.code, f"{deck.name}, line {number}: {refused.sentence}", field="deck") from refused
        if len(deck.prices) > _MOST_PREFIXES:
            raise Refused("too_many", f"{deck.name} has more than {_MOST_PREFIXES:,} prefixes.", field="deck")
    if not deck.prices:
        raise Refused("empty_deck", f"{deck.name} has no prices.", field="deck")
    return deck


def _heading(deck: Deck, rows: Iterator[Row]) -> tuple[int, dict[str, int]]:
    """The line of the heading and where each column is; the deck knows what stands above it."""
    for number, cells, _ in islice(rows, 60):
        if where := _places(cells):
            return number, where
        _say(deck, cells)
    raise Refused("no_columns", f"{deck.name}: no heading says which column is the prefix and which the rate. Call "
                  "them prefix and rate_per_min.", field="deck")  # fmt: skip


def _places(cells: Sequence[str]) -> dict[str, int]:
    where: dict[str, int] = {}
    for place, cell in enumerate(cells):
        part = _NAMES.get(tidy(cell).casefold())
        if part:
            where.setdefault(part, place)
    return where if "prefix" in where and "rate" in where else {}


def _say(deck: Deck, cells: Sequence[str]) -> None:
    """What stands above the table: `Currency: ZAR`, `Zone: Africa/Johannesburg`, `Holidays: 2026-12-16, 2026-12-25`."""
    key, _, value = ",".join(cell.strip() for cell in cells if cell.strip()).partition(":")
    value = value.strip(" ,")
    match key.strip().casefold():
        case "currency":
            deck.currency = _currency(value)
        case "zone" | "time zone" | "timezone":
            deck.zone = zone_of(value, field="deck")
        case "holidays":
            try:
                days = [dt.date.fromisoformat(day) for day in re.split(r"[ ,]+", value) if day]
            except ValueError:
                raise Refused("not_a_day", f"{deck.name}: holidays are written 2026-12-25, with commas between them.",
                              field="deck") from None  # fmt: skip
            deck.holidays = frozenset(days)


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise Refused("not_a_currency", f"“{tidy(text)[:20]}” is not a currency. Use a code such as ZAR.", field="deck")
    return text.upper()


class _Terms(NamedTuple):
    """What a line says of all its prefixes."""

    rate: int | None
    connect: int
    first: int
    then: int
    minimum: int
    start: dt.date
    end: dt.date | None
    times: Times | None


class _Reader:
    """Reads the lines of one deck; what many lines say is read once."""

    def __init__(self, deck: Deck, where: dict[str, int], rows: Iterable[list[str]]) -> None:
        self._deck = deck
        self._least = 1 + max(place for part, place in where.items() if part in _NEEDED)
        width = 1 + max(where.values())
        self._padding = [""] * (width + 1)
        # A column that the deck does not have is the empty one after its last.
        self._prefix = where["prefix"]
        self._destination = where.get("destination", width)
        self._others = itemgetter(*(where.get(part, width) for part in _OTHERS))
        self._width = width
        texts, comma = set[str](), False
        places = [where[part] for part in ("start", "end") if part in where]
        for cells in rows:
            texts.update(cells[place].strip() for place in places if place < len(cells))
            comma = comma or (where["rate"] < len(cells) and "," in cells[where["rate"]])
        self._day = _day_reader(deck.name, texts, comma=comma)
        self._terms: dict[tuple[str, ...], _Terms] = {}
        self._destinations: dict[str, str] = {}

    def prices(self, cells: list[str]) -> list[Price]:
        """The prices of a line, one for each of its prefixes."""
        short = len(cells) < self._least
        # Exactly so many: what stands beside the table is none of it.
        cells = (cells + self._padding)[: self._width] + [""]
        others, prefixes = self._others(cells), cells[self._prefix]
        if not prefixes.strip() and not others[0].strip():
            return []
        refuse_if(short, "cut_off", "The line is cut off.")
        terms = self._terms.get(others)
        if terms is None:
            if len(self._terms) >= _REMEMBERED:
                self._terms.clear()
            terms = self._terms[others] = self._read(*(text.strip() for text in others))
        if terms.end == terms.start:
            return []
        destination = self._destinations.setdefault(cells[self._destination], tidy(cells[self._destination]))
        return [Price(prefix, destination, *terms, self._deck) for prefix in prefixes_of(prefixes)]

    def _read(
        self, rate: str, connect: str, first: str, then: str, interval: str, minimum: str, start: str, end: str,
        days: str, hours: str, change: str, currency: str,
    ) -> _Terms:  # fmt: skip
        if currency:
            code = _currency(currency)
            if self._deck.currency not in ("", code):
                raise Refused("two_currencies", f"The deck is in {self._deck.currency}, and this line in {code}.")
            self._deck.currency = code
        found = _Terms(
            None if change.casefold() in _WITHDRAWN else _billionths(rate, "rate"),
            _billionths(connect or "0", "connect fee"),
            *_increments(interval, first, then),
            _billionths(minimum or "0", "minimum"),
            self._day(start) if start else _NO_DAY,
            self._day(end) if end else None,
            _times(days, hours),
        )
        refuse_if(found.end is not None and found.end < found.start, "ends_before", "It ends before it begins.")
        return found


def _billionths(text: str, what: str) -> int:
    clean = text.replace(",", ".")
    try:
        value = Decimal(clean) if _AMOUNT.fullmatch(clean) else None
    except InvalidOperation:  # pragma: no cover - the pattern lets none through
        value = None
    if value is None:
        raise Refused("not_an_amount", f"“{tidy(text)[:40]}” is no {what}.")
    scaled = value.scaleb(PLACES)
    if scaled != int(scaled):
        raise Refused("too_many_places", f"“{tidy(text)[:40]}” has more than {PLACES} decimal places.")
    return int(scaled)


def _increments(interval: str, first: str, then: str) -> tuple[int, int]:
    """The first increment and the others, in seconds, from `60/1` or two columns; by the second where none is said."""
    if interval:
        first, _, then = interval.partition("/")
    first = first or then or "1"
    then = then or first
    pair = first.strip(), then.strip()
    if not all(one.isascii() and one.isdecimal() and len(one) <= 5 for one in pair):
        raise Refused("not_an_increment", f"“{tidy('/'.join(pair))[:40]}” are no increments. Write 60/1.")
    if not int(pair[1]):
        raise Refused("not_an_increment", "An increment of no seconds never ends. Write 60/1.")
    return int(pair[0]), int(pair[1])


def _times(days: str, hours: str) -> Times | None:
    """`mon-fri`, `sat,sun,holidays` and `07:00-19:00`; days left out are all, holidays among them."""
    if not days and not hours:
        return None
    found: set[int] = set()
    for part in re.split(r"[,\s/]+", days.casefold().strip()) if days else []:
        first, _, last = part.partition("-")
        if part in ("holidays", "holiday"):
            found.add(7)
        elif first[:3] in _DAYS and (last or first)[:3] in _DAYS:
            place, end = _DAYS[first[:3]], _DAYS[(last or first)[:3]]
            found |= {(place + step) % 7 for step in range((end - place) % 7 + 1)}
        else:
            raise Refused("not_days", f"“{tidy(days)[:40]}” are no days. Write mon-fri, or sat,sun,holidays.")
    start, end = 0, 24 * 60
    if hours:
        match = _HOURS.fullmatch(hours)
        if not match:
            raise Refused("not_hours", f"“{tidy(hours)[:40]}” are no hours. Write 07:00-19:00.")
        one, two, three, four = (int(part) for part in match.groups())
        start, end = one * 60 + two, three * 60 + four
        if start >= 24 * 60 or end > 24 * 60 or two > 59 or four > 59 or start == end:
            raise Refused("not_hours", f"“{tidy(hours)[:40]}” are no hours. Write 07:00-19:00.")
    return Times(frozenset(found or range(8)), start, end)


_SLASHED = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})[./-]([0-9]{4})")


def _day_reader(name: str, texts: set[str], *, comma: bool) -> Callable[[str], dt.date]:
    """Reads the days of a deck: 2026-10-01, or another order that its own days or its decimal comma show."""
    parts = [match.groups() for text in texts if (match := _SLASHED.fullmatch(text))]
    day_first = any(int(first) > 12 for first, *_ in parts)
    month_first = any(int(second) > 12 for _, _, second, _ in parts)
    if day_first and month_first:
        raise Refused("two_orders", f"{name}: in some of its days the month comes first, in some the day.",
                      field="deck")  # fmt: skip
    unsure = [text for text in sorted(texts) if (match := _SLASHED.fullmatch(text)) and match[1] != match[3]]
    # Nobody who writes a decimal comma, or points between, puts the month first.
    european = comma or all(mark == "." for _, mark, *_ in parts)
    if unsure and not (day_first or month_first or european):
        raise Refused("two_days", f"{name}: “{unsure[0]}” can be two days. Write 2026-10-01.", field="deck")
    known: dict[str, dt.date] = {}

    def read(text: str) -> dt.date:
        if text not in known:
            try:
                if match := _SLASHED.fullmatch(text):
                    first, second = int(match[1]), int(match[3])
                    day, month = (second, first) if month_first else (first, second)
                    known[text] = dt.date(int(match[4]), month, day)
                elif re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text[:10]) and re.fullmatch(r"(?:[T ].*)?", text[10:]):
                    known[text] = dt.date.fromisoformat(text[:10])
                else:
                    raise ValueError
            except ValueError:
                raise Refused("not_a_day", f"“{tidy(text)[:40]}” is no day. Write 2026-10-01.") from None
        return known[text]

    return read
