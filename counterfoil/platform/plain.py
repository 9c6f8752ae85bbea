"""Doors: how people meet a verb that needs no form of its own (decision 0034).

Declared once in an app's `doors.py`. The address, the dialog and the page, the button, the palette entry and the fields
come from it and from the verb's signature: types say what a field is, `Annotated` the rest (platform/signatures.py).

    TERMINATE = Door(
        operations.terminate_agreement, AGREEMENT, "terminate", "Terminate", danger=True,
        done=lambda made, row: f"{made.number} is terminated.", fields={"on": Says("First day without it")},
    )
"""

from __future__ import annotations

import collections.abc
import datetime as dt
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from types import new_class
from typing import Any

from django import forms
from django.db.models import Model
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from counterfoil.kernel.money import money_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.doors import DayField, MoneyField, OperationForm, Saved, View, act, door
from counterfoil.platform.fields import suggest, text_lines
from counterfoil.platform.operations import Verb
from counterfoil.platform.panels import Action
from counterfoil.platform.showing import Noun, declared, noun_of
from counterfoil.platform.signatures import Called, Like, OneOf, Says, unwrapped

_ONE_DAY = dt.timedelta(days=1)
# What may be chosen, each with its words: values, rows or keys of rows. None leaves the field out: there is no choice.
Offer = Callable[[Caller, Any], Sequence[tuple[Any, str]] | None]


@dataclass(frozen=True, eq=False)
class Door:
    """A verb about one row, or about none that is there yet, for people."""

    verb: Verb[Any, Any]
    noun: Noun[Any] | None
    # Where it is: after the row's address. Templates call it by the verb's name, unless there is another.
    slug: str
    button: str
    # What is said afterwards, of what came of it and of the row; and where to go, where one does not stay.
    done: Callable[[Any, Any], str | Saved]
    name: str = ""
    # What stands before the row in its address, where that is not what programs say.
    under: str = ""
    caption: str = ""
    danger: bool = False
    icon: str = "square-pen"
    key: str = ""
    words: str = ""
    offered: Callable[[Any, dt.date], bool] = lambda row, day: True
    # Nothing is asked: the button does it.
    at_once: bool = False
    # Arguments that follow from the row, and are not asked for.
    given: Mapping[str, Callable[[Caller, Any], Any]] = field(default_factory=dict)
    # Starting values; a day called `on` is asked for and starts today.
    start: Callable[[Caller, Any], Mapping[str, Any]] = lambda caller, row: {}
    offers: Mapping[str, Offer] = field(default_factory=dict)
    # Texts to choose from, where another may be typed.
    suggests: Mapping[str, Callable[[Caller], list[str]]] = field(default_factory=dict)
    # Beside the title, where that is not what the row is called and whose it is.
    about: Callable[[Any], str] | None = None
    # What there is to know before it is done.
    lead: Callable[[Any], str] | None = None
    # What stands on the button, and under a field, of this row.
    press: Callable[[Any], str] | None = None
    helps: Mapping[str, Callable[[Caller, Any], str]] = field(default_factory=dict)
    # The page to return to on Cancel, where that is not the one the noun says; and to be on afterwards.
    home: Callable[[Any], str] | None = None
    # What fields are called, and their order where it is not that of the arguments.
    order: tuple[str, ...] = ()
    fields: Mapping[str, Says] = field(default_factory=dict)
    # What customers may ask for in the portal, where somebody of staff approves it, as they read it.
    asks: Mapping[str, Says] = field(default_factory=dict)
    # What a form has besides: a preview, a body. A field of its own stands in place of the made one.
    form: type[OperationForm] = OperationForm

    @property
    def url_name(self) -> str:
        return self.name or self.verb.verb.replace("_", "-")

    @property
    def title(self) -> str:
        return self.caption or self.verb.label

    @property
    def pattern(self) -> URLPattern:
        """Its address."""
        parts = (self.under or (self.noun.path if self.noun else ""), self.noun.route if self.noun else "", self.slug)
        place = "/".join(part for part in parts if part)
        return path(f"{place}/", _view_at_once(self) if self.at_once else door(form_of(self)), name=self.url_name)

    def is_offered(self, caller: Caller, row: Any) -> bool:
        """Whether there is anything to do here for this caller."""
        return caller.may(self.verb) and self.offered(row, caller.today)

    @property
    def action(self) -> Action:
        """Its button on the page of a customer, and its entry in the palette."""
        return Action(
            self.verb, self.title, self.url_name, self.icon, self.key, shown=self.offered, words=self.words,
            danger=self.danger,
        )  # fmt: skip

    def column(self, word: str) -> Column:
        """Its button in each row of a list that it is offered for."""

        def shown(row: Any) -> str:
            return word if self.offered(row, timezone.localdate()) else ""

        return Column(
            self.slug, word, shown, dialog=True,
            href=lambda row: reverse(self.url_name, args=[row.pk]) if shown(row) else "",
        )  # fmt: skip

    @property
    def subject(self) -> str:
        """The argument that is the row; none of a verb about something that hangs on it."""
        hints = typing.get_type_hints(self.verb.function)
        given = ((name, hint) for name, hint in hints.items() if name != "return")
        return next((name for name, hint in given if self.noun and hint is self.noun.model), "")

    def arguments(self, caller: Caller, row: Any) -> dict[str, Any]:
        """What is not asked for: the row, and what follows from it."""
        named = {self.subject: row} if self.subject and self.subject not in self.given else {}
        return {**named, **{name: get(caller, row) for name, get in self.given.items()}}

    def told(self, made: Any, row: Any) -> Saved:
        """What is said afterwards, and where to go."""
        said = self.done(made, row)
        return said if isinstance(said, Saved) else Saved(said, self.home(row) if self.home else "")

    def beside(self, row: Any) -> str:
        """What stands beside the title."""
        if self.about is not None or self.noun is None:
            return self.about(row) if self.about else ""
        owner = getattr(self.noun.owner(row), "name", "")
        return f"{self.noun.title(row)}, {owner}" if self.noun.is_somebodys else owner


