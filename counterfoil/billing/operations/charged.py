"""Rows of charges, and charging less: nothing is deleted, so that billing again is always the difference."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from counterfoil.billing import queries
from counterfoil.billing.charging import Charged
from counterfoil.billing.models import Charge, Invoice
from counterfoil.platform import bulk
from counterfoil.platform.operations import Operation
from counterfoil.subscriptions.models import OneTimeCharge, Service
from counterfoil.subscriptions.operations import follow_start, refresh_due

CHARGE_COLUMNS = (
    "service", "one_time", "period_start", "period_end", "number", "product", "unit_price", "quantity", "percent_off",
    "starts", "ends", "part", "whole", "prices_include_tax", "total_minor", "net_minor", "line", "credit_line", "used",
    "included",
)  # fmt: skip


def charge_row(c: Charged, total: int, net: int, line: int | None, credit_line: int | None) -> tuple[Any, ...]:
    """A charge as a row of its table, with what it came to."""
    return (
        c.service_id, c.one_time_id, c.period_start, c.period_end, c.number, c.product_id, c.unit_price, c.quantity,
        c.percent_off, c.starts, c.ends, c.part, c.whole, c.prices_include_tax, total, net, line, credit_line, c.used,
        c.included,
    )  # fmt: skip


def renumbered(charges: Sequence[Charged]) -> list[Charged]:
    """The same charges with the next numbers of their service and period, or of their one-time charge."""
    last = queries.last_numbers(
        [c.service_id for c in charges if c.service_id is not None],
        [c.one_time_id for c in charges if c.one_time_id is not None],
    )
    found = []
    for charge in charges:
        owner = charge.service_id if charge.service_id is not None else charge.one_time_id
        assert owner is not None
        key = owner, charge.period_start if charge.service_id is not None else None
        last[key] = last.get(key, 0) + 1
        found.append(dataclasses.replace(charge, number=last[key]))
    return found


def take_back_charges(op: Operation, invoice: Invoice, credit_lines: Mapping[int, int] | None = None) -> None:
    """The charges of an invoice no longer count, and its services are looked at again by the next bill.

    `credit_lines` names the credit note's line for each invoice line; none for a draft that was never owed.
    """
    before = queries.charges_of(invoice)
    rows = [
        charge_row(back, -back.amounts.total, -back.amounts.net, None, (credit_lines or {}).get(line))
        for back, (_, line) in zip(renumbered([charge for charge, _ in before]), before, strict=True)
    ]
    if not rows:
        return
    bulk.insert_rows(Charge, CHARGE_COLUMNS, rows)
    first: dict[int, Any] = {}
    for row in rows:
        if row[0] is not None:
            first[row[0]] = min(first.get(row[0], row[2]), row[2])
    reached = queries.charged_to(list(first))
    for service in Service.objects.filter(pk__in=first):
        service.changed_from = min(first[service.pk], service.changed_from or first[service.pk])
        if service.billed_to is not None:
            # What other bills charged of later periods stays charged.
            left = max(first[service.pk], reached.get(service.pk, first[service.pk]))
            service.billed_to = min(left, service.billed_to)
        service.save(update_fields=["changed_from", "billed_to"])
    once = OneTimeCharge.objects.filter(pk__in=[row[1] for row in rows if row[1] is not None])
    subscriptions = {row.subscription_id for row in once}
    once.update(billed_on=None)
    # What was to be set up may not start any more.
    follow_start(op, [row.set_up_of for row in once.select_related("set_up_of") if row.set_up_of is not None])
    subscriptions |= set(Service.objects.filter(pk__in=first).values_list("subscription_id", flat=True))
    refresh_due(subscriptions)
    op.record("charges.taken_back", invoice, customer_id=invoice.customer_id, number=str(invoice))
