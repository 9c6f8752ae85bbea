"""A job from its opening to its end: scheduled, moved, started, completed, charged once; cancelled and opened again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from counterfoil.billing.models import Invoice
from counterfoil.catalogue.models import Product
from counterfoil.catalogue.operations import NewProduct, add_product, set_prices
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact, add_site, change_customer
from counterfoil.jobs import queries
from counterfoil.jobs.models import FieldJob, JobCharge, JobType, Technician
from counterfoil.jobs.operations import (
    add_job_note,
    add_job_reading,
    add_job_type,
    assign_job,
    cancel_job,
    change_job,
    complete_job,
    erase_jobs,
    open_job,
    reopen_job,
    schedule_job,
    set_technician,
    start_job,
    tick_job,
    unschedule_job,
)
from counterfoil.kernel.errors import Refused
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import merge_customers
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import OneTimeCharge, Service
from counterfoil.subscriptions.operations import (
    NewService,
    NewTerm,
    change_account,
    drop_one_time_charge,
    start_subscription,
)
from counterfoil.testing.world import World, counts
from counterfoil.tickets.operations import open_ticket
from counterfoil.trail.kinds import sentence
from counterfoil.trail.queries import events_about

# A Friday.
DAY = dt.date(2026, 11, 20)
LINES = ["Measure light before", "Speed test with the customer"]


@pytest.fixture
def zara(world: World) -> Customer:
    world.today = DAY
    customer = world.customer()
    add_contact(
        world.caller(), customer=customer, name="Zara Naidoo", roles=["primary"], emails=["zara@mail.example"],
        phones=["+27825550142"],
    )  # fmt: skip
    return customer


def clock(world: World, text: str, caller: Caller | None = None) -> Caller:
    """The caller at a time of the operator's clock."""
    moment = timezone.make_aware(dt.datetime.fromisoformat(text))
    return replace(caller or world.caller(), at=moment)


def product(world: World, code: str, price: str | None = "450") -> Product:
    new = NewProduct(code=code, name=code.capitalize(), kind="one_time", tax_code="standard")
    made = add_product(world.caller(), new=new)
    if price is not None:
        set_prices(world.caller(), prices=[(made, "once", Decimal(price))], currency="ZAR", valid_from=DAY)
    return made


def job_type(world: World, **more: Any) -> JobType:
    given = {"name": "Installation", "minutes": 90, "skills": ["Fibre"], "checklist": LINES, **more}
    return add_job_type(world.caller(), **given)


def technician(world: World, name: str = "Kagiso Molefe", skills: tuple[str, ...] = ("fibre",)) -> Technician:
    email = f"{name.split()[0].lower()}@example.com"
    user = User.objects.filter(email=email).first() or add_user(
        world.caller(), email=email, name=name, role="dispatcher", password="correct horse"
    )
    return set_technician(world.caller(), person=user, skills=skills)


def opened(world: World, customer: Customer, kind: JobType, when: str = "2026-11-20T08:31", **more: Any) -> FieldJob:
    return open_job(clock(world, when), customer=customer, **{"job_type": kind, "summary": "New fibre line", **more})


