"""Money in and money out: receipts, their reversal, and refunds."""

from typing import Any, ClassVar

from django.db import models

from counterfoil.customers.models import Customer
from counterfoil.operator.models import Lookup
from counterfoil.operator.queries import names_of
from counterfoil.platform.kept import Kept
from counterfoil.receivables.models import OpenItem


class Method(models.TextChoices):
    """The ways in which money moves that the product does something by (domain 6.1).

    What each is called, and those that the company added, are rows (`payment_method` in `operator/lookups.py`).
    """

    EFT = "eft", "EFT"
    DEBIT_ORDER = "debit_order", "Debit order"
    CASH = "cash", "Cash"
    CARD = "card", "Credit card"


_METHODS = Lookup.Kind.PAYMENT_METHOD


def with_method(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """With what the method of each is called now, so that a list asks once."""
    names = Lookup.objects.filter(kind=_METHODS, code=models.OuterRef("method")).values("name")
    named: models.QuerySet[Any] = rows.annotate(named=models.Subquery(names[:1]))
    return named


class MovesMoney:
    """Something with a `method`: the code of the way in which its money moves."""

    method: Any

    @property
    def method_name(self) -> str:
        """What the way is called now."""
        return str(self.__dict__.get("named") or names_of(_METHODS).get(self.method, self.method))


class Receipt(MovesMoney, models.Model):
    """Money received from a customer."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    on = models.DateField()
    method = models.CharField(max_length=60)
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


class Refund(MovesMoney, models.Model):
    """Money paid back to a customer, never more than was received and is still unallocated."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    on = models.DateField()
    method = models.CharField(max_length=60)
    reference = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.number
