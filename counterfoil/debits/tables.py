"""The lists of runs of debit orders, and of the orders of one."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse

from counterfoil.debits import rules
from counterfoil.debits.models import DebitOrder, DebitRun
from counterfoil.debits.nouns import DEBIT_ORDER, DEBIT_RUN
from counterfoil.debits.operations import hold_debit_order, include_debit_order, return_debit_order
from counterfoil.kernel.money import Money
from counterfoil.platform.callers import Caller
from counterfoil.platform.tables import Column, Table, View

TONES = {"chosen": "info", "left_out": "warn", "sent": "info", "collected": "ok", "returned": "bad", "rejected": "bad"}
RUN_TONES = {"open": "info", "frozen": "warn", "approved": "warn", "sent": "info", "done": "ok", "cancelled": ""}
EARLY = (DebitRun.State.OPEN, DebitRun.State.FROZEN, DebitRun.State.APPROVED)

RUNS = Table(
    key="debit-runs",
    title="Debit orders",
    columns=(
        Column("on", "Collect on", lambda row: row.on, "date", sort="on", href=DEBIT_RUN.url),
        Column("state", "Status", lambda row: row.get_state_display(), "badge", tone=lambda row: RUN_TONES[row.state]),
        Column("scheme", "Collected by", lambda row: str(row.scheme), low=True),
        Column("count", "Debit orders", lambda row: row.file_count or row.frozen_count or None, "number"),
        Column("author", "Prepared by", lambda row: row.author, low=True),
        Column("amount", "Amount", lambda row: Money(row.file_minor or row.frozen_minor, row.currency)
               if row.frozen_count else None, "money", strong=True),
    ),
    order="-on",
    empty=("No debit orders yet", "Choose who is collected from, have it approved, and make the file for the bank."),
)  # fmt: skip


def orders_table(caller: Caller) -> Table:
    """What a run collects, what is on hold and why, and what came back."""
    may = {
        "include": caller.may(include_debit_order), "hold": caller.may(hold_debit_order),
        "return": caller.may(return_debit_order),
    }  # fmt: skip

    def next_step(row: DebitOrder) -> tuple[str, str]:
        if row.state == "left_out" and row.code in rules.ALL_THE_SAME and row.run.state == "open" and may["include"]:
            return "Collect", "include-debit-order"
        if row.state == "chosen" and row.run.state in EARLY and may["hold"]:
            return "Leave out", "hold-debit-order"
        if row.state in ("sent", "collected") and may["return"]:
            return "Came back", "return-debit-order"
        return "", ""

    def where(row: DebitOrder) -> Any:
        _, name = next_step(row)
        return reverse(name, args=[row.pk]) if name else ""

    return Table(
        key="debit-orders-of-run",
        title="Debit orders",
        columns=(
            Column("customer", "Customer", lambda row: row.customer.name, named=True, sort="customer__name",
                   sub=lambda row: row.customer.number, href=DEBIT_ORDER.url),
            Column("account", "Account", lambda row: row.mandate.shown_account if row.mandate else "", low=True),
            Column("state", "Status", lambda row: row.get_state_display(), "badge", tone=lambda row: TONES[row.state]),
            Column("said", "Why", lambda row: row.said),
            Column("reference", "Reference", lambda row: row.reference, low=True),
            Column("next", "Next", lambda row: next_step(row)[0], dialog=True, href=where, low=True),
            Column("amount", "Amount", lambda row: Money(row.amount_minor, row.currency), "money",
                   sort="amount_minor", total=True, strong=True),
        ),
        views=(
            View("all", "All", lambda rows: rows),
            View("held", "On hold", lambda rows: rows.filter(state="left_out")),
            View("collected", "To collect", lambda rows: rows.exclude(state__in=("left_out", "returned", "rejected"))),
            View("back", "Came back", lambda rows: rows.filter(state__in=("returned", "rejected"))),
        ),
        search=lambda rows, text: rows.filter(
            Q(customer__name__icontains=text) | Q(customer__number__iexact=text) | Q(reference__iexact=text)
        ),
        search_label="Search these debit orders",
        currency="currency", row_id=lambda row: str(row.pk),
        empty=("No debit orders", "Nobody who pays this way owes anything by that day."),
    )  # fmt: skip
