"""What a line of a bank statement settles, and why, on plain values.

In this order: the reference that we gave (end to end, mandate), a reference with check digits, numbers of invoices as
people write them, an account that is known with one open invoice of that amount. A reference beats the account that
paid: people pay for their neighbours. What two could owe is left to a person, and names only suggest.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from counterfoil.bank.readers.statement import Line, Part
from counterfoil.kernel.digests import digest

# Fewer digits than these are in every second text.
_LEAST_DIGITS = 5
# As many as these are in no text by chance.
_LONG_DIGITS = 8
_PIECES = re.compile(r"[0-9]+|[A-Z]+")
_SURE = "sure"
_SUGGESTED = "suggested"


@dataclass(frozen=True)
class Open:
    """An invoice that waits for its money."""

    number: str
    customer: str
    due_on: dt.date
    open_minor: int
    # Its key among the open items.
    item: int = 0


@dataclass(frozen=True)
class Share:
    """So much of a line for an invoice; without one it stays on the customer's account."""

    customer: str
    minor: int
    number: str = ""
    item: int = 0


@dataclass(frozen=True)
class Match:
    """What a line settles. `sure` may be taken without a person; `suggested` waits for one; empty: nobody knows."""

    how: str = ""
    reason: str = ""
    shares: tuple[Share, ...] = ()

    @property
    def sure(self) -> bool:
        return self.how == _SURE

    @property
    def key(self) -> str:
        """What it settles, short: another key settles something else."""
        told = [[share.customer, share.number, share.minor] for share in self.shares]
        return digest(told)[:32]


@dataclass
class Book:
    """What is open, by all that a line may say of it."""

    items: dict[str, Open] = field(default_factory=dict)
    by_number: dict[str, str] = field(default_factory=dict)
    by_digits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_tail: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # By number within: a settled one is taken out in one step, however many share its customer or its amount.
    by_customer: dict[str, dict[str, Open]] = field(default_factory=lambda: defaultdict(dict))
    by_amount: dict[int, dict[str, Open]] = field(default_factory=lambda: defaultdict(dict))
    # Whose an account or a mandate is known to be.
    payers: Mapping[str, str] = field(default_factory=dict)
    # Customers by their number, as people write it.
    customers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, items: Iterable[Open], payers: Mapping[str, str] | None = None, customers: Iterable[str] = ()
    ) -> Book:  # fmt: skip
        """The book of these invoices; `payers` says whose bank accounts and mandates are known."""
        book = cls(payers={_plain(key): value for key, value in (payers or {}).items()})
        for item in items:
            book.items[item.number] = item
            book.by_number[_plain(item.number)] = item.number
            digits = _digits(item.number)
            if len(digits) >= _LEAST_DIGITS:
                book.by_digits[digits].add(item.number)
                book.by_tail[digits[-_LEAST_DIGITS:]].add(item.number)
            book.by_customer[item.customer][item.number] = item
            book.by_amount[item.open_minor][item.number] = item
            book.customers[_plain(item.customer)] = item.customer
        book.customers.update({_plain(number): number for number in customers})
        return book

    def settle(self, found: Match) -> None:
        """What was settled is not open for the next line."""
        for share in found.shares:
            if (item := self.items.get(share.number)) is None:
                continue
            left = replace(item, open_minor=item.open_minor - share.minor)
            del self.by_customer[item.customer][item.number]
            del self.by_amount[item.open_minor][item.number]
            if left.open_minor:
                self.items[item.number] = left
                self.by_customer[item.customer][item.number] = left
                self.by_amount[left.open_minor][item.number] = left
                continue
            del self.items[item.number]
            digits = _digits(item.number)
            self.by_number.pop(_plain(item.number), None)
            self.by_digits[digits].discard(item.number)
            self.by_tail[digits[-_LEAST_DIGITS:]].discard(item.number)


def posted_on(on: dt.date, closed: dt.date | None) -> dt.date:
    """The day on which a booking of `on` is posted: its own, or the first that is open; `closed` is the last closed."""
    return on if closed is None or on > closed else closed + dt.timedelta(days=1)


def match(line: Line, book: Book) -> Match:
    """What a line that brought money in settles. What went out is a return, a fee or a refund, and settles nothing."""
    if line.amount_minor <= 0:
        return Match()
    if line.parts:
        return _batch(line, book)
    return _one(line, book)


def _batch(line: Line, book: Book) -> Match:
    """A sum of many payments is sure where each of them is, and they come to it."""
    found = [_one(part, book) for part in line.parts]
    if sum(part.amount_minor for part in line.parts) != line.amount_minor:
        return Match("", "Its payments do not come to its amount.")
    shares = tuple(share for one in found for share in one.shares)
    named: dict[str, int] = defaultdict(int)
    for share in shares:
        named[share.number] += share.minor if share.number else 0
    if any(number and minor > book.items[number].open_minor for number, minor in named.items()):
        return Match("", "Its payments name one invoice more than once, and are more than is open.")
    if all(one.sure for one in found):
        return Match(_SURE, f"{len(found)} payments, each by its own reference", shares)
    return Match(_SUGGESTED, "Some of its payments are not known", shares) if shares else Match()


