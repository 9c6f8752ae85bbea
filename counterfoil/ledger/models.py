"""Double entry: ledger accounts, entries and their postings. Debit is positive, credit negative."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.customers.models import Customer
from counterfoil.kernel.periods import date_text
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


class Way(models.TextChoices):
    """How books are closed."""

    SOFT = "soft", "Closed, may be reopened"
    FINAL = "final", "Closed for good"
    YEAR = "year", "Closed for good, with the year"


OPEN = "open"
# The source of the entry that carries a year's result over.
YEAR_SOURCE = "year"


class Closing(models.Model):
    """Up to which days nothing is posted any more; the newest row holds."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    how = models.CharField(max_length=5, choices=[*Way.choices, (OPEN, "Reopened")])
    # For all but those who may post late.
    closed_to = models.DateField(null=True)
    # For everybody, and for good: at most as far.
    final_to = models.DateField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(final_to__isnull=True) | Q(final_to__lte=models.F("closed_to")), name="closing_final_within"
            )
        ]

    def __str__(self) -> str:
        return f"up to {date_text(self.closed_to)}" if self.closed_to else "nowhere"
