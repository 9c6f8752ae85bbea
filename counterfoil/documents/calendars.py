"""Calendar files (iCalendar, RFC 5545) as what they would put on a schedule. Nothing is written, nothing is worked out
beyond the file: an event that repeats is one entry with its rule, so one that repeats for ever takes no longer.

A package reads the lines. Zones are found here: it keeps the zones that a file describes for all files after it, and
would follow a rule of a zone without end.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Component, Event, Timezone
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from counterfoil.kernel.errors import Refused

MOST_BYTES = 5 * 1024 * 1024
MOST_EVENTS = 20_000
# Of a line that is read; files inside a calendar, which are longer, are no matter of a schedule.
_LONGEST_LINE = 20_000
# Properties of an event that are read; others are passed over, whatever is in them.
_READ = {"UID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "RRULE", "RECURRENCE-ID", "LOCATION", "STATUS"}
# The zone of a time is taken out before the package reads the line.
_TIMES = {"DTSTART", "DTEND", "RECURRENCE-ID"}
_ZONE_OF = re.compile(r'^([^:"]*?);TZID=("[^"]*"|[^;:]*)', re.IGNORECASE)
_DEEPEST = 20
# The rule of a zone that can be followed: once a year, as they all are.
_ZONE_RULE = re.compile(
    r"^RRULE:(?=[^\n]*FREQ=YEARLY)(?:(?:FREQ=YEARLY|INTERVAL=1|WKST=\w\w|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?\w\w"
    r"|BYMONTHDAY=[\d,-]{1,40}|UNTIL=\w{8,16}|COUNT=\d{1,4})(?:;|$))+$",
    re.IGNORECASE,
)
_MOST_OF_ZONE = 20_000
# What the package and the standard library raise for what is in a file.
_BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, AssertionError)
_WORDS = {"DTSTART": "start", "DTEND": "end", "DURATION": "duration", "RRULE": "rule of repetition"}


@dataclass(frozen=True)
class Entry:
    """What an event would put on a schedule.

    `start` and `end` are instants with their zone, or dates of whole days (`all_day`); `end` is not part of it, so that
    of one whole day is the day after. `repeats` is the rule (RFC 5545, 3.3.10), `replaces` which occurrence of another
    entry with the same `uid` this is in place of, `zone` the name of the zone it was read in. `said` are sentences
    about what could not be read.
    """

    uid: str
    title: str
    start: dt.datetime | dt.date | None
    end: dt.datetime | dt.date | None
    all_day: bool
    place: str
    repeats: str
    zone: str
    cancelled: bool
    replaces: dt.datetime | dt.date | None
    said: tuple[str, ...]


def read_calendar(content: bytes, local: ZoneInfo) -> list[Entry]:
    """The events of a calendar file in its order; refused in words where it is none, or not all of one.

    `local` is the zone of times without one, and of those in a zone that nobody knows.
    """
    if len(content) > MOST_BYTES:
        raise Refused("too_large", f"A calendar has at most {MOST_BYTES // 1024 // 1024} MB. Export a shorter time.",
                      field="file")  # fmt: skip
    text = _lines_of(content)
    if not re.search(r"^BEGIN:VCALENDAR$", text, re.MULTILINE | re.IGNORECASE):
        raise Refused("not_a_calendar", "The file is no calendar: it has no line BEGIN:VCALENDAR. Export it as "
                      "iCalendar (.ics).", field="file")  # fmt: skip
    events, zones = _components(text)
    found = _Zones(zones, local)
    entries = []
    for lines, named in events:
        try:
            event = Event.from_ical("\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""]))
        except _BROKEN as error:
            raise Refused("bad_calendar", f"An event of the calendar cannot be read: {_short(error)}. Export it again, "
                          "or leave the event out.", field="file") from error  # fmt: skip
        entries.append(_entry(event, named, found))
    return entries


def _components(text: str) -> tuple[list[tuple[list[str], dict[str, str]]], list[str]]:
    """The events, each as the lines that are read and the names of all its properties with their zones, and the
    zones that are described.

    What is inside an event (alarms) and what is neither (to-dos) is passed over.
    """
    events: list[tuple[list[str], dict[str, str]]] = []
    zones: list[list[str]] = []
    path: list[str] = []
    for line in text.split("\n"):
        name, _, value = line.partition(":")
        name, value = re.split(r"[;:]", line, maxsplit=1)[0].upper(), value.strip().upper()
        if name == "BEGIN":
            path.append(value)
            if value == "VEVENT" and "VEVENT" not in path[:-1]:
                events.append(([], {}))
            elif value == "VTIMEZONE":
                zones.append([])
        if "VTIMEZONE" in path[:3] and zones:
            zones[-1].append(line)
        elif path[-1:] == ["VEVENT"] and name != "BEGIN":
            zone = _ZONE_OF.match(line) if name in _TIMES else None
            events[-1][1].setdefault(name, zone[2].strip('" ') if zone else "")
            if name in _READ:
                events[-1][0].append(line[: zone.end(1)] + line[zone.end() :] if zone else line)
        if name == "END" and path and path[-1] == value:
            path.pop()
        if len(path) > _DEEPEST or len(events) > MOST_EVENTS:
            raise Refused("too_many", f"A calendar has at most {MOST_EVENTS:,} events. Export a shorter time.",
                          field="file")  # fmt: skip
    if "VCALENDAR" in path:
        raise Refused("cut_off", "The calendar is cut off: its last lines are missing. Export or download it again.",
                      field="file")  # fmt: skip
    return events, ["\n".join([*lines, ""]) for lines in zones]


def _lines_of(content: bytes) -> str:
    """The text with every line whole (RFC 5545, 3.1 folds them), without controls and without what is too long."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    # Some programs leave an empty line where they fold.
    text = re.sub(r"\n[ \t]", "", re.sub(r"\n{2,}", "\n", text))
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", text)
    return "".join(f"{line.rstrip()}\n" for line in text.split("\n") if line.strip() and len(line) <= _LONGEST_LINE)


