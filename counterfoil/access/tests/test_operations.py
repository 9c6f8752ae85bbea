"""Giving access and taking it away, seen from the desk."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from counterfoil.access.models import Access, Login, Passkey
from counterfoil.access.operations import (
    add_passkey,
    give_access,
    record_refusal,
    remove_passkey,
    sign_in_by_passkey,
    take_access,
    use_link,
    view_as_customer,
)
from counterfoil.access.queries import customers_of, login_for
from counterfoil.customers.models import Contact, Customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.platform.callers import Caller
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer("Zara Naidoo", emails=("Zara@Mail.example", "office@mail.example"))


@pytest.fixture
def contact(zara: Customer) -> Contact:
    return Contact.objects.get(customer=zara)


@pytest.fixture
def desk(world: World) -> Client:
    add_user(world.caller(), email="sipho@x.example", name="Sipho", role="agent", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    return client


def test_staff_give_access_and_a_welcome_without_a_secret_leaves(
    desk: Client, zara: Customer, contact: Contact
) -> None:
    account = f"/customers/{zara.number}/account/"
    assert "No portal access yet" in desk.get(account).content.decode()
    who = f"{contact.pk}:Zara@Mail.example"
    assert desk.post(f"/customers/{zara.number}/portal-access/", {"who": who}).status_code == 302
    page = desk.get(account).content.decode()
    assert "zara@mail.example" in page
    assert "Not signed in yet" in page
    message = Message.objects.get()
    assert message.kind == "welcome"
    assert [row.address for row in message.deliveries.all()] == ["Zara@Mail.example"]
    for body in (message.body_text, message.body_html):
        assert "http://localhost:8000/portal/" in body
        assert not re.search(r"/portal/\w", body)
    # The address that has access already is not offered again; the other one is.
    form = desk.get(f"/customers/{zara.number}/portal-access/").content.decode()
    assert "office@mail.example" in form
    assert "Zara@Mail.example" not in form


def test_staff_take_it_away_and_give_it_again(desk: Client, zara: Customer, contact: Contact, world: World) -> None:
    access = give_access(world.agent, contact=contact, email="zara@mail.example", welcome=False)
    address = f"/portal-access/{access.pk}/take-away/"
    assert "no longer see" in desk.get(address).content.decode()
    assert desk.post(address).status_code == 302
    assert login_for("zara@mail.example") is None
    assert desk.get(address).status_code == 404
    take_access(world.agent, access=access)
    assert world.events.count("access.taken") == 1
    again = give_access(world.agent, contact=contact, email="ZARA@mail.example ", welcome=False)
    assert again.login == access.login
    assert Access.objects.count() == 2


def test_access_is_refused_with_a_reason(world: World, contact: Contact, zara: Customer) -> None:
    with pytest.raises(Refused, match="one of the contact's e-mail addresses") as refused:
        give_access(world.agent, contact=contact, email="else@mail.example")
    assert refused.value.field == "who"
    give_access(world.agent, contact=contact, email="zara@mail.example", welcome=False)
    with pytest.raises(Refused, match="has access already"):
        give_access(world.agent, contact=contact, email="zara@mail.example")
    with pytest.raises(Refused, match="Only a signed-in member of staff"):
        view_as_customer(world.agent, customer=zara)
    with pytest.raises(Refused, match="no longer works"):
        use_link(Caller.system("test"), token="invented")
    assert not Message.objects.exists()


def test_an_address_passes_to_another_contact(world: World, contact: Contact, zara: Customer) -> None:
    from counterfoil.customers.operations import add_contact, change_contact

    give_access(world.agent, contact=contact, email="zara@mail.example", welcome=False)
    change_contact(world.clerk, contact=contact, version=1, changes={"active": False})
    assert login_for("zara@mail.example") is None
    heir = add_contact(world.clerk, customer=zara, name="Thabo", emails=["zara@mail.example"])
    give_access(world.agent, contact=heir, email="zara@mail.example", welcome=False)
    login = login_for("zara@mail.example")
    assert login is not None
    assert customers_of(login) == [zara]


def test_a_passkey_that_was_copied_is_refused(world: World, contact: Contact, zara: Customer) -> None:
    login = give_access(world.agent, contact=contact, email="zara@mail.example", welcome=False).login
    passkey = add_passkey(world.caller(), login=login, key_id="k1", credential=b"x", uses=5, customer=zara)
    system = Caller.system("test")
    assert sign_in_by_passkey(system, passkey=passkey, uses=6) == login
    with pytest.raises(Refused, match="used elsewhere"):
        sign_in_by_passkey(system, passkey=passkey, uses=6)
    with pytest.raises(Refused, match="known already"):
        add_passkey(world.caller(), login=login, key_id="k1", credential=b"x", uses=0, customer=zara)
    counting_none = add_passkey(world.caller(), login=login, key_id="k2", credential=b"x", uses=0, customer=zara)
    for _ in range(2):
        sign_in_by_passkey(system, passkey=counting_none, uses=0)
    remove_passkey(world.caller(), passkey=passkey, customer=zara)
    assert list(Passkey.objects.values_list("key_id", flat=True)) == ["k2"]


def test_a_refusal_is_kept_short(world: World, contact: Contact, zara: Customer) -> None:
    login = give_access(world.agent, contact=contact, email="zara@mail.example", welcome=False).login
    record_refusal(Caller.system("test"), customer=zara, login=login, method="GET", path="/" + "x" * 5000)
    from counterfoil.trail.models import Event

    event = Event.objects.get(kind="portal.refused")
    assert len(event.data["path"]) == 200
    assert Login.objects.get().pk == event.subject_id
