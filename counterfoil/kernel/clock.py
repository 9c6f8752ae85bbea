"""Instants that were written while a clock was wrong. What lies ahead of any reason must heal, not wait for years."""

from __future__ import annotations

import datetime as dt

# Two machines' clocks differ by seconds; what lies further ahead was written by a clock that was wrong.
SKEW = dt.timedelta(minutes=1)


def is_over(began: dt.datetime, length: dt.timedelta, now: dt.datetime) -> bool:
    """Whether a span of this length that began then is over. One that has not begun yet was never true, and is over."""
    return now - began >= length or began > now + SKEW


def is_due(at: dt.datetime, longest: dt.timedelta, now: dt.datetime) -> bool:
    """Whether to do now what waits until then, and never waits longer than `longest`."""
    return at <= now or at > now + longest + SKEW


def still_good(ends: dt.datetime, longest: dt.timedelta, now: dt.datetime) -> bool:
    """Whether what ends then is good now, when it never lasts longer than `longest`."""
    return now < ends <= now + longest + SKEW
