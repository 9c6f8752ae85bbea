"""Taking a coupon: a discount with an end, by its code, as often as it is offered."""

from __future__ import annotations

import datetime as dt

from counterfoil.catalogue.models import Coupon
from counterfoil.catalogue.queries import coupon_coded
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.periods import add_months, date_text
from counterfoil.platform.operations import Operation, verb
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.models import CouponUse, Service, ServiceAction
from counterfoil.subscriptions.operations.changing import act
from counterfoil.subscriptions.rules import Change, foreseen


@verb(label="Apply coupon")
def take_coupon(op: Operation, *, service: Service, code: str, on: dt.date) -> ServiceAction:
    """The service has the discount of the coupon from a day on, for as long as it lasts. Each service takes it once."""
    lock([service.subscription.customer_id])
    # After the customer, always in this order: the last use is given once.
    coupon = Coupon.objects.select_for_update().get(pk=coupon_coded(code).pk)
    (action,) = act(op, [service], coupon_change(coupon, service, on), f"Coupon {coupon.code}")
    CouponUse.objects.create(coupon=coupon, action=action)
    return action


def coupon_change(coupon: Coupon, service: Service, on: dt.date) -> Change:
    """The discount that a coupon is for a service from a day; refused when it is not offered, or taken already."""
    code = coupon.code
    refuse_if(on < coupon.valid_from, "coupon_not_yet", f"{code} is valid from {date_text(coupon.valid_from)}.",
              field="on")  # fmt: skip
    refuse_if(
        coupon.valid_to is not None and on >= coupon.valid_to, "coupon_over",
        f"{code} is no longer valid on {date_text(on)}.", field="code",
    )  # fmt: skip
    uses = queries.coupon_uses(coupon)
    refuse_if(uses.filter(action__service=service).exists(), "coupon_taken", f"{service} has had {code}.", field="code")
    refuse_if(
        coupon.most_uses is not None and uses.count() >= coupon.most_uses, "coupon_used_up",
        f"{code} has been used {coupon.most_uses} times, its limit.", field="code",
    )  # fmt: skip
    until = add_months(on, coupon.months) if coupon.months else None
    to_be = foreseen(queries.timeline_of(service), queries.scheduled([service.pk])[service.pk])
    other = [s for s in to_be if s.percent_off and s.until > on]
    refuse_if(
        any(until is None or s.starts < until for s in other), "has_discount",
        f"{service} has a discount in those days already. Apply it when that one ends, or end that one first.",
        field="on",
    )  # fmt: skip
    return Change("discount", on, until=until, percent_off=coupon.percent_off)
