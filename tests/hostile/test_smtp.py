"""The one road of mail against servers that behave badly: nothing twice, nothing lost, and the outcome is the truth."""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from counterfoil.connectors.smtp.connector import SmtpChannel
from counterfoil.messaging.models import Delivery, MailServer, Message, PrivateMail
from counterfoil.messaging.operations import queue_message, queue_private_mail
from counterfoil.messaging.sending import send_due
from counterfoil.platform.callers import Caller
from counterfoil.testing.world import World
from counterfoil.trail.models import Event
from tests.hostile.nasty_smtp import END, GOOD, GREETING, HELLO, NastyServer, Way, ways

START = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
# Enough for everything that may be tried to have been tried.
DAYS = 6


@pytest.fixture(autouse=True)
def _short_times(settings: Any) -> None:
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_CONNECT_TIMEOUT = settings.EMAIL_TIMEOUT = settings.EMAIL_ACCEPT_TIMEOUT = 0.25
    settings.EMAIL_MESSAGE_SECONDS = 0.6
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.connectors.smtp.connector.SmtpChannel"}


Serve = Callable[..., NastyServer]


@pytest.fixture
def serve(settings: Any) -> Iterator[Serve]:
    """A server that treats its connections in these ways."""
    servers: list[NastyServer] = []

    def start(*treated: Way) -> NastyServer:
        servers.append(NastyServer(list(treated)))
        settings.EMAIL_PORT = servers[-1].port
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def queue(world: World) -> Message:
    return queue_message(
        Caller.system("test", at=START), customer=world.customer(), kind="note", subject="Hello",
        body_text="Hello\n" * 9, body_html="<p>Hello</p>", addresses=["zara@zara.example"],
    )  # fmt: skip


def queue_private(world: World) -> PrivateMail:
    return queue_private_mail(
        Caller.system("test", at=START), address="zara@zara.example", subject="Sign in", text="A link\n" * 9,
        useless_at=START + dt.timedelta(minutes=20), customer=world.customer(),
    )  # fmt: skip


def send_until_it_is_over(row: Delivery | PrivateMail) -> None:
    """The clock goes on to whenever something is due, until nothing is."""
    at = START + dt.timedelta(minutes=1)
    while row.state in ("queued", "sending"):
        assert at < START + dt.timedelta(days=DAYS), "It has no end."
        send_due(Caller.system("test", at=at))
        row.refresh_from_db()
        at = max(at + dt.timedelta(minutes=5), row.next_try_at)


def the_outcome_is_true(server: NastyServer, treated: list[Way], row: Delivery | PrivateMail) -> None:
    """What is recorded is what the server did, as far as anybody can know."""
    ends = [way for way, step in server.met if step == END]
    may_have = [way for way in ends if not (isinstance(way.what, bytes) and way.what[:1] in b"45" and way.what[3:4])]
    accepted = [way for way in ends if way.accepts]
    refused = any(way.refuses for way in treated)
    unsure = "may have arrived" in row.result
    assert len(accepted) <= 1, "It arrived twice."
    assert len(may_have) <= 1, "It was sent again although it may have arrived."
    if row.state == "sent":
        assert len(accepted) == 1
    elif unsure:
        assert len(may_have) == 1, "Nothing had been handed over."
    else:
        assert refused, f"It is lost: {row.result}"
        assert not may_have
    kinds = ("message", "mail")
    events = Event.objects.filter(kind__in=[f"{kind}.{end}" for kind in kinds for end in ("delivered", "undelivered")])
    assert [event.kind.partition(".")[2] for event in events] == ["delivered" if row.state == "sent" else "undelivered"]
    assert "\x00" not in row.result
    assert row.result.isprintable()


def run(world: World, server: NastyServer, treated: list[Way], *, private: bool) -> None:
    row: Delivery | PrivateMail = queue_private(world) if private else queue(world).deliveries.get()
    send_until_it_is_over(row)
    the_outcome_is_true(server, treated, row)
    if isinstance(row, PrivateMail):
        assert row.sealed == ""


@pytest.mark.hostile
@pytest.mark.parametrize("way", ways(), ids=lambda way: f"{way.step}-{way.what!r}"[:40])
@pytest.mark.long
def test_one_bad_connection_then_a_good_one(world: World, serve: Serve, way: Way) -> None:
    run(world, serve(way), [way], private=way.step == HELLO)


@pytest.mark.hostile
@pytest.mark.parametrize("seed", range(120))
def test_bad_connections_in_any_order(world: World, serve: Serve, seed: int) -> None:
    chance = random.Random(seed)
    treated = chance.choices(ways(), k=chance.randrange(2, 5))
    run(world, serve(*treated), treated, private=False)


@pytest.mark.parametrize("way", [Way(GREETING, "silent"), Way(GREETING, "drip"), Way(HELLO, "endless")])
def test_no_server_holds_a_message_longer_than_its_time(world: World, serve: Serve, way: Way) -> None:
    serve(*[way] * 3)
    queue(world)
    began = time.monotonic()
    send_due(Caller.system("test", at=START + dt.timedelta(minutes=1)))
    assert time.monotonic() - began < 2


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(world: World, serve: Serve, settings: Any) -> None:
    server = serve()
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = True, "us", "hush"
    row = queue(world).deliveries.get()
    send_due(Caller.system("test", at=START + dt.timedelta(minutes=1)))
    row.refresh_from_db()
    assert (row.state, row.attempts, server.met) == ("queued", 0, [])
    assert row.result == "The mail server could not be reached: STARTTLS extension not supported by server."
    settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
    send_until_it_is_over(row)
    assert row.state == "sent"


def test_a_silent_server_is_left_alone_and_then_tried_by_one_message(world: World, serve: Serve) -> None:
    silent = Way(GREETING, "close")
    server = serve(*[silent] * 4)
    for _ in range(6):
        queue(world)

    def send(seconds: float) -> tuple[int, int]:
        """How many were tried, and how many connections that has left to treat badly."""
        return send_due(Caller.system("test", at=START + dt.timedelta(seconds=60 + seconds))), len(server.ways)

    assert send(0) == (3, 1), "After three messages without an answer the others are spared."
    assert send(14) == (0, 1)
    assert send(16) == (1, 0), "One message tries."
    assert send(40) == (0, 0), "It was in vain: twice as long."
    assert MailServer.objects.get().failures == 4
    assert send(47) == (2, 0), "The server answers, and what was spared leaves."
    assert MailServer.objects.get().failures == 0
    assert send(80) == (4, 0), "So does what had met the server's silence."
    assert send(3600)[0] == 0
    assert set(Delivery.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_server_that_is_down_for_days_loses_nothing(world: World, settings: Any, serve: Serve) -> None:
    settings.EMAIL_PORT = 9
    row = queue(world).deliveries.get()
    for hours in range(1, 72):
        send_due(Caller.system("test", at=START + dt.timedelta(hours=hours)))
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("queued", 0)
    serve(GOOD)
    send_due(Caller.system("test", at=START + dt.timedelta(hours=80)))
    row.refresh_from_db()
    assert (row.state, row.result) == ("sent", "250 in")


def test_what_breaks_inside_our_own_channel_is_never_sent_again(world: World, monkeypatch: Any) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("A mistake of ours.")

    monkeypatch.setattr(SmtpChannel, "send", broken)
    row = queue(world).deliveries.get()
    send_due(Caller.system("test", at=START + dt.timedelta(minutes=1)))
    send_due(Caller.system("test", at=START + dt.timedelta(minutes=12)))
    row.refresh_from_db()
    assert row.state == "failed"
    assert "may have arrived" in row.result
