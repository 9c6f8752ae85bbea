"""Runs what follows an operation, once, as background work (the table is in site/wiring.py)."""

from __future__ import annotations

from counterfoil.platform import operations
from counterfoil.platform.callers import Caller
from counterfoil.platform.tasks import task
from counterfoil.trail.models import Event


@task()
def react(operation_id: str, kind: str = "") -> None:
    """Hand an operation's events to each step that follows them: all that it follows at once, oldest first.

    Steps come in the order of the table. The key makes a second delivery of the task do nothing. A step that fails
    keeps no other from its work; the task fails afterwards. `kind` is in tasks that earlier versions queued, one for
    each kind of event.
    """
    kinds = [kind] if kind else list(operations.REACTIONS)
    found = Event.objects.filter(operation_id=operation_id, kind__in=kinds).order_by("pk")
    happened = list(found.values_list("pk", "kind"))
    failures: list[Exception] = []
    for follower in dict.fromkeys(step for steps in operations.REACTIONS.values() for step in steps):
        events = [pk for pk, happening in happened if follower in operations.REACTIONS.get(happening, ())]
        if not events:
            continue
        key = ":".join(filter(None, ["reaction", operation_id, kind, follower.name]))
        try:
            follower(Caller.system("reaction").with_key(key), events=events)
        except Exception as failure:  # noqa: BLE001 - raised below, when every step had its turn
            failures.append(failure)
    if failures:
        raise failures[0]
