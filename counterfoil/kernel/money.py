"""Whole minor units with a currency, one rounding function and one splitting function (domain 1.1, decision 0001)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from counterfoil.kernel.errors import Refused

# ISO 4217 minor units where they are not two.
_PLACES = {
    "BHD": 3, "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KMF": 0, "KRW": 0,
    "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0,
    "XPF": 0,
}  # fmt: skip
_SYMBOLS = {"ZAR": "R", "USD": "$", "EUR": "€", "GBP": "£", "NAD": "N$", "BWP": "P", "KES": "KSh ", "INR": "₹"}
_WITH_COMMA = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:[. \u00a0][0-9]{3})+),[0-9]{1,2}")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,3}([, \u00a0][0-9]{3})*(\.[0-9]+)?|[+-]?[0-9]+(\.[0-9]+)?")
MINUS = "\N{MINUS SIGN}"
# Far above any real document and far below the 64 bit column, so that no sum can overflow.
MOST_MINOR = 10**13


def places(currency: str) -> int:
    """How many decimal places the currency's minor unit has."""
    return _PLACES.get(currency, 2)


def symbol(currency: str) -> str:
    """The sign printed before an amount; the ISO code and a space where there is none."""
    return _SYMBOLS.get(currency, f"{currency} ")


def round_minor(amount: Decimal) -> int:
    """Round to a whole number of minor units, halves away from zero. The only rounding in the product."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def split_minor(total: int, weights: Sequence[int]) -> list[int]:
    """Share a whole amount by weights so that the shares add up exactly (largest remainder, earliest wins ties)."""
    whole = sum(weights)
    if whole <= 0 or any(w < 0 for w in weights):
        raise ValueError("Weights must not be negative, and at least one must be positive.")
    sign = -1 if total < 0 else 1
    shares = [divmod(abs(total) * w, whole) for w in weights]
    left = abs(total) - sum(share for share, _ in shares)
    order = sorted(range(len(weights)), key=lambda i: (-shares[i][1], i))
    extra = set(order[:left])
    return [sign * (share + (1 if i in extra else 0)) for i, (share, _) in enumerate(shares)]


@dataclass(frozen=True, order=False)
class Money:
    """An amount of one currency in whole minor units (cents). Currencies never mix."""

    minor: int
    currency: str

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added or compared.")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        return money_text(self.minor, self.currency)

    def times(self, factor: Decimal) -> Money:
        """This amount times a rate or quantity, rounded once."""
        return Money(round_minor(self.minor * factor), self.currency)

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Shares by weight that add up to this amount."""
        return [Money(share, self.currency) for share in split_minor(self.minor, weights)]


def plain_text(minor: int, currency: str) -> str:
    """The amount as a program reads it: `-1234.50`."""
    n = places(currency)
    digits = f"{abs(minor):0{n + 1}d}"
    text = f"{digits[:-n]}.{digits[-n:]}" if n else digits
    return f"-{text}" if minor < 0 else text


def figure_text(minor: int, currency: str) -> str:
    """The amount as a person reads it in a table: `−1,234.50`, a true minus and no symbol."""
    text = plain_text(abs(minor), currency)
    whole, _, cents = text.partition(".")
    grouped = f"{int(whole):,}" + (f".{cents}" if cents else "")
    return f"{MINUS}{grouped}" if minor < 0 else grouped


def money_text(minor: int, currency: str) -> str:
    """The amount as a person reads it in a sentence: `R1,234.50`, `−R1,234.50`."""
    text = f"{symbol(currency)}{figure_text(abs(minor), currency)}"
    return f"{MINUS}{text}" if minor < 0 else text


def read_decimal(text: str, currency: str, *, field: str | None = None) -> Decimal:
    """Read a number a person or a file wrote: `1,234.50`, `R 99`, `-3`, or as others write it `12,5` and `1.234,50`.

    A comma before one or two digits at the end parts no thousands, so it is a decimal comma; every other one parts
    thousands. Refuses what is not such a number, `1.234,567` included.
    """
    clean = text.strip().replace(MINUS, "-")
    for mark in (symbol(currency).strip(), currency):
        if clean.upper().startswith(mark.upper()):
            clean = clean[len(mark) :].strip()
    if _WITH_COMMA.fullmatch(clean):
        return Decimal(re.sub(r"[. \u00a0]", "", clean).replace(",", "."))
    if not _AMOUNT.fullmatch(clean):
        raise Refused("not_an_amount", f"“{text[:40]}” is not an amount. Write it like 1,234.50.", field=field)
    return Decimal(re.sub(r"[, \u00a0]", "", clean))


def read_minor(text: str, currency: str, *, field: str | None = None) -> int:
    """Read an amount a person or a file wrote into minor units.

    Refuses what is not a number, has more places than the currency, or is absurdly large.
    """
    scaled = read_decimal(text, currency, field=field).scaleb(places(currency))
    if scaled != scaled.to_integral_value():
        raise Refused(
            "too_many_places", f"{currency} has {places(currency)} decimal places; “{text[:40]}” has more.", field=field
        )
    if abs(scaled) > MOST_MINOR:
        raise Refused("absurd_amount", f"“{text[:40]}” is too large to be right. Check the amount.", field=field)
    return int(scaled)
