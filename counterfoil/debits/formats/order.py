"""What every format of debit orders says in its own way: orders, the file that carries them, and answers to them.

All are plain values. Amounts are whole minor units of the order's currency.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import read_minor

# More than any bank or provider answers in a month; whoever uploads more has another file in hand.
MOST_BYTES = 64 * 1024 * 1024
# What SEPA carries at most in one collection (EPC130-08, AT-06): 999 999 999.99. Other schemes say less themselves.
MOST_MINOR = 99_999_999_999
# What an end-to-end id, a message id and a mandate reference are at most in ISO 20022 (Max35Text).
MOST_REFERENCE = 35

Kind = Literal["collected", "returned", "rejected", "corrected", "accepted", "fee"]
AccountType = Literal["current", "savings"]


class FormatError(ValueError):
    """A file cannot be made or read.

    `code` is stable and for programs; `sentence` names the line or field and what to do about it; `line` is the line of
    the file where there is one, and `reference` the order that is at fault.
    """

    def __init__(self, code: str, sentence: str, *, line: int | None = None, reference: str = "") -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.line = line
        self.reference = reference


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects, as the bank knows them."""

    name: str
    # IBAN or account number, without spaces.
    account: str
    # BIC, routing number, sort code or branch code, by the scheme. Empty for SEPA: the bank is known by the IBAN.
    bank: str
    # SEPA creditor identifier, NACHA company id, BACS service user number, Netcash service key, CPS client number.
    creditor_id: str
    bank_name: str = ""
    # Netcash's key of the software that made the file.
    vendor_key: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One amount to collect under a mandate."""

    # Our end-to-end id: unique, at most 35 characters, and what answers name.
    reference: str
    mandate: str
    signed_on: dt.date
    name: str
    account: str
    bank: str
    account_type: AccountType
    amount_minor: int
    currency: str
    # Whether nothing was collected under the mandate before.
    first: bool
    # What the payer reads on their bank statement.
    text: str = ""


@dataclass(frozen=True, slots=True)
class OrderFile:
    """A file for the bank, with what it comes to."""

    name: str
    content: bytes
    count: int
    sum_minor: int
    # What the bank may ask for by telephone: entry hash, block count, message id.
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a bank says of one order, or of all of a file (`reference` is empty then)."""

    kind: Kind
    reference: str = ""
    mandate: str = ""
    account: str = ""
    # As the bank says it, above zero; none where it does not.
    amount_minor: int | None = None
    on: dt.date | None = None
    code: str = ""
    # What the code means, in a sentence.
    meaning: str = ""
    # The code ends the mandate: account closed, payer deceased, mandate cancelled.
    final: bool = False
    # What is right instead, where the bank says so: an account, a routing number, a name.
    correction: str = ""
    # Which of our files it is about, where the bank says so (message id, batch name), and which block of it.
    file: str = ""
    block: str = ""


def check_file(content: bytes, what: str) -> None:
    """Refuses what no bank sends: nothing at all, or more than 64 MB. `what` is what the file should be."""
    if len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise FormatError("too_large", f"{what} has at most {most} MB. Check which file was chosen.")
    if not content.strip():
        raise FormatError("empty_file", "The file is empty. Ask the bank for it again.")


def check_orders(orders: Sequence[Order], currency: str, *, most: int = MOST_MINOR) -> None:
    """Refuses orders no scheme collects: none, two of one reference, another currency, nothing to collect, too much.

    `most` is what the format can carry in one order, in minor units.
    """
    if not orders:
        raise FormatError("nothing_to_collect", "There is nothing to collect: choose at least one order.")
    known: set[str] = set()
    for order in orders:
        wrong = ""
        if not order.reference or len(order.reference) > MOST_REFERENCE:
            wrong = f"its reference must have 1 to {MOST_REFERENCE} characters"
        elif order.reference in known:
            wrong = "its reference is used twice; give each order its own"
        elif order.currency != currency:
            wrong = f"it is in {order.currency}, but the scheme collects {currency} only"
        elif order.amount_minor <= 0:
            wrong = "there is nothing to collect; leave it out"
        elif order.amount_minor > most:
            wrong = "its amount is more than the format can carry; collect it in parts"
        if wrong:
            raise FormatError("bad_order", f"Order {order.reference}: {wrong}.", reference=order.reference)
        known.add(order.reference)


