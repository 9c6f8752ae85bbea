"""How people meet what a customer owes: credits, charges, write-offs, disputes and what is set aside."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.kernel.errors import NotFound
from counterfoil.kernel.money import money_text
from counterfoil.operator.queries import lookup_names
from counterfoil.platform.callers import Caller
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says
from counterfoil.receivables import operations, queries
from counterfoil.receivables.forms import ChargeForm, CreditForm, ReleaseForm, item_choices
from counterfoil.receivables.lists import open_dispute_of
from counterfoil.receivables.models import Allocation, Dispute, OpenItem
from counterfoil.receivables.nouns import ALLOCATION, ITEM

_REASON = Says(help="The customer reads it on the statement.")


def _open(row: OpenItem) -> str:
    return money_text(row.open_minor, row.currency)


def _amount(row: OpenItem) -> str:
    return money_text(row.amount_minor, row.currency)


def _still_open(caller: Caller, row: OpenItem) -> str:
    return f"{_open(row)} is open."


def _against(caller: Caller, customer: Customer) -> list[tuple[Any, str]]:
    debits = [item for item in queries.open_items_of(customer, caller.today) if item.is_debit]
    first = "What is owed, oldest first" if queries.credit_settles_bills() else "Nothing yet"
    return [(None, first), *((int(key), words) for key, words in item_choices(debits, customer.currency))]


def _dispute(caller: Caller, row: OpenItem) -> Dispute:
    if (found := open_dispute_of(row.pk)) is None:
        raise NotFound(f"{row.number} is not in dispute.")
    return found


def _released(made: OpenItem, row: OpenItem) -> str:
    settled = money_text(row.open_minor - made.open_minor, made.currency)
    return f"{row.number} released: {settled} settled what was owed, {_open(made)} is account credit."


def _settles(row: Allocation) -> str:
    text = money_text(row.amount_minor, row.debit.customer.currency)
    return f"{text} of {row.credit.number} against {row.debit.number}"


ISSUE_CREDIT = Door(
    operations.issue_credit, CUSTOMER, "credit", "Issue", name="issue-credit", caption="Issue credit",
    icon="badge-minus", words="credit account credit goodwill", form=CreditForm, offers={"against": _against},
    fields={
        "reason": _REASON,
        "against": Says("Against", "What is left of it is account credit, for the next bill."),
    },
    suggests={"reason": lookup_names("credit_reason")},
    done=lambda made, _: f"Credit {made.number} of {_amount(made)} issued.",
)  # fmt: skip
DEBIT_MEMO = Door(
    operations.raise_debit_memo, CUSTOMER, "charge", "Charge", name="debit-memo", caption="Charge without an invoice",
    icon="plus", words="debit memo charge fee", form=ChargeForm,
    fields={"amount": Says(), "reason": _REASON, "on": Says(), "due_on": Says("Due")},
    suggests={"reason": lookup_names("adjustment_reason")},
    done=lambda made, _: f"Charged {_amount(made)} as {made.number}.",
)  # fmt: skip
WRITE_OFF = Door(
    operations.write_off, ITEM, "write-off", "Write off", caption="Write off", danger=True, icon="circle-minus",
    offered=lambda row, day: row.side == "debit" and bool(row.open_minor), fields={"reason": _REASON},
    start=lambda caller, row: {"amount": row.open_minor}, helps={"amount": _still_open},
    suggests={"reason": lookup_names("adjustment_reason")},
    done=lambda made, row: f"{_amount(made)} of {row.number} written off.",
)  # fmt: skip
OPEN_DISPUTE = Door(
    operations.open_dispute, ITEM, "dispute", "Put in dispute", caption="Put in dispute", icon="flag",
    offered=lambda row, day: row.side == "debit" and bool(row.open_minor) and open_dispute_of(row.pk) is None,
    fields={"amount": Says("Amount in dispute")}, start=lambda caller, row: {"amount": row.open_minor},
    helps={"amount": _still_open}, suggests={"reason": lookup_names("customer_response")},
    done=lambda made, row: f"{money_text(made.amount_minor, row.currency)} of {row.number} is in dispute.",
)  # fmt: skip
CLOSE_DISPUTE = Door(
    operations.close_dispute, ITEM, "close-dispute", "Close dispute", caption="Close dispute", icon="check",
    offered=lambda row, day: open_dispute_of(row.pk) is not None, given={"dispute": _dispute},
    fields={"outcome": Says(help="What was agreed.")},
    done=lambda made, row: f"The dispute on {row.number} is closed.",
)  # fmt: skip
SET_ASIDE = Door(
    operations.set_aside, ITEM, "set-aside", "Set aside", caption="Set aside", icon="pin",
    press=lambda row: f"Set aside {_open(row)}",
    fields={"purpose": Says("For", "It settles nothing until somebody allocates or releases it.", 120)},
    done=lambda made, row: f"{_open(row)} of {row.number} is set aside for {made.purpose}.",
)  # fmt: skip
RELEASE_CREDIT = Door(
    operations.release_credit, ITEM, "release", "Release", caption="Release", icon="undo", form=ReleaseForm,
    press=lambda row: f"Release {_open(row)}", done=_released,
)  # fmt: skip
UNDO_ALLOCATION = Door(
    operations.undo_allocation, ALLOCATION, "undo", "Undo allocation", about=_settles,
    home=lambda row: reverse("item", args=[row.debit_id]), done=lambda made, _: "The allocation is undone.",
)  # fmt: skip
CREDIT_POLICY = Door(
    operations.set_credit_policy, None, "account-credit", "Save", name="credit-policy", under="settings",
    caption="Account credit", about=lambda _: "Settings", home=lambda _: reverse("settings"),
    fields={
        "settles_bills": Says(
            "When something is billed", "Payments settle what is owed in either case. What is set aside always waits."
        ),
    },
    offers={
        "settles_bills": lambda caller, _: [
            (True, "Account credit settles it, oldest first"), (False, "Account credit waits to be allocated"),
        ],
    },
    start=lambda caller, _: {"settles_bills": queries.credit_settles_bills()},
    done=lambda made, _: f"From now on account credit {made}.",
)  # fmt: skip
