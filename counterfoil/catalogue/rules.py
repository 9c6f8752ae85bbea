"""Which version of a price holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class PriceVersion:
    """A price in whole currency units, tax included, from its first day."""

    valid_from: dt.date
    amount: Decimal
    new_only: bool = False


def price_on(versions: Sequence[PriceVersion], day: dt.date, added_on: dt.date) -> Decimal | None:
    """The price on a day for a service added on `added_on`; None when there is none yet.

    The newest version that has begun, leaving out those for new services that came after this one (grandfathering).
    """
    best: PriceVersion | None = None
    for version in versions:
        if version.valid_from > day or (version.new_only and added_on < version.valid_from):
            continue
        if best is None or version.valid_from > best.valid_from:
            best = version
    return best.amount if best else None
