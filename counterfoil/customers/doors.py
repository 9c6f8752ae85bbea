"""How people meet what is done to customers, where a form needs nothing of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.customers import operations
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import ATTACHMENT, CUSTOMER
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says

ADD_NOTE = Door(
    operations.add_note, CUSTOMER, "note", "Add note", name="add-note", icon="sticky-note", key="n",
    words="add note comment debtor notes",
    done=lambda note: "Note added.",
    fields={
        "pin": Says("Pin it beside everything on this account"),
    },
)  # fmt: skip
DEACTIVATE = Door(
    operations.deactivate_customer, CUSTOMER, "deactivate", "Make inactive", name="deactivate",
    caption="Make inactive", icon="ban", danger=True, words="deactivate close inactive",
    offered=lambda row, day: row.status == Customer.Status.ACTIVE,
    done=lambda row: f"{row.name} is inactive.",
)  # fmt: skip
REACTIVATE = Door(
    operations.reactivate_customer, CUSTOMER, "reactivate", "Make active", name="reactivate", caption="Make active",
    icon="check", words="reactivate open active",
    offered=lambda row, day: row.status == Customer.Status.INACTIVE, done=lambda row: f"{row.name} is active.",
)  # fmt: skip
REMOVE_ATTACHMENT = Door(
    operations.remove_attachment, ATTACHMENT, "remove", "Remove", name="remove-attachment", danger=True,
    about=lambda row: row.name, home=lambda row: reverse("customer-tab", args=[row.customer.number, "account"]),
    done=lambda row: f"{row.name} removed.",
)  # fmt: skip
PLACE_HOLD = Door(
    operations.place_credit_hold, CUSTOMER, "credit-hold", "Place hold", icon="ban", words="credit hold block risk",
    offered=lambda row, day: row.status == "active" and not row.held_on(day),
    done=lambda row: f"{row.name} gets no new services until the hold is over.",
)  # fmt: skip
LIFT_HOLD = Door(
    operations.lift_credit_hold, CUSTOMER, "lift-hold", "Lift hold", icon="check", words="credit hold release",
    offered=lambda row, day: row.held_on(day),
    about=lambda row: f"{row.name}: {row.hold_reason}", done=lambda row: f"{row.name} can have new services again.",
)  # fmt: skip
