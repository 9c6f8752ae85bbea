"""Jobs of this week and the next: two technicians, visits done, planned and under way, and some that wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from django.utils import timezone

from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.customers.queries import contacts_of, sites_of
from counterfoil.jobs.models import FieldJob, JobType, Technician
from counterfoil.jobs.operations import (
    add_job_type,
    cancel_job,
    complete_job,
    open_job,
    schedule_job,
    set_technician,
    start_job,
)
from counterfoil.platform.callers import Caller
from counterfoil.staff.models import User
from counterfoil.tickets.models import Ticket

_Staff = Callable[[str, dt.date, int], Caller]
_TYPES: tuple[tuple[str, int, list[str], list[str], list[str], bool], ...] = (
    ("Installation", 120, ["fibre"], ["Measure light before", "Mount and label the ONT", "Speed test with the customer",
     "Photo of the result"], ["installation"], True),
    ("Repair", 90, ["fibre"], ["Measure light before", "Measure light after, better than −25 dBm"], [], False),
    ("Wireless repair", 90, ["wireless"], ["Signal before", "Align the dish", "Signal after"], ["call-out"], False),
    ("Site survey", 60, [], ["Line of sight", "Photo of the roof", "Where the cable goes in"], [], False),
)  # fmt: skip
_TECHNICIANS = (
    ("dispatch@highveld.example", ("fibre", "voice")),
    ("technician@highveld.example", ("fibre", "wireless")),
)
# Type, what is to be done, technician, days from today, start, and what came of it.
_PLANNED = (
    ("Repair", "Replace ONT, re-route cable", 0, -1, "08:00", "done"),
    ("Site survey", "Line of sight to the mast", 1, -1, "09:00", "done"),
    ("Wireless repair", "No signal since the storm", 1, -1, "11:00", "cancelled"),
    ("Installation", "New fibre line", 0, 0, "08:00", "under way"),
    ("Repair", "Slow in the evening", 0, 0, "11:00", "planned"),
    ("Wireless repair", "Dish moved by the wind", 1, 0, "09:30", "planned"),
    ("Site survey", "Second line for the office", 1, 0, "13:00", "planned"),
    ("Installation", "Fibre for the new branch", 1, 1, "08:00", "planned"),
    ("Repair", "Router restarts by itself", 0, 1, "09:00", "planned"),
    ("Installation", "Move the line to the new premises", 0, 2, "10:00", "planned"),
)  # fmt: skip
_WAITING = (
    ("Repair", "No internet"), ("Wireless repair", "Signal comes and goes"), ("Site survey", "Fibre in the annex"),
)  # fmt: skip


def plan_some(by: _Staff, today: dt.date, tour: Customer) -> None:
    """Visits of the last, this and the coming working days; one under way, and three jobs without a time."""
    admin = by("administrator", today, 7)
    call_out = add_product(admin, new=NewProduct("call-out", "Call-out", "one_time"))
    set_prices(admin, prices=[(call_out, "once", Decimal(650))], currency="ZAR", valid_from=today)
    types = {
        name: add_job_type(admin, name=name, minutes=minutes, skills=skills, checklist=lines, products=products,
                           starts_service=starts)
        for name, minutes, skills, lines, products, starts in _TYPES
    }  # fmt: skip
    people = [
        set_technician(admin, person=User.objects.get(email=email), skills=skills) for email, skills in _TECHNICIANS
    ]
    owners = Customer.objects.filter(status="active", sites__is_primary=True).exclude(pk=tour.pk).distinct()
    customers = [tour, *owners.order_by("pk")[20 : 20 + len(_PLANNED) + len(_WAITING)]]
    for customer, (kind, what, place, ahead, at, then) in zip(customers, _PLANNED, strict=False):
        day = _working_day(today, ahead)
        row = _open(by("agent", min(day, today) - dt.timedelta(days=2), 10), customer, types[kind], what)
        _carry_on(by, row, people[place], day, at, then)
    for customer, (kind, what) in zip(customers[len(_PLANNED) :], _WAITING, strict=False):
        _open(by("agent", today - dt.timedelta(days=1), 15), customer, types[kind], what)


def _working_day(today: dt.date, ahead: int) -> dt.date:
    """The working day that is so many away; counted from today, or from the Monday after a weekend."""
    day = today + dt.timedelta(days=(7 - today.weekday()) if today.weekday() > 4 else 0)
    for _ in range(abs(ahead)):
        day += dt.timedelta(days=1 if ahead > 0 else -1)
        while day.weekday() > 4:
            day += dt.timedelta(days=1 if ahead > 0 else -1)
    return day


def _open(caller: Caller, customer: Customer, kind: JobType, what: str) -> FieldJob:
    contact = next(iter(contacts_of(customer)), None)
    points = [point.value for point in contact.points.all() if point.kind == "phone"] if contact else []
    ticket = Ticket.objects.filter(customer=customer, state="open", merged_into=None).first()
    return open_job(
        caller, customer=customer, job_type=kind, summary=what, ticket=ticket,
        site=next((site for site in sites_of(customer) if site.is_primary), None),
        contact_name=contact.name if contact else "", contact_phone=points[0] if points else "",
    )  # fmt: skip


def _carry_on(by: _Staff, row: FieldJob, technician: Technician, day: dt.date, at: str, then: str) -> None:
    caller = by("dispatcher", row.opened_at.date(), 16)
    row = schedule_job(caller, job=row, technician=technician, on=day, at=at)
    if then == "cancelled":
        cancel_job(by("agent", day, 8), job=row, reason="Works again")
    # At a weekend the next working day is still to come.
    if then in ("done", "under way") and day <= timezone.localdate():
        start_job(by("dispatcher", day, 9), job=row)
    if then == "done":
        complete_job(
            by("dispatcher", day, 11), job=row, done=row.job_type.checklist, note="Works. Customer saw the result.",
            readings=["Light after: −21.4 dBm"] if row.job_type.name == "Repair" else [],
        )  # fmt: skip
