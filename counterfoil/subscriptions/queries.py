"""Every read of subscriptions and services."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Count, Exists, Min, Model, OuterRef, Prefetch, QuerySet, Value

from counterfoil.catalogue.models import Coupon, Product
from counterfoil.catalogue.queries import all_prices, on_sale
from counterfoil.catalogue.rules import amount_text, price_on, priced_by, tidy_price
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, speeches_of, theirs
from counterfoil.kernel.money import places
from counterfoil.operator.queries import without_tax
from counterfoil.platform import fulltext
from counterfoil.platform.bulk import among, chunks
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.subscriptions import rules
from counterfoil.subscriptions.due import next_due
from counterfoil.subscriptions.models import CouponUse, OneTimeCharge, Service, ServiceAction, Span, Subscription, Term
from counterfoil.subscriptions.rules import (
    Change,
    Stretch,
    TermDates,
    Timeline,
    price_minor,
    state_on,
    stretch_on,
    tidy,
)

M = TypeVar("M", bound=Model)
declare_view("subscriptions.view", "See subscriptions and services")

STRETCH = ("starts", "ends", "state", "product_id", "quantity", "price", "percent_off")
DATES = ("frequency", "anchor_on", "anchor_day", "valid_from", "valid_to", "in_advance", "proration")


def timelines(services: Iterable[int]) -> dict[int, Timeline]:
    """The timeline of each service, by its id."""
    found: dict[int, list[Stretch]] = {pk: [] for pk in services}
    rows = Span.objects.filter(among("service", found)).order_by("starts")
    for service, *row in rows.values_list("service_id", *STRETCH):
        found[service].append(Stretch(*row))
    return {pk: tuple(stretches) for pk, stretches in found.items()}


def timeline_of(service: Service) -> Timeline:
    """The timeline of one service."""
    return timelines([service.pk])[service.pk]


def term_dates(subscriptions: Sequence[int]) -> dict[int, list[TermDates]]:
    """The terms of each subscription in order."""
    found: dict[int, list[TermDates]] = defaultdict(list)
    rows = Term.objects.filter(among("subscription", subscriptions)).order_by("valid_from")
    for pk, often, anchor_on, anchor_day, start, end, in_advance, proration in rows.values_list(
        "subscription_id", *DATES
    ):
        thirty = proration == Term.Proration.THIRTY
        found[pk].append(TermDates(often, anchor_on, anchor_day, start, end, in_advance, thirty))
    return found


def term_on(subscription: Subscription, day: dt.date) -> Term:
    """The term that holds on a day; the first one before it began."""
    terms = list(Term.objects.filter(subscription=subscription).order_by("valid_from"))
    held = [term for term in terms if term.valid_from <= day]
    return held[-1] if held else terms[0]


def subscriptions_of(customer: Customer) -> QuerySet[Subscription]:
    """A customer's subscriptions, oldest first."""
    return Subscription.objects.filter(theirs(customer)).select_related("site", "customer").order_by("pk")


def subscriptions_numbered(caller: Caller, text: str, limit: int) -> list[Subscription]:
    """Subscriptions whose number starts with the text, the last one first."""
    rows = of_visible(caller, Subscription.objects.filter(fulltext.starting("number", text.upper())))
    return list(rows.select_related("customer").order_by("-pk")[:limit])


def services_of(customer: Customer, *, ended: bool = False) -> QuerySet[Service]:
    """A customer's services in the order they were added, those that have ended only when asked for."""
    rows = Service.objects.filter(subscription__in=subscriptions_of(customer))
    if not ended:
        rows = rows.filter(end="")
    return (
        rows.select_related("product", "subscription__site", "subscription__customer")
        .prefetch_related(Prefetch("spans", Span.objects.select_related("product")), "subscription__terms")
        .order_by("subscription_id", "pk")
    )


def actions_of(customer: Customer) -> QuerySet[ServiceAction]:
    """Package changes: everything done or to be done to a customer's services, newest first."""
    rows = ServiceAction.objects.filter(service__subscription__in=subscriptions_of(customer))
    return rows.select_related("service__product", "service__subscription").order_by("-on", "-pk")


def one_time_of(customer: Customer) -> QuerySet[OneTimeCharge]:
    """One-time charges that wait for the next bill, each with what is said of a price without tax."""
    rows = OneTimeCharge.objects.filter(subscription__in=subscriptions_of(customer), billed_on=None, dropped=False)
    named = rows.annotate(excl=Value(without_tax()))
    return named.select_related("subscription").order_by("on", "pk")


