"""What there is to read about the operator."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from counterfoil.operator.models import Area, BankAccount, Brand, Lookup, NumberSeries
from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import Noun

AREA = Noun(
    Area, path="areas", sees="customers.view", whose=(), shows=("name", "retired_on"),
    rows=lambda caller, rows: _own(caller, rows),
)  # fmt: skip
BRAND = Noun(
    Brand, path="brands", sees="customers.view", whose=(), related=("account",),
    shows=("name", "code", "legal_name", "registration", "tax_number", "address", "city", "postcode", "email", "phone",
           "colour", "account", "footer", "invoice_text", "credit_note_text", "statement_text", "language",
           "retired_on"),
    labels={"account": "Bank account on documents", "city": "Town", "postcode": "Postal code"},
    rows=lambda caller, rows: _own(caller, rows),
)  # fmt: skip


BANK_ACCOUNT = Noun(
    BankAccount, path="bank-accounts", sees="operator.view", whose=(),
    shows=("bank", "branch", "number", "kind", "iban", "bic", "holder", "currency", "is_default", "closed_on"),
    labels={"branch": "Branch code", "is_default": "On documents", "iban": "IBAN", "bic": "BIC"},
)  # fmt: skip
NUMBERS = Noun(
    NumberSeries, path="document-numbers", sees="operator.view", whose=(), related=("brand",),
    shows=("kind", "brand", "pattern"), labels={"kind": "Document"},
    rows=lambda caller, rows: _of_own(caller, rows),
)  # fmt: skip

LOOKUP = Noun(
    Lookup, path="lookups", sees="customers.view", whose=(),
    shows=("kind", "code", "name", "description", "delivered", "starts", "last_day"), sorts=("kind", "name"),
    labels={"kind": "List", "starts": "Offered from", "last_day": "Offered to"},
)  # fmt: skip


def _own(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those that the caller is not limited from."""
    ids = caller.scope.get(rows.model._meta.model_name or "")
    return rows if ids is None else rows.filter(pk__in=ids)


def _of_own(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    """The company's, and those of brands that the caller is not limited from."""
    ids = caller.scope.get("brand")
    return rows if ids is None else rows.filter(Q(brand=None) | Q(brand__in=ids))
