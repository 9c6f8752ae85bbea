"""The mail server that was entered in the product: messages leave by it, and a test says what it answers."""

from __future__ import annotations

import datetime as dt
import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from django.test import Client
from django.urls import reverse

from counterfoil.connectors.smtp.tests.server import Mailbox, controller
from counterfoil.connectors.smtp.tests.test_tls import certificate
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Delivery, MailServer, MailSettings
from counterfoil.messaging.operations import queue_message
from counterfoil.messaging.operations.mail_server import set_mail_server, try_mail_server
from counterfoil.messaging.queries import mail_server
from counterfoil.messaging.sending import send_due
from counterfoil.platform import secrets, write_guard
from counterfoil.platform.callers import Caller
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

assert certificate
HUSH = "correct horse battery"


class Picky(Mailbox):
    """Takes mail of one sender."""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address != "accounts@highveld.example":
            return "553 5.7.1 Not yours"
        envelope.mail_from = address
        return "250 OK"


@pytest.fixture
def serve(
    certificate: tuple[Path, Path], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Picky, int]]:
    """A mail server with STARTTLS and a sign-in, which the environment does not name."""
    box, context = Picky(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    port = controller(box).port
    server = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
            success=(data.login, data.password) == (b"us", HUSH.encode()), handled=False
        ),
    )  # fmt: skip
    server.start()
    settings.EMAIL_HOST = ""
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.smtp.connector.SmtpChannel"}
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    yield box, port
    server.stop()


def entered(world: World, at: int, **other: Any) -> MailSettings:
    values = {
        "host": "127.0.0.1", "port": at, "security": "starttls", "user": "us", "password": HUSH,
        "from_name": "Highveld accounts", "from_address": "accounts@highveld.example",
        "reply_to": "help@highveld.example", **other,
    }  # fmt: skip
    return set_mail_server(world.caller(), **values)


def sign_in(world: World, client: Client) -> None:
    add_user(world.caller(), email="lerato@highveld.example", name="Lerato", role="administrator")
    client.force_login(User.objects.get(email="lerato@highveld.example"))


def refused(world: World) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        try_mail_server(world.caller(), to="lerato@highveld.example")
    assert counts() == before
    return refusal.value.sentence


def test_a_test_goes_by_the_server_that_was_entered(world: World, serve: tuple[Picky, int]) -> None:
    box, port = serve
    entered(world, port)
    assert try_mail_server(world.caller(), to="lerato@highveld.example") == "250 Taken"
    [(to, mail)] = box.mails
    assert (to, mail["From"], mail["Reply-To"]) == (
        "lerato@highveld.example", "Highveld accounts <accounts@highveld.example>", "help@highveld.example",
    )  # fmt: skip
    assert world.events[-2:] == ["mail_server.changed", "mail_server.tested"]


