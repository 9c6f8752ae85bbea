"""What the network is to be told: a row for each command, done by a worker after the transaction."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet

from counterfoil.customers.queries import lock
from counterfoil.kernel.clock import SKEW
from counterfoil.kernel.words import heard
from counterfoil.platform.operations import Operation, step
from counterfoil.suspension.models import Command, Suspension

# Minutes to wait after each try that failed; the last of them from then on, for as long as it is wanted.
BACK_OFF_MINUTES = (1, 2, 5, 15, 30, 60)
# Whoever has been silent for so long has died. Told twice, a network does nothing the second time.
INTERRUPTED_AFTER = dt.timedelta(minutes=5)


def want(op: Operation, suspension: Suspension, wanted: str) -> Command:
    """The account is to be switched so. What it was to be before, and was not told yet, is overtaken.

    The caller holds the customer's lock.
    """
    # Imported late, because the task does what these operations prepare.
    from counterfoil.suspension.tasks import tell_network  # noqa: PLC0415

    waiting = Command.objects.filter(customer=suspension.customer_id, state=Command.State.WAITING)
    waiting.update(state=Command.State.OVERTAKEN, finished_at=op.now)
    made = Command.objects.create(
        customer_id=suspension.customer_id, suspension=suspension, wanted=wanted, at=op.now, next_try_at=op.now
    )
    op.record("network.asked", made, customer_id=made.customer_id, what=made.get_wanted_display().lower())
    tell_network.enqueue()
    return made


def due_commands(now: dt.datetime) -> QuerySet[Command]:
    """The commands to do now: of each account one after the other, and those whose worker died."""
    longest = dt.timedelta(minutes=max(BACK_OFF_MINUTES)) + SKEW
    other = Command.objects.filter(customer=OuterRef("customer"), state=Command.State.SENDING)
    waiting = Q(state=Command.State.WAITING) & (Q(next_try_at__lte=now) | Q(next_try_at__gt=now + longest))
    silent = Q(claimed_at__lt=now - INTERRUPTED_AFTER) | Q(claimed_at__gt=now + SKEW)
    return Command.objects.filter((waiting & ~Exists(other)) | (Q(state=Command.State.SENDING) & silent))


@step
def claim_command(op: Operation) -> Command | None:
    """The command that has been due longest is marked as being done, so that nobody else does it too.

    One whose worker died is done again, unless another was asked for meanwhile.
    """
    found = due_commands(op.now).order_by("next_try_at", "pk").first()
    if found is None:
        return None
    lock([found.customer_id])
    row = due_commands(op.now).filter(pk=found.pk).select_related("customer").first()
    if row is None:
        return None
    if row.state == Command.State.SENDING and _is_overtaken(row):
        return _finish(op, row, Command.State.OVERTAKEN, "Interrupted; something else is wanted by now.")
    row.state, row.claimed_at, row.attempts = Command.State.SENDING, op.now, row.attempts + 1
    row.save(update_fields=["state", "claimed_at", "attempts"])
    return row


@step
def record_command(op: Operation, *, command: Command, said: str, done: bool) -> Command:
    """A command that was being done is done; or it waits for another try, unless another was asked for meanwhile."""
    lock([command.customer_id])
    row = Command.objects.select_related("customer").get(pk=command.pk)
    if row.state != Command.State.SENDING or row.attempts != command.attempts:
        # Taken for interrupted, and done by another meanwhile.
        return row
    if done:
        return _finish(op, row, Command.State.DONE, said)
    if _is_overtaken(row):
        return _finish(op, row, Command.State.OVERTAKEN, said)
    minutes = BACK_OFF_MINUTES[min(row.attempts, len(BACK_OFF_MINUTES)) - 1]
    row.state, row.claimed_at, row.said = Command.State.WAITING, None, heard(said)
    row.next_try_at = op.now + dt.timedelta(minutes=minutes)
    row.save(update_fields=["state", "claimed_at", "said", "next_try_at"])
    return row


def _is_overtaken(row: Command) -> bool:
    return Command.objects.filter(customer=row.customer_id, pk__gt=row.pk).exists()


def _finish(op: Operation, row: Command, state: str, said: str) -> Command:
    row.state, row.finished_at, row.said = state, op.now, heard(said)
    row.save(update_fields=["state", "finished_at", "said"])
    if state == Command.State.DONE:
        op.record("network.done", row, customer_id=row.customer_id, what=row.get_wanted_display().lower())
    return row
