"""Changing and removing services, now or on a later day: each change one tracked record."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from counterfoil.catalogue.models import Product
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import round_minor
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Reason
from counterfoil.subscriptions import queries, rules
from counterfoil.subscriptions.models import Service, ServiceAction
from counterfoil.subscriptions.operations.setting_up import charge_set_up, follow_start
from counterfoil.subscriptions.operations.shared import (
    FARTHEST,
    REMOVALS,
    NewService,
    check_amounts,
    done,
    in_words,
    look_again,
    refresh_due,
    refuse_unless_complete,
    sold_more,
    tell,
    what_of,
    write_one_time,
    write_spans,
)
from counterfoil.subscriptions.rules import Change, Timeline

CHANGES = ("start", "stop", "swap", "rest", "end_rest", "quantity")
PRICING = ("price", "discount")


@joint
def days_taken(service: Service, before: Timeline, after: Timeline, /) -> None:
    """Many are asked, who count on days of a service: each refuses a change that takes such days from its timeline."""
    raise NotImplementedError


@verb(label="Change services")
def change_services(
    op: Operation, *, services: Sequence[Service], change: Change, reason: Reason = ""
) -> list[ServiceAction]:
    """The services start, stop, rest, change package or quantity from the day of the change; a later day is scheduled.

    What a change does to the money follows at the next bill: the difference to what was charged.
    """
    refuse_if(change.kind not in CHANGES, "unknown_change", "There is no such change of a service.", field="kind")
    refuse_own_prices(op.caller, [change], field="price")
    return act(op, services, change, reason)


@verb(label="Reprice services")
def reprice_services(
    op: Operation, *, services: Sequence[Service], change: Change, reason: Reason
) -> list[ServiceAction]:
    """The services have a price of their own, or so much off, from a day up to another."""
    refuse_if(change.kind not in PRICING, "unknown_change", "There is no such change of a service.", field="kind")
    return act(op, services, change, reason)


def refuse_own_prices(caller: Caller, new: Sequence[NewService | Change], *, field: str = "services") -> None:
    """What a service costs is a right of its own, also at the start, with another package, and where the change is part
    of another verb: refuses other prices to whoever lacks it."""
    own = any(one.price is not None or one.percent_off for one in new)
    again = any(isinstance(one, Change) and one.kind in PRICING for one in new)
    if (own or again) and not caller.may(reprice_services):
        raise Refused("not_allowed", f"Your role does not include: {reprice_services.label}.", field=field)


@verb(label="Remove services")
def remove_services(
    op: Operation, *, services: Sequence[Service], change: Change, reason: Reason = ""
) -> list[ServiceAction]:
    """The services end on a day, one or all of them. A draft is undone, whatever is asked; regret, in its days, takes
    every recurring charge back; cancelling keeps to notice, and before the contract's end a penalty is charged. What
    was scheduled later is gone.
    """
    refuse_if(change.kind not in REMOVALS, "unknown_change", "There is no such change of a service.", field="kind")
    return act(op, services, change, reason)


def act(op: Operation, services: Sequence[Service], change: Change, reason: str) -> list[ServiceAction]:
    """What all verbs about services do: the change on its day, or scheduled, each service with its record."""
    refuse_if(not services, "no_services", "Choose at least one service.", field="services")
    refuse_if(abs(change.on - op.today) > FARTHEST, "absurd_date", "That day is too far away to be right.", field="on")
    check_amounts(change.quantity, change.price, change.percent_off)
    refuse_if(
        change.kind == "swap" and change.product_id is None, "no_product", "Choose the new package.", field="product"
    )
    rows = _with_parts(services, change.kind)
    kinds = {row.pk: _kind(row, change.kind) for row in rows}
    drafts = {row.pk: _is_draft(row) for row in rows} if change.kind == "start" else {}
    _sell_more(op, rows, change)
    _refuse_within_notice(op, [row for row in rows if kinds[row.pk] == "cancel"], change.on)
    actions = []
    for row in rows:
        action = ServiceAction(
            service=row, kind=kinds[row.pk], on=change.on, until=change.until, product_id=change.product_id,
            quantity=change.quantity, price=change.price, percent_off=change.percent_off, reason=reason,
        )  # fmt: skip
        if change.on > op.today:
            _schedule(op, action)
        else:
            _perform(op, action)
        if change.kind == "start" and row.within_id is None and drafts[row.pk]:
            charge_set_up(op, row, change.on)
        actions.append(action)
    if change.kind in (*REMOVALS, "swap"):
        for subscription in {row.subscription_id: row.subscription for row in rows}.values():
            refuse_unless_complete(subscription, change.on)
    refresh_due({row.subscription_id for row in rows})
    return actions


def _kind(service: Service, wanted: str) -> str:
    """What is really done to a service: a draft was never billed, so removing it is undoing it (domain 3.3)."""
    if wanted not in REMOVALS:
        return wanted
    return "undo" if _is_draft(service) else wanted


def _is_draft(service: Service) -> bool:
    timeline = queries.timeline_of(service)
    return bool(timeline) and timeline[-1].state == "draft"


def _with_parts(services: Sequence[Service], kind: str) -> list[Service]:
    """The services, read under the lock of their customers, and what came with them and goes their way."""
    chosen = Service.objects.filter(pk__in=[service.pk for service in services])
    lock(chosen.values_list("subscription__customer_id", flat=True))
    rows = list(chosen.select_related("subscription", "product").order_by("pk"))
    parts = list(
        Service.objects.filter(within__in=rows, end="")
        .exclude(pk__in=[row.pk for row in rows])
        .select_related("subscription", "product")
        .order_by("pk")
    )
    refuse_if(
        kind == "swap" and parts, "is_bundle",
        "It comes with other services. Remove it and add the other package instead.", field="product",
    )  # fmt: skip
    return rows if kind in PRICING else [*rows, *parts]


def _sell_more(op: Operation, services: Sequence[Service], change: Change) -> None:
    """A credit hold lets services change, but to nothing that costs more; a credit limit only so far.

    What was scheduled before it is done.
    """
    if change.kind not in ("swap", "quantity"):
        return
    sold: dict[tuple[int, int | None], int] = defaultdict(int)
    for service in services:
        customer, more = service.subscription.customer, _more(service, change, op.today)
        refuse_if(
            more > 0 and customer.held_on(op.today), "on_hold",
            f"There is a credit hold: {customer.hold_reason}. Nothing that costs more.",
            field="product" if change.kind == "swap" else "quantity",
        )  # fmt: skip
        sold[customer.pk, service.subscription.site_id] += more
    for row in {(one.subscription.customer_id, one.subscription.site_id): one for one in services}.values():
        owner = row.subscription
        sold_more(op, owner.customer, owner.site, sold[owner.customer_id, owner.site_id])


def _more(service: Service, change: Change, today: dt.date) -> int:
    """How much more a period of the service costs, in minor units, as priced; less is below zero."""
    now = queries.price_of(service, today) or 0
    if change.kind == "swap":
        prices = {product.pk: minor for product, minor in queries.packages_for(service, change.on)}
        return prices.get(change.product_id or 0, 0) - now
    stretch = rules.stretch_on(queries.timeline_of(service), today)
    quantity = change.quantity or Decimal(0)
    if stretch is None or not stretch.quantity or not now:
        # Nothing is known of its price; more of it is more.
        return 1 if stretch is None or quantity > stretch.quantity else 0
    return round_minor(now * (quantity / stretch.quantity - 1))


def _refuse_within_notice(op: Operation, services: Sequence[Service], on: dt.date) -> None:
    for service in services:
        notice = queries.term_on(service.subscription, op.today).notice_days
        earliest = op.today + dt.timedelta(days=notice)
        if notice and on < earliest:
            raise Refused(
                "within_notice",
                f"{service} is cancelled with {notice} days' notice: the last day can be "
                f"{date_text(earliest - dt.timedelta(days=1))} or later.",
                field="on",
            )


def _schedule(op: Operation, action: ServiceAction) -> None:
    service = action.service
    timeline = queries.timeline_of(service)
    for earlier in queries.scheduled([service.pk])[service.pk]:
        if earlier.on <= action.on:
            timeline = rules.apply(timeline, earlier)
    _check(action, timeline)
    after = rules.apply(timeline, queries.as_change(action))
    action.state, action.asked_by, action.asked_at = ServiceAction.State.SCHEDULED, op.caller.name[:120], op.now
    action.door = op.caller.door
    action.before = in_words(timeline, action.on)
    action.after = in_words(after, action.on)
    action.save()
    # On its day the next bill looks at what is charged already.
    if action.kind == "regret" and service.billed_to is not None:
        # All that was charged is given back, however far it was billed.
        day = min(action.on, service.changed_from or action.on)
        Service.objects.filter(pk=service.pk).update(changed_from=day)
    else:
        look_again({service.pk: action.on})
    op.record(
        "service.scheduled", service, customer_id=service.subscription.customer_id, service=str(service),
        what=what_of(action), on=action.on,
    )  # fmt: skip


def _perform(op: Operation, action: ServiceAction) -> None:
    service = action.service
    before = queries.timeline_of(service)
    _check(action, before)
    after = _after(action, before)
    if action.kind != "regret":
        # What is regretted costs nothing, whatever was had of it.
        days_taken(service, before, after)
    first = rules.first_difference(before, after)
    if first is not None and service.billed_to is not None and first < service.billed_to:
        service.changed_from = min(first, service.changed_from or first)
    if action.kind in REMOVALS:
        service.end, service.ended_on = _END[action.kind], action.on
        # What was to happen later cannot any more.
        later = ServiceAction.objects.filter(service=service, state=ServiceAction.State.SCHEDULED, on__gte=action.on)
        for other in later.exclude(pk=action.pk).select_related("service__subscription", "service__product"):
            _withdraw(op, other)
        _charge_penalty(op, action)
    elif after:
        service.product_id = after[-1].product_id
    write_spans(service, after)
    service.save(update_fields=["changed_from", "end", "ended_on", "product"])
    done(op, action, before, after)
    follow_start(op, [service])


def _after(action: ServiceAction, before: Timeline) -> Timeline:
    """The timeline with the action in it, each change from its own day on, whatever order they were entered in."""
    change = queries.as_change(action)
    base = queries.added_as(action.service, before)
    if base is None or action.kind in REMOVALS:
        return rules.apply(before, change)
    # Days under another account, before it was moved here, are told there.
    return rules.since(rules.replay(base, [*queries.done_changes(action.service), change]), before[0].starts)


_END = {"undo": Service.End.REMOVED, "regret": Service.End.REGRETTED, "cancel": Service.End.CANCELLED}


def _check(action: ServiceAction, timeline: Timeline) -> None:
    service, on, kind = action.service, action.on, action.kind
    name = f"{service.product} {service.label}".strip()
    rules.refuse_unless_allowed(kind, rules.state_on(timeline, on, ended=bool(service.end)), name)
    refuse_if(on < service.added_on, "before_added", f"{name} was added on {date_text(service.added_on)}.", field="on")
    if service.moved_from_id is not None and timeline and on < timeline[0].starts:
        since = date_text(timeline[0].starts)
        raise Refused(
            "before_moved", f"{name} is on this account from {since} on. Use that day or a later one.", field="on"
        )
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
    if (found := queries.penalty_of(action)) is not None:
        write_one_time(
            op, action.service.subscription, found.text, found.price, found.on,
            prices_include_tax=found.prices_include_tax,
        )  # fmt: skip


@step
def do_scheduled_action(op: Operation, *, action: ServiceAction) -> ServiceAction:
    """A scheduled action is done on its day, or has failed with the reason; run again, nothing happens."""
    row = ServiceAction.objects.select_related("service__subscription", "service__product").get(pk=action.pk)
    lock([row.service.subscription.customer_id])
    row.refresh_from_db()
    if row.state != ServiceAction.State.SCHEDULED:
        return row
    _perform(op, row)
    refuse_unless_complete(row.service.subscription, row.on)
    refresh_due([row.service.subscription_id])
    return row


@step
def fail_scheduled_action(op: Operation, *, action: ServiceAction, reason: str) -> ServiceAction:
    """A scheduled action could not be done: it stays on the record with the reason, and stops no other."""
    lock([action.service.subscription.customer_id])
    row = ServiceAction.objects.select_related("service").get(pk=action.pk)
    if row.state == ServiceAction.State.SCHEDULED:
        row.state, row.failure, row.done_at = ServiceAction.State.FAILED, reason[:300], op.now
        row.save(update_fields=["state", "failure", "done_at"])
        tell(op, "service.failed", row, reason=row.failure)
        follow_start(op, [row.service])
        _forget(row)
    return row


def _forget(action: ServiceAction) -> None:
    """What is not to come any more may have been billed already: the next bill looks again."""
    service = action.service
    look_again({service.pk: service.added_on if action.kind in ("undo", "regret") else action.on})
    refresh_due([service.subscription_id])


def run_due_actions(system: System) -> int:
    """Do every scheduled action whose day has come; returns how many. Run by the clock: bills know of them anyway."""
    done = 0
    for action in queries.actions_due(system.today):
        try:
            do_scheduled_action(system, action=action)
        except Refused as refusal:
            fail_scheduled_action(system, action=action, reason=refusal.sentence)
        done += 1
    return done


@verb(label="Withdraw a scheduled change")
def withdraw_action(op: Operation, *, action: ServiceAction) -> ServiceAction:
    """A scheduled change will not happen."""
    lock([action.service.subscription.customer_id])
    row = ServiceAction.objects.select_related("service__subscription", "service__product").get(pk=action.pk)
    refuse_if(row.state != ServiceAction.State.SCHEDULED, "not_scheduled", f"It is {row.get_state_display().lower()}.")
    _withdraw(op, row)
    _forget(row)
    return row


def _withdraw(op: Operation, row: ServiceAction) -> None:
    row.state, row.done_at = ServiceAction.State.WITHDRAWN, op.now
    row.save(update_fields=["state", "done_at"])
    tell(op, "service.withdrawn", row)
    follow_start(op, [row.service])