@cache
def all_doors() -> tuple[Door, ...]:
    """Every door, floor by floor."""
    return tuple(declared("doors", Door))


def doors_of(noun: Noun[Any]) -> list[Door]:
    """The doors about a noun's rows."""
    return [one for one in all_doors() if one.noun is noun]


@cache
def asking_form(one: Door) -> type[OperationForm]:
    """The form of a door with what customers may ask for alone."""
    whole = form_of(one)
    left = {name: None for name in whole.base_fields if name not in one.asks}
    return new_class(f"Ask{whole.__name__}", (whole,), exec_body=lambda space: space.update(left))


def _view_at_once(one: Door) -> View:
    def find(caller: Caller, **route: Any) -> Any:
        return one.noun.get(caller, *route.values()) if one.noun else None

    return act(one.verb, find, one.arguments, one.told)


@cache
def form_of(one: Door) -> type[OperationForm]:
    """The form of a door, made of the verb's signature."""
    hints = typing.get_type_hints(one.verb.function, include_extras=True)
    taken = list(inspect.signature(one.verb.function).parameters.values())[1:]
    open_ones = [row for row in taken if row.name not in {one.subject, *one.given}]
    asked = [each for row in open_ones for each in _fields(row, hints[row.name], one)]
    fields = {row.public: row.field for row in asked if row.public not in one.form.base_fields}

    # What changes of a row starts as it is.
    known = {row.public for row in asked if row.within and one.noun and hasattr(one.noun.model, row.name)}

    def prepare(self: Any) -> None:
        one.form.prepare(self)
        for name, offer in one.offers.items():
            if name not in self.fields:
                continue
            if (found := offer(self.caller, self.subject)) is None:
                del self.fields[name]
            else:
                self.fields[name].choices = found
        if self.caller.only is not None:
            for name, says in one.asks.items():
                self.fields[name].label = says.label or self.fields[name].label
                self.fields[name].help_text = says.help
                if says.autocomplete:
                    self.fields[name].widget.attrs["autocomplete"] = says.autocomplete
        for name, texts in one.suggests.items():
            suggest(self.fields[name], texts(self.caller))
        for name, say in one.helps.items():
            self.fields[name].help_text = say(self.caller, self.subject)
        today = {"on": self.caller.today} if "on" in fields else {}
        now = {row.public: getattr(self.subject, row.name) for row in asked if row.within and row.public in known}
        self.begin_with({**today, **now, **one.start(self.caller, self.subject)})

    def arguments(self: Any) -> dict[str, Any]:
        given = {row: self.cleaned_data[row.public] for row in asked if row.public in self.fields}
        there = {row: value for row, value in given.items() if row.required or value not in (None, "")}
        meant = one.arguments(self.caller, self.subject)
        for row, value in there.items():
            (meant.setdefault(row.within, {}) if row.within else meant)[row.name] = row.meant(self.caller, value)
        return meant

    def button_text(self: Any) -> str:
        if one.press is not None:
            return one.press(self.subject)
        minor = self.amount_minor
        amount = money_text(minor, self.currency) if isinstance(minor, int) and minor > 0 else ""
        return f"{one.button} {amount}".strip()

    made: dict[str, Any] = {
        "__doc__": one.verb.__doc__, "__module__": one.verb.function.__module__,
        "operation": one.verb, "noun": one.noun, "caption": one.title, "button": one.button, "danger": one.danger,
        "arguments": arguments, "prepare": prepare, "button_text": property(button_text),
        "context_line": property(lambda self: one.beside(self.subject)),
        "lead": property(lambda self: one.lead(self.subject) if one.lead else ""),
        "saved": lambda self, result: one.told(result, self.subject),
        "field_order": one.form.field_order or one.order or tuple(fields),
        **fields,
    }  # fmt: skip
    if isinstance(fields.get("amount"), MoneyField) and not one.form.preview_body:
        # The button says the amount as it is typed.
        made["preview_body"] = "platform/button_only.html"
    if one.home is not None:
        home = one.home
        made["home"] = property(lambda self: home(self.subject))
    name = f"{one.verb.verb.title().replace('_', '')}Form"
    return new_class(name, (one.form,), exec_body=lambda space: space.update(made))


