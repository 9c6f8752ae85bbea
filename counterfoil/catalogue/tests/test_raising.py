"""Raising many prices at once: exact prices, what is refused, and that a refusal leaves everything as it was."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.catalogue.models import Price, Product
from counterfoil.catalogue.operations import ProductFacts, change_product, raise_prices, set_prices
from counterfoil.catalogue.queries import price_history
from counterfoil.catalogue.rules import Increase, PriceVersion, price_text, raised, states_on
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

APRIL = dt.date(2026, 4, 1)


@pytest.mark.parametrize(
    ("price", "increase", "after"),
    [
        ("599", Increase(percent=Decimal("8.5")), "649.92"),  # 649.915, half up
        ("599", Increase(percent=Decimal("8.5"), step=Decimal(1)), "650"),
        ("599", Increase(percent=Decimal("8.5"), step=Decimal("0.50")), "650"),
        ("599", Increase(percent=Decimal("8.5"), step=Decimal("0.05")), "649.90"),
        ("10", Increase(percent=Decimal(5), step=Decimal(1)), "11"),  # 10.50, half up
        ("599.90", Increase(amount=Decimal(10)), "609.90"),
        ("599.90", Increase(amount=Decimal(10), step=Decimal(5)), "610"),
        ("0", Increase(percent=Decimal(10)), "0"),
    ],
)
def test_a_price_after_an_increase(price: str, increase: Increase, after: str) -> None:
    assert raised(Decimal(price), increase) == Decimal(after)


def test_a_price_in_words() -> None:
    assert price_text(Decimal("1299.0000"), "ZAR") == "R1,299.00"
    assert price_text(Decimal("0.0350"), "USD") == "$0.035"


def test_how_versions_stand() -> None:
    def version(month: int, new_only: bool = False) -> PriceVersion:
        return PriceVersion(dt.date(2026, month, 1), Decimal(1), new_only)

    day = dt.date(2026, 5, 1)
    assert states_on([version(1), version(2), version(6)], day) == ["past", "now", "coming"]
    assert states_on([version(1), version(2), version(3, True), version(4, True)], day) == [
        "past", "kept", "kept", "now",
    ]  # fmt: skip
    assert states_on([], day) == []


@pytest.fixture
def fibre(world: World) -> Product:
    product = world.package("Fibre 100", "599")
    yearly = [(product, "year", Decimal(6589))]
    set_prices(world.caller(), prices=yearly, currency="ZAR", valid_from=dt.date(2000, 1, 1))
    return product


def lift(world: World, *products: Product, percent: str = "10", step: str = "1", **rest: Any) -> list[Price]:
    increase = rest.pop("increase", Increase(percent=Decimal(percent), step=Decimal(step)))
    arguments = {"currency": "ZAR", "valid_from": APRIL, **rest}
    return raise_prices(rest.pop("by", world.caller()), products=products, increase=increase, **arguments)


def test_every_price_of_the_products_is_raised_with_one_event_for_each_product(world: World, fibre: Product) -> None:
    voice = world.package("Line", "89.90", kind="voice")
    other = world.package("Other", "100")
    made = lift(world, fibre, voice, new_only=True)
    assert [(row.product.name, row.frequency, row.amount, row.new_only) for row in made] == [
        ("Fibre 100", "month", 659, True), ("Fibre 100", "year", 7248, True), ("Line", "month", 99, True),
    ]  # fmt: skip
    assert all(row.set_by == "Administrator" and row.set_at == world.now for row in Price.objects.filter(new_only=True))
    assert Price.objects.filter(product=other).count() == 1
    events = Event.objects.filter(kind="price.raised").order_by("pk")
    assert [event.data["prices"] for event in events] == [
        {"monthly": ["R599.00", "R659.00"], "yearly": ["R6,589.00", "R7,248.00"]}, {"monthly": ["R89.90", "R99.00"]},
    ]  # fmt: skip
    assert events[0].data["whom"] == "for new services"


def test_one_frequency_only(world: World, fibre: Product) -> None:
    assert [row.frequency for row in lift(world, fibre, frequency="year")] == ["year"]


def test_a_free_product_is_left_as_it_is(world: World, fibre: Product) -> None:
    free = world.package("Free line", "0")
    assert {row.product_id for row in lift(world, fibre, free)} == {fibre.pk}
    assert Price.objects.filter(product=free).count() == 1


def test_sent_twice_it_is_done_once(world: World, fibre: Product) -> None:
    by = world.caller().with_key("once")
    arguments: dict[str, Any] = {
        "products": [fibre], "increase": Increase(percent=Decimal(10)), "currency": "ZAR", "valid_from": APRIL,
    }  # fmt: skip
    first, again = raise_prices(by, **arguments), raise_prices(by, **arguments)
    assert [row.pk for row in first] == [row.pk for row in again]
    assert Price.objects.count() == 4


def test_a_preview_changes_nothing(world: World, fibre: Product) -> None:
    before = counts()
    made = raise_prices(
        world.caller().previewing(), products=[fibre], increase=Increase(amount=Decimal(1)), currency="ZAR",
        valid_from=APRIL,
    )  # fmt: skip
    assert [row.amount for row in made] == [600, 6590]
    assert counts() == before


@pytest.mark.parametrize(
    ("rest", "code", "field"),
    [
        ({"increase": Increase()}, "not_an_increase", "percent"),
        ({"increase": Increase(Decimal(1), Decimal(1))}, "not_an_increase", "percent"),
        ({"percent": "0"}, "not_an_increase", "percent"),
        ({"percent": "-5"}, "not_an_increase", "percent"),
        ({"percent": "1000.1"}, "not_an_increase", "percent"),
        ({"percent": "NaN"}, "not_an_increase", "percent"),
        ({"increase": Increase(amount=Decimal(-1))}, "not_an_increase", "amount"),
        ({"step": "0"}, "not_a_step", "step"),
        ({"step": "0.025"}, "not_a_step", "step"),
        ({"percent": "0.1", "step": "10"}, "nothing_changes", "step"),
        ({"valid_from": dt.date(2026, 3, 30)}, "price_in_the_past", "valid_from"),
        ({"currency": "USD"}, "no_price", "products"),
        ({"currency": "RAND"}, "not_a_currency", "currency"),
    ],
)
def test_what_is_refused_changes_nothing(world: World, rest: dict[str, Any], code: str, field: str) -> None:
    # A price that no step of the cases lowers, so that each is refused for its own reason.
    product = world.package("Fibre 100", "600")
    before = counts()
    with pytest.raises(Refused) as refusal:
        lift(world, product, **rest)
    assert (refusal.value.code, refusal.value.field, counts()) == (code, field, before)


def test_a_version_already_there_is_named_and_nothing_else_is_raised(world: World, fibre: Product) -> None:
    other = world.package("Other", "100")
    set_prices(world.caller(), prices=[(other, "month", Decimal(110))], currency="ZAR", valid_from=dt.date(2026, 5, 1))
    before = counts()
    with pytest.raises(Refused) as refusal:
        lift(world, fibre, other, valid_from=dt.date(2026, 5, 1))
    assert refusal.value.code == "price_overlaps"
    assert refusal.value.sentence == ("Other has a monthly price from 1 May 2026 already. Use a day after 1 May 2026.")
    assert counts() == before


def test_rounding_that_lowers_a_price_is_refused(world: World) -> None:
    cheap = world.package("Cheap", "10.40")
    with pytest.raises(Refused) as refusal:
        lift(world, cheap, percent="0.5")
    assert refusal.value.sentence.startswith("Rounded, Cheap would cost R10.00, less than R10.40 now.")


def test_somebody_limited_to_an_area_sets_no_prices(world: World, fibre: Product) -> None:
    before = counts()
    limited = replace(world.caller(), scope={"area": frozenset({1})})
    with pytest.raises(Refused) as refusal:
        raise_prices(limited, products=[fibre], increase=Increase(percent=Decimal(1)), currency="ZAR", valid_from=APRIL)
    assert (refusal.value.code, counts()) == ("whole_only", before)


def test_the_history_of_a_price(world: World, fibre: Product) -> None:
    lift(world, fibre, frequency="month")
    rows = price_history(fibre, world.today)
    assert [(row.price.frequency, row.state, row.before, row.price.amount) for row in rows] == [
        ("month", "coming", 599, 659), ("month", "now", None, 599), ("year", "now", None, 6589),
    ]  # fmt: skip


def test_changing_facts_records_what_changed(world: World, fibre: Product) -> None:
    facts = ProductFacts("fibre", 3, "", "standard", "F-100")
    change_product(world.caller(), product=fibre, name="Fibre 100", active=False, facts=facts)
    assert Event.objects.filter(kind="product.changed").latest("pk").data["changes"] == {
        "on sale": ["yes", "no"], "family": ["nothing", "fibre"], "tier": ["0", "3"],
        "alternative code": ["nothing", "F-100"],
    }  # fmt: skip
    before = counts()
    change_product(world.caller(), product=fibre, name="Fibre 100", active=False, facts=facts)
    assert counts() == before
