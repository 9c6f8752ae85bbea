"""Every read of the network."""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower, TruncMonth
from django.utils import timezone

from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import of_visible, theirs
from counterfoil.network import counting, rules
from counterfoil.network.included import DataState, maybe_wrong, state_of, states, sums, total, wrong_speed
from counterfoil.network.interfaces import Target
from counterfoil.network.models import (
    AccessAccount,
    AccessSession,
    DayUsage,
    Disconnect,
    IncludedData,
    Nas,
    NetworkPolicy,
    SessionReport,
    Speed,
    VendorAttributes,
    Walled,
)
from counterfoil.platform.bulk import chunks
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.platform.secrets import decrypt, seal, seals
from counterfoil.subscriptions.models import Service, Span
from counterfoil.subscriptions.queries import services_of

declare_view("network.view", "See network access, sessions and data usage")

OWNER = "account__service__subscription__customer"

# ------------------------------------------------------------------ what the operator decided


def keeps_time_zone() -> str:
    """Why the company's time zone stays: data usage is counted by its days."""
    return "Data usage is counted by days of the time zone already, so it stays." if DayUsage.objects.exists() else ""


def policy() -> NetworkPolicy:
    """What the operator decided; until then the usual."""
    return NetworkPolicy.objects.order_by("-pk").first() or NetworkPolicy()


def policy_row() -> NetworkPolicy:
    """The newest row of what the operator decided; there is one from the set-up on."""
    return NetworkPolicy.objects.latest("pk")


def token(now: NetworkPolicy | None = None) -> str:
    """What the RADIUS server of this installation shows when it asks."""
    return seal("radius", str((now or policy()).token_version).encode())


def token_fits(shown: str) -> bool:
    """Whether somebody who asks shows the token; one that was replaced is not it."""
    version = str(policy().token_version).encode()
    return any(hmac.compare_digest(one.encode(), shown.encode()) for one in seals("radius", version))


def nases(*, in_use: bool = False) -> QuerySet[Nas]:
    """The NASes, those in use first."""
    rows = Nas.objects.order_by("-in_use", Lower("name"), "pk")
    return rows.filter(in_use=True) if in_use else rows


def nas_at(address: str) -> Nas | None:
    """The NAS in use at an address."""
    return Nas.objects.filter(address=address, in_use=True).first()


def target_of(nas: Nas) -> Target:
    """Where a NAS is asked to end sessions."""
    return Target(nas.address, nas.coa_port, decrypt(nas.secret_box))


def attributes_of(vendor: str) -> tuple[str, str]:
    """What a NAS of a vendor is told of who is served, and of who is suspended."""
    row = VendorAttributes.objects.filter(vendor=vendor).first()
    return (row.full, row.walled) if row is not None else rules.DELIVERED[vendor]


def all_attributes() -> list[tuple[str, str, str, str, bool]]:
    """Each vendor with its name, what it is told, and whether the operator changed that."""
    said = {row.vendor: (row.full, row.walled) for row in VendorAttributes.objects.all()}
    return [
        (key, name, *said.get(key, rules.DELIVERED[key]), key in said) for key, name in rules.VENDORS.items()
    ]  # fmt: skip


def speed_of(product_id: int) -> Speed | None:
    """How fast a package is."""
    return Speed.objects.filter(product=product_id).first()


def packages() -> list[tuple[Product, Speed | None]]:
    """Every data package that is sold, and what is not sold any more and has a speed, with that."""
    known = {row.product_id: row for row in Speed.objects.select_related("product")}
    rows = Product.objects.filter(Q(kind=Product.Kind.DATA, active=True) | Q(pk__in=known)).order_by("name", "pk")
    return [(row, known.get(row.pk)) for row in rows]


# ------------------------------------------------------------------ access accounts


def account_named(user_name: str) -> AccessAccount | None:
    """The account that signs in by a name, in small letters or large."""
    rows = AccessAccount.objects.alias(low=Lower("user_name")).filter(low=user_name.lower(), ended_on=None)
    return rows.select_related("service__subscription__customer", "service__product").first()


def complete(rows: QuerySet[AccessAccount]) -> QuerySet[AccessAccount]:
    """Accounts with their service and whose they are."""
    return rows.select_related("service__product", "service__subscription__customer")


def accounts_of(customer: Customer) -> QuerySet[AccessAccount]:
    """A customer's access accounts, those in use first."""
    rows = complete(AccessAccount.objects.filter(theirs(customer, "service__subscription__customer")))
    return rows.order_by(F("ended_on").desc(nulls_first=True), "pk")


