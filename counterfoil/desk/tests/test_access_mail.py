"""Whoever's way to sign in was changed is told by e-mail, by the road of all mail, and with nothing secret in it."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django_tasks_db.models import DBTaskResult

from counterfoil.access.models import Login
from counterfoil.access.operations import add_passkey, erase_access, give_access, remove_passkey, set_password
from counterfoil.customers.models import Contact
from counterfoil.messaging.interfaces import FakeChannel, Outgoing
from counterfoil.messaging.models import PrivateMail
from counterfoil.operator.operations import change_operator
from counterfoil.platform.callers import System
from counterfoil.platform.reactions import react
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user, note_access
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World

PASSWORD, NEW = "zebra in the garden 7", "giraffe on a roof 3"


@pytest.fixture(autouse=True)
def _no_mail_so_far(world: World) -> None:
    FakeChannel.sent.clear()
    FakeChannel.answers.clear()
    change_operator(world.caller(), name="Highveld Fibre", email="accounts@highveld.example")


def told() -> list[Outgoing]:
    """What follows from what happened is done, twice as tasks may be, and the mail has left."""
    for row in DBTaskResult.objects.filter(task_path="counterfoil.platform.reactions.react"):
        for _ in range(2):
            react.func(**row.args_kwargs["kwargs"])
        row.delete()
    FakeChannel.sent.clear()
    return deliver()


@pytest.fixture
def anna(world: World) -> User:
    return add_user(world.caller(), email="anna@x.example", name="Anna", role="billing", password=PASSWORD)


@pytest.fixture
def zara(world: World) -> Login:
    customer = world.customer("Zara", emails=("zara@mail.example",))
    return give_access(
        world.agent, contact=Contact.objects.get(customer=customer), email="zara@mail.example", welcome=False
    ).login


def test_a_new_password_of_staff_is_told_to_them(anna: User) -> None:
    client = Client()
    client.post("/sign-in/", {"login": "anna@x.example", "password": PASSWORD})
    assert told() == [], "Signing in changes nothing."
    client.post("/me/password/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    (mail,) = told()
    assert (mail.to, mail.subject) == ("anna@x.example", "How you sign in to Highveld Fibre was changed")
    assert re.match(r"Your password was changed\. \d+ \w+ \d{4}, \d\d:\d\d\.\n", mail.text)
    assert "set a new password at once: http://localhost:8000/sign-in/password/\n" in mail.text
    assert PASSWORD not in mail.text
    assert NEW not in mail.text
    assert PrivateMail.objects.get().user_id == anna.pk


@pytest.mark.parametrize(
    ("what", "by", "says"),
    [("factor_added", "recovery codes", "A way to sign in was added: recovery codes."),
     ("factor_removed", "authenticator app", "A way to sign in was removed: authenticator app."),
     ("connected", "", "You signed in through single sign-on for the first time.")],
)  # fmt: skip
def test_a_second_factor_that_comes_or_goes_is_told(anna: User, what: str, by: str, says: str) -> None:
    herself = System(name="Anna", grants=frozenset(), user_id=anna.pk)
    note_access(herself, user=anna, what=what, by=by)
    (mail,) = told()
    assert mail.text.startswith(says)


def test_failing_to_sign_in_is_told_to_nobody(anna: User) -> None:
    Client().post("/sign-in/", {"login": "anna@x.example", "password": "wrong"})
    assert told() == []


def test_customers_are_told_and_who_was_erased_is_not(world: World, zara: Login) -> None:
    customer = Contact.objects.get().customer
    set_password(world.caller(), login=zara, password=PASSWORD, current=None, customer=customer)
    key = add_passkey(world.caller(), login=zara, key_id="k", credential=b"c", uses=0, customer=customer)
    remove_passkey(world.caller(), passkey=key, customer=customer)
    mails = told()
    assert [mail.to for mail in mails] == ["zara@mail.example"] * 3
    assert [re.split(r"\. \d+ \w+ \d{4}, ", mail.text)[0] for mail in mails] == [
        "Your password was changed", "A way to sign in was added: Passkey 1", "A way to sign in was removed: Passkey 1",
    ]  # fmt: skip
    assert "sign in with a link and set a new password at once: http://localhost:8000/portal/" in mails[0].text
    assert "accounts@highveld.example" in mails[0].text
    set_password(world.caller(), login=zara, password=NEW, current=None, customer=customer)
    erase_access(world.system(), customer=customer, accounts=[customer.pk])
    assert told() == []
