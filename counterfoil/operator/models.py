"""Facts about the company that runs this installation."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.documents.models import StoredFile
from counterfoil.documents.parties import INK
from counterfoil.documents.speech import DATES, LANGUAGES, NUMBERS, PAPERS
from counterfoil.kernel.periods import days_before
from counterfoil.operator.countries import address_lines
from counterfoil.operator.patterns import Shape
from counterfoil.operator.terms import RULES
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept


class Logo(models.Model):
    """A logo that documents bear or bore. It stays, so that what was issued is printed with it again."""

    kept: ClassVar[Kept] = Kept()
    frozen: ClassVar[Frozen] = Frozen(update="1=1", delete="1=1")

    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.file)


# What weeks begin with, as `date.weekday` counts.
WEEK_STARTS = {0: "Monday", 6: "Sunday", 5: "Saturday"}


class Operator(models.Model):
    """The company that runs this installation, as printed on its documents. One row."""

    kept: ClassVar[Kept] = Kept(but=("version",))
    trail_name: ClassVar[str] = "staff.operator"

    name = models.CharField(max_length=120)
    legal_name = models.CharField(max_length=160, blank=True)
    registration = models.CharField(max_length=60, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    tax_name = models.CharField(max_length=20, default="VAT")
    # How the two numbers are called where the company is.
    registration_name = models.CharField(max_length=20, default="Reg.")
    tax_number_name = models.CharField(max_length=20, blank=True)
    # Street or post box, perhaps on several lines.
    address = models.CharField(max_length=240, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    currency = models.CharField(max_length=3, default="ZAR")
    # Where it is; also for telephone numbers written without a country code.
    region = models.CharField(max_length=2, default="ZA")
    pay_url = models.CharField(max_length=120, blank=True)
    # What {brand} stands for in numbers of customers without a brand.
    code = models.CharField(max_length=8, blank=True)
    # Of new customers: the number, and what it counts.
    terms_days = models.PositiveSmallIntegerField(default=30)
    terms_rule = models.CharField(max_length=12, choices=RULES, default="days")
    # The day of the month on which periods of new subscriptions start; empty: the day they begin.
    billing_day = models.PositiveSmallIntegerField(null=True, blank=True, default=1)
    logo = models.ForeignKey(Logo, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Of headings and buttons: text in it can be read on white, and white on it.
    colour = models.CharField(max_length=7, default=INK)
    # At the foot of documents.
    footer = models.CharField(max_length=240, blank=True)
    # Below the lines of invoices (terms of payment, thanks), of credit notes and of statements.
    invoice_text = models.CharField(max_length=600, blank=True)
    credit_note_text = models.CharField(max_length=600, blank=True)
    statement_text = models.CharField(max_length=600, blank=True)
    # How documents say things, and the paper they are on. Empty formats: as the language writes them.
    language = models.CharField(max_length=8, choices=LANGUAGES, default="en")
    date_format = models.CharField(max_length=16, choices=DATES, blank=True)
    number_format = models.CharField(max_length=16, choices=NUMBERS, blank=True)
    paper = models.CharField(max_length=12, choices=PAPERS, default="a4")

    # Decides what day it is, and how times are shown; empty is that of the installation.
    time_zone = models.CharField(max_length=64, blank=True)
    # The day that weeks begin with; 0 is Monday.
    week_starts = models.PositiveSmallIntegerField(choices=WEEK_STARTS, default=0)

    # What a save over somebody else's is noticed by.
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.name

    @property
    def address_lines(self) -> list[str]:
        """The address as printed."""
        return address_lines(self.address, self.city, self.postcode, self.region)


class BankAccount(models.Model):
    """An account that customers can pay into."""

    kept: ClassVar[Kept] = Kept()

    class Kind(models.TextChoices):
        UNSAID = "", "Not printed"
        CURRENT = "current", "Current"
        SAVINGS = "savings", "Savings"
        TRANSMISSION = "transmission", "Transmission"

    # Whose it is, where that is not the name on the letterhead.
    holder = models.CharField(max_length=120, blank=True)
    bank = models.CharField(max_length=80, blank=True)
    branch = models.CharField(max_length=20, blank=True)
    number = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=12, choices=Kind, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    # Empty: the company's.
    currency = models.CharField(max_length=3, blank=True)
    # Printed on documents.
    is_default = models.BooleanField(default=False)
    closed_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="bank_account_one_default"
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(closed_on=None), name="bank_account_default_is_open"
            ),
            models.CheckConstraint(condition=~Q(bank="", number="", iban=""), name="bank_account_says_something"),
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.bank, self.number or self.iban) if part)


class Area(models.Model):
    """A part of the operator's territory that customers belong to, and that people can be limited to."""

    kept: ClassVar[Kept] = Kept()
    trail_name: ClassVar[str] = "staff.area"

    name = models.CharField(max_length=60, unique=True)
    # Not offered any more from then on; who has it keeps it.
    retired_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Brand(models.Model):
    """A name the operator trades under that customers belong to, and that people can be limited to.

    Its customers' documents and messages bear it. What is empty of it is the operator's.
    """

    kept: ClassVar[Kept] = Kept()
    trail_name: ClassVar[str] = "staff.brand"

    name = models.CharField(max_length=60, unique=True)
    # What {brand} stands for in numbers of its customers.
    code = models.CharField(max_length=8, blank=True)
    legal_name = models.CharField(max_length=160, blank=True)
    registration = models.CharField(max_length=60, blank=True)
    tax_number = models.CharField(max_length=40, blank=True)
    # The three are one address: with any of them none is the operator's.
    address = models.CharField(max_length=240, blank=True)
    city = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    logo = models.ForeignKey(Logo, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    colour = models.CharField(max_length=7, blank=True)
    account = models.ForeignKey(BankAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    footer = models.CharField(max_length=240, blank=True)
    invoice_text = models.CharField(max_length=600, blank=True)
    credit_note_text = models.CharField(max_length=600, blank=True)
    statement_text = models.CharField(max_length=600, blank=True)
    language = models.CharField(max_length=8, choices=LANGUAGES, blank=True)
    # Not offered any more from then on; who has it keeps it.
    retired_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class NumberSeries(models.Model):
    """How the numbers of a kind of document are written, for all customers or those of a brand."""

    kept: ClassVar[Kept] = Kept()

    class Kind(models.TextChoices):
        INVOICE = "invoice", "Invoice"
        CREDIT_NOTE = "credit_note", "Credit note"
        RECEIPT = "receipt", "Payment"
        REFUND = "refund", "Refund"
        CREDIT = "credit", "Credit"
        DEBIT_MEMO = "debit_memo", "Debit memo"
        WRITE_OFF = "write_off", "Write-off"
        ADJUSTMENT = "adjustment", "Adjustment"
        TRANSFER = "transfer", "Transfer between accounts"
        OPENING = "opening", "Opening balance"
        SUBSCRIPTION = "subscription", "Subscription"
        AGREEMENT = "agreement", "Agreement"
        ACCOUNT = "account", "Customer account"
        TICKET = "ticket", "Ticket"
        JOB = "job", "Job"

    kind = models.CharField(max_length=12, choices=Kind)
    # The number that comes next, where it was worked out with a change.
    following: str = ""

    # Empty: of everybody whose brand has none of its own.
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # As `operator.patterns` reads it. Empty of a brand: it has the company's again.
    pattern = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "brand"], name="number_series_one_of_a_brand"),
            models.UniqueConstraint(fields=["kind"], condition=Q(brand=None), name="number_series_one_of_company"),
            models.CheckConstraint(condition=~Q(pattern="") | Q(brand__isnull=False), name="number_series_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.brand}" if self.brand else self.get_kind_display()


class NumberRun(models.Model):
    """Numbers with the same text before and after: those from the first to the last are given, each of them once."""

    kind = models.CharField(max_length=12)
    prefix = models.CharField(max_length=40, blank=True)
    suffix = models.CharField(max_length=40, blank=True)
    digits = models.PositiveSmallIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "prefix", "suffix", "first"], name="number_run_begins_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.shape.text(self.last)}"

    @property
    def shape(self) -> Shape:
        """How its numbers are written."""
        return Shape(self.prefix, self.suffix, self.digits)


