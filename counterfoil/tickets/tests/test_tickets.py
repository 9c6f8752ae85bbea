"""A ticket from its opening to its end: routed, answered, waited for, merged, linked, reopened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.messaging.models import Delivery
from counterfoil.messaging.sending import send_due
from counterfoil.operator.models import Lookup
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import merge_customers
from counterfoil.staff.operations import add_user
from counterfoil.suspension.operations import add_holidays
from counterfoil.testing.world import World, counts
from counterfoil.tickets import queries
from counterfoil.tickets.models import Ticket, TicketMessage
from counterfoil.tickets.operations import (
    add_canned_answer,
    add_ticket_note,
    answer_ticket,
    ask_by_customer,
    change_canned_answer,
    change_ticket,
    erase_tickets,
    link_ticket,
    merge_tickets,
    open_ticket,
    rate_by_customer,
    reply_by_customer,
    retire_canned_answer,
    route_ticket,
    set_office_hours,
    set_service_target,
    set_ticket_policy,
    set_ticket_state,
    take_ticket,
)
from counterfoil.trail.queries import events_about

# A Friday.
DAY = dt.date(2026, 11, 20)


@pytest.fixture
def zara(world: World) -> Customer:
    world.today = DAY
    customer = world.customer()
    add_contact(world.caller(), customer=customer, name="Zara Naidoo", roles=["billing"], emails=["zara@mail.example"])
    return customer


def clock(world: World, text: str, caller: Caller | None = None) -> Caller:
    """The caller at a time of the operator's clock."""
    moment = timezone.make_aware(dt.datetime.fromisoformat(text))
    return replace(caller or world.agent, at=moment)


def local(moment: dt.datetime | None) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def opened(world: World, customer: Customer, when: str = "2026-11-20T08:31", **more: Any) -> Ticket:
    given = {"subject": "Double charge", "text": "I was charged twice.", **more}
    return open_ticket(clock(world, when), customer=customer, **given)


def lookup(code: str) -> Lookup:
    return Lookup.objects.get(code=code, kind__startswith="ticket_")


def refused(call: Callable[[], Any]) -> str:
    before = counts(), list(Ticket.objects.order_by("pk").values())
    with pytest.raises(Refused) as refusal:
        call()
    assert (counts(), list(Ticket.objects.order_by("pk").values())) == before
    return refusal.value.code


def test_a_ticket_is_opened_answered_and_over(world: World, zara: Customer) -> None:
    row = opened(world, zara)
    assert (row.number, row.state, row.short_state, row.department.name) == ("T-000001", "open", "New", "Accounts")
    assert (local(row.first_due_at), local(row.solve_due_at)) == ("2026-11-20 12:31", "2026-11-23 15:31")
    assert row.due_at == row.first_due_at
    made = answer_ticket(clock(world, "2026-11-20T10:42"), ticket=row, text="We have refunded it.")
    assert made.sent is not None
    row.refresh_from_db()
    assert (row.state, row.waits_since, row.due_at, local(row.answered_at)) == (
        "pending",
        None,
        None,
        "2026-11-20 10:42",
    )
    assert made.sent.subject == "Re: Double charge [#T-000001]"
    assert made.sent.related == "ticket:T-000001"
    assert [one.address for one in made.sent.deliveries.all()] == ["zara@mail.example"]
    # She thanks on Monday, and it is open again; then it is resolved.
    said = clock(world, "2026-11-23T09:00", world.system())
    reply_by_customer(said, ticket=row, text="Thank you!", author="Zara Naidoo")
    row.refresh_from_db()
    assert (row.state, row.short_state, local(row.waits_since)) == ("open", "Customer replied", "2026-11-23 09:00")
    # The clock stood from 10:42 to 17:00 on Friday, and for an hour on Monday.
    assert row.paused_minutes == 378 + 60
    assert local(row.due_at) == "2026-11-24 13:49"
    set_ticket_state(clock(world, "2026-11-23T09:05"), ticket=row, state="resolved")
    rate_by_customer(said, ticket=row, rating=5, note="Quick")
    row.refresh_from_db()
    assert (row.state, local(row.ended_at), row.rating) == ("resolved", "2026-11-23 09:05", 5)
    assert [(one.kind, one.text) for one in queries.messages_of(row)] == [
        ("customer", "I was charged twice."), ("answer", "We have refunded it."), ("customer", "Thank you!"),
    ]  # fmt: skip


