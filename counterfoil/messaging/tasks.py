"""Wakes the sending of what is due. Running it twice, or never, does no harm: the rows carry the work."""

from counterfoil.messaging import operations, sending
from counterfoil.messaging.queries import anything_due, due_deliveries, sends_mail
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.tasks import MAIL, task


@task(queue_name=MAIL)
def send_due_messages() -> None:
    """Send what is due for some seconds; what is left is sent by the next task, after whatever else waits."""
    caller = Caller.system("task")
    # One task is made for each message, and the first of them sends what is due of all.
    if anything_due(caller.now) and sending.send_due(caller) and anything_due(caller.now):
        send_due_messages.enqueue()


def wake(system: System) -> int:
    """Whoever sends is woken when anything is due; returns how much is. Run by the clock, which itself sends nothing.

    It also fails what was interrupted and forgets what is of no use, even where nobody sends.
    """
    operations.fail_interrupted_deliveries(system)
    operations.tidy_private_mail(system)
    if not sends_mail() or not anything_due(system.now):
        return 0
    send_due_messages.enqueue()
    return due_deliveries(system.now)
