"""Affected services, to the cent: who pays more, who keeps what they have, and what it comes to a month."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.catalogue.models import Price, Product
from counterfoil.catalogue.operations import raise_prices, set_prices
from counterfoil.catalogue.rules import Increase
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import amend_terms, change_services, remove_services, reprice_services
from counterfoil.subscriptions.operations.shared import NewTerm
from counterfoil.subscriptions.queries import services_by_product
from counterfoil.subscriptions.repricing import Effect, effect_of, repriced
from counterfoil.subscriptions.rules import Change, a_month
from counterfoil.testing.world import World

MAY = dt.date(2026, 5, 1)


@pytest.fixture
def fibre(world: World) -> Product:
    product = world.package("Fibre 100", "600")
    set_prices(
        world.caller(), prices=[(product, "year", Decimal(6600))], currency="ZAR", valid_from=dt.date(2000, 1, 1)
    )
    return product


def have(world: World, product: Product, name: str, on: str = "2026-01-01", **term: Any) -> Service:
    world.subscribe(world.customer(name), product, on=on, **term)
    return Service.objects.latest("pk")


def lifted(world: World, product: Product, **rest: Any) -> list[Price]:
    """The versions that an increase would make; nothing is stored."""
    return raise_prices(
        world.caller().previewing(), products=[product], increase=Increase(percent=Decimal(10)), currency="ZAR",
        valid_from=MAY, **rest,
    )  # fmt: skip


def figures(effect: Effect) -> tuple[int, int, dict[str, int], int]:
    return effect.services, effect.customers, dict(effect.kept), effect.month_minor


def change(world: World, service: Service, kind: str, on: dt.date | None = None, **rest: Any) -> None:
    other = {"price": reprice_services, "discount": reprice_services, "cancel": remove_services}
    operation = other.get(kind, change_services)
    operation(world.caller(), services=[service], change=Change(kind, on or world.today, **rest), reason="Because")


def test_a_month_of_each_frequency() -> None:
    assert [a_month(1200, each) for each in ("week", "month", "quarter", "half_year", "year")] == [
        5200, 1200, 400, 200, 100,
    ]  # fmt: skip
    assert (a_month(18, "year"), a_month(-18, "year"), a_month(1, "week")) == (2, -2, 4)


def test_who_pays_more_and_who_keeps_their_price(world: World, fibre: Product) -> None:
    have(world, fibre, "Plain")
    have(world, fibre, "By the year", frequency="year")
    change(world, have(world, fibre, "Twice"), "quantity", quantity=Decimal(2))
    change(world, have(world, fibre, "Half"), "discount", percent_off=Decimal(50))
    change(world, have(world, fibre, "Own"), "price", price=Decimal(500))
    change(world, have(world, fibre, "Resting"), "rest")
    change(world, have(world, fibre, "Gone"), "cancel")
    have(world, world.package("Other", "100"), "Other")
    effect = effect_of(lifted(world, fibre), MAY)
    # 60 + 55 (660 a year) + 120 + 30 a month; who rests is touched, and pays nothing more meanwhile.
    assert figures(effect) == (5, 5, {"a custom price": 1}, 6000 + 5500 + 12000 + 3000)
    assert [(line.price.frequency, line.services, line.kept, line.month_minor) for line in effect.lines] == [
        ("month", 4, 1, 21000), ("year", 1, 0, 5500),
    ]  # fmt: skip
    assert [line.before for line in effect.lines] == [600, 6600]


def test_for_new_services_only_everybody_keeps_what_they_had(world: World, fibre: Product) -> None:
    have(world, fibre, "Plain")
    effect = effect_of(lifted(world, fibre, new_only=True), MAY)
    assert figures(effect) == (0, 0, {"what it had": 1}, 0)


def test_a_price_for_everybody_ends_one_that_was_kept(world: World, fibre: Product) -> None:
    have(world, fibre, "Old")
    set_prices(
        world.caller(), prices=[(fibre, "month", Decimal(700))], currency="ZAR", valid_from=world.today, new_only=True
    )
    have(world, fibre, "New", on="2026-03-31")
    rows = {row.before: row.after for row in repriced(lifted(world, fibre), MAY)}
    assert rows == {60000: 77000, 70000: 77000}


def test_it_is_the_same_before_and_after_it_is_done(world: World, fibre: Product) -> None:
    have(world, fibre, "Plain")
    before = figures(effect_of(lifted(world, fibre), MAY))
    done = raise_prices(
        world.caller(), products=[fibre], increase=Increase(percent=Decimal(10)), currency="ZAR", valid_from=MAY
    )
    assert figures(effect_of(done, MAY)) == before == (1, 1, {}, 6000)


def test_what_is_scheduled_before_the_day_counts(world: World, fibre: Product) -> None:
    other = world.package("Other", "100")
    leaves, comes = have(world, fibre, "Leaves"), have(world, other, "Comes")
    change(world, leaves, "swap", dt.date(2026, 4, 15), product_id=other.pk)
    change(world, comes, "swap", dt.date(2026, 4, 15), product_id=fibre.pk)
    stays = have(world, fibre, "Stays")
    change(world, stays, "swap", dt.date(2026, 5, 15), product_id=other.pk)
    assert {row.service_id for row in repriced(lifted(world, fibre), MAY)} == {comes.pk, stays.pk}


def test_the_term_of_the_day_says_how_often(world: World, fibre: Product) -> None:
    service = have(world, fibre, "Changes", anchor_day=1)
    amend_terms(
        world.caller(), subscription=service.subscription, term=NewTerm(frequency="year", anchor_day=1),
        on=dt.date(2026, 4, 1),
    )  # fmt: skip
    assert [row.frequency for row in repriced(lifted(world, fibre), MAY)] == ["year"]


def test_what_came_with_a_bundle_is_free(world: World) -> None:
    line = world.package("Line", "89", kind="voice")
    both = world.package("Both", "650", parts=(line.code,))
    world.subscribe(world.customer("Bundle"), both, on="2026-01-01")
    effect = effect_of(lifted(world, line), MAY)
    assert figures(effect) == (0, 0, {"in a bundle": 1}, 0)


def test_a_constant_number_of_queries(world: World, fibre: Product, django_assert_num_queries: Any) -> None:
    have(world, fibre, "First")
    prices = lifted(world, fibre)
    with django_assert_num_queries(4):
        effect_of(prices, MAY)
    for number in range(5):
        have(world, fibre, f"More {number}")
    with django_assert_num_queries(4):
        assert effect_of(prices, MAY).services == 6


def test_services_that_go_on_are_counted(world: World, fibre: Product) -> None:
    have(world, fibre, "One")
    change(world, have(world, fibre, "Gone"), "cancel")
    assert services_by_product(world.caller()) == {fibre.pk: 1}
    assert services_by_product(world.nobody) == {}


def test_a_term_of_a_later_day_does_not_count_yet(world: World, fibre: Product) -> None:
    service = have(world, fibre, "Later")
    later = dt.date(2026, 6, 1)
    amend_terms(world.caller(), subscription=service.subscription, term=NewTerm(frequency="year"), on=later)
    assert figures(effect_of(lifted(world, fibre), MAY)) == (1, 1, {}, 6000)


def test_who_rests_pays_nothing_more_in_a_month(world: World, fibre: Product) -> None:
    change(world, have(world, fibre, "Resting"), "rest")
    (row,) = repriced(lifted(world, fibre), MAY)
    assert (row.after - row.before, row.month_minor) == (6000, 0)


def test_a_price_per_unit_touches_who_has_usage_and_is_in_no_months_figure(world: World) -> None:
    calls = world.metered("Calls", "0.011")
    world.package("Line", "99", kind="voice", parts=("calls",))
    with world.on("2026-01-01"):
        have(world, calls, "Anna", frequency="year")
        line = Product.objects.get(name="Line")
        have(world, line, "Ben")
    prices = [(calls, "unit", Decimal("0.012"))]
    made = set_prices(world.caller().previewing(), prices=prices, currency="ZAR", valid_from=MAY)
    effect = effect_of(made, MAY)
    # A tenth of a cent more is more, also for what came with a bundle; what it comes to nobody knows.
    assert figures(effect) == (2, 2, {}, 0)
    dearer = set_prices(
        world.caller().previewing(), prices=[(calls, "unit", Decimal(2))], currency="ZAR", valid_from=MAY
    )  # fmt: skip
    assert figures(effect_of(dearer, MAY)) == (2, 2, {}, 0)
    assert [(row.before, row.after, row.month_minor) for row in repriced(dearer, MAY)] == [(1, 200, 0)] * 2
    kept = set_prices(world.caller().previewing(), prices=prices, currency="ZAR", valid_from=MAY, new_only=True)
    assert figures(effect_of(kept, MAY)) == (0, 0, {"what it had": 2}, 0)
