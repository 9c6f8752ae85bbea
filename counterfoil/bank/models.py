"""What banks said: statements that were brought in, and each line of them until it is known whose it is."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.ledger.models import LedgerAccount
from counterfoil.operator.models import BankAccount
from counterfoil.payments.models import Receipt
from counterfoil.platform.kept import Kept, KeptWith


class BankStatement(models.Model):
    """A statement of one account, as a file said it."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    bank_account = models.ForeignKey(BankAccount, null=True, on_delete=models.PROTECT, related_name="+")
    # What the file calls the account.
    account = models.CharField(max_length=80, blank=True)
    currency = models.CharField(max_length=3)
    opening_minor = models.BigIntegerField(null=True)
    closing_minor = models.BigIntegerField(null=True)
    # None: there were no balances to prove it by.
    adds_up = models.BooleanField(null=True)
    said = models.JSONField(default=list)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    author = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.file_name}, {self.account or self.currency}"


class KeptColumns(models.Model):
    """What the columns of an account's tables are, as somebody said it last: the next file of it is read so."""

    kept: ClassVar[Kept] = Kept()

    bank_account = models.OneToOneField(BankAccount, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=2000)

    def __str__(self) -> str:
        return f"Columns of {self.bank_account}"


class BankLine(models.Model):
    """One booking. Its money stands on an account of its own in the ledger until somebody knows whose it is."""

    kept: ClassVar[Kept] = Kept()

    class State(models.TextChoices):
        OPEN = "open", "Open"
        RECORDED = "recorded", "Recorded"
        POSTED = "posted", "Not a customer's"

    statement = models.ForeignKey(BankStatement, on_delete=models.PROTECT, related_name="lines")
    # Which account, whatever a format calls it; with the next three a line is known again in another format.
    key = models.CharField(max_length=80)
    on = models.DateField()
    amount_minor = models.BigIntegerField()
    place = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=140, blank=True)
    counterparty = models.CharField(max_length=140, blank=True)
    account = models.CharField(max_length=80, blank=True)
    details = models.CharField(max_length=500, blank=True)
    # End to end reference, mandate, and the payments within a sum.
    told = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    posted_to = models.ForeignKey(LedgerAccount, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)
    # Why it was left when what is sure was recorded just now.
    left: str = ""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "currency", "on", "amount_minor", "place"], name="bank_line_once"),
            models.CheckConstraint(condition=~Q(amount_minor=0), name="bank_line_not_zero"),
            models.CheckConstraint(
                condition=Q(state="posted", posted_to__isnull=False) | (~Q(state="posted") & Q(posted_to__isnull=True)),
                name="bank_line_posted_somewhere",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-on"], name="bank_line_state_on")]

    def __str__(self) -> str:
        return f"{self.counterparty or self.details[:40] or 'Bank line'}, {self.on}"


class LinePayment(models.Model):
    """A payment that was recorded of a line."""

    kept_with: ClassVar[KeptWith] = KeptWith(("line",))

    append_only: ClassVar[bool] = True

    line = models.ForeignKey(BankLine, on_delete=models.PROTECT, related_name="payments")
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.line_id} {self.receipt_id}"
