"""Reports by e-mail: their days, who gets them, once, and not any more who may not see them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from counterfoil.desk.models import ReportMail
from counterfoil.desk.operations import mail_report
from counterfoil.desk.report_mails import mail_due_reports
from counterfoil.desk.rules import days_mailed, next_mail_on
from counterfoil.desk.tests.test_doors import send
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import PrivateMail
from counterfoil.platform.callers import Caller
from counterfoil.platform.secrets import decrypt
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_role, add_user, change_user
from counterfoil.staff.queries import caller_for
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

DAY = dt.date(2026, 3, 31)


@pytest.fixture
def thandi(world: World) -> User:
    add_user(world.caller(), email="thandi@x.example", name="Thandi", role="billing", password="correct horse")
    return User.objects.get(email="thandi@x.example")


def as_now(world: World, user: User) -> Caller:
    return replace(caller_for(user), at=world.now)


def texts() -> list[str]:
    return [decrypt(row.sealed) for row in PrivateMail.objects.order_by("pk") if row.sealed]


@pytest.mark.parametrize(
    ("every", "after", "on", "days"),
    [
        ("day", "2026-03-31", "2026-04-01", ("2026-03-31", "2026-03-31")),
        # A Tuesday, and a Monday: the next one in both.
        ("week", "2026-03-31", "2026-04-06", ("2026-03-30", "2026-04-05")),
        ("week", "2026-03-30", "2026-04-06", ("2026-03-30", "2026-04-05")),
        ("month", "2026-01-31", "2026-02-01", ("2026-01-01", "2026-01-31")),
        ("month", "2026-02-01", "2026-03-01", ("2026-02-01", "2026-02-28")),
        ("month", "2026-12-15", "2027-01-01", ("2026-12-01", "2026-12-31")),
    ],
)
def test_a_report_comes_after_the_days_it_is_about(every: str, after: str, on: str, days: tuple[str, str]) -> None:
    found = next_mail_on(every, dt.date.fromisoformat(after))
    assert (found.isoformat(), tuple(day.isoformat() for day in days_mailed(every, found))) == (on, days)


def test_a_report_is_asked_for_comes_once_with_its_figures_and_is_stopped(world: World, thandi: User) -> None:
    world.today = DAY
    client = Client()
    client.force_login(thandi)
    zara = world.customer(owing={"2026-04-20": "115.00"})
    assert "E-mail me this" in client.get(reverse("report", args=["tax"])).content.decode()
    row = mail_report(as_now(world, thandi), report="open-items", every="month")
    assert row.next_on == dt.date(2026, 4, 1)
    assert mail_due_reports(world.system()) == 0
    world.today = dt.date(2026, 4, 1)
    assert [mail_due_reports(world.system()), mail_due_reports(world.system())] == [1, 0]
    (text,) = texts()
    assert all(said in text for said in ("Open items as of 2026-03-31", zara.number, "115.00", "to=2026-03-31"))
    assert ReportMail.objects.get().next_on == dt.date(2026, 5, 1)
    assert PrivateMail.objects.get().address == "thandi@x.example"
    assert "E-mailed to you" in client.get(reverse("reports")).content.decode()
    assert "It is no longer e-mailed to you." in send(client, reverse("stop-report-mail", args=[row.pk]))
    assert not ReportMail.objects.exists()
    assert len(mail.outbox) == 0


def test_what_was_missed_while_nothing_ran_comes_once_and_not_again_for_each_day(world: World, thandi: User) -> None:
    world.today = DAY
    mail_report(as_now(world, thandi), report="tax", every="day")
    world.today = dt.date(2026, 4, 10)
    assert mail_due_reports(world.system()) == 1
    assert ReportMail.objects.get().next_on == dt.date(2026, 4, 11)


def test_it_is_asked_for_in_the_browser(world: World, thandi: User) -> None:
    client = Client()
    client.force_login(thandi)
    said = send(client, reverse("mail-report", args=["tax"]), every="week")
    assert "Tax by rate comes by e-mail, first on" in said
    twice = client.post(reverse("mail-report", args=["tax"]), {"every": "week", "key": "again"})
    assert "You get it that often already." in twice.content.decode()
    for name in ("nothing", "tax-documents", "trial-balances"):
        assert client.get(reverse("mail-report", args=[name])).status_code == 404


def test_who_may_not_see_it_any_more_does_not_get_it_and_that_is_on_record(world: World, thandi: User) -> None:
    world.today = DAY
    mail_report(as_now(world, thandi), report="tax", every="month")
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="correct horse")
    user = User.objects.get(pk=thandi.pk)
    role = add_role(world.caller(), name="Nothing")
    change_user(world.caller(), user=user, version=user.version, name=user.name, role=role.key)
    world.today = dt.date(2026, 4, 1)
    assert mail_due_reports(world.system()) == 0
    assert (texts(), ReportMail.objects.count()) == ([], 0)
    assert "Thandi" in Event.objects.get(kind="report.mail_stopped").data["name"]


def test_nobody_stops_what_is_somebody_elses_and_nothing_odd_is_asked_for(world: World, thandi: User) -> None:
    caller = as_now(world, thandi)
    row = mail_report(caller, report="tax", every="month")
    add_user(world.caller(), email="b@x.example", name="B", role="billing", password="correct horse")
    other = Client()
    other.force_login(User.objects.get(email="b@x.example"))
    before = counts()
    assert other.post(reverse("stop-report-mail", args=[row.pk])).status_code == 404
    for report, every, code in (
        ("nothing", "month", "no_such_report"), ("tax-documents", "month", "needs_a_figure"),
        ("tax", "hour", "no_such_time"), ("tax", "month", "no_change"), ("trial-balance", "day", ""),
    ):  # fmt: skip
        if code:
            with pytest.raises(Refused) as refused:
                mail_report(caller, report=report, every=every)
            assert refused.value.code == code
    assert counts() == before