def test_a_preview_of_a_test_sends_nothing(world: World, serve: tuple[Picky, int]) -> None:
    box, port = serve
    entered(world, port)
    try_mail_server(world.caller().previewing(), to="lerato@highveld.example")
    assert box.mails == []


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"password": "another"}, "The server refused the sign-in of us. Check user and password. It said: “535 "),
        ({"from_address": "me@other.example"},
         "refuses me@other.example as sender. Use an address it may send for. It said: “553 5.7.1 Not yours”"),
        ({"security": "tls"}, "does not speak TLS from the start. Port 587 usually takes STARTTLS, port 465 TLS."),
        ({"port": 9}, "Nothing answers at 127.0.0.1, port 9. Check the port."),
        ({"host": "nowhere.invalid"}, "There is no server named nowhere.invalid. Check the name."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words(
    world: World, serve: tuple[Picky, int], other: dict[str, Any], says: str
) -> None:
    box, port = serve
    entered(world, port, **other)
    assert says in refused(world)
    assert box.mails == []


def test_a_wrong_certificate_is_named(world: World, serve: tuple[Picky, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    entered(world, serve[1])
    assert refused(world).startswith("The certificate of 127.0.0.1 is wrong, so nothing was sent: ")


def test_without_a_server_there_is_no_test(world: World, serve: tuple[Picky, int]) -> None:
    assert refused(world) == "No mail server is set up."


def test_the_password_is_in_no_event_page_log_or_answer(
    world: World, serve: tuple[Picky, int], client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    row = entered(world, serve[1])
    entered(world, serve[1], user="they", password=HUSH)
    sign_in(world, client)
    pages = [client.get(reverse(name)).content.decode() for name in ("e-mail", "mail-server", "settings")]
    seen = [json.dumps(list(Event.objects.values_list("data", flat=True)), default=str), *pages, caplog.text]
    stored = MailSettings.objects.get().password
    assert not [text for text in seen if HUSH in text or stored in text or row.password in text]
    assert "127.0.0.1" in pages[0]
    assert (secrets.decrypt(stored), HUSH in stored, HUSH in repr(mail_server())) == (HUSH, False, False)


def test_the_password_goes_to_no_other_server(world: World, serve: tuple[Picky, int]) -> None:
    entered(world, serve[1])
    before = MailSettings.objects.values().get()
    for other in ({"host": "evil.example"}, {"port": 2525}, {"user": "they"}, {"security": "tls"}):
        with pytest.raises(Refused) as refusal:
            entered(world, serve[1], **other, password="")
        assert (refusal.value.code, refusal.value.field) == ("no_password", "password")
    assert MailSettings.objects.values().get() == before
    # Whom messages are from is no other server.
    assert entered(world, serve[1], from_name="Us", password="").password == before["password"]
    assert entered(world, serve[1], user="", password="").password == ""


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"host": "smtp.example.com:587"}, "host"),
        ({"host": "https://smtp.example.com"}, "host"),
        ({"port": 0}, "port"),
        ({"port": 65536}, "port"),
        ({"security": "ssl"}, "security"),
        ({"from_address": "us"}, "from_address"),
        ({"reply_to": "us@x.example\nBcc: all@x.example"}, "reply_to"),
        ({"host": "smtp.example.com", "security": "none"}, "security"),
        ({"version": 7}, None),
    ],
)
def test_what_no_server_is_like_is_refused(world: World, serve: Any, other: dict[str, Any], field: str | None) -> None:
    with pytest.raises(Refused) as refusal:
        entered(world, 587, **other)
    assert refusal.value.field == field
    assert not MailSettings.objects.exists()


def test_the_environment_comes_first_and_is_not_changed_here(world: World, mailbox: Mailbox, client: Client) -> None:
    with pytest.raises(Refused) as refusal:
        entered(world, 25)
    assert refusal.value.code == "set_elsewhere"
    assert not MailSettings.objects.exists()
    sign_in(world, client)
    page = client.get(reverse("e-mail")).content.decode()
    assert "Set by the environment variables EMAIL_HOST and its kin" in page
    assert "Messages go out by 127.0.0.1" in page
    assert reverse("mail-server") not in page
    assert try_mail_server(world.caller(), to="lerato@highveld.example") == "250 Taken"


def test_another_server_is_not_left_alone_for_the_last_ones_silence(world: World, serve: tuple[Picky, int]) -> None:
    with write_guard.writing():
        MailServer.objects.create(channel="email", failures=3, closed_until=world.now)
    entered(world, serve[1])
    assert MailServer.objects.values_list("failures", "closed_until").get() == (0, None)


def test_a_sender_the_server_refuses_loses_no_message(world: World, serve: tuple[Picky, int]) -> None:
    """Once another address is entered, what waited leaves."""
    box, port = serve
    entered(world, port, from_address="me@other.example")
    zara = world.customer("Zara Naidoo", emails=("zara@x.example",))
    message = queue_message(
        world.caller(),
        customer=zara,
        kind="note",
        subject="Hello",
        body_text="Hello",
        body_html="",
        addresses=["zara@x.example"],
    )
    later = message.leaves_at + dt.timedelta(seconds=1)
    send_due(Caller.system("worker", at=later))
    delivery = Delivery.objects.get(message=message)
    assert (delivery.state, "553 5.7.1 Not yours" in delivery.result, box.mails) == ("queued", True, [])
    entered(world, port)
    send_due(Caller.system("worker", at=later + dt.timedelta(days=1)))
    delivery.refresh_from_db()
    assert (delivery.state, len(box.mails)) == ("sent", 1)
