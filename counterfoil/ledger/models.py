"""Double entry: ledger accounts, entries and their postings. Debit is positive, credit negative."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.customers.models import Customer
from counterfoil.platform.kept import Kept


class LedgerAccount(models.Model):
    """A place where value stands."""

    kept: ClassVar[Kept] = Kept()

    class Kind(models.TextChoices):
        ASSET = "asset", "Asset"
        LIABILITY = "liability", "Liability"
        EQUITY = "equity", "Equity"
        INCOME = "income", "Income"
        EXPENSE = "expense", "Expense"

    # What the product knows it by; postings and their proof say it, so it stays.
    code = models.CharField(max_length=20, unique=True)
    # What it has in the owner's chart of accounts; empty: the code.
    number = models.CharField(max_length=20, blank=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="ledger_account_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.number or self.code} {self.name}"


class Entry(models.Model):
    """One business event in the books; its postings sum to zero."""

    append_only: ClassVar[bool] = True

    on = models.DateField(db_index=True)
    currency = models.CharField(max_length=3)
    # The kind and number of the document that caused it.
    source = models.CharField(max_length=20)
    number = models.CharField(max_length=60)
    text = models.CharField(max_length=200)
    reverses = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    operation_id = models.UUIDField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.source} {self.number}"


class Posting(models.Model):
    """An amount on one ledger account; receivable postings name the customer."""

    append_only: ClassVar[bool] = True

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=~models.Q(amount_minor=0), name="posting_not_zero")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.amount_minor}"
