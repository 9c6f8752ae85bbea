"""Charts drawn on the server: bars over a few months or days, with a title that says what they show.

The numbers are those of a table that stands beside; each bar leads to its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

# The drawing, in its own units; it is scaled to the width there is.
WIDTH, HEIGHT = 540, 150
_TOP, _FOOT, _SIDE = 16, 28, 4
# More bars than these have a label only at every second, third, ... of them.
_MOST_LABELS = 12


@dataclass(frozen=True)
class Bar:
    """A value with what it is of, how it is written, and where its rows are."""

    label: str
    value: int
    text: str
    href: str = ""


@dataclass(frozen=True)
class Drawn:
    """A bar in its place."""

    bar: Bar
    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    # The newest is written out and stands out.
    is_last: bool


@dataclass(frozen=True)
class Chart:
    """Bars under a title that says the finding."""

    title: str
    bars: Sequence[Bar]

    @property
    def is_worth_it(self) -> bool:
        """One bar, or nothing but zeros, says no more than its number."""
        return len(self.bars) > 1 and any(bar.value for bar in self.bars)

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def foot(self) -> int:
        """Where the labels stand."""
        return HEIGHT - 10

    @cached_property
    def base(self) -> float:
        """Where zero is."""
        highest, lowest = self._range
        return round(_TOP + (HEIGHT - _TOP - _FOOT) * highest / ((highest - lowest) or 1), 1)

    @property
    def _range(self) -> tuple[int, int]:
        values = [bar.value for bar in self.bars]
        return max([0, *values]), min([0, *values])

    @property
    def drawn(self) -> list[Drawn]:
        highest, lowest = self._range
        scale = (HEIGHT - _TOP - _FOOT) / ((highest - lowest) or 1)
        step = (WIDTH - 2 * _SIDE) / max(len(self.bars), 1)
        every = -(-len(self.bars) // _MOST_LABELS)
        found = []
        for place, bar in enumerate(self.bars):
            tall = round(abs(bar.value) * scale, 1)
            left, last = _SIDE + place * step, place == len(self.bars) - 1
            found.append(
                Drawn(bar, round(left + step * 0.15, 1), round(self.base - tall, 1) if bar.value > 0 else self.base,
                      round(step * 0.7, 1), tall, round(left + step / 2, 1),
                      bar.label if (len(self.bars) - 1 - place) % every == 0 else "", last)
            )  # fmt: skip
        return found
