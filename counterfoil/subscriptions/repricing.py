"""Affected services and what they come to a month: one read of the services, however many there are."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from counterfoil.catalogue.models import Frequency, Price
from counterfoil.catalogue.queries import all_prices
from counterfoil.catalogue.rules import PriceVersion, price_on
from counterfoil.kernel.money import places, round_minor
from counterfoil.subscriptions.models import Service, ServiceAction, Span
from counterfoil.subscriptions.queries import STRETCH, scheduled, term_dates, timelines
from counterfoil.subscriptions.rules import BILLABLE, Stretch, a_month, foreseen, had_since, price_minor, stretch_on

# Service, customer, added on, what it came with, how often it is billed, and what it is on the day.
_Held = tuple[int, int, dt.date, int | None, str, Stretch]
Versions = Mapping[int, Sequence[PriceVersion]]


@dataclass(frozen=True)
class Repriced:
    """A service of a product that gets a new price: what a period costs before and after it, in minor units as priced.

    `kept` says why nothing changes for it; empty when it does. `percent` is the tax added to the price, where it is.
    """

    service_id: int
    customer_id: int
    product_id: int
    frequency: str
    billed: bool
    before: int
    after: int
    kept: str
    percent: Decimal = Decimal(0)

    @property
    def month_minor(self) -> int:
        """What it pays more in a month, with tax; nothing while it rests or is stopped, and of usage nobody knows."""
        return _month(self.after - self.before, self.percent, self.frequency) if self.counts else 0

    @property
    def counts(self) -> bool:
        """Whether what a month comes to is known."""
        return self.billed and self.frequency != Frequency.UNIT


def _month(minor: int, percent: Decimal, frequency: str) -> int:
    return a_month(minor + round_minor(minor * percent / 100), frequency)


def repriced(
    prices: Sequence[Price], on: dt.date, tax_to_add: Mapping[int, Decimal] | None = None
) -> Iterator[Repriced]:
    """Every service that is there on a day and has one of the products, priced as before and with the new versions.

    The new versions are of one currency and newer than all others of their kind; whether they are stored is the same.
    `tax_to_add` is the percentage by product, where prices have no tax in them.
    """
    if not prices:
        return
    currency = prices[0].currency
    products = {price.product_id for price in prices}
    old: dict[str, dict[int, list[PriceVersion]]] = defaultdict(dict)
    new: dict[str, dict[int, list[PriceVersion]]] = defaultdict(dict)
    stored = all_prices(products=products)
    for price in prices:
        assert price.currency == currency, "One currency at a time."
        versions = stored.get((price.frequency, currency), {}).get(price.product_id, [])
        earlier = [version for version in versions if version.valid_from < price.valid_from]
        old[price.frequency][price.product_id] = earlier
        version = PriceVersion(price.valid_from, price.amount, price.new_only)
        new[price.frequency][price.product_id] = [*earlier, version]
    for service, customer, had, within, frequency, stretch in _held(on, products, currency):
        product = stretch.product_id
        if product in new[Frequency.UNIT]:
            # Usage has one price for a unit, whatever the term, also where it came with a bundle.
            frequency, within, stretch = Frequency.UNIT, None, dataclasses.replace(stretch, quantity=Decimal(1))
        if product not in new[frequency]:
            continue
        # What came with a bundle is free, whatever its list price is.
        free = within is not None
        before, after = (
            0 if free else price_minor(stretch, versions[frequency], on, had, places(currency)) or 0
            for versions in (old, new)
        )
        kept = ""
        if free:
            kept = "in a bundle"
        elif stretch.price is not None:
            kept = "a custom price"
        elif before == after and not _differs(frequency, old[frequency][product], new[frequency][product], had):
            kept = "what it had" if new[frequency][product][-1].new_only else "no difference"
        percent = (tax_to_add or {}).get(product, Decimal(0))
        yield Repriced(service, customer, product, frequency, stretch.state in BILLABLE, before, after, kept, percent)


def _differs(frequency: str, before: Sequence[PriceVersion], after: Sequence[PriceVersion], had: dt.date) -> bool:
    """Whether a unit costs something else: less than a minor unit more is more, too."""
    newest = after[-1].valid_from
    return frequency == Frequency.UNIT and price_on(before, newest, had) != price_on(after, newest, had)


def _held(on: dt.date, products: set[int], currency: str) -> Iterator[_Held]:
    """What is there of some products on a day, drafts left out; what is scheduled up to then has happened."""
    changing = set(
        ServiceAction.objects.filter(state=ServiceAction.State.SCHEDULED, on__lte=on).values_list("service", flat=True)
    )
    rows = Span.objects.filter(
        Q(ends__isnull=True) | Q(ends__gt=on),
        Q(service__subscription__terms__valid_to__isnull=True) | Q(service__subscription__terms__valid_to__gt=on),
        service__subscription__terms__valid_from__lte=on, service__subscription__currency=currency,
        starts__lte=on, product__in=products,
    ).exclude(state=Span.State.DRAFT)  # fmt: skip
    # What it was last before it had this product.
    other = Span.objects.filter(service=OuterRef("service"), ends__lte=OuterRef("starts"))
    changed = other.exclude(product=OuterRef("product")).order_by("-ends").values("ends")[:1]
    rows = rows.annotate(had=Coalesce(Subquery(changed), "service__had_from", "service__added_on"))
    columns = (
        "service_id", "service__subscription__customer_id", "had", "service__within_id",
        "service__subscription__terms__frequency", *STRETCH,
    )  # fmt: skip
    for service, customer, had, within, frequency, *stretch in rows.values_list(*columns).iterator():
        if service not in changing:
            yield service, customer, had, within, frequency, Stretch(*stretch)
    yield from _changing(on, sorted(changing), products, currency)


def _changing(on: dt.date, services: list[int], products: set[int], currency: str) -> Iterator[_Held]:
    if not services:
        return
    lines, to_come = timelines(services), scheduled(services)
    rows = Service.objects.filter(pk__in=services, subscription__currency=currency).values_list(
        "pk", "subscription__customer_id", Coalesce("had_from", "added_on"), "within_id", "subscription_id"
    )
    terms = term_dates([row[4] for row in rows])
    for service, customer, first_had_on, within, subscription in rows:
        timeline = foreseen(lines[service], [change for change in to_come[service] if change.on <= on])
        stretch = stretch_on(timeline, on)
        term = next(
            (t for t in terms[subscription] if t.valid_from <= on and (not t.valid_to or on < t.valid_to)), None
        )
        if stretch and term and stretch.product_id in products and stretch.state != Span.State.DRAFT:
            had = had_since(timeline, on, first_had_on)
            yield service, customer, had, within, term.frequency, stretch


@dataclass
class PriceEffect:
    """What one new price does: the price before it for new services, whom it touches, and what it comes to a month."""

    price: Price
    before: Decimal | None
    services: int = 0
    kept: int = 0
    month_minor: int = 0


@dataclass
class Effect:
    """What new prices do together."""

    lines: list[PriceEffect]
    services: int = 0
    customers: int = 0
    # Services that keep what they pay, by the reason.
    kept: Counter[str] = field(default_factory=Counter)
    month_minor: int = 0


def effect_of(prices: Sequence[Price], on: dt.date, tax_to_add: Mapping[int, Decimal] | None = None) -> Effect:
    """What new prices do to the services of a day, by the month with tax. The lines add up to the whole."""
    stored = all_prices(products={price.product_id for price in prices})
    lines: dict[tuple[int, str], PriceEffect] = {}
    for price in prices:
        versions = stored.get((price.frequency, price.currency), {}).get(price.product_id, [])
        earlier = [version for version in versions if version.valid_from < price.valid_from]
        before = price_on(earlier, price.valid_from, price.valid_from)
        lines[price.product_id, price.frequency] = PriceEffect(price, before)
    effect, customers, exact = Effect(list(lines.values())), set(), Counter[tuple[int, str]]()
    for row in repriced(prices, on, tax_to_add):
        line = lines[row.product_id, row.frequency]
        if row.kept:
            line.kept += 1
            effect.kept[row.kept] += 1
            continue
        line.services += 1
        customers.add(row.customer_id)
        if row.counts:
            exact[row.product_id, row.frequency] += row.after - row.before
    for key, line in lines.items():
        line.month_minor = _month(exact[key], (tax_to_add or {}).get(key[0], Decimal(0)), key[1])
        effect.month_minor += line.month_minor
        effect.services += line.services
    effect.customers = len(customers)
    return effect
