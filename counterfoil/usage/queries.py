"""Every read of usage."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, Max, OuterRef, QuerySet, Sum

from counterfoil.catalogue.models import Frequency, Product
from counterfoil.catalogue.queries import all_prices
from counterfoil.customers.models import Customer
from counterfoil.customers.rules import check_phone
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import places
from counterfoil.operator.queries import without_tax
from counterfoil.platform.bulk import among, chunks
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.queries import subscriptions_of, term_dates, timelines
from counterfoil.subscriptions.rules import (
    BILLABLE,
    BillingPeriod,
    Timeline,
    billing_periods,
    first_difference,
    pieces,
    stretch_on,
)
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.rules import Meter, Rated, rated

_KEPT = Decimal("0.0001")


def used_by_day(since: Mapping[int, dt.date]) -> dict[int, dict[dt.date, Decimal]]:
    """What was used of each service (by id) on each day from a day on: one query, none when there are no services."""
    found: dict[int, dict[dt.date, Decimal]] = {pk: {} for pk in since}
    if not since:
        return found
    rows = UsageRecord.objects.filter(among("service", since), on__gte=min(since.values()))
    sums = rows.order_by().values_list("service", "on").annotate(sum=Sum("quantity"))
    for service, on, quantity in sums:
        # SQLite adds up in floating point; the sum of numbers with four decimal places has four.
        found[service][on] = quantity.quantize(_KEPT)
    return found


def metered(customer: Customer) -> QuerySet[Service]:
    """A customer's services that are charged by usage, in the order they were added; also those that have ended."""
    rows = Service.objects.filter(subscription__in=subscriptions_of(customer), product__kind=Product.Kind.USAGE)
    return rows.select_related("product", "within", "subscription__customer").order_by("subscription_id", "pk")


def name_of(service: Service) -> str:
    """What a service is called; one that came with another has that one's number or name."""
    inner = service.within.label if service.within else ""
    return f"{service}, {inner}" if inner else str(service)


def records_of(customer: Customer) -> QuerySet[UsageRecord]:
    """What was used of a customer's services, newest first."""
    rows = with_reversed(UsageRecord.objects.filter(service__in=metered(customer)))
    return rows.select_related("service__product", "service__within").order_by("-on", "-pk")


def with_reversed(records: QuerySet[UsageRecord]) -> QuerySet[UsageRecord]:
    """With whether each was taken back (`is_reversed`)."""
    return records.annotate(is_reversed=Exists(UsageRecord.objects.filter(reverses=OuterRef("pk"))))


def known_records(source: str, references: Sequence[str]) -> dict[str, UsageRecord]:
    """The records of a source that are there already, by their reference."""
    found: dict[str, UsageRecord] = {}
    for part in chunks(references, 2000):
        found |= {row.reference: row for row in UsageRecord.objects.filter(source=source, reference__in=part)}
    return found


def services_called(names: Sequence[str]) -> dict[str, list[Service]]:
    """The services of usage by what they are called: label, that of what they came with, number of the subscription."""
    found: dict[str, dict[int, Service]] = defaultdict(dict)
    rows = Service.objects.filter(product__kind=Product.Kind.USAGE).select_related(
        "product", "within", "subscription__customer"
    )
    # One after the other, each by its index.
    for part in chunks(sorted(set(names)), 500):
        for row in rows.filter(label__in=part):
            found[row.label][row.pk] = row
        for row in rows.filter(within__label__in=part):
            assert row.within is not None
            found[row.within.label][row.pk] = row
        for row in rows.filter(subscription__number__in=part):
            found[row.subscription.number][row.pk] = row
    return {name: list(services.values()) for name, services in found.items()}


def services_numbered(numbers: Sequence[str], region: str) -> dict[str, list[Service]]:
    """The same for telephone numbers in another spelling than the label's: `+27 21 555 0000` is `0215550000`."""
    spelled: dict[str, list[str]] = defaultdict(list)
    for number in set(numbers):
        if meant := _as_phone(number, region):
            spelled[meant].append(number)
    # Labels are read as numbers only where their last digits are those of a number that is looked for.
    ends = {meant[-7:] for meant in spelled}
    labels = Service.objects.exclude(label="").values_list("label", flat=True).distinct() if ends else []
    known: dict[str, list[str]] = defaultdict(list)
    for label in labels:
        if _digits(label)[-7:] in ends and (meant := _as_phone(label, region)) in spelled:
            known[meant].append(label)
    called = services_called([label for found in known.values() for label in found])
    return {
        number: [service for label in known[meant] for service in called.get(label, ())]
        for meant, found in spelled.items() for number in found if known[meant]
    }  # fmt: skip


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _as_phone(text: str, region: str) -> str:
    """A text as a telephone number in E.164, the `+` left out or not; nothing of any other text."""
    digits = _digits(text)
    if not 7 <= len(digits) <= 15 or any(char.isalpha() for char in text):
        return ""
    # Switches leave the plus out of numbers with their country.
    for spelling in (text, f"+{digits}"):
        with contextlib.suppress(Refused):
            return check_phone(spelling, region=region)
    return ""


