"""How long a new password is, for staff and customers alike; what people have already keeps working."""

from __future__ import annotations

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from counterfoil.access.models import Login
from counterfoil.access.operations import give_access, set_password
from counterfoil.customers.models import Contact
from counterfoil.kernel.errors import Refused
from counterfoil.platform import write_guard
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

# What it is, and whether it may be one.
PASSWORDS = {
    "an old barn": "Use 12 characters or more. A sentence is easy to keep.",
    "an old barn!": "",
    "ê ł ø 木 🦉 … 9": "",
    "  two  spaces  ": "",
    "ab" * 64: "",
    "ab" * 64 + "c": "Use 128 characters at most.",
    "qwerty123456": "This password is too common.",
}


@pytest.fixture
def login(world: World) -> Login:
    customer = world.customer("Zara", emails=("zara@mail.example",))
    contact = Contact.objects.get(customer=customer)
    return give_access(world.caller(), contact=contact, email="zara@mail.example", welcome=False).login


@pytest.mark.parametrize("password", PASSWORDS)
def test_staff_and_customers_may_have_the_same_passwords(world: World, login: Login, password: str) -> None:
    customer = Contact.objects.get().customer
    said, before = [], counts()
    try:
        add_user(world.caller(), email="ada@x.example", name="Ada", role="agent", password=password)
    except Refused as refused:
        said.append((refused.code, refused.field, refused.sentence))
    try:
        set_password(world.caller(), login=login, password=password, current=None, customer=customer)
    except Refused as refused:
        said.append((refused.code, refused.field, refused.sentence))
    wrong = PASSWORDS[password]
    assert said == ([("weak_password", "password", wrong)] * 2 if wrong else [])
    if wrong:
        assert counts() == before
        return
    # Whole, to the last sign.
    desk, portal = Client(), Client()
    for end, works in (("", True), ("x", False)):
        given = password + end if works else password[:-1] + "~"
        desk.post("/sign-in/", {"login": "ada@x.example", "password": given})
        portal.post("/portal/sign-in/password/", {"p-email": "zara@mail.example", "p-password": given})
        assert (desk.get("/").status_code == 200, portal.get("/portal/").status_code == 200) == (works, works)
        desk, portal = Client(), Client()


@pytest.mark.books_are_broken_on_purpose  # the older passwords are written by hand
def test_a_shorter_password_of_before_signs_in(world: World, login: Login) -> None:
    ada = add_user(world.caller(), email="ada@x.example", name="Ada", role="agent", password="an old barn!")
    with write_guard.writing():
        User.objects.filter(pk=ada.pk).update(password=make_password("old barn"))
        Login.objects.filter(pk=login.pk).update(password=make_password("old barn"))
    desk, portal = Client(), Client()
    desk.post("/sign-in/", {"login": "ada@x.example", "password": "old barn"})
    portal.post("/portal/sign-in/password/", {"p-email": "zara@mail.example", "p-password": "old barn"})
    assert (desk.get("/").status_code, portal.get("/portal/").status_code) == (200, 200)
