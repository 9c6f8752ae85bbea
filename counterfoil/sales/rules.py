"""When an agreement ends after it was renewed."""

from __future__ import annotations

import datetime as dt

from counterfoil.kernel.periods import add_months


def renewed_end(starts: dt.date, ends: dt.date, months: int, day: dt.date) -> dt.date:
    """The end after renewing by so many months as often as it takes to be later than a day.

    An end on the nominal day of the start keeps it: 31 January, 28 February, 31 March.
    """
    nominal = starts.day if add_months(ends, 0, anchor=starts.day) == ends else ends.day
    times = 1
    while (end := add_months(ends, months * times, anchor=nominal)) <= day:
        times += 1
    return end
