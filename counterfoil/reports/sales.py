"""Reports about what is sold: by product and area, recurring revenue, customers won and lost."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse

from counterfoil.billing.models import Charge, CreditNoteLine, InvoiceLine
from counterfoil.billing.queries import tax_rates_on
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import all_prices
from counterfoil.catalogue.rules import priced_by
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible
from counterfoil.kernel.money import places, round_minor
from counterfoil.platform.callers import Caller
from counterfoil.platform.columns import Column
from counterfoil.platform.tables import Table
from counterfoil.reports.asked import Asked, amount, currency
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.queries import term_dates, timelines
from counterfoil.subscriptions.rules import BILLABLE, a_month, had_since, price_minor, stretch_on


@dataclass
class _Sold:
    """What was invoiced of a product in an area, in minor units without tax."""

    product: str
    area: str
    currency: str
    invoiced: int = 0
    credited: int = 0

    @property
    def net(self) -> int:
        return self.invoiced - self.credited


def _product(**line: Any) -> Subquery:
    """The product that a line charges for."""
    return Subquery(Charge.objects.filter(**line, product__isnull=False).values("product")[:1])


def sales(caller: Caller, asked: Asked) -> tuple[Table, list[_Sold]]:
    """What was invoiced less what was credited in the period, without tax, by product and area."""
    days = (asked.first, asked.last)
    invoiced: QuerySet[Any] = InvoiceLine.objects.filter(invoice__state="issued", invoice__on__range=days)
    credited: QuerySet[Any] = CreditNoteLine.objects.filter(credit_note__on__range=days)
    invoiced = invoiced.annotate(of=_product(line=OuterRef("pk")))
    credited = credited.annotate(
        of=Coalesce(_product(credit_line=OuterRef("pk")), _product(line=OuterRef("invoice_line")))
    )
    names = dict(Product.objects.values_list("pk", "name"))
    found: dict[tuple[Any, ...], _Sold] = {}
    for rows, document, sign in ((invoiced, "invoice", 1), (credited, "credit_note", -1)):
        seen = of_visible(caller, rows, f"{document}__customer").order_by()
        keys = ("of", f"{document}__customer__area__name", f"{document}__currency")
        for product, area, code, minor in seen.values_list(*keys).annotate(Sum("net_minor")):
            name = names.get(product, "Without a product")
            row = found.setdefault((product, area, code), _Sold(name, area or "", code))
            row.invoiced += minor if sign > 0 else 0
            row.credited += minor if sign < 0 else 0
    columns = (
        Column("product", "product", lambda row: row.product, sort=True),
        Column("area", "area", lambda row: row.area, sort=True),
        currency(),
        amount("invoiced", "invoiced", lambda row: row.invoiced, low=True),
        amount("credited", "credited", lambda row: row.credited, low=True),
        amount("net", "sales", lambda row: row.net, strong=True),
    )
    sold = sorted(found.values(), key=lambda row: (row.product, row.area, row.currency))
    return Table(key="report-sales", title="Sales by product and area", columns=columns), sold


_AT_ONCE = 2000


def revenue_on(caller: Caller, days: tuple[dt.date, ...]) -> Iterator[tuple[str, list[int], int]]:
    """For each service with a fixed price: its currency, what it brings a month on each day, and whose it is.

    As the catalogue says it, without tax, in minor units; nothing while it is paused or over.
    """
    prices = all_prices()
    rates = [{rate.code: rate.percent for rate in tax_rates_on(day)} for day in days]
    usual = [next((rate.percent for rate in tax_rates_on(day) if rate.is_default), Decimal(0)) for day in days]
    services = of_visible(caller, Service.objects.exclude(product__kind=Product.Kind.USAGE), "subscription__customer")
    rows = services.filter(within__isnull=True).select_related("subscription").order_by("pk")
    products = Product.objects.in_bulk()
    after = 0
    while chunk := list(rows.filter(pk__gt=after)[:_AT_ONCE]):
        after = chunk[-1].pk
        lines = timelines([row.pk for row in chunk])
        terms = term_dates(list({row.subscription_id for row in chunk}))
        for row in chunk:
            code = row.subscription.currency
            found = []
            for place, day in enumerate(days):
                now = stretch_on(lines[row.pk], day)
                term = [one for one in terms[row.subscription_id] if one.valid_from <= day]
                if now is None or now.state not in BILLABLE or not term:
                    found.append(0)
                    continue
                product, often = products[now.product_id], term[-1].frequency
                versions = prices.get((priced_by(product.kind, often), code), {})
                had = had_since(lines[row.pk], day, row.first_had_on)
                minor = a_month(price_minor(now, versions, day, had, places(code)) or 0, often)
                if product.prices_include_tax:
                    percent = rates[place].get(product.tax_code, usual[place]) if product.tax_code else usual[place]
                    minor = round_minor(Decimal(minor) * 100 / (100 + percent))
                found.append(minor)
            yield code, found, row.subscription.customer_id


@dataclass
class _Movement:
    """How recurring revenue a month moved, in minor units without tax."""

    currency: str
    before: int = 0
    new: int = 0
    more: int = 0
    less: int = 0
    lost: int = 0
    after: int = 0


def recurring_revenue(caller: Caller, asked: Asked) -> tuple[Table, list[_Movement]]:
    """Recurring revenue a month at the end of the period beside that of the day before it, and what moved it.

    A customer who paid nothing before is new, one who pays nothing any more is lost; else it is more or less.
    """
    before: dict[tuple[str, int], int] = defaultdict(int)
    after: dict[tuple[str, int], int] = defaultdict(int)
    for code, (first, last), customer in revenue_on(caller, (asked.first - dt.timedelta(days=1), asked.last)):
        before[code, customer] += first
        after[code, customer] += last
    found: dict[str, _Movement] = {}
    for key, was in before.items():
        row, now = found.setdefault(key[0], _Movement(key[0])), after[key]
        row.before += was
        row.after += now
        row.new += now if was == 0 else 0
        row.lost += was if now == 0 else 0
        if was and now:
            row.more += max(now - was, 0)
            row.less += max(was - now, 0)
    columns = (
        currency(),
        amount("before", "before", lambda row: row.before),
        amount("new", "new customers", lambda row: row.new),
        amount("more", "more services", lambda row: row.more),
        amount("less", "fewer services", lambda row: -row.less),
        amount("lost", "lost customers", lambda row: -row.lost),
        amount("after", "after", lambda row: row.after, strong=True),
    )
    rows = [found[code] for code in sorted(found)]
    return Table(key="report-recurring-revenue", title="Recurring revenue a month", columns=columns), rows


@dataclass(frozen=True)
class _Moved:
    number: str
    name: str
    on: dt.date
    what: str


def customers_moved(caller: Caller, asked: Asked) -> tuple[Table, list[_Moved]]:
    """Customers who joined in the period, and those whose last service ended in it."""
    joined = of_visible(caller, Customer.objects.exclude(status__in=("merged", "erased")), "pk")
    rows = [
        _Moved(*row, "Joined")
        for row in joined.filter(joined_on__range=(asked.first, asked.last)).values_list("number", "name", "joined_on")
    ]
    services = of_visible(caller, Service.objects.all(), "subscription__customer")
    ended = services.filter(ended_on__range=(asked.first, asked.last))
    last: dict[int, dt.date] = {}
    for customer, day in ended.values_list("subscription__customer").annotate(Max("ended_on")):
        last[customer] = day
    kept = set(
        Service.objects.filter(subscription__customer__in=last, ended_on__isnull=True)
        .values_list("subscription__customer", flat=True)
    )  # fmt: skip
    later = Service.objects.filter(subscription__customer__in=last, ended_on__gt=asked.last)
    kept |= set(later.values_list("subscription__customer", flat=True))
    gone = Customer.objects.exclude(status__in=("merged", "erased")).in_bulk([pk for pk in last if pk not in kept])
    rows += [_Moved(row.number, row.name, last[pk], "Lost") for pk, row in gone.items()]
    columns = (
        Column("date", "date", lambda row: row.on, "date", sort=True),
        Column("what", "what", lambda row: row.what, sort=True),
        Column(
            "account",
            "account",
            lambda row: row.number,
            sort=True,
            href=lambda row: reverse("customer", args=[row.number]),
        ),
        Column("customer", "customer", lambda row: row.name, sort=True),
    )
    rows.sort(key=lambda row: (row.on, row.number))
    return Table(key="report-customers", title="Customers won and lost", columns=columns), rows
