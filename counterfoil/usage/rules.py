"""What usage costs, on plain values: all of a period at one rate, less what is included, times the price of a unit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from counterfoil.catalogue.rules import amount_text
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import MOST_MINOR, round_minor
from counterfoil.kernel.periods import date_text
from counterfoil.subscriptions.rules import Piece

_KEPT = Decimal("0.0001")
# More than this is not kept of a period.
MOST_USED = Decimal(10) ** 11
# Which product, what a unit of it costs, and how much of that is taken off.
Rate = tuple[int, Decimal, Decimal]


@dataclass(frozen=True)
class Meter:
    """What was used of a service by day, and what a whole billing period includes of each product it was."""

    used: Mapping[dt.date, Decimal]
    included: Mapping[int, Decimal]


@dataclass(frozen=True)
class Rated:
    """The usage of a period at one rate: so much used, so much of it included, and what the rest costs, as priced."""

    product_id: int
    unit_price: Decimal
    percent_off: Decimal
    start: dt.date
    end: dt.date
    used: Decimal
    included: Decimal
    minor: int

    @property
    def rate(self) -> Rate:
        """What is charged at the same rate is compared with each other."""
        return self.product_id, self.unit_price, self.percent_off

    @property
    def beyond(self) -> Decimal:
        return beyond(self.used, self.included)


def beyond(used: Decimal, included: Decimal) -> Decimal:
    """What is charged of usage: what is not included. Using less than is included gives nothing back."""
    return max(used - included, Decimal(0))


def usage_text(used: Decimal, included: Decimal, unit: str) -> str:
    """Where an amount of usage comes from: `130 minutes, 100 included`."""
    return amount_text(used, unit) + (f", {included.normalize():,f} included" if included else "")


def usage_minor(quantity: Decimal, unit_price: Decimal, percent_off: Decimal, places: int) -> int:
    """What a quantity costs in minor units, rounded half up once."""
    return round_minor((quantity * unit_price).scaleb(places) * (100 - percent_off) / 100)


def rated(pieces: Sequence[Piece], meter: Meter, places: int) -> list[Rated]:
    """The usage of a billing period, one for each rate, from the parts of the period at each rate.

    What is included is shared by days, as prices of periods are, to four decimal places. Days on which the service was
    not active are in no part, and cost nothing. Refuses `absurd_usage`, which nothing could keep.
    """
    found: dict[Rate, Rated] = {}
    shares: dict[Rate, Decimal] = {}
    for piece in pieces:
        rate = piece.product_id, piece.unit_price, piece.percent_off
        whole = meter.included.get(piece.product_id, Decimal(0)) * piece.quantity
        shares[rate] = shares.get(rate, Decimal(0)) + whole * piece.part / piece.whole
        used = sum((quantity for day, quantity in meter.used.items() if piece.start <= day < piece.end), Decimal(0))
        before = found.get(rate)
        start, used = (before.start, before.used + used) if before else (piece.start, used)
        included = shares[rate].quantize(_KEPT, rounding=ROUND_HALF_UP)
        minor = usage_minor(beyond(used, included), rate[1], rate[2], places)
        refuse_if(
            max(used, included) >= MOST_USED or minor > MOST_MINOR, "absurd_usage",
            f"The usage from {date_text(start)} on is too much to be right. Reverse what is wrong.",
        )  # fmt: skip
        found[rate] = Rated(*rate, start, piece.end, used, included, minor)
    return list(found.values())
