"""Facts of the platform: how far each number sequence has come, and operations that wait for approval."""

from typing import ClassVar

from django.db import models

from counterfoil.platform.append_only import Frozen


class NumberSequence(models.Model):
    """A gapless series of document numbers: `INV-` with 6 digits, last number given."""

    key = models.CharField(max_length=40, unique=True)
    prefix = models.CharField(max_length=12, blank=True)
    digits = models.PositiveSmallIntegerField(default=6)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} at {self.last}"


class Approval(models.Model):
    """An operation that was asked for and is not done: somebody else decides (decision 0012)."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        APPROVED = "approved", "Approved"
        REFUSED = "refused", "Refused"
        WITHDRAWN = "withdrawn", "Withdrawn"
        # Approved, and then the operation itself refused: the world had changed.
        FAILED = "failed", "Not possible any more"

    # What was asked for never changes, and what was decided is final.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.state <> 'waiting' OR OLD.operation <> NEW.operation OR OLD.label <> NEW.label "
        "OR CAST(OLD.arguments AS TEXT) <> CAST(NEW.arguments AS TEXT) OR OLD.asked_by <> NEW.asked_by "
        "OR COALESCE(OLD.asked_by_id, 0) <> COALESCE(NEW.asked_by_id, 0) OR OLD.asked_at <> NEW.asked_at "
        "OR COALESCE(OLD.customer_id, 0) <> COALESCE(NEW.customer_id, 0)",
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
