"""The header of a customer says what its figures say."""

from counterfoil.desk.summary import summary_of
from counterfoil.receivables.operations import open_dispute, release_credit
from counterfoil.receivables.panels import item_status
from counterfoil.receivables.queries import open_items_of
from counterfoil.testing.world import World


def test_nobody_is_asked_to_allocate_what_is_set_aside(world: World) -> None:
    zara = world.customer(owing={"2026-03-01": "100.00"}, emails=("zara@mail.example",))
    world.pays(zara, "80.00", allocate=(), purpose="Deposit for a mast")
    credit = open_items_of(zara, world.today)[1]
    assert item_status(credit, world.today, "ZAR") == ("Set aside", "info")
    assert [line.what for line in summary_of(world.caller(), zara).attention] == []

    world.pays(zara, "30.00", allocate=())
    titles = [line.what for line in summary_of(world.caller(), zara).attention]
    assert titles == ["R30.00 of credit is not allocated"]


def test_what_is_settled_is_not_said_to_be_an_amount_in_dispute(world: World) -> None:
    zara = world.customer(owing={"2026-03-01": "100.00"}, emails=("zara@mail.example",))
    open_dispute(world.caller(), item=world.item("INV-000001"), amount_minor=40_00, reason="Not delivered")
    world.pays(zara, "70.00")
    titles = [line.what for line in summary_of(world.caller(), zara).attention]
    assert titles == ["R30.00 in dispute on INV-000001"]

    receipt = world.pays(zara, "50.00", allocate=(), purpose="Deposit")
    release_credit(world.caller(), item=receipt.item)
    found = summary_of(world.caller(), zara)
    assert found.figures is not None
    assert found.figures.disputed_minor == 0
    assert [line.what for line in found.attention] == ["Still in dispute, though settled: INV-000001"]
