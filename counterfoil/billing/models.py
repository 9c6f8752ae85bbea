"""Invoices and credit notes: drafts that can change, issued documents that never do."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.customers.models import Customer, Site
from counterfoil.platform.append_only import Frozen
from counterfoil.receivables.models import OpenItem


class TaxRate(models.Model):
    """A rate of tax between two dates. Exempt and zero-rated are rates too, and say why on the document."""

    class Category(models.TextChoices):
        STANDARD = "standard", "Standard"
        REDUCED = "reduced", "Reduced"
        ZERO = "zero", "Zero-rated"
        EXEMPT = "exempt", "Exempt"

    code = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    category = models.CharField(max_length=10, choices=Category.choices, default=Category.STANDARD)
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="tax_rate_version_once"),
            models.CheckConstraint(condition=Q(percent__gte=0, percent__lt=100), name="tax_percent_sane"),
        ]

    def __str__(self) -> str:
        return self.name


class Invoice(models.Model):
    """A bill for goods or services. From the moment it has its number it is a frozen copy."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        DISCARDED = "discarded", "Discarded"
        ISSUED = "issued", "Issued"

    # A discarded draft was never a document: what is personal in it can be erased, but it stays discarded.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.state = 'issued' OR (OLD.state = 'discarded' AND NEW.state <> 'discarded')", delete="1=1"
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    number = models.CharField(max_length=60, null=True, unique=True)
    # Null for drafts, and for documents brought in from another system under their own number.
    sequence_no = models.BigIntegerField(null=True, unique=True)
    currency = models.CharField(max_length=3)
    on = models.DateField()
    due_on = models.DateField()
    prices_include_tax = models.BooleanField(default=True)
    reference = models.CharField(max_length=120, blank=True)
    text = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=12, default="one_off")
    net_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    item = models.OneToOneField(OpenItem, null=True, on_delete=models.PROTECT, related_name="+")
    # Names, addresses and terms as printed.
    copy = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="invoice_adds_up"),
            models.CheckConstraint(
                condition=Q(state="issued", number__isnull=False) | (~Q(state="issued") & Q(number__isnull=True)),
                name="invoice_numbered_when_issued",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["customer", "-on"], name="invoice_customer_on")]

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"


class InvoiceLine(models.Model):
    """One line, with its tax rounded on its own (half up)."""

    frozen: ClassVar[Frozen] = Frozen(
        update="EXISTS (SELECT 1 FROM billing_invoice "
        "WHERE id IN (OLD.invoice_id, NEW.invoice_id) AND state = 'issued')",
        delete="EXISTS (SELECT 1 FROM billing_invoice WHERE id = OLD.invoice_id AND state <> 'draft')",
        insert="EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.invoice_id AND state <> 'draft')",
    )

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    unit_price = models.DecimalField(max_digits=15, decimal_places=4)
    tax_rate = models.ForeignKey(TaxRate, null=True, on_delete=models.PROTECT, related_name="+")
    tax_name = models.CharField(max_length=60, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="line_adds_up"),
            models.UniqueConstraint(fields=["invoice", "position"], name="line_position_once"),
        ]

    def __str__(self) -> str:
        return self.text


class CreditNote(models.Model):
    """Takes back (part of) an issued invoice, line by line, with the same tax."""

    append_only: ClassVar[bool] = True

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="credit_notes")
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    currency = models.CharField(max_length=3)
    on = models.DateField()
    reason = models.CharField(max_length=200)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    item = models.OneToOneField(OpenItem, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)
    copy = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="credit_note_adds_up")
        ]

    def __str__(self) -> str:
        return self.number


class CreditNoteLine(models.Model):
    """The part of one invoice line that a credit note takes back."""

    append_only: ClassVar[bool] = True

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="credits")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    tax_name = models.CharField(max_length=60, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="credit_line_adds_up")
        ]

    def __str__(self) -> str:
        return self.text
