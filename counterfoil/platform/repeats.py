"""What was asked for before, by its key: the answer to a call, and what is done once in whatever chunk it comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from counterfoil.platform.operations import Operation, Verb
from counterfoil.platform.stored import load, store
from counterfoil.trail.models import Replay


@dataclass(frozen=True)
class Answer:
    """What an earlier call with a key returned."""

    result: Any


def answered(key: str | None, verb: Verb[Any, Any]) -> Answer | None:
    """The answer to the call of a verb that had this key; none where there was no such call."""
    row = Replay.objects.filter(key=key, operation=verb.name, answer__isnull=False).first() if key else None
    return Answer(load(row.answer)) if row is not None else None


def first_time(op: Operation, keys: Iterable[str]) -> set[str]:
    """Those of the keys that were not used before; from now on they are. Whoever is about to use one is waited for."""
    wanted, mine = sorted(set(keys)), op.id.hex
    if not wanted:
        return set()
    Replay.objects.bulk_create(
        [Replay(key=key, operation=op.name, fingerprint=mine, answer=store(None), at=op.now) for key in wanted],
        ignore_conflicts=True,
    )
    return set(Replay.objects.filter(key__in=wanted, fingerprint=mine).values_list("key", flat=True))
