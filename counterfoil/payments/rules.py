"""What counts as a likely duplicate."""

from __future__ import annotations

import datetime as dt

DUPLICATE_DAYS = 4


def looks_like_duplicate(
    amount_minor: int, on: dt.date, reference: str, other_amount_minor: int, other_on: dt.date, other_reference: str
) -> bool:
    """Same amount within a few days, unless two references say that they are different payments."""
    if amount_minor != other_amount_minor or abs((on - other_on).days) > DUPLICATE_DAYS:
        return False
    both = reference.strip().casefold(), other_reference.strip().casefold()
    return not all(both) or both[0] == both[1]