def _short(error: Exception) -> str:
    told = " ".join(str(error).split()) or type(error).__name__
    return (f"{told[:150]}…" if len(told) > 150 else told).rstrip(".")


class _Zones:
    """Zones by the names a file uses: known ones as they are, others as the file describes them."""

    def __init__(self, blocks: list[str], local: ZoneInfo) -> None:
        self.local = local
        self.known = available_timezones()
        self.described: dict[str, str] = {}
        self.made: dict[str, dt.tzinfo | None] = {}
        for block in blocks:
            named = re.search(r"(?im)^TZID(?:;[^:\n]*)?:([^\n]+)$", block)
            if named and len(block) <= _MOST_OF_ZONE:
                self.described.setdefault(named[1].strip(), block)

    def named(self, name: str) -> dt.tzinfo | None:
        """The zone of this name; nothing when nobody knows it."""
        if name not in self.made:
            plain = name.strip("/ ")
            plain = WINDOWS_TO_OLSON.get(plain, plain)
            # "/freeassociation.sourceforge.net/Europe/Berlin": a name of the world behind that of a program.
            tails = [plain.split("/", count)[-1] for count in range(4)]
            found = next((one for one in tails if one in self.known), None)
            self.made[name] = ZoneInfo(found) if found else self._described(name)
        return self.made[name]

    def _described(self, name: str) -> dt.tzinfo | None:
        block = self.described.get(name, "")
        rules = re.findall(r"(?im)^RRULE[^\n]*$", block)
        if not block or not all(_ZONE_RULE.match(rule) for rule in rules):
            return None
        try:
            described = Timezone.from_ical(block)
            zone = described.to_tz(lookup_tzid=False) if isinstance(described, Timezone) else None
            dt.datetime(2026, 7, 1, tzinfo=zone).utcoffset()
        except _BROKEN:
            return None
        return zone


