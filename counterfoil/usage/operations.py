"""Every write about usage: records are added, and taken back by their opposite; none is ever changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.rules import amount_text
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import without_tax
from counterfoil.platform import bulk
from counterfoil.platform.bulk import among
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Reference
from counterfoil.subscriptions import queries as subscriptions
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import look_again
from counterfoil.subscriptions.operations.shared import FARTHEST
from counterfoil.subscriptions.rules import BILLABLE, STATE_WORDS, Timeline, stretch_on
from counterfoil.usage import queries
from counterfoil.usage.models import UsageRecord

_COLUMNS = ("id", "service", "on", "quantity", "text", "source", "reference", "author", "at")
MOST = Decimal(10) ** 9


@dataclass(frozen=True)
class NewUsage:
    """So much of a service used on a day, under the name that its source has for it."""

    service_id: int
    on: dt.date
    quantity: Decimal
    reference: str
    text: str = ""


@verb(label="Add usage")
def record_usage(
    op: Operation, *, service: Service, on: dt.date, quantity: Decimal, text: str = "", reference: str = ""
) -> UsageRecord:
    """So much of the service was used on a day; the next bill that comes to that day charges what is not included.

    Without a reference of its own each is another record.
    """
    new = NewUsage(service.pk, on, quantity, reference.strip() or str(op.id), text)
    (pk,) = record_usages(op, records=[new], source="desk")
    return UsageRecord.objects.select_related("service__product").get(pk=pk)


@step
def record_usages(op: Operation, *, records: Sequence[NewUsage], source: str) -> list[int]:
    """Each of these was used; returns the ids of the records in their order. One known already is left as it is.

    A day that is billed already is charged the difference by the next bill. Refuses, and adds nothing, where a service
    is not one of usage or was not active on that day, and where a known reference says something else.
    """
    services = _locked_services({new.service_id for new in records})
    lines = subscriptions.timelines(services)
    known = queries.known_records(source, [new.reference for new in records])
    ids: dict[str, int] = {reference: row.pk for reference, row in known.items()}
    fresh: dict[str, NewUsage] = {}
    for new in records:
        _check(op, services[new.service_id], lines[new.service_id], new)
        before = fresh.get(new.reference)
        if (row := known.get(new.reference)) is not None:
            before = NewUsage(row.service_id, row.on, row.quantity, row.reference, new.text)
        same = before is None or (before.service_id, before.on, before.quantity) == (
            new.service_id, new.on, new.quantity,
        )  # fmt: skip
        refuse_if(
            not same, "other_content",
            f"{new.reference} is there with another service, day or quantity. Take that back first, or use another "
            "reference.", field="reference",
        )  # fmt: skip
        if before is None:
            fresh[new.reference] = new
    keys = bulk.reserve_ids(UsageRecord, len(fresh)) if fresh else ()
    ids |= dict(zip(fresh, keys, strict=True))
    bulk.insert_rows(
        UsageRecord,
        _COLUMNS,
        (
            (
                pk, new.service_id, new.on, new.quantity,
                check_text(new.text, field="text", most=120, required=False), source, new.reference,
                op.caller.name[:120], op.now,
            )
            for pk, new in zip(keys, fresh.values(), strict=True)
        ),
    )  # fmt: skip
    op.keep_many(UsageRecord, keys)
    _tell(op, services, list(fresh.values()))
    return [ids[new.reference] for new in records]


def _locked_services(wanted: set[int]) -> dict[int, Service]:
    rows = Service.objects.filter(among("pk", wanted))
    lock(rows.values_list("subscription__customer_id", flat=True))
    return {row.pk: row for row in rows.select_related("product", "subscription__customer")}


def _check(op: Operation, service: Service, timeline: Timeline, new: NewUsage) -> None:
    refuse_if(
        service.product.kind != Product.Kind.USAGE, "not_by_usage", f"{service} is not charged by usage.",
        field="service",
    )  # fmt: skip
    _refuse_closed(service)
    quantity = new.quantity
    refuse_if(not quantity.is_finite() or not 0 < quantity < MOST, "absurd_quantity",
              "The quantity must be more than zero. To correct usage, reverse it.", field="quantity")  # fmt: skip
    refuse_if(quantity != round(quantity, 4), "too_many_places", "The quantity has more than four decimal places.",
              field="quantity")  # fmt: skip
    refuse_if(len(new.reference) > 160, "too_long", "The reference has more than 160 characters.", field="reference")
    refuse_if(new.on > op.today, "future_date", f"{date_text(new.on)} is in the future.", field="on")
    refuse_if(op.today - new.on > FARTHEST, "absurd_date", "That day is too long ago to be right.", field="on")
    refuse_if(
        service.taken_over_on is not None and new.on < service.taken_over_on, "billed_elsewhere",
        f"Another system billed {service} for {date_text(new.on)}.", field="on",
    )  # fmt: skip
    stretch = stretch_on(timeline, new.on)
    if stretch is None or stretch.state not in BILLABLE:
        state = STATE_WORDS[stretch.state] if stretch else "not there"
        raise Refused(
            "not_active_then",
            f"{service} was {state} on {date_text(new.on)}. Change the day, or start the service from then.",
            field="on",
        )


def _refuse_closed(service: Service) -> None:
    status = service.subscription.customer.status
    refuse_if(status != "active", "account_closed", f"The account is {status}; nothing new can be added to it.",
              field="service")  # fmt: skip


def _tell(op: Operation, services: dict[int, Service], fresh: Sequence[NewUsage]) -> None:
    """One event for each service, and billing looks again at days that it has passed."""
    by_service: dict[int, list[NewUsage]] = defaultdict(list)
    for new in fresh:
        by_service[new.service_id].append(new)
    for pk, rows in by_service.items():
        service, days = services[pk], [new.on for new in rows]
        first, last = date_text(min(days)), date_text(max(days))
        op.record(
            "usage.recorded", service, customer_id=service.subscription.customer_id, service=str(service),
            quantity=amount_text(sum((new.quantity for new in rows), Decimal(0)), service.product.unit),
            records=len(rows), days=first if first == last else f"{first} to {last}",
        )  # fmt: skip
    look_again({pk: min(new.on for new in rows) for pk, rows in by_service.items()})


@verb(label="Reverse usage")
def reverse_usage(op: Operation, *, record: UsageRecord, reason: Reference) -> UsageRecord:
    """The record counts no more: its opposite stands beside it. What was charged for it the next bill credits."""
    (service,) = _locked_services({record.service_id}).values()
    _refuse_closed(service)
    row = UsageRecord.objects.get(pk=record.pk)
    refuse_if(row.reverses_id is not None, "is_reversal", "That is itself a reversal. Add the usage again.")
    refuse_if(UsageRecord.objects.filter(reverses=row).exists(), "already_reversed", "It is already reversed.")
    made = UsageRecord.objects.create(
        service=service, on=row.on, quantity=-row.quantity, text=reason, source="reversal", reference=str(row.pk),
        reverses=row, author=op.caller.name[:120], at=op.now,
    )  # fmt: skip
    op.keep_many(UsageRecord, [made.pk])
    op.record(
        "usage.reversed", service, customer_id=service.subscription.customer_id, service=str(service), on=row.on,
        quantity=amount_text(row.quantity, service.product.unit), reason=reason,
    )  # fmt: skip
    look_again({service.pk: row.on})
    return made


def take_along(op: Operation, before: Service, after: Service) -> None:
    """What was used today before the account changed is of the account that has the day; else nobody would pay it."""
    rows = UsageRecord.objects.filter(service=before, on__gte=op.today, reverses=None, reversal=None)
    found = list(rows.order_by("pk"))
    if not found:
        return
    ids = bulk.reserve_ids(UsageRecord, len(found) * 2)
    author, why = op.caller.name[:120], "Account changed"
    bulk.insert_rows(
        UsageRecord,
        (*_COLUMNS, "reverses"),
        (
            values
            for row, back, again in zip(found, ids[: len(found)], ids[len(found) :], strict=True)
            for values in (
                (back, before.pk, row.on, -row.quantity, why, "reversal", str(row.pk), author, op.now, row.pk),
                (again, after.pk, row.on, row.quantity, row.text, "moved", str(row.pk), author, op.now, None),
            )
        ),
    )
    op.keep_many(UsageRecord, ids)
    op.record(
        "usage.moved", before, customer_id=before.subscription.customer_id, service=str(before),
        quantity=amount_text(sum((row.quantity for row in found), Decimal(0)), before.product.unit),
    )  # fmt: skip


def refuse_used(service: Service, before: Timeline, after: Timeline) -> None:
    """Usage is charged on days on which its service is active, so no change takes such a day away from it."""
    lost = queries.used_on_days_gone(service, before, after)
    if not lost:
        return
    first, last, one = lost[0].on, lost[-1].on, dt.timedelta(days=1)
    days = f"on {date_text(first)}" if first == last else f"from {date_text(first)} to {date_text(last)}"
    many = f"{len(lost)} record{'s' if len(lost) > 1 else ''}"
    amount = amount_text(sum((row.quantity for row in lost), Decimal(0)), service.product.unit)
    raise Refused(
        "used_then",
        f"{service} was used {days}: {many}, {amount}"
        f"{_worth(service, before, after, first, last + one)}. Use {date_text(last + one)} or a later day, or reverse "
        "those records first.",
        field="on",
    )


def _worth(service: Service, before: Timeline, after: Timeline, start: dt.date, until: dt.date) -> str:
    """What would not be charged any more, in words; nothing where it has no price yet or is within what is included."""
    try:
        minor = queries.worth(service, before, start, until) - queries.worth(service, after, start, until)
    except Refused:
        return ""
    excl = "" if service.product.prices_include_tax else f" {without_tax()}"
    return f", {money_text(minor, service.subscription.currency)}{excl}" if minor else ""


@step
def erase_usage(op: Operation, *, customer: Customer) -> int:
    """What was said of each record (whom somebody called) is gone; how much was used stays. Returns how many."""
    return queries.records_of(customer).exclude(text="").update(text="")
