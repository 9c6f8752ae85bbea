"""Sealing and verifying the trail.

Events are sealed in id order shortly after they are committed, never inside the operation that wrote them: one chain
head would make every worker wait for every other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator

from django.db import connection
from django.db.models import Max

from counterfoil.trail.kinds import without_personal
from counterfoil.trail.models import Event, Seal, SealHead

BATCH = 5000
# Nothing we write has an id below one; somebody who slips an event in before the first may choose any.
_FIRST = -(2**63) + 1


def _line(event: Event) -> bytes:
    fields = [
        event.pk, str(event.operation_id), event.operation, event.kind, event.subject_type, event.subject_id,
        event.customer_id, event.actor_id, event.actor, event.door,
        event.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        event.data if event.sealed is None else event.sealed,
    ]  # fmt: skip
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _digest(previous: str, events: Iterable[Event]) -> tuple[str, int]:
    digest, count = hashlib.sha256(previous.encode()), 0
    for event in events:
        if not says_what_is_sealed(event):
            # Whatever the seal says, it is not about this.
            digest.update(b"changed")
        digest.update(_line(event))
        digest.update(b"\n")
        count += 1
    return digest.hexdigest(), count


def says_what_is_sealed(event: Event) -> bool:
    """Whether the readable data are those that the digests under the seal stand for, as far as they are not erased."""
    if event.sealed is None:
        return True
    if event.salt:
        return bool(without_personal(event.kind, event.data, event.salt) == event.sealed)
    personal = {key for key, value in event.sealed.items() if isinstance(value, dict) and "digest" in value}
    return bool(event.data == {key: value for key, value in event.sealed.items() if key not in personal})


def seal_new_events(now: dt.datetime) -> int:
    """Seal every committed event that is not sealed yet; returns how many. Runs inside a transaction."""
    head, _ = SealHead.objects.select_for_update().get_or_create(pk=1)
    if connection.vendor == "postgresql":
        # An event gets its id before its transaction commits. Waiting for the writers under way, for one moment, means
        # that no smaller id can appear behind the seal afterwards.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE trail_event IN SHARE MODE")
    last = Seal.objects.aggregate(last=Max("last_id"))["last"]
    start = _FIRST if last is None else last + 1
    sealed = 0
    while batch := list(Event.objects.filter(pk__gte=start).order_by("pk")[:BATCH]):
        value, count = _digest(head.hash, batch)
        Seal.objects.create(
            first_id=batch[0].pk, last_id=batch[-1].pk, events=count, previous_hash=head.hash, hash=value, at=now
        )
        head.hash, head.seals, head.events = value, head.seals + 1, head.events + count
        start, sealed = batch[-1].pk + 1, sealed + count
    head.save()
    return sealed


def broken_seals() -> Iterator[str]:
    """A sentence for each sign that something appended was edited, removed, inserted or cut off."""
    head = SealHead.objects.filter(pk=1).first() or SealHead()
    previous, seals, events, covered = "", 0, 0, _FIRST - 1
    for seal in Seal.objects.order_by("first_id").iterator():
        if seal.previous_hash != previous:
            yield f"Seal {seal.pk} does not follow the seal before it: one in between was removed or changed."
        # From the end of the seal before, so that an event slipped in between two seals is found too.
        members = Event.objects.filter(pk__gt=covered, pk__lte=seal.last_id).order_by("pk").iterator(chunk_size=BATCH)
        value, count = _digest(seal.previous_hash, members)
        if count != seal.events:
            yield f"Seal {seal.pk} covers {seal.events} events up to {seal.last_id}; {count} are there."
        elif value != seal.hash:
            yield f"An event between {seal.first_id} and {seal.last_id} was changed after it was sealed."
        previous, seals, events, covered = seal.hash, seals + 1, events + seal.events, seal.last_id
    if (head.seals, head.events, head.hash) != (seals, events, previous):
        yield (
            f"The head of the trail says {head.seals} seals over {head.events} events; "
            f"{seals} seals over {events} are there: the end was cut off or changed."
        )
