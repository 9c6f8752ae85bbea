"""A real IMAP server: what comes into its mailbox becomes tickets, once, and nothing is changed there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from counterfoil.connectors.imap.connector import ImapPostbox
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.testing.mailbox import BINARY, PASSWORD, USER, Mailbox, dovecot
from counterfoil.testing.world import World, counts
from counterfoil.tickets import models, queries
from counterfoil.tickets.interfaces import Seen, Unreachable
from counterfoil.tickets.models import IncomingMail, Ticket
from counterfoil.tickets.operations import set_mailbox
from counterfoil.tickets.tasks import read_some, wake_mailbox

pytestmark = pytest.mark.skipif(not Path(BINARY).exists(), reason="Dovecot is not installed (make test-setup)")
BOX = ImapPostbox()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with dovecot() as found:
        yield found


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer("Zara Naidoo", emails=("zara@mail.example",))


def entered(world: World, mailbox: Mailbox, **more: object) -> models.Mailbox:
    given = {"host": "127.0.0.1", "port": mailbox.port, "security": "none", "user": USER, "password": PASSWORD, **more}
    return set_mailbox(world.caller(), **given)  # type: ignore[arg-type]


def mail(place: int, subject: str = "Hello") -> bytes:
    head = f"From: Zara <zara@mail.example>\r\nSubject: {subject}\r\nMessage-ID: <{place}@mail.example>\r\n\r\n"
    return f"{head}Text {place}\r\n".encode()


def test_what_came_becomes_tickets_once(world: World, zara: Customer, mailbox: Mailbox) -> None:
    row = entered(world, mailbox, address="help@isp.example", plus=True)
    for place in range(3):
        mailbox.put(mail(place))
    assert read_some(world.system(), postbox=BOX, most=2) == 2
    assert read_some(world.system(), postbox=BOX) == 1
    before = counts()
    assert read_some(world.system(), postbox=BOX) == 0
    assert counts() == before
    assert list(Ticket.objects.order_by("pk").values_list("customer", "subject")) == [(zara.pk, "Hello")] * 3
    row.refresh_from_db()
    assert (row.last_uid, row.trouble, row.read_at) == (3, "", world.now)
    # Nothing is marked as read.
    with BOX.opened(queries.mailbox_server(row)) as box:
        assert [seen.uid for seen, _ in box.after(Seen(), 10)] == [1, 2, 3]
    # The folder begins a new life: what was filed is not filed again, what is new is.
    mailbox.begin_anew()
    mailbox.put(mail(1))
    mailbox.put(mail(7))
    assert read_some(world.system(), postbox=BOX) == 2
    assert Ticket.objects.count() == 4
    # Answers go to an address of the ticket's own.
    assert queries.thread("ticket:T-000001").reply_to.startswith("help+t")  # type: ignore[union-attr]


def test_what_cannot_be_read_is_said_and_stops_no_other(world: World, zara: Customer, mailbox: Mailbox) -> None:
    row = entered(world, mailbox)
    mailbox.put(b"\r\n\r\nno message at all")
    mailbox.put(mail(1))
    assert read_some(world.system(), postbox=BOX) == 2
    assert IncomingMail.objects.count() == 1
    wrong = entered(world, mailbox, password="wrong")
    assert read_some(world.system(), postbox=BOX) == 0
    wrong.refresh_from_db()
    assert "uthentication failed" in wrong.trouble
    assert "cannot be read" in queries.mailbox_text()
    missing = entered(world, mailbox, folder="Nowhere")
    assert read_some(world.system(), postbox=BOX) == 0
    missing.refresh_from_db()
    assert "Nowhere" in missing.trouble
    assert row.pk == missing.pk


def test_a_server_that_is_not_there_or_has_no_tls_gets_no_password(world: World, mailbox: Mailbox) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nowhere = probe.getsockname()[1]
    for port, security in ((nowhere, "none"), (mailbox.port, "tls"), (mailbox.port, "starttls")):
        row = entered(world, mailbox, port=port, security=security)
        with pytest.raises(Unreachable), BOX.opened(queries.mailbox_server(row)):
            pass


def test_who_enters_another_server_enters_the_password_again(world: World, mailbox: Mailbox) -> None:
    assert wake_mailbox(world.system()) == 0
    row = entered(world, mailbox)
    assert PASSWORD not in row.password
    for changed, code in (
        ({"host": "localhost", "password": ""}, "no_password"), ({"host": "imap.example"}, "no_tls"),
        ({"host": "imap example"}, "bad_host"), ({"plus": True}, "no_address"), ({"user": ""}, "no_user"),
        ({"password": ""}, "no_change"), ({"address": "help"}, "bad_address"),
    ):  # fmt: skip
        before = counts()
        with pytest.raises(Refused) as refusal:
            entered(world, mailbox, **changed)  # type: ignore[arg-type]
        assert (refusal.value.code, counts()) == (code, before)
    set_mailbox(world.caller(), host="")
    assert queries.mailbox() is None
    assert models.Mailbox.objects.get().password == ""
