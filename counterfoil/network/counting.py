"""What sessions come to: a pure function of what was reported of them, in any order and with any of it told twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

START, INTERIM, STOP = "start", "interim", "stop"
_RANK = {START: 0, INTERIM: 1, STOP: 2}
UP, DOWN = "up", "down"
REBOOT = "NAS-Reboot"
# How a session ended: by its Stop, with its NAS, or because the NAS began another one under its id.
BY_STOP, BY_RESTART, BY_NEXT = "stop", "restart", "again"
# 9 petabytes: ten gigabits a second for 83 days. A counter that says more is not believed, nor is what would take a
# session beyond it, so that sums of a thousand sessions fit into the books.
MOST_OCTETS = 1 << 53
_MOMENT = dt.timedelta(microseconds=1)
# A NAS rounds the time and how long a session has lasted each by itself.
_JITTER = dt.timedelta(seconds=2)


@dataclass(frozen=True)
class Report:
    """What a NAS said of a session: how long it had lasted, in seconds, and how many octets went up and down."""

    kind: str
    at: dt.datetime
    seconds: int = 0
    up: int = 0
    down: int = 0
    # Whether it says octets at all. A Start has none.
    counted: bool = True
    cause: str = ""
    # The direction that it says nothing of, where it says the other: that counter is as it was.
    unsaid: str = ""

    @property
    def order(self) -> tuple[Any, ...]:
        return (self.at, _RANK[self.kind], self.seconds, self.up, self.down, self.counted, self.unsaid, self.cause)

    @property
    def began(self) -> dt.datetime | None:
        """When its session began, by what it says; none where it does not say how long that had lasted."""
        if self.kind == START:
            return self.at
        return self.at - dt.timedelta(seconds=self.seconds) if self.seconds else None

    @property
    def begin(self) -> dt.datetime:
        """When its session began at the latest."""
        return self.at - dt.timedelta(seconds=self.seconds)

    @property
    def content(self) -> tuple[Any, ...]:
        return (self.kind, self.seconds, self.up, self.down, self.counted, self.unsaid)


Day = tuple[int, int]


@dataclass
class Facts:
    """What a session comes to. `raw` is what its counters said last, from which the next report counts on."""

    started_at: dt.datetime
    last_at: dt.datetime
    ended_at: dt.datetime | None = None
    end: str = ""
    cause: str = ""
    up: int = 0
    down: int = 0
    raw_up: int = 0
    raw_down: int = 0
    # Reports with a counter that is not believed. They are kept and count nothing.
    aside: int = 0
    # Whether a Start was told; without one it is worked out from how long the session had lasted.
    start_told: bool = field(default=False, compare=False)
    # When the session before it under the same id was over: what says to have begun earlier is of that one.
    follows_at: dt.datetime | None = None
    # Octets up and down by day.
    days: dict[dt.date, Day] = field(default_factory=dict)


# ------------------------------------------------------------------ which reports are of one session


@dataclass
class Group:
    """The reports of one session, among all of its id, in order; `started` and `stop` are by those so far."""

    rows: list[Report]
    started: dt.datetime
    # When the session before it was over.
    follows_at: dt.datetime | None = None
    # When the first report of the one after it was.
    next_at: dt.datetime | None = None
    stop: Report | None = None
    start_told: bool = field(default=False, compare=False)
    # Whether there is anything but a Start.
    goes_on: bool = False

    @classmethod
    def of(cls, row: Report, follows_at: dt.datetime | None = None) -> Group:
        found = cls([], row.begin, follows_at)
        found.add(row)
        return found

    def add(self, row: Report) -> None:
        if row.kind == START:
            self.started = min(self.started, row.at) if self.start_told else row.at
            self.start_told = True
        elif not self.start_told:
            self.started = min(self.started, row.begin)
        if row.kind == STOP and self.stop is None:
            self.stop = row
        self.goes_on = self.goes_on or row.kind != START
        self.rows.append(row)


def groups(
    reports: Iterable[Report], restarts: Iterable[dt.datetime], follows_at: dt.datetime | None = None
) -> list[Group]:
    """The reports of an id by session, in order: a NAS may use an id again after the session has ended.

    Another one begins with a Start after anything else, and with a report that says to have begun after a Stop, or
    after a restart that followed the last report. A report that says to have begun before the end of an earlier
    session is of that one, however late it is. `follows_at` is when a session before the first of them was over, whose
    reports are not known any more.
    """
    over = sorted(set(restarts))
    found: list[Group] = []
    for row in sorted(set(reports), key=lambda one: one.order):
        if not found:
            found.append(Group.of(row, follows_at))
            continue
        began, now = row.began, found[-1]
        if row.kind != START and began is not None:
            place = len(found) - 1
            while place and is_earlier(found[place].follows_at, began):
                place -= 1
            if place < len(found) - 1:
                found[place].add(row)
                continue
        ended = _over_before(now, row, began, over)
        if ended is None:
            now.add(row)
        else:
            now.next_at = row.at
            found.append(Group.of(row, ended))
    return found


def is_earlier(follows_at: dt.datetime | None, began: dt.datetime) -> bool:
    """Whether what began then is of a session before one that follows another."""
    return follows_at is not None and began < follows_at - _JITTER


def is_of_before(follows_at: dt.datetime | None, report: Report) -> bool:
    """Whether a report is of a session before one that follows another, by when it says to have begun."""
    if follows_at is None:
        return False
    return report.at <= follows_at or is_earlier(follows_at, report.began or report.at)


def begins_after(stop: dt.datetime, started: dt.datetime, began: dt.datetime) -> bool:
    """Whether a session that began then is another one than that which had stopped: nearer its end than its start."""
    return began >= stop - _JITTER and stop - began <= began - started


def _over_before(
    now: Group, row: Report, began: dt.datetime | None, restarts: Sequence[dt.datetime]
) -> dt.datetime | None:
    """When a session was over, by a report that is of the next one; none where the report is of this one."""
    last, stop = now.rows[-1].at, now.stop
    if row.kind == START and now.goes_on:
        return stop.at if stop else last
    if began is None:
        return None
    if stop is not None:
        again = row.content != stop.content and begins_after(stop.at, now.started, began)
        return stop.at if again else None
    return last if any(last <= at <= began and at > now.started for at in restarts) else None


def sessions(
    reports: Iterable[Report], restarts: Iterable[dt.datetime], zone: dt.tzinfo, follows_at: dt.datetime | None = None
) -> list[Facts]:
    """What each session of an id comes to, from all that was reported of the id, in the order in which they began."""
    over = sorted(set(restarts))
    return facts_of(groups(reports, over, follows_at), over, zone)


def facts_of(found: Iterable[Group], restarts: Iterable[dt.datetime], zone: dt.tzinfo) -> list[Facts]:
    """The same of reports that are by session already."""
    over = sorted(set(restarts))
    return [facts(one.rows, over, zone, follows_at=one.follows_at, next_at=one.next_at) for one in found]


# ------------------------------------------------------------------ what one session comes to


def facts(
    reports: Iterable[Report], restarts: Iterable[dt.datetime], zone: dt.tzinfo, *,
    follows_at: dt.datetime | None = None, next_at: dt.datetime | None = None,
) -> Facts:  # fmt: skip
    """What one session comes to, from all that was reported of it.

    `restarts` are the times at which its NAS said that it had begun anew (Accounting-On) or would go (Accounting-Off).
    A session ends with the first Stop; without one, with the first restart after it began and after which nothing of
    it is heard; without that, with its last report when its id was used again. A counter that is lower than before
    was started anew by the NAS, so all of it counts. What is reported of a time after the Stop counts as far as it is
    more, and on the last day: it lowers nothing. Where a clock was put right, the time of the session says the order.
    """
    told = sorted(set(reports), key=lambda row: row.order)
    starts = [row.at for row in told if row.kind == START]
    began = min(starts) if starts else min(row.begin for row in told)
    found = Facts(began, told[-1].at, follows_at=follows_at, start_told=bool(starts))
    stop = next((row for row in told if row.kind == STOP), None)
    if stop is not None:
        found.ended_at, found.end, found.cause = stop.at, BY_STOP, stop.cause
    else:
        _end_without_stop(found, restarts, next_at)
    for row in _as_used(told):
        count_on(found, row, zone)
    return found


def _as_used(told: list[Report]) -> list[Report]:
    """In the order in which reports were made: by how long the session had lasted, where the clock contradicts that.

    A clock that was put right shows in a counter that goes back by the clock, and never by the time of the session. One
    that goes back by both was begun anew.
    """
    if not _goes_back(told) or any(row.counted and not row.seconds for row in told):
        return told
    lasted = sorted(told, key=lambda row: (row.seconds, *row.order))
    return told if _goes_back(lasted) else lasted


def _goes_back(rows: Iterable[Report]) -> bool:
    up = down = 0
    for row in rows:
        if not row.counted:
            continue
        if row.unsaid != UP and row.up <= MOST_OCTETS:
            if row.up < up:
                return True
            up = row.up
        if row.unsaid != DOWN and row.down <= MOST_OCTETS:
            if row.down < down:
                return True
            down = row.down
    return False


def _end_without_stop(found: Facts, restarts: Iterable[dt.datetime], next_at: dt.datetime | None) -> None:
    last = found.last_at
    # One that was heard of after another had begun under its id goes on beside it.
    until = next_at if next_at is not None and last <= next_at else None
    ends = [at for at in restarts if at > found.started_at and at >= last and (until is None or at <= until)]
    if ends:
        found.ended_at, found.end, found.cause = min(ends), BY_RESTART, REBOOT
    elif until is not None:
        found.ended_at, found.end = last, BY_NEXT


def count_on(found: Facts, row: Report, zone: dt.tzinfo) -> Day:
    """What a report that is later than all before adds to the octets, and to those of its day."""
    if not row.counted:
        return 0, 0
    over = found.ended_at is not None and row.at > found.ended_at
    up, down, odd_up, odd_down = 0, 0, False, False
    if row.unsaid != UP:
        up, found.raw_up, odd_up = _more(found.raw_up, row.up, found.up, over=over)
    if row.unsaid != DOWN:
        down, found.raw_down, odd_down = _more(found.raw_down, row.down, found.down, over=over)
    found.up, found.down = found.up + up, found.down + down
    found.aside += odd_up or odd_down
    if up or down:
        at = found.ended_at if over and found.ended_at is not None else row.at
        day = day_of(at, zone)
        before = found.days.get(day, (0, 0))
        found.days[day] = (before[0] + up, before[1] + down)
    return up, down


def _more(before: int, now: int, total: int, *, over: bool) -> tuple[int, int, bool]:
    """How many octets a counter went on by, what the next report is compared with, and whether it is not believed."""
    if now > MOST_OCTETS:
        return 0, before, True
    if over and now < before:
        return 0, before, False
    more = now - before if now >= before else now
    return (0, before, True) if total + more > MOST_OCTETS else (more, now, False)


def day_of(at: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The day that a report counts for: one at midnight speaks of the day before."""
    return (at - _MOMENT).astimezone(zone).date()


# ------------------------------------------------------------------ whose a day is


@dataclass(frozen=True)
class Holder:
    """Who had a line from a day, and from a moment of it, on; the first one from ever."""

    account: int
    day: dt.date | None = None
    at: dt.datetime | None = None


def holder_on(holders: Sequence[Holder], day: dt.date) -> int:
    """Whose the octets of a day are: the day on which a line changes hands is of who has it then, as it is billed."""
    return [one.account for one in holders if one.day is None or one.day <= day][-1]


def holder_at(holders: Sequence[Holder], at: dt.datetime) -> int:
    """Who had the line at a moment."""
    return [one.account for one in holders if one.at is None or one.at <= at][-1]


def holder_of(holders: Sequence[Holder], ended_at: dt.datetime | None) -> int:
    """Whose a session is: of who had the line when it ended, and while it goes on of who has it."""
    return holder_at(holders, ended_at) if ended_at is not None else holders[-1].account
