"""Figures of months that are over are kept, so that they are the same whenever they are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from counterfoil.collections import effectiveness
from counterfoil.collections.models import MonthFigures
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import days_before, long_date_text
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.receivables.models import Allocation, OpenItem

MOST = 10


@verb(label="Recalculate collection effectiveness", whole=True)
def recalculate_effectiveness(op: Operation, *, periods: int) -> int:
    """The figures of so many months that are over are worked out anew and kept; how many rows changed. 0 changes none.

    What was posted into a month after it was over counts from now on.
    """
    refuse_if(not 0 <= periods <= MOST, "periods", f"From 0 to {MOST} months.", field="periods")
    last = days_before(op.today.replace(day=1), 1)
    ends = effectiveness.month_ends(last, periods)
    return _keep(op, ends) if periods else 0


@step
def keep_months(op: Operation, *, ends: Sequence[dt.date]) -> int:
    """The figures of the months up to these days (the newest first, with the day before the oldest) are kept."""
    return _keep(op, ends)


def keep_last_month(system: System) -> int:
    """The month that is over last is kept, once; run by the clock. Returns how many rows there are of it."""
    last = days_before(system.today.replace(day=1), 1)
    if MonthFigures.objects.filter(ends=last).exists() or not OpenItem.objects.filter(on__lte=last).exists():
        return 0
    return keep_months(system, ends=effectiveness.month_ends(last, 1))


def _keep(op: Operation, ends: Sequence[dt.date]) -> int:
    known = {(row.ends, row.currency): row for row in MonthFigures.objects.select_for_update().filter(ends__in=ends)}
    changed = 0
    for month in effectiveness.measured(OpenItem.objects.all(), Allocation.objects.all(), ends):
        row = known.get((month.ends, month.currency)) or MonthFigures(ends=month.ends, currency=month.currency)
        wanted = {
            (name if name == "late_weight" else f"{name}_minor"): getattr(month, name) for name in effectiveness.FIGURES
        }
        if row.pk is not None and all(getattr(row, name) == value for name, value in wanted.items()):
            continue
        for name, value in wanted.items():
            setattr(row, name, value)
        row.save()
        changed += 1
        op.record("month_figures.kept", row, month=long_date_text(month.ends), currency=month.currency,
                  collected=month.effectiveness)  # fmt: skip
    return changed
