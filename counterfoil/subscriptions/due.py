"""When a service has something to bill, on plain values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from counterfoil.subscriptions.rules import BillingPeriod, TermDates, Timeline, billing_periods


def next_due(
    timeline: Timeline,
    terms: Sequence[TermDates],
    billed_to: dt.date | None,
    changed_from: dt.date | None,
    taken_over_on: dt.date | None = None,
    *,
    metered: bool = False,
) -> dt.date | None:
    """The first day on which a service (`metered`: of usage) has something to bill; None when nothing is left.

    A change in what is charged waits for the next bill; where none comes any more, it is one by itself.
    """
    live = [s for s in timeline if s.state != "draft"]
    if live:
        start = max(day for day in (live[0].starts, billed_to, taken_over_on) if day)
        for period in billing_periods(terms, start, live[-1].until):
            # It begins where another system's billing ended, and is charged from there.
            if billed_to is None or max(period.start, taken_over_on or period.start) >= billed_to:
                return first_due(period, live[0].starts, live[-1].until, metered=metered)
    return changed_from


def first_due(period: BillingPeriod, begins: dt.date, ends: dt.date, *, metered: bool = False) -> dt.date:
    """The day from which a period of a service that is there from one day up to another can be billed.

    In advance that is its first day, in arrears (as usage always is) the day after its last. What ends within the
    period does not wait for the rest of it.
    """
    return max(period.start if period.term.in_advance and not metered else min(period.end, ends), begins)
