"""Signing in: second factors, lock-out, idle pages, sessions, links to set a password; and the trail of all of it."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.test import Client

from counterfoil.desk.middleware import SEEN
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.platform import secrets
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user, deactivate_user, reset_second_factor, sign_out_user
from counterfoil.staff.sign_in import MfaAdapter
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World
from counterfoil.trail.models import Event

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def anna(world: World) -> User:
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="billing", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/sign-in/", {"login": "anna@x.example", "password": password, **more})


def code() -> str:
    return format_hotp_value(hotp_value(SECRET, next(iter(yield_hotp_counters_from_time()))))


def with_app(user: User) -> Authenticator:
    return Authenticator.objects.create(user=user, type="totp", data={"secret": MfaAdapter().encrypt(SECRET)})


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__startswith="user.").order_by("pk").values_list("kind", flat=True))


def test_a_password_lets_in_and_returns_to_the_page_asked_for(anna: User) -> None:
    client = Client()
    answer = sign_in(client, next="/customers/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/customers/")
    assert client.get("/customers/").status_code == 200
    assert kinds() == ["user.added", "user.signed_in"]
    event = Event.objects.get(kind="user.signed_in")
    assert (event.actor, event.door) == ("Anna", "sign-in")
    client.post("/sign-out/")
    assert client.get("/customers/").status_code == 302


def test_too_many_tries_lock_even_the_right_password(anna: User) -> None:
    client = Client()
    for _ in range(5):
        assert "Incorrect e-mail address or password" in sign_in(client, "wrong").content.decode()
    for password in ("wrong", PASSWORD):
        answer = sign_in(client, password)
        assert "Too many tries. Wait 15 minutes" in answer.content.decode()
    assert client.get("/customers/").status_code == 302
    assert kinds().count("user.sign_in_failed") == 5
    # Said once, however often somebody tries.
    assert kinds().count("user.locked_out") == 1


def test_the_second_step_takes_each_code_once(anna: User) -> None:
    row = with_app(anna)
    assert SECRET not in str(row.data)
    assert secrets.decrypt(row.data["secret"]) == SECRET
    client, used = Client(), code()
    assert sign_in(client).headers["Location"].startswith("/me/sign-in/authenticate/")
    assert client.get("/customers/").status_code == 302, "The password alone lets nobody in."
    assert "Second step" in client.get("/me/sign-in/authenticate/").content.decode()
    answer = client.post("/me/sign-in/authenticate/", {"code": "000000"})
    assert "That code is not right" in answer.content.decode()
    assert client.post("/me/sign-in/authenticate/", {"code": used}).status_code == 302
    assert client.get("/customers/").status_code == 200
    other = Client()
    sign_in(other)
    assert "used already" in other.post("/me/sign-in/authenticate/", {"code": used}).content.decode()
    assert other.get("/customers/").status_code == 302


def test_setting_up_an_app_is_in_the_trail_and_an_administrator_takes_it_away(
    world: World, anna: User, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    sign_in(client)
    again = client.get("/me/sign-in/totp/activate/").headers["Location"]
    assert again.startswith("/sign-in/again/"), "Changing how one signs in asks for the password first."
    client.post(again, {"password": PASSWORD})
    page = client.get("/me/sign-in/totp/activate/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page)
    assert secret
    right = format_hotp_value(hotp_value(secret[1], next(iter(yield_hotp_counters_from_time()))))
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/me/sign-in/totp/activate/", {"code": right}).status_code == 302
    assert {row.type for row in Authenticator.objects.all()} == {"totp", "recovery_codes"}
    codes = client.get("/me/sign-in/recovery-codes/").content.decode()
    assert len(re.findall(r"^\d{8}$", codes.partition("<textarea")[2].partition(">")[2], re.M)) == 10
    assert "user.factor_added" in kinds()
    assert client.get("/customers/").status_code == 200
    other = Client()
    sign_in(other)
    again = other.post("/me/sign-in/authenticate/", {"code": right})
    assert "used already" in again.content.decode(), "The code that set it up has been used."
    assert other.get("/customers/").status_code == 302
    reset_second_factor(world.caller(), user=anna)
    assert not Authenticator.objects.exists()
    assert client.get("/customers/").status_code == 302, "Resetting ends the sessions."
    assert sign_in(Client()).headers["Location"] == "/"
    with pytest.raises(Refused, match="no second factor"):
        reset_second_factor(world.caller(), user=anna)


def test_an_idle_page_asks_who_is_there_and_returns(anna: User) -> None:
    client = Client()
    sign_in(client)
    client.get("/customers/")

    def leave_alone() -> None:
        session = client.session
        long_ago = time.time() - 3 * 3600
        session[SEEN] = int(long_ago)
        session["account_authentication_methods"] = [
            {**row, "at": long_ago} for row in session["account_authentication_methods"]
        ]
        session.save()

    leave_alone()
    answer = client.get("/customers/?view=overdue")
    assert answer.headers["Location"] == "/sign-in/again/?next=%2Fcustomers%2F%3Fview%3Doverdue"
    fragment = client.get("/customers/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/sign-in/again/")
    assert "Is it you, Anna?" in client.get("/sign-in/again/").content.decode()
    wrong = client.post("/sign-in/again/", {"password": "wrong", "next": "/customers/"})
    assert "Incorrect password" in wrong.content.decode()
    assert client.get("/customers/").status_code == 302
    answer = client.post("/sign-in/again/", {"password": PASSWORD, "next": "/customers/?view=overdue"})
    assert answer.headers["Location"] == "/customers/?view=overdue"
    assert client.get("/customers/").status_code == 200


def test_the_pages_about_signing_in_speak_as_the_rest_does(anna: User) -> None:
    client = Client()
    sign_in(client)
    client.post("/sign-in/again/", {"password": PASSWORD})
    for path, title in (
        ("/me/password/", "Change password"),
        ("/me/sign-in/totp/activate/", "Set up an authenticator app"),
        ("/me/sign-in/webauthn/add/", "Add passkey"),
        ("/sso/login/cancelled/", "Single sign-on cancelled"),
        ("/sign-in/inactive/", "You cannot sign in"),
        ("/sign-in/again/", "Is it you, Anna?"),
    ):
        text = client.get(path).content.decode()
        assert re.findall(r"<h1[^>]*>([^<]*)</h1>", text) == [title], path
        # A label says what belongs in a field, and only the search has an example.
        assert "placeholder" not in text.partition("<main")[2].partition("</main>")[0], path
    page = client.get("/me/password/").content.decode()
    assert ("New password again" in page, "too similar" in page) == (True, False)
    short = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
    assert "Use 12 characters or more." in client.post("/me/password/", short).content.decode()
    anna.refresh_from_db()
    assert anna.check_password(PASSWORD)


def test_a_link_sets_a_password_once_and_a_changed_one_does_nothing(anna: User) -> None:
    client = Client()
    FakeChannel.sent.clear()
    client.post("/sign-in/password/", {"email": "nobody@x.example"})
    assert deliver() == []
    client.post("/sign-in/password/", {"email": "anna@x.example"})
    (message,) = deliver()
    found = re.search(r"http://localhost:8000(/sign-in/password/\S+)", message.text)
    assert found
    link = found[1]
    tampered = link[:-3] + ("a" if link[-3] != "a" else "b") + link[-2:]
    assert "This link does not work" in Client().get(tampered, follow=True).content.decode()
    form = client.get(link, follow=True)
    where = form.redirect_chain[-1][0]
    weak = client.post(where, {"password1": "123", "password2": "123"})
    assert "Use 12 characters or more." in weak.content.decode()
    client.post(where, {"password1": "a new good password", "password2": "a new good password"})
    assert kinds()[-1] == "user.password_changed"
    assert "This link does not work" in Client().get(link, follow=True).content.decode()
    assert "Incorrect e-mail address or password" in sign_in(Client()).content.decode()
    assert sign_in(Client(), "a new good password").status_code == 302


def test_a_session_that_was_tampered_with_is_no_session(anna: User) -> None:
    client = Client()
    sign_in(client)
    cookie = client.cookies["sessionid"].value
    client.cookies["sessionid"] = cookie[:-1] + ("a" if cookie[-1] != "a" else "b")
    assert client.get("/customers/").status_code == 302


def test_sessions_are_listed_and_ended(world: World, anna: User) -> None:
    here, there = Client(headers={"User-Agent": "Here"}), Client(headers={"User-Agent": "There"})
    sign_in(here)
    sign_in(there)
    page = here.get("/me/sessions/").content.decode()
    assert "Here" in page
    assert "There" in page
    here.post("/me/sessions/")
    assert there.get("/customers/").status_code == 302
    assert here.get("/customers/").status_code == 200
    assert UserSession.objects.count() == 1
    here.post("/sign-out/everywhere/")
    assert here.get("/customers/").status_code == 302
    sign_in(here)
    sign_out_user(world.caller(), user=anna)
    assert here.get("/customers/").status_code == 302
    assert kinds().count("user.signed_out_everywhere") == 2


def test_who_left_is_out_at_once_and_cannot_return(world: World, anna: User) -> None:
    client = Client()
    sign_in(client)
    deactivate_user(world.caller(), user=anna)
    assert client.get("/customers/").status_code == 302
    sign_in(client)
    assert client.get("/customers/").status_code == 302


def test_nobody_signs_up_by_themselves(anna: User) -> None:
    assert Client().get("/signup/").status_code in (302, 404)
    assert Client().get("/sign-up/").status_code in (302, 404)


def test_keys_rotate(settings: Any) -> None:
    stored = secrets.encrypt("secret")
    old = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["a new key", *old]
    assert secrets.decrypt(stored) == "secret"
    newer = secrets.encrypt("secret")
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(Refused) as refused:
        secrets.decrypt(newer)
    assert refused.value.code == "wrong_key"