def accounts(caller: Caller) -> QuerySet[AccessAccount]:
    """All access accounts whose customer this caller may see, by user name."""
    rows = of_visible(caller, AccessAccount.objects.all(), "service__subscription__customer")
    return complete(rows).order_by("user_name", "pk")


def narrowed(rows: QuerySet[AccessAccount], text: str) -> QuerySet[AccessAccount]:
    """Those whose user name, address, MAC, circuit or customer the text names."""
    said = Q(user_name__icontains=text) | Q(circuit__icontains=text)
    said |= Q(service__subscription__customer__number__iexact=text)
    said |= Q(service__subscription__customer__name__icontains=text)
    if found := rules.mac(text):
        said |= Q(mac=found)
    return rows.filter(said | _named(text, ipv4="ipv4", first="v6_first", last="v6_last"))


def _named(text: str, *, ipv4: str, first: str, last: str) -> Q:
    if not (known := rules.address(text)):
        return Q(pk__in=[])
    address = ipaddress.ip_address(known)
    if address.version == 4:
        return Q(**{ipv4: str(address)})
    digits = f"{int(address):032x}"
    return Q(**{f"{first}__lte": digits, f"{last}__gte": digits}) & ~Q(**{first: ""})


def free_services(customer: Customer) -> list[Service]:
    """The services that an access account can be of: those that go on, and are no bare charge."""
    return [row for row in services_of(customer) if row.product.kind != Product.Kind.USAGE]


# ------------------------------------------------------------------ who may connect


@dataclass(frozen=True)
class Verdict:
    """What a NAS is answered: attributes, or why not."""

    told: dict[str, Any] | None
    why: str = ""


def authorise(sent: Mapping[str, str], today: dt.date) -> Verdict:
    """Whether somebody may connect, by the attributes of an Access-Request.

    Refused are user names that are unknown or over, services that are not active on the day, NASes that are not in
    use, and devices other than the one that the account names. Who is suspended is let into the walled garden. The
    password is compared by the RADIUS server, which knows how (PAP, CHAP, MS-CHAP).
    """
    nas = nas_at(rules.nas_of(sent))
    if nas is None:
        return Verdict(None, "This NAS is not known.")
    account = account_named(sent.get("User-Name", ""))
    if account is None:
        return Verdict(None, "There is no such user.")
    device = sent.get("Calling-Station-Id", "")
    if account.mac and rules.mac(device) != account.mac:
        return Verdict(None, "This device is not the one of the account.")
    span = Span.objects.filter(service=account.service_id, starts__lte=today).filter(
        Q(ends=None) | Q(ends__gt=today), state=Span.State.EFFECTIVE
    ).first()  # fmt: skip
    service = account.service
    if span is None or (service.end and service.ended_on is not None and service.ended_on <= today):
        return Verdict(None, "The service is not active.")
    now = policy()
    walled = Walled.objects.filter(customer=service.subscription.customer_id, since__isnull=False).exists()
    data = None if walled else state_of(service, today)
    if data is not None and data.is_stopped:
        return Verdict(None, "The data of this billing period is used.")
    slowed = data is not None and data.is_slow
    speed = data.policy if data is not None and slowed else speed_of(span.product_id)
    text = attributes_of(nas.vendor)[1 if walled else 0]
    known = rules.places(
        speed.up_kbit if speed else None, speed.down_kbit if speed else None, blocked=now.walled_list,
        pool=now.walled_pool, user=account.user_name,
    )  # fmt: skip
    told = rules.filled(text, known)
    if walled and not rules.holds(text, blocked=now.walled_list, pool=now.walled_pool):
        # Nothing would keep them in: better no line than all of it.
        return Verdict(None, "Suspended, and no walled garden is set up for this NAS.")
    return Verdict(
        rules.answer(
            decrypt(account.password_box), told, walled=walled, interim=now.interim_seconds, slowed=slowed,
            ipv4=account.ipv4 or "", ipv6=account.ipv6,
        )
    )  # fmt: skip


# ------------------------------------------------------------------ sessions


def with_owner(rows: QuerySet[AccessSession]) -> QuerySet[AccessSession]:
    """Sessions with whose they are, and their NAS."""
    return rows.select_related("account__service__subscription__customer", "account__service__product", "nas")


def sessions(caller: Caller) -> QuerySet[AccessSession]:
    """All sessions that this caller may see, the newest first; those of nobody are seen by who sees everybody."""
    rows = AccessSession.objects.all()
    seen = of_visible(caller, rows, OWNER) if caller.is_scoped or not caller.may("customers.view") else rows
    return with_owner(seen).order_by("-started_at", "-pk")


