"""Facts about the network: its NASes, what they are told, access accounts, sessions and what was used."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.network import counting, rules
from counterfoil.platform.append_only import Frozen
from counterfoil.platform.kept import Kept
from counterfoil.subscriptions.models import Service


class Vendor(models.TextChoices):
    """Whose attributes a NAS is told."""

    MIKROTIK = "mikrotik", rules.VENDORS["mikrotik"]
    CISCO = "cisco", rules.VENDORS["cisco"]
    JUNIPER = "juniper", rules.VENDORS["juniper"]
    HUAWEI = "huawei", rules.VENDORS["huawei"]
    OTHER = "other", rules.VENDORS["other"]


class NetworkPolicy(models.Model):
    """What the operator decided about access and sessions; the newest row counts."""

    kept: ClassVar[Kept] = Kept()
    append_only: ClassVar[bool] = True

    # What user names that are made end in, after an @; empty: nothing.
    realm = models.CharField(max_length=100, blank=True)
    # By which a NAS knows what the suspended may reach: an address list or filter, and an address pool.
    walled_list = models.CharField(max_length=60, blank=True)
    walled_pool = models.CharField(max_length=60, blank=True)
    interim_seconds = models.PositiveIntegerField(default=300)
    # A session that was silent for so long is taken for ended.
    stale_minutes = models.PositiveIntegerField(default=60)
    # So long after its end it is known who had a session, and from where.
    keep_days = models.PositiveIntegerField(default=365)
    # How often the token of the RADIUS server was made anew; it is in its seal.
    token_version = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)

    def __str__(self) -> str:
        return "Network"


class Nas(models.Model):
    """A router or access server that asks whether somebody may connect, and reports what they use."""

    kept: ClassVar[Kept] = Kept()

    name = models.CharField(max_length=60)
    address = models.GenericIPAddressField()
    # Encrypted: with it anybody could speak as this NAS.
    secret_box = models.TextField()
    vendor = models.CharField(max_length=10, choices=Vendor)
    # Where it is asked to end a session (RFC 5176).
    coa_port = models.PositiveIntegerField(default=3799)
    in_use = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address"], condition=Q(in_use=True), name="nas_address_once"),
            models.UniqueConstraint(Lower("name"), condition=Q(in_use=True), name="nas_name_once"),
            models.CheckConstraint(condition=Q(coa_port__gte=1, coa_port__lte=65535), name="nas_port"),
        ]

    def __str__(self) -> str:
        return self.name


class VendorAttributes(models.Model):
    """What a NAS of a vendor is told, where that is not as delivered: lines of attributes."""

    kept: ClassVar[Kept] = Kept()

    vendor = models.CharField(max_length=10, choices=Vendor, unique=True)
    full = models.TextField(blank=True)
    walled = models.TextField(blank=True)

    def __str__(self) -> str:
        return str(self.get_vendor_display())


class Speed(models.Model):
    """How fast a package is, in kilobits a second."""

    kept: ClassVar[Kept] = Kept()

    product = models.OneToOneField(Product, on_delete=models.PROTECT, related_name="+")
    down_kbit = models.PositiveIntegerField()
    up_kbit = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(down_kbit__gte=1, up_kbit__gte=1), name="speed_of_something"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.words}"

    @property
    def words(self) -> str:
        """Down and up in megabits a second."""
        return rules.speed_words(self.down_kbit, self.up_kbit)


class IncludedData(models.Model):
    """How much data a package includes in each billing period of a service, and what happens when it is used."""

    kept: ClassVar[Kept] = Kept()

    class Beyond(models.TextChoices):
        NOTHING = "nothing", "Nothing"
        SLOWER = "slower", "Lower speed"
        STOP = "stop", "No access"

    product = models.OneToOneField(Product, on_delete=models.PROTECT, related_name="+")
    # Down and up together, in 1,000,000,000 octets; none: as much as anybody likes.
    gigabytes = models.PositiveIntegerField()
    beyond = models.CharField(max_length=10, choices=Beyond, default=Beyond.NOTHING)
    # At which parts of it the customer is told, in per cent: `80, 100`.
    warns_at = models.CharField(max_length=40, blank=True)
    # The lower speed, in kilobits a second.
    down_kbit = models.PositiveIntegerField(default=0)
    up_kbit = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(beyond="slower") | Q(down_kbit__gte=1, up_kbit__gte=1), name="included_data_slower_speed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.words}"

    @property
    def words(self) -> str:
        """What is included, and what comes then."""
        if not self.gigabytes:
            return "No limit"
        then = {"slower": f", then {rules.speed_words(self.down_kbit, self.up_kbit)}", "stop": ", then no access"}
        return f"{self.gigabytes:,} GB{then.get(self.beyond, '')}"


class DataMark(models.Model):
    """A service has used so much of the gigabytes that its package includes in a billing period. It is noted once."""

    append_only: ClassVar[bool] = True

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    # The first day of the period.
    period_from = models.DateField()
    gigabytes = models.PositiveIntegerField()
    percent = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["service", "period_from", "gigabytes", "percent"], name="data_mark_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["percent", "period_from"], name="data_mark_of_period")]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.service_id} from {self.period_from}"


class DataWatch(models.Model):
    """How far the reports, in the order in which they came, were looked at for data that is used. One row."""

    report = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"Up to {self.report}"


_SAME_V6 = (
    "EXISTS (SELECT 1 FROM network_accessaccount other WHERE other.ended_on IS NULL AND other.v6_first <> '' "
    "AND other.id <> NEW.id AND other.v6_first <= NEW.v6_last AND NEW.v6_first <= other.v6_last)"
)


class AccessAccount(models.Model):
    """How a service signs in to the network. It ends with its service; its user name is free again then."""

    kept: ClassVar[Kept] = Kept(personal=("user_name", "password_box", "ipv4", "ipv6", "mac", "circuit"))
    # Two prefixes overlap where each begins before the other ends; a unique constraint sees only equal ones.
    frozen: ClassVar[Frozen] = Frozen(
        insert=f"NEW.ended_on IS NULL AND NEW.v6_first <> '' AND {_SAME_V6}",
        update=f"NEW.ended_on IS NULL AND NEW.v6_first <> '' AND {_SAME_V6}",
    )

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="+")
    user_name = models.CharField(max_length=253)
    # Encrypted; whoever may, reads it.
    password_box = models.TextField(blank=True)
    ipv4 = models.GenericIPAddressField(protocol="IPv4", null=True)
    ipv6 = models.CharField(max_length=50, blank=True)
    # The first and last address of the prefix, as digits that compare.
    v6_first = models.CharField(max_length=32, blank=True)
    v6_last = models.CharField(max_length=32, blank=True)
    # The only device that may connect, where one is named.
    mac = models.CharField(max_length=17, blank=True)
    circuit = models.CharField(max_length=120, blank=True)
    added_on = models.DateField()
    ended_on = models.DateField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    # What it was under the account before, where its service changed that, and the moment from which it is here.
    before = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="after")
    taken_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(before=None, taken_at=None) | Q(before__isnull=False, taken_at__isnull=False),
                name="access_taken_when",
            ),
            models.UniqueConstraint(
                Lower("user_name"), condition=Q(ended_on__isnull=True), name="access_user_name_once"
            ),
            models.UniqueConstraint(
                fields=["ipv4"], condition=Q(ended_on__isnull=True, ipv4__isnull=False), name="access_ipv4_once"
            ),
            models.CheckConstraint(
                condition=Q(ipv6="", v6_first="", v6_last="") | (~Q(ipv6="") & ~Q(v6_first="") & ~Q(v6_last="")),
                name="access_ipv6_span",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["mac"], name="access_mac")]

    def __str__(self) -> str:
        return self.user_name

    @property
    def addresses(self) -> str:
        """Its own addresses, where it has any."""
        return ", ".join(part for part in (self.ipv4, self.ipv6) if part)


class Walled(models.Model):
    """Whether the services of a customer reach the walled garden alone; the network was told so."""

    kept: ClassVar[Kept] = Kept()

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.customer}: {'walled garden' if self.since else 'full service'}"


class AccessSession(models.Model):
    """A session as its NAS reports it. What it comes to follows from its reports (`check-books`)."""

    class End(models.TextChoices):
        STOP = "stop", "Reported"
        RESTART = "restart", "The NAS began anew"
        AGAIN = "again", "Its id was used again"
        STALE = "stale", "Not heard of any more"

    # Acct-Unique-Session-Id, and which of the sessions it is that its NAS gave this id, from one on.
    key = models.CharField(max_length=64)
    turn = models.PositiveIntegerField(default=1)
    account = models.ForeignKey(AccessAccount, null=True, on_delete=models.PROTECT, related_name="sessions")
    nas = models.ForeignKey(Nas, null=True, on_delete=models.PROTECT, related_name="+")
    nas_address = models.GenericIPAddressField()
    user_name = models.CharField(max_length=253, blank=True)
    session = models.CharField(max_length=64, blank=True)
    address = models.GenericIPAddressField(null=True)
    ipv6 = models.CharField(max_length=50, blank=True)
    mac = models.CharField(max_length=64, blank=True)
    port = models.CharField(max_length=128, blank=True)
    # Whether it was let into the walled garden only.
    walled = models.BooleanField(default=False)
    # Whether it was let in at the lower speed of who has used what is included.
    slowed = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    last_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=10, choices=End.choices, blank=True)
    cause = models.CharField(max_length=40, blank=True)
    # Octets from and to the customer.
    up = models.BigIntegerField(default=0)
    down = models.BigIntegerField(default=0)
    # What the counters said last.
    raw_up = models.BigIntegerField(default=0)
    raw_down = models.BigIntegerField(default=0)
    # How many reports had a counter that cannot be; it counts nothing.
    aside = models.PositiveIntegerField(default=0)
    # Whether a Start was told, and when the session before it under this id was over.
    start_told = models.BooleanField(default=False)
    follows_at = models.DateTimeField(null=True)
    # When the NAS said that it had ended it for us; one that is heard of again has come back.
    cut_at = models.DateTimeField(null=True)
    # Who had it and from where is not known any more; what was used is.
    forgotten_on = models.DateField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "turn"], name="session_key_turn_once"),
            models.CheckConstraint(condition=Q(up__gte=0, down__gte=0), name="session_octets"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="session_end_says_how",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-started_at"], name="session_account"),
            models.Index(fields=["address", "started_at"], name="session_address"),
            models.Index(fields=["ipv6"], name="session_ipv6"),
            models.Index(fields=["nas_address"], condition=Q(ended_at__isnull=True), name="session_open_nas"),
            models.Index(fields=["last_at"], condition=Q(ended_at__isnull=True), name="session_open_last"),
            models.Index(fields=["-started_at", "-id"], name="session_started"),
            models.Index(fields=["ended_at"], condition=Q(forgotten_on__isnull=True), name="session_to_forget"),
            models.Index(fields=["-last_at"], condition=Q(aside__gt=0), name="session_aside"),
        ]

    def __str__(self) -> str:
        return self.user_name or "Session"

    @property
    def is_cut(self) -> bool:
        """Whether its NAS said that it had ended it, and it was not heard of since."""
        return self.cut_at is not None and self.last_at <= self.cut_at


class SessionReport(models.Model):
    """A report of a session as it was told, once."""

    frozen: ClassVar[Frozen] = Frozen(update="1=1")

    row = models.ForeignKey(AccessSession, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(
        max_length=7, choices=[(counting.START, "Start"), (counting.INTERIM, "Interim"), (counting.STOP, "Stop")]
    )
    at = models.DateTimeField()
    seconds = models.BigIntegerField(default=0)
    up = models.BigIntegerField(default=0)
    down = models.BigIntegerField(default=0)
    counted = models.BooleanField(default=True)
    cause = models.CharField(max_length=40, blank=True)
    # The direction that it says nothing of, where it says the other.
    unsaid = models.CharField(max_length=4, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["row", "at", "kind", "seconds", "up", "down", "counted", "unsaid"], name="session_report_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.row_id}"

    @property
    def report(self) -> counting.Report:
        """The same as a value."""
        return counting.Report(
            self.kind, self.at, self.seconds, self.up, self.down, self.counted, self.cause, self.unsaid
        )  # fmt: skip


class NasRestart(models.Model):
    """A NAS said that it had begun anew, or would go: what was open there is over."""

    append_only: ClassVar[bool] = True

    nas_address = models.GenericIPAddressField()
    # As the NAS said it; where that was still to come, and not for what was open there too, when it was received.
    at = models.DateTimeField()
    # As the NAS said it, by which a repeat is known.
    said_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["nas_address", "said_at"], name="nas_restart_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["nas_address", "at"], name="nas_restart_at")]

    def __str__(self) -> str:
        return f"{self.nas_address} at {self.at}"


class DayUsage(models.Model):
    """The octets of a session on a day of the operator's time zone."""

    row = models.ForeignKey(AccessSession, on_delete=models.PROTECT, related_name="days")
    account = models.ForeignKey(AccessAccount, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    up = models.BigIntegerField()
    down = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["row", "day"], name="usage_of_a_day_once"),
            models.CheckConstraint(condition=Q(up__gte=0, down__gte=0), name="usage_of_a_day_octets"),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "day"], name="usage_of_account")]

    def __str__(self) -> str:
        return f"{self.row_id} on {self.day}"


class Disconnect(models.Model):
    """A NAS is to end a session now. The row carries the work: tasks only wake it."""

    kept: ClassVar[Kept] = Kept(but=("state", "claimed_at", "finished_at", "said"))

    class State(models.TextChoices):
        WAITING = "waiting", "To ask"
        ASKING = "asking", "Being asked"
        DONE = "done", "Gone"
        FAILED = "failed", "Not done"

    row = models.ForeignKey(AccessSession, on_delete=models.PROTECT, related_name="disconnects")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    at = models.DateTimeField()
    author = models.CharField(max_length=120)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    said = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True) | Q(finished_at__gte=F("at")), name="disconnect_after"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], condition=Q(state__in=("waiting", "asking")), name="disconnect_to_do"),
        ]

    def __str__(self) -> str:
        return f"Disconnect {self.row}"