def test_what_is_due_follows_priority_holidays_and_hours(world: World, zara: Customer) -> None:
    caller = world.caller()
    row = opened(world, zara)
    change_ticket(clock(world, "2026-11-20T09:00"), ticket=row, subject="Double charge", priority="urgent")
    row.refresh_from_db()
    assert (local(row.due_at), local(row.solve_due_at)) == ("2026-11-20 09:31", "2026-11-20 12:31")
    set_service_target(caller, priority="urgent", first_minutes=30, solve_minutes=600)
    set_office_hours(caller, weekday="5", opens="09:00", closes="12:00")
    add_holidays(caller, days="2026-11-23 Holiday")
    other = opened(world, zara, "2026-11-20T16:45", priority="urgent")
    # 15 minutes on Friday, 3 hours on Saturday, nothing on Sunday and the holiday, the rest on Tuesday.
    assert (local(other.due_at), local(other.solve_due_at)) == ("2026-11-21 09:15", "2026-11-24 14:45")
    assert (
        refused(lambda: set_service_target(caller, priority="urgent", first_minutes=30, solve_minutes=600))
        == "no_change"
    )
    assert (
        refused(lambda: set_service_target(caller, priority="low", first_minutes=60, solve_minutes=30))
        == "absurd_number"
    )
    assert refused(lambda: set_office_hours(caller, weekday="6", opens="17:00", closes="08:00")) == "no_hours"
    assert refused(lambda: set_office_hours(caller, weekday="6", opens="early", closes="08:00")) == "bad_hour"
    for day in "01234":
        set_office_hours(caller, weekday=day)
    assert refused(lambda: set_office_hours(caller, weekday="5")) == "never_open"


def test_waiting_over_a_weekend_puts_nothing_off(world: World, zara: Customer) -> None:
    row = opened(world, zara, "2026-11-20T16:00")
    set_ticket_state(clock(world, "2026-11-20T17:00"), ticket=row, state="pending", reason="Their router")
    set_ticket_state(clock(world, "2026-11-23T08:00"), ticket=row, state="open")
    row.refresh_from_db()
    assert (row.paused_minutes, local(row.due_at)) == (0, "2026-11-23 11:00")
    assert refused(lambda: set_ticket_state(world.agent, ticket=row, state="open")) == "no_change"


def test_where_a_ticket_was_and_why_it_moved_stays_on_record(world: World, zara: Customer) -> None:
    sipho = add_user(world.caller(), email="sipho@isp.example", name="Sipho", role="agent", password="s3cret-enough")
    row = opened(world, zara)
    route_ticket(world.agent, ticket=row, department=lookup("technical"), flagged_to=sipho, reason="His router")
    me = replace(world.agent, user_id=sipho.pk)
    assert refused(lambda: take_ticket(me, ticket=row)) == "no_change"
    assert refused(lambda: take_ticket(world.agent, ticket=row)) == "no_person"
    route_ticket(world.agent, ticket=row, department=lookup("technical"), reason="On leave")
    take_ticket(me, ticket=row)
    row.refresh_from_db()
    assert (row.department.name, row.flagged_to) == ("Technical", sipho)
    told = [(one.data["before"], one.data["department"], one.data["flagged"], one.data["reason"])
            for one in events_about(row).filter(kind="ticket.routed").order_by("pk")]  # fmt: skip
    assert told == [
        ("Accounts, nobody", "Technical", "Sipho", "His router"),
        ("Technical, Sipho", "Technical", "nobody", "On leave"),
        ("Technical, nobody", "Technical", "Sipho", "Taken"),
    ]
    wrong = lookup("slow")
    assert refused(lambda: route_ticket(world.agent, ticket=row, department=wrong, reason="x")) == "wrong_list"
    same = row.department
    assert refused(
        lambda: route_ticket(world.agent, ticket=row, department=same, flagged_to=sipho, reason="x")
    ) == "no_change"  # fmt: skip


def test_only_what_is_the_customers_own_is_linked(world: World, zara: Customer) -> None:
    mine, theirs = world.invoice(zara, "100.00"), world.invoice(world.customer("Zoe"), "50.00")
    row = opened(world, zara)
    link_ticket(world.agent, ticket=row, number=str(mine.number).lower())
    assert refused(lambda: link_ticket(world.agent, ticket=row, number=str(theirs.number))) == "other_customer"
    assert refused(lambda: link_ticket(world.agent, ticket=row, number=str(mine.number))) == "no_change"
    assert refused(lambda: link_ticket(world.agent, ticket=row, number="INV-999999")) == "nothing_numbered"
    assert [str(one) for one in row.links.all()] == [mine.number]


def test_a_merged_ticket_leads_on_and_keeps_what_was_said(world: World, zara: Customer) -> None:
    first, second = opened(world, zara), opened(world, zara, subject="Again", text="It is still there.")
    other = opened(world, world.customer("Zoe"))
    add_ticket_note(world.agent, ticket=second, text="Same thing")
    assert refused(lambda: merge_tickets(world.agent, ticket=second, into=other.number)) == "other_customer"
    assert refused(lambda: merge_tickets(world.agent, ticket=second, into=second.number)) == "itself"
    assert refused(lambda: merge_tickets(world.agent, ticket=second, into="T-000099")) == "no_such_ticket"
    merge_tickets(world.agent, ticket=second, into=first.number, reason="The same")
    found = queries.ticket_numbered(second.number)
    assert found == first
    assert [one.text for one in queries.messages_of(first)] == [
        "I was charged twice.",
        "It is still there.",
        "Same thing",
    ]
    assert [one.text for one in queries.messages_of(first, notes=False)] == [
        "I was charged twice.",
        "It is still there.",
    ]
    assert list(queries.listed(world.caller()).values_list("number", flat=True)) == ["T-000001", "T-000003"]
    assert refused(lambda: add_ticket_note(world.agent, ticket=second, text="x")) == "merged"


