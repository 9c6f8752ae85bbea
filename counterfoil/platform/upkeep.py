"""Housekeeping of the platform itself, run by the clock."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection
from django_tasks_db.models import DBTaskResult, get_date_max

from counterfoil.kernel.clock import SKEW
from counterfoil.platform import bulk, kept
from counterfoil.platform.operations import Operation, step
from counterfoil.trail import sealing
from counterfoil.trail.anchors import Anchor
from counterfoil.trail.models import Event, SealHead

_KEEP_TASKS = dt.timedelta(days=7)
# The longest that a task waits for its time, and that anything is kept in the cache.
_LONGEST_WAIT = _LONGEST_CACHED = dt.timedelta(days=1)


@step
def seal_trail(op: Operation) -> int:
    """Every event so far is under a seal. It records no event itself, or there would be no end to it."""
    return sealing.seal_new_events(op.now)


@step
def keep_old_rows(op: Operation, *, again: bool = False) -> int:
    """Rows written before digests were kept are kept as they are now; returns how many.

    Done once for each noun, or whoever adds a row by hand need only wait for it; `again` is for books that were
    written without operations on purpose.
    """
    done = {
        label
        for told in Event.objects.filter(kind="books.kept").values_list("data", flat=True)
        for label in told["labels"]
    }
    new = [noun for noun in kept.nouns().values() if again or noun.label not in done]
    count = 0
    for noun in new:
        told = Event.objects.filter(kind="rows.kept", subject_type=noun.label) if again else Event.objects.none()
        together = {pk for ids in told.values_list("data__ids", flat=True) for pk in ids}
        for pks in bulk.chunks(noun.rows.order_by("pk").values_list("pk", flat=True).iterator(), 2000):
            known = kept.last_digests(noun.label, pks)
            old = [pk for pk in pks if pk not in known and pk not in together]
            op.keep_many(noun.model, old)
            count += len(old)
    if new and not again:
        head, _ = SealHead.objects.get_or_create(pk=1)
        op.record("books.kept", head, labels=[noun.label for noun in new], rows=count)
    return count


@step
def note_anchor(op: Operation, *, anchor: Anchor) -> None:
    """It is on record that the seals were anchored outside, and what the anchor says."""
    head = SealHead.objects.get(pk=1)
    op.record("trail.anchored", head, seals=anchor.seals, events=anchor.events, hash=anchor.hash)


@step
def prune_tasks(op: Operation) -> int:
    """Finished rows of the task queue older than a week are gone; they are plumbing, the trail has what happened."""
    deleted, _ = DBTaskResult.objects.finished().filter(finished_at__lte=op.now - _KEEP_TASKS).delete()
    # A task that waits longer than any does was made while the clock was ahead. Its row of work is found by the clock.
    ahead = DBTaskResult.objects.filter(
        status="READY", run_after__gt=op.now + _LONGEST_WAIT, run_after__lt=get_date_max()
    )
    never, _ = ahead.delete()
    return deleted + never


@step
def prune_cache(op: Operation) -> int:
    """Counts and locks of the sign-in package that were kept while the clock was ahead are gone, not kept for years."""
    table = settings.CACHES["default"]["LOCATION"]
    ends = connection.ops.adapt_datetimefield_value(op.now + _LONGEST_CACHED + SKEW)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)} WHERE expires > %s", [ends])
        return int(cursor.rowcount)
