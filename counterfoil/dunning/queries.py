"""Every read of letters and runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import billing_addresses, of_visible, theirs, visible
from counterfoil.customers.reaching import reachable
from counterfoil.dunning.models import Correspondence, CorrespondenceItem, DunningRun, HeldLetter
from counterfoil.dunning.rules import NO_ADDRESS, Dunned, Left
from counterfoil.dunning.selecting import Account, Asked, Found, Selection
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("dunning.view", "See letters to late customers, and runs of them")

# Why somebody is left out, in the figures of a run.
REASONS = {
    "excluded": "Left out of dunning",
    "no_set": "No letter set",
    "not_overdue": "Not overdue",
    "grace": "Within grace",
    "disputed": "In dispute",
    "promised": "Promised",
    "in_credit": "In credit",
    "covered": "Covered by account credit",
    "paid": "Paid since",
    "small": "Items under the minimum",
    "minimum": "Under the minimum",
    "sent": "Letter sent already",
}


@dataclass(frozen=True)
class Selected:
    """A line of the preliminary list: a customer and the letter, or why there is none."""

    found: Found
    currency: str

    @property
    def number(self) -> str:
        return self.found.account.number

    @property
    def name(self) -> str:
        return self.found.account.name

    @property
    def dunned(self) -> Dunned | None:
        decision = self.found.decision
        return decision if isinstance(decision, Dunned) else None

    @property
    def left(self) -> Left | None:
        decision = self.found.decision
        return decision if isinstance(decision, Left) else None


def selected(caller: Caller, asked: Asked) -> list[Selected]:
    """Everybody with an open debit whom the caller sees, and what a run would do; nothing is written."""
    selection, rows = Selection(asked), list[Selected]()
    for accounts in selection.accounts(visible(caller)):
        found = selection.of(accounts)
        late = [one.account.pk for one in found if isinstance(one.decision, Dunned)]
        known = reachable(late, "reminder") | set(billing_addresses(late))
        for one in found:
            nowhere = isinstance(one.decision, Dunned) and one.account.pk not in known
            rows.append(Selected(one._replace(decision=NO_ADDRESS) if nowhere else one, one.account.currency))
    return rows


def decided_now(customer: Customer, on: dt.date) -> Selected | None:
    """What a run of a day would do about one customer's own debts; none where nothing is owed."""
    account = Account(customer.pk, customer.number, customer.name, customer.currency)
    found = Selection(Asked(on)).of([account])
    return Selected(found[0], customer.currency) if found else None


def dunning_runs(caller: Caller) -> QuerySet[DunningRun]:
    """All runs, the newest first, with how many letters each sent to customers whom the caller sees."""
    caller.must("dunning.view")
    seen = Q(letters__in=of_visible(caller, Correspondence.objects.all())) if caller.is_scoped else None
    rows = DunningRun.objects.select_related("letter_set", "collector", "job")
    return rows.annotate(count=Count("letters", filter=seen)).order_by("-pk")


@dataclass(frozen=True)
class Total:
    """What the letters of a run come to in a currency."""

    currency: str
    letters: int
    asked_minor: int
    interest_minor: int
    fee_minor: int


def totals_of(caller: Caller, run: DunningRun) -> list[Total]:
    """What a run's letters come to, by currency, as far as the caller sees their customers."""
    rows = of_visible(caller, Correspondence.objects.filter(run=run)).order_by("currency").values_list("currency")
    sums = rows.annotate(Count("pk"), Sum("total_minor"), Sum("interest_minor"), Sum("fee_minor"))
    return [Total(*row) for row in sums]


def skipped_of(caller: Caller, run: DunningRun) -> list[tuple[str, int]]:
    """How many a run left out, by reason, most first; nothing for who is limited to areas or brands."""
    # Only the sums are kept, of everybody.
    if caller.is_scoped:
        return []
    rows = [(REASONS.get(code, code), count) for code, count in run.skipped.items()]
    return sorted(rows, key=lambda row: -row[1])


def letters_of_run(caller: Caller, run: DunningRun) -> QuerySet[Correspondence]:
    """The letters of a run whose customers the caller sees."""
    rows = Correspondence.objects.filter(run=run).select_related("customer", "site", "letter", "message")
    return of_visible(caller, rows).order_by("pk")


def held_of(caller: Caller, run: DunningRun) -> QuerySet[HeldLetter]:
    """Who of a run is on hold."""
    rows = HeldLetter.objects.filter(run=run).select_related("customer", "site")
    return of_visible(caller, rows).order_by("customer__number")


def letters_of(customer: Customer) -> QuerySet[Correspondence]:
    """The letters to a customer, and to accounts that were merged into it, the newest first."""
    rows = Correspondence.objects.filter(theirs(customer)).select_related("letter", "site", "message", "customer")
    return rows.order_by("-on", "-pk")


def items_of(letter: Correspondence) -> Sequence[Any]:
    """The items that a letter was about, the latest first."""
    rows = CorrespondenceItem.objects.filter(correspondence=letter).select_related("item")
    return list(rows.order_by("-days_late", "pk"))


# So many letters are set for one file: whoever waits for it waits seconds.
PRINTED_AT_ONCE = 100


def printed_of(caller: Caller, run: DunningRun) -> QuerySet[Correspondence]:
    """The letters of a run that are to be printed, by account number."""
    return letters_of_run(caller, run).exclude(printed="").order_by("customer__number", "pk")
