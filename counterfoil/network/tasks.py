"""Asks NASes to end sessions. Running it twice, or never, does no harm: the rows carry the work."""

from __future__ import annotations

import logging
import time

from counterfoil.kernel.errors import Refused
from counterfoil.network import included, queries, rules
from counterfoil.network.interfaces import NasLine
from counterfoil.network.models import AccessSession, Disconnect
from counterfoil.network.operations import (
    claim_disconnect,
    end_again,
    note_data_used,
    note_looked_at,
    record_disconnect,
)
from counterfoil.network.operations.sessions import to_ask
from counterfoil.platform.bulk import chunks
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.connectors import connector
from counterfoil.platform.tasks import MAIL, task
from counterfoil.subscriptions.models import Service

logger = logging.getLogger(__name__)


def line() -> NasLine:
    """What speaks to NASes."""
    found: NasLine = connector("NAS_LINES", "radius")
    return found


# In the lane of what waits for other machines.
@task(queue_name=MAIL)
def ask_nases() -> None:
    """Ask for what is due for some seconds; what is left is asked for by the next task."""
    system = Caller.system("task")
    if ask_due(system) and Disconnect.objects.filter(to_ask(system.now)).exists():
        ask_nases.enqueue()


def ask_due(system: System, *, seconds: float = 10, limit: int = 200) -> int:
    """Ask for the disconnects that are due, one after the other, for at most so long; returns how many."""
    ends = time.monotonic() + seconds
    for count in range(limit):
        if time.monotonic() >= ends or (row := claim_disconnect(system)) is None:
            return count
        gone, said = ask(row.row)
        record_disconnect(system, disconnect=row, gone=gone, said=said)
    return limit


def ask(session: AccessSession) -> tuple[bool, str]:
    """Whether the session is gone by what its NAS says, and that in words. Nothing is written."""
    if session.ended_at is not None:
        return True, "It had ended by itself."
    nas = session.nas if session.nas is not None and session.nas.in_use else queries.nas_at(session.nas_address)
    if nas is None:
        return False, f"The NAS {session.nas_address} is not in use."
    kind = "NAS-IPv6-Address" if ":" in session.nas_address else "NAS-IP-Address"
    about = {"User-Name": session.user_name, "Acct-Session-Id": session.session, kind: session.nas_address}
    try:
        answer = line().disconnect(queries.target_of(nas), about)
    except Refused as refusal:
        return False, refusal.sentence
    except Exception as error:
        logger.exception("The NAS %s could not be asked", nas)
        return False, f"The NAS could not be asked: {type(error).__name__}."
    return rules.outcome(answer.code, answer.error)


def end_strays(system: System) -> int:
    """Sessions that came back, or began, otherwise than they should be are ended; how many. Run by the clock.

    A session that was let in before its customer was suspended, one that was silent while that happened, one whose
    service is another customer's now: whatever led to it, what is so is put beside what should be.
    """
    rows = queries.strays(system.now)
    return end_again(system, sessions=rows) if rows else 0


def watch_data(system: System) -> int:
    """Services that have reached a part of the data that is included are noted, and their customers told; how many.

    Looked at is what was reported of since the last time. Run by the clock.
    """
    found, last = included.to_look_at()
    count = 0
    for some in chunks(found, 500):
        # Most have nothing new, and then nobody waits for a lock.
        rows = list(Service.objects.filter(pk__in=some).select_related("subscription__customer", "product"))
        for state, *_ in included.new_marks(included.states(rows, system.today).values()):
            try:
                count += note_data_used(system, services=[state.service.pk])
            except Exception:
                # One message that cannot be made must not keep the others from theirs.
                logger.exception("What %s has used was not noted", state.service)
    if last:
        note_looked_at(system, report=last)
    return count


def wake_nases(system: System) -> int:
    """Whoever asks NASes is woken when anything is due; returns how much is. Run by the clock."""
    if due := Disconnect.objects.filter(to_ask(system.now)).count():
        ask_nases.enqueue()
    return due
