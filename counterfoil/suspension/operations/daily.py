"""The daily pass: everybody's next step on its day. Any number of times, ended anywhere, it does each step once."""

from __future__ import annotations

import datetime as dt
import logging

from counterfoil.kernel.clock import is_over
from counterfoil.kernel.errors import Refused
from counterfoil.platform.bulk import chunks
from counterfoil.platform.callers import System
from counterfoil.platform.operations import Operation, step
from counterfoil.suspension import queries
from counterfoil.suspension.models import LastPass
from counterfoil.suspension.operations.process import advance

logger = logging.getLogger(__name__)
# All accounts are looked through so often, and whenever the day is another; in between, only what is known to be due.
_EVERY = dt.timedelta(hours=1)
_CHUNK = 1000


def take_due_steps(system: System) -> int:
    """Every account with a step that is due now has taken it, each in a transaction of its own; returns how many.

    Run by the clock.
    """
    today = queries.moment(system.now).day
    last = LastPass.objects.first()
    if last is not None and last.day == today and not is_over(last.at, _EVERY, system.now):
        return sum(_steps(system, some) for some in chunks(queries.due(today), _CHUNK))
    count = take_all_steps(system)
    note_pass(system)
    return count


def take_all_steps(system: System) -> int:
    """The same, looking at every account with anything overdue or a process under way."""
    count, after = 0, 0
    while customers := queries.candidates(queries.moment(system.now).day, after, _CHUNK):
        count += _steps(system, customers)
        after = customers[-1]
    return count


def _steps(system: System, customers: list[int]) -> int:
    """What may be due is found for many at once; each is decided again under its lock."""
    found = queries.steps_now(customers, system.now)
    for pk in found:
        try:
            advance(system, customers=[pk])
        except Refused as refusal:
            # One account stops no other; it is tried again with the next pass.
            logger.warning("The suspension of customer %s did not go on: %s", pk, refusal.sentence)
    return len(found)


@step
def note_pass(op: Operation) -> None:
    """All accounts were looked through now."""
    LastPass.objects.update_or_create(pk=1, defaults={"at": op.now, "day": queries.moment(op.now).day})
