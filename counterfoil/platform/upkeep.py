"""Housekeeping of the platform itself, run by the clock."""

from __future__ import annotations

import datetime as dt

from django_tasks_db.models import DBTaskResult

from counterfoil.platform.operations import Operation, operation
from counterfoil.trail import sealing

_KEEP_TASKS = dt.timedelta(days=7)


@operation
def seal_trail(op: Operation) -> int:
    """Every event so far is under a seal. It records no event itself, or there would be no end to it."""
    return sealing.seal_new_events(op.now)


@operation
def prune_tasks(op: Operation) -> int:
    """Finished rows of the task queue older than a week are gone; they are plumbing, the trail has what happened."""
    deleted, _ = DBTaskResult.objects.finished().filter(finished_at__lte=op.now - _KEEP_TASKS).delete()
    return deleted
