"""Somebody stores the bytes that somebody else is erasing, at the same moment."""

import pytest

from counterfoil.customers.models import Attachment
from counterfoil.customers.operations import attach_file, deactivate_customer
from counterfoil.desk.operations import erase_personal_data
from counterfoil.documents.tests.test_inspection import picture
from counterfoil.site.setup import set_up
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    return World()


@pytest.mark.parametrize("turn", range(4))
def test_nobody_is_left_with_a_file_that_is_being_erased(world: World, turn: int) -> None:
    zara, others = world.customer("Zara"), [world.customer(f"Other {n}") for n in range(3)]
    attach_file(world.agent, customer=zara, kind="photo", name="a.png", content=picture())
    deactivate_customer(world.clerk, customer=zara, reason="Left")
    attach = [
        lambda other=other: attach_file(world.agent, customer=other, kind="photo", name="a.png", content=picture())
        for other in others
    ]
    results = at_once(*attach[:2], lambda: erase_personal_data(world.caller(), customer=zara, reason="x"), attach[2])
    assert [type(result).__name__ for result in results] == ["Attachment", "Attachment", "Customer", "Attachment"]
    for row in Attachment.objects.exclude(customer=zara):
        assert bytes(row.file.content) == picture()
