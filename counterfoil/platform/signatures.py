"""Words for arguments that a type alone does not say: how their parts are called, and what they are like.

    allocate: Annotated[Sequence[tuple[int, int]] | None, Parts("item_id", "amount_minor")] = None
    changes: Annotated[dict[str, Any], Like(CustomerChanges)]
    ends: Annotated[dt.date, LastDay]

Whatever is made of a verb's signature reads them; the verb itself gets plain values. Those that are a `Bound` are
checked by the pipeline, whoever calls: common ones have a name in `platform/words.py`. A bare type asks, and checks
nothing.
"""

from __future__ import annotations

import datetime as dt
import inspect
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from counterfoil.kernel.checks import check_day, check_positive, check_text
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import MOST_MINOR


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


class Bound:
    """What a value must be, for the pipeline that checks it and for whoever describes it."""

    def check(self, value: Any, today: dt.date, *, field: str, required: bool) -> Any:
        """The value, tidied; refused by the argument's name where it cannot be right."""
        return value

    def described(self, *, required: bool) -> dict[str, Any]:
        """The same in the words of JSON Schema."""
        return {}


@dataclass(frozen=True)
class Says(Bound):
    """How a field is labelled, what is said under it, and how long a text may be. Must it be given, it is not blank."""

    label: str = ""
    help: str = ""
    most: int = 0
    least: int | None = None
    # It may be left empty, although there is no default.
    optional: bool = False
    # What a browser may fill in of whoever types about themselves.
    autocomplete: str = ""

    def check(self, value: Any, today: dt.date, *, field: str, required: bool) -> Any:
        return check_text(value, field=field, most=self.most, required=required) if self.most else value

    def described(self, *, required: bool) -> dict[str, Any]:
        return {"maxLength": self.most, **({"minLength": 1} if required else {})} if self.most else {}


@dataclass(frozen=True)
class AboveZero(Bound):
    """An amount of more than nothing; with `either` below it too."""

    either: bool = False

    def check(self, value: Any, today: dt.date, *, field: str, required: bool) -> Any:
        check_positive(abs(value) if self.either else value, field=field)
        return value

    def described(self, *, required: bool) -> dict[str, Any]:
        least = {"minimum": -MOST_MINOR, "not": {"const": 0}} if self.either else {"minimum": 1}
        return {"properties": {"minor": {**least, "maximum": MOST_MINOR}}}


@dataclass(frozen=True)
class NotAhead(Bound):
    """A day up to today."""

    def check(self, value: Any, today: dt.date, *, field: str, required: bool) -> Any:
        return check_day(value, today, field=field)


@dataclass(frozen=True)
class Near(Bound):
    """A day that is at most so many days away, before or ahead."""

    days: int

    def check(self, value: Any, today: dt.date, *, field: str, required: bool) -> Any:
        far = abs((value - today).days) > self.days
        refuse_if(far, "absurd_date", "That day is too far away to be right.", field=field)
        return value


@dataclass(frozen=True)
class Called:
    """What the argument is called by whoever is not our code."""

    name: str
    # The argument is the first day after; what is called so is the last day, as on every screen.
    last: bool = False


class Secret:
    """What nobody reads again: it is in no request for approval, and a repeated call is known by it only with a key."""


@cache
def keeps_secret(function: Any) -> bool:
    """Whether an argument of a verb's function is a secret."""
    hints = get_type_hints(function, include_extras=True)
    return any(mark is Secret for hint in hints.values() for mark in unwrapped(hint)[2])


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


@dataclass(frozen=True)
class Bounded:
    """An argument of a verb that is checked."""

    name: str
    required: bool
    marks: tuple[Bound, ...]

    def check(self, value: Any, today: dt.date) -> Any:
        """The value, as every mark leaves it."""
        for mark in self.marks:
            value = mark.check(value, today, field=self.name.removesuffix("_minor"), required=self.required)
        return value


def bounded(function: Any) -> list[Bounded]:
    """The arguments of a verb's function that are checked, in the order of its signature."""
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, row in inspect.signature(function).parameters.items():
        marks = tuple(mark for mark in unwrapped(hints.get(name))[2] if isinstance(mark, Bound))
        if marks:
            found.append(Bounded(name, row.default is row.empty, marks))
    return found
