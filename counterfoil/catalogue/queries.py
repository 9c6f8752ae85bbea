"""Every read of products and prices."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max, QuerySet

from counterfoil.catalogue.models import BundlePart, Coupon, Frequency, Price, Product
from counterfoil.catalogue.rules import PriceVersion, price_on, price_text, states_on, tidy_price
from counterfoil.kernel.errors import Refused
from counterfoil.operator.queries import without_tax
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view

declare_view("catalogue.view", "See products and prices")
Prices = dict[tuple[str, str], dict[int, list[PriceVersion]]]


def anything_priced() -> bool:
    """Whether there is anything to sell: a product with a price."""
    return Price.objects.exists()


def keeps_currency() -> str:
    """Why the company's currency stays: there are prices in it."""
    first = Price.objects.order_by("pk").values_list("currency", flat=True).first()
    return f"There are prices in {first} already, so the currency stays." if first else ""


def newest_price() -> int:
    """The id of the newest price version: versions are never changed, so it names the whole catalogue of now."""
    return Price.objects.aggregate(newest=Max("pk"))["newest"] or 0


def all_prices(up_to: int | None = None, products: Iterable[int] | None = None) -> Prices:
    """The price versions (of some products) by (frequency, currency) and product: what billing works from.

    Those after `up_to` (by id) are left out, but where there was no price at all: that is a gap that was mended.
    """
    rows = Price.objects.all() if products is None else Price.objects.filter(product__in=products)
    found: Prices = defaultdict(lambda: defaultdict(list))
    frozen: set[tuple[str, str, int]] = set()
    for pk, frequency, currency, product, valid_from, amount, new_only in rows.order_by("pk").values_list(
        "pk", "frequency", "currency", "product_id", "valid_from", "amount", "new_only"
    ):
        key = frequency, currency, product
        if up_to is None or pk <= up_to:
            frozen.add(key)
        elif key in frozen:
            continue
        found[frequency, currency][product].append(PriceVersion(valid_from, amount, new_only))
    return found


def on_sale(*kinds: str) -> list[Product]:
    """The products that can be sold, of these kinds when any are named."""
    rows = Product.objects.filter(active=True)
    return list((rows.filter(kind__in=kinds) if kinds else rows).order_by("kind", "family", "tier", "name"))


def services_on_sale() -> list[Product]:
    """The products that can be had as a service."""
    return on_sale(*(kind for kind in Product.Kind if kind != Product.Kind.ONE_TIME))


_OFTEN = {"month": "a month", "quarter": "a quarter", "half_year": "a half-year", "year": "a year", "week": "a week"}


@dataclass(frozen=True)
class Offer:
    """A product as it is offered new on a day: what it costs in whole currency units, and how often."""

    key: int
    name: str
    price: Decimal
    often: str
    prices_include_tax: bool
    tax_code: str


def _offer(row: Product, prices: Prices, currency: str, day: dt.date) -> Offer | None:
    usual = {"once": "once", **_OFTEN} if row.kind == Product.Kind.ONE_TIME else {**_OFTEN, "once": "once"}
    for often, said in ({"unit": f"per {row.unit}"} if row.kind == Product.Kind.USAGE else usual).items():
        price = price_on(prices.get((often, currency), {}).get(row.pk, ()), day, day)
        if price is not None:
            price = tidy_price(price, currency)
            return Offer(row.pk, row.name, price, said, row.prices_include_tax, row.tax_code)
    return None


def service_offers(offered: list[Product], currency: str, day: dt.date) -> list[tuple[str, str]]:
    """Each product as a choice: its key, and its name with what it costs new on a day, a month where it has that."""
    fees = Product.objects.filter(active=True).in_bulk({row.set_up_id for row in offered if row.set_up_id})
    prices, without = all_prices(products=[*(row.pk for row in offered), *fees]), without_tax()
    found = []
    for row in offered:
        said = "no price"
        if offer := _offer(row, prices, currency, day):
            tax = "" if row.prices_include_tax else f" {without}"
            said = f"{price_text(offer.price, currency)}{tax} {offer.often}"
        fee = fees.get(row.set_up_id or 0)
        if fee is not None and (once := _offer(fee, prices, currency, day)):
            tax = "" if fee.prices_include_tax else f" {without}"
            said += f", {price_text(once.price, currency)}{tax} to set up"
        found.append((str(row.pk), f"{row}, {said}"))
    return found


