"""Keys of calls: by what a repeat is known, and how one that is none, or cannot be answered any more, is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.utils.crypto import salted_hmac

from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.platform.wire import Unreadable, kept_answer, named_first, to_wire
from counterfoil.trail.models import Replay

# A digest of arguments begins so since they are written without names of our code; before, by none that can be told.
_OF_ARGUMENTS = "args:"


def fingerprint(
    name: str,
    function: Callable[..., Any],
    caller: Caller,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    secret: bool,
) -> str:
    """By which a second call with the same key is known to ask for the same.

    `secret`: a password may be among the arguments, and without the secret key nobody can try others against it.
    """
    said = [caller.asked] if caller.asked else [to_wire(list(args)), named_first(function, kwargs)]
    text = json.dumps([name, caller.user_id, *said], sort_keys=True)
    if secret:
        found = salted_hmac("counterfoil.fingerprint", text, algorithm="sha256").hexdigest()
    else:
        found = hashlib.sha256(text.encode()).hexdigest()
    return found if caller.asked else _OF_ARGUMENTS + found[len(_OF_ARGUMENTS) :]


def refuse_other(row: Replay, wanted: str) -> None:
    """Refuse a key that was used for something else."""
    if row.fingerprint == wanted:
        return
    if wanted.startswith(_OF_ARGUMENTS) and not row.fingerprint.startswith(_OF_ARGUMENTS):
        raise _done_already()
    raise Refused("key_reused", "This key was used for something else. Open the form again, or send another key.")


def answer_of(row: Replay, function: Callable[..., Any]) -> Any:
    """What the call with the key returned. Refused where it cannot be told any more: it was done, and not again."""
    try:
        return kept_answer(function, row.answer)
    except (Unreadable, ObjectDoesNotExist) as error:
        raise _done_already() from error


def _done_already() -> Refused:
    return Refused(
        "done_already",
        "This was done before, under the same key. Look whether it is there; to do it once more, open the form again "
        "or send another key.",
    )
