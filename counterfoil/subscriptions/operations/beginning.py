"""Beginning: subscriptions and services that a customer takes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.kernel.checks import check_text
from counterfoil.kernel.errors import refuse_if
from counterfoil.operator import numbering
from counterfoil.operator.queries import operator
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.models import Service, ServiceAction, Span, Subscription
from counterfoil.subscriptions.operations.changing import refuse_own_prices
from counterfoil.subscriptions.operations.setting_up import charge_set_up
from counterfoil.subscriptions.operations.shared import (
    FARTHEST,
    NearDay,
    NewService,
    NewTerm,
    check_amounts,
    done,
    locked,
    refresh_due,
    refuse_unless_complete,
    sold_more,
    write_spans,
    write_term,
)
from counterfoil.subscriptions.rules import Stretch

SEQUENCE = ("subscription", "SUB-{number:06}")


@step
def set_up_subscriptions(op: Operation) -> None:
    """The number sequence of subscriptions exists."""
    numbering.define(op, *SEQUENCE)


@verb(label="New subscription")
def start_subscription(
    op: Operation,
    *,
    customer: Customer,
    services: Sequence[NewService],
    on: NearDay,
    term: NewTerm | None = None,
    site: Site | None = None,
    taken_over_on: NearDay | None = None,
) -> Subscription:
    """The customer has these services from a day on, billed together by this term; without one monthly on the
    company's billing day.

    Days before `taken_over_on` another system has charged for: they are neither billed nor credited here.
    """
    owner = _taking(op, customer)
    refuse_if(
        site is not None and site.customer_id != owner.pk, "other_customer", "That address is another customer's."
    )
    subscription = _begin(op, owner, on, term or NewTerm(anchor_day=operator().billing_day), site, taken_over_on)
    made = _add(op, subscription, [(new, on) for new in services], sets_up=taken_over_on is None)
    if taken_over_on is None:
        _sell(op, subscription, made, on)
    _taken_over(op, subscription, taken_over_on, [new.product for new in services])
    return subscription


@step
def take_over_services(
    op: Operation, *, customer: Customer, services: Sequence[tuple[NewService, dt.date]], first_on: dt.date | None,
    term: NewTerm,
) -> list[Service]:  # fmt: skip
    """The customer has these services, each since its day, billed together; returns them in order.

    Days before `first_on` another system has charged for, however long ago they began: bills go on from that day, and
    a billing period starts on it where the term says no other day.
    """
    owner = _taking(op, customer)
    far = "That day is too far away to be right."
    for day in (*(day for _, day in services), first_on or op.today):
        refuse_if(day - op.today > FARTHEST, "absurd_date", far, field="on")
    # Without one, bills go on from the beginning, which may not be longer ago than when it is entered by hand.
    begins = min(day for _, day in services)
    refuse_if(op.today - (first_on or begins) > FARTHEST, "absurd_date", far, field="on")
    subscription = _begin(op, owner, begins, term, None, first_on)
    made = _add(op, subscription, services, sets_up=False)
    _taken_over(op, subscription, first_on, [new.product for new, _ in services])
    return made


def _taking(op: Operation, customer: Customer) -> Customer:
    """The customer, locked; refused where nothing new is sold to them."""
    owner = lock([customer.pk])[customer.pk]
    refuse_if(
        owner.status != "active", "account_closed", f"The account is {owner.status}; nothing new can be added to it."
    )
    refuse_if(owner.held_on(op.today), "on_hold", f"There is a credit hold: {owner.hold_reason}. No new services.")
    return owner


def _begin(
    op: Operation, owner: Customer, on: dt.date, term: NewTerm, site: Site | None, taken_over_on: dt.date | None
) -> Subscription:  # fmt: skip
    number = numbering.take(SEQUENCE[0], [numbering.For(op.today, owner.brand_id)])[0]
    subscription = Subscription.objects.create(
        customer=owner, site=site, number=number.text, sequence_no=number.place, currency=owner.currency, started_on=on
    )
    write_term(subscription, term, on, first_on=taken_over_on)
    return subscription


def _taken_over(
    op: Operation, subscription: Subscription, taken_over_on: dt.date | None, products: Sequence[Product]
) -> None:  # fmt: skip
    if taken_over_on is not None:
        Service.objects.filter(subscription=subscription).update(taken_over_on=taken_over_on)
        refresh_due([subscription.pk])
    op.record(
        "subscription.started", subscription, customer_id=subscription.customer_id, number=subscription.number,
        services=", ".join(map(str, products))[:200],
    )  # fmt: skip


@verb(label="Add services")
def add_services(
    op: Operation,
    *,
    subscription: Subscription,
    services: Sequence[NewService],
    on: NearDay,
) -> list[Service]:
    """The subscription has these services too, from a day on (also an earlier one); drafts are not billed yet."""
    row = locked(subscription)
    refuse_if(
        row.customer.status != "active", "account_closed",
        f"The account is {row.customer.status}; nothing new can be added to it.",
    )  # fmt: skip
    held = row.customer.held_on(op.today)
    refuse_if(held, "on_hold", f"There is a credit hold: {row.customer.hold_reason}. No new services.")
    refuse_if(on < row.started_on, "before_subscription", "The subscription began later.", field="on")
    made = _add(op, row, [(new, on) for new in services], sets_up=True)
    _sell(op, row, made, on)
    return made


def _sell(op: Operation, subscription: Subscription, made: Sequence[Service], on: dt.date) -> None:
    """What usage will come to nobody knows, so it counts for nothing."""
    fixed = [service for service in made if service.product.kind != Product.Kind.USAGE]
    more = sum(queries.price_of(service, on) or 0 for service in fixed)
    sold_more(op, subscription.customer, subscription.site, more)


def _add(
    op: Operation, subscription: Subscription, new: Sequence[tuple[NewService, dt.date]], *, sets_up: bool
) -> list[Service]:  # fmt: skip
    """Each from its day on, with its set-up fee where another system has not charged for it; drafts have none yet."""
    refuse_if(not new, "no_services", "Choose at least one service.", field="services")
    refuse_own_prices(op.caller, [one for one, _ in new])
    made = []
    for wanted, on in new:
        refuse_if(not wanted.product.active, "not_sold", f"{wanted.product} is no longer sold.", field="services")
        refuse_if(
            wanted.product.kind == Product.Kind.ONE_TIME, "charged_once",
            f"{wanted.product} is charged once, and no service. Add it as a one-time charge.", field="services",
        )  # fmt: skip
        check_amounts(wanted.quantity, wanted.price, wanted.percent_off)
        service = _create(op, subscription, wanted, on)
        made.append(service)
        if sets_up and not wanted.draft:
            charge_set_up(op, service, on)
        for part in wanted.product.parts.select_related("part"):
            # Its price is within the bundle's; of usage only what is included is.
            price = None if part.part.kind == Product.Kind.USAGE else Decimal(0)
            inner = NewService(part.part, quantity=Decimal(part.quantity), price=price, draft=wanted.draft)
            made.append(_create(op, subscription, inner, on, within=service))
    refuse_unless_complete(subscription, max(on for _, on in new))
    refresh_due([subscription.pk])
    return made


def _create(
    op: Operation, subscription: Subscription, new: NewService, on: dt.date, within: Service | None = None
) -> Service:
    service = Service.objects.create(
        subscription=subscription, product=new.product, added_on=on, within=within,
        label=check_text(new.label, field="label", most=120, required=False),
    )  # fmt: skip
    state = Span.State.DRAFT if new.draft else Span.State.EFFECTIVE
    timeline = (Stretch(on, None, state, new.product.pk, new.quantity, new.price, new.percent_off),)
    write_spans(service, timeline)
    action = ServiceAction(
        service=service, kind="add", on=on, product=new.product, quantity=new.quantity, price=new.price,
        percent_off=new.percent_off or None,
    )  # fmt: skip
    done(op, action, (), timeline)
    return service