class Lookup(models.Model):
    """Something people choose by name from a list of its kind. It is never removed: what has it keeps it."""

    kept: ClassVar[Kept] = Kept()

    class Kind(models.TextChoices):
        CALL_OUTCOME = "call_outcome", "Call outcome"
        CUSTOMER_RESPONSE = "customer_response", "Customer response"
        CALL_ACTION = "call_action", "Call action"
        FOLLOW_UP_ACTION = "follow_up_action", "Follow-up action"
        ACCOUNT_STATUS = "account_status", "Account status"
        CREDIT_RATING = "credit_rating", "Credit rating"
        NOTE_TYPE = "note_type", "Note type"
        CREDIT_REASON = "credit_reason", "Reason of a credit"
        ADJUSTMENT_REASON = "adjustment_reason", "Reason of a write-off or charge"
        PAYMENT_METHOD = "payment_method", "Payment method"
        TICKET_DEPARTMENT = "ticket_department", "Department of tickets"
        TICKET_CATEGORY = "ticket_category", "Category of tickets"

    kind = models.CharField(max_length=20, choices=Kind)
    # What the product knows a delivered one by (`operator/lookups.py`).
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField()
    delivered = models.BooleanField(default=False)
    # The days on which it is offered, half-open; none is open on that side.
    starts = models.DateField(null=True, blank=True)
    ends = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "code"], name="lookup_code_once"),
            models.UniqueConstraint(fields=["kind", "name"], name="lookup_name_once"),
            models.CheckConstraint(condition=Q(ends__isnull=True) | Q(starts__isnull=True) | Q(ends__gte=F("starts")),
                                   name="lookup_days_in_order"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def is_offered(self, day: dt.date) -> bool:
        """Whether it can be chosen on a day."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day < self.ends)

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which it is offered, where there is one."""
        return days_before(self.ends, 1) if self.ends else None
