"""Suspension on screen: what is listed, approved, paused and switched on again, and what people read on the way."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.collections.operations import agree_plan, record_promise
from counterfoil.credit.queries import default_class
from counterfoil.customers.models import Customer
from counterfoil.kernel.periods import date_text, deadline_text
from counterfoil.platform.callers import Caller
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.suspension.models import Holiday, Suspension
from counterfoil.suspension.operations import approve_suspensions, set_suspension_policy, suspend_now, take_all_steps
from counterfoil.suspension.queries import policy
from counterfoil.testing.world import World


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes R1,498.00 for forty days; pages are seen with the real clock."""
    world.today = timezone.localdate()
    set_suspension_policy(
        world.caller(),
        changes={"enabled": True, "on_weekends": True, "on_holidays": True, "from_hour": 0, "until_hour": 24},
    )
    due = world.today - dt.timedelta(days=40)
    return world.customer("Zara Naidoo", owing={due.isoformat(): "1498.00"}, emails=("zara@mail.example",))


def as_(world: World, client: Client, role: str = "collector") -> Client:
    add_user(world.caller(), email=f"{role}@x.example", name=role.title(), role=role, password="a-good-long-one")
    client.force_login(User.objects.get(email=f"{role}@x.example"))
    return client


def listed() -> Suspension:
    take_all_steps(Caller.system("schedule"))
    return Suspension.objects.get()


def approved(world: World) -> Suspension:
    (row,) = approve_suspensions(world.caller(), suspensions=[listed()])
    return row


def page(client: Client, address: str) -> str:
    found = client.get(address)
    assert found.status_code == 200, address
    return " ".join(found.content.decode().split())


def day(n: int) -> str:
    return (timezone.localdate() + dt.timedelta(days=n)).isoformat()


def test_the_list_says_who_why_and_what_comes_and_all_are_approved_at_once(
    world: World, zara: Customer, client: Client
) -> None:
    as_(world, client)
    row = listed()
    shown = page(client, "/suspensions/")
    for words in ("Zara Naidoo", "To approve", "1,498.00", "Waits for approval", "40 days overdue", "Approve all 1"):
        assert words in shown, words
    asked = page(client, "/suspensions/approve/?all=1")
    assert "R1,498.00 overdue" in asked
    sent = client.post("/suspensions/approve/", {"ids": str(row.pk)})
    assert (sent.status_code, sent["Location"]) == (302, "/suspensions/")
    assert Suspension.objects.get().state == "first_warning"
    shown = page(client, "/suspensions/?view=warned")
    assert "First warning" in shown
    assert "Second warning" in shown
    assert "Zara Naidoo" not in page(client, "/suspensions/?view=listed")


def test_what_would_happen_is_what_the_page_says_of_the_day(world: World, zara: Customer, client: Client) -> None:
    as_(world, client)
    approved(world)
    # Warned today, again in four days, suspended three days later.
    assert "Nothing would happen" in page(client, f"/suspensions/foreseen/?on={day(3)}")
    assert "Second warning" in page(client, f"/suspensions/foreseen/?on={day(4)}")
    shown = page(client, f"/suspensions/foreseen/?on={day(7)}")
    for words in ("Suspended", "Zara Naidoo", "1,498.00", ">47<"):
        assert words in shown, words
    table = client.get(f"/suspensions/foreseen/?on={day(7)}&format=csv").content.decode()
    assert "Zara Naidoo" in table
    assert client.get("/suspensions/foreseen/?on=2999-01-01").status_code == 422


def test_the_customer_page_says_when_and_offers_what_can_be_done(world: World, zara: Customer, client: Client) -> None:
    as_(world, client)
    home = f"/customers/{zara.number}/"
    shown = page(client, home)
    assert "Suspends" not in shown
    assert "Listed for suspension" not in shown
    approved(world)
    shown = page(client, home)
    assert "if unpaid" in shown
    assert "Suspends " in shown
    sent = client.post(f"{home}suspend/", {"reason": "Third time"})
    assert sent.status_code == 302
    shown = page(client, home)
    assert "Suspended since" in shown
    assert f"{home}switch-on/" in shown
    section = page(client, f"{home}collections/")
    for words in ("Third time", "First warning", "Switch off", "by Administrator"):
        assert words in section, words
    # Two clicks: the button in the header, and its form as it opens.
    assert "Payment received" in page(client, f"{home}switch-on/")
    assert client.post(f"{home}switch-on/", {"reason": "Payment received"}).status_code == 302
    assert Suspension.objects.get().state == "reset"
    assert "Suspended since" not in page(client, home)


