"""What customers owe and are owed: open items, their allocation to each other, disputes, and the ageing policy."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.customers.models import Customer
from counterfoil.ledger.models import Entry
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith


class OpenItem(models.Model):
    """One debit or credit on a customer. `open_minor` is what is not settled yet; nothing else ever changes."""

    # What is open follows from the allocations. An item of a document says what the document says.
    kept: ClassVar[Kept] = Kept(
        but=("open_minor",),
        where=~Q(kind__in=("invoice", "credit_note", "receipt", "reversal", "refund")),
    )

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        DEBIT_MEMO = "debit_memo", "Debit memo"
        REFUND = "refund", "Refund"
        REVERSAL = "reversal", "Reversed payment"
        ADJUSTMENT = "adjustment", "Adjustment"
        CREDIT_NOTE = "credit_note", "Credit note"
        RECEIPT = "receipt", "Payment"
        CREDIT = "credit", "Account credit"
        WRITE_OFF = "write_off", "Write-off"
        OPENING = "opening", "Opening balance"
        TRANSFER_OUT = "transfer_out", "Moved to another account"
        TRANSFER_IN = "transfer_in", "Moved from another account"

    class Side(models.TextChoices):
        DEBIT = "debit", "Debit"
        CREDIT = "credit", "Credit"

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.customer_id <> NEW.customer_id OR OLD.kind <> NEW.kind OR OLD.side <> NEW.side "
        "OR OLD.number <> NEW.number OR OLD.amount_minor <> NEW.amount_minor OR OLD.currency <> NEW.currency "
        "OR OLD.due_on <> NEW.due_on OR OLD.entry_id <> NEW.entry_id OR OLD.id <> NEW.id "
        'OR OLD."on" <> NEW."on" OR OLD.text <> NEW.text OR OLD.reference <> NEW.reference',
        delete="1=1",
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    side = models.CharField(max_length=6, choices=Side.choices)
    number = models.CharField(max_length=60)
    on = models.DateField()
    due_on = models.DateField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    open_minor = models.BigIntegerField()
    text = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, open_minor__gte=0, open_minor__lte=F("amount_minor")),
                name="open_within_amount",
            ),
            # What is moved from another account, or was kept elsewhere before, keeps its age.
            models.CheckConstraint(
                condition=Q(due_on__gte=F("on")) | Q(kind__in=("transfer_in", "opening")), name="item_due_after_date"
            ),
            models.UniqueConstraint(fields=["kind", "number"], name="item_number_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "on"], name="item_customer_on"),
            models.Index(fields=["customer", "side", "due_on"], condition=Q(open_minor__gt=0), name="item_still_open"),
            models.Index(fields=["on"], name="item_on"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def signed_minor(self) -> int:
        """What it does to the balance: positive when the customer owes more."""
        return self.amount_minor if self.side == self.Side.DEBIT else -self.amount_minor


class Standing(models.Model):
    """What a customer owes now, kept so that lists can be ordered by it (decision 0025). Each customer has one.

    It follows from the open items, which prove it (`checks.py`). What is overdue changes with the calendar alone: the
    amount is right on days after `after_on` and up to `until_on`, on any other day it is added up.
    """

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.PROTECT, related_name="+", related_query_name="standing"
    )
    balance_minor = models.BigIntegerField()
    overdue_minor = models.BigIntegerField()
    # The first due day of what is open, passed or not.
    oldest_due_on = models.DateField(null=True)
    after_on = models.DateField()
    until_on = models.DateField()

    class Meta:
        # What lists are ordered and narrowed by, and what finds those whose day has come.
        indexes: ClassVar = [
            models.Index(fields=["balance_minor", "customer"], name="standing_balance"),
            models.Index(fields=["overdue_minor", "customer"], name="standing_overdue"),
            models.Index(fields=["oldest_due_on"], name="standing_oldest_due"),
            models.Index(fields=["until_on"], name="standing_until"),
            models.Index(fields=["after_on"], name="standing_after"),
        ]

    def __str__(self) -> str:
        return f"{self.balance_minor} of {self.customer_id}"


class Allocation(models.Model):
    """A credit settles (part of) a debit from a day on. Undoing it is a new row with the opposite amount."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    debit = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="settled_by")
    credit = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="settles")
    amount_minor = models.BigIntegerField()
    on = models.DateField()
    undoes = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="undone_by")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, undoes__isnull=True) | Q(amount_minor__lt=0, undoes__isnull=False),
                name="allocation_sign",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["on"], name="allocation_on")]

    def __str__(self) -> str:
        return f"{self.credit_id} settles {self.amount_minor} of {self.debit_id}"


class Dispute(models.Model):
    """An amount of a debit that the customer does not accept, from a day until a day."""

    kept: ClassVar[Kept] = Kept()

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.closed_on IS NOT NULL OR OLD.item_id <> NEW.item_id OR OLD.amount_minor <> NEW.amount_minor "
        "OR OLD.reason <> NEW.reason OR OLD.opened_on <> NEW.opened_on OR OLD.opened_by <> NEW.opened_by",
        delete="1=1",
    )

    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="disputes")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    opened_on = models.DateField()
    opened_by = models.CharField(max_length=120)
    closed_on = models.DateField(null=True)
    outcome = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="dispute_positive"),
            models.UniqueConstraint(fields=["item"], condition=Q(closed_on__isnull=True), name="one_open_dispute"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.item_id}"


class SetAside(models.Model):
    """What is left of a credit is kept for something from a day until a day: it settles nothing by itself meanwhile."""

    kept: ClassVar[Kept] = Kept()

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.released_on IS NOT NULL OR OLD.item_id <> NEW.item_id OR OLD.purpose <> NEW.purpose "
        "OR OLD.since <> NEW.since OR OLD.author <> NEW.author",
        delete="1=1",
    )

    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="set_aside")
    purpose = models.CharField(max_length=120)
    since = models.DateField()
    author = models.CharField(max_length=120)
    released_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item"], condition=Q(released_on__isnull=True), name="set_aside_once"),
        ]

    def __str__(self) -> str:
        return self.purpose


class CreditPolicy(models.Model):
    """What account credit does, the newest row first; before the first one it settles what is billed (domain 5.3)."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    settles_bills = models.BooleanField()

    def __str__(self) -> str:
        return "settles what is billed" if self.settles_bills else "waits to be allocated"


class BucketSet(models.Model):
    """A way to age: the buckets, and whether days count from the due date or the document date."""

    kept: ClassVar[Kept] = Kept()

    class Basis(models.TextChoices):
        DUE = "due", "Due date"
        DOCUMENT = "document", "Document date"

    name = models.CharField(max_length=60, unique=True)
    basis = models.CharField(max_length=10, choices=Basis.choices, default=Basis.DUE)
    is_default = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_bucket_set")
        ]

    def __str__(self) -> str:
        return self.name


class Bucket(models.Model):
    """Days late from and to, both included; the first is open below, the last open above."""

    kept_with: ClassVar[KeptWith] = KeptWith(("set",))

    set = models.ForeignKey(BucketSet, on_delete=models.CASCADE, related_name="buckets")
    position = models.PositiveSmallIntegerField()
    label = models.CharField(max_length=30)
    days_from = models.IntegerField(null=True)
    days_to = models.IntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["set", "position"], name="bucket_position_once")]

    def __str__(self) -> str:
        return self.label
