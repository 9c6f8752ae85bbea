"""Adding and removing a role, as an administrator does it."""

import pytest
from django.test import Client

from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


@pytest.fixture
def client(world: World) -> Client:
    add_user(world.caller(), email="a@x.example", name="A", role="administrator", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get())
    return client


def test_a_role_is_added_filled_given_and_removed(world: World, client: Client) -> None:
    answer = client.post("/staff/roles/add/", {"name": "Field work", "like": "dispatcher", "key": "k"})
    assert answer["Location"] == "/staff/roles/field-work/"
    page = client.get("/staff/roles/field-work/").content.decode()
    assert "Nobody has this role" in page
    assert 'href="/staff/roles/field-work/remove/"' in page
    client.post("/staff/roles/field-work/", {"grants": ["customers.view"], "key": "k2"})
    assert Role.objects.get(key="field-work").grants == ["customers.view"]
    dudu = add_user(world.caller(), email="d@x.example", name="Dudu", role="field-work")
    assert "1 person has this role" in client.get("/staff/roles/field-work/").content.decode()
    refused = client.post("/staff/roles/field-work/remove/", {"key": "k3"})
    assert refused.status_code == 422
    assert "Give these people another role first: Dudu." in refused.content.decode()
    form = {"version": "1", "name": "Dudu", "role": "agent", "key": "k4"}
    assert client.post(f"/staff/{dudu.pk}/edit/", form).status_code == 302
    assert client.post("/staff/roles/field-work/remove/", {"key": "k5"})["Location"] == "/staff/roles/"
    assert "The role Field work is removed" in client.get("/staff/roles/").content.decode()
    assert "Field work" not in client.get("/staff/who-may-do-what/").content.decode()
    assert client.get("/staff/roles/field-work/").status_code == 404
    assert 'value="field-work"' not in client.get("/staff/add/").content.decode()


def test_a_role_that_is_there_already_is_refused_on_its_field(world: World, client: Client) -> None:
    answer = client.post("/staff/roles/add/", {"name": "agent", "key": "k"})
    assert answer.status_code == 422
    assert "agent exists already." in answer.content.decode()
