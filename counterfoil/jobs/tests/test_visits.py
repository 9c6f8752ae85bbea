"""What others see of a visit: the database that holds it, the calendar of the technician, and the reminder."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site, change_customer
from counterfoil.jobs import queries
from counterfoil.jobs.feeds import written
from counterfoil.jobs.models import FieldJob
from counterfoil.jobs.operations import (
    cancel_job,
    jobs,
    retire_technician,
    revoke_feed,
    schedule_job,
    set_job_policy,
    set_working_hours,
)
from counterfoil.jobs.tasks import remind
from counterfoil.jobs.tests.test_jobs import DAY, clock, job_type, local, opened, refused, technician, zara
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.platform import write_guard
from counterfoil.suspension.operations import add_holidays
from counterfoil.testing.world import World

assert zara

TOMORROW = DAY + dt.timedelta(days=1)


def test_the_database_refuses_a_second_job_at_the_same_time(world: World, zara: Customer) -> None:
    kind, kagiso = job_type(world, skills=[]), technician(world)
    one, two = opened(world, zara, kind), opened(world, zara, kind)
    one = schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="09:00")
    start, end = one.visit
    taken = {"technician": kagiso, "state": "scheduled", "starts_at": start + dt.timedelta(minutes=89)}
    with write_guard.writing():
        with pytest.raises(DatabaseError), transaction.atomic():
            FieldJob.objects.filter(pk=two.pk).update(**taken, ends_at=end + dt.timedelta(minutes=30))
        # When the one ends the other may begin.
        with transaction.atomic():
            FieldJob.objects.filter(pk=two.pk).update(
                **{**taken, "starts_at": end}, ends_at=end + dt.timedelta(hours=1)
            )
            transaction.set_rollback(True)


def test_times_are_proposed_by_skill_hours_holidays_and_what_is_taken(world: World, zara: Customer) -> None:
    kagiso, pieter = technician(world), technician(world, "Pieter Botha", ("wireless",))
    nomsa = technician(world, "Nomsa Khoza")
    kind = job_type(world)
    busy = opened(world, zara, kind)
    schedule_job(world.caller(), job=busy, technician=kagiso, on=DAY, at="14:30", minutes=120)
    add_holidays(world.caller(), days="2026-11-23 Bridge day")
    set_working_hours(world.caller(), technician=nomsa, weekday="4", opens="", closes="")
    set_working_hours(world.caller(), technician=nomsa, weekday="1", opens="10:00", closes="16:00")
    row = opened(world, zara, kind)
    now = clock(world, "2026-11-20T13:10").now
    # 90 minutes: not before the other visit, and over the holiday; Nomsa is off on Fridays.
    assert [(str(slot.technician), local(slot.start)) for slot in queries.proposed(row, now)] == [
        ("Kagiso Molefe", "2026-11-24 08:00"), ("Nomsa Khoza", "2026-11-24 10:00"),
    ]  # fmt: skip
    day = queries.slots(row, now, now + dt.timedelta(days=5))
    assert set(day) == {kagiso.pk, nomsa.pk}
    assert pieter.pk not in day
    assert [local(slot.start)[8:] for slot in day[nomsa.pk]][7:12] == [
        "24 13:30", "24 14:00", "24 14:30", "25 08:00", "25 08:30",
    ]  # fmt: skip


def test_a_technician_reads_their_visits_in_a_calendar(world: World, zara: Customer, client: Client) -> None:
    kagiso, kind = technician(world), job_type(world)
    site = add_site(world.caller(), customer=zara, label="Home", street="1 Main Road", city="Braamfontein")
    first = opened(world, zara, kind, site=site, contact_name="Zara", contact_phone="+27825550142")
    gone = opened(world, zara, kind)
    schedule_job(world.caller(), job=first, technician=kagiso, on=TOMORROW, at="09:00")
    schedule_job(world.caller(), job=gone, technician=kagiso, on=TOMORROW, at="14:00")
    cancel_job(world.caller(), job=gone, reason="Away")
    first.refresh_from_db()
    address = queries.feed_address(kagiso).partition("/calendar/")[2]
    answer = client.get(f"/calendar/{address}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    (event,) = Calendar.from_ical(written(kagiso, clock(world, "2026-11-20T10:00").now)).walk("VEVENT")
    start, end = first.visit
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (start, end)
    assert str(event.decoded("dtstart").tzinfo) == str(timezone.get_default_timezone())
    assert str(event["summary"]) == "Installation, Zara Naidoo"
    assert "1 Main Road" in str(event["location"])
    assert "J-000001: New fibre line\nZara, +27825550142" in str(event["description"])
    # What is made up, and what was revoked, leads nowhere; the new address does.
    assert client.get(f"/calendar/{kagiso.pk}-{'0' * 32}.ics").status_code == 404
    assert client.get("/calendar/x-1.ics").status_code == 404
    revoke_feed(world.caller(), technician=kagiso)
    assert client.get(f"/calendar/{address}").status_code == 404
    kagiso.refresh_from_db()
    assert client.get(f"/calendar/{queries.feed_token(kagiso)}.ics").status_code == 200
    assert refused(lambda: retire_technician(world.caller(), technician=kagiso)) == "has_jobs"
    cancel_job(world.caller(), job=first, reason="Away")
    retire_technician(world.caller(), technician=kagiso)
    kagiso.refresh_from_db()
    assert client.get(f"/calendar/{queries.feed_token(kagiso)}.ics").status_code == 404


def test_the_customer_is_reminded_the_day_before_once(world: World, zara: Customer) -> None:
    kagiso, kind = technician(world), job_type(world)
    row, today = opened(world, zara, kind), opened(world, zara, kind)
    schedule_job(world.caller(), job=row, technician=kagiso, on=TOMORROW, at="09:00")
    schedule_job(world.caller(), job=today, technician=kagiso, on=DAY, at="09:00")

    def at(text: str) -> int:
        return remind(clock(world, text, world.system()))  # type: ignore[arg-type]

    assert at("2026-11-20T08:59") == 0
    assert (at("2026-11-20T09:00"), at("2026-11-20T09:01")) == (1, 0)
    message = Message.objects.get()
    assert message.subject == "We visit you on 21 November 2026, 09:00 to 10:30"
    assert "Kagiso visits you on 21 November 2026 between 09:00 and 10:30." in message.body_text
    assert "It is about: New fibre line, J-000001." in message.body_text
    # Where it moves after that, they are told, once; and reminded the day before all the same.
    schedule_job(world.caller(), job=row, technician=kagiso, on=TOMORROW, at="13:00")
    assert (at("2026-11-20T10:00"), at("2026-11-20T10:01")) == (1, 0)
    assert Message.objects.latest("pk").subject == "We visit you on 21 November 2026, 13:00 to 14:30"
    schedule_job(world.caller(), job=row, technician=kagiso, on=DAY + dt.timedelta(days=3), at="13:00")
    # Not at night.
    assert (at("2026-11-20T20:00"), at("2026-11-21T09:00"), at("2026-11-21T10:00")) == (0, 1, 0)
    assert (at("2026-11-22T10:00"), at("2026-11-22T10:01"), Message.objects.count()) == (1, 0, 4)


def test_one_who_cannot_be_reminded_holds_nobody_up(
    world: World, zara: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    kagiso, kind = technician(world), job_type(world)
    rows = [opened(world, zara, kind) for _ in range(3)]
    for row, hour in zip(rows, ("08:00", "10:00", "13:00"), strict=True):
        schedule_job(world.caller(), job=row, technician=kagiso, on=TOMORROW, at=hour)
    whole = jobs.held

    def held(job: FieldJob) -> FieldJob:
        if job.pk == rows[0].pk:
            raise Refused("changed", "The job has moved to another account meanwhile. Look again.")
        return whole(job)

    monkeypatch.setattr(jobs, "held", held)
    assert remind(clock(world, "2026-11-20T09:00", world.system())) == 2  # type: ignore[arg-type]


def test_a_reminder_speaks_german_and_can_be_switched_off(world: World, zara: Customer) -> None:
    change_customer(world.caller(), customer=zara, version=zara.version, changes={"language": "de"})
    row = opened(world, zara, job_type(world))
    schedule_job(world.caller(), job=row, technician=technician(world), on=TOMORROW, at="09:00")
    set_job_policy(world.caller(), reminds=False)
    when = clock(world, "2026-11-20T09:00", world.system())
    assert remind(when) == 0  # type: ignore[arg-type]
    set_job_policy(world.caller(), reminds=True)
    assert remind(when) == 1  # type: ignore[arg-type]
    assert Message.objects.get().subject == "Wir besuchen Sie am 21. November 2026, 09:00 bis 10:30 Uhr"
