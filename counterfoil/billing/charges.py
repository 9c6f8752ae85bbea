"""What is due for many customers at once, read in a constant number of queries into plain values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import F, Q

from counterfoil.billing.models import TaxRate
from counterfoil.billing.queries import charges_of_services, last_numbers
from counterfoil.billing.rules import Charged, ServiceFacts, service_charges, used_from
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import Prices, all_prices
from counterfoil.catalogue.rules import PriceVersion
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import places, round_minor
from counterfoil.platform.bulk import among
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription
from counterfoil.subscriptions.queries import scheduled, term_dates, timelines
from counterfoil.subscriptions.rules import foreseen, next_due
from counterfoil.usage.queries import used_by_day
from counterfoil.usage.rules import Meter


@dataclass(frozen=True)
class Catalogue:
    """Prices, product names and tax rates as a run sees them: read once, so that a change meanwhile waits."""

    prices: Prices
    # Name and tax code of each product.
    products: Mapping[int, tuple[str, str]]
    # By tax code: the id, name and percentage that hold on the invoice date.
    rates: Mapping[str, tuple[int, str, Decimal]]
    # Of products of usage: the unit, and how much of it each period includes.
    metered: Mapping[int, tuple[str, Decimal]]


def read_catalogue(on: dt.date, prices_to: int | None = None) -> Catalogue:
    """The catalogue for invoices of a day, with the prices up to one by id when it is given."""
    rates = TaxRate.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on), valid_from__lte=on)
    products = list(Product.objects.values_list("pk", "name", "tax_code", "kind", "unit", "included"))
    return Catalogue(
        all_prices(prices_to),
        {pk: (name, code) for pk, name, code, *_ in products},
        {code: (pk, name, percent) for code, pk, name, percent in rates.values_list("code", "pk", "name", "percent")},
        {pk: (unit, included) for pk, _, _, kind, unit, included in products if kind == Product.Kind.USAGE},
    )


@dataclass
class Due:
    """What one customer is to be charged now, with what the services look like afterwards."""

    customer_id: int
    currency: str
    site_id: int | None = None
    charges: list[Charged] = field(default_factory=list)
    # (label, text of the one-time charge, its tax code) by service or one-time id, for the lines.
    labels: dict[int, str] = field(default_factory=dict)
    once: dict[int, tuple[str, str]] = field(default_factory=dict)
    # Service id to the day it is billed to; subscription id to when something is due next.
    billed_to: dict[int, dt.date | None] = field(default_factory=dict)
    next_bill_on: dict[int, dt.date | None] = field(default_factory=dict)
    refused: Refused | None = None

    @property
    def total_minor(self) -> int:
        return sum(charge.minor for charge in self.charges)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to charge, and nothing wrong."""
        return not self.charges and self.refused is None


def due_charges(
    customers: Sequence[int], bill_to: dt.date, catalogue: Catalogue, *, only: Subscription | None = None
) -> dict[int, Due]:
    """What each of these customers is to be charged with everything due up to and on a day.

    What is scheduled to happen to a service counts already. A customer whose data do not allow it has `refused`.
    """
    rows = Subscription.objects.filter(among("customer", customers))
    if only is not None:
        rows = rows.filter(pk=only.pk)
    found: dict[int, Due] = {}
    owner: dict[int, int] = {}
    for pk, customer, currency, site in rows.order_by("pk").values_list("pk", "customer_id", "currency", "site_id"):
        due = found.setdefault(customer, Due(customer, currency, site))
        owner[pk] = customer
        due.next_bill_on[pk] = None
    facts = service_facts(owner, catalogue, found)
    for subscription, service in facts:
        due = found[owner[subscription]]
        try:
            charges, billed_to = service_charges(service, bill_to, places(due.currency))
        except Refused as refusal:
            due.refused = due.refused or refusal
            continue
        due.charges += charges
        due.billed_to[service.id] = billed_to
        following = next_due(
            service.timeline, service.terms, billed_to, None, service.taken_over_on, metered=service.meter is not None
        )
        if following:
            known = due.next_bill_on[subscription]
            due.next_bill_on[subscription] = min(following, known) if known else following
    _add_once(owner, bill_to, found)
    return found


