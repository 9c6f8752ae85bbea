"""What was used."""

from __future__ import annotations

from counterfoil.catalogue.rules import amount_text
from counterfoil.kernel.periods import date_text
from counterfoil.platform.showing import Noun
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.queries import with_reversed

USAGE_RECORD = Noun(
    UsageRecord, path="usage-records", sees="subscriptions.view", called=("record",), related=("service",),
    whose=("service", "subscription", "customer"), section="services",
    title=lambda row: f"{amount_text(row.quantity, row.service.product.unit)} on {date_text(row.on)}",
    one=lambda rows: with_reversed(rows).select_related("service__product", "service__subscription__customer"),
    shows=("service", "on", "quantity", "text", "source", "reference", "reverses", "author", "at"),
)  # fmt: skip
