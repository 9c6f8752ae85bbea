"""What strangers do at the doors costs them, and not the people who work here."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.access import rules
from counterfoil.access.models import Login, Tries
from counterfoil.access.operations import give_access, set_password, sign_in_by_password
from counterfoil.customers.models import Contact, Customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.platform import write_guard
from counterfoil.platform.callers import Caller
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Replay

PASSWORD, NEW = "zebra in the garden 7", "giraffe on a roof 3"
PASS = "/portal/sign-in/password/"


@pytest.fixture
def hashed(monkeypatch: Any) -> list[str]:
    """Each password that is hashed; to hash one while an operation may write is a fault."""
    done: list[str] = []
    encode = MD5PasswordHasher.encode

    def watched(self: Any, password: str, salt: str) -> str:
        assert not write_guard.is_open(), "A password is hashed while nobody else can write."
        done.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", watched)
    return done


@pytest.fixture
def zara(world: World) -> Customer:
    customer = world.customer("Zara", emails=("zara@mail.example",))
    contact = Contact.objects.get(customer=customer)
    login = give_access(world.caller(), contact=contact, email="zara@mail.example", welcome=False).login
    set_password(world.caller(), login=login, password=PASSWORD, current=None, customer=customer)
    return customer


@pytest.fixture
def ada(world: World) -> User:
    return add_user(world.caller(), email="ada@x.example", name="Ada", role="administrator", password=PASSWORD)


def test_no_password_is_hashed_while_others_wait_to_write(
    zara: Customer, ada: User, hashed: list[str], monkeypatch: Any
) -> None:
    for email, password in (("zara@mail.example", "wrong"), ("x@y.example", "wrong"), ("zara@mail.example", PASSWORD)):
        hashed.clear()
        portal = Client()
        portal.post(PASS, {"p-email": email, "p-password": password})
        assert hashed == [password], "The same work for everybody."
    for current, new in (("wrong", NEW), (PASSWORD, "short"), (PASSWORD, NEW)):
        portal.post("/portal/security/password/", {"current": current, "password": new})
    assert hashed[-3:] == [PASSWORD, PASSWORD, NEW]

    desk = Client()
    for email, password in (("ada@x.example", "wrong"), ("x@y.example", "wrong"), ("ada@x.example", PASSWORD)):
        hashed.clear()
        desk.post("/sign-in/", {"login": email, "password": password})
        assert set(hashed) == {password}
    desk.post("/sign-in/again/", {"password": PASSWORD})
    desk.post("/me/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert User.objects.get(pk=ada.pk).check_password(NEW)
    hashed.clear()
    person = {"email": "new@x.example", "name": "New", "role": "agent", "password": "a lion in the bath"}
    assert desk.post("/staff/add/", {**person, "key": "k"}).status_code == 302
    assert hashed == ["a lion in the bath"]
    FakeChannel.sent.clear()
    Client().post("/sign-in/password/", {"email": "ada@x.example"})
    link = re.findall(r"http://localhost:8000(/sign-in/password/\S+)", deliver()[0].text)[0]
    form = Client()
    where = form.get(link, follow=True).redirect_chain[-1][0]
    form.post(where, {"password1": PASSWORD, "password2": PASSWORD})
    assert User.objects.get(pk=ada.pk).check_password(PASSWORD)
    monkeypatch.setattr("sys.stdin", io.StringIO("an owl at the door\n"))
    call_command("add_user", "cli@x.example", "Cli", "agent")
    assert hashed[-1] == "an owl at the door"


def test_a_form_sent_twice_adds_one_person_and_keeps_no_digest_of_the_password_alone(
    ada: User, world: World, settings: Any
) -> None:
    person = {"email": "new@x.example", "name": "New", "role": "agent", "password": "a lion in the bath"}
    by = world.caller().with_key("twice")
    first, second = add_user(by, **person), add_user(by, **person)
    assert first.pk == second.pk
    with pytest.raises(Refused) as refused:
        add_user(by, **{**person, "password": "another lion in it"})
    assert refused.value.code == "key_reused"
    kept = Replay.objects.get(key="twice").fingerprint
    settings.SECRET_KEY = "another " * 10
    with pytest.raises(Refused):
        add_user(by, **person)
    assert kept == Replay.objects.get(key="twice").fingerprint


def test_a_password_changed_while_another_was_being_checked_lets_nobody_in(
    zara: Customer, world: World, monkeypatch: Any
) -> None:
    login = Login.objects.get()
    before = sign_in_by_password.before
    assert before is not None

    def then_it_changes(caller: Caller, **arguments: Any) -> str:
        ready: str = before(caller, **arguments)
        with write_guard.elsewhere():
            set_password(world.caller(), login=login, password=NEW, current=None, customer=zara)
        return ready

    monkeypatch.setattr(sign_in_by_password, "before", then_it_changes)
    with pytest.raises(Refused) as refused:
        sign_in_by_password(Caller.system("portal"), email="zara@mail.example", password=PASSWORD)
    assert refused.value.code == "wrong_password"
    assert Login.objects.get().seen_at is None


def test_who_has_no_try_left_writes_nothing(zara: Customer, hashed: list[str]) -> None:
    for _ in range(rules.PASSWORD.most + 1):
        Client().post(PASS, {"p-email": "zara@mail.example", "p-password": "wrong"}, REMOTE_ADDR="203.0.113.7")
    before, hashed[:] = counts(), []
    for number in range(rules.MACHINE.most + 1):
        Client().post(PASS, {"p-email": f"a{number}@b.example", "p-password": "x"}, REMOTE_ADDR="203.0.113.9")
    spent = hashed.copy()

    def written(address: str) -> set[str]:
        """Into which tables three more tries with the right password write."""
        with CaptureQueriesContext(connection) as queries:
            for _ in range(3):
                Client().post(PASS, {"p-email": "zara@mail.example", "p-password": PASSWORD}, REMOTE_ADDR=address)
        writes = [query["sql"] for query in queries if re.match("UPDATE|INSERT|DELETE", query["sql"])]
        return {re.findall(r'(?:UPDATE|INTO|FROM) "(\w+)"', sql)[0] for sql in writes}

    assert written("203.0.113.7") == {"access_tries"}, "The machine may try others."
    assert written("203.0.113.9") == set()
    assert hashed == spent, "And no password of theirs is hashed."
    assert counts()["trail.Event"] == before["trail.Event"]


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        # As some proxies pass it on: with the port of the connection, which is another one each time.
        ("203.0.113.9:41022", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("[2001:db8:1:2::7]:443", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::7]", "2001:db8:1:2::/64"),
        ("nonsense" * 20, ("nonsense" * 20)[:64]),
        ("999.0.113.9:41022", "999.0.113.9:41022"),
    ],
)
def test_a_machine_is_an_ipv4_address_or_a_whole_ipv6_network(address: str, counted_as: str) -> None:
    assert rules.machine(address) == counted_as


@pytest.mark.parametrize("door", ["portal", "desk"])
def test_one_machine_does_not_become_many_by_its_ipv6_addresses(zara: Customer, ada: User, door: str) -> None:
    last = 0
    for number in range(60):
        address = f"2001:db8:1:2::{number:x}"
        if door == "portal":
            answer = Client().post(PASS, {"p-email": f"a{number}@b.example", "p-password": "x"}, REMOTE_ADDR=address)
        else:
            answer = Client().post("/sign-in/", {"login": f"a{number}@b.example", "password": "x"}, REMOTE_ADDR=address)
        last = answer.status_code
        text = answer.content.decode()
    assert "oo many tries" in text
    assert last in (200, 429)
    machines = Tries.objects.filter(key=rules.tries_key("machine", "2001:db8:1:2::/64"))
    assert machines.count() == (1 if door == "portal" else 0)
