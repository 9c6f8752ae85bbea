"""From the types of our code to what is sent and read as JSON, and back.

Money is minor units with its currency, days are ISO, exact numbers are texts, rows are their addresses. A type of our
code that has no counterpart fails when the API is built, never in a call.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime as dt
import inspect
import re
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, get_args, get_origin, is_typeddict

from django.db.models import Model
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, create_model

from counterfoil.api.values import address_of, currency_of, plain
from counterfoil.api.words import WORDS
from counterfoil.customers.queries import row_of, rows_of
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.periods import Period
from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import Noun, noun_called, noun_of
from counterfoil.platform.signatures import Bound, Called, Like, OneOf, Parts, unwrapped

# More than any amount, and exact in every program that reads it.
_MOST = 10**15
_MOST_ROWS = 1000
_ONE_DAY = dt.timedelta(days=1)
_STRICT = ConfigDict(extra="forbid", strict=True)
_EXACT = r"^-?\d{1,15}(\.\d{1,9})?$"


def _day(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("There is no such day. Write it as year, month and day: 2026-11-30.") from error
    return text


def _decimal(text: str) -> str:
    if not re.fullmatch(_EXACT, text, re.ASCII):
        raise ValueError("Use digits, with a point before decimals.")
    return text


def _storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("There is a character that cannot be stored.")
    return text


Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_day),
                Field(json_schema_extra={"format": "date"}, examples=["2026-11-30"])]  # fmt: skip
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Exact = Annotated[str, AfterValidator(_decimal), Field(json_schema_extra={"pattern": _EXACT}, examples=["1.5"])]
Whole = Annotated[int, Field(ge=-_MOST, le=_MOST)]
Text = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_storable)]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=60), AfterValidator(_storable)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
File = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]


class Money(BaseModel):
    """An amount in minor units of a currency: R850.00 is 85000 ZAR."""

    model_config = ConfigDict(**_STRICT, json_schema_extra={"example": {"minor": 85000, "currency": "ZAR"}})

    minor: Whole
    currency: Currency


@dataclass
class Reading:
    """What is known while a body is read: who asks, and the currency of the account that it is about."""

    caller: Caller
    currency: str
    # Amounts may be in another currency, which the verb is told.
    any_currency: bool = False
    # Rows that were read along with others, by what an address calls them.
    known: dict[tuple[str, Any], Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A type as it is sent, and how it becomes a value of our code."""

    type: Any
    read: Callable[[Any, Reading], Any] = lambda value, reading: value
    # The way back, for values in a currency: examples, and what a test sends.
    write: Callable[[Any, str], Any] = lambda value, currency: plain(value)
    # What it names, what it is made of, or what it is many of: so that rows can be read together.
    noun: Noun[Any] | None = None
    parts: tuple[Argument, ...] = ()
    each: Kind | None = None


@dataclass(frozen=True)
class Argument:
    """An argument of a verb, or a field of a dataclass."""

    # As our code calls it, and as others do.
    name: str
    public: str
    kind: Kind
    required: bool
    is_money: bool = False
    # It follows from the amounts.
    hidden: bool = False


# ------------------------------------------------------------------ types


def kind_of(name: str, hint: Any) -> tuple[str, Kind]:
    """What an argument of this name and type is called outside, and its kind."""
    bare, optional, marks = unwrapped(hint)
    public, kind = _named(name, bare, marks)
    if optional:
        inner_read = kind.read

        def read(value: Any, reading: Reading) -> Any:
            return None if value is None else inner_read(value, reading)

        inner_write = kind.write
        kind = dataclasses.replace(
            kind, type=kind.type | None, read=read,
            write=lambda value, of: None if value is None else inner_write(value, of),
        )  # fmt: skip
    return public, kind


def _named(name: str, hint: Any, marks: list[Any]) -> tuple[str, Kind]:
    for mark in marks:
        match mark:
            case Called(public, last):
                return public, _last_day if last else _plain(name, hint)
            case OneOf():
                return name, Kind(Literal[mark.values])
            case Parts(names):
                return name, _parts(names, hint)
            case Like(kind):
                return name, like(kind)
    if hint is int and name.endswith("_minor"):
        return name.removesuffix("_minor"), Kind(Money, _minor, lambda value, of: {"minor": value, "currency": of})
    if hint is int and name.endswith("_id") and (noun := noun_called(name.removesuffix("_id"))):
        return name.removesuffix("_id"), _key(noun)
    return name, _plain(name, hint)


def _minor(value: Any, reading: Reading) -> int:
    if reading.any_currency:
        reading.currency = value.currency
    refuse_if(
        value.currency != reading.currency,
        "wrong_currency",
        f"This account is in {reading.currency}, and the amount in {value.currency}.",
        field="amount",
    )
    return int(value.minor)


def _row(noun: Noun[Any]) -> Kind:
    def read(value: Any, reading: Reading) -> Any:
        known = reading.known.get((noun.path, value))
        return known if known is not None else row_of(reading.caller, noun, value)

    return Kind(Number if noun.is_numbered else Address, read, noun=noun)


