"""A statement from the bank of the last days, of which nobody has recorded anything yet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from counterfoil.bank.operations import bring_in_statement
from counterfoil.kernel.money import plain_text
from counterfoil.platform.callers import Caller
from counterfoil.receivables.models import OpenItem

_Staff = Callable[[str, dt.date, int], Caller]


def bring_in_some(by: _Staff, today: dt.date) -> None:
    """References in full, mangled and in part, an amount without any, an unknown payer, interest and fees."""
    rows = OpenItem.objects.filter(side="debit", kind="invoice", open_minor__gt=0, currency="ZAR")
    items = list(rows.select_related("customer").order_by("-on", "pk")[:8])
    lines = [
        (item.customer.name, text.format(number=item.number, plain=item.number.replace("-", "").lower()), minor)
        for item, (text, minor) in zip(
            items,
            [
                (text, item.open_minor if share == 1 else item.open_minor // share)
                for item, (text, share) in zip(items, _WRITTEN, strict=False)
            ],
            strict=False,
        )
    ]
    lines += [("P Unknown", "Internet", 12345), ("First National Bank", "Monthly fees", -18550), ("Interest", "", 1234)]
    balance, table = 25_000_000, ["Date,Name,Description,Amount,Balance"]
    for place, (name, text, minor) in enumerate(lines):
        balance += minor
        day = today - dt.timedelta(days=max(3 - place // 4, 0))
        figures = plain_text(minor, "ZAR"), plain_text(balance, "ZAR")
        table.append(f'{day.isoformat()},"{name}","{text}",{",".join(figures)}')
    bring_in_statement(by("finance", today, 8), content="\n".join(table).encode(), file_name="statement.csv")


# How people write what they pay, and which part of it.
_WRITTEN = (
    ("{number}", 1), ("payment {plain} thanks", 1), ("ref: {number}", 2), ("Internet", 1), ("{plain}", 1),
    ("Fibre account", 1), ("INV {number} and thank you", 1), ("", 1),
)  # fmt: skip
