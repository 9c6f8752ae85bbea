"""What a mapping says: which column of a file is what, and how its cells are read."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from counterfoil.imports.cells import ORDERS, Reading, zone_called
from counterfoil.kernel.errors import Refused, refuse_if

# A column named again and again would make a gigabyte of each row.
MOST_TEMPLATE = 300
MOST_SOURCE = 60
FIELD = re.compile(r"\{([^{}]+)\}")
# Those of text files. Others that Python knows are for other things, and some take an hour for a megabyte.
_ENCODING = re.compile(
    r"utf[-_]?8([-_]sig)?|ascii|latin[-_]?1|iso[-_]?8859[-_]\d{1,2}|cp\d{3,4}|windows[-_]\d{4}|mac[-_]?\w{3,12}"
    r"|koi8[-_][rut]|gb2312|gbk|gb18030|big5|(shift|euc)[-_]?jis|euc[-_](jp|kr)",
    re.IGNORECASE,
)
_CUSTOMER_FIELDS = (
    "number kind billing_type group joined_on terms_days tax_number email phone contact street city postcode"
)
# Each part's needed and optional fields.
PARTS = {
    "customers": ({"key", "name"}, set(_CUSTOMER_FIELDS.split())),
    "invoices": ({"number", "customer", "on", "amount"}, {"due_on", "text", "reference", "total"}),
    "openings": ({"customer", "on", "amount"}, {"due_on", "text"}),
    "services": (
        {"key", "customer", "product"},
        {"label", "quantity", "price", "on", "paid_to", "next_on", "frequency", "billing_day"},
    ),
    "receipts": ({"key", "customer", "on", "amount"}, {"invoice", "method", "reference"}),
    "disputes": ({"key", "customer", "invoice", "on"}, {"said", "until", "amount", "reason"}),
    "usage": ({"key", "service", "on", "quantity"}, {"customer", "product", "text", "divide_by"}),
}
# What is done with a customer who came in before and is different in the file, and with money that went out.
REPEATED, NEGATIVE = ("keep", "update", "ask"), ("leave out", "refuse")
# What is done with an invoice or a payment of a customer who is not there, and with a row in which something is wrong.
UNKNOWN, WRONG = ("refuse", "leave out"), ("refuse", "leave out", "park")
# What a balance above zero is.
ABOVE_ZERO = ("owed", "credit")
# What customers are known by besides the key of the file and the account number.
FIND = ("number", "name", "e-mail")


@dataclass(frozen=True)
class FileMapping:
    """How the columns of a file become records."""

    name: str
    source: str
    order: str
    currency: str
    delimiter: str
    encoding: str
    parts: dict[str, dict[str, str]]
    comma: bool | None = None
    # Columns that are read otherwise than the rest of the file: their settings by name.
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    times: dt.tzinfo | None = None
    sheet: str = ""
    headed: bool = True
    repeated: str = "keep"
    negative: str = "leave out"
    unknown: str = "refuse"
    find: str = "number"
    above_zero: str = "owed"
    wrong: str = "refuse"
    # Rows that are no records: those with one of these values in a column.
    skipped: dict[str, frozenset[str]] = field(default_factory=dict)
    # What usage is counted in beside the unit of the product: 60, where the file says seconds and minutes are charged.
    divide_by: Decimal = Decimal(1)

    def column(self, part: str, name: str) -> str:
        """The column (or columns) of the file that a field is read from."""
        return ", ".join(FIELD.findall(self.parts[part].get(name, name))) or name

    def how(self, part: str, name: str, usual: Reading) -> Reading:
        """How the cells of a field are read, by what is said of its columns or of the file."""
        said = {
            k: v for column in FIELD.findall(self.parts[part].get(name, "")) for k, v in self.said_of(column).items()
        }
        order = ORDERS[said["dates"]] if "dates" in said else usual.order
        return replace(usual, order=order, comma=said["decimal"] == "comma" if "decimal" in said else usual.comma)

    def answered(self, said: Mapping[str, Mapping[str, str]]) -> FileMapping:
        """The same with what is said of columns besides."""
        more = {column.casefold(): {**self.said_of(column), **settings} for column, settings in said.items()}
        return replace(self, answers={**self.answers, **more})

    def said_of(self, column: str) -> dict[str, str]:
        """What is said of a column alone."""
        return self.answers.get(column.casefold(), {})

    def columns(self) -> set[str]:
        named = {name for part in self.parts.values() for text in part.values() for name in FIELD.findall(text)}
        return named | set(self.skipped)


def read_mapping(text: str) -> FileMapping:
    """The mapping of a TOML text; refused with the place that is wrong."""
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise Refused("bad_mapping", "The mapping has lists within lists without end.", field="mapping") from error
    except tomllib.TOMLDecodeError as error:
        raise Refused("bad_mapping", f"The mapping is not TOML: {error}.", field="mapping") from error
    parts: dict[str, dict[str, str]] = {}
    for part, (needed, optional) in PARTS.items():
        if part not in data:
            continue
        given = data[part]
        if not isinstance(given, dict):
            raise Refused("bad_mapping", f"{part} must be a section: [{part}].", field="mapping")
        if missing := needed - given.keys():
            raise Refused("bad_mapping", f"[{part}] lacks {', '.join(sorted(missing))}.", field="mapping")
        if unknown := given.keys() - needed - optional:
            known = ", ".join(sorted(needed | optional))
            raise Refused(
                "bad_mapping", f"[{part}] has {', '.join(sorted(unknown))}; it may have {known}.", field="mapping"
            )
        parts[part] = {name: str(value) for name, value in given.items()}
        if long := [name for name, value in parts[part].items() if len(value) > MOST_TEMPLATE]:
            raise Refused(
                "bad_mapping", f"{long[0]} in [{part}] has at most {MOST_TEMPLATE} characters.", field="mapping"
            )
    if not parts:
        raise Refused(
            "bad_mapping", f"The mapping has none of {', '.join(f'[{part}]' for part in PARTS)}.", field="mapping"
        )
    if "source" not in data:
        raise Refused("bad_mapping", "The mapping lacks source: a name for where the file comes from.", field="mapping")
    dates = _choice(data, "dates", ("", *ORDERS))
    if len(str(data["source"])) > MOST_SOURCE:
        raise Refused("bad_mapping", f"source has at most {MOST_SOURCE} characters.", field="mapping")
    encoding = str(data.get("encoding", "utf-8-sig"))
    if not _ENCODING.fullmatch(encoding):
        raise Refused(
            "bad_mapping", f"encoding is “{encoding[:40]}”; use that of a text file, such as utf-8, cp1252 or latin-1.",
            field="mapping",
        )  # fmt: skip
    if len(delimiter := str(data.get("delimiter", ""))) > 1:
        raise Refused("bad_mapping", "delimiter is one character.", field="mapping")
    mapping = FileMapping(
        name=str(data.get("name", data["source"])), source=str(data["source"]), order=ORDERS.get(dates, ""),
        currency=str(data.get("currency", "")).upper(), delimiter=delimiter, encoding=encoding, parts=parts,
        comma=_COMMA[_choice(data, "decimal", tuple(_COMMA))], answers=_answers(data.get("columns", {})),
        times=zone_called(str(data["times"])) if "times" in data else None,
        sheet=str(data.get("sheet", "")), headed=_choice(data, "heading", ("yes", "no")) == "yes",
        repeated=_choice(data, "repeated", REPEATED), negative=_choice(data, "negative", NEGATIVE),
        unknown=_choice(data, "unknown", UNKNOWN), find=_choice(data, "find", FIND),
        above_zero=_choice(data, "above_zero", ABOVE_ZERO),
        wrong=_choice(data, "wrong", WRONG),
        skipped=_skipped(data.get("leave_out", {})),
        divide_by=_divisor(parts.get("usage", {}).pop("divide_by", "1")),
    )  # fmt: skip
    if not mapping.headed and (named := [one for one in mapping.columns() if not one.isdecimal() or one == "0"]):
        raise Refused(
            "bad_mapping", f"Without headings a column is known by its place, such as {{1}}; {named[0]} is none.",
            field="mapping",
        )  # fmt: skip
    return mapping


def _choice(data: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = str(data.get(name, choices[0]))
    refuse_if(
        value not in choices, "bad_mapping",
        f"{name} is “{value[:40]}”; use one of: {', '.join(filter(None, choices))}.",
        field="mapping",
    )  # fmt: skip
    return value


_COMMA = {"": None, "point": False, "comma": True}


def _answers(given: Any) -> dict[str, dict[str, str]]:
    """By column how it is read: `[columns.Balance]` with `decimal = "comma"`."""
    refuse_if(
        not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()), "bad_mapping",
        "columns must be sections, such as [columns.Balance].", field="mapping",
    )  # fmt: skip
    found = {}
    for column, said in given.items():
        for name in said:
            refuse_if(
                name not in ("dates", "decimal"), "bad_mapping",
                f"[columns.{column[:40]}] has {name[:40]}; it may have dates, decimal.", field="mapping",
            )  # fmt: skip
        settings = {"dates": tuple(ORDERS), "decimal": ("point", "comma")}
        found[str(column).casefold()] = {name: _choice(said, name, settings[name]) for name in said}
    return found


def _skipped(given: Any) -> dict[str, frozenset[str]]:
    """By column the values of rows that are left out: `status = ["void", "draft"]`."""
    refuse_if(not isinstance(given, dict), "bad_mapping", "leave_out must be a section: [leave_out].", field="mapping")
    texts = {str(name): [values] if isinstance(values, str) else values for name, values in given.items()}
    for name, values in texts.items():
        refuse_if(
            not isinstance(values, list), "bad_mapping",
            f"{name} in [leave_out] is a value or a list of values.", field="mapping",
        )  # fmt: skip
    return {name: frozenset(str(value).casefold() for value in values) for name, values in texts.items()}


def _divisor(text: str) -> Decimal:
    refuse_if(
        not re.fullmatch(r"[1-9][0-9]{0,8}", text), "bad_mapping",
        f"divide_by is “{text[:20]}”; use a whole number such as 60.", field="mapping",
    )  # fmt: skip
    return Decimal(text)
