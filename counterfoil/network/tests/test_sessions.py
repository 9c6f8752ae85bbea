"""Who had an address, what was used, and what belongs to a customer who moves, merges or is erased."""

from __future__ import annotations

import datetime as dt
import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from counterfoil.customers.models import Customer
from counterfoil.customers.operations import deactivate_customer
from counterfoil.desk.operations import erase_personal_data
from counterfoil.kernel.errors import Refused
from counterfoil.network import queries
from counterfoil.network.models import AccessAccount, AccessSession, DayUsage, SessionReport
from counterfoil.network.operations import look_up_address
from counterfoil.network.panels import used
from counterfoil.network.tests.helpers import a_nas, a_service, an_account, at, counts, report
from counterfoil.portal.queries import data_used
from counterfoil.subscriptions.operations import change_account, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World
from counterfoil.trail.models import Event

WHY = "SAPS 114/11/2026"


@pytest.fixture
def zara(world: World) -> Customer:
    a_nas(world)
    made = world.customer()
    an_account(world, made, user_name="ada@isp.example", ipv6="2001:db8:4821::/56")
    report("Start", "2026-03-30T18:00")
    report("Interim-Update", "2026-03-30T21:00", **counts(10800, 1_000_000, 30_000_000))
    report("Stop", "2026-03-31T04:00", **counts(36000, 2_000_000, 64_000_000))
    return made


def found(world: World, address: str, when: str) -> list[str]:
    return [row.user_name for row in look_up_address(world.caller(), address=address, at=when, reason=WHY)]


def test_who_had_an_address_at_a_time(world: World, zara: Customer) -> None:
    # By the operator's time, two hours ahead of UTC.
    assert found(world, "100.64.0.9", "2026-03-30 20:00") == ["ada@isp.example"]
    assert found(world, "100.64.0.9", "2026-03-31 06:00") == ["ada@isp.example"]
    assert found(world, "100.64.0.9", "2026-03-30 19:59") == []
    assert found(world, "100.64.0.9", "2026-03-31 06:01") == []
    assert found(world, "100.64.0.10", "2026-03-30 20:00") == []
    assert found(world, "2001:db8:4821:1::9", "2026-03-30T21:00") == ["ada@isp.example"]
    asked = Event.objects.filter(kind="address.looked_up")
    assert (asked.count(), asked.filter(customer_id=zara.pk).count()) == (6, 3)
    assert {event.data["reason"] for event in asked} == {WHY}


@pytest.mark.parametrize(
    ("address", "when", "field"),
    [("100.64", "2026-03-30 20:00", "address"), ("100.64.0.9", "yesterday", "at"), ("100.64.0.9", "", "at")],
)
def test_what_cannot_be_looked_up_is_refused(world: World, zara: Customer, address: str, when: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        look_up_address(world.caller(), address=address, at=when, reason=WHY)
    assert refused.value.field == field
    assert not Event.objects.filter(kind="address.looked_up").exists()


def test_an_agent_may_not_look_addresses_up(world: World, zara: Customer) -> None:
    with pytest.raises(Refused):
        look_up_address(world.agent, address="100.64.0.9", at="2026-03-30 20:00", reason=WHY)


def test_the_console_says_who_had_it_as_json(world: World, zara: Customer) -> None:
    out = io.StringIO()
    call_command("sessions", address="100.64.0.9", at="2026-03-30 21:00", format="json", stdout=out)
    (row,) = json.loads(out.getvalue())
    assert (row["account"], row["user"], row["started"], row["ended"], row["up"], row["down"]) == (
        zara.number, "ada@isp.example", "2026-03-30T18:00:00+00:00", "2026-03-31T04:00:00+00:00", 2_000_000, 64_000_000
    )  # fmt: skip
    with pytest.raises(CommandError, match="no time"):
        call_command("sessions", address="100.64.0.9", at="yesterday", stdout=out)
    with pytest.raises(CommandError, match="Name the address too"):
        call_command("sessions", at="2026-03-30 21:00", stdout=out)


def test_usage_is_by_day_and_month_and_service(world: World, zara: Customer) -> None:
    an_account(world, zara, service=a_service(world, zara, "Fibre 50"), user_name="bo")
    report("Stop", "2026-02-27T21:00", **counts(60, 0, 5_000), User_Name="bo", Acct_Unique_Session_Id="b")
    days = queries.used_by_day(zara, since=dt.date(2026, 1, 1))
    assert [(row.service, row.when.isoformat(), row.up, row.down) for row in days] == [
        ("Fibre 100", "2026-03-31", 1_000_000, 34_000_000),
        ("Fibre 100", "2026-03-30", 1_000_000, 30_000_000),
        ("Fibre 50", "2026-02-27", 0, 5_000),
    ]
    shown = used(zara, dt.date(2026, 3, 31))
    assert [(line.when, line.down, line.width) for line in shown["months"]] == [
        ("March 2026", "64.0 MB", 160), ("February 2026", "5.0 kB", 1)
    ]  # fmt: skip
    assert (shown["so_far"], shown["several"]) == ("66.0 MB", True)


def test_customers_see_their_own_data_usage_in_the_portal(world: World, zara: Customer) -> None:
    other = world.customer("Other")
    for customer, want in ((zara, [(2_000_000, 64_000_000)]), (other, [])):
        visitor = SimpleNamespace(customer=customer, caller=world.caller())
        assert [(row.up, row.down) for row in data_used(visitor)] == want


def test_nothing_personal_is_left_of_who_is_erased(world: World, zara: Customer) -> None:

    account = AccessAccount.objects.get()
    remove_services(world.caller(), services=[account.service], change=Change("cancel", world.today), reason="Left")
    deactivate_customer(world.caller(), customer=zara, reason="Left")
    zara.refresh_from_db()
    erase_personal_data(world.caller(), customer=zara, reason="Asked for")
    account.refresh_from_db()
    session = AccessSession.objects.get()
    assert (account.user_name, account.password_box, account.ipv6, account.mac) == ("Erased", "", "", "")
    assert (session.user_name, session.address, session.mac, session.down) == ("", None, "", 64_000_000)
    assert not SessionReport.objects.exists()
    assert DayUsage.objects.count() == 2
    assert not Event.objects.filter(customer_id=zara.pk, data__icontains="ada@isp").exists()


def test_access_goes_along_when_a_service_changes_its_account(world: World, zara: Customer) -> None:

    other, before = world.customer("Other"), AccessAccount.objects.get()
    report("Start", "2026-03-31T09:00", Acct_Unique_Session_Id="n")
    change_account(world.caller(), subscription=before.service.subscription, customer=other)
    before.refresh_from_db()
    after = AccessAccount.objects.get(ended_on=None)
    assert (before.ended_on, after.user_name, after.service.subscription.customer) == (
        world.today, "ada@isp.example", other
    )  # fmt: skip
    assert [row.key for row in queries.online_of(other)] == ["n"]
    assert [row.ended_at for row in queries.sessions_of(zara)] == [at("2026-03-31T04:00")]
