"""What a visitor may ask for. Nothing is changed here: a correction waits until somebody of staff approves it."""

from __future__ import annotations

import dataclasses
from typing import Any

from counterfoil.access.sessions import Visitor
from counterfoil.customers.models import Contact, Site
from counterfoil.customers.operations import change_contact, change_site
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import Verb
from counterfoil.portal.queries import corrections

MOST_WAITING = 10


def correct_contact(visitor: Visitor, contact: Contact, changes: dict[str, Any], key: str | None) -> Approval:
    """Ask that a contact has this name, position, these e-mail addresses and telephone numbers."""
    arguments = {"contact": contact, "version": contact.version, "changes": changes}
    return _ask(visitor, change_contact, arguments, f"Correct contact {contact.name}", key)


def correct_address(visitor: Visitor, site: Site, changes: dict[str, Any], key: str | None) -> Approval:
    """Ask that an address reads like this."""
    arguments = {"site": site, "version": site.version, "changes": changes}
    return _ask(visitor, change_site, arguments, f"Correct address {site.label}", key)


def _ask(visitor: Visitor, wanted: Verb[Any, Any], arguments: dict[str, Any], label: str, key: str | None) -> Approval:
    refuse_if(
        sum(row.state == Approval.State.WAITING for row in corrections(visitor)) >= MOST_WAITING,
        "too_many_requests",
        "Ten of your corrections are waiting for review. Call us if it is urgent.",
    )
    # The right to ask for just this, for just this call: the visitor's own caller may never do it.
    grants = frozenset({ask_approval.name, wanted.name})
    caller = dataclasses.replace(
        visitor.caller, grants=grants, key=key and f"portal:{visitor.caller.alias}:{key}"[:200]
    )
    return ask_approval(
        caller, operation=wanted.name, arguments=arguments, customer_id=visitor.customer.pk,
        label=f"{label}, {visitor.customer.name}", reason="Asked for in the portal",
    )  # fmt: skip
