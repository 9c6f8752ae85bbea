"""When reports are e-mailed, and what days they are about."""

from __future__ import annotations

import datetime as dt

from counterfoil.kernel.periods import add_months

_WEEK = dt.timedelta(days=7)
_DAY = dt.timedelta(days=1)


def next_mail_on(every: str, after: dt.date) -> dt.date:
    """The first day after a day on which a report is sent: the next day, Monday, or first of a month."""
    match every:
        case "week":
            return after + dt.timedelta(days=7 - after.weekday())
        case "month":
            return add_months(after.replace(day=1), 1)
    return after + _DAY


def days_mailed(every: str, on: dt.date) -> tuple[dt.date, dt.date]:
    """The days that a report sent on a day is about: the day, week or month that ended with the day before."""
    last = on - _DAY
    match every:
        case "week":
            return on - _WEEK, last
        case "month":
            return last.replace(day=1), last
    return last, last
