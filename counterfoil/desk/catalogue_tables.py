"""The lists of the catalogue: products, a product's prices, and whom new prices touch."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse

from counterfoil.billing.queries import tax_to_add
from counterfoil.catalogue import queries as catalogue
from counterfoil.catalogue.doors import END_COUPON
from counterfoil.catalogue.models import Coupon, Frequency, Price, Product
from counterfoil.catalogue.nouns import COUPON
from counterfoil.catalogue.queries import PriceRow
from counterfoil.catalogue.rules import price_on, price_text, tidy_price
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import visible
from counterfoil.kernel.money import symbol
from counterfoil.kernel.periods import date_text, days_before
from counterfoil.operator.queries import without_tax
from counterfoil.platform.bulk import chunks
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Filter, Table, View
from counterfoil.subscriptions.queries import services_by_product, services_numbered, uses_by_coupon
from counterfoil.subscriptions.repricing import Repriced, repriced

_TONES = {"now": "ok", "coming": "info", "kept": "warn"}
_STATES = {"now": "Now", "coming": "To come", "kept": "Kept", "past": ""}


@dataclass(frozen=True)
class ProductRow:
    """A product with what it costs now and next at each frequency, and how many services have it."""

    product: Product
    now: Mapping[str, Decimal]
    coming: Mapping[str, str]
    services: int


def product_rows(caller: Caller, currency: str) -> list[ProductRow]:
    """Every product, priced for a new service in a currency."""
    day, services, prices = caller.today, services_by_product(caller), catalogue.all_prices()
    now: dict[int, dict[str, Decimal]] = defaultdict(dict)
    coming: dict[int, dict[str, str]] = defaultdict(dict)
    for (frequency, priced_in), products in prices.items():
        for product, versions in products.items() if priced_in == currency else ():
            amount = price_on(versions, day, day)
            if amount is not None:
                now[product][frequency] = tidy_price(amount, currency)
            later = [version for version in versions if version.valid_from > day]
            if later:
                first = min(later, key=lambda version: version.valid_from)
                since = date_text(first.valid_from, today=day)
                coming[product][frequency] = f"{price_text(first.amount, currency)} from {since}"
    return [ProductRow(row, now[row.pk], coming[row.pk], services.get(row.pk, 0)) for row in catalogue.products(caller)]


def _family(row: ProductRow) -> str:
    return f"{row.product.family}, {row.product.tier}" if row.product.family else ""


def products_table(caller: Caller, currency: str) -> Table:
    """What is sold, with a column for each frequency that there are prices of."""
    labels = dict(Frequency.choices)
    excl = without_tax()

    def beside(row: ProductRow, frequency: str) -> str:
        if frequency not in row.now:
            return row.coming.get(frequency, "")
        unit = f"per {row.product.unit}" if frequency == Frequency.UNIT else ""
        meant = "" if row.product.prices_include_tax else excl
        return ", ".join(part for part in (unit, meant, row.coming.get(frequency, "")) if part)

    def price(frequency: str) -> Column:
        return Column(
            frequency, f"{labels[frequency]}, {symbol(currency).strip()}", lambda row: row.now.get(frequency), "number",
            sort=True, sub=lambda row: beside(row, frequency), low=frequency not in ("month", "once"),
        )  # fmt: skip

    counted = caller.may("subscriptions.view")
    return Table(
        key="products",
        title="Catalogue",
        columns=(
            Column(
                "name", "Product", lambda row: row.product.name, sort=True, sub=lambda row: row.product.code,
                href=lambda row: reverse("product", args=[row.product.pk]),
            ),
            Column("status", "Status", lambda row: "" if row.product.active else "Withdrawn", "badge", low=True),
            Column("kind", "Kind", lambda row: row.product.get_kind_display(), sort=True, low=True),
            Column("family", "Family, tier", _family, sort=True, low=True),
            *(price(frequency) for frequency in catalogue.priced_in()[0]),
            *((Column("services", "Services", lambda row: row.services, "number", sort=True),) if counted else ()),
        ),
        filters=(
            Filter(
                "kind", "Kind", lambda: Product.Kind.choices,
                lambda rows, value: [row for row in rows if row.product.kind == value],
            ),
            Filter(
                "family", "Family", lambda: [(name, name) for name in catalogue.families()],
                lambda rows, value: [row for row in rows if row.product.family == value],
            ),
            Filter(
                "sold", "On sale", lambda: [("yes", "On sale"), ("no", "Withdrawn")],
                lambda rows, value: [row for row in rows if row.product.active == (value == "yes")],
            ),
        ),
        search_label="Product or code",
        search=lambda rows, text: [
            row for row in rows
            if text.casefold() in f"{row.product.name} {row.product.code} {row.product.alternative_code}".casefold()
        ],
        row_id=lambda row: str(row.product.pk),
        empty=("No products yet", "Packages, lines, extras and one-time charges that you sell appear here."),
    )  # fmt: skip


def history_table(today: dt.date, rows: Sequence[PriceRow], meant: str) -> Table:
    """A product's prices, with tax or without as `meant`: none is ever changed, a newer one follows it."""
    several = len({row.price.currency for row in rows}) > 1
    charged = {row.price.frequency: row.price.get_frequency_display() for row in rows}

    def more(row: PriceRow) -> str:
        if row.before is None:
            return ""
        less = row.price.amount < row.before
        change = price_text(abs(row.price.amount - row.before), row.price.currency)
        return f"{change} {'less' if less else 'more'} than before"

    return Table(
        key="prices",
        title="Prices",
        columns=(
            Column("from", "From", lambda row: row.price.valid_from, "date", sort=True),
            Column("frequency", "Charged", lambda row: row.price.get_frequency_display(), sort=True),
            *((Column("currency", "Currency", lambda row: row.price.currency, sort=True),) if several else ()),
            Column("amount", f"Price, {meant}", lambda row: price_text(row.price.amount, row.price.currency),
                   sub=more, strong=True),
            Column("whom", "For", lambda row: "New services only" if row.price.new_only else "Everybody"),
            Column("state", "Status", lambda row: _STATES[row.state], "badge",
                   tone=lambda row: _TONES.get(row.state, "")),
            Column("by", "Set by", lambda row: row.price.set_by, low=True,
                   sub=lambda row: date_text(row.price.set_at.date(), today=today) if row.price.set_at else ""),
        ),
        filters=(
            Filter(
                "frequency", "Charged", lambda: list(charged.items()) if len(charged) > 1 else [],
                lambda rows, value: [row for row in rows if row.price.frequency == value],
            ),
        ),
        empty=("No price yet", "Set a price to start selling it."),
    )  # fmt: skip


