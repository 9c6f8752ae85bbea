"""Facts about suspension: the policy, who is warned and suspended, pauses, and what the network is told."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from counterfoil.credit.models import ProfileClass
from counterfoil.customers.models import Customer
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept, KeptWith
from counterfoil.suspension import rules


class SuspensionPolicy(models.Model):
    """When accounts of a class are warned and suspended, or all others; the newest row first. Without one nobody is."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    # Empty: of every account whose class has none of its own.
    profile_class = models.ForeignKey(ProfileClass, null=True, on_delete=models.PROTECT, related_name="+")
    # The class has none of its own any more.
    withdrawn = models.BooleanField(default=False)
    enabled = models.BooleanField()
    overdue_days = models.PositiveSmallIntegerField()
    second_days = models.PositiveSmallIntegerField()
    suspend_days = models.PositiveSmallIntegerField()
    pause_days = models.PositiveSmallIntegerField()
    most_pauses = models.PositiveSmallIntegerField()
    longest_pause = models.PositiveSmallIntegerField()
    floor_minor = models.BigIntegerField()
    on_weekends = models.BooleanField()
    on_holidays = models.BooleanField()
    from_hour = models.PositiveSmallIntegerField()
    until_hour = models.PositiveSmallIntegerField()
    resets = models.BooleanField()
    promise_holds = models.BooleanField()
    groups = models.JSONField(default=list)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(overdue_days__gte=1, second_days__gte=1, suspend_days__gte=1, pause_days__gte=1),
                name="suspension_steps_of_days",
            ),
            models.CheckConstraint(
                condition=Q(from_hour__lt=models.F("until_hour"), until_hour__lte=24), name="suspension_hours"
            ),
            models.CheckConstraint(condition=Q(floor_minor__gte=0), name="suspension_floor"),
        ]

    def __str__(self) -> str:
        if self.withdrawn:
            return "as for all others"
        if not self.enabled:
            return "off"
        return f"{self.overdue_days}, {self.second_days} and {self.suspend_days} days"


class Holiday(models.Model):
    """A day on which nobody is suspended, where the policy says so."""

    kept: ClassVar[Kept] = Kept()

    day = models.DateField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    # One that was taken off the list stays, so that what happened on it can be explained.
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name or self.day.isoformat()


class Suspension(models.Model):
    """A process of one account: listed, approved, warned twice, suspended, paused, over. One is under way at most."""

    # What counts and what comes next follow from the account, the policy and the day.
    kept: ClassVar[Kept] = Kept(
        but=("amount_minor", "oldest_due_on", "next_step", "next_on", "because"), personal=("reason",)
    )

    class State(models.TextChoices):
        OVERDUE = rules.OVERDUE, "To approve"
        APPROVED = rules.APPROVED, "Approved"
        FIRST_WARNING = rules.FIRST, "First warning"
        SECOND_WARNING = rules.SECOND, "Second warning"
        SUSPENDED = rules.SUSPENDED, "Suspended"
        PAUSED = rules.PAUSED, "Paused"
        CLEARED = rules.CLEARED, "Cleared"
        RESET = rules.RESET, "Reset"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OVERDUE)
    # The day of the last step, which the next one counts from.
    stepped_on = models.DateField()
    listed_on = models.DateField()
    approved_on = models.DateField(null=True)
    approved_by = models.CharField(max_length=120, blank=True)
    first_warned_on = models.DateField(null=True)
    second_warned_on = models.DateField(null=True)
    # The day of the suspension that the second warning spoke of.
    announced_on = models.DateField(null=True)
    suspended_on = models.DateField(null=True)
    # The first day without the pause.
    paused_until = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    # Suspended by a person, above the policy, for a reason.
    by_hand = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    # A warning could not be e-mailed, because there is no address.
    unreached = models.BooleanField(default=False)
    # What counts now, and what comes next, kept so that lists can be ordered by it.
    amount_minor = models.BigIntegerField(default=0)
    oldest_due_on = models.DateField(null=True)
    next_step = models.CharField(max_length=16, choices=State.choices, blank=True)
    next_on = models.DateField(null=True)
    because = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_on__isnull=True), name="one_suspension_under_way"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True, state__in=rules.UNDER_WAY)
                | Q(ended_on__isnull=False, state__in=(rules.CLEARED, rules.RESET)),
                name="suspension_over_has_a_day",
            ),
            # Nothing is sent or cut before somebody approved it (domain 17.2).
            models.CheckConstraint(
                condition=Q(approved_on__isnull=False)
                | Q(first_warned_on__isnull=True, second_warned_on__isnull=True, suspended_on__isnull=True),
                name="suspension_approved_first",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("suspended", "paused")) | Q(suspended_on__isnull=False),
                name="suspended_since_a_day",
            ),
            models.CheckConstraint(
                condition=Q(state="paused", paused_until__isnull=False)
                | (~Q(state="paused") & Q(paused_until__isnull=True)),
                name="paused_until_a_day",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-id"], name="suspension_customer"),
            models.Index(fields=["next_on"], condition=Q(ended_on__isnull=True), name="suspension_next"),
            models.Index(fields=["state", "id"], name="suspension_state"),
        ]

    @property
    def currency(self) -> str:
        """What its amounts are in."""
        return self.customer.currency

    @property
    def process(self) -> rules.Process:
        """Where it stands, as a value."""
        return rules.Process(self.state, self.stepped_on, self.by_hand, self.paused_until, self.announced_on)

    def __str__(self) -> str:
        return self.get_state_display()


