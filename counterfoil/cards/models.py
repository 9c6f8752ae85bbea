"""Facts about cards: the gateway, saved cards, payments by card, and what the gateway told of them."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.billing.models import Invoice
from counterfoil.cards import rules
from counterfoil.customers.models import Customer
from counterfoil.payments.models import Receipt
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept
from counterfoil.receivables.models import OpenItem

GATEWAYS = [("stripe", "Stripe")]


class CardPolicy(models.Model):
    """What the operator decides about charging saved cards; the newest row counts."""

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True

    automatic = models.BooleanField()
    most_tries = models.PositiveSmallIntegerField()
    wait_days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return "Card payments"


class CardGateway(models.Model):
    """An account with a gateway. One is used at a time; what others began goes on being heard."""

    kept: ClassVar[Kept] = Kept(but=("checked_at", "checked"))

    kind = models.CharField(max_length=10, choices=GATEWAYS)
    public_key = models.CharField(max_length=200)
    # Encrypted: it moves money, and its events are believed.
    secret_box = models.TextField()
    signing_box = models.TextField()
    live = models.BooleanField()
    added_on = models.DateField()
    retired_on = models.DateField(null=True, blank=True)
    # When it answered last, and whose account it said that it is.
    checked_at = models.DateTimeField(null=True, blank=True)
    checked = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind"], condition=Q(retired_on=None), name="card_gateway_one_of_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {'live' if self.live else 'test'}"


class SavedCard(models.Model):
    """A card that a customer entered on the gateway's page, and may be charged. Its number is nowhere here."""

    kept: ClassVar[Kept] = Kept(personal=("payer", "token", "brand", "last4"))

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    gateway = models.ForeignKey(CardGateway, on_delete=models.PROTECT, related_name="+")
    # By which the gateway knows the customer and the card; empty once it forgot them.
    payer = models.CharField(max_length=80, blank=True)
    token = models.CharField(max_length=80, blank=True)
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    # Of the page on which it was entered.
    reference = models.CharField(max_length=60, unique=True)
    verified_at = models.DateTimeField()
    told_on = models.DateField(null=True, blank=True)
    removed_on = models.DateField(null=True, blank=True)
    remove_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer"], condition=Q(removed_on=None), name="saved_card_one_at_a_time"),
            models.CheckConstraint(condition=Q(exp_month__gte=1, exp_month__lte=12), name="saved_card_month"),
        ]

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """All of the card that anybody is shown."""
        brand = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}.get(
            self.brand, self.brand.capitalize()
        )
        return f"{brand or 'Card'} •••• {self.last4}" if self.last4 else "Card"

    @property
    def expires_on(self) -> dt.date:
        """The last day on which it can be used."""
        return rules.last_day(self.exp_month, self.exp_year)

    @property
    def expiry(self) -> str:
        """As it is embossed: month and year."""
        return f"{self.exp_month:02}/{self.exp_year % 100:02}"