def _one(part: Line | Part, book: Book) -> Match:
    for text, reason in (
        (part.end_to_end, "the reference we gave"),
        (part.structured, "a reference with check digits"),
    ):
        if numbers := _named(text, part.amount_minor, book):
            return _settled(part, numbers, book, f"By {reason}, {text}")
    if numbers := _named(part.details, part.amount_minor, book):
        return _settled(part, numbers, book, f"Names {' and '.join(numbers)}")
    if customer := book.payers.get(_plain(part.mandate)) if part.mandate else None:
        return _of_customer(part, customer, book, f"Mandate {part.mandate}")
    if customer := book.payers.get(_plain(part.account)) if part.account else None:
        return _of_customer(part, customer, book, "A known account")
    if customer := _customer_named(part.details, book):
        return _of_customer(part, customer, book, f"Names the account {customer}")
    return _by_amount(part, book)


# ------------------------------------------------------------------ what a text names


def _plain(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isalnum())


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


def _named(text: str, minor: int, book: Book) -> list[str]:
    """The open invoices whose numbers stand in a text, whatever marks people put into or around them.

    Beside one that is whole, the last five digits of another are enough.
    """
    if not text:
        return []
    found: list[str] = []
    pieces = _PIECES.findall(text.upper())
    used: set[int] = set()
    for first in range(len(pieces)):
        # The longest run of pieces that is a number.
        for last in range(min(first + 5, len(pieces)), first, -1):
            joined = "".join(pieces[first:last])
            if joined in book.customers:
                # Whose account it is; its digits are no invoice.
                used |= set(range(first, last))
                break
            number = _number_of(joined, minor, book)
            if number and not used & set(range(first, last)):
                used |= set(range(first, last))
                if number not in found:
                    found.append(number)
                break
    if found:
        customers = {book.items[number].customer for number in found}
        for place, piece in enumerate(pieces):
            if place not in used and piece.isdecimal() and len(piece) == _LEAST_DIGITS:
                tails = book.by_tail.get(piece, set())
                near = [number for number in tails if book.items[number].customer in customers] or sorted(tails)
                if len(near) == 1 and near[0] not in found:
                    found.append(near[0])
    return found


def _number_of(text: str, minor: int, book: Book) -> str:
    if text in book.by_number:
        return book.by_number[text]
    digits = _digits(text)
    # A creditor reference is RF, two check digits, and what it refers to.
    for candidate in (digits, digits[2:] if text.startswith("RF") else ""):
        numbers = book.by_digits.get(candidate, set())
        if len(candidate) < _LONG_DIGITS or not text.startswith("RF"):
            # Digits alone may be anything; with the amount, or with check digits, they are the invoice's.
            numbers = {number for number in numbers if book.items[number].open_minor == minor}
        if len(numbers) == 1:
            return next(iter(numbers))
    return ""


def _customer_named(text: str, book: Book) -> str:
    pieces = _PIECES.findall(text.upper())
    named = {
        book.customers[joined]
        for first in range(len(pieces))
        for last in range(first + 1, min(first + 4, len(pieces)) + 1)
        if (joined := "".join(pieces[first:last])) in book.customers and len(joined) >= _LEAST_DIGITS
    }
    return named.pop() if len(named) == 1 else ""


# ------------------------------------------------------------------ what it settles


def _settled(part: Line | Part, numbers: list[str], book: Book, reason: str) -> Match:
    """The invoices in the order in which they are named; what is too much stays on the account of the last."""
    left, shares = part.amount_minor, []
    for number in numbers:
        item = book.items[number]
        minor = min(left, item.open_minor)
        if minor > 0:
            shares.append(Share(item.customer, minor, number, item.item))
            left -= minor
    if left > 0:
        shares.append(Share(book.items[numbers[-1]].customer, left))
        reason = f"{reason}; more than is open"
    elif sum(book.items[number].open_minor for number in numbers) > part.amount_minor:
        reason = f"{reason}; a part of what is open"
    several = len({book.items[number].customer for number in numbers}) > 1
    if several and part.amount_minor != sum(book.items[number].open_minor for number in numbers):
        # Whose the rest is, or what was not paid, only a person knows.
        return Match(_SUGGESTED, f"{reason}, of several customers", tuple(shares))
    return Match(_SURE, reason, tuple(shares))


