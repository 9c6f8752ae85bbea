"""From a file and a mapping to a plan: pure, and every error names its row, its column and what to do."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from counterfoil.imports.cells import Reading, read_amount, read_day, read_emails, read_phones, read_quantity
from counterfoil.imports.mapping import FIELD, PARTS, FileMapping
from counterfoil.imports.sheets import rows_of
from counterfoil.kernel.errors import Refused

MOST_ERRORS = 200
# The longest that each key can be stored.
_MOST_KEY = {"customers": 160, "invoices": 60, "receipts": 160, "usage": 160}
# What one record of each part is called.
ONE = {"customers": "customer", "invoices": "invoice", "receipts": "receipt", "usage": "usage record"}
# Cells that say that a row adds others up.
_SUMS = {"total", "totals", "grand total", "sum", "subtotal", "balance", "opening balance", "closing balance"}


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
class Totals:
    """Control totals of one kind of record, to compare with the file's owner."""

    kind: str
    in_file: int
    added: int
    already_there: int
    amount_minor: int
    added_minor: int
    # Of usage, what all records of the file add up to.
    quantity: Decimal | None = None

    @property
    def title(self) -> str:
        """What people call such records."""
        return "Payments" if self.kind == "receipt" else f"{self.kind.capitalize()}s"


@dataclass(frozen=True)
class ImportResult:
    """What bringing in a file did (or, in a dry run, would do)."""

    name: str
    currency: str
    rows: int
    totals: tuple[Totals, ...]
    # What there is to know besides: what was left out, what went to another account, what is different here.
    said: tuple[str, ...] = ()
    # What is wrong in the rows that stayed out, where such rows are left out.
    stayed_out: tuple[RowError, ...] = ()

    @property
    def shown(self) -> list[Totals]:
        """The totals of what the file has any of."""
        return [total for total in self.totals if total.in_file] or list(self.totals)

    @property
    def added(self) -> int:
        return sum(total.added for total in self.totals)


@dataclass(frozen=True)
class Record:
    """One customer, invoice, receipt or usage record of the file: its key, the row it came from, and its values."""

    row: int
    key: str
    values: dict[str, Any]
    # What follows from the values: lines, addresses, notes.
    more: dict[str, Any] = field(default_factory=dict)

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
    # Rows that are no records, by why.
    left_out: dict[str, list[int]] = field(default_factory=dict)
    # It could not be read to its end, so that nothing of it can come in.
    broken: bool = False

    def without_wrong(self) -> None:
        """What is wrong in a row leaves the whole record out, and every line of it."""
        rows = {error.row for error in self.errors}
        keys = {record.key for record in self.invoices if rows & set(record.more["rows"])}
        for name in ("customers", "receipts", "usage"):
            setattr(self, name, [record for record in getattr(self, name) if record.row not in rows])
        self.invoices = [record for record in self.invoices if record.key not in keys | self.halves]

    # Invoices of which a line could not be read.
    halves: set[str] = field(default_factory=set)

    def leave_out(self, row: int, why: str) -> None:
        self.left_out.setdefault(why, []).append(row)

    def wrong(self, row: int, column: str, sentence: str) -> None:
        self.errors.append(RowError(row, column, sentence))


def make_plan(
    content: bytes, mapping: FileMapping, *, today: dt.date, region: str = "ZA", home: dt.tzinfo = dt.UTC
) -> Plan:
    """Everything the file holds, and everything that is wrong with it."""
    plan = Plan()
    how = Reading(today, mapping.currency or "ZAR", region, mapping.order, mapping.comma, home, mapping.times)
    people: dict[str, Record] = {}
    targets = {"invoices": plan.invoices, "receipts": plan.receipts, "usage": plan.usage}
    seen: dict[tuple[str, str], Record] = {}
    rows = rows_of(
        content, sorted(mapping.columns()), delimiter=mapping.delimiter, encoding=mapping.encoding,
        sheet=mapping.sheet, headed=mapping.headed,
    )  # fmt: skip
    try:
        for row, values in rows:
            plan.rows += 1
            if any(value.casefold().rstrip(":") in _SUMS for value in values.values()) and _is_sum(mapping, values):
                plan.leave_out(row, "adds other rows up")
                continue
            if out := next((name for name, some in mapping.skipped.items() if values[name].casefold() in some), ""):
                plan.leave_out(row, f"says {values[out]} in {out}")
                continue
            reader = _Row(plan, mapping, row, values, how)
            if "customers" in mapping.parts:
                _take_customer(reader, people)
            for part, target in targets.items():
                if part in mapping.parts and (record := reader.record(part)) is not None:
                    if (first := seen.setdefault((part, record.key), record)) is record:
                        target.append(record)
                    elif part != "invoices" or not _joined(first, record):
                        plan.wrong(row, "", f"{ONE[part].capitalize()} {record.key} is in row {first.row} already.")
            if len(plan.errors) >= MOST_ERRORS:
                plan.wrong(row, "", f"More than {MOST_ERRORS} errors: the rest of the file was not read.")
                plan.broken = True
                break
    except Refused as error:
        plan.broken = True
        plan.wrong(error.row or 1, "", error.sentence)
    plan.customers = list(people.values())
    _settle_invoices(plan)
    plan.receipts.sort(key=lambda record: (record.values["on"], record.row))
    if not plan.rows and not plan.errors:
        plan.wrong(1, "", "The file has no rows.")
    return plan


