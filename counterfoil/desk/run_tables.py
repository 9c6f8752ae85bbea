"""The lists of bill runs and of one run's customers."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.billing.doors import HOLD_BACK
from counterfoil.billing.models import BillRun, BillRunItem
from counterfoil.billing.run_queries import items_matching, status_of
from counterfoil.platform.tables import Column, Filter, Table

_TONES = {"billed": "ok", "held": "warn", "parked": "bad", "ready": "info"}

BILL_RUNS = Table(
    key="bill-runs",
    title="Bill runs",
    columns=(
        Column("name", "Run", lambda row: row.name, sort="name", href=lambda row: reverse("bill-run", args=[row.pk])),
        Column("state", "Status", lambda row: status_of(row)[0], "badge", sort="state",
               tone=lambda row: status_of(row)[1]),
        Column("bill_to", "Bills up to", lambda row: row.bill_to, "date", sort="bill_to"),
        Column("on", "Dated", lambda row: row.on, "date", sort="on", low=True),
        Column("customers", "Customers", lambda row: row.customers, "number", sort="customers"),
        Column("author", "By", lambda row: row.author, low=True),
    ),
    filters=(
        Filter("state", "Status", lambda: BillRun.State.choices, lambda rows, value: rows.filter(state=value)),
    ),
    order="-bill_to",
    empty=("No bill runs yet", "A run bills everyone with something due up to a day."),
)  # fmt: skip

BILL_RUN_ITEMS = Table(
    key="bill-run-items",
    title="Customers of the run",
    columns=(
        Column("customer", "Customer", lambda row: row.customer.name, sort="customer__name", tie="customer__pk",
               named=True,
               href=lambda row: reverse("customer-tab", args=[row.customer.number, "billing"])),
        Column("number", "Account", lambda row: row.customer.number, sort="customer__number", tie="customer__pk",
               low=True),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", sort="state", tie="customer__pk",
               tone=lambda row: _TONES.get(row.state, "")),
        Column("said", "Why", lambda row: row.said, low=True),
        Column("last", "Last bill", lambda row: row.last_minor, "money", low=True),
        Column("total", "This bill", lambda row: row.total_minor, "money", sort="total_minor", tie="customer__pk",
               strong=True, total=True),
        HOLD_BACK.column("Put on hold"),
    ),
    search=lambda rows, text: items_matching(rows, text),
    search_label="Name, account, phone, e-mail or address",
    filters=(
        Filter("state", "Status", lambda: BillRunItem.State.choices, lambda rows, value: rows.filter(state=value)),
    ),
    order="number",
    total_label="Together, on hold included",
    empty=("Nobody", "No matching customers."),
    grows=True,
)  # fmt: skip
