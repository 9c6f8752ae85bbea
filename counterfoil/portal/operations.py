"""What a visitor may ask for. Nothing is changed here: a correction waits until somebody of staff approves it."""

from __future__ import annotations

import dataclasses
from typing import Any

from counterfoil.access.sessions import Visitor
from counterfoil.kernel.errors import refuse_if
from counterfoil.platform.approvals import ask_approval
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import Verb
from counterfoil.portal.queries import corrections

MOST_WAITING = 10


def ask(visitor: Visitor, wanted: Verb[Any, Any], arguments: dict[str, Any], label: str, key: str | None) -> Approval:
    """Ask that somebody of staff does this: the visitor may not."""
    refuse_if(
        sum(row.state == Approval.State.WAITING for row in corrections(visitor)) >= MOST_WAITING,
        "too_many_requests",
        "Ten of your corrections are waiting for review. Call us if it is urgent.",
    )
    # The right to ask for just this, for just this call: the visitor's own caller may never do it.
    grants = frozenset({ask_approval.name, wanted.right})
    caller = dataclasses.replace(
        visitor.caller, grants=grants, key=key and f"portal:{visitor.caller.alias}:{key}"[:200]
    )
    return ask_approval(
        caller, operation=wanted.name, arguments=arguments, customer_id=visitor.customer.pk,
        label=f"{label}, {visitor.customer.name}", reason="Asked for in the portal",
    )  # fmt: skip