def _entry(event: Component, names: dict[str, str], zones: _Zones) -> Entry:
    said: list[str] = []
    for name, error in event.errors:
        if name is None:
            said.append(f"A line of it cannot be read: {_short(ValueError(error))}.")
        else:
            said.append(f"Its {_WORDS.get(name, name)} cannot be read: {_short(ValueError(error))}.")
    start, zone = _time(event, "DTSTART", names, zones, said)
    end, _ = _time(event, "DTEND", names, zones, said)
    if start is None and not any(_WORDS["DTSTART"] in one for one in said):
        said.append("It says no start.")
    for name, what in (("RDATE", "It takes place on further days (RDATE)"), ("EXDATE", "It leaves days out (EXDATE)")):
        if name in names:
            said.append(f"{what}, which are not read.")
    replaces, _ = _time(event, "RECURRENCE-ID", names, zones, said)
    return Entry(
        uid=_text(event, "UID"), title=_text(event, "SUMMARY"), start=start, end=_end(event, start, end, said),
        all_day=start is not None and not isinstance(start, dt.datetime), place=_text(event, "LOCATION"),
        repeats=_rule(event, said), zone=zone, cancelled=_text(event, "STATUS").upper() == "CANCELLED",
        replaces=replaces, said=tuple(dict.fromkeys(said)),
    )  # fmt: skip


def _first(event: Component, name: str) -> Any:
    value = event.get(name)
    return value[0] if isinstance(value, list) and value else value


def _text(event: Component, name: str) -> str:
    value = _first(event, name)
    # Half characters can be written in a file, and nowhere else.
    return "" if value is None else str(value).strip().encode("utf-8", "replace").decode()


def _time(
    event: Component, name: str, names: dict[str, str], zones: _Zones, said: list[str]
) -> tuple[dt.datetime | dt.date | None, str]:
    """A time of the event and the name of its zone (empty of a date)."""
    try:
        value = _first(event, name)
        found = None if value is None else value.dt
    except _BROKEN:
        # Said already: it is among the errors of the event.
        return None, ""
    if not isinstance(found, dt.datetime):
        return (found, "") if isinstance(found, dt.date) else (None, "")
    asked = names.get(name, "")
    if found.tzinfo is not None:
        return found.replace(tzinfo=dt.UTC), "UTC"
    zone = zones.named(asked) if asked else None
    told = asked
    if zone is None:
        what = f"Nobody knows the zone {asked[:80]}" if asked else "It names no zone"
        said.append(f"{what}; its times are read as in {zones.local.key}.")
        zone, told = zones.local, zones.local.key
    try:
        there = found.replace(tzinfo=zone)
        there.isoformat()
        return there, zone.key if isinstance(zone, ZoneInfo) else told
    except _BROKEN:
        said.append(f"Its {_WORDS.get(name, name)} is no time of its zone.")
        return None, ""


def _end(
    event: Component, start: dt.datetime | dt.date | None, end: dt.datetime | dt.date | None, said: list[str]
) -> dt.datetime | dt.date | None:
    """When it ends: as said, after its duration, or by RFC 5545, 3.6.1 a day long or no time at all."""
    if start is None:
        return end
    whole = not isinstance(start, dt.datetime)
    try:
        if end is None and (length := _first(event, "DURATION")) is not None:
            end = start + length.dt
            if whole and length.dt < dt.timedelta(days=1):
                end = None
        least = start + dt.timedelta(days=1) if whole else start
        if end is None:
            return least
        if isinstance(end, dt.datetime) == whole:
            said.append("Its end is a day and its start a time, or the other way round.")
            return least
        if end < start:
            said.append("It ends before it starts.")
            return least
        return max(end, least)
    except _BROKEN:
        # A duration that cannot be read is among the errors of the event; one that leads beyond all years is not.
        if not any("duration" in one for one in said):
            said.append("Its end cannot be read.")
        return None


def _rule(event: Component, said: list[str]) -> str:
    """The rule of repetition as a line; empty when there is none, or none that can be followed."""
    value = _first(event, "RRULE")
    if value is None:
        return ""
    try:
        rule: str = value.to_ical().decode("utf-8", "replace")
        parts = dict(part.upper().split("=", 1) for part in rule.split(";"))
        if any("RRULE" in str(name) for name, _ in event.errors):
            return ""
        counts = [int(parts[name]) for name in ("INTERVAL", "COUNT") if name in parts]
        if "FREQ" in parts and all(1 <= one <= 100_000 for one in counts):
            return rule
    except _BROKEN:
        pass
    said.append("It repeats by a rule that cannot be followed.")
    return ""
