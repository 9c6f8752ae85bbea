"""Entries and postings."""

import datetime as dt

import pytest

from counterfoil.ledger.models import Entry
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.queries import trial_balance
from counterfoil.ledger.rules import BANK, RECEIVABLES, REVENUE, Leg
from counterfoil.testing.world import World, counts


def entry(*legs: Leg) -> NewEntry:
    return NewEntry(dt.date(2026, 3, 31), "ZAR", "test", "T-1", "Test", legs)


@pytest.mark.parametrize(
    "legs",
    [
        (),
        (Leg(BANK, 100), Leg(REVENUE, -99)),
        (Leg(RECEIVABLES, 100), Leg(REVENUE, -100)),
        (Leg(BANK, 100, 1), Leg(REVENUE, -100)),
    ],
)
def test_an_entry_that_cannot_be_right_is_a_programming_mistake(world: World, legs: tuple[Leg, ...]) -> None:
    before = counts()
    with pytest.raises(AssertionError):
        post_entries(world.system(), entries=[entry(*legs)])
    assert counts() == before


def test_the_trial_balance_of_a_past_day(world: World) -> None:
    zara = world.customer()
    world.invoice(zara, "115.00", on="2026-01-10", tax="standard")
    world.pays(zara, "115.00", on="2026-02-10")
    found = {row.code: row.minor for row in trial_balance(dt.date(2026, 1, 31))}
    assert found == {"1100": 11500, "2100": -1500, "4000": -10000}
    found = {row.code: row.minor for row in trial_balance(world.today)}
    assert found == {"1000": 11500, "1100": 0, "2100": -1500, "4000": -10000}
    assert Entry.objects.count() == 2
