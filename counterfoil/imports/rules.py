"""From a file and a mapping to a plan: pure, and every error names its row, its column and what to do."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import read_decimal, read_minor

MOST_COLUMNS = 500
# A longer line is no row of a file that people made; it is refused before its values are taken apart.
MOST_LINE = 1_000_000
MOST_ERRORS = 200
# A column named again and again would make a gigabyte of each row.
MOST_TEMPLATE = 300
MOST_SOURCE = 60
# The longest that each key can be stored.
_MOST_KEY = {"customers": 160, "invoices": 60, "receipts": 160, "usage": 160}
# What one record of each part is called.
ONE = {"customers": "customer", "invoices": "invoice", "receipts": "receipt", "usage": "usage record"}
_FIELD = re.compile(r"\{([^{}]+)\}")
# Those of text files. Others that Python knows are for other things, and some take an hour for a megabyte.
_ENCODING = re.compile(
    r"utf[-_]?8([-_]sig)?|ascii|latin[-_]?1|iso[-_]?8859[-_]\d{1,2}|cp\d{3,4}|windows[-_]\d{4}|mac[-_]?\w{3,12}"
    r"|koi8[-_][rut]|gb2312|gbk|gb18030|big5|(shift|euc)[-_]?jis|euc[-_](jp|kr)",
    re.IGNORECASE,
)
_ORDERS = {"month/day/year": "mdy", "day/month/year": "dmy", "year-month-day": "ymd"}
_CUSTOMER_FIELDS = (
    "number kind billing_type group joined_on terms_days tax_number email phone contact street city postcode"
)
# Each part's needed and optional fields.
_PARTS = {
    "customers": ({"key", "name"}, set(_CUSTOMER_FIELDS.split())),
    "invoices": ({"number", "customer", "on", "amount"}, {"due_on", "text", "reference"}),
    "receipts": ({"key", "customer", "on", "amount"}, {"invoice", "method", "reference"}),
    "usage": ({"key", "service", "on", "quantity"}, {"customer", "product", "text"}),
}


@dataclass(frozen=True)
class RowError:
    """What is wrong in one row of a file, where, and what to do."""

    row: int
    column: str
    sentence: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.sentence}" if self.column else f"row {self.row}: {self.sentence}"


class ImportRefused(Refused):
    """The file is not brought in, and nothing was changed."""

    def __init__(self, errors: list[RowError]) -> None:
        count = f"{len(errors)} errors" if len(errors) != 1 else "1 error"
        super().__init__("import_refused", f"The file has {count}. Nothing was imported.")
        self.errors = errors


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

    def column(self, part: str, name: str) -> str:
        """The column (or columns) of the file that a field is read from."""
        return ", ".join(_FIELD.findall(self.parts[part].get(name, name))) or name

    def columns(self) -> set[str]:
        return {name for part in self.parts.values() for text in part.values() for name in _FIELD.findall(text)}


@dataclass(frozen=True)
class Record:
    """One customer, invoice, receipt or usage record of the file: its key, the row it came from, and its values."""

    row: int
    key: str
    values: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """Changes when the content does, so that the same key with other content is noticed."""
        # When a customer joined follows from all rows that name it, so a longer file may move it: not a difference.
        told = ((name, str(value)) for name, value in self.values.items() if name != "joined_on")
        text = repr(sorted(told))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass
class Plan:
    """What a file holds."""

    rows: int = 0
    customers: list[Record] = field(default_factory=list)
    invoices: list[Record] = field(default_factory=list)
    receipts: list[Record] = field(default_factory=list)
    usage: list[Record] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    def wrong(self, row: int, column: str, sentence: str) -> None:
        self.errors.append(RowError(row, column, sentence))


def read_mapping(text: str) -> FileMapping:
    """The mapping of a TOML text; refused with the place that is wrong."""
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise Refused("bad_mapping", "The mapping has lists within lists without end.", field="mapping") from error
    except tomllib.TOMLDecodeError as error:
        raise Refused("bad_mapping", f"The mapping is not TOML: {error}.", field="mapping") from error
    parts: dict[str, dict[str, str]] = {}
    for part, (needed, optional) in _PARTS.items():
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
            "bad_mapping", "The mapping has no [customers], [invoices], [receipts] or [usage].", field="mapping"
        )
    if "source" not in data:
        raise Refused("bad_mapping", "The mapping lacks source: a name for where the file comes from.", field="mapping")
    dates = data.get("dates", "year-month-day")
    if dates not in _ORDERS:
        raise Refused("bad_mapping", f"dates is “{dates}”; use one of: {', '.join(_ORDERS)}.", field="mapping")
    if len(str(data["source"])) > MOST_SOURCE:
        raise Refused("bad_mapping", f"source has at most {MOST_SOURCE} characters.", field="mapping")
    encoding = str(data.get("encoding", "utf-8-sig"))
    if not _ENCODING.fullmatch(encoding):
        raise Refused(
            "bad_mapping", f"encoding is “{encoding[:40]}”; use that of a text file, such as utf-8, cp1252 or latin-1.",
            field="mapping",
        )  # fmt: skip
    if len(str(data.get("delimiter", ","))) != 1:
        raise Refused("bad_mapping", "delimiter is one character.", field="mapping")
    return FileMapping(
        name=str(data.get("name", data["source"])), source=str(data["source"]), order=_ORDERS[dates],
        currency=str(data.get("currency", "")).upper(), delimiter=str(data.get("delimiter", ",")),
        encoding=encoding, parts=parts,
    )  # fmt: skip


def read_rows(content: bytes, mapping: FileMapping) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, values by column) of each row; refused when it is not such a file at all."""
    if content[:2] == b"PK" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise Refused("not_csv", "This is a workbook. Open it and save the sheet as CSV UTF-8.", field="file")
    if content[:4] == b"%PDF" or b"\x00" in content:
        raise Refused("not_csv", "This is not a CSV file: it is not text.", field="file")
    try:
        text = content.decode(mapping.encoding)
    except (UnicodeError, LookupError) as error:
        at = content[: getattr(error, "start", 0)].count(b"\n") + 1
        raise Refused(
            "wrong_encoding",
            f"Line {at} is not {mapping.encoding.removesuffix('-sig').upper()}. Save the file as CSV UTF-8, or say "
            'encoding = "cp1252" (or another) in the mapping.',
            field="file",
        ) from error
    reader = csv.reader(_lines(text, mapping.delimiter), delimiter=mapping.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _check_header(header, mapping)
        for values in reader:
            if any(value.strip() for value in values):
                if len(values) != len(header):
                    raise Refused(
                        "ragged_row",
                        f"There are {len(values)} values for {len(header)} columns. Check the quotes and commas.",
                        row=reader.line_num,
                    )
                yield reader.line_num, dict(zip(header, values, strict=True))
    except csv.Error as error:
        raise Refused("not_csv", f"This is not CSV: {error}.", field="file", row=reader.line_num) from error


def _lines(text: str, delimiter: str) -> Iterator[str]:
    """The lines of a file; refused at the first that is too long to be taken apart."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > MOST_LINE:
            if number == 1:
                raise _too_many_columns(line.count(delimiter) + 1)
            raise Refused(
                "line_too_long",
                f"This line has {len(line):,} characters; the most is {MOST_LINE:,}. Check where rows end.",
                row=number,
            )
        yield line


def _too_many_columns(count: int) -> Refused:
    return Refused(
        "too_many_columns",
        f"The file has {count:,} columns; the most is {MOST_COLUMNS}. Remove the columns that the mapping does not "
        "name, and check that rows are not columns.",
        field="file",
    )


def _check_header(header: list[str], mapping: FileMapping) -> None:
    if len(header) > MOST_COLUMNS:
        raise _too_many_columns(len(header))
    if len(set(header)) != len(header):
        twice = sorted({name for name in header if header.count(name) > 1})
        raise Refused("column_twice", f"The file has the column {twice[0]} twice.", field="file")
    if missing := mapping.columns() - set(header):
        raise Refused(
            "columns_missing",
            f"The file lacks the columns {', '.join(sorted(missing))}. It has: {', '.join(header[:40])}.",
            field="file",
        )


def make_plan(content: bytes, mapping: FileMapping, *, today: dt.date) -> Plan:
    """Everything the file holds, and everything that is wrong with it."""
    plan = Plan()
    people: dict[str, Record] = {}
    seen: dict[tuple[str, str], int] = {}
    try:
        for row, values in read_rows(content, mapping):
            plan.rows += 1
            reader = _Row(plan, mapping, row, values, today)
            if "customers" in mapping.parts:
                _take_customer(reader, people)
            for part, target in (("invoices", plan.invoices), ("receipts", plan.receipts), ("usage", plan.usage)):
                if part in mapping.parts and (record := reader.record(part)) is not None:
                    if (first := seen.setdefault((part, record.key), row)) != row:
                        plan.wrong(row, "", f"{ONE[part].capitalize()} {record.key} is in row {first} already.")
                    target.append(record)
            if len(plan.errors) >= MOST_ERRORS:
                plan.wrong(row, "", f"More than {MOST_ERRORS} errors: the rest of the file was not read.")
                break
    except Refused as error:
        plan.wrong(error.row or 1, "", error.sentence)
    plan.customers = list(people.values())
    plan.receipts.sort(key=lambda record: (record.values["on"], record.row))
    if not plan.rows and not plan.errors:
        plan.wrong(1, "", "The file has no rows.")
    return plan


class _Row:
    """One row being read: turns templates into values and collects what is wrong."""

    def __init__(self, plan: Plan, mapping: FileMapping, row: int, values: Mapping[str, str], today: dt.date) -> None:
        self.plan, self.mapping, self.row, self.values, self.today = plan, mapping, row, values, today

    def text(self, part: str, name: str) -> str:
        template = self.mapping.parts[part].get(name, "")
        return _FIELD.sub(lambda match: self.values[match[1]].strip(), template).strip()

    def record(self, part: str) -> Record | None:
        """What this row says of a part; None when it says nothing of it, or something is wrong with it."""
        if part == "receipts" and not self.text(part, "on"):
            return None
        before = len(self.plan.errors)
        key = self.key(part, "number" if part == "invoices" else "key")
        values = self._used() if part == "usage" else self._money(part, key)
        return Record(self.row, key, values) if len(self.plan.errors) == before else None

    def _used(self) -> dict[str, Any]:
        return {
            "service": self.needed("usage", "service"),
            "on": self.parsed("usage", "on", self._date),
            "quantity": self.parsed("usage", "quantity", self._quantity),
            "customer": self.text("usage", "customer"),
            "product": self.text("usage", "product"),
            "text": self.text("usage", "text")[:120],
        }

    def _money(self, part: str, key: str) -> dict[str, Any]:
        values: dict[str, Any] = {
            "customer": self.needed(part, "customer"),
            "on": self.parsed(part, "on", self._date),
            "amount": self.parsed(part, "amount", self._amount),
            "reference": self.text(part, "reference")[:120],
        }
        if part == "invoices":
            values["due_on"] = self.parsed(part, "due_on", self._any_date, optional=True)
            values["text"] = self.text(part, "text")[:200] or f"Invoice {key}"
            if values["due_on"] and values["on"] and values["due_on"] < values["on"]:
                self.wrong(part, "due_on", "It is due before its date.")
        else:
            values["invoice"] = self.text(part, "invoice")
            values["method"] = (self.text(part, "method") or "eft").lower().replace(" ", "_")
        return values

    def key(self, part: str, name: str) -> str:
        value = self.needed(part, name)
        if len(value) > _MOST_KEY[part] or not value.isprintable():
            self.wrong(part, name, f"It must be at most {_MOST_KEY[part]} characters in one line.")
        return value

    def needed(self, part: str, name: str) -> str:
        value = self.text(part, name)
        if not value:
            self.wrong(part, name, "It is blank.")
        return value

    def parsed(self, part: str, name: str, read: Callable[[str], Any], *, optional: bool = False) -> Any:
        value = self.text(part, name)
        if not value:
            if not optional:
                self.wrong(part, name, "It is blank.")
            return None
        try:
            return read(value)
        except Refused as error:
            self.wrong(part, name, error.sentence)
            return None

    def wrong(self, part: str, name: str, sentence: str) -> None:
        self.plan.wrong(self.row, self.mapping.column(part, name), sentence)

    def _date(self, text: str) -> dt.date:
        day = self._any_date(text)
        if day > self.today:
            raise Refused("future_date", f"“{text[:30]}” is in the future.")
        return day

    def _any_date(self, text: str) -> dt.date:
        numbers = re.fullmatch(r"(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})", text)
        if not numbers:
            raise Refused("not_a_date", f"“{text[:30]}” is not a date.")
        order = dict(zip(self.mapping.order, (int(number) for number in numbers.groups()), strict=True))
        try:
            day = dt.date(order["y"], order["m"], order["d"])
        except ValueError as error:
            raise Refused("not_a_date", f"“{text[:30]}” is not a date in the order the mapping says.") from error
        if day.year < 1990:
            raise Refused("absurd_date", f"“{text[:30]}” is too long ago. Write the year with four digits.")
        return day

    def _quantity(self, text: str) -> Decimal:
        quantity = read_decimal(text, "")
        if not 0 < quantity < 10**9:
            raise Refused("not_positive", f"“{text[:30]}” is not a quantity above zero. Reverse wrong usage on "
                          "the customer's page.")  # fmt: skip
        if quantity != round(quantity, 4):
            raise Refused("too_many_places", f"“{text[:30]}” has more than four decimal places. Round it, or use a "
                          "smaller unit.")  # fmt: skip
        return quantity.normalize()

    def _amount(self, text: str) -> int:
        minor = read_minor(text, self.mapping.currency or "ZAR")
        if minor <= 0:
            raise Refused("not_positive", f"“{text[:30]}” is not more than zero. Leave out the row, or use a credit.")
        return minor


def _take_customer(reader: _Row, people: dict[str, Record]) -> None:
    key = reader.key("customers", "key")
    optional = _PARTS["customers"][1] - {"joined_on", "terms_days"}
    values: dict[str, Any] = {name: reader.text("customers", name) for name in sorted(optional)}
    values["name"] = reader.needed("customers", "name")
    joined = reader.parsed("customers", "joined_on", reader._date, optional=True)
    terms = reader.text("customers", "terms_days")
    days = int(terms) if re.fullmatch("[0-9]{1,3}", terms) else None
    if terms and (days is None or days > 365):
        reader.wrong("customers", "terms_days", f"“{terms[:20]}” is not a number of days up to 365.")
    values["terms_days"] = days
    known = people.get(key)
    if known is None:
        people[key] = Record(reader.row, key, {**values, "joined_on": joined})
    elif joined and (known.values["joined_on"] is None or joined < known.values["joined_on"]):
        known.values["joined_on"] = joined
