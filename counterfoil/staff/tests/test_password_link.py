"""Asking for a link to set a password: one answer for everybody, no mail server in the way, and a true outcome."""

from __future__ import annotations

import datetime as dt
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from counterfoil.connectors.outbox.connector import OutboxChannel
from counterfoil.connectors.smtp.connector import SmtpChannel
from counterfoil.desk.tasks import email_password_link
from counterfoil.messaging.interfaces import FakeChannel, Outgoing, Rejected, TryLater, Unreachable
from counterfoil.messaging.models import PrivateMail
from counterfoil.operator.models import Operator
from counterfoil.operator.operations import change_operator
from counterfoil.platform.callers import Caller
from counterfoil.platform.write_guard import elsewhere
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user, deactivate_user, set_password
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World
from counterfoil.trail.models import Event
from counterfoil.trail.queries import events_about

ASK = "/sign-in/password/"


@pytest.fixture(autouse=True)
def _no_mail_so_far() -> None:
    FakeChannel.sent.clear()
    FakeChannel.answers.clear()


@pytest.fixture
def anna(world: World) -> User:
    change_operator(world.caller(), name="Highveld Fibre", email="accounts@highveld.example")
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="billing", password="correct horse")


def later(**span: float) -> Caller:
    return Caller.system("task", at=timezone.now() + dt.timedelta(**span))


def said(user: User) -> list[str]:
    """What the person's page tells of their mail, oldest first."""
    return [event.kind for event in events_about(user) if event.kind.startswith(("mail.", "user.link"))][::-1]


def test_known_and_unknown_addresses_get_one_answer_for_the_same_work(anna: User, world: World) -> None:
    add_user(world.caller(), email="ada@x.example", name="Ada", role="administrator")
    deactivate_user(world.caller(), user=add_user(world.caller(), email="left@x.example", name="L", role="reader"))
    Client().post(ASK, {"email": "warm@x.example"})
    asked = {}
    for email in ("anna@x.example", "nobody@x.example", "left@x.example"):
        with CaptureQueriesContext(connection) as queries:
            answer = Client().post(ASK, {"email": email})
        asked[email] = (answer.status_code, answer["Location"], len(queries))
    assert len(set(asked.values())) == 1, asked
    assert asked["anna@x.example"][:2] == (302, "/sign-in/password/sent/")
    assert DBTaskResult.objects.filter(task_path="counterfoil.desk.tasks.email_password_link").count() == 4
    assert not PrivateMail.objects.exists()
    (mail,) = deliver()
    assert mail.to == "anna@x.example"


def test_no_mail_server_is_asked_while_somebody_waits_for_the_page(anna: User, monkeypatch: Any) -> None:
    def unreachable(*args: Any) -> None:
        raise AssertionError("A request spoke to the mail server.")

    monkeypatch.setattr("smtplib.SMTP.connect", unreachable)
    monkeypatch.setattr(SmtpChannel, "send", unreachable)
    monkeypatch.setattr(OutboxChannel, "send", unreachable)
    assert Client().post(ASK, {"email": "anna@x.example"}).status_code == 302


