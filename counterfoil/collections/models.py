"""Calls to customers about what they owe, what they promised, and what is to be done next (domain 16)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.billing.models import InvoiceLine
from counterfoil.customers.models import Contact, Customer, Site
from counterfoil.operator.models import Lookup
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.staff.models import User


class CollectionsPolicy(models.Model):
    """How promises are treated, the newest row first; before the first one as the defaults say."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    # Who promised is left out of dunning and suspension up to the day.
    promises_hold = models.BooleanField(default=True)
    # How much of what is overdue must be promised for that, in percent.
    hold_percent = models.PositiveSmallIntegerField(default=50)
    # The farthest day of a promise, in days; a plan's instalments are no farther apart.
    longest_days = models.PositiveSmallIntegerField(default=62)
    # The farthest day that customers may promise in the portal, in days; 0: they may not.
    portal_days = models.PositiveSmallIntegerField(default=14)
    # How many instalments a customer may ask for in the portal; 0: none.
    portal_instalments = models.PositiveSmallIntegerField(default=3)

    def __str__(self) -> str:
        return "promises hold" if self.promises_hold else "promises do not hold"


class Call(models.Model):
    """A call about what a customer owes. What was said never changes; it is followed up and closed."""

    kept: ClassVar[Kept] = Kept(personal=("spoke_to", "phone", "note", "contact"))

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    frozen: ClassVar[Frozen] = Frozen(
        update='OLD.customer_id <> NEW.customer_id OR OLD."on" <> NEW."on" OR OLD.at <> NEW.at '
        "OR OLD.outcome_id <> NEW.outcome_id OR (OLD.note <> NEW.note AND NEW.note <> '') "
        "OR OLD.collector_name <> NEW.collector_name",
        delete="1=1",
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    at = models.DateTimeField()
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    spoke_to = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    outcome = models.ForeignKey(Lookup, on_delete=models.PROTECT, related_name="+")
    # What the customer said about it.
    response = models.ForeignKey(Lookup, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    # What the collector expects, whatever was promised.
    forecast_on = models.DateField(null=True)
    forecast_minor = models.BigIntegerField(null=True)
    collector = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    collector_name = models.CharField(max_length=120)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.OPEN)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(forecast_on__isnull=True, forecast_minor__isnull=True)
                | Q(forecast_on__isnull=False, forecast_minor__gt=0),
                name="call_forecast_whole",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-at"], name="call_customer_at"),
            models.Index(fields=["on"], name="call_on"),
        ]

    def __str__(self) -> str:
        return f"Call of {self.on}"


class CallTopic(models.Model):
    """What a call was about: one item, or a line of its invoice."""

    kept: ClassVar[Kept] = Kept(personal=("note",))

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.call_id <> NEW.call_id OR OLD.item_id <> NEW.item_id OR (OLD.note <> NEW.note AND NEW.note <> '')",
        delete="1=1",
    )

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="topics")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+")
    response = models.ForeignKey(Lookup, null=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["call", "item"], name="call_topic_once")]

    def __str__(self) -> str:
        return f"{self.item}"


class CallAction(models.Model):
    """What a collector decided in a call, about the account or a topic. It is done, or still to be done."""

    kept: ClassVar[Kept] = Kept(personal=("note",))

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.call_id <> NEW.call_id OR OLD.action_id <> NEW.action_id OR OLD.at <> NEW.at "
        "OR COALESCE(OLD.line_id, 0) <> COALESCE(NEW.line_id, 0) "
        "OR (OLD.note <> NEW.note AND NEW.note <> '')",
        delete="1=1",
    )

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="actions")
    topic = models.ForeignKey(CallTopic, null=True, on_delete=models.PROTECT, related_name="actions")
    # The line of the topic's invoice that it is about; without one it is about all of it.
    line = models.ForeignKey(InvoiceLine, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.ForeignKey(Lookup, on_delete=models.PROTECT, related_name="+")
    # What is to be credited, or what was put in dispute first.
    amount_minor = models.BigIntegerField(null=True)
    note = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)
    # The dispute that it opened, as it stands now.
    dispute = models.ForeignKey(Dispute, null=True, on_delete=models.PROTECT, related_name="+")
    done_on = models.DateField(null=True)
    # Taken back: it counts no more, and stays to be read.
    removed_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__isnull=True) | Q(amount_minor__gte=0),
                                   name="call_action_amount"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["action"], condition=Q(done_on__isnull=True, removed_on__isnull=True),
                         name="call_action_to_do"),
            models.Index(fields=["at"], name="call_action_at"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.action}"


class DisputedLine(models.Model):
    """What of a dispute is about one line of its invoice, tax included; the rest of it is about the whole invoice."""

    kept_with: ClassVar[KeptWith] = KeptWith(("dispute",))
    append_only: ClassVar[bool] = True

    dispute = models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="+")
    line = models.ForeignKey(InvoiceLine, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dispute", "line"], name="disputed_line_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="disputed_line_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} of line {self.line_id}"


class Notified(models.Model):
    """A colleague who was told of an action."""

    kept_with: ClassVar[KeptWith] = KeptWith(("action",))

    action = models.ForeignKey(CallAction, on_delete=models.CASCADE, related_name="notified")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["action", "user"], name="notified_once")]

    def __str__(self) -> str:
        return f"{self.user}"


