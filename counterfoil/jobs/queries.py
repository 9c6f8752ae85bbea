"""Every read of jobs, and of who does them when."""

from __future__ import annotations

import datetime as dt
import hmac
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from counterfoil.catalogue.models import Product
from counterfoil.catalogue.queries import all_prices, on_sale
from counterfoil.catalogue.rules import price_on
from counterfoil.customers.models import Attachment, Customer, Site
from counterfoil.customers.queries import contacts_of, of_visible, sites_of, theirs
from counterfoil.jobs import rules
from counterfoil.jobs.models import FieldJob, JobPolicy, JobType, Technician, WorkingHours
from counterfoil.kernel.periods import date_text
from counterfoil.platform.callers import Caller
from counterfoil.platform.grants import declare_view
from counterfoil.platform.secrets import seals
from counterfoil.staff.models import User
from counterfoil.subscriptions.models import Service, Subscription
from counterfoil.subscriptions.queries import services_of, subscriptions_of
from counterfoil.suspension.queries import holidays
from counterfoil.tickets.models import Ticket
from counterfoil.tickets.queries import tickets_of

declare_view("jobs.view", "See jobs, and the schedule")

State = FieldJob.State


# ------------------------------------------------------------------ what the operator decides


def policy() -> JobPolicy:
    """What holds for jobs now; as delivered where nothing was said."""
    return JobPolicy.objects.order_by("-pk").first() or JobPolicy()


def job_types() -> list[JobType]:
    """The types that a job can be of, by name, with what they charge."""
    rows = JobType.objects.filter(retired_on=None).prefetch_related("products__product")
    return list(rows.order_by("name", "pk"))


def type_text(row: JobType) -> str:
    """What a type says, in a sentence."""
    parts = [rules.hours_text(row.minutes)]
    if row.skills:
        parts.append(f"needs {', '.join(row.skills)}")
    if charged := [str(one.product) for one in row.products.all()]:
        parts.append(f"charges {', '.join(charged)}")
    if row.starts_service:
        parts.append("starts the service")
    if lines := len(row.checklist):
        parts.append(f"{lines} {'line' if lines == 1 else 'lines'} to tick")
    return "; ".join(parts)


def technicians() -> list[Technician]:
    """Who does jobs, by name."""
    rows = Technician.objects.filter(retired_on=None, user__is_active=True).select_related("user")
    return list(rows.prefetch_related("hours").order_by("user__name", "pk"))


def technician_of(caller: Caller) -> Technician | None:
    """The technician that this person is."""
    return Technician.objects.filter(user=caller.user_id or 0, retired_on=None).first()


def may_become() -> list[User]:
    """Who of staff can be set to do jobs, by name."""
    return list(User.objects.filter(is_active=True, kind="person").order_by("name", "pk"))


def products_once() -> list[Product]:
    """What can be charged when a job is completed."""
    return on_sale(Product.Kind.ONE_TIME)


def company_week() -> dict[int, tuple[int, int]]:
    """The company's working hours as it changed them, by weekday; the same minute twice is off."""
    return {row.weekday: (row.opens, row.closes) for row in WorkingHours.objects.filter(technician=None)}


def calendars(of: Sequence[Technician]) -> dict[int, rules.Calendar]:
    """When each of these technicians works."""
    company, free, zone = company_week(), frozenset(holidays()), timezone.get_current_timezone()
    found = {}
    for one in of:
        own = {row.weekday: (row.opens, row.closes) for row in one.hours.all()}
        found[one.pk] = rules.Calendar(rules.merged_week(company, own), free, zone)
    return found


# ------------------------------------------------------------------ jobs


def complete(rows: QuerySet[FieldJob]) -> QuerySet[FieldJob]:
    """Jobs with whose they are, of what type, where and by whom."""
    return rows.select_related("customer", "job_type", "technician__user", "site", "service__product", "ticket")


def late(now: dt.datetime) -> Q:
    """Jobs that should be completed by now and are not (domain 13)."""
    return Q(ends_at__lt=now, state__in=rules.TAKES_TIME)


def listed(caller: Caller) -> QuerySet[FieldJob]:
    """All jobs that this caller may see: what is late first, then by the time of the visit."""
    return _in_order(complete(of_visible(caller, FieldJob.objects.all())), caller.now)


def _in_order(rows: QuerySet[FieldJob], now: dt.datetime) -> QuerySet[FieldJob]:
    rank = Case(
        When(late(now), then=Value(0)), When(state__in=rules.OVER, then=Value(2)), default=Value(1),
        output_field=IntegerField(),
    )  # fmt: skip
    return rows.annotate(rank=rank).order_by("rank", F("starts_at").asc(nulls_last=True), "-pk")


