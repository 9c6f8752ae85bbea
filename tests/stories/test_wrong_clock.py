"""The clock was a year ahead for a while and is right again: what was counted, locked or put off heals by itself."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from counterfoil.access import rules
from counterfoil.access.models import Login, SignInLink, Tries
from counterfoil.access.operations import give_access, set_password
from counterfoil.customers.models import Contact, Customer
from counterfoil.messaging.interfaces import FakeChannel, TryLater, Unreachable
from counterfoil.messaging.models import Delivery, MailServer, PrivateMail
from counterfoil.messaging.operations import claim_delivery, queue_message
from counterfoil.messaging.sending import send_due
from counterfoil.platform.callers import Caller
from counterfoil.platform.jobs import claim_job, start_job, wake_jobs
from counterfoil.site.schedule import tick
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.staff.sign_in import MfaAdapter
from counterfoil.staff.tokens import PasswordToken
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World

YEAR = dt.timedelta(days=365)
PASSWORD = "zebra in the garden 7"
Clock = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def clock(monkeypatch: Any) -> Clock:
    """`with clock(ahead):` every clock of the program is ahead (or, for a negative time, behind)."""
    now, seconds = timezone.now, time.time

    @contextmanager
    def wrong(by: dt.timedelta = YEAR) -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr("django.utils.timezone.now", lambda: now() + by)
            patched.setattr("django.core.cache.backends.db.tz_now", lambda: now() + by)
            patched.setattr("time.time", lambda: seconds() + by.total_seconds())
            patched.setattr(PasswordToken, "_now", lambda self: timezone.make_naive(now()) + by)
            yield

    return wrong


@pytest.fixture(autouse=True)
def _no_mail_so_far(settings: Any) -> None:
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.messaging.interfaces.FakeChannel"}
    FakeChannel.sent.clear()
    FakeChannel.answers.clear()


@pytest.fixture
def zara(world: World) -> Customer:
    customer = world.customer("Zara", emails=("zara@mail.example",))
    contact = Contact.objects.get(customer=customer)
    login = give_access(world.caller(), contact=contact, email="zara@mail.example", welcome=False).login
    set_password(world.caller(), login=login, password=PASSWORD, current=None, customer=customer)
    return customer


@pytest.fixture
def anna(world: World) -> User:
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="administrator", password=PASSWORD)


def portal(password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/portal/sign-in/password/", {"p-email": "zara@mail.example", "p-password": password})
    return client


def desk(password: str = PASSWORD) -> Client:
    client = Client()
    client.post("/sign-in/", {"login": "anna@x.example", "password": password})
    return client


def is_in(client: Client, where: str = "/customers/") -> bool:
    return client.get(where).status_code == 200


def test_an_address_locked_then_is_open_now(clock: Clock, zara: Customer, anna: User) -> None:
    with clock():
        for _ in range(rules.PASSWORD.most + 2):
            portal("wrong")
            desk("wrong")
        assert not is_in(portal(), "/portal/")
        assert not is_in(desk())
    assert is_in(portal(), "/portal/")
    assert not is_in(desk())
    tick()
    assert is_in(desk())
    assert not Tries.objects.filter(since__gt=timezone.now()).exists()


def test_sessions_of_then_end(clock: Clock, zara: Customer, anna: User) -> None:
    with clock():
        staff, customer = desk(), portal()
        assert is_in(staff)
        assert is_in(customer, "/portal/")
    # Nobody can say how long this page has been left alone.
    assert staff.get("/customers/")["Location"].startswith("/sign-in/again/")
    tick()
    assert not is_in(customer, "/portal/")
    assert staff.get("/customers/")["Location"].startswith("/sign-in/?")
    assert not Session.objects.filter(expire_date__gt=timezone.now() + dt.timedelta(hours=13)).exists()


def test_links_of_then_are_dead(clock: Clock, zara: Customer, anna: User) -> None:
    with clock():
        Client().post("/portal/sign-in/link/", {"email": "zara@mail.example"})
        Client().post("/sign-in/password/", {"email": "anna@x.example"})
        mails = deliver()
    (link,) = re.findall(r"http://localhost:8000(/portal/link/\S+)", mails[0].text)
    (reset,) = re.findall(r"http://localhost:8000(/sign-in/password/\S+)", mails[1].text)
    assert Client().post(link).status_code == 410
    assert "This link does not work" in Client().get(reset, follow=True).content.decode()
    assert Login.objects.get().seen_at is None
    tick()
    assert not SignInLink.objects.exists()
    Client().post("/portal/sign-in/link/", {"email": "zara@mail.example"})
    (new,) = re.findall(r"http://localhost:8000(/portal/link/\S+)", deliver()[2].text)
    assert Client().post(new).status_code == 302


def test_looking_as_a_customer_ends(clock: Clock, zara: Customer, anna: User) -> None:
    with clock(dt.timedelta(hours=2)):
        staff = desk()
        ticket = staff.post(f"/customers/{zara.number}/view-as/", {"key": "k"})["Location"]
        staff.get(ticket)
        assert is_in(staff, "/portal/")
    assert not is_in(staff, "/portal/")
    again = desk()
    assert again.get(ticket).status_code == 404
    assert not is_in(again, "/portal/")


def test_a_code_used_then_is_used_and_another_signs_in(clock: Clock, anna: User) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    Authenticator.objects.create(user=anna, type="totp", data={"secret": MfaAdapter().encrypt(secret)})

    def code() -> str:
        return format_hotp_value(hotp_value(secret, int(time.time()) // 30))

    with clock():
        client = desk()
        assert client.post("/me/sign-in/authenticate/", {"code": code()}).status_code == 302
        assert is_in(client)
    client, used = desk(), code()
    assert client.post("/me/sign-in/authenticate/", {"code": used}).status_code == 302
    assert is_in(client)
    with clock(-dt.timedelta(seconds=5)):
        other = desk()
        other.post("/me/sign-in/authenticate/", {"code": used})
        assert not is_in(other), "A clock that is set back makes no used code good again."


def test_mail_put_off_then_leaves_now(clock: Clock, world: World, zara: Customer) -> None:
    with clock():
        FakeChannel.answers["zara@zara.example"] = [TryLater("451 Busy"), Unreachable("down")]
        queue_message(
            Caller.system("desk"), customer=zara, kind="note", subject="Hello", body_text="Hello", body_html="",
            addresses=["zara@zara.example", "boris@zara.example"],
        )  # fmt: skip
        with clock(YEAR + dt.timedelta(minutes=1)):
            send_due(Caller.system("task"))
    assert Delivery.objects.get(address="zara@zara.example").next_try_at > timezone.now() + YEAR / 2
    FakeChannel.answers.clear()
    send_due(Caller.system("task"))
    assert sorted(mail.to for mail in FakeChannel.sent) == ["boris@zara.example", "zara@zara.example"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}
    DBTaskResult.objects.exclude(run_after__year__gt=9000).update(run_after=timezone.now() + YEAR)
    tick()
    assert not DBTaskResult.objects.filter(run_after__gt=timezone.now(), run_after__year__lt=9000).exists()


def test_a_delivery_claimed_then_is_interrupted_now(clock: Clock, zara: Customer) -> None:
    with clock():
        queue_message(
            Caller.system("desk", at=timezone.now() - dt.timedelta(minutes=1)), customer=zara, kind="note",
            subject="Hello", body_text="Hello", body_html="", addresses=["zara@zara.example"],
        )  # fmt: skip
        assert claim_delivery(Caller.system("task")) is not None
    tick()
    assert Delivery.objects.get().state == "failed"
    assert "may have arrived" in Delivery.objects.get().result


def test_a_mail_server_left_alone_then_is_tried_now(clock: Clock, zara: Customer) -> None:
    with clock():
        FakeChannel.answers["zara@mail.example"] = [Unreachable("down")] * 9
        for minutes in range(3):
            Client().post("/portal/sign-in/link/", {"email": "zara@mail.example"})
            with clock(YEAR + dt.timedelta(minutes=minutes)):
                deliver()
        closed = MailServer.objects.get().closed_until
        assert closed is not None
        assert closed > timezone.now() - dt.timedelta(minutes=1)
    FakeChannel.answers.clear()
    Client().post("/portal/sign-in/link/", {"email": "zara@mail.example"})
    assert [mail.to for mail in deliver()] == ["zara@mail.example"]
    # Those of then speak of links that are dead.
    assert sorted(PrivateMail.objects.values_list("state", flat=True)) == ["failed", "failed", "failed", "sent"]
    assert MailServer.objects.get().failures == 0


def test_a_job_begun_then_is_taken_over_now(clock: Clock, world: World) -> None:
    with clock():
        running = start_job(Caller.system("desk"), kind="export", title="A", arguments={})
        waiting = start_job(Caller.system("desk"), kind="export", title="B", arguments={})
        assert claim_job(Caller.system("job"), job_id=running.pk) is not None
        assert claim_job(Caller.system("job"), job_id=running.pk) is None
    assert wake_jobs(Caller.system("schedule")) == 2
    for job in (running, waiting):
        assert claim_job(Caller.system("job"), job_id=job.pk) is not None
        assert claim_job(Caller.system("job"), job_id=job.pk) is None


def test_a_clock_set_back_by_seconds_forgets_no_try(clock: Clock, zara: Customer) -> None:
    for _ in range(rules.PASSWORD.most):
        portal("wrong")
    with clock(-dt.timedelta(seconds=30)):
        assert not is_in(portal(), "/portal/")


def test_what_was_cached_then_is_forgotten_and_what_is_cached_now_is_not(clock: Clock, anna: User) -> None:
    def rows() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM django_cache")
            return int(cursor.fetchone()[0])

    desk("wrong")
    now = rows()
    assert now > 0
    with clock():
        Client().post("/sign-in/", {"login": "other@x.example", "password": "wrong"})
    assert rows() > now
    tick()
    assert rows() <= now
