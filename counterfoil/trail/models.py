"""Facts of the trail: events, the seals over them, and remembered answers for safe retries."""

import datetime as dt
from dataclasses import dataclass
from typing import ClassVar

from django.db import models


@dataclass(frozen=True)
class Erasable:
    """When an event may be updated: only to take its personal values and their salt away. SQL over OLD and NEW."""

    update: str = (
        "OLD.salt = '' OR NEW.salt <> '' OR OLD.id <> NEW.id OR OLD.operation_id <> NEW.operation_id "
        "OR OLD.operation <> NEW.operation OR OLD.kind <> NEW.kind OR OLD.subject_type <> NEW.subject_type "
        "OR OLD.subject_id <> NEW.subject_id OR COALESCE(OLD.customer_id, 0) <> COALESCE(NEW.customer_id, 0) "
        "OR COALESCE(OLD.actor_id, 0) <> COALESCE(NEW.actor_id, 0) OR OLD.actor <> NEW.actor OR OLD.door <> NEW.door "
        "OR OLD.at <> NEW.at OR CAST(OLD.sealed AS TEXT) <> CAST(NEW.sealed AS TEXT)"
    )
    delete: str = "1=1"
    insert: str | None = None


class Event(models.Model):
    """One thing that an operation did. Audit trail, timeline and outbox in one row (decision 0003).

    Of what is personal the seal covers a salted digest (`sealed`), so that a person can be erased (decision 0017).
    """

    frozen: ClassVar[Erasable] = Erasable()

    operation_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=80)
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    # Not a foreign key: the trail lies below the customers.
    customer_id = models.BigIntegerField(null=True)
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=120)
    door = models.CharField(max_length=20)
    at = models.DateTimeField()
    data = models.JSONField(default=dict)
    # `data` with digests in place of what is personal; null when nothing is.
    sealed = models.JSONField(null=True)
    # Random, one for each event with personal values; empty once they are erased.
    salt = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer_id", "-id"], name="event_customer"),
            models.Index(fields=["subject_type", "subject_id"], name="event_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type}:{self.subject_id}"


class Seal(models.Model):
    """A hash over a run of events and the seal before it, so that an edited or removed event is noticed."""

    append_only: ClassVar[bool] = True

    first_id = models.BigIntegerField(unique=True)
    last_id = models.BigIntegerField(unique=True)
    events = models.BigIntegerField()
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.first_id} to {self.last_id}"


class SealHead(models.Model):
    """How many seals and events there are, and the newest hash: kept apart, so that a cut-off end is noticed."""

    seals = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.seals} seals"


class Replay(models.Model):
    """The answer an operation gave for an idempotency key; the same key with other input is refused."""

    key = models.CharField(max_length=200, unique=True)
    operation = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField()

    @classmethod
    def take(cls, key: str, operation: str, fingerprint: str, at: dt.datetime) -> "Replay":
        """The row of a key, locked: a new one, or that of whoever used it before, who is waited for."""
        # One statement in place of an insert that may find the key there, and a read under a lock.
        sql = (
            "INSERT INTO trail_replay (key, operation, fingerprint, at) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING *"
        )
        return cls.objects.raw(sql, [key, operation, fingerprint, at])[0]

    def __str__(self) -> str:
        return self.key
