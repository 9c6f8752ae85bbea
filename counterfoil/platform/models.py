"""Facts of the platform: how far each number sequence has come, and the work that runs long."""

from typing import ClassVar

from django.db import models


class NumberSequence(models.Model):
    """A gapless series of document numbers: `INV-` with 6 digits, last number given."""

    key = models.CharField(max_length=40, unique=True)
    prefix = models.CharField(max_length=12, blank=True)
    digits = models.PositiveSmallIntegerField(default=6)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} at {self.last}"


class Job(models.Model):
    """Work that runs long: who asked for it, how far it is, and what came of it (ux 11)."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        DONE = "done", "Finished"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    # What is counted: rows, messages.
    unit = models.CharField(max_length=20, default="rows")
    arguments = models.JSONField(default=dict)
    # Not a foreign key: staff stand on a floor above.
    user_id = models.BigIntegerField(null=True)
    user_name = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    total = models.PositiveBigIntegerField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    # When the process that runs it was last heard of.
    beat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user_id", "-at"], name="job_of_user"),
            models.Index(fields=["state"], name="job_state"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.DONE, self.State.CANCELLED, self.State.FAILED)


class JobItem(models.Model):
    """One piece of a job that is done, or fails, by itself. The row carries the work."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items")
    # What it is about, for the function that does it and for the person who reads the list.
    subject_id = models.BigIntegerField()
    label = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "subject_id"], name="job_item_once")]

    def __str__(self) -> str:
        return self.label


class JobFile(models.Model):
    """The file a job made, kept for a week."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="file")
    name = models.CharField(max_length=160)
    mime = models.CharField(max_length=80)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.name
