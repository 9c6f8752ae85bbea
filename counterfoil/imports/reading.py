"""From a file and a mapping to a plan: pure, and every error names its row, its column and what to do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from counterfoil.imports.cells import (
    Reading,
    read_amount,
    read_day,
    read_emails,
    read_frequency,
    read_phones,
    read_price,
    read_quantity,
)
from counterfoil.imports.mapping import FIELD, PARTS, FileMapping
from counterfoil.imports.questions import MARKS
from counterfoil.imports.rules import ONE, Plan, Record
from counterfoil.imports.sheets import NUMBER, rows_of
from counterfoil.kernel.errors import Refused

MOST_ERRORS = 200
# The longest that a key can be stored; that of an invoice is its number.
_MOST_KEY = {"invoices": 60}
# The field that tells records of a part apart, where it is none of its own.
_KEY = {"invoices": "number", "openings": "customer"}
# Cells that say that a row adds others up.
_SUMS = {"total", "totals", "grand total", "sum", "subtotal", "balance", "opening balance", "closing balance"}
# How some programs write that there is no day.
_NO_DAY = re.compile(r"0000[-/.]00[-/.]00(?: 00:00(?::00)?)?")


def make_plan(content: bytes, mapping: FileMapping, usual: Reading) -> Plan:
    """Everything the file holds, everything that is wrong with it, and what only somebody who knows it can say.

    A column whose cells leave no doubt how the others are meant is read again by that.
    """
    plan = plan_of(rows_in(content, mapping), mapping, usual)
    if settled := plan.asking.settled():
        plan = plan_of(rows_in(content, mapping), mapping.answered(settled), usual)
        plan.remarks = [_SETTLED[name].format(column=column, value=MARKS.get(value, value))
                        for column, said in settled.items() for name, value in said.items()]  # fmt: skip
    plan.questions = list(plan.asking.questions())
    for column, row, sentence in plan.asking.waiting():
        plan.wrong(row, column, sentence)
    return plan


_SETTLED = {
    "dates": "The days in {column} were read as {value}, as no other order fits them all.",
    "decimal": "The amounts in {column} were read with {value}, as some of them leave no doubt.",
}


def rows_in(content: bytes, mapping: FileMapping) -> Iterator[tuple[int, dict[str, str]]]:
    """(row, cells by column) of the columns that a mapping names."""
    return rows_of(
        content, sorted(mapping.columns()), delimiter=mapping.delimiter, encoding=mapping.encoding,
        sheet=mapping.sheet, headed=mapping.headed,
    )  # fmt: skip


def plan_of(rows: Iterable[tuple[int, Mapping[str, str]]], mapping: FileMapping, usual: Reading) -> Plan:
    """The same of rows that were taken apart already, as far as each can be read by itself."""
    plan = Plan(mapping=mapping)
    how = {(part, name): mapping.how(part, name, usual) for part, fields in mapping.parts.items() for name in fields}
    try:
        for row, values in rows:
            plan.rows += 1
            if any(value.casefold().rstrip(":") in _SUMS for value in values.values()) and _is_sum(mapping, values):
                plan.leave_out(row, "adds other rows up")
                continue
            if out := next((name for name, some in mapping.skipped.items() if values[name].casefold() in some), ""):
                plan.leave_out(row, f"says {values[out]} in {out}")
                continue
            reader = _Row(plan, mapping, row, values, how, usual)
            if "customers" in mapping.parts:
                _take_customer(reader)
            for part in mapping.parts:
                if part != "customers" and (record := reader.record(part)) is not None:
                    # Payments come in by their days, and what is billed together stands together.
                    by = {"receipts": "on", "services": "customer"}.get(part)
                    first = plan.shelf.put(part, record, record.values[by] if by else "")
                    if first is None:
                        continue
                    if part == "invoices" and _joined(first, record):
                        plan.shelf.replace(part, first)
                        plan.to_add_up.add(record.key)
                    else:
                        plan.wrong(row, "", f"{ONE[part].capitalize()} {record.key} is in row {first.row} already.")
            if len(plan.errors) >= MOST_ERRORS:
                plan.wrong(row, "", f"More than {MOST_ERRORS} errors: the rest of the file was not read.")
                plan.broken = True
                break
    except Refused as error:
        plan.broken = True
        plan.wrong(error.row or 1, "", error.sentence)
    _add_up(plan)
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


def _add_up(plan: Plan) -> None:
    """Each invoice has the sum of its lines; what is nothing in all is left out, and what differs from it is named."""
    for key in sorted(plan.to_add_up):
        record = plan.shelf.get("invoices", key)
        if record is None:
            continue
        lines = record.more["lines"]
        total = sum(minor for _, minor in lines)
        if len(lines) > 1:
            record.values.update(amount=total, lines=lines)
            plan.shelf.replace("invoices", record)
        if record.more["total"] not in (None, total):
            plan.wrong(record.row, record.more["column"], "The lines do not add up to the total of the file.")
        elif not total:
            plan.shelf.drop("invoices", key)
            plan.leave_out(record.row, "comes to nothing")


_YES = frozenset({"yes", "y", "true", "1", "x", "disputed", "ja"})


class _Row:
    """One row being read: turns templates into values and collects what is wrong."""

    def __init__(
        self, plan: Plan, mapping: FileMapping, row: int, values: Mapping[str, str],
        how: Mapping[tuple[str, str], Reading], usual: Reading,
    ) -> None:  # fmt: skip
        self.plan, self.mapping, self.row, self.values, self.how, self.usual = plan, mapping, row, values, how, usual
        # How many of its cells are wrong, or wait for an answer.
        self.amiss = 0

    def text(self, part: str, name: str) -> str:
        return self._cell(part, name).replace(NUMBER, "")

    def _cell(self, part: str, name: str) -> str:
        template = self.mapping.parts[part].get(name, "")
        if template[:1] == "{" and template[-1:] == "}" and (cell := self.values.get(template[1:-1])) is not None:
            return cell.strip()  # nearly always one column
        return FIELD.sub(lambda match: self.values[match[1]].strip(), template).strip()

    def record(self, part: str) -> Record | None:
        """What this row says of a part; None when it says nothing of it, or something is wrong with it."""
        if part == "receipts" and not self.text(part, "on"):
            return None
        if part == "disputes" and self._says_no():
            return None
        before = self.amiss
        key = self.key(part, _KEY.get(part, "key"))
        match part:
            case "usage":
                values = self._used()
            case "services":
                values = self._service()
            case "openings":
                values = self._opening()
            case "disputes":
                values = self._dispute()
            case _:
                values = self._money(part, key)
        if self.amiss != before:
            self.plan.halves |= {key} if part == "invoices" else set()
            return None
        if part == "invoices":
            total = self.amount(part, "total", optional=True)
            if total is not None or not values["amount"]:
                self.plan.to_add_up.add(key)
            more = {"total": total, "column": self.mapping.column(part, "total")}
            return Record(
                self.row, key, values, {**more, "lines": [(values["text"], values["amount"])], "rows": [self.row]}
            )
        if part == "openings" and not values["amount"]:
            self.plan.leave_out(self.row, "comes to nothing")
            return None
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
            "on": self.past_day("usage"),
            "quantity": self.parsed("usage", "quantity", self._quantity),
            "customer": self.text("usage", "customer"),
            "product": self.text("usage", "product"),
            "text": self.text("usage", "text")[:120],
        }

    def _service(self) -> dict[str, Any]:
        paid_to = self.day("services", "paid_to")
        next_on = self.day("services", "next_on")
        if paid_to and next_on and next_on != paid_to + dt.timedelta(days=1):
            self.wrong("services", "next_on", "It is not the day after the one that it is paid up to.")
        billing_day = self.text("services", "billing_day")
        if billing_day and not re.fullmatch("[1-9]|[12][0-9]|3[01]", billing_day):
            self.wrong("services", "billing_day", f"“{billing_day[:20]}” is not a day of the month from 1 to 31.")
        quantity = self.parsed("services", "quantity", read_quantity, optional=True)
        if quantity == 0:
            self.wrong("services", "quantity", "It must be more than zero.")
        price = self.amount("services", "price", read_price, optional=True)
        return {
            "customer": self.needed("services", "customer"),
            "product": self.needed("services", "product"),
            "label": self.text("services", "label")[:120],
            "quantity": None if quantity is None else quantity.normalize(),
            "price": None if price is None else price.normalize(),
            "on": self.day("services", "on"),
            "first_on": next_on or (paid_to + dt.timedelta(days=1) if paid_to else None),
            "frequency": self.parsed("services", "frequency", lambda text, how: read_frequency(text), optional=True),
            "billing_day": int(billing_day) if billing_day.isdecimal() else None,
        }

    def _says_no(self) -> bool:
        """Whether the row says that nothing was in dispute; anything but a yes is a no, where it is asked at all."""
        asked = "said" in self.mapping.parts["disputes"]
        return asked and self.text("disputes", "said").casefold() not in _YES

    def _dispute(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            "customer": self.needed("disputes", "customer"),
            "invoice": self.needed("disputes", "invoice"),
            "on": self.past_day("disputes"),
            "until": self.day("disputes", "until"),
            "amount": self.amount("disputes", "amount", optional=True) or 0,
            "reason": self.text("disputes", "reason")[:200] or "In dispute",
        }
        if values["until"] and values["on"] and values["until"] < values["on"]:
            self.wrong("disputes", "until", "It is over before it began.")
        if values["amount"] < 0:
            self.wrong("disputes", "amount", "An amount in dispute is more than zero.")
        return values

    def _opening(self) -> dict[str, Any]:
        amount = self.amount("openings", "amount")
        return {
            "customer": self.needed("openings", "customer"),
            "on": self.past_day("openings"),
            "due_on": self.day("openings", "due_on"),
            "amount": amount if amount is None or self.mapping.above_zero == "owed" else -amount,
            "text": self.text("openings", "text")[:200],
        }

    def _money(self, part: str, key: str) -> dict[str, Any]:
        values: dict[str, Any] = {
            "customer": self.needed(part, "customer"),
            "on": self.past_day(part),
            "amount": self.amount(part, "amount"),
            "reference": self.text(part, "reference")[:120],
        }
        if part == "invoices":
            values["due_on"] = self.day(part, "due_on")
            values["text"] = self.text(part, "text")[:200] or f"Invoice {key}"
            if values["due_on"] and values["on"] and values["due_on"] < values["on"]:
                self.wrong(part, "due_on", "It is due before its date.")
        else:
            values["invoice"] = self.text(part, "invoice")
            values["method"] = self.text(part, "method") or "eft"
        return values

    def key(self, part: str, name: str) -> str:
        value = self.needed(part, name)
        if len(value) > (most := _MOST_KEY.get(part, 160)) or not value.isprintable():
            self.wrong(part, name, f"It must be at most {most} characters in one line.")
        return value

    def needed(self, part: str, name: str) -> str:
        value = self.text(part, name)
        if not value:
            self.wrong(part, name, "It is blank.")
        return value

    def parsed(
        self, part: str, name: str, read: Callable[[str, Reading], Any], *, optional: bool = False,
        asks: Callable[[int, str, str, Reading], bool] | None = None,
    ) -> Any:  # fmt: skip
        """What a cell says. One that `asks` finds unclear waits for an answer about its column."""
        cell = self._cell(part, name)
        value = cell.replace(NUMBER, "")
        if not value or (optional and _NO_DAY.fullmatch(value)):
            if not optional:
                self.wrong(part, name, "It is blank.")
            return None
        how = self.how.get((part, name), self.usual)
        if cell != value:
            # A number of a workbook is what it is.
            how, asks = replace(how, comma=False), None
        waits = asks is not None and (column := self._first_column(part, name)) and asks(self.row, column, value, how)
        try:
            return read(value, how)
        except Refused as error:
            if waits:
                self.amiss += 1
                self.plan.asking.refused(self._first_column(part, name), self.row, error.sentence)
            else:
                self.wrong(part, name, error.sentence)
            return None

    def amount(
        self, part: str, name: str, read: Callable[[str, Reading], Any] = read_amount, *, optional: bool = False
    ) -> Any:  # fmt: skip
        """An amount, which waits where its decimal mark is unclear and nobody said it."""
        unsaid = self.how.get((part, name), self.usual).comma is None
        return self.parsed(part, name, read, optional=optional, asks=self.plan.asking.amount if unsaid else None)

    def day(self, part: str, name: str, *, optional: bool = True) -> dt.date | None:
        """A day, of the past or to come; it waits where its order is unclear and nobody said it."""
        unsaid = not self.how.get((part, name), self.usual).order
        asks = self.plan.asking.day if unsaid else None
        found: dt.date | None = self.parsed(part, name, read_day, optional=optional, asks=asks)
        return found

    def past_day(self, part: str, name: str = "on", *, optional: bool = False) -> dt.date | None:
        """The same of a day that has come."""
        day = self.day(part, name, optional=optional)
        if day is not None and day > self.usual.today:
            self.wrong(part, name, f"“{self.text(part, name)[:30]}” is in the future.")
            return None
        return day

    def _first_column(self, part: str, name: str) -> str:
        found = FIELD.search(self.mapping.parts[part].get(name, ""))
        return found[1] if found else ""

    def wrong(self, part: str, name: str, sentence: str) -> None:
        self.amiss += 1
        self.plan.wrong(self.row, self.mapping.column(part, name), sentence)

    def _quantity(self, text: str, how: Reading) -> Decimal:
        return read_quantity(text, how, self.mapping.divide_by).normalize()


def _take_customer(reader: _Row) -> None:
    key = reader.key("customers", "key")
    optional = PARTS["customers"][1] - {"joined_on", "terms_days"}
    values: dict[str, Any] = {name: reader.text("customers", name) for name in sorted(optional)}
    values["name"] = reader.needed("customers", "name")
    joined = reader.past_day("customers", "joined_on", optional=True)
    terms = reader.text("customers", "terms_days")
    days = int(terms) if re.fullmatch("[0-9]{1,3}", terms) else None
    if terms and (days is None or days > 365):
        reader.wrong("customers", "terms_days", f"“{terms[:20]}” is not a number of days up to 365.")
    values["terms_days"] = days
    emails = reader.parsed("customers", "email", lambda text, how: read_emails(text), optional=True) or ()
    phones, note = reader.parsed(
        "customers", "phone", lambda text, how: read_phones(text, how.region), optional=True
    ) or ((), "")
    more = {"emails": emails, "phones": phones, "note": note}
    shelf = reader.plan.shelf
    known = shelf.put("customers", Record(reader.row, key, {**values, "joined_on": joined}, more))
    if known and known.values["name"].casefold() != values["name"].casefold():
        reader.wrong("customers", "key", f"{key} is “{known.values['name'][:60]}” in row {known.row} already.")
    if known and joined and (known.values["joined_on"] is None or joined < known.values["joined_on"]):
        known.values["joined_on"] = joined
        shelf.replace("customers", known)
