"""What may be granted beside operations: views, by name, each with the words for it."""

from __future__ import annotations

from counterfoil.platform.operations import OPERATIONS

VIEWS: dict[str, str] = {}


def declare_view(name: str, words: str) -> None:
    """A grant that shows something. The app that guards it declares it."""
    assert VIEWS.get(name, words) == words, f"{name} is declared twice."
    VIEWS[name] = words


def words_of(name: str) -> str:
    """A grant in words."""
    return VIEWS[name] if name in VIEWS else OPERATIONS[name].label


def all_grants() -> list[str]:
    """Every operation and view there is."""
    return sorted([*OPERATIONS, *VIEWS])
