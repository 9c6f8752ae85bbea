"""What was used."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.usage.models import UsageRecord

USAGE_RECORD = Noun(
    UsageRecord, path="usage-records", sees="subscriptions.view", called=("record",), related=("service",),
    whose=("service", "subscription", "customer"), section="services",
    one=lambda rows: rows.select_related("service__product", "service__subscription__customer"),
    shows=("service", "on", "quantity", "text", "source", "reference", "reverses", "author", "at"),
)  # fmt: skip
