"""Messages over a real SMTP server: results per recipient, undo, trying again, and never twice."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from pypdf import PdfReader

from counterfoil.connectors.smtp.tests.server import Mailbox
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.messaging import queries, rules
from counterfoil.messaging.models import Delivery, Message
from counterfoil.messaging.operations import cancel_message, claim_delivery, queue_message
from counterfoil.messaging.sending import send_due
from counterfoil.platform.callers import Caller, System
from counterfoil.receivables.operations import send_statement
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

NOON = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)


def at(seconds: float = 0, minutes: float = 0) -> System:
    """The product itself, some time after the message was queued."""
    return Caller.system("task", at=NOON + dt.timedelta(seconds=seconds, minutes=minutes))


def queue(customer: Customer, *addresses: str, **details: object) -> Message:
    words = {"kind": "note", "subject": "Hello", "body_text": "Hello there", "body_html": "<p>Hello there</p>"}
    return queue_message(at(), customer=customer, addresses=addresses, **{**words, **details})


def results(message: Message) -> dict[str, tuple[str, str]]:
    return {row.address: (row.state, row.result) for row in Delivery.objects.filter(message=message)}


def test_one_bad_address_does_not_stop_the_others(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse["gone@zara.example"] = ["550 5.1.1 No such mailbox"]
    message = queue(world.customer(), "gone@zara.example", "zara@zara.example")

    assert send_due(at(seconds=9)) == 2

    assert results(message) == {
        "gone@zara.example": ("failed", "550 5.1.1 No such mailbox"),
        "zara@zara.example": ("sent", "250 Taken"),
    }
    assert mailbox.recipients == ["zara@zara.example"]
    assert world.events[-3:] == ["message.queued", "message.undelivered", "message.delivered"]


def test_a_temporary_refusal_is_tried_again_later(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse["zara@zara.example"] = ["451 4.7.1 Greylisted"]
    message = queue(world.customer(), "zara@zara.example")

    send_due(at(seconds=9))
    assert results(message) == {"zara@zara.example": ("queued", "451 4.7.1 Greylisted")}
    assert send_due(at(seconds=60)) == 0
    send_due(at(seconds=70))

    assert results(message) == {"zara@zara.example": ("sent", "250 Taken")}
    assert Delivery.objects.get().attempts == 2


def test_it_is_given_up_after_the_last_try(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse["zara@zara.example"] = ["451 Busy"] * 9
    message = queue(world.customer(), "zara@zara.example")

    for hours in range(0, 24):
        send_due(at(minutes=hours * 60 + 1))
        send_due(at(minutes=hours * 60 + 30))
    assert results(message) == {"zara@zara.example": ("failed", "Given up after 6 tries. 451 Busy")}


def test_a_server_that_is_down_is_tried_again(world: World, mailbox: Mailbox, settings: object) -> None:
    settings.EMAIL_PORT = 9  # type: ignore[attr-defined]
    message = queue(world.customer(), "zara@zara.example")

    send_due(at(seconds=9))

    state, result = results(message)["zara@zara.example"]
    assert state == "queued"
    assert result.startswith("The mail server could not be reached:")


def test_undo_before_it_leaves_sends_nothing(world: World, mailbox: Mailbox) -> None:
    message = queue(world.customer(), "zara@zara.example", "piet@zara.example")

    assert send_due(at(seconds=7)) == 0
    assert queries.can_take_back(queries.messages_of(message.customer).get())
    cancel_message(at(seconds=7), message=message)
    send_due(at(minutes=1))

    assert mailbox.mails == []
    assert {state for state, _ in results(message).values()} == {"cancelled"}
    assert world.events[-1] == "message.cancelled"


def test_undo_is_refused_when_anything_has_left(world: World, mailbox: Mailbox) -> None:
    mailbox.refuse["piet@zara.example"] = ["451 Busy"]
    message = queue(world.customer(), "zara@zara.example", "piet@zara.example")
    send_due(at(seconds=9))

    with pytest.raises(Refused) as refused:
        cancel_message(at(seconds=10), message=message)
    assert refused.value.code == "already_left"


def test_a_sender_that_dies_never_sends_twice(world: World, mailbox: Mailbox) -> None:
    message = queue(world.customer(), "zara@zara.example")
    assert claim_delivery(at(seconds=9)) is not None

    assert send_due(at(minutes=5)) == 0
    assert send_due(at(minutes=11)) == 0

    assert results(message) == {"zara@zara.example": ("failed", rules.INTERRUPTED)}
    assert mailbox.mails == []


def test_a_connection_lost_after_the_message_was_taken_never_sends_twice(world: World, mailbox: Mailbox) -> None:
    mailbox.after_data = ["hang up"]
    message = queue(world.customer(), "zara@zara.example")

    send_due(at(seconds=9))
    send_due(at(minutes=60))

    assert results(message)["zara@zara.example"][0] == "failed"
    assert "may have arrived" in results(message)["zara@zara.example"][1]
    assert len(mailbox.mails) == 1


def test_a_server_that_refuses_the_text_later_takes_it(world: World, mailbox: Mailbox) -> None:
    mailbox.after_data = ["452 Out of space"]
    message = queue(world.customer(), "zara@zara.example")

    send_due(at(seconds=9))
    assert results(message)["zara@zara.example"] == ("queued", "452 Out of space")
    send_due(at(minutes=2))
    assert results(message)["zara@zara.example"] == ("sent", "250 Taken")


def test_the_sent_statement_reopens_byte_for_byte(world: World, mailbox: Mailbox) -> None:
    zara = world.customer(owing={"2026-02-28": "310.00"})
    before = list(zara.contacts.values_list("points__value", flat=True))
    period = Period.through(dt.date(2026, 1, 1), dt.date(2026, 3, 31))
    send_statement(
        world.clerk, customer=zara, period=period, style="balance_forward", addresses=["once@other.example"],
        text="Good day Zara",
    )  # fmt: skip
    send_due(Caller.system("task", at=world.now + dt.timedelta(minutes=1)))

    [(to, mail)] = mailbox.mails
    [attachment] = list(mail.iter_attachments())
    assert to == "once@other.example"
    assert str(mail["Subject"]) == "Your statement, R310.00 to pay now"
    assert attachment.get_filename() == f"Statement {zara.number} 2026-03-31.pdf"
    stored = queries.messages_of(zara).get().files.get().file
    assert attachment.get_content() == bytes(stored.content)
    text = PdfReader(BytesIO(attachment.get_content())).pages[0].extract_text()
    assert "R310.00" in text
    assert "Good day Zara" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(mail.get_body(("html",)).get_content()) < 15_000  # type: ignore[union-attr]
    assert list(zara.contacts.values_list("points__value", flat=True)) == before
    assert Event.objects.filter(kind="statement.sent", customer_id=zara.pk).count() == 1


def test_each_try_of_a_delivery_has_the_same_message_id_and_each_delivery_its_own(
    world: World, mailbox: Mailbox
) -> None:
    mailbox.after_data = ["452 Out of space"]
    queue(world.customer(), "zara@zara.example", "piet@zara.example")
    for minutes in (1, 3):
        send_due(at(minutes=minutes))

    assert [to for to, _ in mailbox.ids] == ["zara@zara.example", "piet@zara.example", "zara@zara.example"]
    assert mailbox.ids[0] == mailbox.ids[2]
    assert mailbox.ids[0][1] != mailbox.ids[1][1]


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"addresses": ["zara@zara.example\nBcc: all@zara.example"]}, "addresses"),
        ({"addresses": ["zara@zara.example\r\n"]}, None),
        ({"addresses": ["no address"]}, "addresses"),
        ({"addresses": ["a@b@c.example"]}, "addresses"),
        ({"addresses": []}, "addresses"),
        ({"addresses": ["", "  "]}, "addresses"),
        ({"addresses": [f"a{n}@zara.example" for n in range(21)]}, "addresses"),
        ({"subject": "Hello\r\nBcc: all@zara.example"}, "subject"),
        ({"subject": "Hello\u2028there"}, "subject"),
        ({"subject": ""}, "subject"),
        ({"files": [("a\nb.pdf", "application/pdf", b"x")]}, "files"),
        ({"related": "ticket\r\nX: y"}, "related"),
    ],
)
def test_what_could_write_a_header_is_refused(world: World, details: dict[str, object], field: str | None) -> None:
    zara = world.customer()
    before = counts()
    addresses = details.pop("addresses", ["zara@zara.example"])
    if field is None:
        # White space around an address is a slip of the pen, not an attack.
        assert Delivery.objects.get(message=queue(zara, *addresses)).address == "zara@zara.example"
        return
    with pytest.raises(Refused) as refused:
        queue(zara, *addresses, **details)
    assert refused.value.field == field
    assert counts() == before


def test_the_same_address_twice_gets_one_message(world: World, mailbox: Mailbox) -> None:
    queue(world.customer(), "Zara@zara.example", "zara@ZARA.example")
    send_due(at(seconds=9))
    assert mailbox.recipients == ["Zara@zara.example"]


def test_people_type_addresses_in_many_ways() -> None:
    assert rules.read_addresses("a@x.example, b@x.example;c@x.example\n d@x.example ") == [
        "a@x.example", "b@x.example", "c@x.example", "d@x.example",
    ]  # fmt: skip
