"""What there is to read about the operator."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from counterfoil.operator.models import Area, BankAccount, Brand
from counterfoil.platform.callers import Caller
from counterfoil.platform.showing import Noun

AREA = Noun(
    Area, path="areas", sees="customers.view", whose=(), shows=("name", "retired_on"),
    rows=lambda caller, rows: _own(caller, rows),
)  # fmt: skip
BRAND = Noun(
    Brand, path="brands", sees="customers.view", whose=(), related=("account",),
    shows=("name", "legal_name", "registration", "tax_number", "address", "city", "postcode", "email", "phone",
           "colour", "account", "footer", "retired_on"),
    labels={"account": "Bank account on documents", "city": "Town", "postcode": "Postal code"},
    rows=lambda caller, rows: _own(caller, rows),
)  # fmt: skip


BANK_ACCOUNT = Noun(
    BankAccount, path="bank-accounts", sees="operator.view", whose=(),
    shows=("bank", "branch", "number", "kind", "iban", "bic", "holder", "currency", "is_default", "closed_on"),
    labels={"branch": "Branch code", "is_default": "On documents", "iban": "IBAN", "bic": "BIC"},
)  # fmt: skip


def _own(caller: Caller, rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those that the caller is not limited from."""
    ids = caller.scope.get(rows.model._meta.model_name or "")
    return rows if ids is None else rows.filter(pk__in=ids)
