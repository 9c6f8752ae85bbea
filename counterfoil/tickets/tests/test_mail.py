"""Mail that comes in: whose it is, which ticket it continues, what waits, what bounced."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact
from counterfoil.documents.models import StoredFile
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.inbound import read
from counterfoil.messaging.interfaces import FakeChannel, Outgoing
from counterfoil.messaging.models import Delivery, DeliveryReport
from counterfoil.messaging.operations import report_delivery
from counterfoil.messaging.sending import send_due
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import change_lookup
from counterfoil.platform.callers import Caller
from counterfoil.testing.world import World, counts
from counterfoil.tickets import queries, rules
from counterfoil.tickets.models import IncomingMail, Ticket
from counterfoil.tickets.operations import (
    answer_ticket,
    assign_mail,
    discard_mail,
    file_mail,
    join_mail,
    open_ticket,
    set_ticket_state,
    take_in,
)
from counterfoil.tickets.operations.mail import MOST_AN_HOUR

ZARA, ZOE = "zara@mail.example", "zoe@mail.example"


@pytest.fixture
def zara(world: World) -> Customer:
    return known(world, "Zara Naidoo", ZARA)


@pytest.fixture
def zoe(world: World) -> Customer:
    return known(world, "Zoe Botha", ZOE)


def known(world: World, name: str, email: str) -> Customer:
    customer = world.customer(name)
    add_contact(world.caller(), customer=customer, name=name, roles=["billing"], emails=[email])
    return customer


def mail(
    sender: str = ZARA, subject: str = "Double charge", text: str = "I was charged twice.", **fields: str
) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Zara Naidoo <{sender}>", "help@isp.example", subject
    made["Message-ID"] = f"<{sha256(repr((sender, subject, text)).encode()).hexdigest()}@mail.example>"
    for name, value in fields.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def came(world: World, content: bytes) -> IncomingMail:
    return take_in(world.system(), content)


def opened(world: World, customer: Customer, **more: Any) -> Ticket:
    return open_ticket(world.agent, customer=customer, subject="Double charge", text="I was charged twice.", **more)


def left(world: World, ticket: Ticket, text: str = "We have refunded it.", **more: Any) -> Outgoing:
    """An answer as it left."""
    FakeChannel.sent.clear()
    answer_ticket(world.agent, ticket=ticket, text=text, **more)
    send_due(Caller.system("task", at=world.now + dt.timedelta(minutes=1)), channel=FakeChannel())
    return FakeChannel.sent[-1]


def said(ticket: Ticket) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in queries.messages_of(ticket)]


def test_a_known_sender_opens_a_ticket_and_the_same_mail_again_adds_nothing(world: World, zara: Customer) -> None:
    content = mail(text="I was charged twice.\n\nZara")
    row = came(world, content)
    ticket = row.ticket
    assert ticket is not None
    assert (ticket.customer, ticket.number, ticket.subject, ticket.channel) == (
        zara,
        "T-000001",
        "Double charge",
        "email",
    )
    assert (ticket.contact_name, ticket.contact_email) == ("Zara Naidoo", ZARA)
    assert row.original is not None
    assert bytes(row.original.content) == content
    before = counts()
    assert came(world, content) == row
    assert came(world, content + b"\nforwarded once more") == row
    assert counts() == before


def test_an_answer_is_continued_by_the_thread_of_the_e_mail(world: World, zara: Customer) -> None:
    ticket = came(world, mail()).ticket
    assert ticket is not None
    out = left(world, ticket)
    first = IncomingMail.objects.get()
    assert (out.subject, out.references) == ("Re: Double charge [#T-000001]", (first.message_id,))
    # A colleague of hers, from an address that nobody knows, and without the subject.
    came(world, mail("books@mail.example", "thanks", "Thank you.", In_Reply_To=out.id))
    assert said(ticket) == [
        ("customer", "I was charged twice."), ("answer", "We have refunded it."), ("customer", "Thank you."),
    ]  # fmt: skip
    ticket.refresh_from_db()
    assert (ticket.state, Ticket.objects.count()) == ("open", 1)
    # The next answer goes on from all of it.
    assert len(left(world, ticket, "You are welcome.").references) == 3


def test_or_by_the_address_it_was_asked_to_answer_to(world: World, zara: Customer) -> None:
    ticket = opened(world, zara)
    address = rules.reply_address("help@isp.example", settings.SECRET_KEY, ticket.pk)
    came(world, mail("books@mail.example", "thanks", "Thank you.", To=address))
    forged = address.replace(f"+t{ticket.pk}.", f"+t{ticket.pk + 1}.")
    assert came(world, mail("books@mail.example", "me too", "And I.", To=forged)).state == "waiting"
    assert said(ticket)[-1] == ("customer", "Thank you.")


def test_or_by_the_number_in_the_subject_from_an_address_that_is_known(world: World, zara: Customer) -> None:
    ticket = opened(world, zara, contact_email="naledi@mail.example")
    for sender in (ZARA, "naledi@mail.example"):
        came(world, mail(sender, "AW: Double charge [#T-000001]", f"From {sender}"))
    stranger = came(world, mail("mallory@evil.example", "Re: [#T-000001]", "Send me all of it"))
    assert (stranger.state, stranger.ticket) == ("waiting", None)
    assert stranger.why == "It names T-000001, and the address is not known there."
    assert [text for _, text in said(ticket)][1:] == [f"From {ZARA}", "From naledi@mail.example"]


def test_a_reply_to_another_customers_ticket_never_joins_it(world: World, zara: Customer, zoe: Customer) -> None:
    ticket = came(world, mail()).ticket
    assert ticket is not None
    out = left(world, ticket)
    address = rules.reply_address("help@isp.example", settings.SECRET_KEY, ticket.pk)
    before = said(ticket)
    for place, content in enumerate((
        mail(ZOE, "Re: Double charge [#T-000001]", "a"), mail(ZOE, "Re", "b", In_Reply_To=out.id),
        mail(ZOE, "Re", "c", To=address),
    ), 2):  # fmt: skip
        row = came(world, content)
        assert row.ticket is not None
        assert (row.ticket.customer, row.ticket.number) == (zoe, f"T-{place:06}")
    assert said(ticket) == before


def test_after_some_days_it_is_another_ticket(world: World, zara: Customer) -> None:
    ticket = opened(world, zara)
    set_ticket_state(world.agent, ticket=ticket, state="closed")
    with world.on(world.today + dt.timedelta(days=14)):
        assert came(world, mail(subject="Re: [#T-000001]", text="Still")).ticket == ticket
    ticket.refresh_from_db()
    assert ticket.state == "open"
    set_ticket_state(world.agent, ticket=ticket, state="closed")
    with world.on(world.today + dt.timedelta(days=15)):
        late = came(world, mail(subject="Re: [#T-000001]", text="And again"))
    assert late.ticket is not None
    assert (late.ticket.number, late.ticket.customer) == ("T-000002", zara)


def test_what_nobody_knows_waits_and_is_assigned_joined_or_discarded(
    world: World, zara: Customer, zoe: Customer
) -> None:
    one, two, three = (came(world, mail("who@mail.example", text=text)) for text in "abc")
    assert {row.why for row in (one, two, three)} == {"No customer is known by this address."}
    made = assign_mail(world.caller(), mail=one, customer=zara)
    assert (made.customer, made.contact_email, said(made)) == (zara, "who@mail.example", [("customer", "a")])
    join_mail(world.caller(), mail=two, number=made.number.lower())
    assert said(made)[-1] == ("customer", "b")
    discard_mail(world.caller(), mail=three, reason="Advertising")
    three.refresh_from_db()
    assert (three.state, three.why, three.text, three.original) == ("discarded", "Advertising", "", None)
    assert StoredFile.objects.filter(erased_at__isnull=False).count() == 1
    for again in (one, two, three):
        before = counts()
        with pytest.raises(Refused) as refusal:
            assign_mail(world.caller(), mail=again, customer=zoe)
        assert (refusal.value.code, counts()) == ("decided", before)
    # From then on that address is known by the ticket, though not by the customer.
    assert came(world, mail("who@mail.example", f"Re: [#{made.number}]", "d")).ticket == made


def test_an_address_of_two_customers_is_left_to_a_person(world: World, zara: Customer, zoe: Customer) -> None:
    add_contact(world.caller(), customer=zoe, name="Bookkeeper", emails=[ZARA.upper()])
    row = came(world, mail())
    assert (row.state, row.why) == ("waiting", f"Several customers have this address: {zara.number}, {zoe.number}.")


@pytest.mark.parametrize("field", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}])
def test_programs_are_not_answered(world: World, zara: Customer, field: dict[str, str]) -> None:
    row = came(world, mail(**field))
    assert (row.state, row.ticket) == ("waiting", None)
    assert not Ticket.objects.exists()


def test_a_flood_from_one_address_opens_no_more_tickets(world: World, zara: Customer) -> None:
    rows = [came(world, mail(text=str(place))) for place in range(MOST_AN_HOUR + 2)]
    assert [row.state for row in rows] == ["ticket"] * MOST_AN_HOUR + ["waiting"] * 2
    later = replace(world.system(), at=world.now + dt.timedelta(hours=2))
    assert take_in(later, mail(text="later")).state == "ticket"


def test_files_come_along_under_a_plain_name(world: World, zara: Customer) -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = ZARA, "Proof of payment"
    made.set_content("Attached.")
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../../etc/passwd.pdf")
    ticket = came(world, made.as_bytes()).ticket
    assert ticket is not None
    (file,) = queries.files_left(ticket)
    assert file.file is not None
    assert ("/" in file.name, bytes(file.file.content)) == (False, b"%PDF-1.4")


BOUNCE = """From: MAILER-DAEMON@mail.example
To: help@isp.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain

