"""Two customers who must never see each other, and browsers that are signed in as one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.access.models import Login
from counterfoil.access.operations import give_access, set_password
from counterfoil.customers.models import Contact, Customer
from counterfoil.messaging.interfaces import FakeChannel
from counterfoil.testing.post import deliver
from counterfoil.testing.world import World

PASSWORD = "zebra in the garden 7"
Mailbox = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def _portal_settings(settings: Any) -> None:
    # The real hasher takes half a second for each try on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MESSAGE_CHANNELS = {"email": "counterfoil.messaging.interfaces.FakeChannel"}
    FakeChannel.sent.clear()


def with_access(world: World, customer: Customer, email: str, password: str = PASSWORD) -> Login:
    """The login of a contact of a customer, with a password."""
    contact = Contact.objects.get(customer=customer, points__value=email)
    login = give_access(world.caller(), contact=contact, email=email, welcome=False).login
    if password and not login.password:
        set_password(world.caller(), login=login, password=password, current=None, customer=customer)
    return login


@pytest.fixture
def zara(world: World) -> Customer:
    """Owes 310.00 since long ago; pages are seen with the real clock."""
    world.today = timezone.localdate()
    customer = world.customer("Zara Naidoo", emails=("zara@mail.example",), phones=("082 555 0142",), street="1 Main")
    world.invoice(customer, "310.00", on="2026-01-05", due_on="2026-02-04")
    with_access(world, customer, "zara@mail.example")
    return customer


@pytest.fixture
def boris(world: World) -> Customer:
    """Somebody else."""
    world.today = timezone.localdate()
    customer = world.customer(
        "Boris Quillfeather", emails=("boris@mail.example",), phones=("082 555 0199",), street="9 B"
    )
    world.invoice(customer, "77.00", on="2026-01-05", due_on="2026-02-04")
    with_access(world, customer, "boris@mail.example")
    return customer


def signed_in(email: str, password: str = PASSWORD) -> Client:
    """A browser that has signed in by password."""
    client = Client()
    answer = client.post("/portal/sign-in/password/", {"p-email": email, "p-password": password})
    assert answer.status_code == 302, answer.content.decode()
    return client


@pytest.fixture
def portal(zara: Customer) -> Client:
    return signed_in("zara@mail.example")


@pytest.fixture
def mailbox() -> Mailbox:
    """Make and send the e-mails that were asked for, and return the links in all of them so far, as paths."""

    def look() -> list[str]:
        links = [re.findall(r"http://localhost:8000(/portal/link/\S+)", mail.text) for mail in deliver()]
        return [found[0] for found in links if found]

    return look


def text_of(answer: object) -> str:
    """A page without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())  # type: ignore[attr-defined]
