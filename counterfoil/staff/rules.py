"""Grants, limits and scopes: decisions on plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import count


def covers(grants: Collection[str], name: str) -> bool:
    """Whether grants cover an operation or a view (or a wildcard of an app): exactly, by `app.*`, or by `*`."""
    return bool(set(grants) & {name, f"{name.partition('.')[0]}.*", "*"})


def unknown(grants: Iterable[str], known: Collection[str]) -> list[str]:
    """Grants that name no operation, view or app there is."""
    apps = {f"{name.partition('.')[0]}.*" for name in known}
    return sorted(set(grants) - set(known) - apps - {"*"})


def renamed(grants: Iterable[str], now: Mapping[str, str]) -> list[str]:
    """The grants by the names they have now: what each of before is called, in order."""
    return list(dict.fromkeys(now.get(name, name) for name in grants))


def tidy(grants: Iterable[str]) -> list[str]:
    """The grants in order, without those that a wildcard among them covers already."""
    given = set(grants)
    if "*" in given:
        return ["*"]
    whole = {name for name in given if name.endswith(".*")}
    return sorted(whole | {name for name in given if f"{name.partition('.')[0]}.*" not in whole})


def free_key(wanted: str, taken: Iterable[str]) -> str:
    """A key of at most 50 characters that is not taken: the wanted one, or with a number behind it."""
    known, start = set(taken), wanted[:44].strip("-") or "role"
    numbered = (f"{start}-{number}" for number in count(2))
    return start if start not in known | {"add"} else next(key for key in numbered if key not in known)


def above(own: Collection[str], own_limits: Mapping[str, int], grants: Iterable[str], limits: Mapping[str, int]) -> str:
    """The first grant or limit of a role that reaches further than one's own; empty when none does."""
    for name in grants:
        if not covers(own, name):
            return name
    for name, most in own_limits.items():
        if covers(grants if isinstance(grants, list) else list(grants), name) and limits.get(name, most + 1) > most:
            return name
    return ""
