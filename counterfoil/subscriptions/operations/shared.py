"""What every verb about subscriptions shares: locks, checks, writing a timeline, saying what was done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from counterfoil.catalogue.models import Product
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation
from counterfoil.subscriptions import queries, rules
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Span, Subscription
from counterfoil.subscriptions.rules import Timeline

SEQUENCE = ("subscription", "SUB-")
REMOVALS = ("undo", "regret", "cancel")
_FARTHEST = dt.timedelta(days=3 * 366)


def locked(subscription: Subscription) -> Subscription:
    """The subscription as it is now; nobody else changes anything of its customer until commit."""
    lock([subscription.customer_id])
    return Subscription.objects.select_related("customer", "site").get(pk=subscription.pk)


def check_day(on: dt.date, today: dt.date) -> None:
    """Refuse a day that must be a slip of the pen."""
    refuse_if(abs(on - today) > _FARTHEST, "absurd_date", "That day is too far away to be right.", field="on")


def check_amounts(quantity: Decimal | None, price: Decimal | None, percent_off: Decimal | None) -> None:
    """Refuse what is not a quantity, a price in whole currency units, or a percentage."""
    for name, value, most in (("quantity", quantity, 10**6), ("price", price, MOST_MINOR // 10**6),
                              ("percent_off", percent_off, 100)):  # fmt: skip
        if value is None:
            continue
        label = name.replace("_", " ")
        refuse_if(not value.is_finite() or not 0 <= value <= most, "absurd_amount",
                  f"The {label} must be from 0 to {most:,}.", field=name)  # fmt: skip
        refuse_if(value != round(value, 4 if name != "percent_off" else 3), "too_many_places",
                  f"The {label} has too many decimal places.", field=name)  # fmt: skip
    refuse_if(quantity is not None and not quantity, "absurd_quantity", "The quantity must be more than zero.",
              field="quantity")  # fmt: skip


def refuse_unless_complete(subscription: Subscription, day: dt.date) -> None:
    """Every service that stays after a day has on its subscription what it needs (domain 3.3)."""
    going = ServiceAction.objects.filter(
        service__subscription=subscription, state=ServiceAction.State.SCHEDULED, kind__in=REMOVALS, on__lte=day
    )
    rows = Service.objects.filter(subscription=subscription, end="").exclude(pk__in=going.values("service"))
    live = list(rows.select_related("product"))
    for service in live:
        needs = service.product.needs
        if needs and not any(other.product.kind == needs for other in live if other.pk != service.pk):
            raise Refused(
                "needs_other",
                f"{service} needs a {Product.Kind(needs).label.lower()} on the same subscription. "
                "Remove it too, or add what it needs.",
                field="services",
            )


def refresh_due(subscriptions: Iterable[int]) -> None:
    """Note of each subscription when there is next something to bill."""
    ids = list(subscriptions)
    due: dict[int, list[dt.date]] = {pk: [] for pk in ids}
    terms = queries.term_dates(ids)
    services = list(Service.objects.filter(subscription__in=ids))
    lines = queries.timelines([service.pk for service in services])
    for service in services:
        found = rules.next_due(
            lines[service.pk],
            terms[service.subscription_id],
            service.billed_to,
            service.changed_from,
            service.taken_over_on,
        )
        if found:
            due[service.subscription_id].append(found)
    waiting = OneTimeCharge.objects.filter(subscription__in=ids, billed_on=None, dropped=False)
    late = dict(waiting.order_by("-on").values_list("subscription_id", "on"))
    rows = [(min(days) if days else late.get(pk), pk) for pk, days in due.items()]
    bulk.update_rows(Subscription, ("next_bill_on",), rows)


def write_spans(service: Service, timeline: Timeline) -> None:
    """The spans of the service are these."""
    Span.objects.filter(service=service).delete()
    bulk.insert_rows(
        Span,
        ("service", "starts", "ends", "state", "product", "quantity", "price", "percent_off"),
        (
            (service.pk, s.starts, s.ends, s.state, s.product_id, s.quantity, s.price, s.percent_off)
            for s in timeline
        ),
    )  # fmt: skip


def done(op: Operation, action: ServiceAction, before: Timeline, after: Timeline) -> None:
    """The action is on record, with what the service was on its day and what it is."""
    if action.state != ServiceAction.State.SCHEDULED:
        action.asked_by, action.asked_at, action.door = op.caller.name[:120], op.now, op.caller.door
    action.state, action.done_at = ServiceAction.State.DONE, op.now
    action.before, action.after = words(before, action.on), words(after, action.on)
    action.save()
    tell(op, "service.acted", action)


def tell(op: Operation, kind: str, action: ServiceAction, **more: Any) -> None:
    """Record the event of an action."""
    op.record(
        kind, action.service, customer_id=action.service.subscription.customer_id, service=str(action.service),
        what=what(action), on=action.on, **more,
    )  # fmt: skip


def what(action: ServiceAction) -> str:
    """The action in words."""
    words = ServiceAction.Kind(action.kind).label.lower()
    return f"{words} to {action.product}" if action.kind == "swap" else words


def words(timeline: Timeline, day: dt.date) -> str:
    """What a service is on a day, in words: `Fibre 100, 2 at 599.00, resting`."""
    stretch = rules.stretch_on(timeline, day)
    if stretch is None:
        return "nothing"
    parts = [Product.objects.get(pk=stretch.product_id).name]
    if stretch.quantity != 1:
        parts.append(f"{stretch.quantity.normalize():f} of it")
    if stretch.price is not None:
        parts.append(f"at {stretch.price.normalize():f}")
    if stretch.percent_off:
        parts.append(f"{stretch.percent_off.normalize():f} % off")
    if stretch.state != "effective":
        parts.append(stretch.state)
    return ", ".join(parts)[:200]