def _key(noun: Noun[Any]) -> Kind:
    """The same for an argument that is the row's key."""
    row = _row(noun)

    def read(value: Any, reading: Reading) -> Any:
        found = row.read(value, reading)
        # An amount beside it is in its currency.
        reading.currency = currency_of(found) or reading.currency
        return found.pk

    return Kind(row.type, read, lambda value, of: plain(noun.model._base_manager.get(pk=value)), noun=noun)


def _know(kind: Kind, sent: Sequence[Any], reading: Reading) -> None:
    """Rows that many values name are read at once, and not each by itself."""
    there = [value for value in sent if value is not None]
    if kind.each is not None:
        _know(kind.each, [item for values in there for item in values], reading)
    for part in kind.parts:
        _know(part.kind, [getattr(value, part.public) for value in there if not part.hidden], reading)
    if kind.noun is not None:
        noun, wanted = kind.noun, {value for value in there if (kind.noun.path, value) not in reading.known}
        rows = rows_of(reading.caller, noun).select_related(*noun.related)
        asked = sorted(wanted)
        for start in range(0, len(asked), _MOST_ROWS):
            for row in rows.filter(**{f"{noun.by}__in": asked[start : start + _MOST_ROWS]}):
                reading.known[(noun.path, address_of(noun, row))] = row


def _after(value: str, reading: Reading) -> dt.date:
    day = dt.date.fromisoformat(value)
    refuse_if(day == dt.date.max, "absurd_date", "That day is too far away to be right.", field="last_day")
    return day + _ONE_DAY


_last_day = Kind(Day, _after, lambda value, of: (value - _ONE_DAY).isoformat())
_SIMPLE: dict[Any, Kind] = {
    str: Kind(Text),
    bool: Kind(bool),
    int: Kind(Whole),
    dt.date: Kind(Day, lambda value, reading: dt.date.fromisoformat(value)),
    Decimal: Kind(Exact, lambda value, reading: Decimal(value)),
}


def _plain(name: str, hint: Any) -> Kind:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if hint is bytes:
        return Kind(File, _file, lambda value, of: base64.b64encode(value).decode())
    if hint is Period:
        return _period()
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return Kind(hint)
    if (
        origin in (Sequence, Iterable, Collection, list, tuple)
        and len([part for part in inner if part is not ...]) == 1
    ):
        return _many(name, inner[0], tuple if origin is tuple else list)
    if origin in (Mapping, dict) and inner[0] is str:
        _, value = kind_of(name, inner[1])
        return Kind(
            dict[Text, value.type],  # type: ignore[name-defined]
            lambda sent, reading: {key: value.read(item, reading) for key, item in sent.items()},
            lambda values, of: {key: value.write(item, of) for key, item in values.items()},
        )
    if isinstance(hint, type) and issubclass(hint, Model) and (noun := noun_of(hint)):
        return _row(noun)
    if dataclasses.is_dataclass(hint) or is_typeddict(hint):
        return like(hint)
    raise TypeError(f"{name}: {hint!r} has no counterpart in JSON. Say in the signature what it is like.")


def _file(value: str, reading: Reading) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("not_base64", "The file is not in base64.", field="content") from error


def _many(name: str, hint: Any, into: Callable[[Iterable[Any]], Any]) -> Kind:
    _, kind = kind_of(name, hint)

    def read(values: Any, reading: Reading) -> Any:
        _know(kind, values, reading)
        return into(kind.read(value, reading) for value in values)

    many = Annotated[list[kind.type], Field(max_length=_MOST_ROWS)]  # type: ignore[name-defined]
    return Kind(many, read, lambda values, of: [kind.write(value, of) for value in values], each=kind)


def _parts(names: tuple[str, ...], hint: Any) -> Kind:
    """Pairs: a list of small objects outside; a list of tuples, or a mapping, inside."""
    origin, inner = get_origin(hint), get_args(hint)
    mapping = origin in (dict, Mapping)
    pair = inner if mapping else get_args(inner[0])
    whole = _object("".join(name.removesuffix("_minor").removesuffix("_id").title() for name in names),
                    [argument(name, of) for name, of in zip(names, pair, strict=True)],
                    lambda values: tuple(values[name] for name in names))  # fmt: skip

    def read(rows: Any, reading: Reading) -> Any:
        _know(whole, rows, reading)
        found = [whole.read(row, reading) for row in rows]
        # The last of two would stand, and the first be as if it had not been sent.
        refuse_if(mapping and len(dict(found)) < len(found), "twice", f"One {names[0]} is there twice. Say it once.")
        return dict(found) if mapping else tuple(found)

    def write(values: Any, of: str) -> Any:
        pairs = values.items() if mapping else values
        return [whole.write(dict(zip(names, pair, strict=True)), of) for pair in pairs]

    many = Annotated[list[whole.type], Field(max_length=_MOST_ROWS)]  # type: ignore[name-defined]
    return Kind(many, read, write, each=whole)


