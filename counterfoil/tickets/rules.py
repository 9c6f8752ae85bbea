"""Tickets in plain values: the business clock, references in mail, and what a ticket asks for."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

# Minutes of a day from which and up to which work is done; a weekday (0 is Monday) that is missing is closed.
Week = Mapping[int, tuple[int, int]]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_MINUTES = 24 * 60
# Until the operator says otherwise: Monday to Friday, 08:00 to 17:00.
USUAL_WEEK: Week = dict.fromkeys(range(5), (8 * 60, 17 * 60))
# First answer and solution, in business minutes, by priority.
USUAL_TARGETS = {"urgent": (60, 240), "high": (120, 480), "normal": (240, 960), "low": (480, 2400)}
USUAL_REOPEN_DAYS = 14
# Nothing is due later than so many days of calendar: a week without an open minute would never end.
_FARTHEST = 3660
# While a ticket is one of these its clock stands still.
STANDING_STILL = ("pending", "resolved", "closed")
OVER = ("resolved", "closed")


@dataclass(frozen=True)
class Calendar:
    """When work is done: hours of each weekday in the operator's time zone, but for the holidays."""

    week: Week
    holidays: Collection[dt.date]
    zone: dt.tzinfo

    def spans(self, start: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Each open span from an instant on, in UTC: an hour that a clock change leaves out or repeats is as long as
        it really is."""
        day = start.astimezone(self.zone).date()
        for ahead in range(-1, _FARTHEST):
            on = day + dt.timedelta(days=ahead)
            hours = self.week.get(on.weekday())
            if hours is None or on in self.holidays:
                continue
            opens, closes = (self._instant(on, minute) for minute in hours)
            if closes > start:
                yield max(opens, start), closes

    def _instant(self, on: dt.date, minute: int) -> dt.datetime:
        midnight = dt.datetime.combine(on + dt.timedelta(days=minute // DAY_MINUTES), dt.time(), self.zone)
        local = midnight.replace(hour=minute % DAY_MINUTES // 60, minute=minute % 60)
        return local.astimezone(dt.UTC)


def after(calendar: Calendar, start: dt.datetime, minutes: int) -> dt.datetime | None:
    """The instant at which so many business minutes have passed since another; None where they never do."""
    left = dt.timedelta(minutes=minutes)
    start = start.astimezone(dt.UTC)
    for opens, closes in calendar.spans(start):
        if left <= closes - opens:
            return opens + left
        left -= closes - opens
    return None


def between(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> int:
    """The whole business minutes from one instant to another; none where it is not later."""
    start, end = start.astimezone(dt.UTC), end.astimezone(dt.UTC)
    passed = dt.timedelta()
    for opens, closes in calendar.spans(start):
        if opens >= end:
            break
        passed += min(closes, end) - opens
    return int(passed.total_seconds() // 60)


def hours_text(minutes: int) -> str:
    """`4 h`, `1 h 30 min`, `45 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join(
        part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part
    )


_CLOCK = re.compile(r"([01]?\d|2[0-4])(?:[:.h]([0-5]\d))?")


def minute_of(text: str) -> int | None:
    """The minute of the day that `08:30` or `17` says; None where it says none."""
    found = _CLOCK.fullmatch(text.strip())
    minute = int(found[1]) * 60 + int(found[2] or 0) if found else DAY_MINUTES + 1
    return minute if minute <= DAY_MINUTES else None


def clock_text(minute: int) -> str:
    """`08:30`; the end of the day is `24:00`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


_ASKS = re.compile(r"\bstatements?\b", re.IGNORECASE)


def asks_for_statement(*texts: str) -> bool:
    """Whether a subject or a text speaks of a statement."""
    return any(_ASKS.search(text) for text in texts)


_REFERENCE = re.compile(r"\[#([^\[\]\s]{1,60})\]")
_RELATED = "ticket:"


def mark(number: str) -> str:
    """What stands in the subject of each message about a ticket."""
    return f"[#{number}]"


def marked(subject: str) -> str:
    """The number of the ticket that a subject names; empty where it names none."""
    found = _REFERENCE.search(subject)
    return found[1] if found else ""


def without_mark(subject: str) -> str:
    """A subject without the reference and what mail programs put before it."""
    plain = _REFERENCE.sub("", subject)
    while (shorter := re.sub(r"^\s*(?:re|fwd?|aw|wg|sv|antw)\s*:\s*", "", plain, flags=re.IGNORECASE)) != plain:
        plain = shorter
    return " ".join(plain.split())


def related_of(number: str) -> str:
    """How a message says which ticket it is of."""
    return f"{_RELATED}{number}"


def number_of(related: str) -> str:
    """The number of the ticket that a message says it is of."""
    return related.removeprefix(_RELATED) if related.startswith(_RELATED) else ""


def token(secret: str, key: int) -> str:
    """What stands in the address that answers to a ticket go to: nobody can guess that of another ticket."""
    return hmac.new(secret.encode(), f"ticket:{key}".encode(), hashlib.sha256).hexdigest()[:16]


_ADDRESS = re.compile(r"[^@+]+\+t(\d{1,18})\.([0-9a-f]{16})@[^@]+", re.IGNORECASE)


def reply_address(mailbox: str, secret: str, key: int) -> str:
    """The address that answers to a ticket go to, within the mailbox: `help+t12.0123456789abcdef@example.com`."""
    local, _, host = mailbox.rpartition("@")
    return f"{local}+t{key}.{token(secret, key)}@{host}"


def addressed(addresses: Collection[str], secret: str) -> int | None:
    """The key of the ticket that one of the addresses belongs to; None where none does, or its token is wrong."""
    for address in addresses:
        found = _ADDRESS.fullmatch(address.strip())
        if found and hmac.compare_digest(found[2].lower(), token(secret, int(found[1]))):
            return int(found[1])
    return None
