"""Wakes the sending of what is due. Running it twice, or never, does no harm: the rows carry the work."""

from counterfoil.messaging import sending
from counterfoil.platform.operations import Caller
from counterfoil.platform.tasks import task


@task()
def send_due_messages() -> None:
    """Send what is due."""
    sending.send_due(Caller.system("task"))
