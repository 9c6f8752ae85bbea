"""A credit hold, on the page of the customer: placed, seen, held to, and over with its last day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.kernel.errors import Refused
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.operations import NewService, add_services, start_subscription
from counterfoil.testing.world import World, counts


def test_nothing_new_is_sold_while_there_is_a_hold(world: World, client: Client) -> None:
    add_user(world.caller(), email="a@x.example", name="Ann", role="administrator", password="a-good-long-one")
    client.force_login(User.objects.get(email="a@x.example"))
    today, zara = timezone.localdate(), world.customer()
    world.today, fibre, page = today, world.package("Fibre", "599"), f"/customers/{zara.number}/"
    had = world.subscribe(zara, fibre)
    last = today + dt.timedelta(days=3)
    sent = client.post(f"{page}credit-hold/", {"reason": "Two debit orders bounced", "last_day": last.isoformat()})
    assert (sent.status_code, sent.url) == (302, page)  # type: ignore[attr-defined]
    shown = client.get(page).content.decode()
    assert "Credit hold" in shown
    assert f"{page}lift-hold/" in shown
    assert f"{page}credit-hold/" not in shown
    assert zara.name in client.get("/customers/?view=held").content.decode()
    before = counts()
    more = {"services": [NewService(fibre)], "on": today}
    for sell in (start_subscription, add_services):
        whom = {"customer": zara} if sell is start_subscription else {"subscription": had}
        with pytest.raises(Refused, match="Two debit orders bounced"):
            sell(world.caller(), **whom, **more)  # type: ignore[operator]
    assert counts() == before
    assert world.bill(zara).total_minor > 0
    with world.on(last + dt.timedelta(days=1)):
        world.subscribe(zara, fibre)
    assert client.post(f"{page}lift-hold/", {}).status_code == 302
    assert "lift-hold" not in client.get(page).content.decode()
