"""What was used of a service, as records that are added and taken back, never changed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept
from counterfoil.subscriptions.models import Service


class UsageRecord(models.Model):
    """So much used on a day: a call, a session, a day's traffic. A wrong one is taken back by its opposite."""

    kept: ClassVar[Kept] = Kept(personal=("text",))

    frozen: ClassVar[Frozen] = Frozen(
        # But for a person who is erased: then nothing of whom they called is left.
        update='NEW.text <> \'\' OR OLD.service_id <> NEW.service_id OR OLD."on" <> NEW."on" '
        "OR OLD.quantity <> NEW.quantity OR OLD.source <> NEW.source OR OLD.reference <> NEW.reference",
        delete="1=1",
    )

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    # The operator's local day.
    on = models.DateField()
    # In the unit of the product.
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    text = models.CharField(max_length=120, blank=True)
    # Where it came from, and what it is called there: what is known already is not added again.
    source = models.CharField(max_length=60)
    reference = models.CharField(max_length=160)
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversal")
    author = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "reference"], name="usage_record_once"),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, quantity__gt=0) | Q(reverses__isnull=False, quantity__lt=0),
                name="usage_taken_back_by_its_opposite",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["service", "on"], name="usage_service_on")]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():f} on {self.on}"
