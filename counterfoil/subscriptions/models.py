"""What a customer has: subscriptions with their terms, services, and the spans that say what held when."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from counterfoil.catalogue.models import RECURRING, Coupon, Frequency, Product
from counterfoil.customers.models import Customer, Site
from counterfoil.platform.kept import Kept, KeptWith


class Subscription(models.Model):
    """Services that are billed together, at one address."""

    kept: ClassVar[Kept] = Kept(but=("next_bill_on",))

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60, unique=True)
    sequence_no = models.BigIntegerField(unique=True)
    currency = models.CharField(max_length=3)
    started_on = models.DateField()
    # The first day on which there is something to bill; null when nothing is left.
    next_bill_on = models.DateField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_bill_on", "customer"], name="subscription_due"),
        ]

    def __str__(self) -> str:
        return self.number


class Term(models.Model):
    """How a subscription is billed, from a day on. Amending makes a new one; the old stays as history (domain 3.1)."""

    kept_with: ClassVar[KeptWith] = KeptWith(("subscription",))

    class Proration(models.TextChoices):
        ACTUAL = "actual", "Actual days"
        THIRTY = "thirty", "30-day months"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="terms")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    frequency = models.CharField(max_length=10, choices=RECURRING, default=Frequency.MONTH)
    # A day on which a period starts, and the nominal day of the month (29 to 31 shrink to the month's last).
    anchor_on = models.DateField()
    anchor_day = models.PositiveSmallIntegerField()
    in_advance = models.BooleanField(default=True)
    proration = models.CharField(max_length=8, choices=Proration.choices, default=Proration.ACTUAL)
    contract_ends = models.DateField(null=True)
    notice_days = models.PositiveSmallIntegerField(default=0)
    regret_days = models.PositiveSmallIntegerField(default=7)
    # Taken when a service is cancelled before the contract ends; with tax or without, as the prices of its product.
    penalty_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "valid_from"], name="term_from_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="term_has_days"
            ),
            models.CheckConstraint(condition=Q(anchor_day__gte=1, anchor_day__lte=31), name="anchor_day_sane"),
            models.CheckConstraint(condition=Q(penalty_minor__gte=0), name="penalty_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} from {self.valid_from}"


class Service(models.Model):
    """One package, line or device of a subscription. What held when is in its spans."""

    # How far it is billed follows from its charges.
    kept: ClassVar[Kept] = Kept(but=("billed_to", "changed_from"))

    class End(models.TextChoices):
        CANCELLED = "cancelled", "Cancelled"
        REGRETTED = "regretted", "Cancelled (cooling-off)"
        REMOVED = "removed", "Removed"
        MOVED = "moved", "Moved to another account"

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="services")
    # As of its latest span, for lists.
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    # A telephone number, a device's serial number, or what tells it from its like.
    label = models.CharField(max_length=120, blank=True)
    # What it was under the account before: changes of those days are told there.
    moved_from = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="+")
    # The bundle it came with: its price is within that one's.
    within = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts")
    added_on = models.DateField()
    # Since when it has had what its timeline begins with, where that was changed under the account before.
    had_from = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    end = models.CharField(max_length=10, choices=End.choices, blank=True)
    # Another system charged for the days before this one: they are neither billed nor credited here.
    taken_over_on = models.DateField(null=True)
    # Periods that start before this day are charged.
    billed_to = models.DateField(null=True)
    # The first day of a change in what is charged already; billing looks at the periods from here again.
    changed_from = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(end="", ended_on__isnull=True) | (~Q(end="") & Q(ended_on__isnull=False)),
                name="service_end_says_when",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["label"], name="service_label")]

    @property
    def first_had_on(self) -> dt.date:
        """Since when it has had what its timeline begins with: a price for new services of later days is not its."""
        return self.had_from or self.added_on

    def __str__(self) -> str:
        return f"{self.product} {self.label}".strip()


class Span(models.Model):
    """What a service was from a day up to another: state, product, quantity, price. Spans do not overlap."""

    kept_with: ClassVar[KeptWith] = KeptWith(("service",))

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        EFFECTIVE = "effective", "Active"
        STOPPED = "stopped", "Suspended by request"
        RESTING = "resting", "Paused"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="spans")
    starts = models.DateField()
    ends = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=15, decimal_places=4, default=1)
    # Instead of the list price; with tax in it or without, as the product's prices.
    price = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    percent_off = models.DecimalField(max_digits=6, decimal_places=3, default=0)

    class Meta:
        ordering: ClassVar = ["starts"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "starts"], name="span_start_once"),
            models.UniqueConstraint(fields=["service"], condition=Q(ends__isnull=True), name="span_open_once"),
            models.CheckConstraint(condition=Q(ends__isnull=True) | Q(ends__gt=F("starts")), name="span_has_days"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="span_quantity_positive"),
            models.CheckConstraint(condition=Q(percent_off__gte=0, percent_off__lte=100), name="span_percent_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} {self.state} from {self.starts}"


class ServiceAction(models.Model):
    """Something done, or to be done on a day, to a service: the one record of every package change (domain 3.7)."""

    kept_with: ClassVar[KeptWith] = KeptWith(("service",))

    class Kind(models.TextChoices):
        ADD = "add", "Added"
        START = "start", "Started"
        STOP = "stop", "Suspended by request"
        SWAP = "swap", "Package changed"
        REST = "rest", "Paused"
        END_REST = "end_rest", "Resumed"
        QUANTITY = "quantity", "Quantity changed"
        PRICE = "price", "Price changed"
        DISCOUNT = "discount", "Discounted"
        UNDO = "undo", "Removed"
        REGRET = "regret", "Cancelled (cooling-off)"
        CANCEL = "cancel", "Cancelled"
        MOVE = "move", "Account changed"

    class State(models.TextChoices):
        SCHEDULED = "scheduled", "Scheduled"
        DONE = "done", "Done"
        WITHDRAWN = "withdrawn", "Withdrawn"
        FAILED = "failed", "Failed"

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="actions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    # It holds from this day, and up to `until` where it ends by itself.
    on = models.DateField()
    until = models.DateField(null=True)
    product = models.ForeignKey(Product, null=True, on_delete=models.PROTECT, related_name="+")
    quantity = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    price = models.DecimalField(max_digits=15, decimal_places=4, null=True)
    percent_off = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    reason = models.CharField(max_length=200, blank=True)
    # What it was and what it is, in words, as they were when it was done.
    before = models.CharField(max_length=200, blank=True)
    after = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    door = models.CharField(max_length=20)
    failure = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["on"], condition=Q(state="scheduled"), name="action_due"),
            models.Index(fields=["service", "-id"], name="action_of_service"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.service} on {self.on}"


class OneTimeCharge(models.Model):
    """Something charged once, on the next bill: a call-out, an installation, a penalty."""

    kept: ClassVar[Kept] = Kept(but=("billed_on",))

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="one_time_charges")
    on = models.DateField()
    text = models.CharField(max_length=200)
    quantity = models.DecimalField(max_digits=15, decimal_places=4, default=1)
    price = models.DecimalField(max_digits=15, decimal_places=4)
    tax_code = models.CharField(max_length=20, blank=True)
    prices_include_tax = models.BooleanField(default=True)
    billed_on = models.DateField(null=True)
    dropped = models.BooleanField(default=False)
    asked_by = models.CharField(max_length=120)
    # The service that it set up: each is set up once, however often it rests, stops and starts again.
    set_up_of = models.ForeignKey(Service, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(quantity__gt=0, price__gte=0), name="one_time_sane"),
            models.UniqueConstraint(fields=["set_up_of"], condition=Q(dropped=False), name="service_set_up_once"),
        ]

    def __str__(self) -> str:
        return self.text


class CouponUse(models.Model):
    """A service has taken a coupon; what became of it is in the action."""

    kept_with: ClassVar[KeptWith] = KeptWith(("action__service",))

    append_only: ClassVar[bool] = True

    coupon = models.ForeignKey(Coupon, on_delete=models.PROTECT, related_name="+")
    action = models.OneToOneField(ServiceAction, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.coupon} for {self.action.service}"
