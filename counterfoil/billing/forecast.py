"""The bills to come, if nothing changes: the same charging, carried forward without writing anything."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from counterfoil.billing.charges import Due, read_catalogue, service_facts
from counterfoil.billing.rules import ServiceFacts, service_charges
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import places, round_minor
from counterfoil.kernel.periods import Period, date_text
from counterfoil.subscriptions.models import OneTimeCharge, Subscription
from counterfoil.subscriptions.rules import next_due

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
    catalogue = read_catalogue(today)
    due = Due(customer.pk, customer.currency)
    subscriptions = Subscription.objects.filter(customer=customer).values_list("pk", flat=True)
    owner = dict.fromkeys(subscriptions, customer.pk)
    facts = [row for _, row in service_facts(owner, catalogue, {customer.pk: due})]
    once = _once(list(owner), places(customer.currency))
    bills: list[NextBill] = []
    # What rests, or costs nothing, is passed; with nothing else there would be no end of it.
    for _ in range(most * 5):
        if len(bills) == most:
            break
        days = [day for row in facts if (day := _due(row))] or [on for on, _, _ in once]
        if not days:
            break
        day = max(min(days), today)
        lines = [(text, "", minor) for on, text, minor in once if on <= day]
        once = [row for row in once if row[0] > day]
        for place, row in enumerate(facts):
            try:
                charges, billed_to = service_charges(row, day, places(customer.currency))
            except Refused as refusal:
                return [*bills, NextBill(day, refused=refusal.sentence)]
            facts[place] = dataclasses.replace(row, billed_to=billed_to, changed_from=None, charged=())
            for charge in charges:
                name = catalogue.products[charge.product_id or 0][0]
                dates = f"{date_text(charge.starts)} to {date_text(Period(charge.starts, charge.ends).last)}"
                lines.append((f"{name} {due.labels[row.id]}".strip(), dates, charge.minor))
        if lines:
            bills.append(NextBill(day, tuple(lines)))
    return bills


def _due(facts: ServiceFacts) -> dt.date | None:
    return next_due(
        facts.timeline, facts.terms, facts.billed_to, facts.changed_from, facts.taken_over_on,
        metered=facts.meter is not None,
    )  # fmt: skip


def _once(subscriptions: Sequence[int], decimals: int) -> list[tuple[dt.date, str, int]]:
    """Day, text and amount of what is charged once and waits."""
    waiting = OneTimeCharge.objects.filter(subscription__in=subscriptions, billed_on=None, dropped=False)
    rows = waiting.order_by("on", "pk").values_list("on", "text", "quantity", "price")
    return [(on, text, round_minor((quantity * price).scaleb(decimals))) for on, text, quantity, price in rows]