def _of_customer(part: Line | Part, customer: str, book: Book, reason: str) -> Match:
    """One open invoice of that amount, or all that is open; else the money stays on the account."""
    items = sorted(book.by_customer.get(customer, {}).values(), key=lambda item: (item.due_on, item.number))
    same = [item for item in items if item.open_minor == part.amount_minor]
    if len(same) == 1:
        return Match(_SURE, f"{reason} with one open invoice of that amount", (_all_of(same[0]),))
    if items and sum(item.open_minor for item in items) == part.amount_minor:
        return Match(_SURE, f"{reason}, and all that is open", tuple(_all_of(item) for item in items))
    if same:
        return Match(_SUGGESTED, f"{reason} with {len(same)} open invoices of that amount", (_all_of(same[0]),))
    return Match(_SURE, f"{reason}; no open invoice of that amount", (Share(customer, part.amount_minor),))


def _by_amount(part: Line | Part, book: Book) -> Match:
    """Nobody is named: one open invoice of exactly that amount is suggested, several say only that there are."""
    same = book.by_amount.get(part.amount_minor, {})
    if len(same) == 1:
        return Match(_SUGGESTED, "The only open invoice of that amount", (_all_of(next(iter(same.values()))),))
    return Match("", f"{len(same)} open invoices are of that amount" if same else "")


def _all_of(item: Open) -> Share:
    return Share(item.customer, item.open_minor, item.number, item.item)


# ------------------------------------------------------------------ what is here already

# Shorter words are in every second text.
_LEAST_LETTERS = 3
_WORDS = re.compile(rf"[^\W\d_]{{{_LEAST_LETTERS},}}")


@dataclass(frozen=True)
class _Told:
    """What a line says of itself, made comparable from format to format."""

    reference: str
    end_to_end: str
    account: str
    who: frozenset[str]
    details: frozenset[str]
    # The details with every digit a nine, and as they are.
    pattern: str
    text: str

    @classmethod
    def by(cls, line: Line) -> _Told:
        """`line` as it is compared."""
        said = " ".join((line.details or line.structured).upper().split())
        return cls(
            _plain(line.reference), _plain(line.end_to_end),
            # Masked or filled up with zeros in some formats.
            _plain(line.account).lstrip("X0"),
            frozenset(_WORDS.findall(line.counterparty.upper())), frozenset(_WORDS.findall(said)),
            re.sub(r"\d", "9", said), said,
        )  # fmt: skip

    @property
    def words(self) -> frozenset[str]:
        return self.who | self.details


def new_among(lines: Sequence[Line], here: Sequence[Line]) -> list[int]:
    """The places of those `lines` that are not `here`, where all of them are of one account, day and amount.

    Each line that is here stands for one: for the same one first, then for one with its reference, of its payer, and at
    last for any that is not clearly another. Formats leave out, cut and spell what they say in their own ways.
    """
    waiting = [(place, _Told.by(line)) for place, line in enumerate(lines)]
    pool = [_Told.by(line) for line in here]
    for near in (_is_same, _is_same_booking, _is_same_payer, _may_be_same):
        left = []
        for place, line in waiting:
            at = next((at for at, one in enumerate(pool) if near(line, one) and not _apart(line, one)), None)
            if at is None:
                left.append((place, line))
            else:
                del pool[at]
        waiting = left
    return [place for place, _ in waiting]


def _is_same(one: _Told, other: _Told) -> bool:
    return one == other


def _is_same_booking(one: _Told, other: _Told) -> bool:
    return bool(one.reference) and one.reference == other.reference


def _is_same_payer(one: _Told, other: _Told) -> bool:
    return (bool(one.account) and one.account == other.account) or (bool(one.who) and one.who == other.who)


def _may_be_same(one: _Told, other: _Told) -> bool:
    return True


def _apart(one: _Told, other: _Told) -> bool:
    """Whether two lines are clearly not one: what both say differs. What only one of them says is no difference."""
    if one.account and other.account and not _within(one.account, other.account):
        return True
    if one.end_to_end and other.end_to_end and not _within(one.end_to_end, other.end_to_end):
        return True
    # References of another make are another's: a format has the bank's own, the next what the payer wrote.
    if one.reference != other.reference and _make(one.reference) == _make(other.reference):
        return True
    if one.pattern == other.pattern and one.text != other.text:
        return True
    if one.who and other.who:
        return not _share(one.who, other.words) and not _share(other.who, one.words)
    return bool(one.details and other.details) and not _share(one.words, other.words)


def _make(reference: str) -> tuple[int, bool]:
    return len(reference), reference.isdecimal()


def _within(one: str, other: str) -> bool:
    return one in other or other in one


def _share(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a word is in both; one that was cut off is the same."""
    return not some.isdisjoint(others) or any(
        one.startswith(other) or other.startswith(one) for one in some for other in others
    )
