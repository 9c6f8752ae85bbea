"""How people meet what needs no form of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.catalogue.rules import amount_text
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.periods import date_text
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.usage import operations, queries
from counterfoil.usage.models import UsageRecord
from counterfoil.usage.nouns import USAGE_RECORD

TAKE_BACK = Door(
    operations.reverse_usage, USAGE_RECORD, "take-back", "Reverse", under="usage", danger=True,
    about=lambda row: _about(row),
    offered=lambda row, day: not row.is_reversed and not row.reverses_id,
    done=lambda row, _: "It no longer counts. What was charged for it is credited on the next bill.",
    fields={"reason": Says(most=120)},
)  # fmt: skip
ADD_USAGE = Door(
    operations.record_usage, CUSTOMER, "add-usage", "Add usage", name="add-usage", caption="Add usage",
    icon="plus", words="usage minutes data traffic calls record",
    offered=lambda customer, day: customer.status == "active" and queries.metered(customer).exists(),
    fields={
        "service": Says(), "on": Says("Day"), "quantity": Says(),
        "text": Says("What", "A number called, a session.", 120),
        "reference": Says(help="What it is called where it comes from. The same one is added once.", most=160),
    },
    offers={
        "service": lambda caller, customer: [
            (row, f"{queries.name_of(row)}, by the {row.product.unit}") for row in queries.metered(customer)
        ],
    },
    home=lambda row: reverse("customer-tab", args=[row.number, "services"]),
    done=lambda made, _: f"{_said(made)} of {made.service} on {date_text(made.on)} added.",
)  # fmt: skip


def _said(row: UsageRecord) -> str:
    return amount_text(row.quantity, row.service.product.unit)


def _about(row: UsageRecord) -> str:
    return f"{_said(row)} of {row.service} on {date_text(row.on)}, {row.service.subscription.customer.name}"