def is_ahead(today: dt.date) -> Q:
    """Jobs of a day after this one that were not started."""
    _, end = rules.day_of(today, timezone.get_current_timezone())
    return Q(state=State.SCHEDULED, starts_at__gte=end)


def jobs_of(customer: Customer, today: dt.date, now: dt.datetime) -> QuerySet[FieldJob]:
    """A customer's jobs but those of later days: those not completed first (domain 11.3)."""
    return _in_order(complete(FieldJob.objects.filter(theirs(customer)).exclude(is_ahead(today))), now)


def all_jobs_of(customer: Customer) -> QuerySet[FieldJob]:
    """Every job of a customer, in the order in which they were opened."""
    return complete(FieldJob.objects.filter(theirs(customer))).order_by("pk")


def future_jobs_of(customer: Customer, today: dt.date) -> QuerySet[FieldJob]:
    """A customer's jobs of later days, in the order of their time."""
    return complete(FieldJob.objects.filter(is_ahead(today), theirs(customer))).order_by("starts_at", "pk")


def jobs_about(ticket: Ticket) -> list[FieldJob]:
    """The jobs that a ticket led to, the oldest first."""
    return list(FieldJob.objects.filter(ticket=ticket).order_by("pk")[:20])


def times_of_open_jobs(customer: Customer) -> list[dt.datetime | None]:
    """When each job of a customer that is not over is planned for, the next first; None of one that has no time yet."""
    rows = FieldJob.objects.filter(theirs(customer)).exclude(state__in=rules.OVER)
    return list(rows.order_by(F("starts_at").asc(nulls_last=True)).values_list("starts_at", flat=True)[:100])


def open_jobs_of(customer: Customer) -> int:
    """How many jobs of a customer are not over."""
    return FieldJob.objects.filter(theirs(customer)).exclude(state__in=rules.OVER).count()


def coming_visits(customer: Customer, now: dt.datetime) -> QuerySet[FieldJob]:
    """A customer's visits that are still to come or under way, in the order of their time."""
    rows = FieldJob.objects.filter(theirs(customer), state__in=rules.TAKES_TIME, ends_at__gt=now)
    return complete(rows).order_by("starts_at", "pk")


def shown_visits(customer: Customer, now: dt.datetime) -> list[FieldJob]:
    """The next of them as far as customers see them: none where the operator does not show them. In one query."""
    newest = JobPolicy.objects.order_by("-pk").values("in_portal")[:1]
    shown = Coalesce(Subquery(newest), Value(True))  # noqa: FBT003 - a value of the database
    return list(coming_visits(customer, now).annotate(shown=shown).filter(shown=True)[:20])


def narrowed(rows: QuerySet[FieldJob], text: str) -> QuerySet[FieldJob]:
    """Those whose number, summary, or customer's name or number holds the text."""
    return rows.filter(
        Q(number__icontains=text) | Q(summary__icontains=text) | Q(customer__name__icontains=text)
        | Q(customer__number__iexact=text)
    )  # fmt: skip


def found(caller: Caller, text: str, limit: int) -> list[FieldJob]:
    """Jobs whose number or summary holds the text, those not over first."""
    return list(narrowed(listed(caller), text)[:limit])


def unassigned(caller: Caller) -> QuerySet[FieldJob]:
    """What waits for somebody and a time, the oldest first."""
    rows = complete(of_visible(caller, FieldJob.objects.filter(state=State.UNASSIGNED)))
    return rows.order_by("opened_at", "pk")


def how_many_unassigned(caller: Caller) -> int:
    """How many jobs wait for somebody and a time."""
    return of_visible(caller, FieldJob.objects.filter(state=State.UNASSIGNED)).count()


def figures(caller: Caller) -> dict[str, int]:
    """How many jobs are unassigned, and how many late."""
    rows = of_visible(caller, FieldJob.objects.exclude(state__in=rules.OVER))
    counted: dict[str, int] = rows.aggregate(
        unassigned=Count("pk", filter=Q(state=State.UNASSIGNED)), late=Count("pk", filter=late(caller.now))
    )
    return counted


def in_the_way(job: FieldJob, technician: Technician, start: dt.datetime, end: dt.datetime) -> FieldJob | None:
    """The first other job that a technician has within that time."""
    rows = FieldJob.objects.filter(
        technician=technician, state__in=rules.TAKES_TIME, starts_at__lt=end, ends_at__gt=start
    )
    return rows.exclude(pk=job.pk).order_by("starts_at").first()