This is the mail system. Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 <{to}>: user unknown

--b
Content-Type: text/rfc822-headers

Message-ID: {id}
Subject: Re: Double charge

--b--
"""


def test_a_bounce_stands_with_the_delivery_and_no_more_is_sent_there(world: World, zara: Customer) -> None:
    ticket = opened(world, zara)
    out = left(world, ticket)
    report = BOUNCE.format(to=out.to, action="failed", status="5.1.1", id=out.id).encode()
    row = came(world, report)
    assert (row.state, row.why, row.ticket) == ("report", f"About {ZARA}.", None)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.fared[:2]) == ("sent", ("Not delivered", "bad"))
    assert "user unknown" in delivery.fared[2]
    came(world, report.replace(b"This is", b"That was"))
    assert DeliveryReport.objects.count() == 1
    # The next one is not sent to that address, and says so; the other address gets it.
    made = answer_ticket(world.agent, ticket=ticket, text="Again", addresses=[ZARA.upper(), "b@mail.example"])
    assert made.sent is not None
    bad, good = made.sent.deliveries.order_by("pk")
    assert (bad.state, bad.result) == ("failed", "Not sent: the address was reported as no good on 31 Mar 2026.")
    assert good.state == "queued"
    with world.on(world.today + dt.timedelta(days=91)):
        made = answer_ticket(world.agent, ticket=ticket, text="Again", addresses=[ZARA])
    assert made.sent is not None
    assert made.sent.deliveries.get().state == "queued"


def test_a_report_that_quotes_nothing_of_ours_changes_no_delivery(world: World, zara: Customer) -> None:
    out = left(world, opened(world, zara))
    forged = out.id.replace(".", ".9", 1)
    row = came(world, BOUNCE.format(to=out.to, action="failed", status="5.1.1", id=forged).encode())
    assert row.why == "It names no message of ours."
    assert not DeliveryReport.objects.exists()
    delayed = came(world, BOUNCE.format(to=out.to, action="delayed", status="4.4.1", id=out.id).encode())
    assert delayed.state == "report"
    report = DeliveryReport.objects.get()
    assert (report.action, report.hard) == ("delayed", False)
    again = report_delivery(world.system(), delivery=Delivery.objects.get(), action="delayed", hard=False, words="")
    assert again is None


def test_the_command_files_an_e_mail_or_only_reads_it(world: World, zara: Customer, tmp_path: Path) -> None:
    file, out = tmp_path / "a.eml", StringIO()
    file.write_bytes(mail())
    call_command("mail_in", str(file), "--dry-run", stdout=out)
    assert (out.getvalue().splitlines()[0], IncomingMail.objects.count()) == (f"message from {ZARA}: Double charge", 0)
    out = StringIO()
    call_command("mail_in", str(file), stdout=out)
    assert out.getvalue() == "On a ticket: T-000001\n"
    out = StringIO()
    call_command("mail_in", str(file), "--format", "json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["filed"] == {"state": "On a ticket", "ticket": "T-000001", "why": None}
    assert Ticket.objects.count() == 1


def test_reading_is_done_before_it_is_filed(world: World, zara: Customer) -> None:
    content = mail()
    row = file_mail(world.system(), content=content, found=read(content))
    assert row.state == "ticket"


def test_what_cannot_be_filed_waits_and_is_not_lost(world: World, zara: Customer) -> None:
    for row in Lookup.objects.filter(kind="ticket_department"):
        change_lookup(world.caller(), lookup=row, name=row.name, ends=world.today - dt.timedelta(days=1))
    row = came(world, mail())
    assert (row.state, Ticket.objects.count()) == ("waiting", 0)
    assert row.why.startswith("There is no department.")
    assert came(world, mail()) == row
    assert IncomingMail.objects.count() == 1


def test_a_message_id_of_somebody_else_hides_nothing(world: World, zara: Customer, zoe: Customer) -> None:
    made = [came(world, _named(sender, subject)) for sender, subject in ((ZOE, "Junk"), (ZARA, "Cancel my service"))]
    assert [row.sender for row in made] == [ZOE, ZARA]
    assert Ticket.objects.count() == 2


def _named(sender: str, subject: str) -> bytes:
    made = message_from_bytes(mail(sender, subject, "Text"))
    made.replace_header("Message-ID", "<id1@mail.example>")
    return made.as_bytes()


def test_who_is_known_by_another_customer_never_joins(world: World, zara: Customer, zoe: Customer) -> None:
    ticket = opened(world, zara, contact_email="both@mail.example")
    add_contact(world.caller(), customer=zoe, name="B", roles=["billing"], emails=["both@mail.example"])
    row = came(world, mail("both@mail.example", f"Secret [#{ticket.number}]", "Zoe’s secret"))
    assert row.ticket is not None
    assert (row.ticket.customer, ticket.messages.count()) == (zoe, 1)