# What no decomposition takes apart, and Greek and Cyrillic as ISO 843 and ISO 9 write them, near enough to be known by.
_LETTERS = {
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d",
    "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ŋ": "n", "Ŋ": "N", "ħ": "h", "Ħ": "H", "&": "+",
    "@": "(at)", "_": "-", "€": "EUR", "£": "GBP", "$": "USD", "\u2019": "'", "\u2018": "'", "\u201b": "'", "`": "'",
    "\u00b4": "'", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2026": "...",
}  # fmt: skip
_GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφωΑΒΓΔΕΖΗΙΚΛΜΝΞΟΠΡΣΤΥΦΩ", "avgdeziiklmnxoprsstyfoAVGDEZIIKLMNXOPRSTYFO",
                  strict=True)) | {"θ": "th", "Θ": "Th", "χ": "ch", "Χ": "Ch", "ψ": "ps", "Ψ": "Ps"}  # fmt: skip
_CYRILLIC = dict(zip("абвгдезийклмнопрстуфыэі", "abvgdeziiklmnoprstufyei", strict=True)) | {
    "ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
    "є": "ye", "ї": "yi", "ґ": "g",
}  # fmt: skip
_SIGNS = _LETTERS | _GREEK | _CYRILLIC | {low.upper(): word.capitalize() for low, word in _CYRILLIC.items()}
_NOT_SEPA = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")


def plain(text: str, most: int) -> str:
    """The text in the characters of every bank (EPC217-08: A-Z a-z 0-9 / - ? : ( ) . , ' + and space), cut to `most`.

    Letters lose their accents, Greek and Cyrillic are written in Latin, and what cannot be written is a space. It may
    come to nothing, as with a name in Chinese; whoever needs one must say so.
    """
    # Accents that stand apart are joined first, so that a letter of its own, as the Polish l, is known.
    spelt = "".join(
        _SIGNS.get(sign) or "".join(_SIGNS.get(base, base) for base in unicodedata.normalize("NFKD", sign))
        for sign in unicodedata.normalize("NFC", text)
    )
    bare = "".join(sign for sign in spelt if not unicodedata.combining(sign))
    # A slash at either end, or two together, parts fields in the message between banks.
    clean = re.sub(r"/{2,}", "/", _NOT_SEPA.sub(" ", bare))
    return " ".join(clean.split())[:most].strip(" /")


def plain_name(order: Order, most: int) -> str:
    """The payer's name in those characters; refused where nothing of it is left."""
    name = plain(order.name, most)
    if not name:
        raise FormatError(
            "bad_name",
            f"Order {order.reference}: no letter of the payer's name can be written for the bank. Enter it in Latin.",
            reference=order.reference,
        )
    return name


def tidy(text: str, most: int = 140) -> str:
    """What a bank's file says, on one line, without what is not seen, and cut."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[: most * 4]).split())[:most]


# Digits with a decimal point, thousands parted by commas or not. A decimal comma is in no format here.
_AMOUNT = re.compile(r"(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{1,9})?")


def minor_of(text: str, currency: str, where: str, *, line: int | None = None) -> int:
    """An amount that a bank wrote (`12.50`, `0.0000`), in minor units, never below zero.

    Zeros beyond the currency's places say nothing; anything else there is refused. `where` begins the sentence.
    """
    if not _AMOUNT.fullmatch(text):
        raise FormatError("bad_amount", f"{where}: “{tidy(text, 40)}” is not an amount.", line=line)
    try:
        return read_minor(text, currency)
    except Refused as refused:
        raise FormatError("bad_amount", f"{where}: {refused.sentence}", line=line) from refused


def day_of(text: str, form: str, where: str, *, line: int | None = None) -> dt.date:
    """A date that a bank wrote, in the form of `strptime`; refused where it is none."""
    try:
        # Only digits and separators: strptime would take digits of any script, and spaces.
        if not re.fullmatch("[0-9-]+", text):
            raise ValueError(text)
        return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise FormatError("bad_day", f"{where}: “{tidy(text, 40)}” is not a day.", line=line) from None