class Pause(models.Model):
    """The service of a suspended account is on for so many days, so that it can be paid."""

    kept_with: ClassVar[KeptWith] = KeptWith(("suspension",))

    append_only: ClassVar[bool] = True

    suspension = models.ForeignKey(Suspension, on_delete=models.PROTECT, related_name="pauses")
    on = models.DateField()
    days = models.PositiveSmallIntegerField()
    # The first day without it.
    until = models.DateField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.days} days from {self.on}"


class Exclusion(models.Model):
    """An account is never suspended, from a day until a day, for a reason."""

    kept: ClassVar[Kept] = Kept(personal=("reason",))

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    since = models.DateField()
    author = models.CharField(max_length=120)
    ended_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_on__isnull=True), name="one_suspension_exclusion"
            )
        ]

    def __str__(self) -> str:
        return self.reason


class NetworkChoice(models.Model):
    """What switches services off and on, the newest row first; none: commands wait."""

    kept: ClassVar[Kept] = Kept()

    append_only: ClassVar[bool] = True

    provisioner = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.provisioner or "none"


class Command(models.Model):
    """What the network is told of one account. The row carries the work: tasks only wake it."""

    # How it goes is worked out with the network; what is asked for never changes.
    kept: ClassVar[Kept] = Kept(but=("state", "attempts", "next_try_at", "claimed_at", "finished_at", "said"))
    frozen: ClassVar[Frozen] = Frozen(
        update="OLD.customer_id <> NEW.customer_id OR OLD.wanted <> NEW.wanted OR OLD.at <> NEW.at "
        "OR OLD.state IN ('done', 'overtaken')",
        delete="1=1",
    )

    class Wanted(models.TextChoices):
        OFF = "off", "Switch off"
        ON = "on", "Switch on"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Sending"
        DONE = "done", "Done"
        OVERTAKEN = "overtaken", "Not needed any more"

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    suspension = models.ForeignKey(Suspension, on_delete=models.PROTECT, related_name="commands")
    wanted = models.CharField(max_length=3, choices=Wanted.choices)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # What the network said last.
    said = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints: ClassVar = [
            # What overtakes another has it out of the way first; one may still be on its way.
            models.UniqueConstraint(fields=["customer"], condition=Q(state="waiting"), name="one_command_waits")
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "-id"], name="command_customer"),
            models.Index(fields=["next_try_at"], condition=Q(state__in=("waiting", "sending")), name="command_due"),
        ]

    def __str__(self) -> str:
        return f"{self.get_wanted_display()}: {self.get_state_display().lower()}"


class LastPass(models.Model):
    """When all accounts were last looked through; one row at most."""

    at = models.DateTimeField()
    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
