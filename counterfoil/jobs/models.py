"""Jobs: work at a customer's place, of a type, at a time, by a technician; and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.billing.models import Invoice
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Attachment, Customer, Site
from counterfoil.jobs import rules
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.staff.models import User
from counterfoil.subscriptions.models import OneTimeCharge, Service
from counterfoil.tickets.models import Ticket


class JobPolicy(models.Model):
    """What the operator decides about jobs; the newest row counts."""

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True

    # Customers are reminded the day before.
    reminds = models.BooleanField(default=True)
    # Customers see their coming visits in the portal.
    in_portal = models.BooleanField(default=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return "Jobs"


class JobType(models.Model):
    """A kind of job: how long it takes, who can do it, what is done, and what completing it does."""

    kept: ClassVar[Kept] = Kept()

    name = models.CharField(max_length=60)
    minutes = models.PositiveSmallIntegerField()
    # Words that a technician must have; lines that are ticked while it is done.
    skills = models.JSONField(default=list)
    checklist = models.JSONField(default=list)
    # Completing it starts the service that the job is about, where that is a draft.
    starts_service = models.BooleanField(default=False)
    retired_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], condition=Q(retired_on=None), name="job_type_once"),
            models.CheckConstraint(
                condition=Q(minutes__gte=5, minutes__lte=rules.MOST_MINUTES), name="job_type_minutes_sane"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class JobTypeProduct(models.Model):
    """A one-time charge that completing a job of a type makes."""

    kept_with: ClassVar[KeptWith] = KeptWith(("job_type",))

    job_type = models.ForeignKey(JobType, on_delete=models.PROTECT, related_name="products")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job_type", "product"], name="job_type_product_once"),
        ]

    def __str__(self) -> str:
        return str(self.product)


class Technician(models.Model):
    """Somebody of staff who does jobs."""

    kept: ClassVar[Kept] = Kept()

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")
    skills = models.JSONField(default=list)
    # Part of the address of their calendar: one more, and the address before leads nowhere.
    feed_version = models.PositiveIntegerField(default=1)
    retired_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.user.name


class WorkingHours(models.Model):
    """When jobs are done on a weekday, by everybody or by one technician: minutes of the day; the same twice is off."""

    kept: ClassVar[Kept] = Kept()

    technician = models.ForeignKey(Technician, null=True, on_delete=models.PROTECT, related_name="hours")
    # 0 is Monday.
    weekday = models.PositiveSmallIntegerField()
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["technician", "weekday"], name="working_hours_once"),
            models.UniqueConstraint(fields=["weekday"], condition=Q(technician=None), name="working_hours_of_all_once"),
            models.CheckConstraint(
                condition=Q(weekday__lte=6, closes__gte=models.F("opens"), closes__lte=rules.DAY_MINUTES),
                name="working_hours_of_a_day",
            ),
        ]

    def __str__(self) -> str:
        return rules.WEEKDAYS[self.weekday]


# The database's own word that nobody is at two places at once. PostgreSQL has an exclusion constraint besides, which
# also holds of two who write at the same second (migration 0001).
_TWICE = (
    "NEW.technician_id IS NOT NULL AND NEW.state IN ('scheduled', 'under_way') AND EXISTS (SELECT 1 FROM jobs_fieldjob "
    "WHERE technician_id = NEW.technician_id AND id <> NEW.id AND state IN ('scheduled', 'under_way') "
    "AND starts_at < NEW.ends_at AND NEW.starts_at < ends_at)"
)


class FieldJob(models.Model):
    """Work for a customer, from when it was asked for until it is completed or cancelled. A job, on screen."""

    # Whether a reminder left says nothing of the job.
    kept: ClassVar[Kept] = Kept(
        but=("reminded_of", "reminded_at"), personal=("summary", "contact_name", "contact_phone", "reason")
    )
    frozen: ClassVar[Frozen] = Frozen(update=_TWICE, insert=_TWICE)

    class State(models.TextChoices):
        UNASSIGNED = "unassigned", "Unassigned"
        SCHEDULED = "scheduled", "Scheduled"
        UNDER_WAY = "under_way", "Under way"
        COMPLETED = "completed", "Completed"
        CANCELLED = "cancelled", "Cancelled"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    job_type = models.ForeignKey(JobType, on_delete=models.PROTECT, related_name="+")
    summary = models.CharField(max_length=200)
    # Where, and what it is about.
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+")
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="+")
    # Who is called before the visit.
    contact_name = models.CharField(max_length=120, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNASSIGNED)
    technician = models.ForeignKey(Technician, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # The visit: its start and expected completion, and what was expected when it was first agreed.
    starts_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    first_ends_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=120)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    # Why it was cancelled, or opened again.
    reason = models.CharField(max_length=200, blank=True)
    # The start of the visit that the customer was last told of, and when. Where it moved since, they are told again.
    reminded_of = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="unassigned", technician=None, starts_at=None, ends_at=None)
                | Q(state="cancelled")
                | Q(technician__isnull=False, starts_at__isnull=False, ends_at__isnull=False),
                name="job_has_time_and_technician",
            ),
            models.CheckConstraint(
                condition=Q(starts_at=None, ends_at=None) | Q(ends_at__gt=models.F("starts_at")),
                name="job_ends_after_its_start",
            ),
            models.CheckConstraint(
                condition=Q(state="completed", completed_at__isnull=False)
                | ~Q(state="completed") & Q(completed_at=None),
                name="job_completed_or_not",
            ),
            models.CheckConstraint(
                condition=Q(state="cancelled", cancelled_at__isnull=False)
                | ~Q(state="cancelled") & Q(cancelled_at=None),
                name="job_cancelled_or_not",
            ),
            # One thing at a time, however the times were planned.
            models.UniqueConstraint(fields=["technician"], condition=Q(state="under_way"), name="job_under_way_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-opened_at"], name="field_job_customer"),
            models.Index(fields=["technician", "starts_at"], name="field_job_technician"),
            models.Index(fields=["state", "starts_at"], name="field_job_state"),
        ]

    def __str__(self) -> str:
        return f"{self.number}, {self.summary}"

    @property
    def is_over(self) -> bool:
        """Whether it was completed or cancelled."""
        return self.state in rules.OVER

    @property
    def visit(self) -> rules.Stretch:
        """Start and expected completion of a job that has them."""
        assert self.starts_at is not None
        assert self.ends_at is not None
        return self.starts_at, self.ends_at

    @property
    def slip_minutes(self) -> int:
        """By how many minutes the expected completion has moved since it was first agreed."""
        return rules.slip(self.first_ends_at, self.ends_at)


class JobCheck(models.Model):
    """A line of a job's checklist, as the type had it when the job was opened."""

    kept_with: ClassVar[KeptWith] = KeptWith(("job",))

    job = models.ForeignKey(FieldJob, on_delete=models.PROTECT, related_name="checks")
    place = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    done = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["place"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "place"], name="job_check_place")]

    def __str__(self) -> str:
        return self.text


