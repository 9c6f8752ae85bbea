"""What is scheduled happens on its day, or not at all."""

from __future__ import annotations

from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.platform.operations import Caller, Operation, operation
from counterfoil.subscriptions import queries
from counterfoil.subscriptions.models import ServiceAction
from counterfoil.subscriptions.operations.changing import perform
from counterfoil.subscriptions.operations.shared import refresh_due, refuse_unless_complete, tell


@operation
def do_scheduled_action(op: Operation, *, action: ServiceAction) -> ServiceAction:
    """A scheduled action is done on its day, or has failed with the reason; run again, nothing happens."""
    row = ServiceAction.objects.select_related("service__subscription", "service__product").get(pk=action.pk)
    lock([row.service.subscription.customer_id])
    row.refresh_from_db()
    if row.state != ServiceAction.State.SCHEDULED:
        return row
    perform(op, row)
    refuse_unless_complete(row.service.subscription, row.on)
    refresh_due([row.service.subscription_id])
    return row


@operation
def fail_scheduled_action(op: Operation, *, action: ServiceAction, reason: str) -> ServiceAction:
    """A scheduled action could not be done: it stays on the record with the reason, and stops no other."""
    row = ServiceAction.objects.select_for_update().get(pk=action.pk)
    if row.state == ServiceAction.State.SCHEDULED:
        row.state, row.failure, row.done_at = ServiceAction.State.FAILED, reason[:300], op.now
        row.save(update_fields=["state", "failure", "done_at"])
        tell(op, "service.failed", row, reason=row.failure)
    return row


def run_due_actions(caller: Caller) -> int:
    """Do every scheduled action whose day has come; returns how many. Run by the clock and before a bill run."""
    done = 0
    for action in queries.actions_due(caller.today):
        try:
            do_scheduled_action(caller, action=action)
        except Refused as refusal:
            fail_scheduled_action(caller, action=action, reason=refusal.sentence)
        done += 1
    return done


@operation(label="Withdraw a scheduled change")
def withdraw_action(op: Operation, *, action: ServiceAction) -> ServiceAction:
    """A scheduled change will not happen."""
    lock([action.service.subscription.customer_id])
    row = ServiceAction.objects.select_related("service__subscription", "service__product").get(pk=action.pk)
    refuse_if(row.state != ServiceAction.State.SCHEDULED, "not_scheduled", f"It is {row.get_state_display().lower()}.")
    row.state, row.done_at = ServiceAction.State.WITHDRAWN, op.now
    row.save(update_fields=["state", "done_at"])
    tell(op, "service.withdrawn", row)
    return row