def between(start: dt.datetime, end: dt.datetime, of: Collection[int] | None = None) -> list[FieldJob]:
    """What takes technicians' time between two instants, and what was completed there, in the order of its start."""
    rows = complete(FieldJob.objects.filter(starts_at__lt=end, ends_at__gt=start).exclude(state=State.CANCELLED))
    return list((rows if of is None else rows.filter(technician__in=of)).order_by("starts_at", "pk"))


def seen(caller: Caller, rows: Iterable[FieldJob]) -> set[int]:
    """The keys of those of the jobs whose customer the caller may see."""
    there = FieldJob.objects.filter(pk__in=[row.pk for row in rows])
    return set(of_visible(caller, there).values_list("pk", flat=True))


def taken(of: Sequence[Technician], start: dt.datetime, end: dt.datetime) -> dict[int, list[rules.Stretch]]:
    """What is taken of each technician's time between two instants."""
    found: dict[int, list[rules.Stretch]] = defaultdict(list)
    rows = FieldJob.objects.filter(
        technician__in=[one.pk for one in of], state__in=rules.TAKES_TIME, starts_at__lt=end, ends_at__gt=start
    )
    for row in rows.only("technician", "starts_at", "ends_at"):
        found[row.technician_id or 0].append(row.visit)
    return found


@dataclass(frozen=True)
class Slot:
    """A time at which a technician could do a job."""

    technician: Technician
    start: dt.datetime
    end: dt.datetime

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.technician.pk} {self.start.isoformat()}"


def length_of(job: FieldJob) -> dt.timedelta:
    """How long a job takes: as it is planned, else as its type says."""
    if job.starts_at is not None and job.ends_at is not None:
        return job.ends_at - job.starts_at
    return dt.timedelta(minutes=job.job_type.minutes)


def able(job: FieldJob, of: Sequence[Technician]) -> list[Technician]:
    """Those who have what the job's type needs."""
    return [one for one in of if not rules.lacking(job.job_type.skills, one.skills)]


def slots(
    job: FieldJob, since: dt.datetime, until: dt.datetime, of: Sequence[Technician] | None = None
) -> dict[int, list[Slot]]:  # fmt: skip
    """Each technician who can do the job, with all times between two instants at which it could begin."""
    people = able(job, technicians() if of is None else of)
    length, when = length_of(job), calendars(people)
    busy = taken(people, since, until + length)
    # A job that is moved may overlap where it stands now.
    own = (job.starts_at, job.ends_at) if job.state == State.SCHEDULED else None
    return {
        one.pk: [
            Slot(one, start, start + length)
            for start in rules.free_slots(
                when[one.pk], [each for each in busy[one.pk] if each != own or one.pk != job.technician_id],
                length, since, until,
            )
        ]
        for one in people
    }  # fmt: skip


def proposed(job: FieldJob, now: dt.datetime, most: int = 3) -> list[Slot]:
    """The first times at which a job could be done: the earliest of each technician, the earliest first."""
    if job.is_over or job.state == State.UNDER_WAY:
        return []
    people, until = able(job, technicians()), now + rules.AHEAD
    length, when = length_of(job), calendars(people)
    busy = taken(people, now, until + length)
    firsts = []
    for one in people:
        start = next(rules.free_slots(when[one.pk], busy[one.pk], length, now, until), None)
        if start is not None:
            firsts.append(Slot(one, start, start + length))
    return sorted(firsts, key=lambda slot: (slot.start, slot.technician.user.name))[:most]


# ------------------------------------------------------------------ what completing does


def subscription_for(job: FieldJob) -> Subscription | None:
    """The subscription on whose next bill the job is charged: that of its service, else the customer's first one."""
    # A service that has changed account is billed to somebody else by now.
    if job.service is not None and job.service.subscription.customer_id == job.customer_id:
        return job.service.subscription
    rows = subscriptions_of(job.customer).filter(currency=job.customer.currency)
    return rows.filter(services__end="").distinct().first() or rows.first()


def prices_once(products: Iterable[Product], currency: str, on: dt.date) -> dict[int, object]:
    """What each of these products costs once on a day, in whole currency units; those without a price are left out."""
    rows = list(products)
    prices = all_prices(products=[row.pk for row in rows]).get(("once", currency), {})
    costs = {row.pk: price_on(prices.get(row.pk, ()), on, on) for row in rows}
    return {pk: price for pk, price in costs.items() if price is not None}


def attached(job: FieldJob) -> list[Attachment]:
    """The files of a job that were not removed, the newest first."""
    rows = Attachment.objects.filter(pk__in=job.files.values("attachment"), removed_at=None)
    return list(rows.select_related("file", "thumbnail").defer("file__content", "thumbnail__content").order_by("-pk"))


