"""Every write about subscriptions: what a customer has changes here, and each change is one tracked record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from counterfoil.catalogue.models import Frequency, Product
from counterfoil.customers.models import Customer, Site
from counterfoil.customers.queries import lock
from counterfoil.customers.rules import check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import MOST_MINOR, places
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.platform import bulk, numbering
from counterfoil.platform.operations import Caller, Operation, operation
from counterfoil.subscriptions import queries, rules
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction, Span, Subscription, Term
from counterfoil.subscriptions.rules import Change, Stretch, Timeline

SEQUENCE = ("subscription", "SUB-")
CHANGES = ("start", "stop", "swap", "rest", "end_rest", "quantity")
PRICING = ("price", "discount")
REMOVALS = ("undo", "regret", "cancel")
_FARTHEST = dt.timedelta(days=3 * 366)


@dataclass(frozen=True)
class NewService:
    """A service to add. A price (tax included, whole currency units) is given only instead of the list price."""

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


@operation
def set_up_subscriptions(op: Operation) -> None:
    """The number sequence of subscriptions exists."""
    numbering.define(*SEQUENCE)


# ------------------------------------------------------------------ beginning


@operation(label="New subscription")
def start_subscription(
    op: Operation,
    *,
    customer: Customer,
    services: Sequence[NewService],
    on: dt.date,
    term: NewTerm | None = None,
    site: Site | None = None,
) -> Subscription:
    """The customer has these services from a day on, billed together by this term."""
    owner = lock([customer.pk])[customer.pk]
    refuse_if(owner.status != "active", "account_closed", f"The account is {owner.status}; nothing new is put on it.")
    refuse_if(
        site is not None and site.customer_id != owner.pk, "other_customer", "That address is another customer's."
    )
    _check_day(on, op.today)
    new = term or NewTerm()
    number = numbering.take(SEQUENCE[0], 1)[0]
    subscription = Subscription.objects.create(
        customer=owner, site=site, number=number.text, sequence_no=number.place, currency=owner.currency, started_on=on
    )
    _write_term(subscription, new, on)
    _add(op, subscription, services, on)
    op.record(
        "subscription.started", subscription, customer_id=owner.pk, number=number.text,
        services=", ".join(str(new.product) for new in services)[:200],
    )  # fmt: skip
    return subscription


@operation(label="Add services")
def add_services(
    op: Operation, *, subscription: Subscription, services: Sequence[NewService], on: dt.date
) -> list[Service]:
    """The subscription has these services too, from a day on (also an earlier one); drafts are not billed yet."""
    row = _locked(subscription)
    _check_day(on, op.today)
    refuse_if(on < row.started_on, "before_subscription", "The subscription began later.", field="on")
    return _add(op, row, services, on)


def _add(op: Operation, subscription: Subscription, new: Sequence[NewService], on: dt.date) -> list[Service]:
    refuse_if(not new, "no_services", "Choose at least one service.", field="services")
    made = []
    for wanted in new:
        refuse_if(not wanted.product.active, "not_sold", f"{wanted.product} is no longer sold.", field="services")
        _check_amounts(wanted.quantity, wanted.price, wanted.percent_off)
        service = _create(op, subscription, wanted, on)
        made.append(service)
        for part in wanted.product.parts.select_related("part"):
            inner = NewService(part.part, quantity=Decimal(part.quantity), price=Decimal(0), draft=wanted.draft)
            made.append(_create(op, subscription, inner, on, within=service))
    _refuse_unless_complete(subscription, on)
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
    _write_spans(service, timeline)
    action = ServiceAction(
        service=service, kind="add", on=on, product=new.product, quantity=new.quantity, price=new.price,
        percent_off=new.percent_off or None,
    )  # fmt: skip
    _done(op, action, (), timeline)
    return service


# ------------------------------------------------------------------ changing


@operation(label="Change services")
def change_services(
    op: Operation, *, services: Sequence[Service], change: Change, reason: str = ""
) -> list[ServiceAction]:
    """The services start, stop, rest, change package or quantity from the day of the change; a later day is scheduled.

    What a change does to the money follows at the next bill: the difference to what was charged.
    """
    assert change.kind in CHANGES
    return _act(op, services, change, reason)


@operation(label="Reprice services")
def reprice_services(op: Operation, *, services: Sequence[Service], change: Change, reason: str) -> list[ServiceAction]:
    """The services have a price of their own, or so much off, from a day up to another."""
    assert change.kind in PRICING
    check_text(reason, field="reason", most=200)
    return _act(op, services, change, reason)


@operation(label="Remove services")
def remove_services(
    op: Operation, *, services: Sequence[Service], change: Change, reason: str = ""
) -> list[ServiceAction]:
    """The services end on a day. A draft is undone; regret, within its days, takes every recurring charge back;
    cancelling keeps to notice, and before the contract's end a penalty is charged. What was scheduled later is gone.
    """
    assert change.kind in REMOVALS
    return _act(op, services, change, reason)


def _act(op: Operation, services: Sequence[Service], change: Change, reason: str) -> list[ServiceAction]:
    refuse_if(not services, "no_services", "Choose at least one service.", field="services")
    refuse_if(abs(change.on - op.today) > _FARTHEST, "absurd_date", "That day is too far away to be right.", field="on")
    _check_amounts(change.quantity, change.price, change.percent_off)
    refuse_if(
        change.kind == "swap" and change.product_id is None, "no_product", "Choose the new package.", field="product"
    )
    why = check_text(reason, field="reason", most=200, required=False)
    rows = list(Service.objects.filter(pk__in=[s.pk for s in services]).select_related("subscription", "product"))
    lock({row.subscription.customer_id for row in rows})
    if change.kind not in ("swap", *PRICING):
        # What came within a bundle goes its way.
        parts = Service.objects.filter(within__in=rows, end="").exclude(pk__in=[row.pk for row in rows])
        rows += list(parts.select_related("subscription", "product"))
    actions = []
    for row in rows:
        action = ServiceAction(
            service=row, kind=change.kind, on=change.on, until=change.until, product_id=change.product_id,
            quantity=change.quantity, price=change.price, percent_off=change.percent_off, reason=why,
        )  # fmt: skip
        if change.on > op.today:
            _schedule(op, action)
        else:
            _perform(op, action)
        actions.append(action)
    for subscription in {row.subscription_id: row.subscription for row in rows}.values():
        if change.on <= op.today:
            _refuse_unless_complete(subscription, change.on)
    refresh_due({row.subscription_id for row in rows})
    return actions


def _schedule(op: Operation, action: ServiceAction) -> None:
    service = action.service
    timeline = queries.timeline_of(service)
    for earlier in queries.scheduled([service.pk])[service.pk]:
        if earlier.on <= action.on:
            timeline = rules.apply(timeline, earlier)
    _check(action, timeline)
    rules.apply(timeline, queries.as_change(action))
    action.state, action.asked_by, action.asked_at = ServiceAction.State.SCHEDULED, op.caller.name[:120], op.now
    action.door = op.caller.door
    action.before = _words(timeline, action.on)
    action.after = _words(rules.apply(timeline, queries.as_change(action)), action.on)
    action.save()
    op.record(
        "service.scheduled", service, customer_id=service.subscription.customer_id, service=str(service),
        what=_what(action), on=action.on,
    )  # fmt: skip


def _perform(op: Operation, action: ServiceAction) -> None:
    service = action.service
    before = queries.timeline_of(service)
    _check(action, before)
    after = rules.apply(before, queries.as_change(action))
    first = rules.first_difference(before, after)
    if first is not None and service.billed_to is not None and first < service.billed_to:
        service.changed_from = min(first, service.changed_from or first)
    if action.kind in REMOVALS:
        service.end, service.ended_on = _END[action.kind], action.on
        # What was to happen later cannot any more.
        later = ServiceAction.objects.filter(service=service, state=ServiceAction.State.SCHEDULED, on__gte=action.on)
        later.exclude(pk=action.pk).update(state=ServiceAction.State.WITHDRAWN, done_at=op.now)
        _charge_penalty(op, action)
    elif after:
        service.product_id = after[-1].product_id
    _write_spans(service, after)
    service.save(update_fields=["changed_from", "end", "ended_on", "product"])
    _done(op, action, before, after)


_END = {"undo": Service.End.REMOVED, "regret": Service.End.REGRETTED, "cancel": Service.End.CANCELLED}


def _check(action: ServiceAction, timeline: Timeline) -> None:
    service, on, kind = action.service, action.on, action.kind
    name = f"{service.product} {service.label}".strip()
    rules.refuse_unless_allowed(kind, rules.state_on(timeline, on, ended=bool(service.end)), name)
    refuse_if(on < service.added_on, "before_added", f"{name} was added on {date_text(service.added_on)}.", field="on")
    term = queries.term_on(service.subscription, on)
    if kind == "regret" and (on - service.added_on).days > term.regret_days:
        raise Refused(
            "regret_over",
            f"{name} was added on {date_text(service.added_on)}, more than {term.regret_days} days before: cancel it.",
            field="on",
        )
    if kind == "swap" and action.product_id is not None:
        target = Product.objects.get(pk=action.product_id)
        refuse_if(not target.active, "not_sold", f"{target} is no longer sold.", field="product")
        refuse_if(target.kind != service.product.kind, "other_kind", f"{target} is another kind of service.",
                  field="product")  # fmt: skip
        now = rules.stretch_on(timeline, on)
        refuse_if(now is not None and now.product_id == target.pk, "same_product", f"It is {target} already.",
                  field="product")  # fmt: skip


def _charge_penalty(op: Operation, action: ServiceAction) -> None:
    subscription = action.service.subscription
    term = queries.term_on(subscription, action.on)
    if action.kind != "cancel" or not term.penalty_minor or action.service.within_id is not None:
        return
    if term.contract_ends is None or action.on >= term.contract_ends:
        return
    price = Decimal(term.penalty_minor).scaleb(-places(subscription.currency))
    _one_time(op, subscription, f"{action.service.product} cancelled before the contract ends", price, action.on)


@operation
def do_scheduled_action(op: Operation, *, action: ServiceAction) -> ServiceAction:
    """A scheduled action is done on its day, or has failed with the reason; run again, nothing happens."""
    row = ServiceAction.objects.select_related("service__subscription", "service__product").get(pk=action.pk)
    lock([row.service.subscription.customer_id])
    row.refresh_from_db()
    if row.state != ServiceAction.State.SCHEDULED:
        return row
    _perform(op, row)
    _refuse_unless_complete(row.service.subscription, row.on)
    refresh_due([row.service.subscription_id])
    return row


@operation
def fail_scheduled_action(op: Operation, *, action: ServiceAction, reason: str) -> ServiceAction:
    """A scheduled action could not be done: it stays on the record with the reason, and stops no other."""
    row = ServiceAction.objects.select_for_update().get(pk=action.pk)
    if row.state == ServiceAction.State.SCHEDULED:
        row.state, row.failure, row.done_at = ServiceAction.State.FAILED, reason[:300], op.now
        row.save(update_fields=["state", "failure", "done_at"])
        _tell(op, "service.failed", row, reason=row.failure)
    return row


def run_due_actions(caller: Caller) -> int:
    """Do every scheduled action whose day has come; returns how many. Run by the clock and before a bill run."""
    done = 0
    for action in queries.actions_due(caller.today):
        try:
            do_scheduled_action(caller, action=action)
        except Refused as refusal:
            fail_scheduled_action(caller, action=action, reason=refusal.sentence)
        done += 1
    return done


@operation(label="Withdraw a scheduled change")
def withdraw_action(op: Operation, *, action: ServiceAction) -> ServiceAction:
    """A scheduled change will not happen."""
    lock([action.service.subscription.customer_id])
    row = ServiceAction.objects.select_related("service__subscription", "service__product").get(pk=action.pk)
    refuse_if(row.state != ServiceAction.State.SCHEDULED, "not_scheduled", f"It is {row.get_state_display().lower()}.")
    row.state, row.done_at = ServiceAction.State.WITHDRAWN, op.now
    row.save(update_fields=["state", "done_at"])
    _tell(op, "service.withdrawn", row)
    return row


# ------------------------------------------------------------------ terms and one-time charges


@operation(label="Change how it is billed")
def amend_terms(op: Operation, *, subscription: Subscription, term: NewTerm, on: dt.date | None = None) -> Term:
    """The subscription is billed by this term from the end of what is billed already, or from the day given (what is
    billed beyond it is credited). The term before stays as history.
    """
    row = _locked(subscription)
    billed = [day for day in Service.objects.filter(subscription=row).values_list("billed_to", flat=True) if day]
    start = on or max([*billed, op.today])
    current = queries.term_on(row, start)
    refuse_if(start <= current.valid_from, "before_term", "The term now in force began later.", field="on")
    Term.objects.filter(subscription=row, valid_from__gte=start).delete()
    current.valid_to = start
    current.save(update_fields=["valid_to"])
    made = _write_term(row, term, start)
    for service in Service.objects.filter(subscription=row, billed_to__gt=start):
        # The new periods start here; what is charged beyond is credited.
        service.changed_from, service.billed_to = min(start, service.changed_from or start), start
        service.save(update_fields=["changed_from", "billed_to"])
    refresh_due([row.pk])
    op.record(
        "subscription.term_changed", row, customer_id=row.customer_id, number=row.number, on=start,
        terms=f"{made.get_frequency_display().lower()}, day {made.anchor_day}, "
        f"{'in advance' if made.in_advance else 'in arrears'}",
    )  # fmt: skip
    return made


def _write_term(subscription: Subscription, new: NewTerm, on: dt.date) -> Term:
    refuse_if(
        new.frequency not in Frequency.values or new.frequency == Frequency.ONCE, "no_such_frequency",
        "Choose how often it is billed.", field="frequency",
    )  # fmt: skip
    day = new.anchor_day or on.day
    refuse_if(not 1 <= day <= 31, "absurd_day", "A day of the month is from 1 to 31.", field="anchor_day")
    anchor = on
    if new.frequency != Frequency.WEEK:
        # The last such day that is not after the first one of the term.
        anchor = add_months(on, 0, anchor=day)
        anchor = anchor if anchor <= on else add_months(on, -1, anchor=day)
    refuse_if(not 0 <= new.penalty_minor <= MOST_MINOR, "absurd_amount", "That penalty cannot be right.",
              field="penalty")  # fmt: skip
    return Term.objects.create(
        subscription=subscription, valid_from=on, frequency=new.frequency, anchor_on=anchor, anchor_day=day,
        in_advance=new.in_advance, proration=new.proration, contract_ends=new.contract_ends,
        notice_days=new.notice_days, regret_days=new.regret_days, penalty_minor=new.penalty_minor,
    )  # fmt: skip


@operation(label="Add a one-time charge")
def add_one_time_charge(
    op: Operation, *, subscription: Subscription, text: str, price: Decimal, on: dt.date,
    quantity: Decimal = Decimal(1), tax_code: str = "standard",
) -> OneTimeCharge:  # fmt: skip
    """The next bill charges this once (price in whole currency units, tax included)."""
    row = _locked(subscription)
    _check_day(on, op.today)
    _check_amounts(quantity, price, None)
    made = _one_time(op, row, text, price, on, quantity=quantity, tax_code=tax_code)
    refresh_due([row.pk])
    return made


def _one_time(
    op: Operation, subscription: Subscription, text: str, price: Decimal, on: dt.date, **rest: Any
) -> OneTimeCharge:
    made = OneTimeCharge.objects.create(
        subscription=subscription, text=check_text(text, field="text", most=200), price=price, on=on,
        asked_by=op.caller.name[:120], **{"tax_code": "standard", **rest},
    )  # fmt: skip
    op.record("one_time.added", made, customer_id=subscription.customer_id, text=made.text, amount=str(made.price))
    return made


@operation(label="Drop a one-time charge")
def drop_one_time_charge(op: Operation, *, charge: OneTimeCharge) -> OneTimeCharge:
    """A one-time charge that is not billed yet will not be."""
    lock([charge.subscription.customer_id])
    row = OneTimeCharge.objects.select_related("subscription").get(pk=charge.pk)
    refuse_if(row.billed_on is not None, "billed", "It is billed already: credit the invoice.")
    if not row.dropped:
        row.dropped = True
        row.save(update_fields=["dropped"])
        op.record("one_time.dropped", row, customer_id=row.subscription.customer_id, text=row.text)
        refresh_due([row.subscription_id])
    return row


# ------------------------------------------------------------------ what all of them share


def _locked(subscription: Subscription) -> Subscription:
    lock([subscription.customer_id])
    return Subscription.objects.select_related("customer", "site").get(pk=subscription.pk)


def _check_day(on: dt.date, today: dt.date) -> None:
    refuse_if(abs(on - today) > _FARTHEST, "absurd_date", "That day is too far away to be right.", field="on")


def _check_amounts(quantity: Decimal | None, price: Decimal | None, percent_off: Decimal | None) -> None:
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


def _refuse_unless_complete(subscription: Subscription, day: dt.date) -> None:
    """Every service that is not ended has on its subscription what it needs (domain 3.3)."""
    live = list(Service.objects.filter(subscription=subscription, end="").select_related("product"))
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
    late = dict(waiting.values_list("subscription_id", "on"))
    rows = [(min(days) if days else late.get(pk), pk) for pk, days in due.items()]
    bulk.update_rows(Subscription, ("next_bill_on",), rows)


def _write_spans(service: Service, timeline: Timeline) -> None:
    Span.objects.filter(service=service).delete()
    bulk.insert_rows(
        Span,
        ("service", "starts", "ends", "state", "product", "quantity", "price", "percent_off"),
        (
            (service.pk, s.starts, s.ends, s.state, s.product_id, s.quantity, s.price, s.percent_off)
            for s in timeline
        ),
    )  # fmt: skip


def _done(op: Operation, action: ServiceAction, before: Timeline, after: Timeline) -> None:
    if action.state != ServiceAction.State.SCHEDULED:
        action.asked_by, action.asked_at, action.door = op.caller.name[:120], op.now, op.caller.door
    action.state, action.done_at = ServiceAction.State.DONE, op.now
    action.before, action.after = _words(before, action.on), _words(after, action.on)
    action.save()
    _tell(op, "service.acted", action)


def _tell(op: Operation, kind: str, action: ServiceAction, **more: Any) -> None:
    op.record(
        kind, action.service, customer_id=action.service.subscription.customer_id, service=str(action.service),
        what=_what(action), on=action.on, **more,
    )  # fmt: skip


def _what(action: ServiceAction) -> str:
    words = ServiceAction.Kind(action.kind).label.lower()
    return f"{words} to {action.product}" if action.kind == "swap" else words


def _words(timeline: Timeline, day: dt.date) -> str:
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
