"""Days in words: “last month”, “since 1 March”, “Q3 2026”, “letzte 30 Tage”, “verlede kwartaal”. No clock, no database.

A month, a quarter or a day without its year is the newest that has begun; what looks ahead (contracts, cards) asks for
`ahead`, the next that is not over.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.kernel.periods import add_months, date_text

# The words of three languages, folded: lower case without accents.
MONTHS: dict[str, int] = {}
for _names in (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar marz april mai juni juli august september oktober november dezember",
    "januarie februarie maart april mei junie julie augustus september oktober november desember",
    "jan febr maerz apr mai jun jul aug sept okt nov dez",
):
    MONTHS |= {name: place for place, name in enumerate(_names.split(), 1)}
WEEKDAYS: dict[str, int] = {}
for _names in (
    "monday tuesday wednesday thursday friday saturday sunday",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "maandag dinsdag woensdag donderdag vrydag saterdag sondag",
):
    WEEKDAYS |= {name: place for place, name in enumerate(_names.split())}
UNITS = {
    word: unit
    for unit, words in {
        "day": "day days tag tage tagen dag dae",
        "week": "week weeks woche wochen weke",
        "month": "month months monat monate monaten monats maand maande",
        "quarter": "quarter quarters quartal quartale quartalen quartals kwartaal kwartale",
        "year": "year years jahr jahre jahren jahres jaar",
    }.items()
    for word in words.split()
}
_THIS = frozenset("this current diese dieser diesem diesen dieses laufenden hierdie".split())
_LAST = frozenset(
    "last past previous prior letzte letzten letzter letztem letztes vorige vorigen vorigem voriges vergangenen "
    "vergangene verlede laaste afgelope".split()
)
_NEXT = frozenset(
    "next coming upcoming nachste nachsten nachster nachstem nachstes kommende kommenden kommender volgende "
    "komende".split()
)
_SINCE = frozenset("since seit ab sedert sinds vanaf".split())
_AFTER = frozenset("after nach na".split())
_FROM = frozenset("from between von vom zwischen van tussen".split())
_TO = frozenset("to till until through and bis und tot en -".split())
_BEFORE = frozenset("before until by vor bis voor tot".split())
_TODAY = {
    "today": 0,
    "heute": 0,
    "vandag": 0,
    "yesterday": -1,
    "gestern": -1,
    "gister": -1,
    "tomorrow": 1,
    "vorgestern": -2,
    "eergister": -2,
}
# What stands before a year, which would be an amount otherwise.
_IN = frozenset("in during for of im in wahrend fur jahr year jaar vir gedurende".split()) | _SINCE | _FROM | _TO
_QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "erstes": 1, "zweites": 2, "drittes": 3, "viertes": 4,
             "eerste": 1, "tweede": 2, "derde": 3, "vierde": 4}  # fmt: skip
_SMALL = {"two": 2, "three": 3, "four": 4, "six": 6, "twelve": 12, "zwei": 2, "drei": 3, "twee": 2, "drie": 3}
VOCABULARY = frozenset(
    {*MONTHS, *WEEKDAYS, *UNITS, *_THIS, *_LAST, *_NEXT, *_SINCE, *_AFTER, *_FROM, *_TODAY, *_QUARTERS, "ytd", "mtd"}
)
# What speaks of days: where none are read from it, it was not understood.
SPEAKS = frozenset({*MONTHS, *WEEKDAYS, *UNITS, *_TODAY, *_QUARTERS, "ytd", "mtd"}) - {"may"}
# Articles and prepositions that may stand between the words of a date.
_FILLERS = frozenset("the of on in at der dem den des die am im zum vom das op aan".split())


@dataclass(frozen=True)
class Days:
    """The days from the first to the last, both included."""

    first: dt.date
    last: dt.date
    # What it was called does not say the year.
    loose: bool = False

    def words(self, today: dt.date) -> str:
        """As a sentence says it, with its preposition."""
        first, last = self.first, self.last
        if first == last:
            return "today" if first == today else f"on {date_text(first, today=today)}"
        after = last + dt.timedelta(days=1)
        if first.day == 1 and after.day == 1:
            months = (after.year - first.year) * 12 + after.month - first.month
            if months == 1:
                return f"in {first:%B %Y}"
            if months == 3 and first.month % 3 == 1:
                return f"in Q{first.month // 3 + 1} {first.year}"
            if months == 12 and first.month == 1:
                return f"in {first.year}"
        if last == today:
            return f"since {date_text(first, today=today)}"
        if first == dt.date.min:
            return f"up to {date_text(last, today=today)}"
        return f"from {date_text(first, today=today)} to {date_text(last, today=today)}"

    def ahead(self, today: dt.date) -> Days:
        """The same named days, the next time they come, where no year was said."""
        if not self.loose or self.last >= today:
            return self
        return Days(add_months(self.first, 12), _last_of(add_months(self.first, 12), self))


def _last_of(first: dt.date, was: Days) -> dt.date:
    if was.first.day == 1 and (was.last + dt.timedelta(days=1)).day == 1:
        months = (was.last.year - was.first.year) * 12 + was.last.month - was.first.month + 1
        return add_months(first, months) - dt.timedelta(days=1)
    return first + (was.last - was.first)


def _starts(unit: str, day: dt.date) -> dt.date:
    """The first day of the unit that holds a day."""
    match unit:
        case "week":
            return day - dt.timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _moved(unit: str, start: dt.date, by: int) -> dt.date:
    """So many units later."""
    if unit in ("day", "week"):
        return start + dt.timedelta(days=by * (7 if unit == "week" else 1))
    return add_months(start, by * {"month": 1, "quarter": 3, "year": 12}[unit])


def _whole(unit: str, start: dt.date, *, loose: bool = False) -> Days:
    return Days(start, _moved(unit, start, 1) - dt.timedelta(days=1), loose)


def _one(day: dt.date) -> Days:
    return Days(day, day)


class NoSuchDays(ValueError):
    """Words that can only be days, and are none: 30 February, Q7."""


Found = tuple[Days, int] | None


def find_days(words: Sequence[str], today: dt.date) -> tuple[Days | None, list[str]]:
    """The days a text speaks of, and the words that are left; two spans of days are more than one question asks for.

    Raises `NoSuchDays` for days that never were.
    """
    try:
        return _found(words, today)
    except (OverflowError, ValueError) as none:
        raise none if isinstance(none, NoSuchDays) else NoSuchDays("These days are too far away.") from none


def _found(words: Sequence[str], today: dt.date) -> tuple[Days | None, list[str]]:
    left: list[str] = []
    found: Days | None = None
    place = 0
    while place < len(words):
        read = _span(words, place, today)
        if read is None:
            left.append(words[place])
            place += 1
            continue
        if found is not None and found != read[0]:
            raise NoSuchDays("Ask about one period at a time.")
        found = read[0]
        place += read[1]
    return found, left


def _span(words: Sequence[str], at: int, today: dt.date) -> Found:
    word = words[at]
    start, past = at, at
    if tuple(words[at : at + 3]) == ("day", "before", "yesterday"):
        return _one(today - dt.timedelta(days=2)), 3
    if word in _AFTER and (inner := _plain(words, _skip(words, at + 1), today)):
        first = inner[0].last + dt.timedelta(days=1)
        return Days(first, max(today, first)), inner[1] + _skip(words, at + 1) - at
    if word in _SINCE and (inner := _plain(words, _skip(words, at + 1), today)):
        return Days(inner[0].first, max(today, inner[0].first)), inner[1] + _skip(words, at + 1) - at
    if word in _FROM:
        start = _skip(words, at + 1)
        one = _plain(words, start, today)
        past = start + one[1] if one else start
        if one is None and start + 2 < len(words) and words[start + 1] in _TO:
            # “between 1 and 15 March”: the month is said once.
            other = _plain(words, start + 2, today)
            if other and re.fullmatch(r"\d{1,2}(st|nd|rd|th)?", words[start]):
                begins = _day(other[0].first.year, other[0].first.month, int(re.sub(r"\D", "", words[start])))
                if begins > other[0].last:
                    raise NoSuchDays("The first day is after the last.")
                return Days(begins, other[0].last), start + 2 + other[1] - at
        if one and past < len(words) and words[past] in _TO:
            then = _skip(words, past + 1)
            other = _plain(words, then, today)
            if other:
                opens, closes = one[0], other[0]
                # “from March to May 2026”: the year of the second is that of the first.
                if opens.loose and opens.first > closes.last:
                    opens = Days(add_months(opens.first, -12), opens.last)
                if opens.first > closes.last:
                    raise NoSuchDays("The first day is after the last.")
                return Days(opens.first, closes.last), then + other[1] - at
        if one and word == "from" and one[0].first == one[0].last:
            # From a day on; “the invoice from October” is that of October.
            return Days(one[0].first, max(today, one[0].last)), past - at
        return (one[0], past - at) if one and word in ("from", "von", "vom", "van") else None
    if word in _BEFORE and (inner := _plain(words, _skip(words, at + 1), today)):
        last = inner[0].first - dt.timedelta(days=1) if word in ("before", "vor", "voor") else inner[0].last
        return Days(dt.date.min, last), inner[1] + _skip(words, at + 1) - at
    if word == "end" and at + 1 < len(words) and words[at + 1] == "of" and (inner := _plain(words, at + 2, today)):
        return Days(inner[0].last, inner[0].last, inner[0].loose), inner[1] + 2
    if word in ("in", "within", "im", "during") and _number(words, at + 1) and _unit(words, at + 2):
        # “in the next 30 days” is read below; “in 30 days” is so far ahead.
        return Days(today, _moved(_unit(words, at + 2), today, _number(words, at + 1))), 3
    return _plain(words, at, today)


def _skip(words: Sequence[str], at: int) -> int:
    while at < len(words) and words[at] in _FILLERS:
        at += 1
    return at


def _number(words: Sequence[str], at: int) -> int:
    word = words[at] if at < len(words) else ""
    return int(word) if word.isdecimal() and len(word) < 5 else _SMALL.get(word, 0)


def _unit(words: Sequence[str], at: int) -> str:
    return UNITS.get(words[at], "") if at < len(words) else ""


def _year(words: Sequence[str], at: int) -> int:
    word = words[at] if at < len(words) else ""
    return int(word) if re.fullmatch(r"(19|20|21)\d\d", word) else 0


def _plain(words: Sequence[str], at: int, today: dt.date) -> Found:
    """Days without a preposition that changes them: a unit, a month, a quarter, a year or a day."""
    if at >= len(words):
        return None
    for read in (_relative, _quarter, _exact, _named_day, _month, _bare_year):
        if found := read(words, at, today):
            return found
    return None


def _relative(words: Sequence[str], at: int, today: dt.date) -> Found:
    word = words[at]
    if word in _TODAY:
        day = today + dt.timedelta(days=_TODAY[word])
        return Days(day, day), 1
    if word in ("ytd", "mtd"):
        return Days(_starts("year" if word == "ytd" else "month", today), today), 1
    if tuple(words[at + 1 : at + 3]) == ("to", "date") and (unit := UNITS.get(word)):
        return Days(_starts(unit, today), today), 3
    if word == "the" and (named := _unit(words, at + 1)) in ("week", "month", "quarter", "year"):
        return _whole(named, _starts(named, today)), 2
    if word not in _THIS | _LAST | _NEXT:
        return None
    if (count := _number(words, at + 1)) and (unit := _unit(words, at + 2)):
        if count * {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[unit] > 40_000:
            raise NoSuchDays("These days are too far away.")
        if word in _LAST:
            return Days(_moved(unit, today, -count) + dt.timedelta(days=1), today), 3
        return (Days(today, _moved(unit, today, count)), 3) if word in _NEXT else None
    if unit := _unit(words, at + 1):
        step = -1 if word in _LAST else 1 if word in _NEXT else 0
        return _whole(unit, _moved(unit, _starts(unit, today), step)), 2
    if at + 1 < len(words) and words[at + 1] in WEEKDAYS:
        back = (today.weekday() - WEEKDAYS[words[at + 1]]) % 7
        day = today + dt.timedelta(days=7 - (back or 7) if word in _NEXT else -(back or (7 if word in _LAST else 0)))
        return Days(day, day), 2
    if at + 1 < len(words) and words[at + 1] in MONTHS:
        found = _month(words, at + 1, today)
        if found is None:
            return None
        days = found[0]
        if word in _NEXT:
            days = days.ahead(today + dt.timedelta(days=31))
        return days, found[1] + 1
    return None


def _quarter(words: Sequence[str], at: int, today: dt.date) -> Found:
    word = words[at]
    number, used = 0, 0
    if match := re.fullmatch(r"q(\d+)", word):
        number, used = int(match[1]), 1
    elif word in _QUARTERS and _unit(words, at + 1) == "quarter":
        number, used = _QUARTERS[word], 2
    elif (match := re.fullmatch(r"(\d)(?:st|nd|rd|th)?", word)) and _unit(words, at + 1) == "quarter":
        number, used = int(match[1]), 2
    elif UNITS.get(word) == "quarter" and (number := _number(words, at + 1)):
        used = 2
    if not used:
        return None
    if not 1 <= number <= 4:
        raise NoSuchDays(f"There is no quarter {number}. A year has Q1 to Q4.")
    after = at + used
    after += after < len(words) and words[after] == "of"
    year = _year(words, after)
    start = dt.date(year or today.year, 3 * number - 2, 1)
    if not year and start > today:
        start = start.replace(year=start.year - 1)
    return _whole("quarter", start, loose=not year), after - at + bool(year)


def _exact(words: Sequence[str], at: int, today: dt.date) -> Found:
    """`2026-11-03`, `3/11/2026`, `3.11.2026`, `3.11.`"""
    word = words[at]
    parts: tuple[int, int, int]
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word):
        parts = (int(match[1]), int(match[2]), int(match[3]))
    elif match := re.fullmatch(r"(\d{1,2})[./](\d{1,2})[./](\d{4})?", word):
        parts = (int(match[3] or today.year), int(match[2]), int(match[1]))
    else:
        return None
    day = _day(*parts)
    if not re.search(r"\d{4}", word) and day > today:
        day = _day(day.year - 1, day.month, day.day)
    return Days(day, day), 1


def _day(year: int, month: int, day: int) -> dt.date:
    if not 1900 <= year <= 2999:
        raise NoSuchDays(f"The year {year} is too far away.")
    try:
        return dt.date(year, month, day)
    except ValueError as none:
        raise NoSuchDays(f"There is no day {day} of month {month} in {year}.") from none


def _named_day(words: Sequence[str], at: int, today: dt.date) -> Found:
    """`3 November`, `3rd of November 2026`, `Nov 3`, `the 3rd`, `Monday`."""
    word = words[at]
    if word in WEEKDAYS:
        day = today - dt.timedelta(days=(today.weekday() - WEEKDAYS[word]) % 7)
        return Days(day, day), 1
    number = re.fullmatch(r"(\d{1,2})(st|nd|rd|th|ste|de)?", word)
    if number:
        month = at + 1 + (at + 1 < len(words) and words[at + 1] == "of")
        if month < len(words) and words[month] in MONTHS:
            return _of_month(words, MONTHS[words[month]], int(number[1]), month + 1, at, today)
        if number[2] and 1 <= int(number[1]) <= 31:
            return _this_or_before(int(number[1]), today), 1
    if word in MONTHS and at + 1 < len(words) and (number := re.fullmatch(r"(\d{1,2})(st|nd|rd|th)?", words[at + 1])):
        return _of_month(words, MONTHS[word], int(number[1]), at + 2, at, today)
    return None


def _of_month(words: Sequence[str], month: int, number: int, after: int, at: int, today: dt.date) -> Found:
    year = _year(words, after)
    day = _day(year or today.year, month, number)
    if not year and day > today:
        day = _day(day.year - 1, month, number)
    return Days(day, day, loose=not year), after - at + bool(year)


def _this_or_before(number: int, today: dt.date) -> Days:
    """The newest day of that number that has come."""
    start = today.replace(day=1)
    for back in range(4):
        month = add_months(start, -back)
        if (add_months(month, 1) - dt.timedelta(days=1)).day >= number and month.replace(day=number) <= today:
            return Days(month.replace(day=number), month.replace(day=number))
    raise NoSuchDays(f"There is no day {number}.")


def _month(words: Sequence[str], at: int, today: dt.date) -> Found:
    word = words[at]
    # “may” and “mar” are words too; as a month they have a preposition, a year, or stand alone.
    if word not in MONTHS or (word == "may" and not _is_month(words, at)):
        return None
    year, used = _year(words, at + 1), 1
    if year:
        used = 2
    elif at + 2 < len(words) and words[at + 1] in _LAST | _THIS and UNITS.get(words[at + 2]) == "year":
        year, used = today.year - (words[at + 1] in _LAST), 3
    start = dt.date(year or today.year, MONTHS[word], 1)
    if not year and start > today:
        start = start.replace(year=start.year - 1)
    return _whole("month", start, loose=not year), used


def _is_month(words: Sequence[str], at: int) -> bool:
    before = words[at - 1] if at else ""
    return before in _IN | _THIS | _LAST | _NEXT or bool(_year(words, at + 1)) or at == len(words) - 1


def _bare_year(words: Sequence[str], at: int, today: dt.date) -> Found:
    year = _year(words, at)
    if not year or (at and words[at - 1] not in _IN):
        return None
    return _whole("year", dt.date(year, 1, 1)), 1
