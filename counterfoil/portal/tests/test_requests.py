"""What customers ask in the portal: they see their own, never a note, answer with files, and say how it went."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from counterfoil.customers.models import Customer
from counterfoil.messaging.operations import cancel_message
from counterfoil.portal.tests.conftest import signed_in, text_of
from counterfoil.testing.world import World, counts
from counterfoil.tickets.models import Ticket, TicketFile
from counterfoil.tickets.operations import (
    add_ticket_note,
    answer_ticket,
    merge_tickets,
    open_ticket,
    set_ticket_policy,
    set_ticket_state,
)


@pytest.fixture
def ticket(world: World, zara: Customer) -> Ticket:
    return open_ticket(world.caller(), customer=zara, subject="Double charge", text="I was charged twice.")


def test_somebody_asks_and_reads_the_answer(world: World, portal: Client) -> None:
    proof = SimpleUploadedFile("proof.pdf", b"%PDF-1.4", "application/pdf")
    fields = {"topic": "Proof of payment", "text": "Attached.", "attachments": [proof]}
    answer = portal.post("/portal/requests/new/", {**fields, "key": "k1"})
    row = Ticket.objects.get()
    assert answer.headers["Location"] == f"/portal/requests/{row.number}/"
    assert (row.subject, row.channel, row.contact_email) == ("Proof of payment", "portal", "zara@mail.example")
    # Sent twice it is asked once.
    proof.seek(0)
    portal.post("/portal/requests/new/", {**fields, "key": "k1"})
    assert Ticket.objects.count() == 1
    answer_ticket(world.caller(name="Rita Runner"), ticket=row, text="We have it, thank you.")
    page = text_of(portal.get(f"/portal/requests/{row.number}/"))
    assert "Waiting for you" in page
    assert "We have it, thank you." in page
    assert "Zebra Net" in page
    assert "Rita" not in page
    file = TicketFile.objects.get()
    got = portal.get(f"/portal/requests/files/{file.pk}/")
    assert (got.content, got.headers["Content-Type"]) == (b"%PDF-1.4", "application/octet-stream")
    assert "Proof of payment" in text_of(portal.get("/portal/"))
    assert "Proof of payment" in text_of(portal.get("/portal/requests/"))


def test_internal_notes_and_what_was_taken_back_are_never_shown(world: World, portal: Client, ticket: Ticket) -> None:
    add_ticket_note(world.caller(), ticket=ticket, text="Rotten tomatoes")
    made = answer_ticket(world.caller(), ticket=ticket, text="Wrong customer, sorry")
    assert made.sent is not None
    cancel_message(world.caller(), message=made.sent)
    other = open_ticket(world.caller(), customer=ticket.customer, subject="Again", text="Still there")
    add_ticket_note(world.caller(), ticket=other, text="Rotten apples")
    merge_tickets(world.caller(), ticket=other, into=ticket.number)
    for number in (ticket.number, other.number):
        page = portal.get(f"/portal/requests/{number}/").content.decode()
        assert "Still there" in page
        assert "Rotten" not in page
        assert "Wrong customer" not in page


def test_a_reply_and_a_rating(world: World, portal: Client, ticket: Ticket) -> None:
    url = f"/portal/requests/{ticket.number}/"
    assert portal.post(url, {"text": " "}).status_code == 422
    portal.post(url, {"text": "It happened again"})
    assert ticket.messages.count() == 2
    rate = f"{url}rate/"
    assert portal.post(rate, {"rating": "5"}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.rating is None
    set_ticket_state(world.caller(), ticket=ticket, state="resolved")
    assert "How did we do?" in text_of(portal.get(url))
    assert portal.post(rate, {"rating": "9"}).status_code == 422
    portal.post(rate, {"rating": "4", "note": "Took a while"})
    ticket.refresh_from_db()
    assert (ticket.rating, ticket.rating_note) == (4, "Took a while")
    portal.post(url, {"text": "Not solved"})
    ticket.refresh_from_db()
    assert ticket.state == "open"


def test_nobody_elses_is_there(world: World, portal: Client, boris: Customer, ticket: Ticket) -> None:
    theirs = signed_in("boris@mail.example")
    portal.post(
        f"/portal/requests/{ticket.number}/", {"text": "x", "attachments": [SimpleUploadedFile("a.txt", b"secret")]}
    )
    file = TicketFile.objects.get()
    before = counts()
    for url in (f"/portal/requests/{ticket.number}/", f"/portal/requests/files/{file.pk}/"):
        assert theirs.get(url).status_code == 404
    assert theirs.post(f"/portal/requests/{ticket.number}/", {"text": "x"}).status_code == 404
    assert theirs.post(f"/portal/requests/{ticket.number}/rate/", {"rating": "1"}).status_code == 404
    assert {key: value for key, value in counts().items() if "ticket" in key.lower()} == {
        key: value for key, value in before.items() if "ticket" in key.lower()
    }
    assert "Double charge" not in text_of(theirs.get("/portal/requests/"))


def test_an_operator_may_keep_tickets_out_of_the_portal(world: World, portal: Client, ticket: Ticket) -> None:
    set_ticket_policy(world.caller(), reopen_days=14, in_portal=False)
    for url in ("/portal/requests/", "/portal/requests/new/", f"/portal/requests/{ticket.number}/"):
        assert portal.get(url).status_code == 404
    assert "Double charge" not in text_of(portal.get("/portal/"))
