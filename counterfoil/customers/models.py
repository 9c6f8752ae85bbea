"""Facts about customers: who they are, where, whom to reach, and what staff noted."""

import datetime as dt
from typing import ClassVar

from django.db import models

from counterfoil.customers.rules import address_text
from counterfoil.documents.models import StoredFile
from counterfoil.operator.models import Area, Brand, Lookup
from counterfoil.operator.terms import RULES, terms_text
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.staff.models import User


class Customer(models.Model):
    """A person or company with one receivable account, in one row (domain 2.2). Its row locks all it owns."""

    kept: ClassVar[Kept] = Kept(
        but=("search_text", "pinned_note", "version"), personal=("name", "tax_number", "group", "hold_reason")
    )

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        COMPANY = "company", "Company"

    class BillingType(models.TextChoices):
        RESIDENTIAL = "residential", "Residential"
        BUSINESS = "business", "Business"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        INACTIVE = "inactive", "Inactive"
        MERGED = "merged", "Merged"
        ERASED = "erased", "Erased"

    # Indexed by any part of it (platform/fulltext.py).
    searched: ClassVar[str] = "search_text"

    number = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PERSON)
    billing_type = models.CharField(max_length=12, choices=BillingType.choices, default=BillingType.RESIDENTIAL)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    joined_on = models.DateField()
    group = models.CharField(max_length=60, blank=True)
    manager = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # What people can be limited to; a customer without one is seen by those without that limit.
    area = models.ForeignKey(Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    brand = models.ForeignKey(Brand, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    terms_days = models.PositiveSmallIntegerField(default=30)
    # What that number counts.
    terms_rule = models.CharField(max_length=12, choices=RULES, default="days", db_default="days")
    currency = models.CharField(max_length=3)
    tax_number = models.CharField(max_length=40, blank=True)
    # Empty: that of the company or the brand.
    language = models.CharField(max_length=8, blank=True, default="")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    pinned_note = models.ForeignKey("Note", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # The account this one turned out to be the same as; its documents stay where they are.
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Why nothing new is sold to it; empty: it is. And the first day on which it is again, where that is known.
    hold_reason = models.CharField(max_length=200, blank=True)
    hold_ends = models.DateField(null=True)
    # Counts the edits, so that a form opened before somebody else's save is noticed.
    version = models.PositiveIntegerField(default=1)
    # Everything one may search by, folded to lower case without accents; kept by the operations.
    search_text = models.TextField(blank=True)

    class Meta:
        indexes: ClassVar = [
            # What the list of customers is ordered by, each with the key that orders those of the same value.
            models.Index(fields=["name", "id"], name="customer_name"),
            models.Index(fields=["status", "id"], name="customer_status"),
            models.Index(fields=["group", "id"], name="customer_group"),
            models.Index(fields=["joined_on", "id"], name="customer_joined"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"

    def held_on(self, day: dt.date) -> bool:
        """Whether there is a credit hold on a day."""
        return bool(self.hold_reason) and (self.hold_ends is None or day < self.hold_ends)

    @property
    def terms(self) -> str:
        """Payment terms in words."""
        is_net = self.terms_rule == "days" and self.terms_days
        return f"Net {self.terms_days}" if is_net else terms_text(self.terms_rule, self.terms_days)


class Contact(models.Model):
    """A person to reach at a customer, and what for."""

    kept_with: ClassVar[KeptWith] = KeptWith(("customer",), but=("version",), personal=("name", "title"))

    ROLES: ClassVar = ("primary", "billing", "statements", "technical", "collections")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=300)
    title = models.CharField(max_length=80, blank=True)
    roles = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return self.name


class ContactPoint(models.Model):
    """One e-mail address or telephone number of a contact."""

    kept_with: ClassVar[KeptWith] = KeptWith(("contact__customer",), personal=("value",))

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # E-mail addresses as written, telephone numbers in E.164.
    value = models.CharField(max_length=254)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["contact", "kind", "value"], name="contact_point_once")
        ]

    def __str__(self) -> str:
        return self.value


class Site(models.Model):
    """An address of a customer, with its purposes (domain 2.3)."""

    kept_with: ClassVar[KeptWith] = KeptWith(
        ("customer",), but=("version",), personal=("label", "street", "city", "postcode", "country")
    )

    PURPOSES: ClassVar = ("billing", "service", "statements", "legal")

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="sites")
    label = models.CharField(max_length=60)
    street = models.CharField(max_length=200)
    city = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=16, blank=True)
    country = models.CharField(max_length=60, blank=True)
    purposes = models.JSONField(default=list)
    is_primary = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer"], condition=models.Q(is_primary=True), name="one_primary_site")
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        """The address in one line."""
        return address_text(self.street, self.city, self.postcode, self.country)


