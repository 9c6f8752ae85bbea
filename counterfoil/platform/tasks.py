"""The one import for background tasks: Django 6's interface, from its backport until we are there."""

from django_tasks import task, task_backends

# Queues, each with threads of its own in a worker (site/background.py). Mail waits for other machines, jobs run long;
# everything else is short and in the queue that has no name of its own.
MAIL = "mail"
JOBS = "jobs"

__all__ = ["JOBS", "MAIL", "task", "task_backends"]
