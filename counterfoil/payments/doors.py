"""How people meet what becomes of money, where a form needs little of its own."""

from __future__ import annotations

from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.money import money_text
from counterfoil.payments import operations, queries
from counterfoil.payments.forms import RefundForm
from counterfoil.payments.models import Receipt, Refund
from counterfoil.payments.nouns import RECEIPT
from counterfoil.platform.callers import Caller
from counterfoil.platform.doors import Saved
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says


def _amount(row: Receipt | Refund) -> str:
    return money_text(row.amount_minor, row.currency)


def _refundable(caller: Caller, customer: Customer) -> dict[str, Any]:
    return {"amount": queries.refundable(customer, caller.today) or None, "method": queries.usual_method(caller.today)}


REVERSE_RECEIPT = Door(
    operations.reverse_receipt, RECEIPT, "reverse", "Reverse payment", caption="Reverse payment", danger=True,
    about=lambda row: f"{row.number}, {_amount(row)}", press=lambda row: f"Reverse {_amount(row)}",
    fields={"reason": Says(help="What it settled is open again, at its original age.")},
    done=lambda made, row: Saved(
        f"{row.number} of {_amount(row)} reversed. What it settled is open again.", RECEIPT.url(row)
    ),
)  # fmt: skip
REFUND = Door(
    operations.pay_refund, CUSTOMER, "refund", "Refund", name="refund", caption="Refund", icon="undo",
    words="refund pay back money", form=RefundForm, start=_refundable,
    offers={"method": lambda caller, row: queries.methods_offered(caller.today)},
    fields={
        "on": Says("Refunded on"), "reason": Says(help="The customer reads it on the statement."),
        "reference": Says(most=120),
    },
    helps={
        "amount": lambda caller, row: (
            f"{money_text(queries.refundable(row, caller.today), row.currency)} can be refunded."
        ),
    },
    done=lambda made, _: f"{_amount(made)} refunded with {made.number}.",
)  # fmt: skip
