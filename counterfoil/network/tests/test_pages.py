"""What people see: the pages of settings and sessions, and a password that is shown once it is asked for."""

from __future__ import annotations

import pytest
from django.test import Client

from counterfoil.network.tests.helpers import a_nas, an_account, report
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


@pytest.fixture
def desk(world: World) -> Client:
    user = add_user(
        world.caller(), email="me@x.example", name="Me", role="administrator", password="correct horse battery"
    )
    client = Client()
    client.force_login(user)
    return client


def test_pages_show_nases_sessions_and_access(world: World, desk: Client) -> None:
    a_nas(world)
    account = an_account(world, user_name="ada@isp.example")
    report("Start", "2026-03-31T08:00")
    number = account.service.subscription.customer.number
    for path in ("/sessions/", "/access-accounts/", f"/customers/{number}/services/"):
        page = desk.get(path)
        assert page.status_code == 200
        assert "ada@isp.example" in page.content.decode(), path
    settings = desk.get("/settings/access/").content.decode()
    assert "192.0.2.1" in settings
    assert "100/50 Mbit/s" in settings
    assert "between-nas" not in settings


def test_a_password_is_on_no_page_until_it_is_asked_for(world: World, desk: Client) -> None:
    account = an_account(world)
    assert "s3cret-pw" not in desk.get(f"/access-accounts/{account.pk}/").content.decode()
    shown = desk.post(f"/access-accounts/{account.pk}/password/", headers={"HX-Request": "true"}).content.decode()
    assert "s3cret-pw" in shown
    assert ">Password</label>" in shown
    assert "Access token" not in shown
