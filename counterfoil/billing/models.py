"""Invoices and credit notes: drafts that can change, issued documents that never do."""

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.catalogue.models import RECURRING, Product
from counterfoil.customers.models import Customer, Site
from counterfoil.kernel.money import places
from counterfoil.kernel.periods import Period
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.platform.models import Job
from counterfoil.receivables.models import OpenItem
from counterfoil.sales.models import Agreement
from counterfoil.subscriptions.models import OneTimeCharge, Service, Subscription
from counterfoil.usage.rules import usage_minor, usage_text


class TaxRate(models.Model):
    """A rate of tax between two dates. Exempt and zero-rated are rates too, and say why on the document."""

    kept: ClassVar[Kept] = Kept()

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

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which it is valid; none: until a newer rate follows."""
        return self.valid_to and self.valid_to - dt.timedelta(days=1)

    def __str__(self) -> str:
        return self.name


class TaxPolicy(models.Model):
    """Whether the company charges tax, the newest row first; before the first one nobody has said."""

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True
    charges = models.BooleanField()

    def __str__(self) -> str:
        return "tax is charged" if self.charges else "no tax is charged"


class Invoice(models.Model):
    """A bill for goods or services. From the moment it has its number it is a frozen copy."""

    # Of a draft that was discarded what is personal is erased.
    kept: ClassVar[Kept] = Kept(but=("version",), personal=("reference", "text", "copy", "site"))

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        DISCARDED = "discarded", "Discarded"
        ISSUED = "issued", "Issued"

    # A discarded draft was never a document: what is personal in it can be erased, but it stays discarded.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.state = 'issued' OR (OLD.state = 'discarded' AND NEW.state <> 'discarded')", delete="1=1"
    )
    # What a bill was made of, for a preview whose rows are gone: service id, text and total of each line.
    billed: Sequence[tuple[int | None, str, int]] = ()

    @property
    def is_credited(self) -> bool:
        """Whether credit notes took all of it back, where that was read with it: then it was not paid."""
        return 0 < self.total_minor <= getattr(self, "credited_minor", 0)

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
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
        indexes: ClassVar = [
            models.Index(fields=["customer", "-on"], name="invoice_customer_on"),
            models.Index(fields=["on", "id"], condition=Q(state="draft"), name="invoice_draft"),
        ]

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"


class InvoiceLine(models.Model):
    """One line, with its tax rounded on its own (half up)."""

    kept_with: ClassVar[KeptWith] = KeptWith(("invoice",), personal=("text",))
    frozen: ClassVar[Frozen] = Frozen(
        update="EXISTS (SELECT 1 FROM billing_invoice "
        "WHERE id IN (OLD.invoice_id, NEW.invoice_id) AND state = 'issued')",
        delete="EXISTS (SELECT 1 FROM billing_invoice WHERE id = OLD.invoice_id AND state <> 'draft')",
        insert="EXISTS (SELECT 1 FROM billing_invoice WHERE id = NEW.invoice_id AND state <> 'draft')",
    )

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines", db_index=False)
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


class RecurringInvoice(models.Model):
    """An issued invoice that comes again: a draft with the same lines each time, until it ends (domain 4.6)."""

    kept: ClassVar[Kept] = Kept()

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="+")
    # What it belongs to: it comes while that goes on. Neither is of before there were agreements.
    agreement = models.ForeignKey(Agreement, null=True, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.PROTECT, related_name="+")
    frequency = models.CharField(max_length=10, choices=RECURRING)
    # The day of the next draft; null when there is none any more.
    next_on = models.DateField(null=True)
    # The first day on which no draft is made any more, for one that belongs to nothing.
    ends_on = models.DateField(null=True)
    stopped_on = models.DateField(null=True)
    # Why the draft that is due could not be made; empty when it was. It is told once, not at each try.
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["invoice"], condition=Q(stopped_on=None), name="recurring_invoice_once"),
            models.CheckConstraint(condition=Q(stopped_on=None) | Q(next_on=None), name="recurring_stopped_is_over"),
            models.CheckConstraint(
                condition=Q(agreement=None) | Q(subscription=None), name="recurring_belongs_to_one_thing"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["next_on"], name="recurring_invoice_due")]

    def __str__(self) -> str:
        return f"{self.invoice}, {self.get_frequency_display().lower()}"


class RecurringDraft(models.Model):
    """The draft of one day of a recurring invoice: made once, because the database says so."""

    kept_with: ClassVar[KeptWith] = KeptWith(("recurring",))
    append_only: ClassVar[bool] = True

    recurring = models.ForeignKey(RecurringInvoice, on_delete=models.PROTECT, related_name="drafts")
    on = models.DateField()
    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recurring", "on"], name="recurring_draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.recurring} on {self.on}"


class CreditNote(models.Model):
    """Takes back (part of) an issued invoice, line by line, with the same tax; or a bill of services below zero.

    Such a bill is of the newest invoice that it credits.
    """

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True
    # What a bill below zero was made of, as an invoice has it.
    billed: Sequence[tuple[int | None, str, int]] = ()

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
    """The part of one invoice line that a credit note takes back, or one line of a bill below zero.

    What such a bill charges is below zero here.
    """

    kept_with: ClassVar[KeptWith] = KeptWith(("credit_note",))
    append_only: ClassVar[bool] = True

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="lines")
    invoice_line = models.ForeignKey(InvoiceLine, null=True, on_delete=models.PROTECT, related_name="credits")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    # Of a line of a bill; else it is that of the invoice's line.
    tax_rate = models.ForeignKey(TaxRate, null=True, on_delete=models.PROTECT, related_name="+")
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


class BillRun(models.Model):
    """Billing of many customers up to a day: selected, previewed, its exceptions held back, issued, sent."""

    # How far it is follows from its rows and from the job.
    kept: ClassVar[Kept] = Kept(
        but=("state", "job", "customers", "finished_at", "prices_to", "previewed_on", "figures")
    )

    class State(models.TextChoices):
        OPEN = "open", "Being prepared"
        PREVIEWED = "previewed", "To be approved"
        APPROVED = "approved", "Approved"
        ISSUING = "issuing", "Issuing"
        ISSUED = "issued", "Issued"
        SENT = "sent", "Sent"
        DISCARDED = "discarded", "Discarded"

    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    # Everything due up to and on this day is billed, with invoices of the day `on`.
    bill_to = models.DateField()
    on = models.DateField()
    group = models.CharField(max_length=60, blank=True)
    frequency = models.CharField(max_length=10, blank=True)
    # Totals never mix currencies, so a run is of one.
    currency = models.CharField(max_length=3)
    # The newest price when the run was opened: what is set later waits for the next one.
    prices_to = models.BigIntegerField(default=0)
    customers = models.PositiveIntegerField(default=0)
    # What works on it now, or worked on it last.
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # Approved before its day it issues by itself then: by whom (a user's key), and what it came to.
    approved_by = models.CharField(max_length=120, blank=True)
    approved_user_id = models.BigIntegerField(null=True)
    approved_count = models.PositiveIntegerField(null=True)
    approved_minor = models.BigIntegerField(null=True)
    # The day of its last preview: until its own day it is previewed anew each day.
    previewed_on = models.DateField(null=True)
    # What it comes to while nobody works on its rows, so that a page of a large run need not add them up; else none.
    figures = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.name


class BillRunItem(models.Model):
    """One customer of a bill run, and how it stands with them."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READY = "ready", "Ready"
        HELD = "held", "On hold"
        BILLED = "billed", "Billed"
        NOTHING = "nothing", "Nothing to bill"
        PARKED = "parked", "Failed"

    # No index of its own. (That of the invoice stays: SQLite looks for rows of each inserted after its lines.)
    run = models.ForeignKey(BillRun, on_delete=models.PROTECT, related_name="items", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # What the bill comes to, tax included, and what the last one came to.
    total_minor = models.BigIntegerField(default=0)
    last_minor = models.BigIntegerField(null=True)
    # What it came to when the run was approved before its day.
    approved_minor = models.BigIntegerField(null=True)
    code = models.CharField(max_length=30, blank=True)
    said = models.CharField(max_length=300, blank=True)
    # Somebody looked at the exception and lets it go ahead.
    approved = models.BooleanField(default=False)
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="+")
    sent = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "customer"], name="bill_run_customer_once"),
        ]
        # A row is changed for every customer of a run, and each index with it. So the first of these has in it what a
        # run comes to, and the other is for what people look for in a large run: the largest bills.
        indexes: ClassVar = [
            models.Index(fields=["run", "state", "customer"], include=["total_minor", "sent"], name="bill_run_states"),
            models.Index(fields=["run", "total_minor", "customer"], name="bill_run_by_total"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in run {self.run_id}"


class Charge(models.Model):
    """What was charged for a service and a period: billing again charges the difference to what should be.

    Charges of a service and period are numbered, and a number is there once: two runs at once cannot charge it twice.
    """

    kept_with: ClassVar[KeptWith] = KeptWith(("line__invoice", "credit_line__credit_note"))
    append_only: ClassVar[bool] = True

    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    one_time = models.ForeignKey(OneTimeCharge, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The billing period charged, half-open; and the days of it that this line is about.
    period_start = models.DateField()
    period_end = models.DateField()
    number = models.PositiveSmallIntegerField()
    starts = models.DateField()
    ends = models.DateField()
    # Whole days of the full billing period: `part` of `whole`.
    part = models.PositiveSmallIntegerField(default=1)
    whole = models.PositiveSmallIntegerField(default=1)
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    unit_price = models.DecimalField(max_digits=15, decimal_places=4)
    quantity = models.DecimalField(max_digits=15, decimal_places=4)
    percent_off = models.DecimalField(max_digits=6, decimal_places=3)
    # Whether the price has the tax in it: then its total is compared with what should be charged, else its net.
    prices_include_tax = models.BooleanField(default=True)
    # Of usage: all of the period at this price, and what of it was included; `quantity` is what is beyond.
    used = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    included = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    total_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    # The line that charges it, or the credit note's line that takes it back; none where nothing came of it.
    line = models.ForeignKey(InvoiceLine, null=True, on_delete=models.PROTECT, related_name="charges")
    credit_line = models.ForeignKey(CreditNoteLine, null=True, on_delete=models.PROTECT, related_name="charges")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "period_start", "number"], name="charge_once"),
            models.UniqueConstraint(fields=["one_time", "number"], name="one_time_charge_once"),
            models.CheckConstraint(
                condition=Q(service__isnull=True, one_time__isnull=False)
                | Q(service__isnull=False, one_time__isnull=True),
                name="charge_is_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="charge_has_days"),
            models.CheckConstraint(
                condition=Q(used__isnull=True, included__isnull=True)
                | Q(used__isnull=False, included__isnull=False, service__isnull=False),
                name="charge_of_usage_says_what_is_included",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["ends"], name="charge_ends")]

    @property
    def is_difference(self) -> bool:
        """Of usage, whether some of it was charged before."""
        assert self.service is not None
        decimals = places(self.service.subscription.currency)
        priced = self.total_minor if self.prices_include_tax else self.net_minor
        return priced != usage_minor(self.quantity, self.unit_price, self.percent_off, decimals)

    @property
    def used_text(self) -> str:
        """Of usage, what the amount comes from: `130 minutes, 100 included`."""
        assert self.product is not None
        assert self.used is not None
        assert self.included is not None
        return usage_text(self.used, self.included, self.product.unit)

    @property
    def last_day(self) -> dt.date:
        """The last day of those it is about, as printed."""
        return Period(self.starts, self.ends).last

    @property
    def last_of_period(self) -> dt.date:
        """The last day of the billing period, as printed."""
        return Period(self.period_start, self.period_end).last

    def __str__(self) -> str:
        return f"{self.service_id or self.one_time_id} {self.period_start} {self.total_minor}"
