"""Reads the mailbox. Running it twice does no harm: an e-mail is filed once, by its Message-ID."""

from __future__ import annotations

import logging

from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.connectors import connector
from counterfoil.platform.tasks import MAIL, task
from counterfoil.tickets import queries
from counterfoil.tickets.interfaces import Postbox, Seen, Unreachable
from counterfoil.tickets.operations import note_read, take_in

logger = logging.getLogger(__name__)
# So many are read at once; what is left is read by the next task, after whatever else waits.
AT_ONCE = 50


@task(queue_name=MAIL)
def read_mailbox() -> None:
    """What came into the mailbox since it was read last becomes tickets, or waits for a person."""
    if read_some(Caller.system("mail")) == AT_ONCE:
        read_mailbox.enqueue()


def read_some(system: System, *, postbox: Postbox | None = None, most: int = AT_ONCE) -> int:
    """Up to so many e-mails are filed, the oldest first; how many there were.

    One that cannot be read is left where it is, said so in the log, and stops no other.
    """
    row = queries.mailbox()
    if row is None:
        return 0
    count, seen = 0, Seen(row.uid_validity, row.last_uid)
    try:
        with (postbox or connector("POSTBOXES", "imap")).opened(queries.mailbox_server(row)) as box:
            for place, content in box.after(seen, most):
                _file(system, place, content)
                note_read(system, seen=place)
                count += 1
    except (Unreachable, Refused) as error:
        note_read(system, trouble=str(error) or "It does not answer.")
        return count
    note_read(system)
    return count


def _file(system: System, place: Seen, content: bytes) -> None:
    try:
        take_in(system, content)
    except Refused as refusal:
        logger.warning("E-mail %s of the mailbox was left there: %s", place.uid, refusal.sentence)


def wake_mailbox(system: System) -> int:
    """Whoever reads the mailbox is woken, where there is one. Run by the clock, which itself reads nothing."""
    if queries.mailbox() is None:
        return 0
    read_mailbox.enqueue()
    return 1
