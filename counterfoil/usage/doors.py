"""How people meet what needs no form of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.catalogue.rules import amount_text
from counterfoil.kernel.periods import date_text
from counterfoil.platform.plain import Door
from counterfoil.usage import operations
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.nouns import USAGE_RECORD

TAKE_BACK = Door(
    operations.reverse_usage, USAGE_RECORD, "take-back", "Take back", under="usage", danger=True,
    whose=("service", "subscription", "customer"), about=lambda row: _about(row),
    home=lambda row: reverse("customer-tab", args=[row.service.subscription.customer.number, "services"]),
    done=lambda row: "It counts no more. What was charged for it comes back with the next bill.",
)  # fmt: skip


def _about(row: UsageRecord) -> str:
    said = amount_text(row.quantity, row.service.product.unit)
    return f"{said} of {row.service} on {date_text(row.on)}, {row.service.subscription.customer.name}"
