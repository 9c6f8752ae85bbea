"""Words for arguments that a type alone does not say: how their parts are called, and what they are like.

    allocate: Annotated[Sequence[tuple[int, int]] | None, Parts("item_id", "amount_minor")] = None
    changes: Annotated[dict[str, Any], Like(CustomerChanges)]
    ends: Annotated[dt.date, LastDay]

Whatever is made of a verb's signature reads them; the verb itself gets plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin


@dataclass(frozen=True)
class Parts:
    """A pair (or more) of values, or a mapping: what each is called."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@dataclass(frozen=True)
class Like:
    """Named values as a dataclass has them, or as a typed dictionary where each may be left out."""

    kind: Any


@dataclass(frozen=True)
class OneOf:
    """One of these texts: the choices of a model, or a mapping or list of them."""

    choices: Any

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(getattr(self.choices, "values", self.choices))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each with its words."""
        known: dict[str, str] = dict(getattr(self.choices, "choices", ()))
        return [(value, known.get(value, value.replace("_", " ").capitalize())) for value in self.values]


@dataclass(frozen=True)
class Says:
    """How a field is labelled, what is said under it, and how long a text may be."""

    label: str = ""
    help: str = ""
    most: int = 0


@dataclass(frozen=True)
class Called:
    """What the argument is called by whoever is not our code."""

    name: str
    # The argument is the first day after; what is called so is the last day, as on every screen.
    last: bool = False


@dataclass(frozen=True)
class Was:
    """The argument or field was renamed: what is kept of calls goes on calling it by the name that it had first."""

    first: str


# The first day without it inside, the last day with it outside.
LastDay = Called("last_day", last=True)


def unwrapped(hint: Any) -> tuple[Any, bool, list[Any]]:
    """A type without what stands around it: itself, whether it may be none, and the marks of every `Annotated`."""
    marks: list[Any] = []
    optional = False
    while True:
        parts = [part for part in get_args(hint) if part is not NoneType]
        if get_origin(hint) is Annotated:
            marks += parts[1:]
        elif get_origin(hint) in (Union, UnionType) and len(parts) == 1:
            optional = True
        else:
            return hint, optional, marks
        hint = parts[0]
