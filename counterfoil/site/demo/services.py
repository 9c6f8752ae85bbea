"""What the demonstration's customers have: a catalogue, subscriptions, and some changes under way."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

from counterfoil.billing.operations import draft_invoice, issue_invoices, make_recurring
from counterfoil.billing.queries import tax_rates_on
from counterfoil.billing.rules import LineInput
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import sites_of
from counterfoil.kernel.periods import add_months
from counterfoil.platform.callers import Caller
from counterfoil.sales.operations import make_agreement
from counterfoil.site.demo.people import BUSINESS_PACKAGES, PACKAGES, Person
from counterfoil.subscriptions.models import Subscription
from counterfoil.subscriptions.operations import NewService, NewTerm, add_services, start_subscription
from counterfoil.usage.operations import NewUsage, record_usages

LONG_AGO = dt.date(2020, 1, 1)
ROUTER = "Managed router"
MORE = (("Static IP address", 99, "extra", "data"), ("Installation", 1500, "one_time", ""))


def write_catalogue(caller: Caller, extras: Mapping[str, int]) -> dict[str, Product]:
    """The packages and extras that the history speaks of, by name, with their prices."""
    made: dict[str, Product] = {}
    rows = [(name, price, "data", "", name.rpartition(" ")[0] or "Fibre") for name, price in PACKAGES]
    rows += [(name, price, "data", "", "Business") for name, price in BUSINESS_PACKAGES]
    rows += [(name, price, "voice" if "VoIP" in name else "extra", "", "") for name, price in extras.items()]
    rows += [(name, price, kind, needs, "") for name, price, kind, needs in MORE if name not in extras]
    tiers: Counter[str] = Counter()
    for name, price, kind, needs, family in rows:
        code = name.lower().replace(" ", "-").replace("/", "-")[:40]
        tiers[family] += 1
        new = NewProduct(code, name, kind, family=family, tier=tiers[family] if family else 0, needs=needs)
        product = add_product(caller, new=new)
        frequency = "once" if kind == "one_time" else "month"
        set_prices(caller, prices=[(product, frequency, Decimal(price))], currency="ZAR", valid_from=LONG_AGO)
        if frequency == "month":
            set_prices(caller, prices=[(product, "year", Decimal(price) * 11)], currency="ZAR", valid_from=LONG_AGO)
        made[name] = product
    # Quoted to businesses without tax, which is added on the invoice.
    router = NewProduct("managed-router", ROUTER, "equipment", needs="data", prices_include_tax=False)
    made[ROUTER] = add_product(caller, new=router)
    set_prices(caller, prices=[(made[ROUTER], "month", Decimal(150))], currency="ZAR", valid_from=LONG_AGO)
    calls = NewProduct("calls", "Calls", "usage", needs="voice", unit="minute", included=Decimal(100))
    made["Calls"] = add_product(caller, new=calls)
    set_prices(caller, prices=[(made["Calls"], "unit", Decimal("0.85"))], currency="ZAR", valid_from=LONG_AGO)
    # A dearer price for whoever comes from today on: those who have it keep theirs.
    set_prices(
        caller, prices=[(made["Wireless 20"], "month", Decimal(549))], currency="ZAR",
        valid_from=caller.today, new_only=True,
    )  # fmt: skip
    return made


def subscribe_everyone(caller: Caller, people: Mapping[int, Person], customers: Mapping[int, Customer]) -> None:
    """Each customer has what the history billed, monthly in advance; this month is billed already."""
    extras = {name: price for person in people.values() for name, _, price in person.extras}
    products = write_catalogue(caller, extras)
    month = caller.today.replace(day=1)
    for pk, customer in customers.items():
        person = people[pk]
        joined = customer.joined_on
        services = [NewService(products[person.package[0]])]
        services += [NewService(products[name], quantity=Decimal(n)) for name, n, _ in person.extras]
        if person.package[0] == "Business Wireless 50":
            services.append(NewService(products[ROUTER]))
        site = next((row for row in sites_of(customer) if row.is_primary), None)
        # Whoever joined this month was not billed at all yet.
        billed = add_months(month, 1) if joined < month else None
        subscription = start_subscription(
            caller, customer=customer, services=services, on=max(joined, month - dt.timedelta(days=700)),
            term=NewTerm(anchor_day=1), site=site, taken_over_on=billed,
        )  # fmt: skip
        if any("VoIP" in name for name, _, _ in person.extras):
            _calls(caller, subscription, products["Calls"], max(joined, month))


def make_agreements(caller: Caller, people: Mapping[int, Person], customers: Mapping[int, Customer]) -> None:
    """The first businesses have a maintenance plan; that of the tour also rents a place on a mast, billed by itself."""
    month = caller.today.replace(day=1)
    businesses = [pk for pk in customers if people[pk].package in BUSINESS_PACKAGES]
    for place, pk in enumerate(businesses[:9]):
        customer = customers[pk]
        site = next((row for row in sites_of(customer) if row.is_primary), None)
        if place in (0, 3):
            coverage = "A place for one antenna on the mast in Kloof Street, with power and a key to the cabinet."
            mast = make_agreement(
                caller, customer=customer, title="Place on a mast", coverage=coverage, site=site,
                starts=add_months(month, -20), ends=add_months(month, 40),
            )  # fmt: skip
        if place == 3:
            line = LineInput("Place on the mast, a month", Decimal(1), Decimal(1150), tax_rates_on(month)[0].pk)
            draft = draft_invoice(caller, customer=customer, lines=[line], on=month)
            (invoice,) = issue_invoices(caller, invoices=[draft])
            make_recurring(caller, invoice=invoice, frequency="month", agreement=mast)
        coverage = "Router and cabling are looked at twice a year; a fault is mended on the next working day."
        make_agreement(
            caller, customer=customer, title="Maintenance plan", coverage=coverage, site=site,
            starts=add_months(month, -place), ends=add_months(month, 12 - place),
            renewal_months=12 if place % 2 else None,
        )  # fmt: skip


def _calls(caller: Caller, subscription: Subscription, product: Product, since: dt.date) -> None:
    """Who has a telephone line calls: since this month by the minute, some of them more than is included."""
    rng = random.Random(subscription.pk)
    new = NewService(product, label=f"010 555 {subscription.pk:04d}")
    (service,) = add_services(caller, subscription=subscription, services=[new], on=since)
    records = [
        NewUsage(
            service.pk, since + dt.timedelta(days=rng.randrange((caller.today - since).days + 1)),
            Decimal(rng.randrange(5, 400)) / 10, f"{subscription.pk}-{n}", f"082 555 {rng.randrange(10000):04d}",
        )
        for n in range(rng.randrange(3, 12))
    ]  # fmt: skip
    record_usages(Caller.system("import", behalf=caller), records=records, source="switch")