def sessions_of(customer: Customer) -> QuerySet[AccessSession]:
    """A customer's sessions, the newest first."""
    keys = list(accounts_of(customer).values_list("pk", flat=True))
    return with_owner(AccessSession.objects.filter(account__in=keys)).order_by("-started_at", "-pk")


def online_of(customer: Customer) -> list[AccessSession]:
    """The sessions that are open now."""
    return list(sessions_of(customer).filter(ended_at=None)[:50])


def last_sessions_of(customer: Customer) -> list[AccessSession] | None:
    """The newest few sessions of what the customer may sign in with now; None for who has nothing of the kind."""
    keys = list(accounts_of(customer).filter(ended_on=None).values_list("pk", flat=True))
    return list(AccessSession.objects.filter(account__in=keys).order_by("-started_at", "-pk")[:5]) if keys else None


def sought(rows: QuerySet[AccessSession], text: str) -> QuerySet[AccessSession]:
    """Sessions whose user name, address, MAC or customer the text names."""
    said = Q(user_name__icontains=text) | Q(**{f"{OWNER}__number__iexact": text})
    if found := rules.mac(text):
        said |= Q(mac=found)
    if not (known := rules.address(text)):
        return rows.filter(said)
    return rows.filter(said | _at_address(ipaddress.ip_address(known)))


def holders(address: str, at: dt.datetime) -> list[AccessSession]:
    """The sessions that had an address at a time; also those whose prefix holds it."""
    meant = _at_address(ipaddress.ip_address(address))
    rows = with_owner(AccessSession.objects.filter(meant, started_at__lte=at))
    found = list(rows.filter(Q(ended_at=None) | Q(ended_at__gte=at)).order_by("started_at", "pk")[:100])
    for row in found:
        line = holders_of(row.account)
        if len(line) > 1 and (had := counting.holder_at(line, at)) != row.account_id:
            # The line was another customer's then.
            row.account = complete(AccessAccount.objects.filter(pk=had)).get()
    return found


def _at_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Q:
    if address.version == 4:
        return Q(address=str(address))
    around = [str(ipaddress.ip_network((address, length), strict=False)) for length in range(16, 129)]
    digits = f"{int(address):032x}"
    own = Q(account__v6_first__lte=digits, account__v6_last__gte=digits) & ~Q(account__v6_first="")
    return Q(address=str(address)) | Q(ipv6__in=around) | own


def still_there(customer_id: int, *, walled: bool | None = None) -> QuerySet[AccessSession]:
    """A customer's open sessions that no NAS has said to have ended; of one kind where that is asked for."""
    rows = AccessSession.objects.filter(**{OWNER: customer_id}, ended_at=None)
    rows = rows.filter(Q(cut_at=None) | Q(last_at__gt=F("cut_at")))
    return rows if walled is None else rows.filter(walled=walled)


def is_walled(customer: Customer) -> bool:
    """Whether the network lets the customer into the walled garden only."""
    return Walled.objects.filter(customer=customer, since__isnull=False).exists()


# A NAS that ends no session for us is asked again, at first soon.
_AGAIN, _LATER, _TRIES = dt.timedelta(minutes=10), dt.timedelta(hours=6), 6


def strays(now: dt.datetime, limit: int = 200) -> list[AccessSession]:
    """Open sessions that should not be as they are, and whose NAS is to be asked: of access that is over, of a service
    that is not active (it rests, or was stopped), in full of somebody who is suspended, in the walled garden of
    somebody who is not, or at another speed than what is left of the data allows."""
    customer = OuterRef("account__service__subscription__customer")
    asked = Disconnect.objects.filter(row=OuterRef("pk"), at__lte=now)
    rows = AccessSession.objects.filter(
        Q(cut_at=None) | Q(last_at__gt=F("cut_at")), account__isnull=False, ended_at=None
    )
    rows = rows.annotate(
        held=Exists(Walled.objects.filter(customer=customer, since__isnull=False)),
        soon=Exists(asked.filter(at__gt=now - _AGAIN)), lately=Exists(asked.filter(at__gt=now - _LATER)),
        waits=Exists(Disconnect.objects.filter(row=OuterRef("pk"), state__in=("waiting", "asking"))),
        tries=Count("disconnects"),
    )  # fmt: skip
    today = timezone.localtime(now).date()
    on = Span.objects.filter(service=OuterRef("account__service"), state=Span.State.EFFECTIVE, starts__lte=today)
    rows = rows.annotate(active=Exists(on.filter(Q(ends=None) | Q(ends__gt=today))))
    wrong = (
        Q(held=True, walled=False) | Q(held=False, walled=True) | Q(account__ended_on__isnull=False) | Q(active=False)
    )
    due = Q(tries__lt=_TRIES, soon=False) | Q(tries__gte=_TRIES, lately=False)
    found = list(with_owner(rows.filter(wrong, due, waits=False)).order_by("pk")[:limit])
    known = {row.pk for row in found}
    # First who is wrong and then how many: the right ones may be very many.
    for keys in chunks((pk for pk in maybe_wrong(today) if pk not in known), 500):
        if len(found) >= limit:
            break
        found += wrong_speed(list(with_owner(rows.filter(due, pk__in=keys, waits=False)).order_by("pk")), today)
    return found[:limit]