def local(moment: dt.datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def refused(call: Callable[[], Any]) -> str:
    before = counts(), list(FieldJob.objects.order_by("pk").values())
    with pytest.raises(Refused) as refusal:
        call()
    assert (counts(), list(FieldJob.objects.order_by("pk").values())) == before
    return refusal.value.code


def said(row: FieldJob) -> list[str]:
    return [sentence(one.kind, one.data) for one in reversed(events_about(row))]


def test_a_job_is_opened_scheduled_moved_done_and_charged_once(world: World, zara: Customer) -> None:
    installation = product(world, "installation")
    kind = job_type(world, products=["installation"], starts_service=True)
    fibre = world.package("Fibre 100", "599")
    started = start_subscription(
        world.caller(), customer=zara, services=[NewService(fibre, draft=True)], on=DAY, term=NewTerm()
    )
    service = Service.objects.get()
    row = opened(world, zara, kind, service=service, note="Gate code 7305#")
    assert (row.number, row.state, row.technician) == ("J-000001", "unassigned", None)
    assert [(one.place, one.text, one.done) for one in row.checks.all()] == [(1, LINES[0], False), (2, LINES[1], False)]
    kagiso = technician(world)
    row = schedule_job(clock(world, "2026-11-20T08:40"), job=row, technician=kagiso, on=DAY, at="10:00")
    assert (row.state, local(row.starts_at), local(row.ends_at)) == (
        "scheduled",
        "2026-11-20 10:00",
        "2026-11-20 11:30",
    )
    row = schedule_job(clock(world, "2026-11-20T09:00"), job=row, technician=kagiso, on=DAY, at="12:00")
    assert (row.slip_minutes, queries.when_text(row)) == (120, "Fri 20 Nov 2026, 12:00 to 13:30")
    start_job(clock(world, "2026-11-20T12:04"), job=row)
    tick_job(clock(world, "2026-11-20T12:10"), job=row, done=[LINES[0]])
    add_job_reading(clock(world, "2026-11-20T12:20"), job=row, what="Light before", value="-27.6")
    # Nothing of a completion that is refused is left.
    assert refused(lambda: complete_job(clock(world, "2026-11-20T13:00"), job=row)) == "not_ticked"
    row = complete_job(
        clock(world, "2026-11-20T13:10"), job=row, done=[LINES[1]], readings=["Serial number: ABC123"], note="All well"
    )
    assert (row.state, local(row.started_at), local(row.completed_at)) == (
        "completed", "2026-11-20 12:04", "2026-11-20 13:10",
    )  # fmt: skip
    assert [one.done for one in row.checks.all()] == [True, True]
    assert [(one.kind, one.text, one.value) for one in row.entries.order_by("pk")] == [
        ("note", "Gate code 7305#", ""), ("reading", "Light before", "-27.6"),
        ("reading", "Serial number", "ABC123"), ("note", "All well", ""),
    ]  # fmt: skip
    charge = OneTimeCharge.objects.get()
    assert (charge.subscription, charge.text, charge.price, charge.on) == (
        started, "Installation, job J-000001", Decimal(450), DAY,
    )  # fmt: skip
    assert JobCharge.objects.get().one_time == charge
    assert [span.state for span in service.spans.all()][-1] == "effective"
    assert said(row)[-1] == "Completed job J-000001, charging Installation; Fibre 100 started"
    # Opened again and completed a second time, it charges nothing more.
    assert refused(lambda: complete_job(clock(world, "2026-11-20T13:20"), job=row)) == "over"
    reopen_job(clock(world, "2026-11-21T09:00"), job=row, reason="No light again")
    schedule_job(
        clock(world, "2026-11-21T09:01"), job=row, technician=kagiso, on=DAY + dt.timedelta(days=3), at="08:00"
    )
    complete_job(clock(world, "2026-11-23T09:00"), job=row)
    assert OneTimeCharge.objects.count() == JobCharge.objects.count() == 1
    # The bill has it, with what the service costs.
    drop = OneTimeCharge.objects.get()
    assert drop.billed_on is None
    drop_one_time_charge(world.caller(), charge=drop)
    assert installation.name == "Installation"


def test_what_is_charged_is_in_the_currency_of_the_subscription(world: World, zara: Customer) -> None:
    made = product(world, "installation", "450")
    set_prices(world.caller(), prices=[(made, "once", Decimal(25))], currency="USD", valid_from=DAY)
    kind = job_type(world, products=["installation"], skills=[], checklist=[])
    world.subscribe(zara, world.package("Fibre 100", "599"), on=str(DAY))
    zara.refresh_from_db()
    change_customer(world.caller(), customer=zara, version=zara.version, changes={"currency": "USD"})
    zara.refresh_from_db()
    row = opened(world, zara, kind, service=Service.objects.get())
    row = schedule_job(clock(world, "2026-11-20T08:40"), job=row, technician=technician(world), on=DAY, at="10:00")
    complete_job(clock(world, f"{DAY}T11:00"), job=row)
    charge = OneTimeCharge.objects.get()
    assert (charge.subscription.currency, charge.price) == ("ZAR", Decimal(450))


def test_without_a_subscription_a_draft_invoice_is_charged(world: World, zara: Customer) -> None:
    product(world, "callout", "300")
    row = opened(world, zara, job_type(world, skills=[], checklist=[], products=["callout"]))
    schedule_job(world.caller(), job=row, technician=technician(world), on=DAY, at="08:00")
    complete_job(clock(world, "2026-11-20T09:30"), job=row)
    draft = Invoice.objects.get()
    assert (draft.state, draft.total_minor, draft.reference) == ("draft", 30_000, "J-000001")
    assert [line.text for line in draft.lines.all()] == ["Callout, job J-000001"]


def test_a_product_without_a_price_stops_the_completion(world: World, zara: Customer) -> None:
    product(world, "priced", "300")
    product(world, "unpriced", None)
    row = opened(world, zara, job_type(world, skills=[], checklist=[], products=["priced", "unpriced"]))
    schedule_job(world.caller(), job=row, technician=technician(world), on=DAY, at="08:00")
    assert refused(lambda: complete_job(world.caller(), job=row)) == "no_price"


def test_nobody_is_at_two_places_at_once(world: World, zara: Customer) -> None:
    kind, kagiso = job_type(world, skills=[]), technician(world)
    one, two = opened(world, zara, kind), opened(world, zara, kind)
    schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="10:00", minutes=60)
    with pytest.raises(Refused) as refusal:
        schedule_job(world.caller(), job=two, technician=kagiso, on=DAY, at="10:59", minutes=30)
    assert (refusal.value.code, refusal.value.field) == ("double_booked", "at")
    assert refusal.value.sentence == (
        "Kagiso Molefe has J-000001 then: Fri 20 Nov 2026, 10:00 to 11:00. Choose another time or technician."
    )
    assert refused(
        lambda: schedule_job(world.caller(), job=two, technician=kagiso, on=DAY, at="09:31", minutes=30)
    ) == "double_booked"  # fmt: skip
    # One after the other is no overlap; nor is somebody else's time.
    schedule_job(world.caller(), job=two, technician=kagiso, on=DAY, at="11:00", minutes=30)
    nomsa = technician(world, "Nomsa Khoza")
    assign_job(world.caller(), job=two, technician=nomsa)
    schedule_job(world.caller(), job=two, technician=nomsa, on=DAY, at="10:00", minutes=60)
    assert refused(lambda: assign_job(world.caller(), job=two, technician=kagiso)) == "double_booked"
    # What was cancelled takes no time.
    cancel_job(world.caller(), job=one, reason="Customer away")
    assign_job(world.caller(), job=two, technician=kagiso)
    assert FieldJob.objects.get(pk=two.pk).technician == kagiso