def test_a_customer_who_answers_too_late_opens_another(world: World, zara: Customer) -> None:
    row = opened(world, zara)
    set_ticket_state(clock(world, "2026-11-20T12:00"), ticket=row, state="closed")
    set_ticket_policy(world.caller(), reopen_days=3)
    late = clock(world, "2026-11-23T12:01", world.system())
    assert refused(lambda: reply_by_customer(late, ticket=row, text="But …", author="Zara")) == "too_long_ago"
    in_time = clock(world, "2026-11-23T12:00", world.system())
    reply_by_customer(in_time, ticket=row, text="But …", author="Zara")
    row.refresh_from_db()
    assert (row.state, row.ended_at) == ("open", None)
    assert "ticket.reopened" in world.events
    assert refused(lambda: rate_by_customer(in_time, ticket=row, rating=5)) == "not_over"
    assert refused(lambda: reply_by_customer(in_time, ticket=row, text="  ", author="Zara")) == "required"
    assert refused(lambda: set_ticket_policy(world.caller(), reopen_days=3)) == "no_change"


def test_an_answer_needs_an_address(world: World) -> None:
    nowhere = world.customer("Nowhere")
    row = opened(world, nowhere)
    assert refused(lambda: answer_ticket(world.agent, ticket=row, text="Hello")) == "no_address"
    assert refused(lambda: answer_ticket(world.agent, ticket=row, text="Hello", addresses=["no"])) == "bad_address"
    answer_ticket(world.agent, ticket=row, text="Hello", addresses=["a@b.example"], then="open")
    row.refresh_from_db()
    assert (row.state, row.short_state) == ("open", "Open")


def test_the_answer_leaves_as_a_letter_of_its_thread(world: World, zara: Customer) -> None:
    FakeChannel.sent.clear()
    row = opened(world, zara, contact_email="naledi@mail.example")
    first = answer_ticket(world.agent, ticket=row, text="One\n\nTwo")
    second = answer_ticket(world.agent, ticket=row, text="Three", then="resolved")
    assert first.sent is not None
    assert second.sent is not None
    later = Caller.system("task", at=world.now + dt.timedelta(minutes=1))
    send_due(later, channel=FakeChannel())
    one, two = FakeChannel.sent
    assert (one.to, one.written, one.references) == ("naledi@mail.example", True, ())
    assert two.references == (one.id,)
    assert one.text.startswith("One\n\nTwo\n")
    assert "Your ticket: T-000001" in one.text
    assert Delivery.objects.filter(state="sent").count() == 2


def test_standard_answers_are_offered_until_they_are_retired(world: World) -> None:
    caller = world.caller()
    row = add_canned_answer(caller, name="Banking details", text="Please pay to …")
    assert refused(lambda: add_canned_answer(caller, name="banking DETAILS", text="x")) == "name_taken"
    change_canned_answer(caller, answer=row, name="How to pay", text="Please pay to …")
    assert [one.name for one in queries.canned_answers()] == ["How to pay"]
    retire_canned_answer(caller, answer=row)
    assert queries.canned_answers() == []
    assert refused(lambda: change_canned_answer(caller, answer=row, name="x", text="y")) == "not_offered"


def test_tickets_follow_a_merged_account_and_are_erased_with_a_person(world: World, zara: Customer) -> None:
    double = world.customer("Zara N")
    row = opened(world, double, contact_email="zara@mail.example", contact_name="Zara")
    merge_customers(world.caller(), customer=zara, duplicate=double)
    row.refresh_from_db()
    assert row.customer == zara
    assert list(queries.tickets_of(zara)) == [row]
    asked = ask_by_customer(
        world.system(), customer=zara, subject="My statement", text="Please send it.", author="Zara",
        files=[("proof.txt", "text/plain", b"paid")],
    )  # fmt: skip
    assert asked.category is not None
    assert asked.category.code == "statement_request"
    assert queries.requests_of(zara)[0] == (asked.number, f"{asked.number}, My statement", True)
    erase_tickets(world.system(), customer=zara)
    told = TicketMessage.objects.values_list("author", "text", "files__name", "files__file")
    assert set(told) == {("Erased", "Erased", None, None), ("Erased", "Erased", "Erased", None)}
    assert set(Ticket.objects.values_list("subject", "contact_email")) == {("Erased", "")}
