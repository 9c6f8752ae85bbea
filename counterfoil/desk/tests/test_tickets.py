"""Tickets at the desk: the list, one of them with its composer, mail without a customer, and what leads there."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.desk.models import Notice
from counterfoil.messaging.models import Message
from counterfoil.operator.models import Lookup
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World
from counterfoil.tickets.models import CannedAnswer, IncomingMail, Ticket, TicketFile
from counterfoil.tickets.operations import (
    add_canned_answer,
    add_ticket_note,
    ask_by_customer,
    merge_tickets,
    open_ticket,
    reply_by_customer,
    route_ticket,
    take_in,
)


@pytest.fixture
def desk(world: World) -> Client:
    world.today = timezone.localdate()
    add_user(
        world.caller(), email="lerato@isp.example", name="Lerato Dube", role="administrator", password="correct horse"
    )
    client = Client()
    client.force_login(User.objects.get(email="lerato@isp.example"))
    return client


@pytest.fixture
def zara(world: World, desk: Client) -> Customer:
    return world.customer("Zara Naidoo", emails=("zara@mail.example",))


@pytest.fixture
def ticket(world: World, zara: Customer) -> Ticket:
    return open_ticket(world.caller(), customer=zara, subject="Double charge", text="Twice, see <b>here</b>.")


def words(answer: object) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())  # type: ignore[attr-defined]


def page(desk: Client, ticket: Ticket, query: str = "") -> str:
    return desk.get(reverse("ticket", args=[ticket.number]) + query).content.decode()


def test_the_list_narrows_and_leads_to_each(desk: Client, world: World, ticket: Ticket) -> None:
    me = User.objects.get(email="lerato@isp.example")
    other = open_ticket(world.caller(), customer=ticket.customer, subject="Slow line", text="Very.", flagged_to=me)
    url = reverse("tickets")
    assert "T-000001, Double charge" in words(desk.get(url))
    for query, shown in (
        ("view=mine", {other}), ("view=nobody", {ticket}), ("view=us", {ticket, other}), ("view=them", set()),
        ("view=over", set()), ("q=slow", {other}), ("q=T-000001", {ticket}), ("q=Zara", {ticket, other}),
        (f"department={ticket.department_id}", {ticket, other}), ("priority=high", set()),
    ):  # fmt: skip
        text = words(desk.get(f"{url}?{query}"))
        assert {row for row in (ticket, other) if row.subject in text} == shown, query
    assert desk.get(f"{url}?format=csv").status_code == 200
    assert "Slow line" in words(desk.get("/"))
    assert "Double charge" not in words(desk.get("/"))
    assert "T-000001, Double charge" in words(desk.get("/find?q=T-000001"))
    assert "T-000002, Slow line" in words(desk.get("/find?q=slow"))
    assert "Double charge" in words(desk.get(reverse("customer-tab", args=[ticket.customer.number, "messages"])))


def test_an_answer_and_a_note_are_written_on_the_ticket(desk: Client, ticket: Ticket) -> None:
    shown = page(desk, ticket)
    assert "Twice, see &lt;b&gt;here&lt;/b&gt;." in shown
    assert "to zara@mail.example" in shown
    seen = re.findall(r'name="seen" value="(\d+)"', shown)[0]
    url = reverse("ticket", args=[ticket.number])
    sent = desk.post(
        url, {"kind": "answer", "text": "Refunded.", "then": "resolved", "seen": seen, "key": "a"}, follow=True
    )
    assert "Answer sent to 1 address." in words(sent)
    assert "Resolved" in words(sent)
    assert Message.objects.get().subject == "Re: Double charge [#T-000001]"
    # A second press sends nothing more.
    desk.post(url, {"kind": "answer", "text": "Refunded.", "then": "resolved", "seen": seen, "key": "a"})
    assert Message.objects.count() == 1
    latest = str(ticket.messages.order_by("pk").last().pk)  # type: ignore[union-attr]
    noted = desk.post(url, {"kind": "note", "text": "By EFT", "seen": latest}, follow=True)
    assert "Internal note added." in words(noted)
    assert Message.objects.count() == 1
    empty = desk.post(url, {"kind": "answer", "text": " ", "then": "open"})
    assert (empty.status_code, "Text is missing." in words(empty)) == (422, True)


def test_an_answer_that_crosses_another_is_shown_again(desk: Client, world: World, ticket: Ticket) -> None:
    seen = re.findall(r'name="seen" value="(\d+)"', page(desk, ticket))[0]
    add_ticket_note(world.caller(name="Zanele"), ticket=ticket, text="I am on it")
    url = reverse("ticket", args=[ticket.number])
    met = desk.post(url, {"kind": "answer", "text": "My own answer", "then": "open", "seen": seen})
    assert met.status_code == 422
    assert "Zanele wrote meanwhile." in words(met)
    assert ">My own answer</textarea>" in met.content.decode()
    assert not Message.objects.exists()
    again = re.findall(r'name="seen" value="(\d+)"', met.content.decode())[0]
    assert desk.post(url, {"kind": "answer", "text": "My own", "then": "open", "seen": again}).status_code == 302


def test_who_else_looks_is_said(desk: Client, world: World, ticket: Ticket) -> None:
    add_user(world.caller(), email="a@isp.example", name="Ann Nel", role="agent", password="correct horse")
    other = Client()
    other.force_login(User.objects.get(email="a@isp.example"))
    assert "open too" not in page(desk, ticket)
    assert "Lerato Dube has this ticket open too." in page(other, ticket)


def test_the_buttons_do_what_they_say(desk: Client, ticket: Ticket) -> None:
    for name, state in (("wait", "pending"), ("reopen", "open"), ("resolve", "resolved"), ("close", "closed")):
        desk.post(reverse(f"ticket-{name}", args=[ticket.number]))
        ticket.refresh_from_db()
        assert ticket.state == state
    desk.post(reverse("ticket-reopen", args=[ticket.number]))
    desk.post(reverse("take-ticket", args=[ticket.number]))
    ticket.refresh_from_db()
    assert ticket.flagged_to == User.objects.get(email="lerato@isp.example")
    assert "flagged to Lerato Dube: Taken, Lerato Dube" in words(desk.get(reverse("ticket", args=[ticket.number])))


def test_a_standard_answer_is_filled_in(desk: Client, world: World, ticket: Ticket) -> None:
    row = add_canned_answer(world.caller(), name="Hello", text="Good day {first_name}, {account_number}: {balance}")
    shown = page(desk, ticket, f"?answer={row.pk}")
    assert f">Good day Zara, {ticket.customer.number}: R0.00</textarea>" in shown
    settings = words(desk.get(reverse("ticket-settings")))
    for text in ("First answer within 4 h, solved within 16 h", "08:00 to 17:00", "Hello", "No mailbox is read."):
        assert text in settings
    desk.post(reverse("retire-canned-answer", args=[row.pk]))
    assert CannedAnswer.objects.get().retired_on is not None


def test_a_merged_ticket_leads_on_and_files_are_saved_not_shown(desk: Client, world: World, ticket: Ticket) -> None:
    asked = ask_by_customer(
        world.system(), customer=ticket.customer, subject="Again", text="See", author="Zara",
        files=[("page.html", "text/html", b"<script>alert(1)</script>")],
    )  # fmt: skip
    merge_tickets(world.caller(), ticket=asked, into=ticket.number)
    assert desk.get(reverse("ticket", args=[asked.number])).headers["Location"] == reverse(
        "ticket", args=[ticket.number]
    )
    got = desk.get(reverse("ticket-file", args=[TicketFile.objects.get().pk]))
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"].startswith("attachment")


def test_mail_without_a_customer_is_assigned_by_account_number(desk: Client, world: World, zara: Customer) -> None:
    take_in(world.system(), b"From: who@mail.example\r\nSubject: Hi\r\nMessage-ID: <1@mail.example>\r\n\r\nText")
    url = reverse("mail-without-customer")
    assert "No customer is known by this address." in words(desk.get(url))
    row = IncomingMail.objects.get()
    assert desk.post(reverse("assign-mail", args=[row.pk]), {"customer": "CF-999999"}).status_code == 422
    made = desk.post(reverse("assign-mail", args=[row.pk]), {"customer": zara.number})
    assert made.headers["Location"] == reverse("ticket", args=["T-000001"])


def test_whom_it_is_flagged_to_is_told(desk: Client, world: World, ticket: Ticket) -> None:
    me = User.objects.get(email="lerato@isp.example")
    technical = Lookup.objects.get(kind="ticket_department", code="technical")
    route_ticket(world.caller(name="Zanele"), ticket=ticket, department=technical, flagged_to=me, reason="Yours")
    reply_by_customer(world.system(), ticket=ticket, text="And?", author="Zara")
    from counterfoil.desk.operations import tell_of_ticket
    from counterfoil.trail.models import Event

    events = list(Event.objects.filter(kind__startswith="ticket.").values_list("pk", flat=True))
    tell_of_ticket(world.system(), events=events)
    told = list(Notice.objects.order_by("pk").values_list("text", flat=True))
    assert told[-1] == "Zara Naidoo answered: T-000001, Double charge"
    assert "Flagged to you: T-000001, Double charge" in told


def test_a_ticket_is_opened_from_the_list_by_account_number(desk: Client, zara: Customer) -> None:
    department = Lookup.objects.get(kind="ticket_department", code="sales")
    fields = {"customer": zara.number, "subject": "Quote", "text": "Three more", "department": department.pk,
              "priority": "low", "channel": "person"}  # fmt: skip
    made = desk.post(reverse("open-ticket-for"), fields)
    assert made.headers["Location"] == reverse("ticket", args=["T-000001"])
    row = Ticket.objects.get()
    assert (row.customer, row.department, row.priority, row.channel) == (zara, department, "low", "person")
