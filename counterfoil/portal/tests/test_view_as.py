"""A member of staff looks at the portal as a customer: reads only, recorded, and ends."""

from __future__ import annotations

import time

import pytest
from django.conf import settings
from django.test import Client

from counterfoil.access import rules
from counterfoil.customers.models import Contact, Customer
from counterfoil.portal.tests.conftest import text_of
from counterfoil.portal.tests.test_isolation import patterns
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


@pytest.fixture
def staff(world: World) -> Client:
    add_user(world.caller(), email="sipho@x.example", name="Sipho Dube", role="agent", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    return client


def look(staff: Client, customer: Customer) -> str:
    """Press the button on the desk; returns where it leads."""
    page = f"/customers/{customer.number}/view-as/"
    assert "View only" in text_of(staff.get(page))
    answer = staff.post(page, {"key": "k"})
    assert answer.status_code == 302
    assert staff.get(answer["Location"])["Location"] == "/portal/"
    return str(answer["Location"])


def test_staff_see_what_the_customer_sees_and_it_is_recorded(staff: Client, zara: Customer, boris: Customer) -> None:
    look(staff, zara)
    page = text_of(staff.get("/portal/"))
    assert "Sipho Dube, you see what Zara Naidoo sees." in page
    assert "R310.00" in page
    event = Event.objects.get(kind="portal.viewed")
    assert (event.actor, event.customer_id, event.actor_id) == ("Sipho Dube", zara.pk, User.objects.get().pk)
    # Their own desk is still theirs, in the same browser.
    assert staff.get("/customers/").status_code == 200
    assert staff.get("/portal/security/").status_code == 404


def test_whoever_looks_changes_nothing(staff: Client, zara: Customer, boris: Customer) -> None:
    look(staff, zara)
    contact = Contact.objects.get(customer=zara)
    before = counts()
    for pattern in patterns():
        if pattern.startswith("/portal/") and pattern != "/portal/sign-out/":
            address = (
                pattern.replace("<int:pk>", str(contact.pk)).replace("<str:token>", "x").replace("<str:ticket>", "x")
            )
            answer = staff.post(address, {"name": "Changed", "password": "giraffe on a roof", "email": "a@b.example"})
            assert answer.status_code == 403, address
            assert "You are viewing as the customer." in text_of(answer)
    changed = {name for name, count in counts().items() if count != before[name]}
    assert changed <= {"trail.Event", "access.Tries"}


def test_looking_ends_by_the_button_by_itself_and_with_the_desk(
    staff: Client, zara: Customer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(staff, zara)
    assert staff.post("/portal/sign-out/")["Location"] == f"/customers/{zara.number}/"
    assert staff.get("/portal/").status_code == 302
    look(staff, zara)
    # In another browser the cookie alone shows nothing: it is only good beside the desk's own session.
    other = Client()
    other.cookies[settings.PORTAL_COOKIE_NAME] = staff.cookies[settings.PORTAL_COOKIE_NAME].value
    assert other.get("/portal/").status_code == 302
    look(staff, zara)
    later = time.time() + rules.VIEW_FOR.total_seconds() + 1
    monkeypatch.setattr("counterfoil.access.sessions.time.time", lambda: later)
    assert staff.get("/portal/").status_code == 302


@pytest.mark.books_are_broken_on_purpose  # written by hand
def test_a_role_without_the_right_cannot_look(staff: Client, zara: Customer) -> None:
    from counterfoil.platform import write_guard

    look(staff, zara)
    with write_guard.writing():
        role = Role.objects.get(key="agent")
        role.grants = [grant for grant in role.grants if grant != "access.view_as_customer"]
        role.save()
    assert staff.get("/portal/").status_code == 302
    assert staff.get(f"/customers/{zara.number}/view-as/").status_code == 403
    assert "View as customer" not in text_of(staff.get(f"/customers/{zara.number}/account/"))


def test_a_ticket_is_for_one_person_and_one_minute(
    staff: Client, zara: Customer, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = look(staff, zara)
    add_user(world.caller(), email="b@x.example", name="B", role="administrator", password="s3cret-enough")
    other = Client()
    other.force_login(User.objects.get(email="b@x.example"))
    assert other.get(ticket).status_code == 404
    assert Client().get(ticket).status_code == 404
    assert staff.get(ticket[:-6] + "AAAAA/").status_code == 404
    later = time.time() + rules.TICKET_SECONDS + 5
    monkeypatch.setattr("counterfoil.access.sessions.time.time", lambda: later)
    assert staff.get(ticket).status_code == 404
