"""What happens because something else happened: event kind to the operations that follow it, as background work.

Each operation takes `events=`, the ids of the events, and runs once whatever happens to the task. Only in this table is
an app on a lower floor followed by one on a higher floor.
"""

from __future__ import annotations

from typing import Any

from counterfoil.desk.operations import (
    mail_access_changes,
    tell_decided,
    tell_job_ended,
    tell_not_drafted,
    tell_run_issued,
    tell_undelivered,
)
from counterfoil.platform import operations
from counterfoil.platform.operations import Verb

REACTIONS: dict[str, list[Verb[Any, Any]]] = {
    "job.finished": [tell_job_ended],
    "job.failed": [tell_job_ended],
    "approval.given": [tell_decided],
    "approval.refused": [tell_decided],
    "approval.failed": [tell_decided],
    "bill_run.issued": [tell_run_issued],
    "message.undelivered": [tell_undelivered],
    "invoice.not_drafted": [tell_not_drafted],
    **dict.fromkeys(
        (
            "user.password_changed", "user.factor_added", "user.factor_removed", "user.factors_reset",
            "user.connected", "login.password_set", "login.passkey_added", "login.passkey_removed",
        ),
        [mail_access_changes],
    ),
}  # fmt: skip


def install() -> None:
    """Make the table known to the operations."""
    operations.REACTIONS.clear()
    operations.REACTIONS.update(REACTIONS)
