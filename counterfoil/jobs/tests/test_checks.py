"""What cannot be true of jobs is found by check-books."""

from __future__ import annotations

import datetime as dt

import pytest

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site
from counterfoil.jobs import checks
from counterfoil.jobs.models import FieldJob, JobCharge
from counterfoil.jobs.operations import schedule_job
from counterfoil.jobs.tests.test_jobs import DAY, job_type, opened, product, technician, zara
from counterfoil.platform import append_only, write_guard
from counterfoil.testing.world import World

assert zara
pytestmark = [pytest.mark.books_are_broken_on_purpose, pytest.mark.once]


def test_two_jobs_at_once_are_found(world: World, zara: Customer) -> None:
    kind, kagiso = job_type(world, skills=[]), technician(world)
    one, two = opened(world, zara, kind), opened(world, zara, kind)
    schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="09:00")
    two = schedule_job(world.caller(), job=two, technician=kagiso, on=DAY, at="10:30")
    assert list(checks.nobody_is_at_two_places_at_once()) == []
    append_only.disable()
    with write_guard.writing():
        FieldJob.objects.filter(pk=two.pk).update(starts_at=two.visit[0] - dt.timedelta(minutes=1))
    append_only.ensure()
    assert list(checks.nobody_is_at_two_places_at_once()) == [
        "Kagiso Molefe has job J-000001 and another one at the same time."
    ]


def test_what_is_another_customers_is_found(world: World, zara: Customer) -> None:
    row = opened(world, zara, job_type(world))
    site = add_site(world.caller(), customer=world.customer("Yusuf"), label="Home", street="1 Main Road")
    assert list(checks.what_a_job_is_about_is_its_customers()) == []
    with write_guard.writing():
        FieldJob.objects.filter(pk=row.pk).update(site=site)
    assert list(checks.what_a_job_is_about_is_its_customers()) == [
        "Job J-000001 is about something of another customer."
    ]


def test_a_charge_that_is_nowhere_is_found(world: World, zara: Customer) -> None:
    row, what = opened(world, zara, job_type(world)), product(world, "installation")
    assert list(checks.what_a_job_charged_is_charged()) == []
    with write_guard.writing():
        JobCharge.objects.create(job=row, product=what)
    assert list(checks.what_a_job_charged_is_charged()) == [
        "Job J-000001 says that it charged Installation, and did not."
    ]


def test_a_number_that_was_skipped_is_found(world: World, zara: Customer) -> None:
    kind = job_type(world)
    opened(world, zara, kind)
    row = opened(world, zara, kind)
    assert list(checks.job_numbers_are_gapless()) == []
    with write_guard.writing():
        FieldJob.objects.filter(pk=row.pk).update(sequence_no=7, number="J-000007")
    assert list(checks.job_numbers_are_gapless())