class ActiveDays:
    """On which days some services are active, read at once."""

    def __init__(self, services: Iterable[int]) -> None:
        self._lines = timelines(services)

    def on(self, service: int, day: dt.date) -> bool:
        """Whether it is active, and so can be used, on a day."""
        return _active(self._lines[service], day)


@dataclass(frozen=True)
class PeriodUsage:
    """What was used of a service in a billing period, at one rate; why it cannot be rated, when it cannot.

    `excl` is what is said beside a price without tax.
    """

    service: Service
    period: BillingPeriod
    is_current: bool
    rated: Rated | None
    refused: str = ""
    excl: str = ""


def usage_by_period(customer: Customer, today: dt.date) -> list[PeriodUsage]:
    """The current and the last billing period of each service that is charged by usage, as they stand now."""
    services = list(metered(customer))
    if not services:
        return []
    lines = timelines([row.pk for row in services])
    terms = term_dates([row.subscription_id for row in services])
    shown: list[tuple[Service, BillingPeriod, bool]] = []
    for row in services:
        line = lines[row.pk]
        if not line:
            continue
        begun = list(billing_periods(terms[row.subscription_id], line[0].starts, today + dt.timedelta(days=1)))
        # One that ended long ago is not shown any more.
        recent = [cut for period in begun[-2:] if (cut := _there(row, period, line[-1].until)) is not None]
        shown += [(row, period, period.end > today) for period in reversed(recent)]
    used = used_by_day({row.pk: min(p.start for s, p, _ in shown if s.pk == row.pk) for row, _, _ in shown})
    stretches = [stretch.product_id for line in lines.values() for stretch in line]
    prices = all_prices(products=stretches)
    products = {row.pk: row for row in Product.objects.filter(pk__in=stretches)}
    included = {pk: row.included for pk, row in products.items()}
    excl = without_tax()
    found: list[PeriodUsage] = []
    for row, period, is_current in shown:
        currency = row.subscription.currency
        versions = prices.get((Frequency.UNIT, currency), {})
        try:
            parts = pieces(lines[row.pk], period, versions, row.first_had_on, places(currency))
            each = rated(parts, Meter(used[row.pk], included), places(currency))
        except Refused as refusal:
            found.append(PeriodUsage(row, period, is_current, None, refusal.sentence))
            continue
        found += [
            PeriodUsage(row, period, is_current, one, excl="" if products[one.product_id].prices_include_tax else excl)
            for one in each
        ]
    return found


def _there(service: Service, period: BillingPeriod, ends: dt.date) -> BillingPeriod | None:
    """The period without the days that another system billed; None where the service has no day of it."""
    start = max(period.start, service.taken_over_on or period.start)
    return dataclasses.replace(period, start=start) if start < min(period.end, ends) else None


def used_on_days_gone(service: Service, before: Timeline, after: Timeline) -> list[UsageRecord]:
    """The records of days on which a service was active by one timeline and is not by another, oldest first."""
    if service.product.kind != Product.Kind.USAGE or (first := first_difference(before, after)) is None:
        return []
    rows = UsageRecord.objects.filter(service=service, on__gte=first, reverses=None, reversal=None)
    return [row for row in rows.order_by("on", "pk") if _active(before, row.on) and not _active(after, row.on)]


def _active(timeline: Timeline, day: dt.date) -> bool:
    stretch = stretch_on(timeline, day)
    return stretch is not None and stretch.state in BILLABLE


def worth(service: Service, timeline: Timeline, start: dt.date, until: dt.date) -> int:
    """What the usage of the billing periods from one day up to another comes to by a timeline, as priced, in minor
    units. Refuses `no_price`.
    """
    terms = term_dates([service.subscription_id])[service.subscription_id]
    periods = list(billing_periods(terms, start, until))
    used = used_by_day({service.pk: periods[0].start})[service.pk]
    products = Product.objects.in_bulk({stretch.product_id for stretch in timeline})
    currency = service.subscription.currency
    versions = all_prices(products=products).get((Frequency.UNIT, currency), {})
    meter = Meter(used, {pk: row.included for pk, row in products.items()})
    parts = (pieces(timeline, period, versions, service.first_had_on, places(currency)) for period in periods)
    return sum(each.minor for part in parts for each in rated(part, meter, places(currency)))


def newest_day() -> dt.date | None:
    """The last day of which there is usage."""
    found: dt.date | None = UsageRecord.objects.aggregate(newest=Max("on"))["newest"]
    return found


def any_metered() -> bool:
    """Whether any service that goes on is charged by usage."""
    return Service.objects.filter(end="", product__kind=Product.Kind.USAGE).exists()
