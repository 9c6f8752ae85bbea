"""Book checks of imports: what was brought in is still there."""

from collections.abc import Iterable
from typing import Any

from counterfoil.billing.models import Invoice
from counterfoil.customers.models import Customer
from counterfoil.imports.models import ImportedRecord
from counterfoil.payments.models import Receipt
from counterfoil.platform.checks import book_check
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.subscriptions.models import Service
from counterfoil.usage.models import UsageRecord


@book_check
def imported_records_are_there() -> Iterable[str]:
    """Every imported record has its customer, opening balance, service, invoice, credit, receipt or usage record."""
    models: tuple[tuple[str, Any], ...] = (
        ("customer", Customer), ("invoice", Invoice), ("receipt", Receipt), ("usage record", UsageRecord),
        ("credit", OpenItem), ("opening balance", OpenItem), ("service", Service),
        ("dispute", Dispute),
    )  # fmt: skip
    for kind, model in models:
        lost = ImportedRecord.objects.filter(kind=kind).exclude(object_id__in=model.objects.values("pk"))
        for row in lost[:20]:
            yield f"Imported {kind} {row.key} of {row.source} is gone."