@cache
def _period() -> Kind:
    def build(values: dict[str, Any]) -> Period:
        refuse_if(values["end"] <= values["start"], "no_days", "The last day is before the first.", field="last_day")
        return Period(**values)

    days = [
        Argument("start", "first_day", _SIMPLE[dt.date], required=True),
        Argument("end", "last_day", _last_day, required=True),
    ]
    return _object("Days", days, build)


# ------------------------------------------------------------------ objects


def argument(name: str, hint: Any, *, required: bool = True) -> Argument:
    """An argument by its name and type."""
    public, kind = kind_of(name, hint)
    for mark in unwrapped(hint)[2]:
        # Described, not checked: the pipeline refuses it with its own words, whoever calls.
        if isinstance(mark, Bound) and (told := mark.described(required=required)):
            kind = dataclasses.replace(kind, type=Annotated[kind.type, Field(json_schema_extra=told)])
    return Argument(name, public, kind, required, is_money=name.endswith("_minor"))


@cache
def like(kind: Any) -> Kind:
    """Values as a dataclass has them, or a typed dictionary whose values may each be left out."""
    hints = typing.get_type_hints(kind, include_extras=True)
    if is_typeddict(kind):
        rows = [argument(name, hint, required=name in kind.__required_keys__) for name, hint in hints.items()]
        return _object(kind.__name__, rows, lambda values: values)
    rows = []
    for part in dataclasses.fields(kind):
        default = part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING
        rows.append(argument(part.name, hints[part.name], required=default))
    return _object(kind.__name__, rows, lambda values: kind(**values))


def settle_currency(arguments: list[Argument]) -> list[Argument]:
    """A currency beside amounts follows from them."""
    if any(row.is_money for row in arguments):
        return [dataclasses.replace(row, hidden=True) if row.name == "currency" else row for row in arguments]
    return arguments


def _object(name: str, arguments: list[Argument], build: Callable[[dict[str, Any]], Any]) -> Kind:
    rows = settle_currency(arguments)
    model = body(name, rows)
    return Kind(
        model, lambda sent, reading: build(values(rows, sent, reading)), lambda given, of: written(rows, given, of),
        parts=tuple(rows),
    )  # fmt: skip


def body(name: str, arguments: Sequence[Argument]) -> type[BaseModel]:
    """What is sent: a closed object that takes nothing else, and no number for a text."""
    fields: dict[str, Any] = {}
    for row in arguments:
        if not row.hidden:
            said = WORDS.get(row.public, "")
            left_out: Any = {} if row.required else {"default_factory": _nothing}
            fields[row.public] = (row.kind.type, Field(**left_out, description=said or None))
    return create_model(name, __config__=_STRICT, **fields)


def _nothing() -> None:
    """What stands for a value that was left out; nobody is told that it may be sent."""


def written(arguments: Sequence[Argument], given: Any, currency: str) -> dict[str, Any]:
    """Arguments of our code as they are sent: the way back of `values`."""
    there = given if isinstance(given, Mapping) else {row.name: getattr(given, row.name) for row in arguments}
    known = currency_of(next((value for value in there.values() if currency_of(value)), None)) or currency
    return {
        row.public: row.kind.write(there[row.name], known)
        for row in arguments
        if row.name in there and not row.hidden and (row.required or there[row.name] is not None)
    }


def values(arguments: Sequence[Argument], sent: BaseModel, reading: Reading) -> dict[str, Any]:
    """What was sent, as the arguments of our code; what was left out is left out."""
    there = sent.model_fields_set
    found: dict[str, Any] = {}
    tells = any(row.hidden for row in arguments)
    here = dataclasses.replace(reading, any_currency=tells)
    # Amounts last: the rows beside them say in which currency they are.
    for row in sorted(arguments, key=lambda one: one.is_money):
        if row.public in there and not row.hidden:
            if row.is_money and not tells:
                here.currency = next(filter(None, map(currency_of, found.values())), here.currency)
            found[row.name] = row.kind.read(getattr(sent, row.public), here)
    if tells and any(row.is_money and row.name in found for row in arguments):
        found["currency"] = here.currency
    return found


def arguments_of(function: Callable[..., Any]) -> list[Argument]:
    """The arguments of a verb, in the order of its signature, without the operation."""
    hints = typing.get_type_hints(function, include_extras=True)
    found: list[Argument] = []
    for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
        if parameter.kind is parameter.VAR_KEYWORD:
            found += _spread(hints[name], {row.name for row in found})
        else:
            found.append(argument(name, hints[name], required=parameter.default is parameter.empty))
    return settle_currency(found)


def _spread(hint: Any, known: Collection[str]) -> list[Argument]:
    """Further arguments by name, as a dataclass or a typed dictionary has them."""
    _, _, marks = unwrapped(hint)
    kind = next((mark.kind for mark in marks if isinstance(mark, Like)), None)
    if kind is None:
        raise TypeError(f"Say in the signature what **{hint} are like.")
    hints = typing.get_type_hints(kind, include_extras=True)
    return [argument(name, hints[name], required=False) for name in hints if name not in known]