# ------------------------------------------------------------------ what a form offers


def sites_for(customer: Customer) -> list[Site]:
    """The addresses where a job of the customer can be."""
    return [row for row in sites_of(customer) if row.active]


def services_for(customer: Customer) -> list[Service]:
    """The services that a job of the customer can be about."""
    return list(services_of(customer))


def tickets_for(customer: Customer) -> list[Ticket]:
    """The tickets that a job of the customer can be about: those that are not over."""
    return [row for row in tickets_of(customer)[:50] if not row.is_over]


def who_is_called(customer: Customer) -> tuple[str, str]:
    """Name and number of the first person of a customer who can be called."""
    for contact in contacts_of(customer):
        for point in contact.points.all():
            if point.kind == "phone":
                return contact.name, point.value
    first = next(iter(contacts_of(customer)), None)
    return (first.name if first else customer.name), ""


# ------------------------------------------------------------------ words


def visit_text(start: dt.datetime, end: dt.datetime) -> str:
    """`Tue 24 Nov 2026, 09:00 to 11:00`, by the operator's clock."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    day = f"{first:%a} {date_text(first.date())}"
    if first.date() == last.date():
        return f"{day}, {first:%H:%M} to {last:%H:%M}"
    return f"{day}, {first:%H:%M} to {last:%a} {date_text(last.date())}, {last:%H:%M}"


def when_text(job: FieldJob) -> str:
    """When a job is done, or nothing."""
    return visit_text(job.starts_at, job.ends_at) if job.starts_at and job.ends_at else ""


# ------------------------------------------------------------------ the calendar of a technician


_TAG = 32


def feed_token(row: Technician) -> str:
    """What names a technician's calendar in an address: their key, and a seal that nobody can guess."""
    return f"{row.pk}-{_tags(row)[0]}"


def feed_address(row: Technician) -> str:
    """Where a technician's calendar is read by other programs."""
    return f"{settings.PUBLIC_URL}/calendar/{feed_token(row)}.ics"


def fed(token: str) -> Technician | None:
    """The technician behind a token; none where it was made up or revoked, or they do no jobs any more."""
    head, _, tag = token.partition("-")
    # Another address changes the seal, so the version is not said in the token.
    if not (head.isascii() and head.isdigit() and len(head) <= 18) or len(tag) != _TAG:
        return None
    row = Technician.objects.select_related("user").filter(pk=int(head), retired_on=None, user__is_active=True).first()
    if row is None or not any(hmac.compare_digest(tag.encode(), one.encode()) for one in _tags(row)):
        return None
    return row


def _tags(row: Technician) -> list[str]:
    return [
        hmac.new(one.encode(), b"calendar", "sha256").hexdigest()[:_TAG]
        for one in seals("job calendar", f"{row.pk}:{row.feed_version}".encode())
    ]


def feed_jobs(row: Technician, now: dt.datetime) -> list[FieldJob]:
    """What stands in a technician's calendar: visits of the last month, and all that are to come."""
    rows = complete(FieldJob.objects.filter(technician=row, starts_at__gt=now - dt.timedelta(days=31)))
    return list(rows.exclude(state=State.CANCELLED).order_by("starts_at", "pk")[:1000])


# ------------------------------------------------------------------ reminders


def to_remind(now: dt.datetime) -> QuerySet[FieldJob]:
    """Visits of tomorrow that the customer was not told of yet, and those to come that moved since they were told."""
    today = local_day(now)
    start, end = rules.day_of(today + dt.timedelta(days=1), timezone.get_current_timezone())
    begins, _ = rules.day_of(today, timezone.get_current_timezone())
    # Who was told of a move days ago is reminded the day before all the same.
    ahead = Q(starts_at__gte=start, starts_at__lt=end) & (Q(reminded_of=None) | Q(reminded_at__lt=begins))
    moved = Q(reminded_of__isnull=False, starts_at__gt=now) & ~Q(reminded_of=F("starts_at"))
    rows = FieldJob.objects.filter(ahead | moved, state=State.SCHEDULED)
    return rows.order_by("starts_at", "pk")


def local_day(at: dt.datetime) -> dt.date:
    """The day of an instant by the operator's clock."""
    return timezone.localtime(at).date()


def on_day(day: dt.date) -> Q:
    """Jobs with a visit on a day."""
    start, end = rules.day_of(day, timezone.get_current_timezone())
    return Q(starts_at__lt=end, ends_at__gt=start)
