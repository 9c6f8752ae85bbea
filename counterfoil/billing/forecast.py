"""The bills to come, if nothing changes: the same charging, carried forward without writing anything."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

from counterfoil.billing.charges import Catalogue, Due, add_once, add_penalty, read_catalogue, service_facts, taxed
from counterfoil.billing.charging import Charged, ServiceFacts, service_charges
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import places
from counterfoil.kernel.periods import Period, date_text
from counterfoil.subscriptions.due import next_due
from counterfoil.subscriptions.models import Subscription
from counterfoil.subscriptions.queries import penalties_to_come

BILLS = 12


@dataclass(frozen=True)
class NextBill:
    """A bill to come: its day, what it is for and for which days, and each amount with tax in minor units.

    Or why it cannot be made.
    """

    on: dt.date
    lines: tuple[tuple[str, str, int], ...] = ()
    refused: str = ""

    @property
    def minor(self) -> int:
        return sum(minor for _, _, minor in self.lines)

    @property
    def text(self) -> str:
        """What it is for, on one line."""
        names = list(dict.fromkeys(name for name, _, _ in self.lines))
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return self.refused or ", ".join(names[:3]) + more


def next_bills(customer: Customer, today: dt.date, most: int = BILLS) -> list[NextBill]:
    """A customer's next bills, each on the day it is due, as they would be with what is known today.

    Scheduled changes and prices of later days count. Nothing is written.
    """
    owner = dict.fromkeys(Subscription.objects.filter(customer=customer).values_list("pk", flat=True), customer.pk)
    if not owner:
        return []
    catalogue = read_catalogue(today)
    due = Due(customer.pk, customer.currency)
    facts = [row for _, row in service_facts(owner, catalogue, {customer.pk: due})]
    add_once(owner, dt.date.max, {customer.pk: due})
    for place, penalty in enumerate(penalties_to_come(owner), 1):
        # Charged once too, when the day comes; until then it has no row, and a key that no row has.
        add_penalty(due, -place, penalty)
    once = due.charges
    bills: list[NextBill] = []
    # What rests, or costs nothing, is passed; with nothing else there would be no end of it.
    for _ in range(most * 5):
        if len(bills) == most:
            break
        days = [day for row in facts if (day := _due(row))] or [charge.starts for charge in once]
        if not days:
            break
        day = max(min(days), today)
        catalogue = catalogue.on(day)
        charged = [charge for charge in once if charge.starts <= day]
        once = [charge for charge in once if charge.starts > day]
        for place, row in enumerate(facts):
            try:
                made = service_charges(row, day, places(customer.currency))
                charges = [_with_tax(due, charge, catalogue) for charge in made.charges]
                charged += charges
            except Refused as refusal:
                return [*bills, NextBill(day, refused=refusal.sentence)]
            # A change to come will look at these charges again.
            kept = (*row.charged, *charges) if made.changed_from else ()
            facts[place] = dataclasses.replace(
                row, billed_to=made.billed_to, changed_from=made.changed_from, charged=kept
            )
        try:
            lines = [(*_words(due, charge, catalogue), taxed(due, charge, catalogue)[1].total) for charge in charged]
        except Refused as refusal:
            return [*bills, NextBill(day, refused=refusal.sentence)]
        if lines:
            bills.append(NextBill(day, tuple(lines)))
    return bills


def _with_tax(due: Due, charge: Charged, catalogue: Catalogue) -> Charged:
    """The charge as it will be read again once it is billed: with the tax of its line."""
    tax, amounts = taxed(due, charge, catalogue)
    return dataclasses.replace(charge, tax=tax, tax_minor=amounts.tax)


def _words(due: Due, charge: Charged, catalogue: Catalogue) -> tuple[str, str]:
    """What a charge is for, and for which days."""
    if charge.one_time_id is not None:
        return due.once[charge.one_time_id][0], ""
    name = f"{catalogue.products[charge.product_id or 0][0]} {due.labels[charge.service_id or 0]}".strip()
    return name, f"{date_text(charge.starts)} to {date_text(Period(charge.starts, charge.ends).last)}"


def _due(facts: ServiceFacts) -> dt.date | None:
    return next_due(
        facts.timeline, facts.terms, facts.billed_to, facts.changed_from, facts.taken_over_on,
        metered=facts.meter is not None,
    )  # fmt: skip
