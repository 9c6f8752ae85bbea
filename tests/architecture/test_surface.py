"""Everything that others rely on, in one file: each diff of it is what users, roles and programs gain or lose."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver

from counterfoil.platform.grants import VIEWS
from counterfoil.platform.operations import VERBS
from counterfoil.platform.showing import nouns
from counterfoil.site.roles import ROLES

FILE = Path(__file__).with_name("surface.txt")


def _addresses(resolver: URLResolver, before: str = "", space: str = "") -> Iterator[str]:
    for one in resolver.url_patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            name = f"{space}{one.namespace}:" if one.namespace else space
            yield from _addresses(one, path, name)
        elif isinstance(one, URLPattern) and not path.startswith(("sso/", "me/", "sign-in/password")):
            yield f"page {space}{one.name or '-'} /{path}"


def surface() -> str:
    """Verbs with their arguments and labels, views, pages, nouns with what they show, and roles."""
    lines: list[str] = []
    for name, verb in sorted(VERBS.items()):
        takes = [
            f"{'**' if row.kind is row.VAR_KEYWORD else ''}{key}{'' if row.default is row.empty else '?'}"
            for key, row in list(inspect.signature(verb.function).parameters.items())[1:]
        ]
        lines.append(f"verb {name}({', '.join(takes)}) “{verb.label}”{' own' if verb.own else ''}"
                     f"{f' by the right {verb.right}' if verb.right != name else ''}")  # fmt: skip
        lines += [f"limit {name}"] if verb.limited else []
    lines += [f"view {name} “{words}”" for name, words in sorted(VIEWS.items())]
    lines += sorted(_addresses(get_resolver()))
    for noun in sorted(nouns(), key=lambda one: one.path):
        lines.append(f"noun {noun.path} by {noun.by} for {noun.sees}")
        lines += [f"noun {noun.path}: {row if isinstance(row, str) else row.name}" for row in noun.shows]
    for key, role in sorted(ROLES.items()):
        lines += [f"role {key} “{role.name}”: {name}" for name in sorted(role.grants)]
        lines += [f"role {key} “{role.name}”: {name} up to {minor}" for name, minor in sorted(role.limits.items())]
    return "\n".join(lines) + "\n"


def test_what_others_rely_on_is_as_it_is_written_down() -> None:
    now, written = surface(), FILE.read_text() if FILE.exists() else ""
    if now != written:
        FILE.write_text(now)
    assert now == written, f"{FILE.name} is brought up to date. Read its diff: it is what others gain or lose."