def test_the_link_is_of_this_installation_and_comes_from_the_company(anna: User, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.PUBLIC_URL = "https://accounts.highveld.example"
    Client().post(
        ASK, {"email": "Anna@X.example"}, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    )
    (mail,) = deliver()
    assert mail.sender == "Highveld Fibre <accounts@highveld.example>"
    assert mail.reply_to == Operator.objects.get().email
    assert mail.subject == "Set a new password, Highveld Fibre"
    assert re.search(r"https://accounts\.highveld\.example/sign-in/password/\w+-\S+/", mail.text)
    assert "evil" not in mail.text


def test_a_temporary_refusal_is_tried_again_with_the_same_link(anna: User) -> None:
    FakeChannel.answers["anna@x.example"] = [TryLater("451 4.7.1 Greylisted")]
    Client().post(ASK, {"email": "anna@x.example"})
    assert deliver() == []
    row = PrivateMail.objects.get()
    assert (row.state, row.attempts, row.result) == ("queued", 1, "451 4.7.1 Greylisted")
    assert said(anna) == ["user.link_sent"], "Nothing was delivered, and nothing says so."
    (mail,) = deliver(later(seconds=20))
    assert "/sign-in/password/" in mail.text
    assert said(anna) == ["user.link_sent", "mail.delivered"]
    row.refresh_from_db()
    assert (row.state, row.attempts, row.sealed) == ("sent", 2, "")


def test_what_was_refused_for_good_is_said_so(anna: User) -> None:
    FakeChannel.answers["anna@x.example"] = [Rejected("550 No such mailbox")]
    Client().post(ASK, {"email": "anna@x.example"})
    deliver()
    assert said(anna) == ["user.link_sent", "mail.undelivered"]
    event = Event.objects.get(kind="mail.undelivered")
    assert event.data["result"] == "550 No such mailbox"
    assert PrivateMail.objects.get().sealed == ""


def test_whatever_takes_mail_away_what_it_says_is_kept_clean(anna: User) -> None:
    FakeChannel.answers["anna@x.example"] = [Rejected("550 \x00\ud800no\nsuch " + "x" * 400)]
    Client().post(ASK, {"email": "anna@x.example"})
    deliver()
    clean = "550 no such " + "x" * 238
    assert PrivateMail.objects.get().result == clean
    assert Event.objects.get(kind="mail.undelivered").data["result"] == clean


def test_a_task_that_runs_twice_mails_once(anna: User) -> None:
    for _ in range(2):
        email_password_link.func(email="anna@x.example", asked="the same")
    assert PrivateMail.objects.count() == 1
    email_password_link.func(email="anna@x.example", asked="another")
    assert PrivateMail.objects.count() == 2


def test_one_link_in_two_browsers_at_the_same_moment_sets_one_password(anna: User, monkeypatch: Any) -> None:
    """Each has opened the page, and both send a password: the link of the second is used up by then."""
    Client().post(ASK, {"email": "anna@x.example"})
    link = re.findall(r"(/sign-in/password/\S+)", deliver()[0].text)[0]
    mine, thiefs = Client(), Client()
    pages = [client.get(link, follow=True).redirect_chain[-1][0] for client in (mine, thiefs)]
    hash_first = set_password.before
    assert hash_first is not None
    told: list[Any] = []

    def meanwhile(caller: Caller, **arguments: Any) -> Any:
        if not told:
            told.append("once")
            with elsewhere():
                told.append(thiefs.post(pages[1], dict.fromkeys(("password1", "password2"), "a lion in the bath")))
        return hash_first(caller, **arguments)

    monkeypatch.setattr(set_password, "before", meanwhile)
    answer = mine.post(pages[0], {"password1": "an owl at the door", "password2": "an owl at the door"})
    assert told[1].status_code == 302
    assert (answer.status_code, "Ask for a new link" in answer.content.decode()) == (422, True)
    row = User.objects.get(pk=anna.pk)
    assert (row.check_password("a lion in the bath"), row.check_password("an owl at the door")) == (True, False)
    assert Event.objects.filter(kind="user.password_changed").count() == 1


def dump() -> str:
    out = StringIO()
    call_command("dumpdata", stdout=out)
    return out.getvalue()


def test_the_link_lies_nowhere_readable_and_is_gone_when_it_is_of_no_use(anna: User) -> None:
    FakeChannel.answers["anna@x.example"] = [TryLater("451 Busy")] * 50
    Client().post(ASK, {"email": "anna@x.example"})
    deliver()
    row = PrivateMail.objects.get()
    assert row.sealed
    waiting = dump()
    assert "/sign-in/password/" not in waiting
    for minutes in (1, 3, 9, 20, 40):
        deliver(later(minutes=minutes))
    deliver(later(minutes=61))
    row.refresh_from_db()
    assert (row.state, row.sealed) == ("failed", "")
    assert said(anna) == ["user.link_sent", "mail.undelivered"]
    deliver(later(days=9))
    assert not PrivateMail.objects.exists()


def test_a_mail_server_that_is_down_for_a_while_loses_no_link(anna: User) -> None:
    FakeChannel.answers["anna@x.example"] = [Unreachable("The mail server could not be reached: refused")] * 5
    Client().post(ASK, {"email": "anna@x.example"})
    sent: list[Outgoing] = []
    for minutes in range(12):
        sent = deliver(later(minutes=minutes))
    assert [mail.to for mail in sent] == ["anna@x.example"]
    assert PrivateMail.objects.get().attempts == 1
