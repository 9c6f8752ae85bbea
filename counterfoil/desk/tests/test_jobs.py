"""Jobs at the desk: opened from where one is, planned in two clicks, done on a telephone; and what others may see."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_site
from counterfoil.jobs import queries
from counterfoil.jobs.models import FieldJob, JobType, Technician, WorkingHours
from counterfoil.jobs.operations import add_job_type, open_job, schedule_job, set_technician, set_working_hours
from counterfoil.kernel.periods import date_text
from counterfoil.operator.operations import add_area
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import OneTimeCharge, Service
from counterfoil.testing.world import World
from counterfoil.tickets.operations import open_ticket

PASSWORD = "correct horse"


def signed_in(world: World, role: str, **more: object) -> Client:
    email = f"{role}{len(more)}@example.com"
    add_user(world.caller(), email=email, name=role.title(), role=role, password=PASSWORD, **more)
    client = Client()
    client.force_login(User.objects.get(email=email))
    return client


@pytest.fixture
def desk(world: World) -> Client:
    world.today = timezone.localdate()
    return signed_in(world, "administrator")


@pytest.fixture
def zara(world: World, desk: Client) -> Customer:
    return world.customer("Zara Naidoo", emails=("zara@example.com",))


def kind(world: World, **more: object) -> JobType:
    return add_job_type(world.caller(), **{"name": "Repair", "minutes": 60, "checklist": ["Measure"], **more})


def technician(world: World, name: str = "Kagiso Molefe", **more: object) -> Technician:
    email = f"{name.split()[0].lower()}@example.com"
    user = add_user(world.caller(), email=email, name=name, role="technician", password=PASSWORD)
    return set_technician(world.caller(), person=user, **more)


def send(client: Client, url: str, **fields: object) -> str:
    answer = client.post(url, {"key": url, **fields}, follow=True)
    assert answer.status_code == 200, answer.content.decode()
    return re.sub(r"<[^>]+>", " ", answer.content.decode())


def monday(ahead: int = 7) -> dt.date:
    """A Monday that is to come."""
    today = timezone.localdate()
    return today + dt.timedelta(days=ahead + 7 - today.weekday())


def test_a_job_is_opened_from_customer_ticket_and_service(desk: Client, world: World, zara: Customer) -> None:
    repair, by = kind(world), world.caller()
    site = add_site(by, customer=zara, label="Home", street="1 Main Road", purposes=["service"])
    page = desk.get(reverse("open-job", args=[zara.number])).content.decode()
    assert "1 Main Road" in page
    said = send(desk, reverse("open-job", args=[zara.number]), job_type=repair.pk, summary="No light", site=site.pk)
    assert "Job J-000001 opened. Give it a technician and a time." in said
    ticket = open_ticket(by, customer=zara, subject="Slow since Monday", text="Very slow")
    assert "Open a job for it" in desk.get(reverse("ticket", args=[ticket.number])).content.decode()
    address = reverse("open-job-from-ticket", args=[ticket.number])
    assert 'value="Slow since Monday"' in desk.get(address).content.decode()
    send(desk, address, job_type=repair.pk, summary="Slow since Monday")
    assert "J-000002, Slow since Monday" in desk.get(reverse("ticket", args=[ticket.number])).content.decode()
    world.subscribe(zara, world.package("Fibre 100", "599"))
    service = Service.objects.get()
    assert "Open a job for it" in desk.get(reverse("show-service", args=[service.pk])).content.decode()
    send(desk, reverse("open-job-from-service", args=[service.pk]), job_type=repair.pk, summary="Move the router")
    send(desk, reverse("open-job-for"), customer=zara.number, job_type=repair.pk, summary="From the list")
    assert [(row.summary, row.ticket, row.service, row.site) for row in FieldJob.objects.order_by("pk")] == [
        ("No light", None, None, site), ("Slow since Monday", ticket, None, None),
        ("Move the router", None, service, None), ("From the list", None, None, None),
    ]  # fmt: skip
    tab = desk.get(reverse("customer-tab", args=[zara.number, "jobs"])).content.decode()
    assert "J-000001, No light" in tab
    assert "4 not completed" in tab
    assert "J-000003" in desk.get(reverse("find"), {"q": "Move the rou"}).content.decode()


def test_a_job_is_planned_in_two_clicks_and_moved_the_same_way(desk: Client, world: World, zara: Customer) -> None:
    kagiso, nomsa = technician(world, skills=["fibre"]), technician(world, "Nomsa Khoza")
    row = open_job(world.caller(), customer=zara, job_type=kind(world, skills=["fibre"]), summary="No light")
    day = monday()
    board = desk.get(reverse("schedule"), {"day": day.isoformat()}).content.decode()
    assert f"job={row.number}" in board
    chosen = desk.get(reverse("schedule"), {"day": day.isoformat(), "job": row.number}).content.decode()
    slots = re.findall(r'name="slot"\s+value="(\d+) ([^"]+)"', chosen)
    assert {int(key) for key, _ in slots} == {kagiso.pk}
    assert nomsa.pk not in {int(key) for key, _ in slots}
    nine = next(f"{key} {at}" for key, at in slots if timezone.localtime(dt.datetime.fromisoformat(at)).hour == 9
                and dt.datetime.fromisoformat(at).astimezone().date() == day)  # fmt: skip
    said = send(desk, reverse("schedule"), job=row.number, slot=nine)
    assert f"{row.number}: Kagiso Molefe, Mon" in said
    row.refresh_from_db()
    assert (timezone.localtime(row.starts_at).strftime("%H:%M"), row.technician) == ("09:00", kagiso)
    # The same slot is offered no more to another job; a job that overlaps it is refused with the sentence.
    other = open_job(world.caller(), customer=zara, job_type=row.job_type, summary="Slow")
    again = desk.get(reverse("schedule"), {"day": day.isoformat(), "job": other.number}).content.decode()
    assert nine not in again
    assert f"Kagiso Molefe has {row.number} then" in send(
        desk, reverse("schedule"), key="2", job=other.number, slot=nine
    )
    assert "Choose a free time." in send(desk, reverse("schedule"), key="3", job=other.number, slot="x")
    other.refresh_from_db()
    assert other.state == "unassigned"
    # Moved: its own time is no obstacle, and the week offers it too.
    week = desk.get(reverse("schedule"), {"day": day.isoformat(), "job": row.number, "view": "week"}).content.decode()
    assert f"{day.day}" in week
    assert 'name="slot"' in week
    assert "later than first agreed" in send(
        desk,
        reverse("schedule-job", args=[row.number]),
        technician=kagiso.pk,
        on=day.isoformat(),
        at="09:30",
        minutes=60,
    )


def test_a_technician_does_a_job_on_a_telephone(desk: Client, world: World, zara: Customer) -> None:
    world.package("Call-out", "300", kind="one_time", frequency="once")
    world.subscribe(zara, world.package("Fibre 100", "599"))
    kagiso = technician(world)
    row = open_job(world.caller(), customer=zara, job_type=kind(world, products=["call-out"]), summary="No light")
    schedule_job(world.caller(), job=row, technician=kagiso, on=world.today, at="09:00")
    client = Client()
    client.force_login(kagiso.user)
    page = client.get(reverse("field-job", args=[row.number])).content.decode()
    assert "Charges Call-out on the next bill of" in page
    assert "Cancel job" not in page
    names = "start-field-job", "tick-job", "add-job-note", "add-job-reading", "attach-job-file", "complete-job"
    do = {name: reverse(name, args=[row.number]) for name in names}
    assert f"{row.number} is under way." in send(client, do["start-field-job"])
    assert "Checklist of" in send(client, do["tick-job"], done=["Measure"])
    send(client, do["add-job-note"], text="Cable was bent")
    send(client, do["add-job-reading"], what="Light after", value="−21.4 dBm")
    photo = SimpleUploadedFile("result.txt", b"Measured", "text/plain")
    assert "result.txt attached." in send(client, do["attach-job-file"], file=photo, kind="photo")
    assert f"{row.number} is completed." in send(client, do["complete-job"], done=["Measure"], readings="Serial: ABC1")
    page = client.get(reverse("field-job", args=[row.number])).content.decode()
    for text in ("Cable was bent", "−21.4 dBm", "ABC1", "result.txt", "Call-out, on the next bill"):
        assert text in page
    assert OneTimeCharge.objects.count() == 1
    assert client.get(reverse("open-job", args=[zara.number])).status_code == 403
    assert client.post(reverse("schedule"), {"job": row.number, "slot": "1 x"}).status_code == 403


def test_who_is_limited_to_an_area_sees_that_time_is_taken(desk: Client, world: World, zara: Customer) -> None:
    south = add_area(world.caller(), name="South")
    row = open_job(world.caller(), customer=zara, job_type=kind(world), summary="No light")
    day = monday()
    schedule_job(world.caller(), job=row, technician=technician(world), on=day, at="09:00")
    other = signed_in(world, "dispatcher", areas=[south])
    board = other.get(reverse("schedule"), {"day": day.isoformat()}).content.decode()
    assert "Taken" in board
    assert "Zara" not in board
    assert row.number not in board
    assert other.get(reverse("field-job", args=[row.number])).status_code == 404
    assert row.number not in other.get(reverse("field-jobs")).content.decode()


def test_types_technicians_and_hours_are_rows_of_settings(desk: Client, world: World) -> None:
    world.package("Call-out", "300", kind="one_time", frequency="once")
    user = add_user(world.caller(), email="k@example.com", name="Kagiso", role="technician", password=PASSWORD)
    page = reverse("job-settings")
    send(desk, reverse("add-job-type"), name="Repair", minutes=90, skills="Fibre\nVoice", checklist="Measure\nTest",
         products=["call-out"], starts_service="on")  # fmt: skip
    send(desk, reverse("set-technician"), person=user.pk, skills="Fibre")
    send(desk, reverse("set-working-hours"), weekday="5", opens="08:00", closes="12:00")
    text = desk.get(page).content.decode()
    assert "1 h 30 min; needs fibre, voice; charges Call-out; starts the service; 2 lines to tick" in text
    assert "08:00 to 12:00" in text
    made = JobType.objects.get()
    assert (made.skills, made.checklist, WorkingHours.objects.get().weekday) == (
        ["fibre", "voice"],
        ["Measure", "Test"],
        5,
    )
    send(desk, reverse("change-job-type", args=[made.pk]), name="Repair", minutes=60, skills="Fibre", checklist="")
    made.refresh_from_db()
    assert (made.minutes, made.skills, made.checklist, made.products.count()) == (60, ["fibre"], [], 0)
    answer = desk.post(reverse("add-job-type"), {"name": "repair", "minutes": 60})
    assert "There is repair already." in answer.content.decode()
    assert Technician.objects.get().skills == ["fibre"]


def test_a_page_of_the_schedule_asks_little(
    desk: Client, world: World, zara: Customer, django_assert_max_num_queries: object
) -> None:
    repair, day = kind(world), monday()
    for name in ("Ann A", "Ben B", "Cas C", "Dan D"):
        one = technician(world, name)
        for hour in ("08:00", "10:00", "14:00"):
            row = open_job(world.caller(), customer=zara, job_type=repair, summary="No light")
            schedule_job(world.caller(), job=row, technician=one, on=day, at=hour)
    waiting = open_job(world.caller(), customer=zara, job_type=repair, summary="Slow")
    for view in ("day", "week"):
        with django_assert_max_num_queries(35):  # type: ignore[operator]
            desk.get(reverse("schedule"), {"day": day.isoformat(), "job": waiting.number, "view": view})


def test_a_visit_comes_up_on_the_customers_page(desk: Client, world: World, zara: Customer) -> None:
    row = open_job(world.caller(), customer=zara, job_type=kind(world), summary="No light")
    page = reverse("customer", args=[zara.number])
    assert "Visit, Repair" not in desk.get(page).content.decode()
    schedule_job(world.caller(), job=row, technician=technician(world), on=monday(), at="09:00")
    assert "Visit, Repair" in desk.get(page).content.decode()
    future = desk.get(reverse("panel", args=[zara.number, "future-jobs"])).content.decode()
    assert f"{row.number}, No light" in future
    assert row.number not in desk.get(reverse("panel", args=[zara.number, "jobs"])).content.decode()


def test_what_is_sent_to_the_schedule_is_checked(desk: Client, world: World, zara: Customer) -> None:
    row = open_job(world.caller(), customer=zara, job_type=kind(world), summary="No light")
    one = technician(world)
    late, nobody = f"{one.pk} 9999-12-31T23:59+00:00", f"{10**19} {monday()}T09:00+02:00"
    for place, slot in enumerate(("", "1", f"{one.pk} ", late, f"{one.pk} 2026-11-20", nobody)):
        answer = desk.post(reverse("schedule"), {"job": row.number, "slot": slot, "key": f"slot {place}"})
        assert answer.status_code == 302, slot
    assert desk.post(reverse("schedule"), {"job": "J-9", "slot": "1 x"}).status_code == 404
    for day in ("0001-01-01", "9999-12-31", "x", "1900-01-01"):
        for view in ("day", "week"):
            assert desk.get(reverse("schedule"), {"day": day, "view": view}).status_code == 200
    row.refresh_from_db()
    assert row.state == "unassigned"


def test_the_schedule_opens_on_a_day_of_work_and_tells_technicians_their_calendar(desk: Client, world: World) -> None:
    kagiso, today = technician(world), timezone.localdate()
    assert "Your visits" not in desk.get(reverse("schedule")).content.decode()
    own = Client()
    own.force_login(kagiso.user)
    assert queries.feed_address(kagiso) in own.get(reverse("schedule")).content.decode()
    # Off every day from now on but one: that is where it opens.
    for weekday in range(7):
        if (today + dt.timedelta(days=3)).weekday() == weekday:
            set_working_hours(world.caller(), weekday=str(weekday), opens="09:00", closes="16:00")
        elif weekday < 5:
            set_working_hours(world.caller(), weekday=str(weekday), opens="", closes="")
    page = re.sub(r"\s+", " ", desk.get(reverse("schedule")).content.decode())
    day = today + dt.timedelta(days=3)
    assert f"<h1>{day:%A} {date_text(day)}</h1>" in page
    assert "7 h free" in page
    off = desk.get(reverse("schedule"), {"day": today.isoformat()}).content.decode()
    assert '<span class="sub2">Off</span>' in off
