"""What was used."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.usage.models import UsageRecord

USAGE_RECORD = Noun(
    UsageRecord, path="usage-records", sees="subscriptions.view", called=("record",), related=("service",),
    shows=("service", "on", "quantity", "text", "source", "reference", "reverses", "author", "at"),
)  # fmt: skip