def test_one_job_is_under_way_at_a_time(world: World, zara: Customer) -> None:
    kind, kagiso = job_type(world, skills=[], checklist=[]), technician(world)
    one, two = opened(world, zara, kind), opened(world, zara, kind)
    schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="08:00")
    schedule_job(world.caller(), job=two, technician=kagiso, on=DAY, at="10:00")
    start_job(world.caller(), job=one)
    assert refused(lambda: start_job(world.caller(), job=two)) == "double_booked"
    # Under way, only its end moves; not over the next one.
    moved = schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="08:00", minutes=115)
    assert local(moved.ends_at) == "2026-11-20 09:55"
    assert refused(
        lambda: schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="08:30")
    ) == "under_way"  # fmt: skip
    assert refused(
        lambda: schedule_job(world.caller(), job=one, technician=kagiso, on=DAY, at="08:00", minutes=150)
    ) == "double_booked"  # fmt: skip
    assert refused(lambda: unschedule_job(world.caller(), job=one, reason="No")) == "not_scheduled"
    complete_job(world.caller(), job=one)
    start_job(world.caller(), job=two)


def test_what_cannot_be_scheduled_says_why(world: World, zara: Customer) -> None:
    row, by = opened(world, zara, job_type(world)), world.caller()
    kagiso, pieter = technician(world), technician(world, "Pieter Botha", ("wireless",))

    def put(**more: Any) -> Callable[[], Any]:
        return lambda: schedule_job(by, job=row, **{"technician": kagiso, "on": DAY, "at": "09:00", **more})

    assert refused(put(technician=pieter)) == "no_skill"
    assert refused(put(at="9 am")) == "bad_hour"
    assert refused(put(at="24:00")) == "bad_hour"
    assert refused(put(minutes=4)) == "absurd_number"
    assert refused(put(minutes=841)) == "absurd_number"
    assert refused(put(on=DAY + dt.timedelta(days=401))) == "absurd_date"
    assert refused(lambda: assign_job(by, job=row, technician=kagiso)) == "no_time"
    assert refused(lambda: start_job(by, job=row)) == "not_scheduled"
    assert refused(lambda: complete_job(by, job=row)) == "not_scheduled"
    assert refused(lambda: reopen_job(by, job=row, reason="Yes")) == "not_over"
    put()()
    assert refused(put()) == "no_change"
    row = unschedule_job(by, job=row, reason="Van broke down")
    assert (row.state, row.technician, row.starts_at) == ("unassigned", None, None)
    # What was agreed first is remembered.
    row = schedule_job(by, job=row, technician=kagiso, on=DAY + dt.timedelta(days=3), at="09:00")
    assert row.slip_minutes == 3 * 24 * 60
    cancel_job(by, job=row, reason="Moved away")
    for call in (put(), lambda: tick_job(by, job=row, done=[]), lambda: cancel_job(by, job=row, reason="Again"),
                 lambda: complete_job(by, job=row)):  # fmt: skip
        assert refused(call) == "over"


