"""What there is to read about debit orders."""

from __future__ import annotations

from counterfoil.debits.models import (
    BillingDetails,
    DebitOrder,
    DebitPolicy,
    DebitRun,
    DebitScheme,
    Mandate,
)
from counterfoil.platform.showing import Noun

DETAILS = Noun(
    BillingDetails, path="billing-details", sees="debits.view", related=("customer",), section="account#pays",
    shows=("customer", "method"),
)  # fmt: skip
MANDATE = Noun(
    Mandate, path="mandates", sees="debits.view", section="account#pays", related=("customer", "document"),
    labels={"way": "Collected by", "shown_account": "Account", "most_minor": "Most to take", "day": "Collection day",
            "document": "Signed mandate"},
    shows=("customer", "number", "way", "holder", "shown_account", "bank", "account_type", "day", "most_minor",
           "currency", "signed_on", "document", "collected_on", "ended_on", "end_reason"),
)  # fmt: skip
DEBIT_RUN = Noun(
    DebitRun, path="debit-runs", sees="debits.view", whose=(), page="debit-run", sorts=("on",),
    related=("scheme__bank_account",), word="run of debit orders",
    labels={"on": "Collects on", "day": "Collection day", "frozen_count": "Frozen", "frozen_minor": "Frozen amount",
            "file_count": "In the file", "file_minor": "Amount in the file"},
    shows=("scheme", "on", "day", "currency", "state", "frozen_count", "frozen_minor", "file_count", "file_minor",
           "author", "at", "approved_by", "approved_at", "sent_at"),
)  # fmt: skip
DEBIT_ORDER = Noun(
    DebitOrder, path="debit-orders", sees="debits.view", section="billing#debit-orders",
    related=("customer", "mandate", "run", "receipt"), word="debit order",
    labels={"said": "Why", "answered_on": "Answered on", "receipt": "Payment", "first": "First of the mandate"},
    shows=("customer", "run", "mandate", "reference", "state", "amount_minor", "currency", "first", "code", "said",
           "receipt", "answered_on"),
    parts={"parts": ("item", "amount_minor", "returned")},
    rows=lambda caller, rows: rows.prefetch_related("parts__item"),
)  # fmt: skip
SCHEME = Noun(
    DebitScheme, path="debit-schemes", sees="debits.view", whose=(), related=("bank_account",), called=("scheme",),
    word="way of collecting", shows=("way", "bank_account", "bank_name", "retired_on"),
)  # fmt: skip
POLICY = Noun(
    DebitPolicy, path="debit-policies", sees="debits.view", whose=(), word="policy of debit orders",
    shows=("least_minor", "fee_minor", "most_tries", "on_day", "second_person", "at", "author"),
)  # fmt: skip
