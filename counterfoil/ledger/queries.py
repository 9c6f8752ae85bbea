"""Every read of the ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Sum

from counterfoil.ledger.models import Posting
from counterfoil.platform.grants import declare_view

declare_view("ledger.view", "See the ledger and the trial balance")


@dataclass(frozen=True)
class AccountBalance:
    """What stands on a ledger account in one currency: debit positive, in minor units."""

    code: str
    name: str
    currency: str
    minor: int


def trial_balance(on: dt.date) -> list[AccountBalance]:
    """The balance of every ledger account as of a day; they sum to zero in each currency."""
    rows = (
        Posting.objects.filter(entry__on__lte=on)
        .values_list(F("account__code"), F("account__name"), F("entry__currency"))
        .annotate(total=Sum("amount_minor"))
        .order_by("account__code", "entry__currency")
    )
    return [AccountBalance(code, name, currency, minor) for code, name, currency, minor in rows]
