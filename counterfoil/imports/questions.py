"""Cells that can be read in two ways: what a column shows of itself, and the question where it shows too little."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from counterfoil.imports.cells import ORDERS, Reading, day_orders, decimal_mark, read_amount, read_day
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text

_SAMPLES, _ROWS = 3, 20
MARKS = {"point": "a point before the cents", "comma": "a comma before the cents"}


@dataclass(frozen=True)
class Answer:
    """One way to read a column, and what the samples are by it."""

    value: str
    label: str
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """What only somebody who knows the file can say: of a column, or (without one) of the whole file."""

    setting: str
    column: str
    samples: tuple[str, ...]
    answers: tuple[Answer, ...]
    count: int
    rows: tuple[int, ...] = ()

    @property
    def sentence(self) -> str:
        """The question in one sentence."""
        if not self.column:
            many = f"{self.count:,} records that came in before are" if self.count > 1 else "One that came in before is"
            return f"{many} different in the file. Whose way is taken?"
        return f"{self.column} can be read in two ways, such as {self.samples[0]}. How is it meant?"

    @property
    def lines(self) -> list[str]:
        """Each answer as a mapping says it, with what it makes of the samples."""
        return [": ".join(filter(None, (self.option(one), ", ".join(one.reads)))) for one in self.answers]

    def option(self, answer: Answer) -> str:
        """How a mapping says the answer."""
        column = f"columns.{json.dumps(self.column, ensure_ascii=False)}." if self.column else ""
        return f'{column}{self.setting} = "{answer.value}"'


def who_repeats(said: Sequence[str]) -> Question:
    """Whose way is taken, where what came in before is different in the file."""
    answers = (Answer("keep", "Leave it as it is here", ()), Answer("update", "Take what the file says", ()))
    return Question("repeated", "", tuple(said[:_SAMPLES]), answers, len(said))


@dataclass
class _Cells:
    """What the cells of a column show: settings that some can only be read by, and those that others seem to have."""

    sure: set[str] = field(default_factory=set)
    seem: set[str] = field(default_factory=set)
    # Those that any of the cells can be read by; of days alone.
    all_fit: set[str] | None = None
    samples: list[str] = field(default_factory=list)
    count: int = 0

    def unclear(self, text: str) -> None:
        self.count += 1
        if len(self.samples) < _SAMPLES and text not in self.samples:
            self.samples.append(text[:40])


class Asking:
    """What is unclear in a file, column by column, where the mapping does not say."""

    def __init__(self) -> None:
        self.columns: dict[tuple[str, str], _Cells] = {}
        self.how: dict[tuple[str, str], Reading] = {}
        # The first rows of each column that wait, with why.
        self.rows: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self.more: Counter[str] = Counter()

    def refused(self, column: str, row: int, sentence: str) -> None:
        """A cell that waits was refused as long as nobody says more."""
        if len(self.rows[column]) < _ROWS:
            self.rows[column].append((row, sentence))
        else:
            self.more[column] += 1

    def waiting(self) -> Iterator[tuple[str, int, str]]:
        """The first rows that wait, by column, with why."""
        for column, rows in self.rows.items():
            for row, sentence in rows:
                yield column, row, sentence
            if more := self.more[column]:
                last, _ = rows[-1]
                yield column, last, f"{more:,} more below {'wait' if more > 1 else 'waits'} for the same answer."

    def _cells(self, column: str, setting: str, how: Reading) -> _Cells:
        self.how[column, setting] = how
        return self.columns.setdefault((column, setting), _Cells())

    def amount(self, row: int, column: str, text: str, how: Reading) -> bool:
        """Whether an amount waits for an answer; clear ones tell of the others."""
        found = decimal_mark(text, how)
        if found is None:
            return False
        cells = self._cells(column, "decimal", how)
        sure, mark = found
        (cells.sure if sure else cells.seem).add(mark)
        if not sure or mark == "comma":
            cells.unclear(text)
        return not sure or mark == "comma"

    def day(self, row: int, column: str, text: str, how: Reading) -> bool:
        """The same of a day in numbers."""
        orders = day_orders(text, how)
        if not orders:
            return False
        cells = self._cells(column, "dates", how)
        cells.all_fit = orders if cells.all_fit is None else cells.all_fit & orders
        cells.seem |= orders
        cells.unclear(text)
        return True

    def settled(self) -> dict[str, dict[str, str]]:
        """By column the settings that its own cells leave no doubt about."""
        found: dict[str, dict[str, str]] = {}
        for (column, setting), cells in self.columns.items():
            fit = cells.all_fit if setting == "dates" else (cells.sure | cells.seem if cells.sure else set())
            if cells.count and fit is not None and len(fit) == 1:
                found.setdefault(column, {})[setting] = next(iter(fit))
        return found

    def questions(self) -> Iterator[Question]:
        """What is left to be asked. A column whose cells contradict each other is no question: they are errors."""
        for (column, setting), cells in self.columns.items():
            if cells.count and len(cells.sure) < 2:
                values = MARKS if setting == "decimal" else cells.all_fit or cells.seem
                how = self.how[column, setting]
                answers = (
                    _answer(setting, value, cells.samples, how) for value in _CHOICES[setting] if value in values
                )
                rows = tuple(row for row, _ in self.rows[column])
                yield Question(setting, column, tuple(cells.samples), tuple(answers), cells.count, rows)


_CHOICES: dict[str, Iterable[str]] = {"dates": ORDERS, "decimal": MARKS}


def _answer(setting: str, value: str, samples: list[str], how: Reading) -> Answer:
    def said(text: str) -> str:
        try:
            if setting == "dates":
                return f"{text} is {date_text(read_day(text, replace(how, order=ORDERS[value])))}"
            return f"{text} is {money_text(read_amount(text, replace(how, comma=value == 'comma')), how.currency)}"
        except Refused:
            return f"{text} is an error"

    return Answer(value, MARKS.get(value, value), tuple(map(said, samples)))
