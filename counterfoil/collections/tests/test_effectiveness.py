"""Collection effectiveness: months that are over are kept, and are the same whenever they are read."""

import datetime as dt

import pytest

from counterfoil.collections.models import MonthFigures
from counterfoil.collections.operations import keep_last_month, recalculate_effectiveness
from counterfoil.collections.tests.test_actions import rows
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.receivables.models import OpenItem
from counterfoil.testing.world import World

APRIL = dt.date(2026, 4, 1)


@pytest.fixture
def book(world: World) -> Customer:
    """R100.00 owed before March, R60.00 billed in it, R90.00 left at its end, of it R60.00 not due."""
    customer = world.customer()
    world.invoice(customer, "100.00", on="2026-02-10", due_on="2026-03-12")
    world.invoice(customer, "60.00", on="2026-03-10", due_on="2026-04-09")
    world.pays(customer, "70.00", on="2026-03-22", allocate=[(OpenItem.objects.earliest("pk").pk, 7000)])
    return customer


def figures(world: World, on: dt.date, place: int) -> list[str]:
    return rows(world, "collection-effectiveness", on)[place][8:12]


def test_a_month_is_kept_when_it_is_over_and_what_is_dated_back_does_not_change_it(
    world: World, book: Customer
) -> None:
    march = ["70.00", "46.5", "31.0", "10.0"]
    with world.on(APRIL):
        assert keep_last_month(world.system()) == 1
        assert keep_last_month(world.system()) == 0
        assert figures(world, APRIL, 1) == march
        # A payment of March that is recorded in April: the kept month stays.
        world.pays(book, "20.00", on="2026-03-30", allocate=[(OpenItem.objects.earliest("pk").pk, 2000)])
        assert figures(world, APRIL, 1) == march
        # As of its last day it is the same month.
        assert figures(world, dt.date(2026, 3, 31), 0) == march
        assert recalculate_effectiveness(world.caller(), periods=0) == 0
        assert figures(world, APRIL, 1) == march
        assert recalculate_effectiveness(world.caller(), periods=1) == 1
        # (100 + 60 - 70) / (100 + 60 - 60) = 90 %; 70 / 60 x 31; 70 at 10 days and 20 at 18: 11.8 days.
        assert figures(world, APRIL, 1) == ["90.00", "36.2", "31.0", "11.8"]
        assert recalculate_effectiveness(world.caller(), periods=10) == 9 - 8
    assert MonthFigures.objects.filter(ends=dt.date(2026, 3, 31)).count() == 1


@pytest.mark.parametrize("periods", [11, -1])
def test_more_than_ten_months_are_refused_and_nothing_is_kept(world: World, book: Customer, periods: int) -> None:
    with pytest.raises(Refused) as refused:
        recalculate_effectiveness(world.caller(), periods=periods)
    assert refused.value.field == "periods"
    assert not MonthFigures.objects.exists()


def test_nothing_is_kept_of_an_empty_book(world: World) -> None:
    assert keep_last_month(world.system()) == 0
