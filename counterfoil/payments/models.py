"""Money in and money out: receipts, their reversal, and refunds."""

from typing import ClassVar

from django.db import models

from counterfoil.customers.models import Customer
from counterfoil.platform.kept import Kept
from counterfoil.receivables.models import OpenItem


class Method(models.TextChoices):
    """How money moves (domain 6.1)."""

    EFT = "eft", "EFT"
    DEBIT_ORDER = "debit_order", "Debit order"
    CASH = "cash", "Cash"
    CARD = "card", "Credit card"


class Receipt(models.Model):
    """Money received from a customer."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    on = models.DateField()
    method = models.CharField(max_length=12, choices=Method.choices)
    reference = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer", "-on"], name="receipt_customer_on")]

    def __str__(self) -> str:
        return self.number


class ReceiptReversal(models.Model):
    """A receipt that turned out not to be money: a bounced debit order, a stopped payment."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="reversal")
    on = models.DateField()
    reason = models.CharField(max_length=200)
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"reversal of {self.receipt_id}"


class Refund(models.Model):
    """Money paid back to a customer, never more than was received and is still unallocated."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    on = models.DateField()
    method = models.CharField(max_length=12, choices=Method.choices)
    reference = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.number
