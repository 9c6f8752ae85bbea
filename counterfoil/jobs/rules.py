"""Jobs in plain values: when a technician works, what is free, and how a day is laid out in half hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from counterfoil.tickets.rules import DAY_MINUTES, WEEKDAYS, Calendar, Week, clock_text, hours_text, minute_of

__all__ = ["DAY_MINUTES", "WEEKDAYS", "Calendar", "Week", "clock_text", "hours_text", "minute_of"]

J = TypeVar("J")
Stretch = tuple[dt.datetime, dt.datetime]
# Until the operator says otherwise: Monday to Friday, 08:00 to 17:00.
USUAL_WEEK: Week = dict.fromkeys(range(5), (8 * 60, 17 * 60))
# What takes a technician's time, and what is over.
TAKES_TIME = ("scheduled", "under_way")
OVER = ("completed", "cancelled")
# A visit begins on a half hour, unless somebody types another minute.
STEP = dt.timedelta(minutes=30)
MOST_MINUTES = 14 * 60
# So far ahead slots are looked for.
AHEAD = dt.timedelta(days=28)


def words_of(lines: Iterable[str]) -> list[str]:
    """Skills as they are compared: in small letters, each once, in the order in which they were written."""
    return list(dict.fromkeys(" ".join(line.split()).casefold() for line in lines if line.strip()))


def lacking(needed: Iterable[str], had: Collection[str]) -> list[str]:
    """The skills that are needed and not had."""
    return [word for word in needed if word not in had]


def instant(day: dt.date, minute: int, zone: dt.tzinfo) -> dt.datetime | None:
    """The instant of a minute of a day's clock, in UTC; None where the clocks go forward over it.

    Where they go back and an hour is there twice, it is the first one.
    """
    on = day + dt.timedelta(days=minute // DAY_MINUTES)
    clock = dt.time(minute % DAY_MINUTES // 60, minute % 60)
    found = dt.datetime.combine(on, clock, zone).astimezone(dt.UTC)
    return found if found.astimezone(zone).time() == clock else None


def day_of(day: dt.date, zone: dt.tzinfo) -> Stretch:
    """From midnight to midnight, in UTC: 23 or 25 hours long where the clocks change."""
    start, end = (dt.datetime.combine(each, dt.time(), zone) for each in (day, day + dt.timedelta(days=1)))
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def overlaps(one: Stretch, other: Stretch) -> bool:
    """Whether two stretches of time, half-open, share an instant."""
    return one[0] < other[1] and other[0] < one[1]


def on_step(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """The next full or half hour of the clock that is not before an instant."""
    local = moment.astimezone(zone)
    past = dt.timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    return moment if not past else moment + STEP - past


def free_slots(calendar: Calendar, taken: Sequence[Stretch], length: dt.timedelta, since: dt.datetime,
               until: dt.datetime) -> Iterator[dt.datetime]:  # fmt: skip
    """The instants at which a visit of this length can begin, within working hours and beside what is taken: each full
    and half hour of the clock, in order."""
    for opens, closes in calendar.spans(since.astimezone(dt.UTC)):
        if opens >= until:
            return
        start = on_step(opens, calendar.zone)
        while start + length <= closes and start < until:
            in_the_way = [end for begin, end in taken if overlaps((begin, end), (start, start + length))]
            if not in_the_way:
                if _has_a_name(start, calendar.zone):
                    yield start
                start += STEP
            else:
                start = on_step(max(in_the_way), calendar.zone)


def _has_a_name(start: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether the clock's time means this instant: of an hour that is there twice, only the first one is meant."""
    local = start.astimezone(zone)
    return instant(local.date(), local.hour * 60 + local.minute, zone) == start.astimezone(dt.UTC)


def slip(first: dt.datetime | None, now: dt.datetime | None) -> int:
    """By how many minutes the end of a visit has moved since it was first agreed; earlier is below zero."""
    return 0 if first is None or now is None else round((now - first).total_seconds() / 60)


def slip_text(minutes: int) -> str:
    """`2 h later than first agreed`; whole days are said as days."""
    if not minutes:
        return ""
    length = abs(minutes)
    days, rest = divmod(length, DAY_MINUTES)
    said = f"{days} day{'' if days == 1 else 's'}" if days and not rest else hours_text(length)
    return f"{said} {'later' if minutes > 0 else 'earlier'} than first agreed"


@dataclass(frozen=True)
class Cell(Generic[J]):
    """Some half hours of a row of the board: jobs, or time that is free or off."""

    # The first half hour, and how many there are.
    start: dt.datetime
    span: int
    jobs: tuple[J, ...] = ()
    off: bool = False


def columns_of(day: dt.date, zone: dt.tzinfo, spans: Iterable[Stretch]) -> list[dt.datetime]:
    """The half hours of a day that hold all these stretches, as instants; at least 08:00 to 17:00.

    They are steps of real time: an hour that is left out or there twice is so here too.
    """
    midnight, end = day_of(day, zone)
    usual = [at for minute in (8 * 60, 17 * 60) if (at := instant(day, minute, zone))]
    of_day = [
        (max(start, midnight), min(stop, end)) for start, stop in spans if overlaps((start, stop), (midnight, end))
    ]
    first = min([usual[0], *(start for start, _ in of_day)])
    last = max([usual[-1], *(stop for _, stop in of_day)])
    at = on_step(first, zone)
    at = at if at == first else at - STEP
    found = []
    while at < last:
        found.append(at)
        at += STEP
    return found


def laid_out(
    columns: Sequence[dt.datetime], jobs: Sequence[tuple[dt.datetime, dt.datetime, J]], working: Sequence[Stretch]
) -> list[Cell[J]]:  # fmt: skip
    """A row of the board: every column is in one cell, and every job that shares time with the columns is in one.

    Jobs are in the order of their start. What begins within a half hour that another job took stands in the same cell.
    """
    cells: list[Cell[J]] = []
    place = 0

    def pass_free(up_to: int) -> None:
        nonlocal place
        while place < up_to:
            at = columns[place]
            off = not any(overlaps((at, at + STEP), one) for one in working)
            if off and cells and cells[-1].off:
                cells[-1] = Cell(cells[-1].start, cells[-1].span + 1, off=True)
            else:
                cells.append(Cell(at, 1, off=off))
            place += 1

    for start, end, job in jobs:
        inside = [index for index, at in enumerate(columns) if overlaps((at, at + STEP), (start, end))]
        if not inside:
            continue
        if inside[-1] < place:
            cells[-1] = Cell(cells[-1].start, cells[-1].span, (*cells[-1].jobs, job))
            continue
        pass_free(inside[0])
        span = inside[-1] + 1 - place
        cells.append(Cell(columns[place], span, (job,)))
        place += span
    pass_free(len(columns))
    return cells


def skipped(lines: Sequence[str], done: Collection[str]) -> list[str]:
    """The lines of a checklist that are not done."""
    return [line for line in lines if line not in done]


def merged_week(company: Mapping[int, tuple[int, int]], own: Mapping[int, tuple[int, int]]) -> Week:
    """When somebody works: their own hours of a weekday, else the company's, else the usual; the same twice is off."""
    whole = {**USUAL_WEEK, **company, **own}
    return {day: span for day, span in whole.items() if span[0] < span[1]}
