"""Facts about what was said to customers: messages, what was attached, and how each delivery went."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.customers.models import Customer
from counterfoil.documents.models import StoredFile
from counterfoil.operator.models import Brand
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.staff.models import User


class Message(models.Model):
    """Something sent to a customer. Its text and attachments are a frozen copy of what left."""

    kept: ClassVar[Kept] = Kept(personal=("subject", "body_text", "body_html"))

    frozen: ClassVar[Frozen] = Frozen(
        # But for a person who is erased: then nothing of what was said is left.
        update="(NEW.subject <> 'Erased' AND (OLD.subject <> NEW.subject OR OLD.body_text <> NEW.body_text "
        "OR OLD.body_html <> NEW.body_html OR OLD.cancelled_at IS NOT NULL)) "
        "OR (NEW.subject = 'Erased' AND (NEW.body_text <> '' OR NEW.body_html <> '')) "
        "OR OLD.customer_id <> NEW.customer_id OR OLD.kind <> NEW.kind OR OLD.channel <> NEW.channel "
        "OR OLD.related <> NEW.related OR OLD.author <> NEW.author OR OLD.at <> NEW.at "
        "OR OLD.leaves_at <> NEW.leaves_at OR OLD.reply_to <> NEW.reply_to OR OLD.follows <> NEW.follows "
        "OR OLD.written <> NEW.written",
        delete="1=1",
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    channel = models.CharField(max_length=10, default="email")
    subject = models.CharField(max_length=200)
    body_text = models.TextField()
    body_html = models.TextField(blank=True)
    # What asked for it: `ticket:8812`. A reference in words, so that the helpdesk can stand on a floor of its own.
    related = models.CharField(max_length=60, blank=True)
    # Where answers go, where that is not the usual address; the Message-IDs that it goes on from, one on a line.
    reply_to = models.CharField(max_length=254, blank=True, db_default="")
    follows = models.TextField(blank=True, db_default="")
    # Somebody wrote it themselves, as a letter is written.
    written = models.BooleanField(default=False, db_default=False)
    author = models.CharField(max_length=120)
    at = models.DateTimeField()
    # Until then it waits and can be taken back.
    leaves_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer", "-at"], name="message_customer")]

    def __str__(self) -> str:
        return self.subject


class MessageFile(models.Model):
    """A file that went with a message, under the name the customer saw."""

    kept_with: ClassVar[KeptWith] = KeptWith(("message",))

    # But for a person who is erased: then it has let go of the file.
    frozen: ClassVar[Frozen] = Frozen(
        update="NEW.file_id IS NOT NULL OR OLD.id <> NEW.id OR OLD.message_id <> NEW.message_id "
        "OR OLD.name <> NEW.name",
        delete="1=1",
    )

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="files")
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=160)

    def __str__(self) -> str:
        return self.name


class Sending(models.Model):
    """Something on its way to one address: the row that carries the work of sending it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    address = models.CharField(max_length=254)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    # Tries that the mail server listened to.
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.address} {self.state}"


class Delivery(Sending):
    """One message to one address."""

    # Whom it goes to belongs to the message; what became of it, once that is settled, is kept by itself.
    kept: ClassVar[Kept] = Kept(
        but=("attempts", "next_try_at", "claimed_at"),
        personal=("address", "result"),
        where=Q(state__in=("sent", "failed")),
    )
    kept_with: ClassVar[KeptWith] = KeptWith(
        ("message",),
        but=("state", "attempts", "next_try_at", "claimed_at", "finished_at", "result"),
        personal=("address",),
    )
    # What became of it is final, and so is whom it went to.
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.message_id <> NEW.message_id OR (NEW.address NOT LIKE 'erased-%' AND (OLD.address <> NEW.address "
        "OR OLD.state IN ('sent', 'failed', 'cancelled'))) OR (NEW.address LIKE 'erased-%' AND OLD.state <> NEW.state)",
        delete="1=1",
    )

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="deliveries", db_index=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "address"], name="delivery_once_per_address")
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_try_at"], name="delivery_due"),
            models.Index(fields=["finished_at"], condition=models.Q(state="failed"), name="delivery_failed"),
        ]

    @property
    def fared(self) -> tuple[str, str, str]:
        """How it fared, in words with their tone, and what was said of it; what a server reported later counts."""
        for action, words, tone in (("failed", "Not delivered", "bad"), ("delayed", "Delayed", "warn")):
            for report in self.reports.all():
                if report.action == action:
                    return words, tone, report.words
        tone = {"sent": "ok", "failed": "bad", "cancelled": ""}.get(self.state, "info")
        return str(self.get_state_display()), tone, self.result


class DeliveryReport(models.Model):
    """What a server said of a delivery after it had left: it did not arrive, or is late."""

    kept: ClassVar[Kept] = Kept(personal=("words",))
    # But for a person who is erased.
    frozen: ClassVar[Frozen] = Frozen(
        update="NEW.words <> '' OR OLD.delivery_id <> NEW.delivery_id OR OLD.hard <> NEW.hard OR OLD.at <> NEW.at "
        "OR OLD.action <> NEW.action",
        delete="1=1",
    )

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="reports")
    # As RFC 3464 calls it: failed or delayed.
    action = models.CharField(max_length=12)
    # The address is no good, and nothing more is sent there for a while.
    hard = models.BooleanField()
    words = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], condition=Q(hard=True), name="delivery_report_hard")]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.action}"


class PrivateMail(Sending):
    """An e-mail that only its addressee may read, such as one with a sign-in link.

    Its text is encrypted while it waits, and gone as soon as it was sent or is of no use any more.
    """

    subject = models.CharField(max_length=200)
    # Text and HTML. Empty when it is over.
    sealed = models.TextField(blank=True)
    # Whose timeline tells what became of it.
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    # Afterwards it says nothing that is still true: it is not sent any more.
    useless_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=("queued", "sending")) | models.Q(sealed=""), name="private_mail_forgotten"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["state", "next_try_at"], name="private_mail_due")]


class MailServer(models.Model):
    """How what takes messages out of the house has answered lately: left alone for a while when it does not."""

    channel = models.CharField(max_length=10, unique=True)
    # Messages in a row that it gave no answer to.
    failures = models.PositiveIntegerField(default=0)
    # Until then nothing is sent; then one message tries.
    closed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.channel}, {self.failures} without an answer"


class MailSettings(models.Model):
    """The mail server that messages leave by, as it was entered here; one row at most."""

    class Security(models.TextChoices):
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS from the start"
        NONE = "none", "None"

    kept: ClassVar[Kept] = Kept(but=("password", "version"))

    # Empty: there is none, and messages wait.
    host = models.CharField(max_length=253, blank=True)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(max_length=10, choices=Security.choices, default=Security.STARTTLS)
    user = models.CharField(max_length=254, blank=True)
    # Encrypted (platform/secrets.py).
    password = models.TextField(blank=True)
    # Empty: those of the company.
    from_name = models.CharField(max_length=120, blank=True)
    from_address = models.CharField(max_length=254, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)
    since = models.DateTimeField()
    # What a save over somebody else's is noticed by.
    version = models.PositiveIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.host}, port {self.port}" if self.host else "none"


class MessageText(models.Model):
    """What messages of a kind say, in the company's words, the newest row first; without a subject, as delivered.

    To everybody, or to customers of a brand, who read a language, or both: what is closest is said.
    """

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True

    kind = models.CharField(max_length=20)
    brand = models.ForeignKey(Brand, null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=8, blank=True, db_default="")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-id"], name="message_text_kind")]

    def __str__(self) -> str:
        return self.subject or "as delivered"