class JobEntry(models.Model):
    """Something noted on a job: a note, or a reading or serial number under its name."""

    kept_with: ClassVar[KeptWith] = KeptWith(("job",), personal=("author", "text", "value"))
    # But for a person who is erased: then nothing of what was noted is left.
    frozen: ClassVar[Frozen] = Frozen(
        update="(NEW.text <> 'Erased' AND (OLD.text <> NEW.text OR OLD.value <> NEW.value "
        "OR OLD.author <> NEW.author)) OR OLD.job_id <> NEW.job_id OR OLD.kind <> NEW.kind OR OLD.at <> NEW.at",
        delete="1=1",
    )

    class Kind(models.TextChoices):
        NOTE = "note", "Note"
        READING = "reading", "Reading or serial number"

    job = models.ForeignKey(FieldJob, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # What was noted; of a reading, what was read and its value.
    text = models.TextField()
    value = models.CharField(max_length=120, blank=True)
    author = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.text[:60]}: {self.value}" if self.value else self.text[:60]


class JobFile(models.Model):
    """An attachment of the customer that belongs to a job: a photo, a signed job card."""

    kept_with: ClassVar[KeptWith] = KeptWith(("job",))
    append_only: ClassVar[bool] = True

    job = models.ForeignKey(FieldJob, on_delete=models.PROTECT, related_name="files")
    attachment = models.OneToOneField(Attachment, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.attachment)


class JobCharge(models.Model):
    """What completing a job charged for a product: once, whatever happens to the job afterwards."""

    kept_with: ClassVar[KeptWith] = KeptWith(("job",))
    append_only: ClassVar[bool] = True

    job = models.ForeignKey(FieldJob, on_delete=models.PROTECT, related_name="charges")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    # On the next bill of a subscription; of a customer without one, on a draft invoice.
    one_time = models.OneToOneField(OneTimeCharge, null=True, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "product"], name="job_charge_once")]

    def __str__(self) -> str:
        return str(self.product)
