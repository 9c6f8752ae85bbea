"""The one fact of the platform: how far each number sequence has come."""

from django.db import models


class NumberSequence(models.Model):
    """A gapless series of document numbers: `INV-` with 6 digits, last number given."""

    key = models.CharField(max_length=40, unique=True)
    prefix = models.CharField(max_length=12, blank=True)
    digits = models.PositiveSmallIntegerField(default=6)
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} at {self.last}"
