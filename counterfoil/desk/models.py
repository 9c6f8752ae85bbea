"""What the desk keeps for each person: named views of lists, and what they are told."""

from typing import ClassVar

from django.db import models

from counterfoil.customers.models import Customer
from counterfoil.staff.models import User


class SavedView(models.Model):
    """A list as somebody narrowed and ordered it, under a name; for themselves or for everybody."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    list_key = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500)
    shared = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "list_key", "name"], name="saved_view_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """Something a member of staff is told, until they have read it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # The event that it tells of: nobody is told the same thing twice.
    event_id = models.BigIntegerField()
    # Whom it speaks of, so that it can be erased with them.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=200, blank=True)
    tone = models.CharField(max_length=8, blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "event_id"], name="notice_once")]
        indexes: ClassVar = [models.Index(fields=["user", "read_at", "-at"], name="notice_unread")]

    def __str__(self) -> str:
        return self.text


class ReportMail(models.Model):
    """A report that somebody gets by e-mail after each day, week or month. Who stops it has it deleted."""

    class Every(models.TextChoices):
        DAY = "day", "Every day"
        WEEK = "week", "Every Monday"
        MONTH = "month", "On the 1st of each month"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    report = models.CharField(max_length=40)
    every = models.CharField(max_length=6, choices=Every.choices)
    # The day it is next sent; it is about the days before.
    next_on = models.DateField(db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "report", "every"], name="report_mail_once")]

    def __str__(self) -> str:
        return f"{self.report}, {self.get_every_display().lower()}"
