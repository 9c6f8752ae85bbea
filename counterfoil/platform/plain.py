"""Doors: how people meet a verb that needs no form of its own (decision 0034).

Declared once in an app's `doors.py`. The address, the dialog and the page, the button, the palette entry and the fields
come from it and from the verb's signature: types say what a field is, `Annotated` the rest (platform/signatures.py).

    TERMINATE = Door(
        operations.terminate_agreement, AGREEMENT, "terminate", "Terminate", danger=True,
        start=lambda caller, row: {"on": caller.today}, done=lambda row: f"{row.number} is terminated.",
    )
"""

from __future__ import annotations

import datetime as dt
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from types import new_class
from typing import Any

from django import forms
from django.urls import URLPattern, path

from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import DayField, MoneyField, OperationForm, Saved, door
from counterfoil.platform.operations import Verb
from counterfoil.platform.panels import Action
from counterfoil.platform.showing import Noun, declared, row_found
from counterfoil.platform.signatures import Called, OneOf, Says, unwrapped

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, eq=False)
class Door:
    """A verb about one row, for people."""

    verb: Verb[Any, Any]
    noun: Noun[Any]
    # Where it is: after the row's address. Templates call it by the verb's name, unless there is another.
    slug: str
    button: str
    done: Callable[[Any], str]
    name: str = ""
    # What stands before the row in its address, where that is not what programs say.
    under: str = ""
    caption: str = ""
    danger: bool = False
    icon: str = "square-pen"
    key: str = ""
    words: str = ""
    offered: Callable[[Any, dt.date], bool] = lambda row, day: True
    start: Callable[[Caller, Any], Mapping[str, Any]] = lambda caller, row: {}
    # Beside the title, where that is not whose it is.
    about: Callable[[Any], str] | None = None
    # From the row to whose it is, and the page to be on afterwards: theirs, unless there is another.
    whose: tuple[str, ...] = ("customer",)
    home: Callable[[Any], str] | None = None
    fields: Mapping[str, Says] = field(default_factory=dict)

    @property
    def url_name(self) -> str:
        return self.name or self.verb.verb.replace("_", "-")

    @property
    def title(self) -> str:
        return self.caption or self.verb.label

    @property
    def pattern(self) -> URLPattern:
        """Its address."""
        row = "<int:pk>" if self.noun.is_numbered else f"<str:{self.noun.by}>"
        return path(f"{self.under or self.noun.path}/{row}/{self.slug}/", door(form_of(self)), name=self.url_name)

    @property
    def action(self) -> Action:
        """Its button on the page of a customer, and its entry in the palette."""
        return Action(
            self.verb, self.title, self.url_name, self.icon, self.key, shown=self.offered, words=self.words,
            danger=self.danger,
        )  # fmt: skip


@cache
def all_doors() -> tuple[Door, ...]:
    """Every door, floor by floor."""
    return tuple(declared("doors", Door))


@cache
def form_of(one: Door) -> type[OperationForm]:
    """The form of a door, made of the verb's signature."""
    hints = typing.get_type_hints(one.verb.function, include_extras=True)
    taken = list(inspect.signature(one.verb.function).parameters.values())[1:]
    subject = next(row.name for row in taken if hints[row.name] is one.noun.model)
    asked = {row.name: _field(row, hints[row.name], one) for row in taken if row.name != subject}

    def find(cls: Any, /, caller: Caller, **route: Any) -> Any:
        (address,) = route.values()
        (found,) = row_found(caller, one.noun, address)
        return found

    def arguments(self: OperationForm) -> dict[str, Any]:
        given = {name: self.cleaned_data[made.public] for name, made in asked.items()}
        there = {name: value for name, value in given.items() if asked[name].required or value not in (None, "")}
        after = {name: value + _ONE_DAY for name, value in there.items() if asked[name].last}
        return {subject: self.subject, **there, **after}

    def customer(self: OperationForm) -> Any:
        row = self.subject
        for name in one.whose:
            row = getattr(row, name, row)
        return row

    made: dict[str, Any] = {
        "__doc__": one.verb.__doc__, "__module__": one.verb.function.__module__,
        "operation": one.verb, "caption": one.title, "button": one.button, "danger": one.danger,
        "find": classmethod(find), "arguments": arguments, "customer": property(customer),
        "prepare": lambda self: self.begin_with(one.start(self.caller, self.subject)),
        "saved": lambda self, result: Saved(one.done(result), one.home(self.subject) if one.home else ""),
        **{row.public: row.field for row in asked.values()},
    }  # fmt: skip
    if one.about is not None:
        about = one.about
        made["context_line"] = property(lambda self: about(self.subject))
    if one.home is not None:
        home = one.home
        made["home"] = property(lambda self: home(self.subject))
    name = f"{one.verb.verb.title().replace('_', '')}Form"
    return new_class(name, (OperationForm,), exec_body=lambda space: space.update(made))


@dataclass(frozen=True)
class _Asked:
    public: str
    field: forms.Field
    required: bool
    last: bool = False


def _field(taken: inspect.Parameter, hint: Any, one: Door) -> _Asked:
    hint, _, marks = unwrapped(hint)
    called = next((mark for mark in marks if isinstance(mark, Called)), None)
    public = called.name if called else taken.name.removesuffix("_minor")
    said = next((mark for mark in marks if isinstance(mark, Says)), Says())
    says = one.fields.get(public, said)
    required = taken.default is taken.empty
    common: dict[str, Any] = {
        "label": says.label or public.replace("_", " ").capitalize(), "help_text": says.help,
        "required": required and hint is not bool,
    }  # fmt: skip
    choices = next((mark for mark in marks if isinstance(mark, OneOf)), None)
    if choices is not None:
        return _Asked(public, forms.ChoiceField(choices=choices.pairs, **common), required)
    if hint is int and taken.name.endswith("_minor"):
        return _Asked(public, MoneyField(**common), required)
    simple: dict[Any, Callable[..., forms.Field]] = {
        bool: forms.BooleanField, dt.date: DayField, Decimal: forms.DecimalField, int: forms.IntegerField,
        str: _text(said.most or says.most or 200),
    }  # fmt: skip
    if hint not in simple:
        raise TypeError(f"{one.verb.name}: {taken.name} ({hint}) has no field. Give the verb a form of its own.")
    return _Asked(public, simple[hint](**common), required, last=bool(called and called.last))


def _text(most: int) -> Callable[..., forms.Field]:
    def make(**common: Any) -> forms.Field:
        widget = forms.Textarea(attrs={"rows": "4"}) if most > 300 else forms.TextInput()
        return forms.CharField(max_length=most, widget=widget, **common)

    return make