def test_a_pause_has_one_last_day_everywhere_and_what_is_on_is_not_switched_on(
    world: World, zara: Customer, client: Client
) -> None:
    as_(world, client)
    home = f"/customers/{zara.number}/"
    suspend_now(world.caller(), customer=zara, reason="Third time")
    shown = page(client, home)
    assert (f"{home}switch-on/" in shown, f"{home}end-suspension/" in shown) == (True, False)
    assert client.post(f"{home}pause-suspension/", {"days": "2"}).status_code == 302
    last = timezone.localdate() + dt.timedelta(days=1)
    day_text = deadline_text(last, today=timezone.localdate())
    shown = page(client, home)
    assert f"Paused up to {day_text}" in shown
    assert f"Suspension paused up to {day_text}" in shown
    assert f"for 2 days, up to {day_text}, by Collector" in page(client, f"{home}collections/")
    assert f"Paused the suspension for 2 days, up to {date_text(last, today=timezone.localdate())}" in shown
    assert "until" not in shown.partition("<main")[2].lower()
    assert (f"{home}switch-on/" in shown, f"{home}end-suspension/" in shown) == (False, True)
    listed = page(client, "/suspensions/?view=paused")
    assert (f"{home}switch-on/" in listed, f"{home}end-suspension/" in listed) == (False, True)
    assert "Payment received" in page(client, f"{home}end-suspension/")
    assert client.post(f"{home}end-suspension/", {"reason": "Payment received"}).status_code == 302
    assert Suspension.objects.get().state == "reset"


def test_suspend_now_says_what_was_promised(world: World, zara: Customer, client: Client) -> None:
    as_(world, client)
    form = f"/customers/{zara.number}/suspend/"
    assert "promised" not in page(client, form)
    today = timezone.localdate()
    by = [today, today + dt.timedelta(days=6)]
    record_promise(world.caller("collector"), customer=zara, amount_minor=116591, due_on=by[0])
    assert f"They promised R1,165.91 by {date_text(by[0], today=today)}." in page(client, form)
    agree_plan(world.caller("collector"), customer=zara, instalments=[(100000, by[0]), (49800, by[1])])
    said = f"They promised R1,000.00 by {date_text(by[0], today=today)} and 1 more payment after it."
    assert said in page(client, form)
    # A day that is over promises nothing, whether it was judged yet or not.
    with world.on(today - dt.timedelta(days=3)):
        late = world.customer("Late", owing={(today - dt.timedelta(days=40)).isoformat(): "100.00"})
        record_promise(world.caller("collector"), customer=late, amount_minor=100, due_on=world.today)
    assert "promised" not in page(client, f"/customers/{late.number}/suspend/")


def test_a_class_has_suspension_days_of_its_own(world: World, client: Client) -> None:
    as_(world, client, "finance")
    default = default_class()
    address = f"/profile-classes/{default.pk}/suspension/"
    shown = page(client, "/settings/profile-classes/")
    assert f'href="{address}"' in shown
    assert ">Suspension days<" in shown
    assert ">Suspend like all others<" not in shown
    assert "Suspension days" in page(client, address)
    set_suspension_policy(world.caller(), changes={"overdue_days": 9}, profile_class=default)
    assert ">Suspend like all others<" in page(client, "/settings/profile-classes/")


def test_before_the_first_command_there_are_none_yet(world: World, zara: Customer, client: Client) -> None:
    as_(world, client)
    shown = page(client, f"/customers/{zara.number}/collections/")
    assert "No commands yet" in shown
    assert "told nothing" not in shown


def test_who_may_only_read_sees_the_stage_and_no_buttons(world: World, zara: Customer, client: Client) -> None:
    as_(world, client, "reader")
    suspend_now(world.caller(), customer=zara, reason="Third time")
    shown = page(client, f"/customers/{zara.number}/")
    assert "Suspended" in shown
    assert client.post(f"/customers/{zara.number}/pause-suspension/", {"days": "2"}).status_code in (403, 404)
    assert client.get("/settings/suspension/").status_code in (403, 404)
    assert Suspension.objects.get().state == "suspended"


def test_the_policy_and_the_holidays_are_set_in_settings(world: World, client: Client) -> None:
    as_(world, client, "administrator")
    form = page(client, "/settings/suspension/")
    assert "Days after the due day until the first warning" in form
    said = {
        "enabled": "on", "overdue_days": "5", "second_days": "4", "suspend_days": "3", "floor": "100.00",
        "promise_holds": "on", "resets": "on", "pause_days": "2", "most_pauses": "3", "longest_pause": "7",
        "from_hour": "9", "until_hour": "11", "groups": "Schools\nHospitals",
    }  # fmt: skip
    sent = client.post("/settings/suspension/", said)
    assert (sent.status_code, sent["Location"]) == (302, "/settings/")
    now = policy()
    assert (now.overdue_days, now.floor_minor, now.from_hour, now.groups) == (5, 10000, 9, ("Schools", "Hospitals"))
    assert "5 days after the due day, then 4 and 3" in page(client, "/settings/")
    wrong = client.post("/settings/suspension/", {**said, "until_hour": "8"})
    assert wrong.status_code == 422
    assert "The last hour must be after the first" in wrong.content.decode()
    assert client.post("/settings/holidays/add/", {"days": "25 dec 2026 Christmas\n2026-12-26"}).status_code == 302
    shown = page(client, "/settings/holidays/")
    assert "Christmas" in shown
    first = Holiday.objects.order_by("day")[0]
    assert client.post(f"/holidays/{first.pk}/remove/", {}).status_code == 302
    assert "Christmas, 25 Dec 2026 removed." in page(client, "/settings/holidays/")
    assert "Christmas" not in page(client, "/settings/holidays/")
    assert client.post("/settings/network/", {"provisioner": "recording"}).status_code == 302
    assert "a recording" in page(client, "/settings/")