class FollowUp(models.Model):
    """Work that a call left: something to do about a customer from a day, or a moment of it, on."""

    kept: ClassVar[Kept] = Kept()

    frozen: ClassVar[Frozen] = Frozen(
        update='OLD.customer_id <> NEW.customer_id OR OLD."on" <> NEW."on" OR OLD.what_id <> NEW.what_id '
        "OR OLD.done_on IS NOT NULL AND NEW.done_on IS NOT NULL AND OLD.done_on <> NEW.done_on",
        delete="1=1",
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="follow_ups")
    topic = models.ForeignKey(CallTopic, null=True, on_delete=models.PROTECT, related_name="+")
    # The action that made it work; without one it was asked for by itself.
    action = models.ForeignKey(CallAction, null=True, on_delete=models.PROTECT, related_name="follow_ups")
    what = models.ForeignKey(Lookup, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    # Where an hour was agreed.
    at = models.DateTimeField(null=True)
    done_on = models.DateField(null=True)
    done_by = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer", "on"], condition=Q(done_on__isnull=True), name="follow_up_open"),
            models.Index(fields=["on"], condition=Q(done_on__isnull=True), name="follow_up_due"),
        ]

    def __str__(self) -> str:
        return f"{self.what} on {self.on}"


class Plan(models.Model):
    """Instalments that were agreed together; each is a promise."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    made_on = models.DateField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"Plan of {self.made_on}"


class Promise(models.Model):
    """A customer's word to pay so much up to and on a day; how it stands follows from what came in (`rules.judge`)."""

    # What came follows from the payments.
    kept: ClassVar[Kept] = Kept(but=("received_minor", "state", "judged_on"))

    class State(models.TextChoices):
        OPEN = "open", "Open"
        KEPT = "kept", "Kept"
        PART = "part", "Kept in part"
        BROKEN = "broken", "Broken"
        SUPERSEDED = "superseded", "Superseded"
        CANCELLED = "cancelled", "Cancelled"

    JUDGED: ClassVar = ("open", "kept", "part", "broken")

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.customer_id <> NEW.customer_id OR OLD.amount_minor <> NEW.amount_minor "
        "OR OLD.due_on <> NEW.due_on OR OLD.made_on <> NEW.made_on OR OLD.made_at <> NEW.made_at "
        "OR (OLD.ended_on IS NOT NULL AND (NEW.ended_on IS NULL OR OLD.ended_on <> NEW.ended_on))",
        delete="1=1",
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(OpenItem, null=True, on_delete=models.PROTECT, related_name="+")
    call = models.ForeignKey(Call, null=True, on_delete=models.PROTECT, related_name="promises")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="promises")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    made_on = models.DateField()
    made_at = models.DateTimeField()
    author = models.CharField(max_length=120)
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    received_minor = models.BigIntegerField(default=0)
    judged_on = models.DateField(null=True)
    # Whether it is for enough of what was overdue then to hold letters and the cut-off (the policy's percentage).
    holds = models.BooleanField(default=True)
    # When it was superseded or cancelled: from then on it is not judged.
    ended_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0, received_minor__gte=0), name="promise_positive"),
            models.CheckConstraint(condition=Q(due_on__gte=models.F("made_on")), name="promise_ahead"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, state__in=("open", "kept", "part", "broken"))
                | Q(ended_on__isnull=False, state__in=("superseded", "cancelled")),
                name="promise_ended_says_so",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("superseded", "cancelled"))
                | Q(state="kept", received_minor=models.F("amount_minor"))
                | Q(state="part", received_minor__gt=0, received_minor__lt=models.F("amount_minor"))
                | Q(state="broken", received_minor=0)
                | Q(state="open", received_minor__lt=models.F("amount_minor")),
                name="promise_state_follows",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "due_on"], name="promise_customer"),
            models.Index(fields=["due_on"], name="promise_due"),
            models.Index(fields=["due_on"], condition=Q(state="open"), name="promise_open_due"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} by {self.due_on}"


class Work(models.Model):
    """What a collector must know of a customer to choose whom to call; it follows from calls, promises, follow-ups.

    `operations/work.py` works it out, `checks.py` proves it.
    """

    customer = models.OneToOneField(
        Customer, primary_key=True, on_delete=models.PROTECT, related_name="+", related_query_name="work"
    )
    # The first moment of what is to be followed up, and whether an hour was agreed.
    call_back_at = models.DateTimeField(null=True)
    timed = models.BooleanField(default=False)
    # The day of the newest promise that was broken since anybody spoke to them.
    broken_on = models.DateField(null=True)
    # The first day of what is promised and open.
    promised_on = models.DateField(null=True)
    # When somebody last spoke to them, and when somebody last tried.
    contacted_on = models.DateField(null=True)
    worked_on = models.DateField(null=True)
    # In the last call they said that it is paid.
    says_paid = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.customer_id}"


class MonthFigures(models.Model):
    """How well a month's receivables were collected in a currency, as it was when the month was over (domain 16.4)."""

    kept: ClassVar[Kept] = Kept()

    ends = models.DateField()
    currency = models.CharField(max_length=3)
    begin_minor = models.BigIntegerField()
    sales_minor = models.BigIntegerField()
    end_minor = models.BigIntegerField()
    current_minor = models.BigIntegerField()
    credited_minor = models.BigIntegerField()
    received_minor = models.BigIntegerField()
    # Minor units x days late, and the minor units.
    late_weight = models.BigIntegerField()
    late_paid_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["ends", "currency"], name="month_figures_once")]

    def __str__(self) -> str:
        return f"{self.currency} to {self.ends}"
