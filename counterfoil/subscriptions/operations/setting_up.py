"""Set-up fees: charged once, when a service starts (decision 0052)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import set_up_price
from counterfoil.kernel.errors import Refused
from counterfoil.platform.operations import Operation
from counterfoil.subscriptions.models import OneTimeCharge, Service, ServiceAction
from counterfoil.subscriptions.operations.shared import refresh_due, write_one_time
from counterfoil.subscriptions.queries import timeline_of


def charge_set_up(op: Operation, service: Service, on: dt.date) -> None:
    """A service that starts is set up: the next bill from a day on charges the fee of its product, if it has one.

    Once, under whatever account it was. A fee that is withdrawn from sale is not charged. Refuses `no_price` where it
    has none in the currency.
    """
    follow_start(op, [service])
    if not _charged(service).exists():
        _charge(op, service, on)


def follow_start(op: Operation, services: Iterable[Service]) -> None:
    """Fees that are charged and on no bill go where the start of their service went: to another day or account.

    What does not start, or not any more, is not set up. What was dropped by hand stays dropped.
    """
    for service in services:
        row = _charged(service).filter(billed_on=None).select_related("subscription").first()
        # What is regretted was had, and what was charged once stays. One that had started stays where it had.
        if row is None or service.end == Service.End.REGRETTED:
            continue
        on = _starts_on(service)
        if row.set_up_of_id != service.pk and _begun(service) is not None:
            continue
        if on == row.on and row.set_up_of_id == service.pk:
            continue
        row.dropped = True
        row.save(update_fields=["dropped"])
        op.record("one_time.dropped", row, customer_id=row.subscription.customer_id, text=row.text)
        refresh_due([row.subscription_id])
        if on is not None:
            _charge(op, service, on)


def _charged(service: Service) -> QuerySet[OneTimeCharge]:
    """The fee of a service that counts, under this account or one that it was moved from."""
    chain: list[Service] = [service]
    while (before := chain[-1].moved_from) is not None:
        chain.append(before)
    return OneTimeCharge.objects.filter(set_up_of__in=chain, dropped=False)


def _starts_on(service: Service) -> dt.date | None:
    """The first day of the service, as far as is known; None when it does not start."""
    if service.end == Service.End.REMOVED:
        return None
    starts = ServiceAction.objects.filter(service=service, kind="start", state=ServiceAction.State.SCHEDULED)
    return _begun(service) or starts.order_by("on").values_list("on", flat=True).first()


def _begun(service: Service) -> dt.date | None:
    return next((stretch.starts for stretch in timeline_of(service) if stretch.state != "draft"), None)


def _charge(op: Operation, service: Service, on: dt.date) -> None:
    fee = Product.objects.filter(pk=service.product.set_up_id or 0, active=True).first()
    if fee is None:
        return
    price = set_up_price(fee, service.subscription.currency, on)
    if price is None:
        raise Refused(
            "no_price",
            f"{service.product} has a set-up fee, {fee}, without a price in {service.subscription.currency}. Set its "
            "price, or take the fee off the product.",
            field="services",
        )
    write_one_time(
        op, service.subscription, f"{fee}, {service.product}"[:200], price, on, tax_code=fee.tax_code,
        prices_include_tax=fee.prices_include_tax, set_up_of=service,
    )  # fmt: skip
