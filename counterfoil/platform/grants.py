"""What a role may hold: verbs that are not everybody's own affair, and views, each with the words for it."""

from __future__ import annotations

from counterfoil.platform.operations import VERBS

VIEWS: dict[str, str] = {}


def declare_view(name: str, words: str) -> None:
    """A grant that shows something. The app that guards it declares it."""
    assert VIEWS.get(name, words) == words, f"{name} is declared twice."
    VIEWS[name] = words


def words_of(name: str) -> str:
    """A grant in words."""
    return VIEWS[name] if name in VIEWS else VERBS[name].label


def all_grants() -> list[str]:
    """Every verb and view that a role may hold."""
    return sorted([*(name for name, verb in VERBS.items() if not verb.own), *VIEWS])