def as_stretches(spans: Iterable[Span]) -> Timeline:
    """Rows read already, as a timeline."""
    return tidy([Stretch(*(getattr(span, name) for name in STRETCH)) for span in spans])


def as_change(action: ServiceAction) -> Change:
    """An action as the rules see it."""
    return Change(
        action.kind, action.on, action.until, action.product_id, action.quantity, action.price, action.percent_off
    )


def scheduled(services: Sequence[int]) -> dict[int, list[Change]]:
    """The changes that are still to come, by service, in the order in which they will be done."""
    found: dict[int, list[Change]] = defaultdict(list)
    rows = ServiceAction.objects.filter(among("service", services), state=ServiceAction.State.SCHEDULED).order_by(
        "on", "pk"
    )
    for row in rows:
        found[row.service_id].append(as_change(row))
    return found


def planned_timelines(services: Iterable[int]) -> dict[int, Timeline]:
    """The timeline of each service with what is scheduled, by its id."""
    lines, to_come = timelines(ids := list(services)), scheduled(ids)
    return {pk: rules.foreseen(line, to_come.get(pk, ())) for pk, line in lines.items()}


@dataclass(frozen=True)
class Penalty:
    """What leaving before the end of a contract costs, in whole currency units, from a day on."""

    subscription_id: int
    text: str
    price: Decimal
    on: dt.date
    prices_include_tax: bool


def penalty_of(action: ServiceAction) -> Penalty | None:
    """What an action charges because the contract still holds on its day; none for most."""
    service = action.service
    term = term_on(service.subscription, action.on)
    if action.kind != "cancel" or not term.penalty_minor or service.within_id is not None:
        return None
    if term.contract_ends is None or action.on >= term.contract_ends:
        return None
    price = Decimal(term.penalty_minor).scaleb(-places(service.subscription.currency))
    customer = service.subscription.customer
    text = speeches_of([customer])[customer.pk].say("{what} cancelled before the contract ends", what=service.product)
    return Penalty(service.subscription_id, text, price, action.on, service.product.prices_include_tax)


def penalties_to_come(subscriptions: Iterable[int]) -> list[Penalty]:
    """What scheduled cancelling will charge, in the order in which it will."""
    rows = ServiceAction.objects.filter(
        service__subscription__in=list(subscriptions), state=ServiceAction.State.SCHEDULED, kind="cancel"
    ).select_related("service__subscription__customer", "service__product")
    return [found for row in rows.order_by("on", "pk") if (found := penalty_of(row))]


def _lives(service: Service) -> list[int]:
    """The service, and what it was under the accounts before this one."""
    found = [service.pk]
    while service.moved_from is not None:
        service = service.moved_from
        found.append(service.pk)
    return found


def done_changes(service: Service) -> list[Change]:
    """What was done to a service since it was added, under whichever account, in the order in which it was done."""
    rows = ServiceAction.objects.filter(service__in=_lives(service), state=ServiceAction.State.DONE)
    rows = rows.exclude(kind__in=("add", "move"))
    return [as_change(row) for row in rows.order_by("on", "done_at", "pk")]


def added_as(service: Service, timeline: Timeline) -> Stretch | None:
    """What a service was when it was added, until further notice; None when no record says so."""
    added = ServiceAction.objects.filter(service__in=_lives(service), kind="add").order_by("pk").first()
    if added is None or added.product_id is None or not timeline:
        return None
    # Only something added as a draft is ever one, and it stays one until it is started.
    state = "draft" if timeline[0].state == "draft" else "effective"
    return Stretch(
        added.on, None, state, added.product_id, added.quantity or Decimal(1), added.price,
        added.percent_off or Decimal(0),
    )  # fmt: skip


def failed_since(caller: Caller, day: dt.date) -> list[ServiceAction]:
    """Changes of this day and later that could not be done on their day, oldest first."""
    rows = ServiceAction.objects.filter(state=ServiceAction.State.FAILED, on__gte=day).order_by("on", "pk")
    rows = of_visible(caller, rows, "service__subscription__customer")
    return list(rows.select_related("service__subscription__customer"))


def many_due(day: dt.date) -> int:
    """How many accounts have something to bill up to a day."""
    due = Subscription.objects.filter(next_bill_on__lte=day, customer__status="active")
    return due.values("customer").distinct().count()


def has_services(product: Product) -> bool:
    """Whether a product is or was had by anybody, or is to be."""
    return (
        Span.objects.filter(product=product).exists()
        or Service.objects.filter(product=product).exists()
        or ServiceAction.objects.filter(product=product).exists()
    )


