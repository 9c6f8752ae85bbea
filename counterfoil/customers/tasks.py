"""Small pictures of what is attached, made by the worker one after the other. The rows carry the work."""

from __future__ import annotations

import threading
import time

from counterfoil.customers import queries
from counterfoil.customers.operations import attachments
from counterfoil.documents.picturing import small_picture
from counterfoil.platform.callers import Caller, System
from counterfoil.platform.tasks import JOBS, task

# What draws a picture may take most of a gigabyte: a worker lets one do so at a time, whichever thread asks for it.
_drawing = threading.Lock()


@task(queue_name=JOBS)
def picture_new_attachments() -> None:
    """Picture what was attached, for some seconds; what is left is pictured by the next task, after whatever waits."""
    if picture_attachments(Caller.system("task")) and queries.how_many_unpictured():
        picture_new_attachments.enqueue()


def wake_picturing(system: System) -> int:
    """Whoever draws is woken when anything waits; returns how much does. Run by the clock, which draws nothing."""
    waiting = queries.how_many_unpictured()
    if waiting:
        picture_new_attachments.enqueue()
    return waiting


def picture_attachments(system: System, *, seconds: float = 5) -> int:
    """Make the small pictures of attachments that were not looked at yet; returns how many. Twice does no harm.

    One at a time, each drawn in a process of its own and outside of any transaction; none while another thread draws.
    """
    if not _drawing.acquire(blocking=False):
        return 0
    try:
        count, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends and (attachment := queries.not_pictured()) is not None:
            assert attachment.file is not None
            picture = small_picture(bytes(attachment.file.content), attachment.file.mime)
            attachments.set_thumbnail(system, attachment=attachment, picture=picture)
            count += 1
        return count
    finally:
        _drawing.release()
