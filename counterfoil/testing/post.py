"""The worker's part of an e-mail, for tests: the tasks that make it run, and what is due is sent to a list."""

from __future__ import annotations

from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from counterfoil.messaging.interfaces import FakeChannel, Outgoing
from counterfoil.messaging.sending import send_due
from counterfoil.platform.callers import Caller, System

_LINKS = ("counterfoil.access.tasks.email_link", "counterfoil.desk.tasks.email_password_link")


def deliver(caller: System | None = None) -> list[Outgoing]:
    """Make the e-mails that were asked for, send what is due, and return all that was sent so far."""
    for row in DBTaskResult.objects.filter(task_path__in=_LINKS, status="READY"):
        import_string(row.task_path).func(**row.args_kwargs["kwargs"])
        row.delete()
    send_due(caller or Caller.system("task"), channel=FakeChannel())
    return list(FakeChannel.sent)
