"""Rows of charges, and charging less: nothing is deleted, so that billing again is always the difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from counterfoil.billing import queries
from counterfoil.billing.models import Charge, Invoice
from counterfoil.billing.rules import Charged
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation
from counterfoil.subscriptions.models import OneTimeCharge, Service
from counterfoil.subscriptions.operations import refresh_due

CHARGE_COLUMNS = (
    "service", "one_time", "period_start", "period_end", "number", "product", "unit_price", "quantity", "percent_off",
    "starts", "ends", "part", "whole", "total_minor", "net_minor", "line", "credit_line",
)  # fmt: skip


def charge_row(c: Charged, minor: int, net: int, line: int | None, credit_line: int | None) -> tuple[Any, ...]:
    """A charge as a row of its table."""
    return (
        c.service_id, c.one_time_id, c.period_start, c.period_end, c.number, c.product_id, c.unit_price, c.quantity,
        c.percent_off, c.starts, c.ends, c.part, c.whole, minor, net, line, credit_line,
    )  # fmt: skip


def take_back_charges(op: Operation, invoice: Invoice, credit_lines: Mapping[int, int] | None = None) -> None:
    """The charges of an invoice no longer count, and its services are looked at again by the next bill.

    `credit_lines` names the credit note's line for each invoice line; none for a draft that was never owed.
    """
    rows = []
    for charge, line, net in queries.charges_of(invoice):
        number = queries.last_charge_number(charge)
        back = dataclasses.replace(charge, number=number + 1)
        rows.append(charge_row(back, -charge.minor, -net, None, (credit_lines or {}).get(line)))
    if not rows:
        return
    bulk.insert_rows(Charge, CHARGE_COLUMNS, rows)
    first: dict[int, Any] = {}
    for row in rows:
        if row[0] is not None:
            first[row[0]] = min(first.get(row[0], row[2]), row[2])
    for service in Service.objects.filter(pk__in=first):
        service.changed_from = min(first[service.pk], service.changed_from or first[service.pk])
        if service.billed_to is not None:
            service.billed_to = min(first[service.pk], service.billed_to)
        service.save(update_fields=["changed_from", "billed_to"])
    once = OneTimeCharge.objects.filter(pk__in=[row[1] for row in rows if row[1] is not None])
    subscriptions = {row.subscription_id for row in once}
    once.update(billed_on=None)
    subscriptions |= set(Service.objects.filter(pk__in=first).values_list("subscription_id", flat=True))
    refresh_due(subscriptions)
    op.record("charges.taken_back", invoice, customer_id=invoice.customer_id, number=str(invoice))