def coupon_uses(coupon: Coupon) -> QuerySet[CouponUse]:
    """Who has taken a coupon: what was withdrawn or failed before its day is not counted."""
    counted = (ServiceAction.State.DONE, ServiceAction.State.SCHEDULED)
    return CouponUse.objects.filter(coupon=coupon, action__state__in=counted)


def uses_by_coupon() -> dict[int, int]:
    """How often each coupon was taken; one that nobody took is left out."""
    counted = CouponUse.objects.filter(action__state__in=(ServiceAction.State.DONE, ServiceAction.State.SCHEDULED))
    return dict(counted.order_by().values_list("coupon").annotate(Count("pk")))


def actions_due(day: dt.date, limit: int = 1000) -> list[ServiceAction]:
    """Scheduled actions whose day has come, in order."""
    rows = ServiceAction.objects.filter(state=ServiceAction.State.SCHEDULED, on__lte=day).order_by("on", "pk")
    return list(rows.select_related("service__subscription", "service__product")[:limit])


@dataclass(frozen=True)
class ServiceRow:
    """A service as a list shows it on a day. The price is of one for a period, as its product is priced, in currency
    units, and `month_minor` what all of them are a month; nothing while nothing is charged, and none without a price.

    Of usage the price is of one unit, `included` says what each period has within it, and a month is not known.
    """

    service: Service
    state: str
    price: Decimal | None
    frequency: str
    coming: tuple[ServiceAction, ...]
    included: str = ""
    quantity: Decimal = Decimal(1)
    month_minor: int | None = None


def service_rows(customer: Customer, day: dt.date) -> list[ServiceRow]:
    """A customer's services with what each costs for a period, and what is scheduled to happen to it."""
    services = list(services_of(customer))
    if not services:
        return []
    coming: dict[int, list[ServiceAction]] = defaultdict(list)
    waiting = ServiceAction.objects.filter(service__in=services, state=ServiceAction.State.SCHEDULED)
    for action in waiting.select_related("product").order_by("on", "pk"):
        coming[action.service_id].append(action)
    prices = all_prices(products=[span.product_id for service in services for span in service.spans.all()])
    rows = []
    for service in services:
        timeline = as_stretches(service.spans.all())
        now = stretch_on(timeline, day) or (timeline[-1] if timeline else None)
        terms = sorted(service.subscription.terms.all(), key=lambda term: term.valid_from)
        term = next((t for t in reversed(terms) if t.valid_from <= day), terms[0])
        product, currency = service.product, service.subscription.currency
        versions = prices.get((priced_by(product.kind, term.frequency), currency), {})
        price, often, included, month = None, term.get_frequency_display(), "", None
        had = rules.had_since(timeline, day, service.first_had_on)
        if now is not None and product.kind == Product.Kind.USAGE:
            price = price_on(versions.get(now.product_id, ()), day, had) if now.price is None else now.price
            often = f"per {product.unit}"
            if product.included:
                included = f"{amount_text(product.included * now.quantity, product.unit)} included"
        elif now is not None:
            minor = price_minor(now, versions, day, had, places(currency))
            one = price_minor(dataclasses.replace(now, quantity=Decimal(1)), versions, day, had, places(currency))
            price = None if one is None else Decimal(one).scaleb(-places(currency))
            charged = now.state in rules.BILLABLE
            month = None if minor is None else rules.a_month(minor, term.frequency) if charged else 0
        price = None if price is None else tidy_price(price, currency)
        state = state_on(timeline, day, ended=bool(service.end))
        quantity = now.quantity if now else Decimal(1)
        rows.append(ServiceRow(service, state, price, often, tuple(coming[service.pk]), included, quantity, month))
    return rows


@dataclass(frozen=True)
class ServiceGroup:
    """A subscription with its services, and what they are a month in minor units: with tax in it, and before tax.

    Nothing of what is charged by use.
    """

    subscription: Subscription
    rows: tuple[ServiceRow, ...]
    incl_minor: int
    excl_minor: int


def grouped(rows: Sequence[ServiceRow]) -> list[ServiceGroup]:
    """The services of each subscription, in the order they are given."""
    found = []
    for _, group in itertools.groupby(rows, lambda row: row.service.subscription_id):
        mine = tuple(group)
        incl = sum(row.month_minor or 0 for row in mine if row.service.product.prices_include_tax)
        excl = sum(row.month_minor or 0 for row in mine if not row.service.product.prices_include_tax)
        found.append(ServiceGroup(mine[0].service.subscription, mine, incl, excl))
    return found


