"""Which version of a price holds, and what a price is after an increase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.kernel.money import places, round_minor, symbol


@dataclass(frozen=True)
class PriceVersion:
    """A price in whole currency units, with tax or without as its product says, from its first day."""

    valid_from: dt.date
    amount: Decimal
    new_only: bool = False


def price_on(versions: Sequence[PriceVersion], day: dt.date, had: dt.date) -> Decimal | None:
    """The price on a day for a service that has had the product since `had`; None when there is none yet.

    The newest version that has begun, leaving out those for new services that came after this one (grandfathering).
    """
    best: PriceVersion | None = None
    for version in versions:
        if version.valid_from > day or (version.new_only and had < version.valid_from):
            continue
        if best is None or version.valid_from > best.valid_from:
            best = version
    return best.amount if best else None


def states_on(versions: Sequence[PriceVersion], day: dt.date) -> list[str]:
    """How each version stands on a day: coming, now, kept (by those who had it before a price for new services), past.

    The versions come in order of their first day.
    """
    states = ["coming" if version.valid_from > day else "past" for version in versions]
    state = "now"
    for place in reversed(range(len(versions))):
        if states[place] == "coming":
            continue
        states[place] = state
        if not versions[place].new_only:
            break
        state = "kept"
    return states


@dataclass(frozen=True)
class Increase:
    """By how much prices go up: by a percentage or by an amount, then rounded half up to a multiple of `step`.

    Amounts are in whole currency units, as prices are.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    step: Decimal = Decimal("0.01")


def raised(price: Decimal, increase: Increase) -> Decimal:
    """The price after an increase."""
    more = increase.amount if increase.amount is not None else price * (increase.percent or 0) / 100
    return round_minor((price + more) / increase.step) * increase.step


def priced_by(kind: str, frequency: str) -> str:
    """The frequency of the price that a product has in a term: usage has one for each unit, whatever the term."""
    return "unit" if kind == "usage" else frequency


def amount_text(quantity: Decimal, unit: str) -> str:
    """So much of a unit as people read it: `1 minute`, `1,250.5 minutes`, `20 GB`, `3 SMS`."""
    # Words have a plural, symbols and abbreviations have none.
    word = unit.isalpha() and unit.islower() and len(unit) > 2
    return f"{quantity.normalize():,f} {unit}{'s' if word and abs(quantity) != 1 else ''}"


def tidy_price(amount: Decimal, currency: str) -> Decimal:
    """The price with the decimal places of its currency, or with more where it has more."""
    usual = amount.quantize(Decimal(1).scaleb(-places(currency)))
    return usual if usual == amount else amount.normalize()


def price_text(amount: Decimal, currency: str) -> str:
    """A price as people read it: `R1,299.00`."""
    return f"{symbol(currency)}{tidy_price(amount, currency):,f}"
