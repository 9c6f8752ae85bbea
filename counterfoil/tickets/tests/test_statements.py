"""A statement that was asked for by a ticket: its copy and its delivery stand on the ticket."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging.interfaces import FakeChannel, Rejected
from counterfoil.messaging.models import Delivery, Message
from counterfoil.messaging.operations import cancel_message
from counterfoil.messaging.sending import send_due
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import send_statement
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts
from counterfoil.tickets import queries
from counterfoil.tickets.models import Ticket
from counterfoil.tickets.operations import open_ticket, set_ticket_state

ONE, TWO = "one@mail.example", "two@mail.example"


@pytest.fixture
def zara(world: World) -> Customer:
    customer = world.customer(owing={"2026-03-01": "310.00"})
    add_contact(world.caller(), customer=customer, name="Zara", roles=["statements"], emails=[ONE, TWO])
    return customer


def asked(world: World, customer: Customer, subject: str = "Please send our latest statement") -> Ticket:
    return open_ticket(world.agent, customer=customer, subject=subject, text="Please.")


def send(world: World, customer: Customer, related: str, **more: Any) -> Message:
    period = Period.through(dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    return send_statement(world.agent, customer=customer, period=period, style="balance_forward",
                          **{"addresses": [ONE, TWO], "related": related, **more})  # fmt: skip


def test_it_is_an_answer_with_its_copy_and_how_it_was_delivered(world: World, zara: Customer) -> None:
    FakeChannel.sent.clear()
    FakeChannel.answers = {ONE: [Rejected("550 no such user")]}
    row = asked(world, zara)
    message = send(world, zara, row.number)
    assert message.related == f"ticket:{row.number}"
    assert message.subject == "Your statement, R310.00 to pay now [#T-000001]"
    first, answer = queries.messages_of(row)
    assert (first.kind, answer.kind, answer.sent, answer.author) == ("customer", "answer", message, "Sipho Dube")
    row.refresh_from_db()
    assert (row.waits_since, row.answered_at, row.state) == (None, world.now, "open")
    # Two addresses, two messages; the one that is bad does not stop the other.
    send_due(Caller.system("task", at=world.now + dt.timedelta(minutes=1)), channel=FakeChannel())
    answer = queries.messages_of(row)[1]
    assert answer.sent is not None
    assert [(one.address, *one.fared) for one in answer.sent.deliveries.order_by("pk")] == [
        (ONE, "Failed", "bad", "550 no such user"), (TWO, "Sent", "ok", ""),
    ]  # fmt: skip
    (file,) = answer.sent.files.all()
    assert file.name == f"Statement {zara.number} 2026-03-31.pdf"
    (left,) = FakeChannel.sent
    assert (left.to, left.references) == (TWO, ())
    assert [one.name for one in left.attachments] == [file.name]


def test_a_ticket_of_another_customer_is_refused_and_nothing_is_sent(world: World, zara: Customer) -> None:
    other = asked(world, world.customer("Zoe"))
    for related in (other.number, f"ticket:{other.number}", "T-000099", "nonsense"):
        before = counts()
        with pytest.raises(Refused, match="has no ticket") as refusal:
            send(world, zara, related)
        assert (refusal.value.code, refusal.value.field) == ("no_such_ticket", "related")
        assert counts() == before
    assert not Message.objects.exists()
    assert not Delivery.objects.exists()


def test_one_that_is_closed_can_be_named_and_stays_closed(world: World, zara: Customer) -> None:
    row = asked(world, zara)
    set_ticket_state(world.agent, ticket=row, state="closed")
    message = send(world, zara, row.number)
    row.refresh_from_db()
    assert row.state == "closed"
    cancel_message(world.agent, message=message)
    assert queries.messages_of(row)[1].sent.cancelled_at is not None  # type: ignore[union-attr]


def test_the_dialog_offers_the_customers_tickets_first_the_one_that_asks(
    world: World, zara: Customer, client: Client
) -> None:
    add_user(world.caller(), email="a@isp.example", name="Ann", role="agent", password="s3cret-enough")
    client.force_login(User.objects.get(email="a@isp.example"))
    slow, wants = asked(world, zara, "Slow line"), asked(world, zara)
    asked(world, world.customer("Zoe"))
    url = reverse("send-statement", args=[zara.number])
    page = client.get(url).content.decode()
    offered = page[page.index('name="related"') :]
    assert offered.index(wants.number) < offered.index(slow.number)
    assert f'<option value="{wants.number}" selected' in page
    assert "T-000003" not in page
    # From a ticket it is fixed to that ticket.
    assert f'<option value="{slow.number}" selected' in client.get(f"{url}?related={slow.number}").content.decode()
    fields = {"to": [ONE], "span": "zero", "style": "balance_forward", "text": "Good day"}
    answer = client.post(url, {**fields, "related": "T-000003"})
    assert answer.status_code == 422
    assert "has no ticket T-000003" in answer.content.decode()
    assert not Message.objects.exists()
    assert client.post(url, {**fields, "related": wants.number}).status_code == 302
    shown = client.get(reverse("ticket", args=[wants.number])).content.decode()
    assert "Waiting" in shown
    assert ONE in shown