def set_up_price(fee: Product, currency: str, day: dt.date) -> Decimal | None:
    """What is charged once where a service starts on a day, in whole currency units; None where nobody said.

    For a day before there was a price, the first there was.
    """
    versions = all_prices(products=[fee.pk]).get((Frequency.ONCE.value, currency), {}).get(fee.pk, [])
    day = max(day, min((version.valid_from for version in versions), default=day))
    return price_on(versions, day, day)


def priced_products(currency: str, day: dt.date) -> dict[str, Offer]:
    """What can be sold on an invoice, by its name in small letters, with its price on a day."""
    rows = on_sale()
    prices = all_prices(products=[row.pk for row in rows])
    return {row.name.casefold(): offer for row in rows if (offer := _offer(row, prices, currency, day))}


def products(caller: Caller) -> list[Product]:
    """Everything that is or was sold, as a list shows it; nothing for those who may not see it."""
    if not caller.may("catalogue.view"):
        return []
    return list(Product.objects.order_by("kind", "family", "tier", "name"))


def families() -> list[str]:
    """The families that products belong to."""
    return sorted(Product.objects.exclude(family="").values_list("family", flat=True).distinct().order_by())


def priced_in() -> tuple[list[str], list[str]]:
    """The frequencies that there are prices of, in their usual order, and the currencies."""
    pairs = set(Price.objects.values_list("frequency", "currency").distinct().order_by())
    found = {frequency for frequency, _ in pairs}
    return [key for key in Frequency.values if key in found], sorted({currency for _, currency in pairs})


def latest_prices(products: Iterable[Product], currency: str, frequency: str = "") -> list[Price]:
    """The newest version of each price of some products in a currency, begun or not, in the order of the products."""
    place = {product.pk: index for index, product in enumerate(products)}
    rows = Price.objects.filter(product__in=place, currency=currency)
    newest: dict[tuple[int, str], Price] = {}
    for price in (rows.filter(frequency=frequency) if frequency else rows).select_related("product"):
        key = price.product_id, price.frequency
        if key not in newest or newest[key].valid_from < price.valid_from:
            newest[key] = price
    order = {key: index for index, key in enumerate(Frequency.values)}
    return sorted(newest.values(), key=lambda price: (place[price.product_id], order[price.frequency]))


@dataclass(frozen=True)
class PriceRow:
    """A version of a price as its history shows it: how it stands today, and what was asked before it."""

    price: Price
    state: str
    before: Decimal | None


def price_history(product: Product, today: dt.date) -> list[PriceRow]:
    """Every price of a product, by frequency and currency, the newest first."""
    by_kind: dict[tuple[int, str], list[Price]] = defaultdict(list)
    order = {key: index for index, key in enumerate(Frequency.values)}
    for price in Price.objects.filter(product=product).order_by("currency", "valid_from"):
        by_kind[order[price.frequency], price.currency].append(price)
    found: list[PriceRow] = []
    for _, versions in sorted(by_kind.items()):
        states = states_on([PriceVersion(row.valid_from, row.amount, row.new_only) for row in versions], today)
        amounts = [None, *(row.amount for row in versions)]
        rows = [PriceRow(*each) for each in zip(versions, states, amounts, strict=False)]
        found += reversed(rows)
    return found


def price_words(amount: Decimal, currency: str, product: Product) -> str:
    """A price of a product as people read it: `R599.00`, or `R599.00 excl. VAT`."""
    return price_text(amount, currency) + ("" if product.prices_include_tax else f" {without_tax()}")


def tax_words(product: Product) -> str:
    """How the prices of a product are meant: `tax included`, or `excl. VAT`."""
    return "tax included" if product.prices_include_tax else without_tax()


def parts_of(product: Product) -> list[BundlePart]:
    """What comes with a product, within its price."""
    return list(BundlePart.objects.filter(bundle=product).select_related("part").order_by("pk"))


def bundles_with(product: Product) -> list[Product]:
    """The products that a product comes with."""
    return list(Product.objects.filter(parts__part=product).order_by("name"))


def coupons(caller: Caller) -> QuerySet[Coupon]:
    """Every coupon, the newest first; nothing for those who may not see the catalogue."""
    return Coupon.objects.order_by("-pk") if caller.may("catalogue.view") else Coupon.objects.none()


def coupon_coded(code: str) -> Coupon:
    """The coupon with a code, however it is written; refuses `no_such_coupon`."""
    found = Coupon.objects.filter(code=code.strip().upper()).first()
    if found is None:
        raise Refused("no_such_coupon", "There is no such coupon. Check the code.", field="code")
    return found
