"""What customers owe."""

from __future__ import annotations

from counterfoil.platform.showing import Noun
from counterfoil.receivables.models import Allocation, BucketSet, Dispute, OpenItem, Standing

ITEM = Noun(
    OpenItem, path="items", sees="receivables.view", called=("item", "debit", "credit", "against"),
    related=("customer",), sorts=("due_on",),
    section="overview#open-items", page="item", one=lambda rows: rows.select_related("entry"),
    shows=(
        "customer", "kind", "side", "number", "on", "due_on", "currency", "amount_minor", "open_minor", "text",
        "reference",
    ),
)  # fmt: skip
STANDING = Noun(
    Standing, path="balances", sees="receivables.view", by="customer__number", related=("customer",),
    sorts=("balance_minor", "overdue_minor"), page="customer", word="balance",
    shows=("customer", "balance_minor", "overdue_minor", "oldest_due_on"),
)  # fmt: skip
ALLOCATION = Noun(
    Allocation, path="allocations", sees="receivables.view", related=("debit__customer", "credit"),
    whose=("debit", "customer"), labels={"debit": "Settles", "credit": "With"},
    title=lambda row: f"{row.credit.number} settles {row.debit.number}", section="overview#open-items",
    shows=("debit", "credit", "amount_minor", "on", "undoes"),
)  # fmt: skip
DISPUTE = Noun(
    Dispute, path="disputes", sees="receivables.view", related=("item__customer",),
    whose=("item", "customer"), title=lambda row: f"{row.item.number} in dispute", section="overview#open-items",
    shows=("item", "amount_minor", "reason", "opened_on", "opened_by", "closed_on", "outcome"),
)  # fmt: skip
BUCKET_SET = Noun(
    BucketSet, path="bucket-sets", sees="receivables.view", whose=(),
    shows=("name", "basis", "is_default", "active"),
    parts={"buckets": ("label", "days_from", "days_to")},
)  # fmt: skip
