"""Set-up fees: charged once, when a service starts (decision 0052)."""

from __future__ import annotations

import datetime as dt

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import set_up_price
from counterfoil.kernel.errors import Refused
from counterfoil.platform.operations import Operation
from counterfoil.subscriptions.models import OneTimeCharge, Service
from counterfoil.subscriptions.operations.shared import write_one_time


def charge_set_up(op: Operation, service: Service, on: dt.date) -> None:
    """The next bill from a day on charges the set-up fee of the service, if its product has one and it was not charged.

    A fee that is withdrawn from sale is not charged. Refuses `no_price` where it has none in the currency.
    """
    fee = Product.objects.filter(pk=service.product.set_up_id or 0, active=True).first()
    if fee is None or OneTimeCharge.objects.filter(set_up_of=service, dropped=False).exists():
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


def drop_set_up(op: Operation, service: Service) -> None:
    """What does not start after all is not set up: the fee is dropped, unless it is billed."""
    for row in OneTimeCharge.objects.filter(set_up_of=service, dropped=False, billed_on=None):
        row.dropped = True
        row.save(update_fields=["dropped"])
        op.record("one_time.dropped", row, customer_id=service.subscription.customer_id, text=row.text)
