"""Anchors: the newest seal on a line, kept where whoever owns the database cannot reach it.

Seals chain, so one line proves everything before it: whoever rewrites history writes other seals than were anchored.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from counterfoil.trail.models import Seal, SealHead

_LINE = re.compile(r"counterfoil-anchor (\S+) seals=(\d+) events=(\d+) hash=([0-9a-f]{64})")


@dataclass(frozen=True)
class Anchor:
    """How many seals over how many events there were at an instant, and the hash of the newest."""

    at: dt.datetime
    seals: int
    events: int
    hash: str

    def __str__(self) -> str:
        at = self.at.astimezone(dt.UTC).isoformat(timespec="seconds")
        return f"counterfoil-anchor {at} seals={self.seals} events={self.events} hash={self.hash}"


def newest_anchor(now: dt.datetime) -> Anchor | None:
    """The head of the trail as it is; None before anything is sealed."""
    head = SealHead.objects.filter(pk=1, seals__gt=0).first()
    return None if head is None else Anchor(now, head.seals, head.events, head.hash)


def read_anchors(text: str) -> list[Anchor]:
    """The anchors in a text, such as a file of them or mails. Raises `ValueError` for one that is cut short."""
    found = []
    for line in text.splitlines():
        if "counterfoil-anchor" in line:
            if (match := _LINE.search(line)) is None:
                raise ValueError(f"This anchor is not complete: {line.strip()[:120]}")
            found.append(Anchor(dt.datetime.fromisoformat(match[1]), int(match[2]), int(match[3]), match[4]))
    return found


def broken_anchors(anchors: Iterable[Anchor]) -> Iterator[str]:
    """A sentence for each anchor that the seals do not agree with: what is before it was rewritten since."""
    wanted: dict[int, list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        wanted[anchor.seals].append(anchor)
    count = events = 0
    for seal in Seal.objects.order_by("first_id").iterator():
        count, events = count + 1, events + seal.events
        for anchor in wanted.pop(count, ()):
            if (anchor.events, anchor.hash) != (events, seal.hash):
                yield (
                    f"The anchor of {anchor.at:%Y-%m-%d %H:%M} says {anchor.events} events up to seal {count}, hash "
                    f"{anchor.hash[:12]}; there are {events}, hash {seal.hash[:12]}: what is before it was rewritten."
                )
    for number in sorted(wanted):
        for anchor in wanted[number]:
            said = f"The anchor of {anchor.at:%Y-%m-%d %H:%M} says {number} seals"
            yield f"{said}; {count} are there: the end was cut off."
