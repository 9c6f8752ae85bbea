"""The company's time zone: what day it is on pages, for tasks, for the clock, and at the console."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.network.models import DayUsage
from counterfoil.operator.models import Operator
from counterfoil.operator.operations import change_operator
from counterfoil.operator.operations.company import keeps_time_zone
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.site import schedule, zones
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

# Half past eleven at night in Johannesburg, when it is tomorrow in Sydney and still the afternoon in New York.
LATE = dt.datetime(2026, 3, 31, 21, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _read() -> Iterator[None]:
    zones.forget()
    yield
    zones.hold("")


@pytest.fixture
def desk(world: World) -> Client:
    add_user(world.caller(), email="lerato@highveld.example", name="Lerato", role="administrator")
    client = Client()
    client.force_login(User.objects.get(email="lerato@highveld.example"))
    return client


def choose(world: World, name: str) -> None:
    change_operator(world.caller(), time_zone=name)
    zones.forget()


@pytest.mark.parametrize(
    ("name", "day"),
    [("", "2026-03-31"), ("Australia/Sydney", "2026-04-01"), ("America/New_York", "2026-03-31"),
     ("Pacific/Kiritimati", "2026-04-01")],
)  # fmt: skip
def test_today_is_the_companys_wherever_work_comes_in(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, day: str
) -> None:
    choose(world, name)
    system, seen = Caller.system("schedule", at=LATE), []
    with zones.local():
        assert (system.today.isoformat(), timezone.localdate(LATE).isoformat()) == (day, day)
    # The clock goes by it too, and leaves the thread as it was.
    monkeypatch.setattr(
        schedule, "SCHEDULE", [("one", lambda caller: seen.append(timezone.get_current_timezone_name()))]
    )
    schedule.tick()
    assert seen == [name or settings.TIME_ZONE]
    assert timezone.get_current_timezone_name() == settings.TIME_ZONE


def test_pages_go_by_it(desk: Client, world: World) -> None:
    page = desk.get(reverse("schedule")).content.decode()
    assert settings.TIME_ZONE in page
    choose(world, "Pacific/Kiritimati")
    # Two zones that have no hour of the day with the same date in common: one of the two days differs.
    with timezone.override(zones.zone()):
        there = timezone.localdate()
    page = desk.get(reverse("schedule")).content.decode()
    assert "Pacific/Kiritimati" in page
    assert f'value="{there.isoformat()}"' in page or f"{there.day} {there:%b}" in page


def test_an_unknown_zone_is_refused_by_name(world: World) -> None:
    before = counts(), list(Operator.objects.values())
    for wrong in ("Africa/Jozi", "GMT+2 or so", "../../etc/passwd"):
        with pytest.raises(Refused) as refused:
            change_operator(world.caller(), time_zone=wrong)
        assert (refused.value.code, refused.value.field) == ("unknown_zone", "time_zone")
        assert f"There is no time zone “{wrong}”." in refused.value.sentence
    for wrong_day in (1, 7, -1):
        with pytest.raises(Refused) as refused:
            change_operator(world.caller(), week_starts=wrong_day)
        assert refused.value.field == "week_starts"
    assert (counts(), list(Operator.objects.values())) == before


def test_where_days_are_counted_already_it_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DayUsage.objects, "exists", lambda: True)
    assert list(keeps_time_zone()) == ["Data usage is counted by days of the time zone already, so it stays."]
    # The installation's by its own name is no other.
    change_operator(world.caller(), time_zone=settings.TIME_ZONE)
    with pytest.raises(Refused, match="Data usage is counted by days") as refused:
        change_operator(world.caller(), time_zone="Europe/Berlin")
    assert (refused.value.field, Operator.objects.get().time_zone) == ("time_zone", settings.TIME_ZONE)


def test_it_is_chosen_in_the_form_with_what_it_does_beside_it(desk: Client, world: World) -> None:
    change_operator(world.caller(), region="DE")
    url = reverse("company-time")
    form = desk.get(url).content.decode()
    assert "Europe/Berlin, usual in Germany" in form
    typed = {"time_zone": "Pacific/Kiritimati", "week_starts": "6", "version": Operator.objects.get().version}
    drawn = desk.post(f"{url}?preview=1", typed, headers={"HX-Request": "true"}).content.decode()
    assert "Pacific/Kiritimati" in drawn
    house = Operator.objects.get()
    assert house.time_zone == ""
    desk.post(url, {"time_zone": "Europe/Berlin", "week_starts": "6", "version": house.version, "key": "1"})
    house.refresh_from_db()
    assert (house.time_zone, house.week_starts) == ("Europe/Berlin", 6)
    assert "Europe/Berlin, weeks from Sunday" in desk.get(reverse("settings")).content.decode()
    answer = desk.post(url, {"time_zone": "Mars/Base", "week_starts": "6", "version": house.version, "key": "2"})
    assert answer.status_code == 422
    assert check_books() == []


@pytest.mark.parametrize(
    ("starts", "first", "last"), [(0, "23 Mar", "29 Mar"), (6, "22 Mar", "28 Mar"), (5, "28 Mar", "3 Apr")]
)
def test_weeks_begin_on_the_day_that_was_chosen(world: World, desk: Client, starts: int, first: str, last: str) -> None:
    change_operator(world.caller(), week_starts=starts)
    day = "2026-03-28" if starts == 5 else "2026-03-27"
    page = desk.get(reverse("schedule"), {"day": day, "by": "week", "view": "week"}).content.decode()
    assert f"{first} 2026 to {last} 2026" in page or f"{first} to {last}" in page


def test_a_request_asks_for_it_once_in_a_while(
    world: World, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(world, "Europe/Berlin")
    with django_assert_num_queries(1):
        assert str(zones.zone()) == "Europe/Berlin"
        assert str(zones.zone()) == "Europe/Berlin"
    # Without a database, or before its tables are there, it is what it was.
    zones.forget()

    def fails() -> str:
        raise DatabaseError("no such column")

    monkeypatch.setattr(zones, "company_zone", fails)
    assert str(zones.zone()) == "Europe/Berlin"
    # And one that this machine has forgotten stops nothing.
    zones.hold("Europe/Atlantis")
    assert zones.zone() is None


@pytest.mark.own_database
def test_the_console_goes_by_it(tmp_path: Path) -> None:
    environment = {
        **os.environ, "DATABASE_URL": f"sqlite:///{tmp_path}/own.sqlite3", "COUNTERFOIL_DATA_DIR": str(tmp_path),
        "PYTHONPATH": os.getcwd(),
    }  # fmt: skip

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "counterfoil", *words], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    run("migrate")
    said = "from django.utils import timezone; print(timezone.get_current_timezone_name())"
    assert run("shell", "--no-imports", "-c", said).strip().endswith(settings.TIME_ZONE)
    write = (
        "from counterfoil.operator.operations import change_operator; "
        "from counterfoil.site.console import console_caller; "
        "change_operator(console_caller(), time_zone='Pacific/Kiritimati')"
    )
    run("shell", "--no-imports", "-c", write)
    assert run("shell", "--no-imports", "-c", said).strip().endswith("Pacific/Kiritimati")
