"""Single sign-on through an OpenID provider that others wrote and use, as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user, deactivate_user
from counterfoil.testing.provider import CLIENT, SECRET, RealProvider, real_provider
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

PASSWORD = "a password at the provider"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealProvider]:
    with real_provider(tmp_path_factory.mktemp("provider")) as provider:
        provider.add("anna", "anna@x.example", PASSWORD)
        provider.add("mallory", "ada@x.example", PASSWORD, vouched=False)
        provider.add("nobody", "nobody@x.example", PASSWORD)
        yield provider


@pytest.fixture
def provider(running: RealProvider, settings: Any, monkeypatch: pytest.MonkeyPatch) -> RealProvider:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    app = {
        "provider_id": "sso", "name": "House key", "client_id": CLIENT, "secret": SECRET,
        "settings": {"server_url": running.issuer},
    }  # fmt: skip
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    return running


@pytest.fixture
def anna(world: World) -> User:
    add_user(world.caller(), email="ada@x.example", name="Ada", role="administrator", password="correct horse")
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="billing", password="correct horse")


def away(client: Client) -> str:
    """Press the button; where it sends the browser."""
    assert "House key" in client.get("/sign-in/").content.decode()
    return str(client.post("/sso/oidc/sso/login/?next=/customers/")["Location"])


def back(client: Client, address: str) -> Any:
    """The provider sends the browser here; the answer."""
    to = urlsplit(address)
    assert (to.netloc, to.path) == ("testserver", "/sso/oidc/sso/login/callback/")
    return client.get(f"{to.path}?{to.query}")


def come_in(provider: RealProvider, name: str) -> tuple[Client, Any]:
    client = Client()
    return client, back(client, provider.agree(away(client), name, PASSWORD))


def is_in(client: Client) -> bool:
    return client.get("/customers/").status_code == 200


def told() -> list[tuple[str, str]]:
    events = Event.objects.filter(kind__startswith="user.").exclude(kind="user.added").order_by("pk")
    return [(event.kind, event.actor) for event in events]


def test_whoever_was_added_here_comes_in_and_that_is_on_record(provider: RealProvider, anna: User) -> None:
    before = list(User.objects.order_by("pk").values())
    for _ in range(2):
        client, answer = come_in(provider, "anna")
        assert (answer.status_code, answer["Location"]) == (302, "/customers/")
        assert is_in(client)
    assert told() == [("user.connected", "Anna"), ("user.signed_in", "Anna"), ("user.signed_in", "Anna")]
    assert list(User.objects.order_by("pk").values()) == before, "Nothing about the person is changed by it."


@pytest.mark.parametrize("who", ["nobody", "mallory"])
def test_whom_the_provider_knows_and_we_do_not_or_it_does_not_vouch_for_stays_out(
    provider: RealProvider, anna: User, who: str
) -> None:
    before = counts()
    client, answer = come_in(provider, who)
    assert answer.status_code < 500
    assert not is_in(client)
    assert counts() == before


def test_a_wrong_password_there_comes_nowhere_near_here(provider: RealProvider, anna: User) -> None:
    client = Client()
    page = provider.agree(away(client), "anna", "a wrong one")
    assert page.startswith(f"{provider.url}/login.html?")
    assert not is_in(client)
    assert told() == []


def test_a_code_is_good_once_and_in_one_browser(provider: RealProvider, anna: User) -> None:
    client = Client()
    address = provider.agree(away(client), "anna", PASSWORD)
    thief = Client()
    away(thief)
    assert back(thief, address).status_code < 500
    assert not is_in(thief), "Another browser has another state."
    back(client, address)
    assert is_in(client)
    again = Client()
    again.cookies = client.cookies
    assert back(again, address).status_code < 500
    assert told().count(("user.signed_in", "Anna")) == 1


def test_who_left_does_not_return_this_way(provider: RealProvider, anna: User, world: World) -> None:
    come_in(provider, "anna")
    deactivate_user(world.caller(), user=anna)
    client, _ = come_in(provider, "anna")
    assert not is_in(client)


def test_a_wrong_secret_of_ours_is_a_page_and_not_an_error(provider: RealProvider, anna: User, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["secret"] = "not this one"
    client, answer = come_in(provider, "anna")
    assert answer.status_code < 500
    assert not is_in(client)


def test_a_provider_that_changes_its_key_is_believed_by_the_new_one(provider: RealProvider, anna: User) -> None:
    come_in(provider, "anna")
    provider.change_key()
    client, _ = come_in(provider, "anna")
    assert is_in(client)


def test_a_provider_that_is_gone_half_way_is_a_page_and_not_an_error(provider: RealProvider, anna: User) -> None:
    client = Client()
    address = provider.agree(away(client), "anna", PASSWORD)
    provider.stop()
    try:
        for answer in (back(client, address), client.post("/sso/oidc/sso/login/")):
            assert answer.status_code == 401
            assert "Single sign-on failed" in answer.content.decode()
        assert not is_in(client)
        # Who has a password still comes in.
        client.post("/sign-in/", {"login": "anna@x.example", "password": "correct horse"})
        assert is_in(client)
    finally:
        provider.start()
    client, _ = come_in(provider, "anna")
    assert is_in(client)
