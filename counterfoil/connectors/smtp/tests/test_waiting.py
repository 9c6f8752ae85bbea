"""Without a mail server messages wait, are called sent by nobody, and leave by themselves once there is one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from counterfoil.connectors.smtp.tests.server import Mailbox, controller
from counterfoil.messaging.models import Delivery, MailServer, Message, PrivateMail
from counterfoil.messaging.operations import queue_message, queue_private_mail
from counterfoil.messaging.operations.mail_server import set_mail_server
from counterfoil.messaging.panels import delivery_status
from counterfoil.messaging.queries import messages_of
from counterfoil.messaging.sending import send_due
from counterfoil.messaging.tasks import send_due_messages, wake
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller, System
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World

TROUBLE = "No mail server is set up: messages wait."


@pytest.fixture(autouse=True)
def nowhere(settings: Any) -> None:
    """An installation to which nobody has told a mail server."""
    settings.EMAIL_HOST = ""
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.smtp.connector.SmtpChannel"}


@pytest.fixture
def box() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    server = controller(box)
    server.start()
    yield box, server.port
    server.stop()


def queue(world: World) -> Message:
    return queue_message(
        world.clerk, customer=world.customer(), kind="note", subject="Hello", body_text="Hello", body_html="",
        addresses=["zara@zara.example"],
    )  # fmt: skip


def later(world: World, **time: float) -> System:
    return Caller.system("task", at=world.now + dt.timedelta(**time))


def enter(world: World, port: int) -> None:
    set_mail_server(world.caller(), host="127.0.0.1", port=port, security="none")


def page_of(world: World, client: Client, role: str, url: str) -> str:
    email = f"{role}@highveld.example"
    if not User.objects.filter(email=email).exists():
        add_user(world.caller(), email=email, name="Lerato", role=role)
    client.force_login(User.objects.get(email=email))
    return squeezed(client.get(url).content.decode())


def test_a_message_waits_for_weeks_and_leaves_by_itself(world: World, box: tuple[Mailbox, int]) -> None:
    message = queue(world)
    assert send_due(later(world, days=1)) == 0
    assert wake(later(world, days=1)) == 0
    assert Delivery.objects.values_list("state", "attempts", "result").get() == ("queued", 0, "")
    assert delivery_status(messages_of(message.customer).get()) == ("Waiting: no mail server is set up", "warn")

    with world.on("2026-04-21"):
        before = DBTaskResult.objects.count()
        enter(world, box[1])
        # Somebody is woken in the same transaction.
        assert DBTaskResult.objects.count() == before + 1
        assert delivery_status(messages_of(message.customer).get()) == ("Waiting to be sent", "info")
        send_due_messages.func()
    assert box[0].recipients == ["zara@zara.example"]
    assert delivery_status(messages_of(message.customer).get()) == ("Sent", "ok")


def test_the_days_without_a_server_are_no_tries(world: World) -> None:
    """It is given up after five days in which a server could not be reached, and not at the first try."""
    queue(world)
    with world.on("2026-04-21"):
        enter(world, 9)
        send_due(later(world, minutes=1))
        assert Delivery.objects.get().state == "queued"
        send_due(later(world, days=5))
        assert Delivery.objects.get().state == "failed"


def test_what_is_of_use_for_minutes_says_why_it_was_not_sent(world: World) -> None:
    queue_private_mail(
        later(world), address="zara@zara.example", subject="Sign in", text="https://…",
        useless_at=world.now + dt.timedelta(minutes=20),
    )  # fmt: skip
    send_due(later(world, minutes=30))
    mail = PrivateMail.objects.get()
    assert (mail.state, mail.result) == ("failed", "It could not be sent in time. No mail server is set up.")


def test_every_page_says_so_to_whom_may_change_it(world: World, client: Client, box: tuple[Mailbox, int]) -> None:
    home = reverse("home")
    assert TROUBLE not in page_of(world, client, "administrator", home)
    message = queue(world)
    assert TROUBLE in page_of(world, client, "administrator", home)
    assert TROUBLE in page_of(world, client, "administrator", reverse("settings"))
    assert TROUBLE not in page_of(world, client, "billing", home)
    url = reverse("message", args=[message.pk])
    waiting = "Waiting: no mail server is set up."
    seen, told = (page_of(world, client, role, url) for role in ("administrator", "billing"))
    assert (waiting in seen, waiting in told) == (True, True)
    assert (reverse("e-mail") in seen, reverse("e-mail") in told) == (True, False)

    enter(world, box[1])
    assert TROUBLE not in page_of(world, client, "administrator", home)
    with write_guard.writing():
        MailServer.objects.create(channel="email", failures=3)
    assert "The mail server does not answer, or refuses the sign-in" in page_of(world, client, "administrator", home)


def test_a_demonstration_says_that_it_sends_nothing(world: World, client: Client, settings: Any) -> None:
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.outbox.connector.OutboxChannel"}
    queue(world)
    assert TROUBLE not in page_of(world, client, "administrator", reverse("home"))
    assert "This is a demonstration: messages are written" in page_of(world, client, "administrator", reverse("e-mail"))
