"""Tickets: what customers asked, what was said about it, whose work it is, and what came by mail."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.customers.models import Customer
from counterfoil.documents.models import StoredFile
from counterfoil.messaging.models import Message
from counterfoil.operator.models import Lookup
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.receivables.models import OpenItem
from counterfoil.staff.models import User
from counterfoil.subscriptions.models import Subscription
from counterfoil.tickets import rules


class Priority(models.TextChoices):
    URGENT = "urgent", "Urgent"
    HIGH = "high", "High"
    NORMAL = "normal", "Normal"
    LOW = "low", "Low"


class Channel(models.TextChoices):
    """How something reached us."""

    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    PORTAL = "portal", "Portal"
    PERSON = "person", "In person"


class Then(models.TextChoices):
    """What becomes of a ticket along with an answer."""

    OPEN = "open", "Leave open"
    PENDING = "pending", "Wait for customer"
    RESOLVED = "resolved", "Resolve"
    CLOSED = "closed", "Close"


class Weekday(models.TextChoices):
    """A day of the week, as it is chosen."""

    MONDAY = "0", "Monday"
    TUESDAY = "1", "Tuesday"
    WEDNESDAY = "2", "Wednesday"
    THURSDAY = "3", "Thursday"
    FRIDAY = "4", "Friday"
    SATURDAY = "5", "Saturday"
    SUNDAY = "6", "Sunday"


class TicketPolicy(models.Model):
    """What the operator decides about tickets; the newest row counts."""

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True

    # For so many days after its end a customer's answer opens a ticket again; then it is another ticket.
    reopen_days = models.PositiveSmallIntegerField(default=rules.USUAL_REOPEN_DAYS)
    # Customers see their tickets in the portal, and open new ones.
    in_portal = models.BooleanField(default=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return "Tickets"


class ServiceTarget(models.Model):
    """How soon tickets of a priority are answered and solved, in business minutes."""

    kept: ClassVar[Kept] = Kept()

    priority = models.CharField(max_length=8, choices=Priority.choices, unique=True)
    first_minutes = models.PositiveIntegerField()
    solve_minutes = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(first_minutes__gt=0, solve_minutes__gte=models.F("first_minutes")),
                name="service_target_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.get_priority_display()


class OfficeHours(models.Model):
    """When work is done on a weekday: minutes of the day, half-open; the same twice is closed."""

    kept: ClassVar[Kept] = Kept()

    # 0 is Monday.
    weekday = models.PositiveSmallIntegerField(unique=True)
    opens = models.PositiveSmallIntegerField()
    closes = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(weekday__lte=6, closes__gte=models.F("opens"), closes__lte=rules.DAY_MINUTES),
                name="office_hours_of_a_day",
            ),
        ]

    def __str__(self) -> str:
        return rules.WEEKDAYS[self.weekday]


class Mailbox(models.Model):
    """The mailbox that tickets come from, as it was entered; one row at most."""

    class Security(models.TextChoices):
        TLS = "tls", "TLS from the start"
        STARTTLS = "starttls", "STARTTLS"
        NONE = "none", "None"

    kept: ClassVar[Kept] = Kept(but=("password", "uid_validity", "last_uid", "read_at", "trouble"))

    # Empty: none is read.
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=993)
    security = models.CharField(max_length=10, choices=Security.choices, default=Security.TLS)
    user = models.CharField(max_length=254, blank=True)
    # Encrypted (platform/secrets.py).
    password = models.TextField(blank=True)
    folder = models.CharField(max_length=100, default="INBOX")
    # The address that customers write to.
    address = models.CharField(max_length=254, blank=True)
    # What is written to `help+anything@…` arrives in the mailbox of `help@…`: each ticket has an address of its own.
    plus = models.BooleanField(default=False)
    # How far it was read, when, and what went wrong then.
    uid_validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.address or self.user}, {self.host}" if self.host else "none"


class CannedAnswer(models.Model):
    """An answer that is given often, under its name."""

    kept: ClassVar[Kept] = Kept()

    name = models.CharField(max_length=60)
    text = models.TextField()
    retired_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name"], condition=Q(retired_on=None), name="canned_answer_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """Something a customer asked, until it is answered."""

    # Its answer may be sent, and then not arrive: nothing of that changes it.
    kept: ClassVar[Kept] = Kept(personal=("subject", "contact_name", "contact_email", "rating_note"))

    class State(models.TextChoices):
        OPEN = "open", "Open"
        PENDING = "pending", "Waiting for customer"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    subject = models.CharField(max_length=200)
    department = models.ForeignKey(Lookup, on_delete=models.PROTECT, related_name="+")
    category = models.ForeignKey(Lookup, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Whose work it is.
    flagged_to = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    # Who asked, and where answers go.
    contact_name = models.CharField(max_length=120, blank=True)
    contact_email = models.CharField(max_length=254, blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=120)
    # When something was said last, and since when the customer waits for us.
    last_at = models.DateTimeField()
    waits_since = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    # When it was resolved or closed.
    ended_at = models.DateTimeField(null=True)
    # The clock: since when it stands still, how many business minutes it stood, and what is due when.
    paused_at = models.DateTimeField(null=True)
    paused_minutes = models.PositiveIntegerField(default=0)
    first_due_at = models.DateTimeField(null=True)
    solve_due_at = models.DateTimeField(null=True)
    # The earlier of them that still counts; none while the clock stands still.
    due_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    rating = models.PositiveSmallIntegerField(null=True)
    rating_note = models.CharField(max_length=500, blank=True)
    rated_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="ticket_rating"),
            models.CheckConstraint(
                condition=Q(state__in=("resolved", "closed"), ended_at__isnull=False)
                | Q(state__in=("open", "pending"), ended_at=None),
                name="ticket_ended_or_not",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-opened_at"], name="ticket_customer"),
            models.Index(fields=["state", "due_at"], name="ticket_due"),
        ]

    def __str__(self) -> str:
        return f"{self.number}, {self.subject}"

    @property
    def is_over(self) -> bool:
        """Whether it was resolved or closed."""
        return self.state in rules.OVER

    @property
    def short_state(self) -> str:
        """What it waits for, in words."""
        if self.state == self.State.OPEN:
            if self.answered_at is None:
                return "New"
            return "Customer replied" if self.waits_since else "Open"
        return str(self.get_state_display())


class IncomingMail(models.Model):
    """An e-mail that came in, stored as it came, and what became of it."""

    kept: ClassVar[Kept] = Kept(personal=("sender", "sender_name", "subject", "text"))

    class State(models.TextChoices):
        WAITING = "waiting", "Without a customer"
        TICKET = "ticket", "On a ticket"
        REPORT = "report", "Delivery report"
        DISCARDED = "discarded", "Discarded"

    # By which it is known again: its Message-ID, or what its bytes are; hashed, since others choose how long it is.
    key = models.CharField(max_length=64, unique=True)
    message_id = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=State.choices)
    sender = models.CharField(max_length=254, blank=True)
    sender_name = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    # Why it waits, or was discarded.
    why = models.CharField(max_length=200, blank=True)
    original = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.PROTECT, related_name="mails")
    # Whom a delivery report is about.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "-at"], name="incoming_mail_state"),
            models.Index(fields=["sender", "-at"], name="incoming_mail_sender"),
        ]

    def __str__(self) -> str:
        return self.subject or "No subject"


class TicketMessage(models.Model):
    """Something that was said about a ticket: by the customer, to them, or among us."""

    kept_with: ClassVar[KeptWith] = KeptWith(("ticket",), personal=("author", "text", "whole"))
    # But for a person who is erased: then nothing of what was said is left.
    frozen: ClassVar[Frozen] = Frozen(
        update="(NEW.text <> 'Erased' AND (OLD.text <> NEW.text OR OLD.whole <> NEW.whole "
        "OR OLD.author <> NEW.author)) OR OLD.ticket_id <> NEW.ticket_id OR OLD.kind <> NEW.kind "
        "OR OLD.at <> NEW.at OR OLD.channel <> NEW.channel",
        delete="1=1",
    )

    class Kind(models.TextChoices):
        CUSTOMER = "customer", "From the customer"
        ANSWER = "answer", "Answer"
        NOTE = "note", "Internal note"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="messages")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    author = models.CharField(max_length=254)
    channel = models.CharField(max_length=8, choices=Channel.choices, blank=True)
    text = models.TextField()
    # The same with quotation and signature, where that is more.
    whole = models.TextField(blank=True)
    at = models.DateTimeField()
    # What left, with its copies and how they were delivered.
    sent = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey(IncomingMail, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["ticket", "at"], name="ticket_message_at")]

    def __str__(self) -> str:
        return self.text[:60]


class TicketFile(models.Model):
    """A file that came with something a customer said."""

    kept_with: ClassVar[KeptWith] = KeptWith(("message__ticket",), personal=("name",))
    # But for a person who is erased: then it has let go of the file.
    frozen: ClassVar[Frozen] = Frozen(
        update="NEW.file_id IS NOT NULL OR OLD.message_id <> NEW.message_id", delete="1=1"
    )

    message = models.ForeignKey(TicketMessage, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class TicketLink(models.Model):
    """What a ticket is about: an invoice, a payment or a subscription of the same customer."""

    kept_with: ClassVar[KeptWith] = KeptWith(("ticket",))
    append_only: ClassVar[bool] = True

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="links")
    item = models.ForeignKey(OpenItem, null=True, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(item__isnull=False, subscription=None) | Q(item=None, subscription__isnull=False),
                name="ticket_link_of_one_thing",
            ),
            models.UniqueConstraint(fields=["ticket", "item"], name="ticket_item_once"),
            models.UniqueConstraint(fields=["ticket", "subscription"], name="ticket_subscription_once"),
        ]

    def __str__(self) -> str:
        return str(self.item.number if self.item else self.subscription)
