"""What a call did, for whoever wants to say so: a program's answer, a preview, a message after a form."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from counterfoil.trail.kinds import sentence

# As much as anybody reads, and what tells nobody anything.
_MOST, _UNSAID = 50, ("row.kept", "rows.kept")


@dataclass
class Heard:
    """What a call did, for whoever wants to say so: its events in words, and whether it was done by an earlier call."""

    operation: str = ""
    # Each with whether it is about a customer.
    told: list[tuple[bool, str]] = field(default_factory=list)
    repeated: bool = False
    # Looks at the result while the operation's rows are there, and what it saw.
    look: Callable[[Any], Any] | None = None
    seen: Any = None

    def see(self, result: Any) -> None:
        """The result is looked at, where somebody asked to."""
        if self.look is not None:
            self.seen = self.look(result)

    @property
    def said(self) -> list[str]:
        """What happened, in sentences: to customers, where it is about any."""
        about = [words for of_customer, words in self.told if of_customer]
        return about or [words for _, words in self.told]

    def hear(self, kind: str, of_customer: bool, told: Mapping[str, Any]) -> None:
        """An event was recorded."""
        if kind not in _UNSAID and len(self.told) < _MOST:
            self.told.append((of_customer, sentence(kind, told)))


_listener: ContextVar[Heard | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def listening(look: Callable[[Any], Any] | None = None) -> Iterator[Heard]:
    """Hear what the verb called in this block does, and look at its result, also when it is rolled back."""
    heard = Heard(look=look)
    token = _listener.set(heard)
    try:
        yield heard
    finally:
        _listener.reset(token)


def listener() -> Heard | None:
    """Who listens to what is called here."""
    return _listener.get()
