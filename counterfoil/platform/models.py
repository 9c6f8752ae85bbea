"""Facts of the platform: number sequences, operations that wait for approval, and the work that runs long."""

from typing import ClassVar

from django.db import models

from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept


class NumberSequence(models.Model):
    """How many numbers of a kind were given; and their lock."""

    key = models.CharField(max_length=40, unique=True)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} at {self.last}"


class LimitUse(models.Model):
    """How much of a limit somebody used for one customer on one day, so that no sum is split to pass below it."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    operation = models.CharField(max_length=80)
    # Not foreign keys: staff and customers stand on floors above.
    user_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=120)
    customer_id = models.BigIntegerField()
    on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer_id", "operation", "on"], name="limit_use_of_customer")]

    def __str__(self) -> str:
        return f"{self.actor} {self.operation} {self.amount_minor}"


class Job(models.Model):
    """Work that runs long: who asked for it, how far it is, and what came of it (decision 0015)."""

    # Whatever it does, it does as the person who asked for it; how far it is says nothing.
    kept: ClassVar[Kept] = Kept(but=("state", "done", "total", "started_at", "beat_at", "finished_at", "said"))

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


class Approval(models.Model):
    """An operation that was asked for and is not done: somebody else decides (decision 0012)."""

    kept: ClassVar[Kept] = Kept(personal=("arguments", "label", "reason", "asked_by", "decided_by", "note", "error"))

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        # Approved, and then the operation itself refused: the world had changed.
        FAILED = "failed", "No longer possible"

    # What was asked for never changes, and what was decided is final; but for a person who is erased.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.operation <> NEW.operation OR OLD.asked_at <> NEW.asked_at "
        "OR COALESCE(OLD.asked_by_id, 0) <> COALESCE(NEW.asked_by_id, 0) "
        "OR COALESCE(OLD.customer_id, 0) <> COALESCE(NEW.customer_id, 0) OR (NEW.label = 'Erased' "
        "AND (NEW.reason <> '' OR NEW.state = 'waiting')) OR (NEW.label <> 'Erased' AND (OLD.state <> 'waiting' "
        "OR OLD.label <> NEW.label OR OLD.asked_by <> NEW.asked_by "
        "OR CAST(OLD.arguments AS TEXT) <> CAST(NEW.arguments AS TEXT)))",
        delete="1=1",
    )

    operation = models.CharField(max_length=80)
    arguments = models.JSONField()
    # The request in words: "Issue credit R850.00, Zara Naidoo".
    label = models.CharField(max_length=300)
    reason = models.CharField(max_length=300, blank=True)
    amount_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    # Not foreign keys: customers and staff lie above.
    customer_id = models.BigIntegerField(null=True)
    asked_by_id = models.BigIntegerField(null=True)
    asked_by = models.CharField(max_length=120)
    door = models.CharField(max_length=20)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    decided_by_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state="waiting", decided_at__isnull=True)
                | (~models.Q(state="waiting") & models.Q(decided_at__isnull=False)),
                name="approval_decided_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-id"], name="approval_state"),
            models.Index(fields=["customer_id", "state"], name="approval_customer"),
        ]

    def __str__(self) -> str:
        return self.label
