"""What the verbs about services share: what may be said, and how it is written and told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from counterfoil.catalogue.models import RECURRING, Frequency, Product
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR
from counterfoil.platform import bulk
from counterfoil.platform.bulk import among
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation
from counterfoil.platform.signatures import Near
from counterfoil.subscriptions import queries, rules
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Span, Subscription, Term
from counterfoil.subscriptions.rules import Timeline

REMOVALS = ("undo", "regret", "cancel")
FARTHEST = dt.timedelta(days=3 * 366)
NearDay = Annotated[dt.date, Near(FARTHEST.days)]


@joint
def sold_more(op: Operation, customer: Customer, site: Site | None, more_minor: int, /) -> None:
    """Many are asked: each refuses to sell so much more a billing period, as priced, to a customer, or at a site."""
    raise NotImplementedError


def locked(subscription: Subscription) -> Subscription:
    lock([subscription.customer_id])
    return Subscription.objects.select_related("customer", "site").get(pk=subscription.pk)


def check_days(on: dt.date, today: dt.date) -> None:
    refuse_if(abs(on - today) > FARTHEST, "absurd_date", "That day is too far away to be right.", field="on")


def check_amounts(quantity: Decimal | None, price: Decimal | None, percent_off: Decimal | None) -> None:
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
    """Every service that stays after a day has on its subscription what it needs (domain 3.2)."""
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


def refresh_due(subscriptions: Any) -> None:
    """Note of each subscription when there is next something to bill."""
    days = queries.next_bill_days(list(subscriptions))
    bulk.update_rows(Subscription, ("next_bill_on",), [(day, pk) for pk, day in days.items()])


def look_again(days: Mapping[int, dt.date]) -> None:
    """The next bill looks again at what is charged already of these services (by id), each from a day on.

    The caller holds the customers' locks. Days that billing has not come to are looked at anyway.
    """
    rows = Service.objects.filter(among("pk", days), billed_to__isnull=False)
    changed = [row for row in rows if row.billed_to is not None and days[row.pk] < row.billed_to]
    bulk.update_rows(
        Service, ("changed_from",), ((min(days[row.pk], row.changed_from or days[row.pk]), row.pk) for row in changed)
    )
    refresh_due({row.subscription_id for row in changed})


def write_spans(service: Service, timeline: Timeline) -> None:
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
    if action.state != ServiceAction.State.SCHEDULED:
        action.asked_by, action.asked_at, action.door = op.caller.name[:120], op.now, op.caller.door
    action.state, action.done_at = ServiceAction.State.DONE, op.now
    action.before, action.after = in_words(before, action.on), in_words(after, action.on)
    action.save()
    tell(op, "service.acted", action)


def tell(op: Operation, kind: str, action: ServiceAction, **more: Any) -> None:
    op.record(
        kind, action.service, customer_id=action.service.subscription.customer_id, service=str(action.service),
        what=what_of(action), on=action.on, **more,
    )  # fmt: skip


def what_of(action: ServiceAction) -> str:
    words = ServiceAction.Kind(action.kind).label.lower()
    return f"{words} to {action.product}" if action.kind == "swap" else words


def in_words(timeline: Timeline, day: dt.date) -> str:
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


@dataclass(frozen=True)
class NewService:
    """A service to add. A price (whole currency units, tax as the product says) only where it is not the list price."""

    product: Product
    label: str = ""
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    percent_off: Decimal = Decimal(0)
    draft: bool = False


@dataclass(frozen=True)
class NewTerm:
    """How a subscription is billed. `anchor_day` is the day of the month a period starts on; empty, the first day."""

    frequency: str = Frequency.MONTH
    anchor_day: int | None = None
    in_advance: bool = True
    proration: str = Term.Proration.ACTUAL
    contract_ends: dt.date | None = None
    notice_days: int = 0
    regret_days: int = 7
    penalty_minor: int = 0


def write_term(
    subscription: Subscription, new: NewTerm, on: dt.date, before: Term | None = None, *,
    first_on: dt.date | None = None,
) -> Term:  # fmt: skip
    """The term from a day on. With the frequency and day of the one before its periods go on as they were.

    Where another system charged for the days before `first_on`, its first whole period is counted from there.
    """
    refuse_if(
        new.frequency not in dict(RECURRING), "no_such_frequency",
        "Choose how often it is billed.", field="frequency",
    )  # fmt: skip
    day = new.anchor_day or on.day
    refuse_if(not 1 <= day <= 31, "absurd_day", "A day of the month is from 1 to 31.", field="anchor_day")
    anchor = rules.first_anchor(max(on, first_on or on), new.frequency, day)
    if before and new.frequency != Frequency.WEEK and (new.frequency, day) == (before.frequency, before.anchor_day):
        anchor = before.anchor_on
    refuse_if(
        not (0 <= new.notice_days <= 400 and 0 <= new.regret_days <= 400), "absurd_days",
        "Notice and cooling-off are from 0 to 400 days.", field="notice_days",
    )  # fmt: skip
    refuse_if(new.proration not in Term.Proration.values, "no_such_proration", "Choose how days are counted.",
              field="proration")  # fmt: skip
    refuse_if(not 0 <= new.penalty_minor <= MOST_MINOR, "absurd_amount", "That penalty cannot be right.",
              field="penalty")  # fmt: skip
    return Term.objects.create(
        subscription=subscription, valid_from=on, frequency=new.frequency, anchor_on=anchor, anchor_day=day,
        in_advance=new.in_advance, proration=new.proration, contract_ends=new.contract_ends,
        notice_days=new.notice_days, regret_days=new.regret_days, penalty_minor=new.penalty_minor,
    )  # fmt: skip


def write_one_time(
    op: Operation, subscription: Subscription, text: str, price: Decimal, on: dt.date, **rest: Any
) -> OneTimeCharge:
    made = OneTimeCharge.objects.create(
        subscription=subscription, text=check_text(text, field="text", most=200), price=price, on=on,
        asked_by=op.caller.name[:120], **{"tax_code": "standard", **rest},
    )  # fmt: skip
    op.record("one_time.added", made, customer_id=subscription.customer_id, text=made.text, amount=str(made.price))
    return made
