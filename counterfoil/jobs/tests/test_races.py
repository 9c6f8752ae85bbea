"""Two dispatchers at the same second: one has the technician, the other is told who has."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from counterfoil.jobs.models import FieldJob
from counterfoil.jobs.operations import add_job_type, complete_job, open_job, schedule_job, set_technician
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.site.setup import set_up
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import OneTimeCharge
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    return World()


def waiting(world: World, count: int) -> tuple[list[FieldJob], object]:
    kind = add_job_type(world.caller(), name="Repair", minutes=60)
    user = add_user(world.caller(), email="k@example.com", name="Kagiso", role="dispatcher", password="correct horse")
    kagiso = set_technician(world.caller(), person=user)
    jobs = [
        open_job(world.caller(), customer=world.customer(f"Customer {place}"), job_type=kind, summary="No light")
        for place in range(count)
    ]
    return jobs, kagiso


def test_two_dispatchers_at_the_same_second(world: World) -> None:
    jobs, kagiso = waiting(world, 6)

    def put(row: FieldJob) -> FieldJob:
        return schedule_job(world.caller(), job=row, technician=kagiso, on=world.today, at="09:00")

    results = at_once(*(lambda row=row: put(row) for row in jobs))
    assert sorted(type(result).__name__ for result in results) == ["FieldJob", *["Refused"] * 5]
    refusals = [result for result in results if isinstance(result, Refused)]
    (booked,) = FieldJob.objects.filter(state="scheduled")
    assert {refusal.code for refusal in refusals} == {"double_booked"}
    assert all(f"Kagiso has {booked.number} then" in refusal.sentence for refusal in refusals)


@pytest.mark.books_are_broken_on_purpose
def test_the_database_itself_holds_it(world: World) -> None:
    """Past every check of ours: two transactions that cannot see each other's rows."""
    jobs, kagiso = waiting(world, 2)
    start = dt.datetime.combine(world.today, dt.time(9), dt.UTC)

    def write(row: FieldJob) -> int:
        with write_guard.writing(), transaction.atomic():
            # Without the trigger: the constraint alone.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
            return FieldJob.objects.filter(pk=row.pk).update(
                technician=kagiso, starts_at=start, ends_at=start + dt.timedelta(hours=1), state="scheduled"
            )

    results = at_once(*(lambda row=row: write(row) for row in jobs))
    assert sorted(type(result).__name__ for result in results) == ["IntegrityError", "int"]
    assert "job_technician_once" in str(next(one for one in results if isinstance(one, IntegrityError)))


def test_two_who_complete_it_at_once_charge_once(world: World) -> None:
    world.package("Call-out", "300", kind="one_time", frequency="once")
    zara = world.customer()
    world.subscribe(zara, world.package("Fibre 100", "599"))
    kind = add_job_type(world.caller(), name="Call-out", minutes=60, products=["call-out"])
    _, kagiso = waiting(world, 0)
    row = open_job(world.caller(), customer=zara, job_type=kind, summary="No light")
    schedule_job(world.caller(), job=row, technician=kagiso, on=world.today, at="09:00")
    results = at_once(*[lambda: complete_job(world.caller(), job=row)] * 4)
    assert sorted(type(result).__name__ for result in results) == ["FieldJob", *["Refused"] * 3]
    assert OneTimeCharge.objects.count() == 1