class CardPayment(models.Model):
    """One attempt to be paid by card. It is paid when the gateway says so, whatever the customer's browser does."""

    kept: ClassVar[Kept] = Kept(
        but=("url", "claimed_at", "next_try_at", "asked_at", "tries", "ask_back_at", "asked_back_since"),
        personal=("brand", "last4"),
    )

    class State(models.TextChoices):
        STARTED = "started", "Waiting for the customer"
        DUE = "due", "To charge"
        CHARGING = "charging", "Being charged"
        PAID = "paid", "Paid"
        FAILED = "failed", "Declined"
        EXPIRED = "expired", "Not paid"
        DISPUTED = "disputed", "Disputed"
        REFUNDED = "refunded", "Refunded"
        LOST = "lost", "Dispute lost"

    class Way(models.TextChoices):
        PORTAL = "portal", "In the portal"
        LINK = "link", "By the link of an invoice"
        SAVED = "saved", "By the saved card"
        GATEWAY = "gateway", "At the gateway"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    gateway = models.ForeignKey(CardGateway, on_delete=models.PROTECT, related_name="+")
    card = models.ForeignKey(SavedCard, null=True, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=60, unique=True)
    way = models.CharField(max_length=10, choices=Way.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    # What the gateway calls the page, the payment and the charge.
    session = models.CharField(max_length=120, blank=True)
    intent = models.CharField(max_length=80, blank=True)
    charge = models.CharField(max_length=80, blank=True)
    url = models.TextField(blank=True)
    brand = models.CharField(max_length=30, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    code = models.CharField(max_length=60, blank=True)
    said = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    receipt = models.OneToOneField(Receipt, null=True, on_delete=models.PROTECT, related_name="+")
    # What has been given back and taken back of it, as far as it is in the books.
    refunded_minor = models.BigIntegerField(default=0)
    lost_minor = models.BigIntegerField(default=0)
    # What was asked of the gateway to go back and it has not told of yet, the how many-th time, when to ask it (empty
    # once it has taken the order), and since when.
    asked_back_minor = models.BigIntegerField(default=0)
    asked_back_no = models.PositiveSmallIntegerField(default=0)
    ask_back_at = models.DateTimeField(null=True, blank=True)
    asked_back_since = models.DateTimeField(null=True, blank=True)
    # Of saved cards: how often, when again, and since when it is being tried.
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    # When the gateway was asked how it stands.
    asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["gateway", "intent"], condition=~Q(intent=""), name="card_payment_of_an_intent_once"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="card_payment_of_something"),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0, lost_minor__gte=0)
                & Q(amount_minor__gte=models.F("refunded_minor") + models.F("lost_minor")),
                name="card_payment_back_within",
            ),
            models.CheckConstraint(condition=Q(asked_back_minor__gte=0), name="card_payment_asked_back"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "at"], name="card_payment_state_at"),
            models.Index(fields=["gateway", "session"], name="card_payment_session"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def left_minor(self) -> int:
        """How much of it can still go back: not what has, or was asked to."""
        return self.amount_minor - self.refunded_minor - self.lost_minor - self.asked_back_minor


class CardPart(models.Model):
    """What a payment by card is meant to settle of an item."""

    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.payment_id <> NEW.payment_id OR OLD.item_id <> NEW.item_id OR OLD.amount_minor <> NEW.amount_minor"
    )

    payment = models.ForeignKey(CardPayment, on_delete=models.PROTECT, related_name="parts")
    item = models.ForeignKey(OpenItem, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "item"], name="card_part_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="card_part_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} of {self.payment_id}"


class CardEvent(models.Model):
    """Something that a gateway told, as it arrived. Each id is here once, however often it was told."""

    kept: ClassVar[Kept] = Kept(but=("repeats",), personal=("body",))

    class State(models.TextChoices):
        WAITING = "waiting", "To do"
        DONE = "done", "Done"
        NOTHING = "nothing", "Nothing to do"
        UNKNOWN = "unknown", "Whose is it?"
        PROBLEM = "problem", "Problem"
        REFUSED = "refused", "Refused"

    gateway = models.ForeignKey(CardGateway, on_delete=models.PROTECT, related_name="+")
    # Empty of what was refused: whoever signs nothing may call it anything.
    event_id = models.CharField(max_length=120, blank=True)
    name = models.CharField(max_length=80, blank=True)
    body = models.TextField(blank=True)
    intent = models.CharField(max_length=80, blank=True)
    reference = models.CharField(max_length=60, blank=True)
    told_at = models.DateTimeField()
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices)
    said = models.CharField(max_length=300, blank=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(CardPayment, null=True, on_delete=models.PROTECT, related_name="+")
    # How often it was told again.
    repeats = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "event_id"], condition=~Q(event_id=""), name="card_event_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "at"], name="card_event_state_at"),
            models.Index(fields=["gateway", "intent"], name="card_event_intent"),
            models.Index(fields=["gateway", "reference"], name="card_event_reference"),
        ]

    def __str__(self) -> str:
        return self.name or "Not signed"


class PayLink(models.Model):
    """How often the payment link of an invoice was revoked. Without a row it never was."""

    kept: ClassVar[Kept] = Kept()

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    revoked_at = models.DateTimeField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"link of {self.invoice_id}"
