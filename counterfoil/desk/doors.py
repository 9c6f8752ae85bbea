"""How people meet approvals and the export of what is known of a person, where a form needs nothing of its own."""

from __future__ import annotations

from django.urls import reverse

from counterfoil.customers.nouns import CUSTOMER
from counterfoil.desk import operations
from counterfoil.platform.approvals import Outcome, approve, refuse_approval, withdraw_approval
from counterfoil.platform.doors import Saved
from counterfoil.platform.models import Approval
from counterfoil.platform.nouns import APPROVAL
from counterfoil.platform.plain import Door
from counterfoil.platform.signatures import Says


def _decided(made: Outcome, row: Approval) -> Saved:
    if made.done:
        return Saved(f"Approved and done: {made.approval.label}.", APPROVAL.url(row))
    return Saved(f"That is no longer possible: {made.approval.error}", APPROVAL.url(row), bad=True)


APPROVE = Door(approve, APPROVAL, "approve", "Approve", at_once=True, done=_decided)
WITHDRAW_APPROVAL = Door(
    withdraw_approval, APPROVAL, "withdraw", "Withdraw", at_once=True,
    done=lambda made, row: Saved("Withdrawn.", APPROVAL.url(row)),
)  # fmt: skip
REFUSE_APPROVAL = Door(
    refuse_approval, APPROVAL, "refuse", "Refuse", caption="Refuse", danger=True,
    about=lambda row: row.label, home=APPROVAL.url, fields={"note": Says("Why", "Shown to whoever asked.", 300)},
    done=lambda made, row: "Refused. Nothing has changed.",
)  # fmt: skip
EXPORT_PERSONAL = Door(
    operations.export_personal_data, CUSTOMER, "personal-data", "Export", name="personal-data",
    caption="Export personal data", icon="download", words="gdpr popia access export personal",
    lead=lambda row: (
        f"A ZIP with everything known of {row.name}: account, contacts, notes, documents, payments, messages, "
        "attachments and what happened. That it was exported is recorded."
    ),
    done=lambda made, row: Saved("The export is on record.", reverse("personal-data-file", args=[row.number])),
)  # fmt: skip