def price_of(service: Service, day: dt.date) -> int | None:
    """What a period of a service (a unit, where it is usage) costs as it is on a day, as priced, in minor units.

    None without a price.
    """
    timeline = timeline_of(service)
    stretch = stretch_on(timeline, day)
    if stretch is None:
        return None
    currency = service.subscription.currency
    if service.product.kind == Product.Kind.USAGE:
        stretch = dataclasses.replace(stretch, quantity=Decimal(1))
    often = priced_by(service.product.kind, term_on(service.subscription, day).frequency)
    prices = all_prices(products=[stretch.product_id]).get((often, currency), {})
    return price_minor(stretch, prices, day, rules.had_since(timeline, day, service.first_had_on), places(currency))


def packages_for(service: Service, day: dt.date) -> list[tuple[Product, int]]:
    """What a service can be changed to, the same family first, each with the price of a period in minor units.

    That is the price for new services: what a service changes to it has from then on.
    """
    often = priced_by(service.product.kind, term_on(service.subscription, day).frequency)
    currency = service.subscription.currency
    products = on_sale(service.product.kind)
    versions = all_prices(products=[product.pk for product in products]).get((often, currency), {})
    found = []
    for product in products:
        blank = Stretch(day, None, "effective", product.pk)
        minor = price_minor(blank, versions, day, day, places(currency))
        if product.pk != service.product_id and minor is not None:
            found.append((product, minor))
    return sorted(found, key=lambda row: (row[0].family != service.product.family, row[1]))


def next_bill_days(ids: Sequence[int]) -> dict[int, dt.date | None]:
    """When there is next something to bill of each of these subscriptions, as worked out from what they are."""
    due: dict[int, list[dt.date]] = {pk: [] for pk in ids}
    terms = term_dates(ids)
    services = list(Service.objects.filter(among("subscription", ids)).select_related("product"))
    lines = timelines([service.pk for service in services])
    to_come = scheduled([service.pk for service in services])
    for service in services:
        found = next_due(
            rules.foreseen(lines[service.pk], to_come.get(service.pk, ())),
            terms[service.subscription_id],
            service.billed_to,
            service.changed_from,
            service.taken_over_on,
            metered=service.product.kind == Product.Kind.USAGE,
        )
        if found:
            due[service.subscription_id].append(found)
    waiting = OneTimeCharge.objects.filter(among("subscription", ids), billed_on=None, dropped=False)
    late = dict(waiting.order_by("-on").values_list("subscription_id", "on"))
    return {pk: min(days) if days else late.get(pk) for pk, days in due.items()}


def next_period_on(service: Service, day: dt.date) -> dt.date:
    """The first day of the service's next billing period: after a day, and not within what is billed already."""
    begins = max([day, *(stretch.starts for stretch in timeline_of(service)[:1])])
    billed = [service.billed_to - dt.timedelta(days=1)] if service.billed_to else []
    return rules.next_period_on(term_dates([service.subscription_id])[service.subscription_id], max([begins, *billed]))


def next_bill_on(customer: Customer) -> dt.date | None:
    """The first day on which a customer has something to bill."""
    found: dt.date | None = subscriptions_of(customer).aggregate(first=Min("next_bill_on"))["first"]
    return found


def customers_to_bill(day: dt.date, currency: str, *, group: str = "", frequency: str = "") -> QuerySet[Any, Any]:
    """The customers in use with something to bill up to a day, as `customer_id`; of a group or a frequency if asked."""
    rows = Subscription.objects.filter(next_bill_on__lte=day, currency=currency, customer__status="active")
    if group:
        rows = rows.filter(customer__group=group)
    if frequency:
        rows = rows.filter(Exists(Term.objects.filter(subscription=OuterRef("pk"), frequency=frequency, valid_to=None)))
    return rows.order_by().values("customer_id").distinct()


def has_live_services(customer: Customer) -> bool:
    """Whether anything of the customer's own account goes on and would be billed."""
    return Service.objects.filter(subscription__customer=customer, end="").exists()


def currencies() -> list[str]:
    """The currencies that subscriptions are in."""
    return sorted(Subscription.objects.values_list("currency", flat=True).distinct().order_by())


def services_by_product(caller: Caller) -> dict[int, int]:
    """How many services that go on each product has, among those the caller may see; a product without is left out."""
    if not caller.may("subscriptions.view"):
        return {}
    rows = of_visible(caller, Service.objects.filter(end=""), "subscription__customer")
    return dict(rows.order_by().values_list("product").annotate(Count("pk")))


def services_numbered(services: Sequence[int]) -> dict[int, str]:
    """What services are called, by their id."""
    found: dict[int, str] = {}
    for part in chunks(services, 5000):
        found |= {row.pk: str(row) for row in Service.objects.filter(pk__in=part).select_related("product")}
    return found
