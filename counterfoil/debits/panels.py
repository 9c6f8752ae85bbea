"""What debit orders offer to the customer page: how the customer pays, the mandate, and what was collected."""

from __future__ import annotations

from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.debits import doors, queries
from counterfoil.debits.nouns import DEBIT_ORDER, DEBIT_RUN, MANDATE
from counterfoil.debits.tables import TONES
from counterfoil.payments.models import Method
from counterfoil.payments.queries import methods
from counterfoil.platform.callers import Caller
from counterfoil.platform.panels import Panel
from counterfoil.platform.tables import Column, Table

SET_METHOD, ADD_MANDATE = doors.SET_METHOD.action, doors.ADD_MANDATE.action
_SAID = {"active": ("Active", "ok"), "waiting": ("Not signed", "warn"), "ended": ("Ended", "")}


def _shown(caller: Caller, customer: Customer) -> dict[str, Any]:
    method = queries.method_of(customer)
    rows = list(queries.mandates_of(customer)[:10])
    return {
        "method": methods()[method].name if method else "Not agreed",
        "mandates": [
            {"row": row, "badge": _SAID[row.state], "url": MANDATE.url(row),
             "doors": [one for one in (doors.SIGN_MANDATE, doors.END_MANDATE) if one.is_offered(caller, row)]}
            for row in rows
        ],
        "waiting": queries.waiting_of(customer), "lacks": method == Method.DEBIT_ORDER and not any(
            row.ended_on is None for row in rows),
    }  # fmt: skip


ORDERS = Table(
    key="debit-orders",
    title="Debit orders",
    columns=(
        Column("on", "Collected on", lambda row: row.run.on, "date", sort="run__on", href=DEBIT_ORDER.url),
        Column("reference", "Reference", lambda row: row.reference, low=True),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", tone=lambda row: TONES[row.state]),
        Column("said", "The bank said", lambda row: row.said, low=True),
        Column("run", "Run", lambda row: f"Run {row.run_id}", low=True, href=lambda row: DEBIT_RUN.url(row.run)),
        Column("amount", "Amount", lambda row: row.amount_minor, "money", sort="amount_minor", strong=True),
    ),
    order="-on",
    empty=("No debit orders yet", "What the bank is asked to collect appears here."),
)  # fmt: skip
BILLING_DETAILS = Panel(
    "pays", "Billing details", "debits.view", _shown, template="debits/panels/pays.html",
    actions=(SET_METHOD, ADD_MANDATE), words="payment method eft debit order cash card mandate bank account iban",
    queries=4,
)  # fmt: skip
DEBIT_ORDERS = Panel(
    "debit-orders", "Debit orders", "debits.view", lambda caller, customer: queries.orders_of(customer), table=ORDERS,
    words="direct debit collection returned bounced", queries=3,
)  # fmt: skip