def _is_sum(mapping: FileMapping, values: Mapping[str, str]) -> bool:
    """Whether a row that says “Total” has no day, where a record has one."""
    days = [FIELD.sub(lambda match: values[match[1]], parts["on"]) for parts in mapping.parts.values() if "on" in parts]
    return bool(days) and not any(char.isdigit() for day in days for char in day)


def _joined(first: Record, line: Record) -> bool:
    """Whether a row is one more line of an invoice: same number, customer and day, another text; then it is added."""
    whole = ("customer", "on", "due_on", "reference")
    texts = [text for text, _ in first.more["lines"]]
    if any(first.values[name] != line.values[name] for name in whole) or line.values["text"] in texts:
        return False
    first.more["lines"] += line.more["lines"]
    first.more["rows"] += line.more["rows"]
    return True


def _settle_invoices(plan: Plan) -> None:
    """Each invoice has the sum of its lines; what is nothing in all is left out, and what differs from it is named."""
    kept = []
    for record in plan.invoices:
        lines = record.more["lines"]
        total = sum(minor for _, minor in lines)
        if len(lines) > 1:
            record.values.update(amount=total, lines=lines)
        if record.more["total"] not in (None, total):
            plan.wrong(record.row, record.more["column"], "The lines do not add up to the total of the file.")
        elif total:
            kept.append(record)
        else:
            plan.leave_out(record.row, "comes to nothing")
    plan.invoices = kept


class _Row:
    """One row being read: turns templates into values and collects what is wrong."""

    def __init__(self, plan: Plan, mapping: FileMapping, row: int, values: Mapping[str, str], how: Reading) -> None:
        self.plan, self.mapping, self.row, self.values, self.how = plan, mapping, row, values, how

    def text(self, part: str, name: str) -> str:
        template = self.mapping.parts[part].get(name, "")
        return FIELD.sub(lambda match: self.values[match[1]].strip(), template).strip()

    def record(self, part: str) -> Record | None:
        """What this row says of a part; None when it says nothing of it, or something is wrong with it."""
        if part == "receipts" and not self.text(part, "on"):
            return None
        before = len(self.plan.errors)
        key = self.key(part, "number" if part == "invoices" else "key")
        values = self._used() if part == "usage" else self._money(part, key)
        if len(self.plan.errors) != before:
            self.plan.halves |= {key} if part == "invoices" else set()
            return None
        if part == "invoices":
            total = self.parsed(part, "total", lambda text: read_amount(text, self.how), optional=True)
            more = {"total": total, "column": self.mapping.column(part, "total")}
            return Record(
                self.row, key, values, {**more, "lines": [(values["text"], values["amount"])], "rows": [self.row]}
            )
        if part == "usage" and not values["quantity"]:
            self.plan.leave_out(self.row, "has nothing to charge")
            return None
        if part == "receipts" and values["amount"] <= 0:
            if values["amount"] and self.mapping.negative == "refuse":
                self.wrong(part, "amount", "It is not more than zero: money that went out is no payment.")
            else:
                self.plan.leave_out(self.row, "is money that went out" if values["amount"] else "comes to nothing")
            return None
        return Record(self.row, key, values)

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
        if day > self.how.today:
            raise Refused("future_date", f"“{text[:30]}” is in the future.")
        return day

    def _any_date(self, text: str) -> dt.date:
        return read_day(text, self.how)

    def _quantity(self, text: str) -> Decimal:
        return read_quantity(text, self.how, self.mapping.divide_by).normalize()

    def _amount(self, text: str) -> int:
        return read_amount(text, self.how)


def _take_customer(reader: _Row, people: dict[str, Record]) -> None:
    key = reader.key("customers", "key")
    optional = PARTS["customers"][1] - {"joined_on", "terms_days"}
    values: dict[str, Any] = {name: reader.text("customers", name) for name in sorted(optional)}
    values["name"] = reader.needed("customers", "name")
    joined = reader.parsed("customers", "joined_on", reader._date, optional=True)
    terms = reader.text("customers", "terms_days")
    days = int(terms) if re.fullmatch("[0-9]{1,3}", terms) else None
    if terms and (days is None or days > 365):
        reader.wrong("customers", "terms_days", f"“{terms[:20]}” is not a number of days up to 365.")
    values["terms_days"] = days
    emails = reader.parsed("customers", "email", read_emails, optional=True) or ()
    phones, note = reader.parsed(
        "customers", "phone", lambda text: read_phones(text, reader.how.region), optional=True
    ) or ((), "")
    known = people.get(key)
    if known is None:
        more = {"emails": emails, "phones": phones, "note": note}
        people[key] = Record(reader.row, key, {**values, "joined_on": joined}, more)
    elif joined and (known.values["joined_on"] is None or joined < known.values["joined_on"]):
        known.values["joined_on"] = joined