@dataclass(frozen=True, eq=False)
class _Asked:
    name: str
    public: str
    field: forms.Field
    required: bool
    last: bool = False
    # The noun of what is offered by its key.
    noun: Noun[Any] | None = None
    # The argument that holds it with others.
    within: str = ""

    def meant(self, caller: Caller, value: Any) -> Any:
        """The argument that a field's value stands for."""
        if self.noun is not None and isinstance(value, int):
            return self.noun.get(caller, value)
        if self.public == "version":
            return value or 0
        return value + _ONE_DAY if self.last else value


def _fields(taken: inspect.Parameter, hint: Any, one: Door) -> list[_Asked]:
    """The field of an argument; of one that is like named values, a field for each."""
    like = next((mark.kind for mark in unwrapped(hint)[2] if isinstance(mark, Like)), None)
    if like is None:
        return [_field(taken, hint, one)]
    inner = typing.get_type_hints(like, include_extras=True)
    # What may be left out of the values is still asked for, unless the door says that it may be empty.
    rows = [_field(taken.replace(name=name), kind, one) for name, kind in inner.items()]
    return [replace(row, within=taken.name) for row in rows]


def _field(taken: inspect.Parameter, hint: Any, one: Door) -> _Asked:
    hint, _, marks = unwrapped(hint)
    called = next((mark for mark in marks if isinstance(mark, Called)), None)
    public = called.name if called else taken.name.removesuffix("_minor")
    said = next((mark for mark in marks if isinstance(mark, Says)), Says())
    says = one.fields.get(public, said)
    required = taken.default is taken.empty
    usual = "Date" if public == "on" else public.replace("_", " ").capitalize()
    common: dict[str, Any] = {
        "label": says.label or usual, "help_text": says.help,
        "required": (required and hint is not bool and not says.optional) or public == "on",
    }  # fmt: skip
    own = one.form.base_fields.get(public)
    made = own or _made(public, taken.name, hint, marks, says, one, common, said.most)
    noun = noun_of(hint) if isinstance(hint, type) and issubclass(hint, Model) else None
    return _Asked(taken.name, public, made, required, last=bool(called and called.last), noun=noun)


def _made(
    public: str, name: str, hint: Any, marks: list[Any], says: Says, one: Door, common: dict[str, Any], bound: int
) -> forms.Field:
    choices = next((mark.pairs for mark in marks if isinstance(mark, OneOf)), None)
    several = typing.get_origin(hint) in (list, collections.abc.Iterable, collections.abc.Sequence)
    if several:
        common["required"] = False
        ticks = public in one.offers
        return forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, **common) if ticks else _Lines(**common)
    if choices is not None:
        return forms.ChoiceField(choices=choices, **common)
    if public in one.offers:
        common["required"] = common["required"] or hint is bool
        return _Offered(widget=forms.RadioSelect if hint is bool else forms.Select, **common)
    if hint is int and name.endswith("_minor"):
        return MoneyField(**common)
    simple: dict[Any, Callable[..., forms.Field]] = {
        bool: forms.BooleanField, dt.date: DayField, str: _text(bound or says.most or 200),
        Decimal: lambda **more: forms.DecimalField(max_digits=24, decimal_places=9, **more),
        int: lambda **more: forms.IntegerField(min_value=says.least, max_value=says.most or 10**9, **more),
    }  # fmt: skip
    if hint not in simple:
        raise TypeError(f"{one.verb.name}: {name} ({hint}) has no field. Give the door an offer, or the verb a form.")
    return simple[hint](**common)


def _text(most: int) -> Callable[..., forms.Field]:
    def make(**common: Any) -> forms.Field:
        widget = forms.Textarea(attrs={"rows": "4"}) if most > 300 else forms.TextInput()
        return forms.CharField(max_length=most, widget=widget, **common)

    return make


class _Lines(forms.CharField):
    """Several texts, one per line."""

    def __init__(self, **common: Any) -> None:
        super().__init__(max_length=2000, widget=forms.Textarea(attrs={"rows": "2"}), **common)

    def clean(self, value: Any) -> list[str]:
        return text_lines(super().clean(value))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return text_lines(data or "") != list(initial or [])


class _Offered(forms.ChoiceField):
    """One of what is offered: it gives the thing itself, a row or a value."""

    @property
    def choices(self) -> Any:
        return self._choices

    @choices.setter
    def choices(self, pairs: Any) -> None:
        self.things = {_key(thing): thing for thing, _ in pairs}
        self._choices = self.widget.choices = [(_key(thing), words) for thing, words in pairs]

    def prepare_value(self, value: Any) -> Any:
        return _key(value)

    def clean(self, value: Any) -> Any:
        return self.things.get(super().clean(value))


def _key(thing: Any) -> str:
    """What a choice is called in a form."""
    return "" if thing is None else str(thing.pk if isinstance(thing, Model) else thing)