class Note(models.Model):
    """What staff wrote about a customer; the author and the time are the system's. A correction is a new note."""

    kept: ClassVar[Kept] = Kept(personal=("text",))

    # Never changed, but for the text of a person who is erased.
    frozen: ClassVar[Frozen] = Frozen(
        update="NEW.text <> '' OR OLD.customer_id <> NEW.customer_id OR OLD.at <> NEW.at "
        "OR OLD.author_name <> NEW.author_name OR OLD.id <> NEW.id "
        "OR COALESCE(OLD.note_type_id, 0) <> COALESCE(NEW.note_type_id, 0)",
        delete="1=1",
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="notes")
    # Of the list of note types; none is a general one.
    note_type = models.ForeignKey(Lookup, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    author = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer", "-at"], name="note_customer")]

    def __str__(self) -> str:
        return self.text[:60]


class Destination(models.Model):
    """Where one kind of message goes, apart from the contact details (domain 2.3).

    A kind without any goes where the contacts' roles say.
    """

    kept_with: ClassVar[KeptWith] = KeptWith(("customer",), personal=("email",))

    class About(models.TextChoices):
        INVOICE = "invoice", "Invoices"
        STATEMENT = "statement", "Statements"
        REMINDER = "reminder", "Payment reminders"
        TICKET = "ticket", "Answers to tickets"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="destinations")
    about = models.CharField(max_length=12, choices=About.choices)
    email = models.CharField(max_length=254)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "about", "email"], name="destination_once")
        ]

    def __str__(self) -> str:
        return f"{self.about}: {self.email}"


class Attachment(models.Model):
    """A file about a customer, kept by its hash (domain 2.3)."""

    # Its thumbnail is made of its file.
    kept: ClassVar[Kept] = Kept(but=("thumbnail", "pictured_at"), personal=("name",))

    class Kind(models.TextChoices):
        APPLICATION = "application", "Service application"
        SURVEY = "survey", "Site survey"
        PHOTO = "photo", "Installation photo"
        JOB_CARD = "job_card", "Job card"
        AOD = "aod", "AOD letter"
        EFT = "eft", "EFT letter"
        MANDATE = "mandate", "Debit order mandate"
        OTHER = "other", "Other"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=160)
    # None once the person is erased: then it has let go of the bytes.
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    # A small picture of it, where it has one; made by the worker, which looked at it then.
    thumbnail = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    pictured_at = models.DateTimeField(null=True)
    author_name = models.CharField(max_length=120)
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer", "-at"], name="attachment_customer"),
            models.Index(fields=["id"], condition=models.Q(pictured_at=None), name="attachment_not_pictured"),
        ]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word by which staff group customers as they like."""

    kept: ClassVar[Kept] = Kept()

    name = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    """A customer has a tag."""

    kept_with: ClassVar[KeptWith] = KeptWith(("customer",))

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="tags")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="customers")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once")]

    def __str__(self) -> str:
        return self.tag.name


class CustomField(models.Model):
    """A fact that this operator keeps about customers, with its type."""

    kept: ClassVar[Kept] = Kept()

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        DATE = "date", "Date"
        YES_NO = "yes_no", "Yes or no"
        CHOICE = "choice", "Choice"

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    choices = models.JSONField(default=list)
    # Shown in the customers list and its exports.
    listed = models.BooleanField(default=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.label


class CustomValue(models.Model):
    """What a custom field says of a customer, as plain text: numbers and dates in the form that programs read."""

    kept_with: ClassVar[KeptWith] = KeptWith(("customer",), personal=("text",))

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="custom_values")
    field = models.ForeignKey(CustomField, on_delete=models.PROTECT, related_name="values")
    text = models.CharField(max_length=500)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["customer", "field"], name="custom_value_once")]
        indexes: ClassVar = [models.Index(fields=["field", "text"], name="custom_value_text")]

    def __str__(self) -> str:
        return self.text


class SearchWord(models.Model):
    """A word of some customer's searchable text: what a misspelt word may have meant."""

    word = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.word
