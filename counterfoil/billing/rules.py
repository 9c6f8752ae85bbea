"""Lines, tax and credits: arithmetic on plain values. Each line is rounded on its own, half up (domain 1.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR, places, round_minor
from counterfoil.subscriptions.rules import (
    TermDates,
    boundary,
)

# The decimal places that a quantity and a price are kept with.
_KEPT, _WIDE = Decimal("0.0001"), Context(prec=60)


@dataclass(frozen=True)
class LineInput:
    """A line as somebody enters it: unit price in whole currency units, with or without tax as the invoice says."""

    text: str
    quantity: Decimal
    unit_price: Decimal
    tax_rate_id: int | None = None


@dataclass(frozen=True)
class Amounts:
    """Net, tax and total of a line or document in minor units; they always add up."""

    net: int
    tax: int

    @property
    def total(self) -> int:
        return self.net + self.tax

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.net + other.net, self.tax + other.tax)


def line_amounts(
    quantity: Decimal, unit_price: Decimal, percent: Decimal, *, inclusive: bool, currency: str
) -> Amounts:
    """What a line comes to. With tax included the total is as priced and the tax is taken out of it."""
    priced = round_minor((quantity * unit_price).scaleb(places(currency)))
    if inclusive:
        tax = round_minor(Decimal(priced) * percent / (100 + percent))
        return Amounts(priced - tax, tax)
    return Amounts(priced, round_minor(Decimal(priced) * percent / 100))


def check_line(line: LineInput, row: int) -> None:
    """Refuse a line that cannot be meant."""
    for name, value in (("quantity", line.quantity), ("unit_price", line.unit_price)):
        label = name.replace("_", " ")
        refuse_if(
            not value.is_finite(), "not_an_amount", f"The {label} of line {row} is no number.",
            field=f"lines-{row}-{name}",
        )  # fmt: skip
        # What is printed must multiply out to the amount beside it.
        refuse_if(
            value != value.quantize(_KEPT, context=_WIDE),
            "too_many_places",
            f"The {label} of line {row} has more than four decimal places.",
            field=f"lines-{row}-{name}",
        )
    refuse_if(not line.text.strip(), "required", f"Line {row} says nothing. Describe it.", field=f"lines-{row}-text")
    refuse_if(
        not 0 < line.quantity < Decimal(10) ** 9,
        "absurd_quantity",
        f"The quantity of line {row} must be more than zero.",
        field=f"lines-{row}-quantity",
    )
    refuse_if(
        line.unit_price < 0,
        "negative_price",
        f"The price of line {row} is negative. Issue credit instead.",
        field=f"lines-{row}-unit_price",
    )
    refuse_if(
        line.unit_price * line.quantity * 1000 > MOST_MINOR,
        "absurd_amount",
        f"The amount of line {row} is too large to be right.",
        field=f"lines-{row}-unit_price",
    )


@dataclass(frozen=True)
class TaxSummary:
    """The tax of one rate on a document."""

    name: str
    percent: Decimal
    net: int
    tax: int


def tax_summary(lines: Sequence[tuple[str, Decimal, int, int]]) -> list[TaxSummary]:
    """(name, percent, net, tax) of each line, by rate: what a tax invoice must show."""
    sums: dict[tuple[str, Decimal], list[int]] = {}
    for name, percent, net, tax in lines:
        both = sums.setdefault((name, percent), [0, 0])
        both[0] += net
        both[1] += tax
    return [TaxSummary(name, percent, net, tax) for (name, percent), (net, tax) in sums.items()]


def credit_amounts(line: Amounts, credited: Amounts, total: int) -> Amounts:
    """The net and tax of crediting so much of a line, given what was credited of it before.

    The tax is a share of the running total, so the credits of a line add up exactly to the line in any order.
    """
    left = line.total - credited.total
    if not (0 < total <= left or left <= total < 0):
        raise Refused("over_credited", "More than is left of this line cannot be credited.", field="amount")
    tax_after = round_minor(Decimal(line.tax) * (credited.total + total) / line.total) if line.total else 0
    tax = tax_after - credited.tax
    return Amounts(total - tax, tax)


def next_in_series(first: dt.date, frequency: str, after: dt.date) -> dt.date:
    """The first day of the series that begins on `first` which is not before another; never `first` itself."""
    term, index = TermDates(frequency, first, first.day, first), 1
    while (day := boundary(term, index)) < after:
        index += 1
    return day


def released_minor(net: int, starts: dt.date, ends: dt.date, day: dt.date) -> int:
    """How much of what was billed for these days is earned before a day, half up; all of it in the end."""
    days = (min(max(day, starts), ends) - starts).days
    return round_minor(Decimal(net) * days / (ends - starts).days)