def test_what_a_job_is_about_is_its_customers(world: World, zara: Customer) -> None:
    other, kind, by = world.customer("Yusuf"), job_type(world), world.caller()
    site = add_site(by, customer=other, label="Home", street="1 Main Road")
    ticket = open_ticket(by, customer=other, subject="No light", text="Since Monday")
    start_subscription(by, customer=other, services=[NewService(world.package("Fibre 100", "599"))], on=DAY)
    for given in ({"site": site}, {"ticket": ticket}, {"service": Service.objects.get()}):
        assert refused(lambda given=given: opened(world, zara, kind, **given)) == "other_customer"
    row = opened(world, other, kind, ticket=ticket, site=site)
    assert (row.ticket, row.site) == (ticket, site)
    mine = opened(world, zara, kind)
    assert refused(lambda: change_job(by, job=mine, summary="Other", site=site)) == "other_customer"
    assert refused(lambda: change_job(by, job=mine, summary=mine.summary)) == "no_change"
    assert change_job(by, job=mine, summary="Move the ONT").summary == "Move the ONT"


def test_jobs_stand_where_they_are_looked_for(world: World, zara: Customer) -> None:
    kind, kagiso, by = job_type(world, skills=[], checklist=[]), technician(world), world.caller()
    waiting, today, later, done = (opened(world, zara, kind, summary=text) for text in ("W", "T", "L", "D"))
    schedule_job(by, job=today, technician=kagiso, on=DAY, at="10:00")
    schedule_job(by, job=later, technician=kagiso, on=DAY + dt.timedelta(days=1), at="00:00")
    schedule_job(by, job=done, technician=kagiso, on=DAY, at="07:00")
    complete_job(clock(world, "2026-11-20T08:00"), job=done)
    now = clock(world, "2026-11-20T12:30").now
    assert [row.summary for row in queries.jobs_of(zara, DAY, now)] == ["T", "W", "D"]
    assert [row.summary for row in queries.future_jobs_of(zara, DAY)] == ["L"]
    assert queries.figures(clock(world, "2026-11-20T11:29")) == {"unassigned": 1, "late": 0}
    assert queries.figures(clock(world, "2026-11-20T11:31")) == {"unassigned": 1, "late": 1}
    assert queries.open_jobs_of(zara) == 3
    assert waiting.number in {row.number for row in queries.unassigned(by)}


