"""Bills, and what comes of them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from counterfoil.billing.models import BillRun, BillRunItem, CreditNote, Invoice, RecurringInvoice, TaxRate
from counterfoil.billing.queries import with_settled
from counterfoil.billing.run_queries import with_unsent
from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import Noun

INVOICE = Noun(
    Invoice, path="invoices", sees="billing.view", related=("customer", "site", "item"), sorts=("on",),
    section="billing#invoices", page="invoice", portal=True,
    one=lambda rows: with_settled(rows).prefetch_related("lines", "credit_notes"),
    shows=(
        "customer", "number", "state", "currency", "on", "due_on", "prices_include_tax", "reference", "text", "source",
        "site", "net_minor", "tax_minor", "total_minor", "item", "version",
    ),
    parts={
        "lines": ("id", "text", "quantity", "unit_price", "tax_name", "tax_percent", "net_minor", "tax_minor",
                  "total_minor"),
    },
)  # fmt: skip
CREDIT_NOTE = Noun(
    CreditNote, path="credit-notes", sees="billing.view", related=("customer", "invoice", "item"), sorts=("on",),
    section="billing#credit-notes", portal=True,
    one=lambda rows: rows.prefetch_related("lines"),
    shows=(
        "customer", "invoice", "number", "currency", "on", "reason", "net_minor", "tax_minor", "total_minor", "item",
        "author",
    ),
    parts={"lines": ("id", "text", "tax_name", "tax_percent", "net_minor", "tax_minor", "total_minor")},
)  # fmt: skip
RECURRING_INVOICE = Noun(
    RecurringInvoice, path="recurring-invoices", sees="billing.view", called=("recurring",),
    related=("customer", "invoice", "agreement", "subscription"),
    section="billing#recurring-invoices",
    shows=(
        "customer", "invoice", "agreement", "subscription", "frequency", "next_on", "ends_on", "stopped_on", "failure",
    ),
)  # fmt: skip
TAX_RATE = Noun(
    TaxRate, path="tax-rates", sees="billing.view",
    whose=(),
    shows=("code", "name", "category", "percent", "valid_from", "valid_to", "is_default"),
)  # fmt: skip
BILL_RUN = Noun(
    BillRun, path="bill-runs", sees="billing.open_bill_run", called=("run",), related=("job",), sorts=("bill_to",),
    whose=(), page="bill-run", one=with_unsent,
    shows=(
        "name", "state", "bill_to", "on", "group", "frequency", "currency", "customers", "job", "author", "at",
        "finished_at", "approved_by", "approved_count",
    ),
    rows=lambda caller, rows: _whole_only(caller, rows),
)  # fmt: skip
BILL_RUN_ITEM = Noun(
    BillRunItem, path="bill-run-items", sees="billing.open_bill_run", related=("run", "customer", "invoice"),
    section="billing", title=lambda row: f"{row.customer.name} in {row.run}",
    shows=("run", "customer", "state", "total_minor", "last_minor", "code", "said", "approved", "invoice", "sent"),
    rows=lambda caller, rows: _whole_only(caller, rows),
)  # fmt: skip


def _whole_only(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Runs are of all customers, so who sees some of them only sees no run."""
    return rows.none() if caller.is_scoped else rows
