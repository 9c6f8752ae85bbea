"""Small pictures of what is attached, made by the worker one after the other. The rows carry the work."""

from __future__ import annotations

from counterfoil.customers import queries
from counterfoil.customers.operations import attachments
from counterfoil.documents.picturing import small_picture
from counterfoil.platform.operations import Caller
from counterfoil.platform.tasks import JOBS, task


@task(queue_name=JOBS)
def picture_new_attachments() -> None:
    """Picture what was attached and is not pictured yet."""
    picture_attachments(Caller.system("task"))


def picture_attachments(caller: Caller) -> int:
    """Make the small picture of every attachment that was not looked at yet; returns how many. Twice does no harm.

    One at a time, each drawn in a process of its own and outside of any transaction.
    """
    count = 0
    while (attachment := queries.not_pictured()) is not None:
        assert attachment.file is not None
        picture = small_picture(bytes(attachment.file.content), attachment.file.mime)
        attachments.set_thumbnail(caller, attachment=attachment, picture=picture)
        count += 1
    return count
