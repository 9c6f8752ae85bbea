"""Facts about the terms on which customers are chased: classes, profiles, letters, letter sets, limits of charges."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.customers.models import Customer, Site
from counterfoil.customers.rules import LANGUAGES
from counterfoil.operator.models import Brand, Lookup
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.staff.models import User


class Letter(models.Model):
    """What a customer who is late is told: subject and text with fields that are filled in."""

    kept: ClassVar[Kept] = Kept()

    class Severity(models.TextChoices):
        REMINDER = "reminder", "Reminder"
        FIRM = "firm", "Firm"
        FINAL = "final", "Final"

    name = models.CharField(max_length=60, unique=True)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.REMINDER)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class LetterText(models.Model):
    """What a letter says to customers of a brand, or who read a language, or both; the closest is sent."""

    kept: ClassVar[Kept] = Kept()

    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="texts")
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=8, blank=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    # Switched off, these customers are sent what the others are.
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["letter", "brand", "language"], name="letter_text_of_brand_once"),
            models.UniqueConstraint(fields=["letter", "language"], condition=Q(brand=None), name="letter_text_once"),
            models.CheckConstraint(condition=Q(brand__isnull=False) | ~Q(language=""), name="letter_text_of_somebody"),
        ]

    def __str__(self) -> str:
        said = (self.letter.name, self.brand.name if self.brand else "", LANGUAGES.get(self.language, self.language))
        return ", ".join(part for part in said if part)


class LetterSet(models.Model):
    """Which letter follows which, and by what it is chosen (domain 14.2)."""

    kept: ClassVar[Kept] = Kept()

    class Method(models.TextChoices):
        DAYS = "days", "Days overdue"
        STAGED = "staged", "Staged levels"

    name = models.CharField(max_length=60, unique=True)
    method = models.CharField(max_length=6, choices=Method, default=Method.DAYS)
    # Of its fees.
    currency = models.CharField(max_length=3)
    resend_last = models.BooleanField(default=False)
    in_sequence = models.BooleanField(default=False)
    dun_disputed = models.BooleanField(default=False)
    # Account credit is on the letter and off its total.
    include_unapplied = models.BooleanField(default=True)
    use_grace_days = models.BooleanField(default=True)
    charge_interest = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(method="staged", resend_last=True), name="letter_set_staged_resends_nothing"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LetterLine(models.Model):
    """A letter of a set with the days late, or the levels, that it is for; both included, the last line may be open."""

    kept_with: ClassVar[KeptWith] = KeptWith(("set",))

    set = models.ForeignKey(LetterSet, on_delete=models.CASCADE, related_name="lines")
    sequence = models.PositiveSmallIntegerField()
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="+")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField(null=True)
    # Days that have to pass since the letter before.
    min_days = models.PositiveSmallIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["set", "sequence"], name="letter_line_sequence_once"),
            models.CheckConstraint(condition=Q(last=None) | Q(last__gte=F("first")), name="letter_line_forwards"),
            models.CheckConstraint(condition=Q(fee_minor__gte=0), name="letter_fee_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.letter} for {self.first} to {self.last or 'any'}"


class Terms(models.Model):
    """What a class says and a profile has of it."""

    # Whose work the customer is.
    collector = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    credit_rating = models.ForeignKey(Lookup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    account_status = models.ForeignKey(Lookup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # By so much a limit may be exceeded.
    tolerance_percent = models.DecimalField(max_digits=6, decimal_places=3, default=0)
    credit_check = models.BooleanField(default=False)
    receipt_grace_days = models.PositiveSmallIntegerField(default=0)
    send_dunning = models.BooleanField(default=True)
    letter_set = models.ForeignKey(LetterSet, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    finance_charges = models.BooleanField(default=False)
    charge_interval_days = models.PositiveSmallIntegerField(default=30)
    charge_disputed = models.BooleanField(default=False)

    class Meta:
        abstract = True


class Amounts(models.Model):
    """The amounts of a class in a currency, or of a profile in its customer's; none where not given."""

    # Both unlimited where not given.
    credit_limit_minor = models.BigIntegerField(null=True, blank=True)
    order_limit_minor = models.BigIntegerField(null=True, blank=True)
    min_dunning_minor = models.BigIntegerField(null=True, blank=True)
    min_dunning_invoice_minor = models.BigIntegerField(null=True, blank=True)
    # Without a rate nothing is charged.
    interest_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    min_customer_balance_minor = models.BigIntegerField(null=True, blank=True)
    min_invoice_balance_minor = models.BigIntegerField(null=True, blank=True)
    most_interest_minor = models.BigIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class ProfileClass(Terms):
    """Terms that many customers are given. Who has no profile of their own has those of the default class."""

    kept: ClassVar[Kept] = Kept()

    name = models.CharField(max_length=60, unique=True)
    active = models.BooleanField(default=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="profile_class_one_default"
            ),
            models.CheckConstraint(condition=Q(is_default=False) | Q(active=True), name="profile_class_default_active"),
        ]

    def __str__(self) -> str:
        return self.name


class ClassAmounts(Amounts):
    """The amounts of a class in one currency."""

    kept: ClassVar[Kept] = Kept()

    profile_class = models.ForeignKey(ProfileClass, on_delete=models.PROTECT, related_name="amounts")
    currency = models.CharField(max_length=3)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["profile_class", "currency"], name="class_amounts_once"),
        ]

    def __str__(self) -> str:
        return f"{self.profile_class} in {self.currency}"


class Profile(Terms, Amounts):
    """The terms of a customer, or of one of its sites: copied from a class, each overridden where somebody did."""

    kept: ClassVar[Kept] = Kept()

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Empty: of the customer, but for sites that have their own.
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    profile_class = models.ForeignKey(ProfileClass, on_delete=models.PROTECT, related_name="+")
    # The names of what was overridden.
    customised = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "site"], name="profile_of_site_once"),
            models.UniqueConstraint(fields=["customer"], condition=Q(site=None), name="profile_of_customer_once"),
        ]

    def __str__(self) -> str:
        return f"{self.customer}, {self.site.label}" if self.site else str(self.customer)


class ChargeLimit(models.Model):
    """The most that may be charged for paying late where the company is in this country."""

    kept: ClassVar[Kept] = Kept()

    country = models.CharField(max_length=2, unique=True)
    # Simple interest a year; empty: no limit.
    most_interest_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True, blank=True)
    most_fee_minor = models.BigIntegerField(null=True, blank=True)
    # Of the fee.
    currency = models.CharField(max_length=3)

    def __str__(self) -> str:
        return self.country
