"""Histories of what a NAS reports, made by chance, with what they come to by adding up what was used, naively."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field

from counterfoil.network.counting import DOWN, INTERIM, START, STOP, UP, Report

FROM = dt.datetime(2026, 3, 20, 6, tzinfo=dt.UTC)
Days = dict[dt.date, tuple[int, int]]


@dataclass
class History:
    """Reports by session id, when the NAS said that it had begun anew, and what was used on each day."""

    reports: dict[str, list[Report]] = field(default_factory=lambda: defaultdict(list))
    restarts: list[dt.datetime] = field(default_factory=list)
    used: dict[dt.date, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    @property
    def days(self) -> Days:
        return {day: (up, down) for day, (up, down) in self.used.items() if up or down}


def a_history(chance: random.Random, zone: dt.tzinfo, ids: int = 2) -> History:
    """Sessions under ids that are used again; lost Starts and Stops, restarts that were and such that were not,
    counters that begin anew, directions that are not said, a clock that is put right, and what is told again."""
    made = History()
    for number in range(ids):
        _of_an_id(made, f"id{number}", chance, zone)
    for _ in range(chance.randrange(3)):
        # Told late, ahead of time or for nothing: nothing is said to have ended by it.
        made.restarts.append(FROM + dt.timedelta(minutes=chance.randrange(6000)))
    return made


def _of_an_id(made: History, name: str, chance: random.Random, zone: dt.tzinfo) -> None:
    now, wrong, ended = FROM + dt.timedelta(minutes=chance.randrange(600)), dt.timedelta(0), True
    for _ in range(chance.randint(1, 4)):
        begun = now
        rows = made.reports[name]
        if not ended or chance.random() < 0.7:
            rows.append(Report(START, now + wrong, counted=False))
        raw, known = [0, 0], [0, 0]
        ends = chance.choice([STOP, STOP, "restart", "silence"])
        count = chance.randint(1, 5)
        for place in range(count):
            now += dt.timedelta(minutes=chance.randint(11, 900))
            if chance.random() < 0.2:
                wrong += dt.timedelta(seconds=chance.randint(-240, 240))
            unsaid = ""
            if chance.random() < 0.1:
                # Less than was said before, or nobody could know.
                raw, known = [chance.randrange(max(one, 1)) for one in known], [0, 0]
            else:
                raw = [raw[0] + chance.randrange(1 << 33), raw[1] + chance.randrange(1 << 34)]
                unsaid = chance.choice(["", "", "", "", UP, DOWN])
            said = [0 if unsaid == way else one for way, one in zip((UP, DOWN), raw, strict=True)]
            last = place == count - 1
            kind = STOP if last and ends == STOP else INTERIM
            told = now + wrong
            seconds = int((now - begun).total_seconds()) + chance.randint(-1, 1)
            rows.append(Report(kind, told, seconds, *said, unsaid=unsaid))
            if kind == STOP and chance.random() < 0.3:
                # Told again under a later time.
                rows.append(Report(kind, told + dt.timedelta(seconds=8), seconds, *said, unsaid=unsaid))
            # At midnight it is still the day before.
            day = (told - dt.timedelta(microseconds=1)).astimezone(zone).date()
            for way in (0, 1):
                if unsaid == (UP, DOWN)[way]:
                    continue
                # What was not said since the counter began anew is all of it.
                made.used[day][way] += raw[way] - known[way]
                known[way] = raw[way]
        if ends == "restart":
            now += dt.timedelta(minutes=5)
            made.restarts.append(now + wrong)
        ended = ends != "silence"
        now += dt.timedelta(minutes=chance.randint(11, 900))
