"""Every read of the ledger."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum

from counterfoil.kernel.periods import date_text
from counterfoil.ledger.models import YEAR_SOURCE, Closing, Entry, LedgerAccount, Posting
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.grants import declare_view

declare_view("ledger.view", "See the ledger and the trial balance")
POST_LATE = "ledger.post_late"
declare_view(POST_LATE, "Post into a month that is closed, unless it is closed for good")


def customer_postings() -> QuerySet[Posting]:
    """What was posted to customers' accounts; rows name the customer."""
    return Posting.objects.filter(customer__isnull=False).order_by()


def unbalanced(code: str) -> list[tuple[str, int]]:
    """What stands on the ledger account of this code, by currency, where that is not nothing."""
    rows = Posting.objects.filter(account__code=code).order_by().values_list("entry__currency")
    return list(rows.annotate(total=Sum("amount_minor")).exclude(total=0))


@dataclass(frozen=True)
class AccountBalance:
    """What stands on a ledger account in one currency: debit positive, in minor units. The name is with its number."""

    code: str
    name: str
    currency: str
    minor: int


def trial_balance(on: dt.date) -> list[AccountBalance]:
    """The balance of every ledger account as of a day; they sum to zero in each currency."""
    rows = (
        Posting.objects.filter(entry__on__lte=on)
        .values_list(F("account__code"), F("account__number"), F("account__name"), F("entry__currency"))
        .annotate(total=Sum("amount_minor"))
        .order_by("account__code", "entry__currency")
    )
    return [
        AccountBalance(code, f"{number} {name}" if number else name, currency, minor)
        for code, number, name, currency, minor in rows
    ]


def ledger_accounts() -> list[LedgerAccount]:
    """Every ledger account, in the order of the chart."""
    return list(LedgerAccount.objects.order_by("code"))


def keeps_currency() -> str:
    """Why the company's currency stays: something is posted."""
    first = Entry.objects.order_by("pk").values_list("currency", flat=True).first()
    return f"Amounts in {first} are posted already, so the currency stays." if first else ""


def closing() -> Closing:
    """Up to which days the books are closed now; an empty row where they never were."""
    return Closing.objects.order_by("-pk").first() or Closing()


def year_closed_to() -> dt.date | None:
    """The day up to which the result of a year was carried over last; none where none was yet."""
    return Entry.objects.filter(source=YEAR_SOURCE).order_by("-on").values_list("on", flat=True).first()


def closed_for(caller: Caller) -> dt.date | None:
    """The last day on which the caller may post nothing. The product itself has no business in a closed month."""
    now, late = closing(), not isinstance(caller, System) and caller.may(POST_LATE)
    return now.final_to if late else now.closed_to


def closed_text(last: dt.date) -> str:
    """Why something is not posted, and what to do."""
    return f"The books are closed up to {date_text(last)}. Use a later day."


def closings() -> QuerySet[Closing]:
    """Every closing and opening, the newest first."""
    return Closing.objects.order_by("-pk")


def earned(up_to: dt.date) -> dict[str, dict[str, int]]:
    """What stands on each account of income and expense at the end of a day, by currency, where it is not nothing."""
    found: dict[str, dict[str, int]] = {}
    rows = Posting.objects.filter(
        entry__on__lte=up_to, account__kind__in=(LedgerAccount.Kind.INCOME, LedgerAccount.Kind.EXPENSE)
    )
    sums = rows.order_by().values_list("entry__currency", "account__code").annotate(total=Sum("amount_minor"))
    for currency, code, minor in sums.exclude(total=0):
        found.setdefault(currency, {})[code] = minor
    return found
