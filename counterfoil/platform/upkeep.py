"""Housekeeping of the platform itself, run by the clock."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection
from django_tasks_db.models import DBTaskResult, get_date_max

from counterfoil.kernel.clock import SKEW
from counterfoil.platform.operations import Operation, operation
from counterfoil.trail import sealing

_KEEP_TASKS = dt.timedelta(days=7)
# The longest that a task waits for its time, and that anything is kept in the cache.
_LONGEST_WAIT = _LONGEST_CACHED = dt.timedelta(days=1)


@operation
def seal_trail(op: Operation) -> int:
    """Every event so far is under a seal. It records no event itself, or there would be no end to it."""
    return sealing.seal_new_events(op.now)


@operation
def prune_tasks(op: Operation) -> int:
    """Finished rows of the task queue older than a week are gone; they are plumbing, the trail has what happened."""
    deleted, _ = DBTaskResult.objects.finished().filter(finished_at__lte=op.now - _KEEP_TASKS).delete()
    # A task that waits longer than any does was made while the clock was ahead. Its row of work is found by the clock.
    ahead = DBTaskResult.objects.filter(
        status="READY", run_after__gt=op.now + _LONGEST_WAIT, run_after__lt=get_date_max()
    )
    never, _ = ahead.delete()
    return deleted + never


@operation
def prune_cache(op: Operation) -> int:
    """Counts and locks of the sign-in package that were kept while the clock was ahead are gone, not kept for years."""
    table = settings.CACHES["default"]["LOCATION"]
    ends = connection.ops.adapt_datetimefield_value(op.now + _LONGEST_CACHED + SKEW)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)} WHERE expires > %s", [ends])
        return int(cursor.rowcount)