# ------------------------------------------------------------------ data usage


@dataclass(frozen=True)
class Used:
    """Octets of a service in a month or on a day."""

    service: str
    when: dt.date
    up: int
    down: int

    @property
    def octets(self) -> int:
        """Both ways."""
        return self.up + self.down


def a_year_before(day: dt.date) -> dt.date:
    """The first day of the month eleven months before a day's, so that there are twelve."""
    return dt.date(day.year - (day.month < 12), day.month % 12 + 1, 1)


def used_by_month(customer: Customer, *, since: dt.date) -> list[Used]:
    """What each service used in each month, the newest first."""
    rows = _usage(customer).filter(day__gte=since).annotate(month=TruncMonth("day"))
    return _added(rows, "month")


def used_by_day(customer: Customer, *, since: dt.date) -> list[Used]:
    """What each service used on each day, the newest first."""
    return _added(_usage(customer).filter(day__gte=since), "day")


def _usage(customer: Customer) -> QuerySet[DayUsage]:
    mine = AccessAccount.objects.filter(theirs(customer, "service__subscription__customer"))
    return DayUsage.objects.filter(account__in=mine.order_by().values("pk"))


def _added(rows: QuerySet[Any], by: str) -> list[Used]:
    columns = ("account__service", "account__service__product__name", "account__service__label")
    added = rows.order_by().values(by, *columns).annotate(**sums("up"), **sums("down"))
    return [
        Used(f"{row[columns[1]]} {row[columns[2]]}".strip(), row[by], total(row, "up"), total(row, "down"))
        for row in added.order_by(f"-{by}", columns[1], columns[0])
    ]


def data_of(customer: Customer, today: dt.date) -> list[DataState]:
    """How much of what is included each of the customer's services has used in its billing period."""
    if not IncludedData.objects.filter(gigabytes__gte=1).exists():
        return []
    rows = [row for row in services_of(customer) if row.product.kind == Product.Kind.DATA]
    return list(states(rows, today).values())


def included_data() -> dict[int, IncludedData]:
    """What each package includes, by its key."""
    return {row.product_id: row for row in IncludedData.objects.select_related("product")}


def most(rows: Sequence[Used]) -> int:
    """The largest of them, so that bars have a scale."""
    return max((row.octets for row in rows), default=0)


def groups_of(
    family: Sequence[AccessSession], restarts: Iterable[dt.datetime], news: counting.Report | None = None
) -> list[counting.Group]:
    """The reports that are kept of an id, with a new one, by session."""
    told = [row.report for row in SessionReport.objects.filter(row__in=family)]
    return counting.groups([*told, news] if news is not None else told, restarts, forgotten_until(family))


def forgotten_until(family: Sequence[AccessSession]) -> dt.datetime | None:
    """When the session before those that are kept of an id was over; nothing where none of it is forgotten."""
    return family[0].follows_at if family[0].turn > 1 else None


def holders_of(account: AccessAccount | None) -> list[counting.Holder]:
    """Who had a line, in order: its service may have gone on under other accounts, before this one and after it."""
    if account is None:
        return []
    rows = [account]
    while rows[0].before is not None:
        rows.insert(0, rows[0].before)
    while (later := getattr(rows[-1], "after", None)) is not None:
        rows.append(later)
    first, *others = rows
    return [counting.Holder(first.pk), *(counting.Holder(row.pk, row.added_on, row.taken_at) for row in others)]


def owner_on(account: AccessAccount | None, day: dt.date) -> int | None:
    """The key of the access account that a day of a line counts for."""
    return counting.holder_on(holders_of(account), day) if account is not None else None
