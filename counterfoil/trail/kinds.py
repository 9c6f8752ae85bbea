"""The kinds of event there are: each app declares its own, with the sentence people read and what is personal."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from counterfoil.kernel.periods import date_text


@dataclass(frozen=True)
class Kind:
    """A kind of event: `noun.past_participle`, its sentence with data keys in braces, and the personal keys.

    `changes` is whether its subject may have changed: of one that was only looked at, nothing is kept anew.
    """

    name: str
    sentence: str
    personal: tuple[str, ...] = ()
    icon: str = "square-pen"
    changes: bool = True


KINDS: dict[str, Kind] = {}
# The key, in an event of any kind, of who did it, where that is personal: `actor` is then a word that tells nothing.
PERSON = "person"
# The keys of a digest of the subject as the event left it (decision 0024): as it is, or with what is personal in it.
KEPT, KEPT_PRIVATELY = "kept", "kept_privately"


def trail_name(model: Any) -> str:
    """How the trail and its digests call a model: by the label it has, or had first where it says so."""
    return str(getattr(model, "trail_name", model._meta.label_lower))


def declare(*kinds: Kind) -> None:
    """Add an app's kinds; a name belongs to one app only."""
    for kind in kinds:
        assert kind.name not in KINDS or KINDS[kind.name] == kind, f"{kind.name} is declared twice."
        KINDS[kind.name] = kind


def without_personal(kind: str, data: Mapping[str, Any], salt: str) -> dict[str, Any] | None:
    """The data with a salted digest in place of each personal value; None when the kind has none."""
    known = KINDS.get(kind)
    keys = personal_keys(kind)
    if known is None or not any(key in data for key in keys):
        return None
    return {key: {"digest": _digest(salt, value)} if key in keys else value for key, value in data.items()}


def sealable(kind: str, data: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """What the seal covers instead of data with something personal in them, and the salt; None and empty otherwise."""
    salt = secrets.token_hex(16) if any(key in data for key in personal_keys(kind)) else ""
    return (without_personal(kind, data, salt), salt) if salt else (None, "")


def personal_keys(kind: str) -> tuple[str, ...]:
    """The keys of such an event's data that are personal."""
    return (*(KINDS[kind].personal if kind in KINDS else ()), PERSON, KEPT_PRIVATELY)


def _digest(salt: str, value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _words(value: Any) -> Any:
    """A day as `1 Dec 2026`; what changed as `name from Zara to Zora; terms days from 30 to 14`; the rest as it is."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        with contextlib.suppress(ValueError):
            return date_text(dt.date.fromisoformat(value))
    if not isinstance(value, Mapping):
        return value
    return "; ".join(
        f"{name} from {_words(pair[0])} to {_words(pair[1])}"
        if isinstance(pair, list) and len(pair) == 2
        else f"{name} {_words(pair)}"
        for name, pair in value.items()
    )


def sentence(kind: str, data: Mapping[str, Any]) -> str:
    """The event in words. A key that is missing (or was erased) reads as an ellipsis."""
    known = KINDS.get(kind)
    if known is None:
        return kind.replace(".", " ").replace("_", " ")
    return Formatter().vformat(known.sentence, (), _Blank({key: _words(value) for key, value in data.items()}))