def service_facts(
    owner: Mapping[int, int], catalogue: Catalogue, found: Mapping[int, Due]
) -> list[tuple[int, ServiceFacts]]:
    """What decides the charges of each service of these subscriptions, with the subscription it is of."""
    terms = term_dates(list(owner))
    services = list(
        Service.objects.filter(among("subscription", owner))
        # One that has ended and has nothing left to settle.
        .exclude(~Q(end=""), changed_from__isnull=True, billed_to__gte=F("ended_on"))
        .order_by("subscription_id", "pk")
        .values_list(
            "pk", "subscription_id", "added_on", "billed_to", "changed_from", "taken_over_on", "label", "within_id",
            "product_id",
        )
    )  # fmt: skip
    lines = timelines([row[0] for row in services])
    to_come = scheduled([row[0] for row in services])
    charged: dict[int, list[Charged]] = defaultdict(list)
    for charge in charges_of_services([row[0] for row in services if row[4] is not None]):
        assert charge.service_id is not None
        charged[charge.service_id].append(charge)
    by_frequency: dict[str, dict[str, Mapping[int, Sequence[PriceVersion]]]] = defaultdict(lambda: defaultdict(dict))
    for (frequency, currency), versions in catalogue.prices.items():
        by_frequency[currency][frequency] = versions
    included = {product: each for product, (_, each) in catalogue.metered.items()}
    facts = []
    for pk, subscription, added_on, billed_to, changed_from, taken_over_on, label, within, product in services:
        due = found[owner[subscription]]
        due.labels[pk] = label
        timeline = foreseen(lines[pk], to_come.get(pk, ()))
        facts.append(
            (
                subscription,
                ServiceFacts(
                    pk, added_on, timeline, terms[subscription], by_frequency[due.currency], billed_to,
                    changed_from, taken_over_on, tuple(charged.get(pk, ())),
                    # Of usage that came with a bundle only what is included is within its price.
                    free=within is not None and product not in catalogue.metered,
                    meter=Meter({}, included) if product in catalogue.metered else None,
                ),
            )
        )  # fmt: skip
    return _with_usage(facts)


def _with_usage(facts: list[tuple[int, ServiceFacts]]) -> list[tuple[int, ServiceFacts]]:
    """The same, those of usage with what was used in the periods to look at: one query, or none."""
    since = {row.id: day for _, row in facts if row.meter and (day := used_from(row))}
    if not since:
        return facts
    used = used_by_day(since)
    return [
        (
            subscription,
            replace(row, meter=replace(row.meter, used=used[row.id])) if row.meter and row.id in used else row,
        )
        for subscription, row in facts
    ]


def _add_once(owner: Mapping[int, int], bill_to: dt.date, found: Mapping[int, Due]) -> None:
    waiting = OneTimeCharge.objects.filter(among("subscription", owner), billed_on=None, dropped=False, on__lte=bill_to)
    rows = waiting.order_by("pk").values_list("pk", "subscription_id", "on", "text", "quantity", "price", "tax_code")
    numbers = last_numbers(one_time=[row[0] for row in rows])
    for pk, subscription, on, text, quantity, price, tax_code in rows:
        due = found[owner[subscription]]
        minor = round_minor((quantity * price).scaleb(places(due.currency)))
        due.once[pk] = (text, tax_code)
        due.charges.append(
            Charged(
                None, pk, on, on + dt.timedelta(days=1), numbers.get((pk, None), 0) + 1, None, price, quantity,
                Decimal(0), on, on + dt.timedelta(days=1), 1, 1, minor,
            )
        )  # fmt: skip
