"""Prices as versions: which holds, whom a new one touches, what is refused."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.catalogue.models import RECURRING, BundlePart, Price, Product
from counterfoil.catalogue.operations import NewProduct, add_product, change_product, set_prices
from counterfoil.catalogue.queries import all_prices, newest_price, on_sale
from counterfoil.catalogue.rules import PriceVersion, price_on
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World, counts


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def set_price(world: World, product: Product, amount: str, on: str, **rest: Any) -> None:
    prices = [(product, rest.pop("frequency", "month"), Decimal(amount))]
    set_prices(world.caller(), prices=prices, currency=rest.pop("currency", "ZAR"), valid_from=day(on), **rest)


def refused(world: World, *args: Any, **rest: Any) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        set_price(world, *args, **rest)
    assert counts() == before
    return refusal.value.code


def test_the_newest_version_that_has_begun_holds() -> None:
    versions = [PriceVersion(day("2026-01-01"), Decimal(599)), PriceVersion(day("2026-04-01"), Decimal(649))]
    added = day("2020-01-01")
    assert price_on(versions, day("2025-12-31"), added) is None
    assert price_on(versions, day("2026-03-31"), added) == 599
    assert price_on(versions, day("2026-04-01"), added) == 649
    assert price_on(list(reversed(versions)), day("2026-04-01"), added) == 649


def test_a_price_for_new_services_leaves_those_there_already_as_they_were() -> None:
    versions = [
        PriceVersion(day("2026-01-01"), Decimal(599)),
        PriceVersion(day("2026-04-01"), Decimal(649), new_only=True),
        PriceVersion(day("2026-07-01"), Decimal(629)),
    ]
    old, new = day("2026-03-31"), day("2026-04-01")
    assert [price_on(versions, day("2026-05-01"), added) for added in (old, new)] == [599, 649]
    # One for everyone ends it.
    assert [price_on(versions, day("2026-07-01"), added) for added in (old, new)] == [629, 629]


def test_prices_are_set_and_read_as_versions(world: World) -> None:
    fibre = world.package("Fibre 100", "599")
    set_price(world, fibre, "649.5000", "2026-04-01", new_only=True)
    set_price(world, fibre, "6499", "2026-04-01", frequency="year")
    set_price(world, fibre, "35", "2026-04-01", currency="USD")
    assert all_prices()["month", "ZAR"][fibre.pk] == [
        PriceVersion(day("2000-01-01"), Decimal(599)), PriceVersion(day("2026-04-01"), Decimal("649.5"), new_only=True),
    ]  # fmt: skip
    first = Price.objects.order_by("pk")[0].pk
    assert len(all_prices(first)["month", "ZAR"][fibre.pk]) == 1
    # Where there was no price at all, a later one is no change but a gap mended.
    assert [version.amount for version in all_prices(first)["year", "ZAR"][fibre.pk]] == [6499]
    assert all_prices(products=[]) == {}
    assert newest_price() == Price.objects.order_by("-pk")[0].pk
    assert [kind for kind in world.events if kind.startswith("price.")] == ["price.set"] * 4


def test_the_past_and_what_overlaps_are_refused(world: World) -> None:
    fibre = world.package("Fibre 100", "599")
    assert refused(world, fibre, "649", "2026-03-30") == "price_in_the_past"
    set_price(world, fibre, "649", "2026-04-10")
    assert refused(world, fibre, "699", "2026-04-10") == "price_overlaps"
    assert refused(world, fibre, "699", "2026-04-01") == "price_overlaps"
    set_price(world, fibre, "699", "2026-04-11")
    # The first price of a product may be of any day.
    set_price(world, world.package("Fibre 50", None), "499", "2020-01-01")


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "1e12", "1.00001"])
def test_what_is_no_price_is_refused(world: World, amount: str) -> None:
    assert refused(world, world.package("Fibre 100", "599"), amount, "2026-04-01") == "not_an_amount"


def test_a_frequency_or_currency_that_does_not_exist_is_refused(world: World) -> None:
    fibre = world.package("Fibre 100", "599")
    assert refused(world, fibre, "1", "2026-04-01", frequency="daily") == "no_such_frequency"
    assert refused(world, fibre, "1", "2026-04-01", currency="RAND") == "not_a_currency"


def test_one_refused_price_of_several_sets_none(world: World) -> None:
    one, other = world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
    before = counts()
    with pytest.raises(Refused):
        set_prices(
            world.caller(), prices=[(one, "month", Decimal(1)), (other, "month", Decimal(-1))], currency="ZAR",
            valid_from=day("2026-04-01"),
        )  # fmt: skip
    assert counts() == before


def test_products_have_parts_and_can_go_out_of_sale(world: World) -> None:
    line = world.package("Voice line", "89", kind="voice", needs="data")
    both = world.package("Fibre and voice", "650", parts=(line.code,))
    assert [(p.bundle_id, p.part_id, p.quantity) for p in BundlePart.objects.all()] == [(both.pk, line.pk, 1)]
    changed = change_product(world.caller(), product=line, name="Telephone line", active=False)
    assert (changed.name, changed.code) == ("Telephone line", "voice-line")
    assert on_sale() == [both]
    assert on_sale("voice") == []


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (NewProduct("fibre-100", "Again", "data"), "code_taken"),
        (NewProduct("x", "X", "boat"), "no_such_kind"),
        (NewProduct("x", "X", "data", needs="boat"), "no_such_kind"),
        (NewProduct("x", "X", "data", parts=("nothing",)), "no_such_product"),
        (NewProduct("", "X", "data"), "required"),
    ],
)
def test_what_is_no_product_is_refused(world: World, new: NewProduct, code: str) -> None:
    world.package("Fibre 100", "599")
    before = counts()
    with pytest.raises(Refused) as refusal:
        add_product(world.caller(), new=new)
    assert (refusal.value.code, counts()) == (code, before)


def test_usage_has_a_unit_and_its_price_is_per_unit(world: World) -> None:
    calls = world.metered("Calls", "1.20", included="100")
    assert (calls.kind, calls.unit, calls.included) == ("usage", "minute", 100)
    fibre = world.package("Fibre 100", "599")

    def code(ask: Callable[[], object]) -> tuple[str, str | None]:
        before = counts()
        with pytest.raises(Refused) as refusal:
            ask()
        assert counts() == before
        return refusal.value.code, refusal.value.field

    def price(product: Product, frequency: str) -> object:
        prices = [(product, frequency, Decimal(1))]
        return set_prices(world.caller(), prices=prices, currency="ZAR", valid_from=world.today)

    def add(kind: str, **rest: Any) -> object:
        return add_product(world.caller(), new=NewProduct("new", "New", kind, **rest))

    assert code(lambda: price(calls, "month")) == ("not_by_unit", "frequency")
    assert code(lambda: price(fibre, "unit")) == ("not_by_unit", "frequency")
    assert code(lambda: add("usage")) == ("required", "unit")
    assert code(lambda: add("data", unit="GB")) == ("not_by_unit", "unit")
    assert code(lambda: add("data", included=Decimal(5))) == ("not_by_unit", "included")
    assert code(lambda: add("usage", unit="GB", included=Decimal(-1))) == ("absurd_quantity", "included")
    assert code(lambda: add("usage", unit="GB", included=Decimal("0.00001"))) == ("absurd_quantity", "included")
    assert ("unit", "Per unit") not in RECURRING