@dataclass(frozen=True)
class TouchedRow:
    """A service of a product that gets a new price, with whose it is."""

    customer: Customer
    service: str
    found: Repriced
    # How it is said that its prices are without tax, where they are.
    excl: str


def touched_rows(caller: Caller, prices: Sequence[Price], on: dt.date) -> list[TouchedRow]:
    """Every service of these products that the caller may see, priced as before and after."""
    found = list(repriced(prices, on, tax_to_add([price.product for price in prices], on)))
    customers: dict[int, Customer] = {}
    for part in chunks(sorted({row.customer_id for row in found}), 5000):
        customers |= visible(caller).select_related(None).only("name", "number").in_bulk(part)
    names = services_numbered([row.service_id for row in found])
    excl, without = without_tax(), {price.product_id for price in prices if not price.product.prices_include_tax}
    rows = [
        TouchedRow(customers[row.customer_id], names[row.service_id], row, excl if row.product_id in without else "")
        for row in found
        if row.customer_id in customers
    ]
    return sorted(rows, key=lambda row: (row.customer.name.casefold(), row.service))


def touched_table(prices: Sequence[Price]) -> Table:
    """Affected services: who pays another price, and who keeps what they have."""
    without = any(not price.product.prices_include_tax for price in prices)
    labels = dict(Frequency.choices)

    def those(kept: bool) -> Callable[[Any], Any]:
        return lambda rows: [row for row in rows if bool(row.found.kept) == kept]

    return Table(
        key="touched",
        title="Affected services",
        columns=(
            Column(
                "customer", "Customer", lambda row: row.customer.name, sort=True, sub=lambda row: row.customer.number,
                href=lambda row: reverse("customer-tab", args=[row.customer.number, "services"]),
            ),
            Column("service", "Service", lambda row: row.service, sort=True),
            Column("frequency", "Billed", lambda row: labels[row.found.frequency], sort=True, low=True),
            Column("before", "Now", lambda row: row.found.before, "money", sort=True),
            Column("after", "Then", lambda row: row.found.after, "money", sort=True, strong=True,
                   sub=(lambda row: row.excl) if without else None),
            Column("month", "Monthly increase", lambda row: row.found.month_minor, "money", sort=True, low=True),
            Column("kept", "Keeps", lambda row: row.found.kept.capitalize(), sort=True, low=True),
        ),
        views=(View("changed", "Pay the new price", those(False)), View("kept", "Keep their price", those(True))),
        search_label="Customer or service",
        empty=("Nobody", "No matching services."),
    )  # fmt: skip


def _last(end: dt.date | None) -> dt.date | None:
    return days_before(end, 1) if end else None


def coupons_table(today: dt.date) -> Table:
    """Coupons with what they take off, until when they are offered, and how often they were used."""
    uses = uses_by_coupon()

    def over(row: Coupon) -> bool:
        return row.valid_to is not None and row.valid_to <= today

    def state(row: Coupon) -> tuple[str, str]:
        if over(row):
            return "Ended", ""
        if row.most_uses is not None and uses.get(row.pk, 0) >= row.most_uses:
            return "Used up", "warn"
        return ("Active", "ok") if row.valid_from <= today else ("To come", "info")

    def taken(row: Coupon) -> str:
        return f"{uses.get(row.pk, 0):,}" + (f" of {row.most_uses:,}" if row.most_uses is not None else "")

    return Table(
        key="coupons",
        title="Coupons",
        columns=(
            Column("code", "Coupon", lambda row: row.code, sort="code", href=COUPON.url),
            Column("percent", "Off", lambda row: f"{row.percent_off.normalize():f} %", sort="percent_off"),
            Column("months", "Lasts", lambda row: f"{row.months} months" if row.months else "no end", low=True),
            Column("valid_from", "Valid from", lambda row: row.valid_from, "date", sort="valid_from", low=True),
            Column("valid_to", "Valid until", lambda row: _last(row.valid_to), "date", sort="valid_to", low=True),
            Column("taken", "Used", taken),
            Column("state", "Status", lambda row: state(row)[0], "badge", tone=lambda row: state(row)[1]),
            END_COUPON.column("End"),
        ),
        empty=("No coupons yet", "Coupons give a discount on a service for a number of months."),
    )  # fmt: skip
