"""What is due for many customers at once, read in a constant number of queries into plain values."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from django.db.models import F, Q
from django.db.models.functions import Coalesce

from counterfoil.billing.charging import Charged, LineTax, ServiceFacts, service_charges, used_from
from counterfoil.billing.models import TaxRate
from counterfoil.billing.queries import charges_ahead, charges_of_services, credited_by_hand, last_numbers
from counterfoil.billing.rules import Amounts, line_amounts
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import Prices, all_prices
from counterfoil.catalogue.rules import PriceVersion
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR, places, round_minor
from counterfoil.operator.queries import tax_name
from counterfoil.platform.bulk import among
from counterfoil.subscriptions.due import next_due
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription
from counterfoil.subscriptions.queries import Penalty, scheduled, term_dates, timelines
from counterfoil.subscriptions.rules import foreseen
from counterfoil.usage.queries import used_by_day
from counterfoil.usage.rules import Meter


class TaxVersion(NamedTuple):
    """A version of a tax rate: its code, what lines have of it, and from when to when it holds."""

    code: str
    tax: LineTax
    valid_from: dt.date
    valid_to: dt.date | None


@dataclass(frozen=True)
class Catalogue:
    """Prices, product names and tax rates as a run sees them: read once, so that a change meanwhile waits."""

    prices: Prices
    # Name and tax code of each product.
    products: Mapping[int, tuple[str, str]]
    # Every version of every tax rate, and by tax code what holds on the invoice date.
    versions: Sequence[TaxVersion]
    rates: Mapping[str, LineTax]
    # The products whose prices have no tax in them, and how the tax is called.
    without_tax: frozenset[int]
    tax_name: str
    # Of products of usage: the unit, and how much of it each period includes.
    metered: Mapping[int, tuple[str, Decimal]]

    def on(self, day: dt.date) -> Catalogue:
        """The same for invoices of another day."""
        return replace(self, rates=_rates_on(day, self.versions))


def read_catalogue(on: dt.date, prices_to: int | None = None) -> Catalogue:
    """The catalogue for invoices of a day, with the prices up to one by id when it is given."""
    versions = [
        TaxVersion(code, LineTax(pk, name, percent), start, end)
        for code, pk, name, percent, start, end in TaxRate.objects.values_list(
            "code", "pk", "name", "percent", "valid_from", "valid_to"
        )
    ]
    products = list(
        Product.objects.values_list("pk", "name", "tax_code", "prices_include_tax", "kind", "unit", "included")
    )
    return Catalogue(
        all_prices(prices_to),
        {pk: (name, code) for pk, name, code, *_ in products},
        versions,
        _rates_on(on, versions),
        frozenset(pk for pk, _, _, inclusive, *_ in products if not inclusive),
        tax_name(),
        {pk: (unit, included) for pk, *_, kind, unit, included in products if kind == Product.Kind.USAGE},
    )


def _rates_on(on: dt.date, versions: Sequence[TaxVersion]) -> dict[str, LineTax]:
    return {v.code: v.tax for v in versions if v.valid_from <= on and (v.valid_to is None or on < v.valid_to)}


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
    # Service id to the day it is billed to, and to that of a change which is to come; subscription id to when something
    # is due next.
    billed_to: dict[int, dt.date | None] = field(default_factory=dict)
    changed_from: dict[int, dt.date | None] = field(default_factory=dict)
    next_bill_on: dict[int, dt.date | None] = field(default_factory=dict)
    # What it all comes to, with tax.
    total_minor: int = 0
    refused: Refused | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to charge, and nothing wrong."""
        return not self.charges and self.refused is None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to bill: what it charges and what it credits, if anything, is equal."""
        return not self.total_minor and self.refused is None


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
            made = service_charges(service, bill_to, places(due.currency))
            refuse_if(
                any(charge.product_id not in catalogue.products for charge in made.charges), "new_product",
                "One of its products was added after this billing began. Bill it by itself, or with the next run.",
            )  # fmt: skip
        except Refused as refusal:
            due.refused = due.refused or refusal
            continue
        due.charges += made.charges
        due.billed_to[service.id], due.changed_from[service.id] = made.billed_to, made.changed_from
        following = next_due(
            service.timeline, service.terms, made.billed_to, made.changed_from, service.taken_over_on,
            metered=service.meter is not None,
        )  # fmt: skip
        if following:
            known = due.next_bill_on[subscription]
            due.next_bill_on[subscription] = min(following, known) if known else following
    add_once(owner, bill_to, found)
    for due in found.values():
        try:
            # A price with tax in it is what it is, whatever the rate.
            due.total_minor = sum(
                [c.minor if c.prices_include_tax else taxed(due, c, catalogue)[1].total for c in due.charges]
            )
            # Nothing that large is posted, and one customer must not stop the others.
            refuse_if(abs(due.total_minor) > MOST_MINOR, "absurd_amount", "What is due is too much to be right.")
        except Refused as refusal:
            due.refused, due.total_minor = due.refused or refusal, 0
    return found


def taxed(due: Due, charge: Charged, catalogue: Catalogue) -> tuple[LineTax, Amounts]:
    """The tax of a charge, and its net and tax. A credit has the tax of what it takes back, whatever holds by now.

    Refuses `rate_not_valid`.
    """
    if charge.tax is not None:
        return charge.tax, charge.amounts
    code = due.once[charge.one_time_id][1] if charge.one_time_id else catalogue.products[charge.product_id or 0][1]
    if code and code not in catalogue.rates:
        raise Refused("rate_not_valid", f"The tax rate “{code}” has no version for the invoice date.")
    tax = catalogue.rates[code] if code else LineTax()
    price = Decimal(charge.minor).scaleb(-places(due.currency))
    inclusive = charge.prices_include_tax
    return tax, line_amounts(Decimal(1), price, tax.percent, inclusive=inclusive, currency=due.currency)


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
            "pk", "subscription_id", Coalesce("had_from", "added_on"), "billed_to", "changed_from", "taken_over_on",
            "label", "within_id", "product_id",
        )
    )  # fmt: skip
    lines = timelines([row[0] for row in services])
    to_come = scheduled([row[0] for row in services])
    charged: dict[int, list[Charged]] = defaultdict(list)
    changed = [row[0] for row in services if row[4] is not None]
    ahead = {row[0]: row[3] for row in services if row[3] is not None and row[4] is None}
    by_hand: dict[int, dict[dt.date, int]] = defaultdict(dict)
    for (pk, start), minor in credited_by_hand(changed).items():
        by_hand[pk][start] = minor
    for charge in (*charges_of_services(changed), *charges_ahead(ahead)):
        assert charge.service_id is not None
        charged[charge.service_id].append(charge)
    by_frequency: dict[str, dict[str, Mapping[int, Sequence[PriceVersion]]]] = defaultdict(lambda: defaultdict(dict))
    for (frequency, currency), versions in catalogue.prices.items():
        by_frequency[currency][frequency] = versions
    included = {product: each for product, (_, each) in catalogue.metered.items()}
    facts = []
    for pk, subscription, had, billed_to, changed_from, taken_over_on, label, within, product in services:
        due = found[owner[subscription]]
        due.labels[pk] = label
        timeline = foreseen(lines[pk], to_come.get(pk, ()))
        facts.append(
            (
                subscription,
                ServiceFacts(
                    pk, had, timeline, terms[subscription], by_frequency[due.currency], billed_to,
                    changed_from, taken_over_on, tuple(charged.get(pk, ())),
                    # Of usage that came with a bundle only what is included is within its price.
                    free=within is not None and product not in catalogue.metered,
                    without_tax=catalogue.without_tax,
                    meter=Meter({}, included) if product in catalogue.metered else None,
                    by_hand=by_hand.get(pk, {}),
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


def _once(
    due: Due, key: int, on: dt.date, price: Decimal, quantity: Decimal, inclusive: bool, number: int = 1
) -> Charged:
    minor = round_minor((quantity * price).scaleb(places(due.currency)))
    after = on + dt.timedelta(days=1)
    return Charged(
        None, key, on, after, number, None, price, quantity, Decimal(0), on, after, 1, 1, minor, inclusive
    )  # fmt: skip


def add_penalty(due: Due, key: int, penalty: Penalty) -> None:
    """What a cancelling to come will charge once is among what the customer is due, under a key of its own."""
    due.once[key] = (penalty.text, "standard")
    due.charges.append(_once(due, key, penalty.on, penalty.price, Decimal(1), penalty.prices_include_tax))


def add_once(owner: Mapping[int, int], bill_to: dt.date, found: Mapping[int, Due]) -> None:
    """What is charged once and waits, of days up to and on one, is among what its customer is due.

    What is of a later day waits for the next bill; where none comes any more, it is one by itself.
    """
    waiting = OneTimeCharge.objects.filter(among("subscription", owner), billed_on=None, dropped=False)
    rows = waiting.order_by("pk").values_list(
        "pk", "subscription_id", "on", "text", "quantity", "price", "tax_code", "prices_include_tax"
    )
    numbers = last_numbers(one_time=[row[0] for row in rows])
    later: dict[int, dt.date] = {}
    for pk, subscription, on, text, quantity, price, tax_code, inclusive in rows:
        due = found[owner[subscription]]
        if on > bill_to:
            later[subscription] = min(on, later.get(subscription, on))
            continue
        due.once[pk] = (text, tax_code)
        due.charges.append(_once(due, pk, on, price, quantity, inclusive, numbers.get((pk, None), 0) + 1))
    for subscription, on in later.items():
        due = found[owner[subscription]]
        due.next_bill_on[subscription] = due.next_bill_on.get(subscription) or on
