"""Half-open date periods, and dates as people read them (domain 1.2: [start, end) in code, last day on paper)."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from counterfoil.kernel.errors import Refused

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Period:
    """The days from `start` up to, and not including, `end`."""

    start: dt.date
    end: dt.date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("A period has at least one day.")

    @classmethod
    def through(cls, first: dt.date, last: dt.date) -> Period:
        """The period that is printed as `first to last`."""
        return cls(first, last + dt.timedelta(days=1))

    @property
    def last(self) -> dt.date:
        """The last day, as printed."""
        return self.end - dt.timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end


def add_months(day: dt.date, months: int, *, anchor: int | None = None) -> dt.date:
    """The same day some months later; a missing day becomes the month's last, and `anchor` keeps the nominal day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return dt.date(year, month, min(anchor or day.day, calendar.monthrange(year, month)[1]))


def days_before(day: dt.date, days: int) -> dt.date:
    """So many days before, at most as far as the calendar goes."""
    try:
        return day - dt.timedelta(days=days)
    except OverflowError:
        return dt.date.min if days > 0 else dt.date.max


def month_of(day: dt.date) -> Period:
    """The calendar month that holds the day."""
    first = day.replace(day=1)
    return Period(first, add_months(first, 1))


# The lines of a run say the same few days.
@lru_cache(maxsize=4096)
def date_text(day: dt.date, *, today: dt.date | None = None) -> str:
    """`20 Nov`, with the year when it is not this year's."""
    text = f"{day.day} {_MONTHS[day.month - 1]}"
    return text if today is not None and day.year == today.year else f"{text} {day.year}"


def deadline_text(day: dt.date, *, today: dt.date) -> str:
    """A date that matters, with its weekday: `Wed 25 Nov`."""
    return f"{_DAYS[day.weekday()]} {date_text(day, today=today)}"


def long_date_text(day: dt.date) -> str:
    """`20 November 2026`, as printed on documents."""
    return f"{day.day} {calendar.month_name[day.month]} {day.year}"


def read_date(text: str, *, today: dt.date, field: str | None = None) -> dt.date:
    """Read a date as people type it: `2026-11-25`, `25 nov`, `25 nov 2026`, `fri`, `+7`, `today`."""
    day = _read_date(text, today=today, field=field)
    # At the edges of the calendar there is no day before or after to compare with.
    if not 1900 <= day.year <= 2999:
        raise Refused("absurd_date", f"“{text[:30]}” is too far away to be right.", field=field)
    return day


def _read_date(text: str, *, today: dt.date, field: str | None) -> dt.date:
    clean = text.strip().lower()
    try:
        return dt.date.fromisoformat(clean)
    except ValueError:
        pass
    if clean in ("today", "yesterday"):
        return today - dt.timedelta(days=clean == "yesterday")
    if match := re.fullmatch(r"([+-]\d{1,4})", clean):
        return today + dt.timedelta(days=int(match[1]))
    if clean[:3] in (names := [name.lower() for name in _DAYS]) and clean.isalpha():
        return today + dt.timedelta(days=(names.index(clean[:3]) - today.weekday() - 1) % 7 + 1)
    if match := re.fullmatch(r"(\d{1,2})\s*([a-z]{3,9})\s*(\d{4})?", clean):
        months = [name.lower() for name in _MONTHS]
        if match[2][:3] in months:
            try:
                return dt.date(int(match[3] or today.year), months.index(match[2][:3]) + 1, int(match[1]))
            except ValueError:
                pass
    raise Refused("not_a_date", f"“{text[:30]}” is not a date. Write it like 2026-11-25 or 25 nov.", field=field)


def thirty_day_months(full: Period, day: dt.date, whole: int) -> int:
    """How many days of a full period are before a day, when every month has 30."""
    if day == full.end:
        return whole
    months = (day.year - full.start.year) * 12 + day.month - full.start.month
    return min(max(30 * months + min(day.day, 30) - min(full.start.day, 30), 0), whole)
