"""Runs what follows an event, once, as background work (the table is in site/wiring.py)."""

from __future__ import annotations

from counterfoil.platform import operations
from counterfoil.platform.callers import Caller
from counterfoil.platform.tasks import task
from counterfoil.trail.models import Event


@task()
def react(operation_id: str, kind: str) -> None:
    """Hand the events of one operation and kind to each operation that follows them.

    The key makes a second delivery of the task do nothing.
    """
    events = list(Event.objects.filter(operation_id=operation_id, kind=kind).order_by("pk"))
    for follower in operations.REACTIONS.get(kind, []):
        key = f"reaction:{operation_id}:{kind}:{follower.name}"
        follower(Caller.system("reaction").with_key(key), events=[event.pk for event in events])
