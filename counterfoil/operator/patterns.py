"""How a number is written: a pattern of parts, what it says of a document, and whether two can meet. Plain values."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from os.path import commonprefix

from counterfoil.kernel.errors import refuse_if

MOST = 30
_PARTS = re.compile(r"\{[^{}]*\}|[^{}]+|[{}]")
_NUMBER = re.compile(r"\{number(?::0?([1-9]))?\}")
_DIGITS, _NONZERO, _LETTERS = frozenset("0123456789"), frozenset("123456789"), frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_FORMS = {"{year}": r"\d{4}", "{month}": r"(?:0[1-9]|1[0-2])", "{name}": "[A-Z]{3}"}
_SIGNS = {"{year}": (_DIGITS,) * 4, "{month}": (frozenset("01"), _DIGITS), "{name}": (_LETTERS,) * 3}
# What may stand at each place of a number, and whether it may stand there any number of times.
Chain = tuple[tuple[frozenset[str], bool], ...]


@dataclass(frozen=True)
class Shape:
    """What stands before and after the number, and how many digits it has at least."""

    prefix: str
    suffix: str
    digits: int

    def text(self, number: int) -> str:
        """The number as printed."""
        return f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    @property
    def form(self) -> str:
        """The same as a regular expression, with the number as `n`."""
        return f"{re.escape(self.prefix)}{_number_form(self.digits)}{re.escape(self.suffix)}"

    def chains(self, first: int, last: int) -> list[Chain]:
        """The numbers from the first to the last, by how many digits they have, as far as these are the same."""
        found: list[Chain] = []
        for length in range(max(self.digits, len(str(first))), max(self.digits, len(str(last))) + 1):
            least = max(first, 10 ** (length - 1) if length > self.digits else 0)
            same = commonprefix([f"{least:0{length}d}", f"{min(last, 10**length - 1):0{length}d}"])
            rest = ((_DIGITS, False),) * (length - len(same))
            found.append((*_fixed(self.prefix + same), *rest, *_fixed(self.suffix)))
        return found


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read: fixed text and parts in braces, one of which is the number."""

    before: tuple[str, ...]
    digits: int
    after: tuple[str, ...]

    def __str__(self) -> str:
        number = f"{{number:0{self.digits}}}" if self.digits > 1 else "{number}"
        return "".join((*self.before, number, *self.after))

    @property
    def has_code(self) -> bool:
        """Whether it names the brand."""
        return "{brand}" in (*self.before, *self.after)

    def shape(self, on: dt.date, code: str = "", stem: str = "") -> Shape:
        """What it says of a document of a day."""
        said = {"{year}": f"{on.year:04d}", "{month}": f"{on.month:02d}", "{brand}": code, "{name}": stem}
        before, after = ("".join(said.get(part, part) for part in parts) for parts in (self.before, self.after))
        return Shape(before, after, self.digits)

    def form(self, code: str = "") -> str:
        """A regular expression of all it can ever say with a code, with the number as `n`."""
        before, after = (
            "".join(_FORMS.get(part) or re.escape(code if part == "{brand}" else part) for part in parts)
            for parts in (self.before, self.after)
        )
        return f"{before}{_number_form(self.digits)}{after}"

    def chains(self, code: str = "") -> list[Chain]:
        """The same as chains: numbers with just its digits, and those that have grown beyond them."""
        before, after = _signs(self.before, code), _signs(self.after, code)
        digits = ((_DIGITS, False),) * self.digits
        return [
            (*before, *digits, *after),
            (*before, (_NONZERO, False), *digits, (_DIGITS, True), *after),
        ]


@functools.lru_cache(maxsize=256)
def read(text: str, *, of_accounts: bool = False) -> Pattern:
    """The pattern that a text is, or a refusal that says why numbers by it could repeat or not be written."""
    parts = [part if part.startswith("{") else part.upper() for part in _PARTS.findall("".join(text.split()))]
    known = ["{year}", "{month}", "{brand}", *(["{name}"] if of_accounts else [])]
    numbers = [part for part in parts if _NUMBER.fullmatch(part)]
    for part in parts:
        wrong = part[0] in "{}" and part not in numbers and part not in known
        _refuse(wrong, f"{part} is not known. Use {', '.join(known)} and {{number:05}}, where 5 is how many digits.")
        wrong = part[0] not in "{}" and not re.fullmatch(r"[A-Z0-9.-]+", part)
        _refuse(wrong, "Use letters from A to Z, digits, hyphens and dots between the parts.")
    _refuse(not numbers, "Without {number} every document would have the same number. Add {number:05}.")
    twice = len(numbers) > 1 or any(parts.count(part) > 1 for part in known)
    _refuse(twice, "Each part in braces can stand once.")
    _refuse(
        "{month}" in parts and "{year}" not in parts,
        "With {month} numbers start again each month, so they would repeat after a year. Add {year}.",
    )
    place = parts.index(numbers[0])
    match = _NUMBER.fullmatch(numbers[0])
    found = Pattern(tuple(parts[:place]), int(match[1] or 1) if match else 1, tuple(parts[place + 1 :]))
    longest = found.shape(dt.date(2000, 1, 1), "X" * 8, "XXX").text(1)
    _refuse(len(longest) > MOST, f"Numbers would have {len(longest)} characters; the most is {MOST}.")
    return found


def meeting(mine: Sequence[Chain], others: Iterable[Chain]) -> bool:
    """Whether some number is in both."""
    return any(_meet(one, other) for other in others for one in mine)


def ambiguous(pattern: Pattern, codes: Iterable[str]) -> tuple[str, str] | None:
    """Two codes with which the pattern can say the same number, as A and A1 before a number can; none when there are
    none."""
    for one, other in combinations(sorted(set(codes)), 2):
        if meeting(pattern.chains(one), pattern.chains(other)):
            return one, other
    return None


def _refuse(wrong: bool, sentence: str) -> None:
    refuse_if(wrong, "bad_pattern", sentence, field="pattern")


def _number_form(digits: int) -> str:
    return rf"(?P<n>\d{{{digits}}}|[1-9]\d{{{digits},}})"


def _fixed(text: str) -> Chain:
    return tuple((frozenset(sign), False) for sign in text)


def _signs(parts: Sequence[str], code: str) -> Chain:
    found: list[tuple[frozenset[str], bool]] = []
    for part in parts:
        known = _SIGNS.get(part)
        found += [(signs, False) for signs in known] if known else _fixed(code if part == "{brand}" else part)
    return tuple(found)


def _meet(one: Chain, other: Chain) -> bool:
    """Both are walked at once: each pair of places is looked at once."""
    seen, todo = {(0, 0)}, [(0, 0)]
    while todo:
        i, j = todo.pop()
        if i == len(one) and j == len(other):
            return True
        steps = []
        if i < len(one) and one[i][1]:
            steps.append((i + 1, j))
        if j < len(other) and other[j][1]:
            steps.append((i, j + 1))
        if i < len(one) and j < len(other) and one[i][0] & other[j][0]:
            steps.append((i if one[i][1] else i + 1, j if other[j][1] else j + 1))
        for step in steps:
            if step not in seen:
                seen.add(step)
                todo.append(step)
    return False
