"""The one import for background tasks: Django 6's interface, from its backport until we are there."""

from django_tasks import task, task_backends

__all__ = ["task", "task_backends"]
