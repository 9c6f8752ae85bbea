"""A customer corrects their details: nothing changes until somebody of staff approves it."""

from __future__ import annotations

import pytest
from django.test import Client

from counterfoil.customers.models import Contact, Customer, Site
from counterfoil.customers.operations import change_contact
from counterfoil.platform.approvals import approve, refuse_approval
from counterfoil.platform.models import Approval
from counterfoil.portal.operations import MOST_WAITING
from counterfoil.portal.tests.conftest import text_of
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World

NEW = {"name": "Zara Naidoo", "title": "Owner", "emails": "zara@new.example", "phones": "082 555 0188", "key": "k1"}


@pytest.fixture
def contact(zara: Customer) -> Contact:
    return Contact.objects.get(customer=zara)


def path(contact: Contact) -> str:
    return f"/portal/details/contacts/{contact.pk}/"


def values(contact: Contact) -> set[str]:
    return {point.value for point in Contact.objects.get(pk=contact.pk).points.all()}


def test_a_correction_waits_and_is_made_when_staff_approve(world: World, portal: Client, contact: Contact) -> None:
    assert 'value="Zara Naidoo"' in portal.get(path(contact)).content.decode()
    assert portal.post(path(contact), NEW).status_code == 302
    assert values(contact) == {"zara@mail.example", "+27825550142"}
    page = text_of(portal.get("/portal/details/"))
    assert "review this before updating" in page
    assert "Correct contact Zara Naidoo" in page
    asked = Approval.objects.get()
    assert (asked.asked_by, asked.door, asked.asked_by_id) == ("zara@mail.example", "portal", None)
    # On the desk, with what will happen, by somebody whose role includes it.
    add_user(world.caller(), email="b@x.example", name="Bongani", role="billing", password="s3cret-enough")
    desk = Client()
    desk.force_login(User.objects.get())
    shown = text_of(desk.get(f"/approvals/{asked.pk}/"))
    assert "zara@new.example" in shown
    assert "zara@mail.example" in shown
    assert desk.post(f"/approvals/{asked.pk}/approve/").status_code == 302
    assert values(contact) == {"zara@new.example", "+27825550188"}
    assert "Changed" in text_of(portal.get("/portal/details/"))
    # The address they sign in with is another thing, and stays.
    assert portal.get("/portal/").status_code == 200


def test_a_refused_correction_changes_nothing_and_does_not_show_what_staff_wrote(
    world: World, portal: Client, contact: Contact
) -> None:
    portal.post(path(contact), NEW)
    refuse_approval(world.clerk, approval=Approval.objects.get(), note="Sounds like fraud")
    assert values(contact) == {"zara@mail.example", "+27825550142"}
    page = text_of(portal.get("/portal/details/"))
    assert "Not changed, ask us why" in page
    assert "fraud" not in page


def test_a_correction_that_was_overtaken_changes_nothing(world: World, portal: Client, contact: Contact) -> None:
    portal.post(path(contact), NEW)
    change_contact(world.clerk, contact=contact, version=1, changes={"title": "Director"})
    outcome = approve(world.clerk, approval=Approval.objects.get())
    assert not outcome.done
    assert values(contact) == {"zara@mail.example", "+27825550142"}


def test_an_address_is_corrected_the_same_way(world: World, zara: Customer, portal: Client) -> None:
    site = Site.objects.get(customer=zara)
    address = f"/portal/details/addresses/{site.pk}/"
    form = portal.get(address).content.decode()
    assert 'autocomplete="street-address"' in form
    # What customers may ask for, and nothing else that a door of the desk has.
    assert [name for name in ("label", "purposes", "version") if f'name="{name}"' in form] == []
    sent = {"street": "2 Main", "city": "Linden", "postcode": "2195"}
    assert portal.post(address, sent).status_code == 302
    approve(world.clerk, approval=Approval.objects.get())
    assert Site.objects.get(pk=site.pk).text == "2 Main, Linden, 2195"


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"emails": "nonsense"}, "emails", "is not an e-mail address"),
        ({"phones": "12"}, "phones", "is not a telephone number"),
        ({"name": ""}, "name", "Name is missing."),
        ({"name": "x" * 400}, "name", "at most 300 characters"),
    ],
)
def test_bad_input_names_its_field_and_asks_for_nothing(
    portal: Client, contact: Contact, change: dict[str, str], field: str, says: str
) -> None:
    answer = portal.post(path(contact), {**NEW, **change})
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert not Approval.objects.exists()


def test_the_same_values_are_no_correction(portal: Client, contact: Contact) -> None:
    same = {"name": "Zara Naidoo", "title": "", "emails": "zara@mail.example", "phones": "+27825550142"}
    assert "Nothing has changed yet." in text_of(portal.post(path(contact), same))
    assert not Approval.objects.exists()


def test_the_same_form_sent_twice_asks_once(portal: Client, contact: Contact) -> None:
    for _ in range(2):
        assert portal.post(path(contact), NEW).status_code == 302
    assert Approval.objects.count() == 1


def test_nobody_can_pile_up_requests(portal: Client, contact: Contact) -> None:
    for number in range(MOST_WAITING):
        portal.post(path(contact), {**NEW, "title": f"Owner {number}", "key": f"k{number}"})
    answer = portal.post(path(contact), {**NEW, "title": "Once more", "key": "more"})
    assert answer.status_code == 422
    assert "waiting for review" in text_of(answer)
    assert Approval.objects.count() == MOST_WAITING
