"""Agreements: something a customer agreed to, from a day up to another (domain 12)."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.customers.models import Customer, Site
from counterfoil.kernel.periods import days_before
from counterfoil.platform.kept import Kept


class Agreement(models.Model):
    """What a customer agreed to, with an end; a subscription goes on until somebody ends it, an agreement ends."""

    kept: ClassVar[Kept] = Kept(personal=("title", "coverage", "reason", "site"))

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        EXPIRED = "expired", "Expired"
        TERMINATED = "terminated", "Terminated"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    title = models.CharField(max_length=120)
    # What it covers, in the words of the agreement.
    coverage = models.TextField(blank=True)
    starts = models.DateField()
    # The first day on which it does not hold any more.
    ends = models.DateField()
    # By how many months it is renewed when it ends; null is not at all.
    renewal_months = models.PositiveSmallIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    # Why it is terminated, or will be on the day it ends.
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="agreement_has_days"),
            models.CheckConstraint(
                condition=Q(renewal_months__isnull=True) | Q(renewal_months__gt=0), name="agreement_renewal_sane"
            ),
            models.CheckConstraint(
                condition=~Q(state="terminated") | ~Q(reason=""), name="agreement_terminated_for_a_reason"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["ends"], condition=Q(state="active"), name="agreement_due"),
            models.Index(fields=["customer", "-starts"], name="agreement_customer"),
        ]

    @property
    def last_day(self) -> dt.date:
        """The last day on which it holds, as printed."""
        return max(days_before(self.ends, 1), self.starts)

    def __str__(self) -> str:
        return f"{self.number}, {self.title}"
