"""Facts about debit orders: how customers pay, their mandates, and what the bank was asked to collect."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.customers.models import Attachment, Customer
from counterfoil.debits.rules import WAYS
from counterfoil.kernel.periods import long_date_text
from counterfoil.messaging.models import Message
from counterfoil.operator.models import BankAccount
from counterfoil.payments.models import MovesMoney, Receipt
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept
from counterfoil.platform.models import Job
from counterfoil.receivables.models import OpenItem

_WAYS = [(code, way.label) for code, way in WAYS.items()]


class DebitPolicy(models.Model):
    """What the operator decides about debit orders; the newest row counts."""

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True

    least_minor = models.BigIntegerField()
    fee_minor = models.BigIntegerField()
    most_tries = models.PositiveSmallIntegerField()
    on_day = models.BooleanField()
    second_person = models.BooleanField()
    notices = models.BooleanField(default=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(least_minor__gte=0, fee_minor__gte=0, most_tries__gte=1), name="debit_policy_amounts"
            ),
        ]

    def __str__(self) -> str:
        return "Debit orders"


class DebitScheme(models.Model):
    """A way in which the operator collects: by which bank account, and how the bank knows them."""

    kept: ClassVar[Kept] = Kept()

    way = models.CharField(max_length=10, choices=_WAYS)
    bank_account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="+")
    # Encrypted: a service key of a provider opens more than a file.
    creditor_box = models.TextField()
    bank_name = models.CharField(max_length=80, blank=True)
    # Netcash's of the software that makes its files, where it is not the general one.
    vendor_key = models.CharField(max_length=40, blank=True)
    retired_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["way", "bank_account"], condition=Q(retired_on=None), name="debit_scheme_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_way_display()}, {self.bank_account}"


class BillingDetails(MovesMoney, models.Model):
    """How a customer pays. Without a row nothing was agreed, and they are asked to transfer."""

    kept: ClassVar[Kept] = Kept()

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=60)

    def __str__(self) -> str:
        return f"{self.customer_id} pays by {self.method_name}"


class Mandate(models.Model):
    """What a customer signed: this account may be debited. Other details are another mandate."""

    kept: ClassVar[Kept] = Kept(but=("collected_on",), personal=("holder", "account_box", "account_end"))

    class AccountType(models.TextChoices):
        CURRENT = "current", "Current"
        SAVINGS = "savings", "Savings"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=35, unique=True)
    way = models.CharField(max_length=10, choices=_WAYS)
    holder = models.CharField(max_length=120)
    # The number of the account, encrypted; its last digits are what people see.
    account_box = models.TextField()
    account_end = models.CharField(max_length=4)
    # Branch code, sort code, routing number or BIC.
    bank = models.CharField(max_length=20, blank=True)
    account_type = models.CharField(max_length=8, choices=AccountType.choices, default=AccountType.CURRENT)
    # The day of the month on which it is collected; none: with any run.
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    most_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    signed_on = models.DateField(null=True, blank=True)
    document = models.ForeignKey(Attachment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # When something was collected under it last.
    collected_on = models.DateField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)
    author = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer"], condition=Q(ended_on=None), name="mandate_one_at_a_time"),
            models.CheckConstraint(condition=Q(day=None) | Q(day__gte=1, day__lte=31), name="mandate_day_of_month"),
            models.CheckConstraint(condition=Q(most_minor=None) | Q(most_minor__gt=0), name="mandate_most"),
        ]
        indexes: ClassVar = [models.Index(fields=["way", "customer"], name="mandate_way", condition=Q(ended_on=None))]

    def __str__(self) -> str:
        return self.number

    @property
    def state(self) -> str:
        """`ended`, `waiting` for its signature, or `active`."""
        return "ended" if self.ended_on else "active" if self.signed_on else "waiting"

    @property
    def shown_account(self) -> str:
        """All of the account that anybody is shown."""
        return f"•••• {self.account_end}" if self.account_box else ""


class DebitRun(models.Model):
    """What one bank is asked to collect on one day."""

    kept: ClassVar[Kept] = Kept(but=("job",))

    class State(models.TextChoices):
        OPEN = "open", "To freeze"
        FROZEN = "frozen", "To approve"
        APPROVED = "approved", "To send"
        SENT = "sent", "With the bank"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    scheme = models.ForeignKey(DebitScheme, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    # Only mandates of this day of the month, and those without one; none: all of them.
    day = models.PositiveSmallIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # What was frozen, and then what the file says; what is less was paid in between.
    frozen_count = models.PositiveIntegerField(default=0)
    frozen_minor = models.BigIntegerField(default=0)
    frozen_digest = models.CharField(max_length=64, blank=True)
    file_count = models.PositiveIntegerField(default=0)
    file_minor = models.BigIntegerField(default=0)
    file_sha256 = models.CharField(max_length=64, blank=True)
    author = models.CharField(max_length=120)
    # Who chose and who froze them: neither of them approves them.
    author_id = models.BigIntegerField(null=True)
    frozen_by_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    approved_by = models.CharField(max_length=120, blank=True)
    approved_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "on"], name="debit_run_state_on")]

    def __str__(self) -> str:
        return f"Debit orders {long_date_text(self.on)}"


class DebitOrder(models.Model):
    """What is to be collected of one customer in a run, or why nothing is."""

    class State(models.TextChoices):
        CHOSEN = "chosen", "To collect"
        LEFT_OUT = "left_out", "On hold"
        SENT = "sent", "With the bank"
        COLLECTED = "collected", "Collected"
        RETURNED = "returned", "Returned"
        REJECTED = "rejected", "Rejected"

    run = models.ForeignKey(DebitRun, on_delete=models.PROTECT, related_name="orders", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    mandate = models.ForeignKey(Mandate, null=True, on_delete=models.PROTECT, related_name="+")
    # By which the bank and its answers know it.
    reference = models.CharField(max_length=35, unique=True)
    state = models.CharField(max_length=10, choices=State.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    first = models.BooleanField(default=False)
    # Why it is on hold, or what the bank said, in words; and its code.
    code = models.CharField(max_length=30, blank=True)
    said = models.CharField(max_length=200, blank=True)
    receipt = models.OneToOneField(Receipt, null=True, on_delete=models.PROTECT, related_name="+")
    answered_on = models.DateField(null=True)
    # By which the customer was told that it is coming.
    notice = models.OneToOneField(Message, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "customer"], name="debit_order_once_a_run"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="debit_order_of_something"),
        ]
        indexes: ClassVar = [models.Index(fields=["run", "state"], name="debit_order_run_state")]

    def __str__(self) -> str:
        return self.reference


class DebitPart(models.Model):
    """What an order collects of an item. While it is held, no other run collects the item."""

    # But for whether it is held, and that it came back.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.order_id <> NEW.order_id OR OLD.item_id <> NEW.item_id OR OLD.amount_minor <> NEW.amount_minor "
        "OR (OLD.returned AND NOT NEW.returned)",
    )

    order = models.ForeignKey(DebitOrder, on_delete=models.PROTECT, related_name="parts")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    held = models.BooleanField(default=False)
    # The bank returned it.
    returned = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item"], condition=Q(held=True), name="item_is_collected_once"),
            models.UniqueConstraint(fields=["order", "item"], name="debit_part_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="debit_part_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} of {self.order_id}"
