"""Facts about letters to customers who are late: runs, what was sent about which items, and what waits for somebody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.credit.models import Letter, LetterSet
from counterfoil.customers.models import Customer, Site
from counterfoil.kernel.periods import long_date_text
from counterfoil.messaging.models import Message
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.platform.models import Job
from counterfoil.receivables.models import OpenItem
from counterfoil.staff.models import User


class DunningRun(models.Model):
    """Everybody who is late as of a day is sent their letter, customer by customer in the order of keys."""

    # How far it is follows from its letters; a job works on it.
    kept: ClassVar[Kept] = Kept(but=("state", "reached", "skipped", "job", "finished_at"))

    class State(models.TextChoices):
        RUNNING = "running", "Sending"
        DONE = "done", "Done"

    as_of = models.DateField()
    # Of whom: those with this letter set, of this collector, with account numbers from and to. Empty: all.
    letter_set = models.ForeignKey(LetterSet, null=True, on_delete=models.PROTECT, related_name="+")
    collector = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    first_number = models.CharField(max_length=40, blank=True)
    last_number = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    # The last customer, by key, that it is through with: a run that was killed goes on after it.
    reached = models.BigIntegerField(default=0)
    # How many were left out, by reason.
    skipped = models.JSONField(default=dict)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)
    at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Letters as of {long_date_text(self.as_of)}"


class Correspondence(models.Model):
    """A letter to a customer, or about what is invoiced to one of its sites. It never changes."""

    kept: ClassVar[Kept] = Kept(personal=("printed",))

    # But for a person who is erased: then nothing of what was said is left.
    frozen: ClassVar[Frozen] = Frozen(
        update="NEW.printed <> '' OR OLD.run_id <> NEW.run_id OR OLD.customer_id <> NEW.customer_id "
        "OR OLD.site_id <> NEW.site_id OR OLD.letter_id <> NEW.letter_id OR OLD.level <> NEW.level "
        'OR OLD."on" <> NEW."on" OR OLD.currency <> NEW.currency OR OLD.total_minor <> NEW.total_minor '
        "OR OLD.interest_minor <> NEW.interest_minor OR OLD.fee_minor <> NEW.fee_minor",
        delete="1=1",
    )

    run = models.ForeignKey(DunningRun, on_delete=models.PROTECT, related_name="letters", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="+")
    letter_set = models.ForeignKey(LetterSet, on_delete=models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()
    on = models.DateField()
    currency = models.CharField(max_length=3)
    # What was asked for, without what the letter added.
    total_minor = models.BigIntegerField()
    interest_minor = models.BigIntegerField(default=0)
    fee_minor = models.BigIntegerField(default=0)
    # What it added, as the customer owes it.
    interest_item = models.OneToOneField(OpenItem, null=True, on_delete=models.PROTECT, related_name="+")
    fee_item = models.OneToOneField(OpenItem, null=True, on_delete=models.PROTECT, related_name="+")
    # By e-mail; else the text that is printed.
    message = models.OneToOneField(Message, null=True, on_delete=models.PROTECT, related_name="+")
    printed = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            # Nobody is sent two letters by a run, nor on one day.
            models.UniqueConstraint(fields=["run", "customer", "site"], name="letter_of_run_to_site_once"),
            models.UniqueConstraint(fields=["run", "customer"], condition=Q(site=None), name="letter_of_run_once"),
            models.UniqueConstraint(fields=["customer", "site", "on"], name="letter_of_day_to_site_once"),
            models.UniqueConstraint(fields=["customer", "on"], condition=Q(site=None), name="letter_of_day_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["on"], name="correspondence_on")]

    def __str__(self) -> str:
        return f"{self.letter}, {long_date_text(self.on)}"


class CorrespondenceItem(models.Model):
    """An item that a letter was about, as it stood."""

    kept_with: ClassVar[KeptWith] = KeptWith(("correspondence",))
    append_only: ClassVar[bool] = True

    correspondence = models.ForeignKey(Correspondence, on_delete=models.PROTECT, related_name="items")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+")
    open_minor = models.BigIntegerField()
    disputed_minor = models.BigIntegerField(default=0)
    days_late = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    # Charged up to the day of the letter.
    interest_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["correspondence", "item"], name="letter_about_item_once"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} in {self.correspondence_id}"


class HeldLetter(models.Model):
    """A customer of a run whose letter waits for somebody to do something first; nobody else waits for it."""

    run = models.ForeignKey(DunningRun, on_delete=models.PROTECT, related_name="held", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=30)
    said = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "customer", "site"], name="held_letter_of_site_once"),
            models.UniqueConstraint(fields=["run", "customer"], condition=Q(site=None), name="held_letter_once"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} in run {self.run_id}: {self.said}"
