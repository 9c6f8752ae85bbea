"""What a file holds and what became of it, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from counterfoil.imports.mapping import FileMapping
from counterfoil.imports.questions import Asking, Question
from counterfoil.imports.shelf import Shelf
from counterfoil.kernel.errors import Refused

# What one record of each part is called, in the order in which they come in.
ONE = {
    "customers": "customer", "openings": "opening balance", "services": "service", "invoices": "invoice",
    "receipts": "receipt", "disputes": "dispute", "usage": "usage record",
}  # fmt: skip


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

    def __init__(self, errors: list[RowError], questions: Sequence[Question] = ()) -> None:
        self.errors, self.questions = errors, list(questions)
        counts = [(len(self.questions), "question"), (len(self.others), "error")]
        many = [
            f"{count} {one}{'s' * (count != 1)}" for count, one in counts if count or (not questions and one == "error")
        ]
        super().__init__("import_refused", f"The file has {' and '.join(many)}. Nothing was imported.")

    @property
    def others(self) -> list[RowError]:
        """The errors that no answer mends."""
        asked = {(question.column, row) for question in self.questions for row in question.rows}
        return [error for error in self.errors if (error.column, error.row) not in asked]


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


@dataclass
class Tally:
    """The same while it is counted."""

    in_file: int = 0
    added: int = 0
    already_there: int = 0
    amount_minor: int = 0
    added_minor: int = 0
    quantity: Decimal | None = None

    def totals(self, kind: str) -> Totals:
        return Totals(
            kind, self.in_file, self.added, self.already_there, self.amount_minor, self.added_minor, self.quantity
        )


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
    def rows(self) -> list[int]:
        """The rows of the file that it stands in."""
        return list(self.more.get("rows", (self.row,)))

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
    # As it was read by: with what its columns left no doubt about.
    mapping: FileMapping | None = None
    shelf: Shelf = field(default_factory=Shelf)
    # Invoices with several lines, a total to compare, or none: their sums are looked at when all is read.
    to_add_up: set[str] = field(default_factory=set)
    errors: list[RowError] = field(default_factory=list)
    # Rows that are no records, by why.
    left_out: dict[str, list[int]] = field(default_factory=dict)
    # It could not be read to its end, so that nothing of it can come in.
    broken: bool = False
    # Invoices of which a line could not be read.
    halves: set[str] = field(default_factory=set)
    asking: Asking = field(default_factory=Asking)
    questions: list[Question] = field(default_factory=list)
    # What the columns themselves left no doubt about.
    remarks: list[str] = field(default_factory=list)

    def records(self, part: str) -> Iterator[Record]:
        """The records of a part; what is wrong in a row leaves the whole record out, and every line of it."""
        wrong = {error.row for error in self.errors}
        for record in self.shelf.records(part):
            if wrong.isdisjoint(record.rows) and not (part == "invoices" and record.key in self.halves):
                yield record

    def leave_out(self, row: int, why: str) -> None:
        self.left_out.setdefault(why, []).append(row)

    def wrong(self, row: int, column: str, sentence: str) -> None:
        self.errors.append(RowError(row, column, sentence))
