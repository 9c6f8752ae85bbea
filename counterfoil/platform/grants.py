"""What a role may hold: verbs that are not everybody's own affair, and views, each with the words for it."""

from __future__ import annotations

from django.apps import apps

from counterfoil.platform.operations import VERBS

VIEWS: dict[str, str] = {}


def declare_view(name: str, words: str) -> None:
    """A grant that shows something. The app that guards it declares it."""
    assert VIEWS.get(name, words) == words, f"{name} is declared twice."
    VIEWS[name] = words


def words_of(name: str) -> str:
    """A grant in words."""
    return VIEWS[name] if name in VIEWS else VERBS[name].label


def work_of(app: str) -> str:
    """The work that an app's verbs and views belong to, in the words of a role; all of it without an app."""
    return str(apps.get_app_config(app).verbose_name) if app else "All"


def all_grants() -> list[str]:
    """Every verb and view that a role may hold."""
    return sorted([*(name for name, verb in VERBS.items() if not verb.own and verb.right == name), *VIEWS])
