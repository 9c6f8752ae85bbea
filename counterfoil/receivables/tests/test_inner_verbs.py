"""The verbs that others are built from refuse by themselves what cannot be."""

import datetime as dt
from dataclasses import replace

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.ledger.rules import REVENUE, Leg
from counterfoil.receivables.operations import NewItem, open_items, undo_allocations_of
from counterfoil.testing.world import World, counts


def test_open_items_refuses_what_is_not_money_or_not_a_day(world: World) -> None:
    zara = world.customer()
    good = NewItem(zara.pk, "debit_memo", "debit", "DM-X", world.today, "ZAR", 100, (Leg(REVENUE, -100),))
    before = counts()
    for bad in (
        replace(good, amount_minor=0),
        replace(good, amount_minor=10**13 + 1),
        replace(good, on=world.today + dt.timedelta(days=1)),
        replace(good, on=dt.date(1989, 12, 31)),
    ):
        with pytest.raises(Refused):
            open_items(world.system(), items=[bad])
    assert counts() == before


def test_undo_allocations_of_an_item_undoes_each_once(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    receipt = world.pays(zara, "150.00")
    assert len(undo_allocations_of(world.system(), item=receipt.item, on=world.today, reason="Wrong")) == 2
    assert undo_allocations_of(world.system(), item=receipt.item, on=world.today, reason="Wrong") == []
    assert world.open(zara) == {"INV-000001": "100.00", "INV-000002": "100.00", "RC-000001": "-150.00"}
