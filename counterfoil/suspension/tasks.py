"""Tells the network what is due. Running it twice, or never, does no harm: the rows carry the work."""

from __future__ import annotations

import logging
import time

from django.conf import settings

from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.connectors import connector
from counterfoil.platform.tasks import MAIL, task
from counterfoil.suspension.interfaces import Done, Failed, Line, Outcome, Provisioner
from counterfoil.suspension.models import Command
from counterfoil.suspension.operations.network import claim_command, due_commands, record_command
from counterfoil.suspension.queries import provisioner_key

logger = logging.getLogger(__name__)


def provisioner() -> Provisioner | None:
    """What switches services; none where nothing was chosen, or what was chosen is not installed any more."""
    key = provisioner_key()
    found: Provisioner | None = connector("PROVISIONERS", key) if key in settings.PROVISIONERS else None
    return found


# In the lane of what waits for other machines.
@task(queue_name=MAIL)
def tell_network() -> None:
    """Do what is due for some seconds; what is left is done by the next task."""
    system = Caller.system("task")
    if tell_due(system) and due_commands(system.now).exists():
        tell_network.enqueue()


def tell_due(system: System, *, seconds: float = 5, limit: int = 500) -> int:
    """Do the commands that are due, one after the other, for at most so long; returns how many were tried.

    Each is claimed in one short transaction, done outside of any, and its result recorded in another.
    """
    network, ends = provisioner(), time.monotonic() + seconds
    if network is None:
        return 0
    for count in range(limit):
        if time.monotonic() >= ends or (row := claim_command(system)) is None:
            return count
        if row.state != Command.State.SENDING:
            continue
        outcome = _do(network, row)
        record_command(system, command=row, said=outcome.said, done=isinstance(outcome, Done))
    return limit


def _do(network: Provisioner, row: Command) -> Outcome:
    line = Line(row.customer.number, row.customer.name)
    try:
        outcome = network.cut_off(line) if row.wanted == Command.Wanted.OFF else network.restore(line)
        if isinstance(outcome, Failed):
            return outcome
        shown = network.read_back(line)
    except Refused as refusal:
        return Failed(refusal.sentence)
    except Exception as error:
        logger.exception("The network could not be told of %s", row)
        return Failed(f"The network could not be told: {type(error).__name__}.")
    if shown not in (None, row.wanted):
        return Failed(f"The network took the command, and still shows the service as {shown}.")
    return outcome


def wake_network(system: System) -> int:
    """Whoever tells the network is woken when anything is due; returns how much is. Run by the clock."""
    due = due_commands(system.now).count()
    if due and provisioner() is not None:
        tell_network.enqueue()
    return due
