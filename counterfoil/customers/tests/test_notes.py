"""Notes have a type; debtor notes stand apart, on the tab of the collectors."""

import pytest
from django.test import Client

from counterfoil.customers.models import Customer, Note
from counterfoil.customers.operations import add_note
from counterfoil.customers.queries import notes_of
from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import add_lookup, change_lookup
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World


@pytest.fixture
def zara(world: World) -> Customer:
    return world.customer()


def signed_in(world: World) -> Client:
    client = Client()
    client.force_login(add_user(
        world.caller(), email="ada@x.example", name="Ada", role="administrator", password="s3cret-enough"
    ))  # fmt: skip
    return client


def _type(code: str) -> Lookup:
    return Lookup.objects.get(kind="note_type", code=code)


def test_debtor_notes_stand_on_the_tab_collections_and_nowhere_else(world: World, zara: Customer) -> None:
    add_note(world.agent, customer=zara, text="Rings on Mondays")
    add_note(world.agent, customer=zara, text="Router in the loft", note_type=_type("technical"))
    add_note(world.agent, customer=zara, text="Pays when his wife is in", note_type=_type("debtor"))
    assert [row.text for row in notes_of(zara, debtor=True)] == ["Pays when his wife is in"]
    assert [row.text for row in notes_of(zara, debtor=False)] == ["Router in the loft", "Rings on Mondays"]
    assert len(notes_of(zara)) == 3
    client = signed_in(world)
    collections = client.get(f"/customers/{zara.number}/collections/").content.decode()
    messages = client.get(f"/customers/{zara.number}/messages/").content.decode()
    assert "Pays when his wife is in" in collections
    assert "Router in the loft" not in collections
    assert "Technical." in messages
    assert "Pays when his wife is in" not in messages


def test_a_type_that_was_switched_off_meanwhile_is_refused_and_old_notes_keep_it(world: World, zara: Customer) -> None:
    own = add_lookup(world.caller(), kind="note_type", name="Site survey")
    note = add_note(world.agent, customer=zara, text="Two poles", note_type=own)
    change_lookup(world.caller(), lookup=own, name="Survey", ends=world.today)
    with pytest.raises(Refused) as refused:
        add_note(world.agent, customer=zara, text="Three poles", note_type=own)
    assert (refused.value.code, refused.value.field) == ("not_offered", "note_type")
    assert Note.objects.filter(customer=zara).count() == 1
    note.refresh_from_db()
    # It shows the name that the type has now.
    assert str(note.note_type) == "Survey"
    with pytest.raises(Refused) as wrong:
        add_note(world.agent, customer=zara, text="x", note_type=Lookup.objects.get(kind="call_action", code="alert"))
    assert wrong.value.code == "wrong_list"


def test_reasons_are_offered_where_they_are_typed_and_another_may_be(world: World, zara: Customer) -> None:
    client = signed_in(world)
    add_lookup(world.caller(), kind="credit_reason", name="Storm of March")
    page = client.get(f"/customers/{zara.number}/credit/").content.decode()
    assert '<option value="Storm of March">' in page
    assert '<option value="Goodwill">' in page
    assert 'list="id_reason_list"' in page