def test_a_merged_account_brings_its_jobs(world: World, zara: Customer) -> None:
    again = world.customer("Zara again")
    row = opened(world, again, job_type(world))
    merge_customers(world.caller(), customer=zara, duplicate=again)
    row.refresh_from_db()
    assert row.customer == zara


def test_a_person_is_erased_from_their_jobs(world: World, zara: Customer) -> None:
    row = opened(world, zara, job_type(world), note="Ring Zara", contact_name="Zara", contact_phone="082 555 0142")
    add_job_note(world.caller(), job=row, text="Zara was out")
    assert erase_jobs(world.system(), customer=zara) == 1
    row.refresh_from_db()
    assert (row.summary, row.contact_name, row.contact_phone, row.state) == ("Erased", "", "", "cancelled")
    assert {(one.text, one.author) for one in row.entries.all()} == {("Erased", "Erased")}


def test_a_job_goes_along_with_its_service_to_another_account(world: World, zara: Customer) -> None:
    by, kind, yusuf = world.caller(), job_type(world, skills=[], checklist=[]), world.customer("Yusuf")
    home = add_site(by, customer=zara, label="Home", street="1 Main Road")
    ticket = open_ticket(by, customer=zara, subject="No light", text="Since Monday")
    start_subscription(by, customer=zara, services=[NewService(world.package("Fibre 100", "599"))], on=DAY)
    before = Service.objects.get()
    about = {"service": before, "site": home, "ticket": ticket, "contact_name": "Zara", "contact_phone": "082 555 0142"}
    waiting, done = opened(world, zara, kind, **about), opened(world, zara, kind, **about)
    schedule_job(by, job=done, technician=technician(world), on=DAY, at="09:00")
    complete_job(by, job=done)
    change_account(by, subscription=before.subscription, customer=yusuf)
    for row in (waiting, done):
        row.refresh_from_db()
    after = Service.objects.exclude(pk=before.pk).get()
    assert (waiting.customer, waiting.service, waiting.site, waiting.ticket) == (yusuf, after, None, None)
    assert (waiting.contact_name, waiting.contact_phone) == ("", "")
    assert said(waiting)[-1] == f"Job {waiting.number} went along with {after} to {yusuf.number}"
    # What is over stays with whom it was done for.
    assert (done.customer, done.service, done.site, done.ticket) == (zara, before, home, ticket)


def test_what_is_noted_on_completion_is_kept_whole_or_refused(world: World, zara: Customer) -> None:
    kind, kagiso, by = job_type(world, skills=[], checklist=[]), technician(world), world.caller()
    row = opened(world, zara, kind)
    schedule_job(by, job=row, technician=kagiso, on=DAY, at="09:00")
    assert refused(lambda: complete_job(by, job=row, readings=[f"Serial number: {'7' * 121}"])) == "too_long"
    assert refused(lambda: complete_job(by, job=row, readings=[f"{'S' * 121}: 7"])) == "too_long"
    complete_job(by, job=row, readings=[f"Serial number: {'7' * 120}"])
    assert row.entries.get().value == "7" * 120


def test_a_job_of_a_later_day_does_not_begin_today(world: World, zara: Customer) -> None:
    kind, kagiso, by = job_type(world, skills=[], checklist=[]), technician(world), world.caller()
    row = opened(world, zara, kind)
    schedule_job(by, job=row, technician=kagiso, on=DAY + dt.timedelta(days=3), at="09:00")
    assert refused(lambda: start_job(by, job=row)) == "not_today"
    # One that is late does.
    late = clock(world, "2026-11-25T10:00")
    assert start_job(late, job=row).state == "under_way"
