"""What was asked for before, by its key: the answer to a call, and what is done once in whatever chunk it comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from counterfoil.platform.callers import Caller
from counterfoil.platform.keys import answer_of, refuse_other
from counterfoil.platform.operations import Operation, Verb
from counterfoil.platform.wire import keep_answer
from counterfoil.trail.models import Replay


@dataclass(frozen=True)
class Answer:
    """What an earlier call with a key returned."""

    result: Any


def answered(caller: Caller, verb: Verb[Any, Any]) -> Answer | None:
    """The answer to the call of a verb that had the caller's key and asked for the same; none without such a call.

    Refused when the key was used for something else.
    """
    assert caller.asked or not caller.key, "Only a call that says what was asked for is known again by that."
    row = Replay.objects.filter(key=caller.key, answer__isnull=False).first() if caller.key else None
    if row is None:
        return None
    refuse_other(row, verb.fingerprint(caller))
    return Answer(answer_of(row, verb.function))


def first_time(op: Operation, keys: Iterable[str]) -> set[str]:
    """Those of the keys that were not used before; from now on they are. Whoever is about to use one is waited for."""
    wanted, mine = sorted(set(keys)), op.id.hex
    if not wanted:
        return set()
    Replay.objects.bulk_create(
        [Replay(key=key, operation=op.name, fingerprint=mine, answer=keep_answer(None), at=op.now) for key in wanted],
        ignore_conflicts=True,
    )
    return set(Replay.objects.filter(key__in=wanted, fingerprint=mine).values_list("key", flat=True))
