"""The catalogue as people use it: the list, a product, and each form with what it says and what is different after."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from counterfoil.billing.operations import open_bill_run
from counterfoil.billing.operations.runs import catalogue_of, preview_chunk
from counterfoil.billing.run_queries import run_figures
from counterfoil.catalogue.models import BundlePart, Price, Product
from counterfoil.desk.tests.test_doors import desk, send
from counterfoil.kernel.periods import add_months
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts

__all__ = ["desk"]
TODAY = timezone.localdate()
NEXT = add_months(TODAY.replace(day=1), 1)
RAISE = {"how": "percent", "value": "10", "step": "1", "valid_from": NEXT.isoformat(), "whom": "all"}


@pytest.fixture
def fibre(world: World, desk: Client) -> Product:
    fibre = world.package("Fibre 100", "599", family="fibre", tier=1)
    world.package("Fibre 200", "899", family="fibre", tier=2)
    world.package("Line", "89", kind="voice", needs="data")
    for name in ("Zara Naidoo", "Piet Botha"):
        world.subscribe(world.customer(name, emails=[f"{name[:4]}@x.example"]), fibre, on="2026-01-01", anchor_day=1)
    return fibre


def test_the_list_with_prices_and_services(desk: Client, fibre: Product) -> None:
    page = desk.get("/catalogue/").content.decode()
    assert 'href="/catalogue/"' in desk.get("/").content.decode()
    assert "fibre-100" in page
    assert "599.00" in page
    lines = desk.get("/catalogue/?format=csv&kind=data&sort=services").content.decode("utf-8-sig").splitlines()
    assert lines[0] == 'Product,"Product, note",Status,Kind,"Family, tier","Monthly, R","Monthly, R, note",Services'
    assert lines[1:] == [
        'Fibre 200,fibre-200,,Data package,"fibre, 2",899.00,,0',
        'Fibre 100,fibre-100,,Data package,"fibre, 1",599.00,,2',
    ]
    assert "Fibre 100" not in desk.get("/catalogue/?q=voice-line").content.decode()
    assert "Line" in desk.get("/catalogue/?kind=voice").content.decode()


def test_who_may_not_see_it_is_told_nothing(world: World, desk: Client, fibre: Product) -> None:
    add_user(world.caller(), email="d@x.example", name="D", role="dispatcher", password="s3cret-enough")
    add_user(world.caller(), email="r@x.example", name="R", role="reader", password="s3cret-enough")
    client = Client()
    client.force_login(User.objects.get(email="d@x.example"))
    for address in ("/catalogue/", f"/catalogue/{fibre.pk}/"):
        assert client.get(address).status_code == 404
    client.force_login(User.objects.get(email="r@x.example"))
    page = client.get("/catalogue/").content.decode()
    assert "Fibre 100" in page
    assert "Raise prices" not in page
    assert "Set a price" not in client.get(f"/catalogue/{fibre.pk}/").content.decode()
    assert client.get("/catalogue/raise/").status_code == 403


def test_a_product_is_added_priced_changed_withdrawn_and_sold_again(desk: Client, fibre: Product) -> None:
    fields = {
        "code": "combo",
        "name": "Combo",
        "kind": "data",
        "tax_code": "",
        "prices": "incl",
        "tier": "",
        "parts": ["line"],
    }
    answer = desk.post("/catalogue/add/", {**fields, "key": "a"})
    combo = Product.objects.get(code="combo")
    assert answer.headers["Location"] == f"/catalogue/{combo.pk}/price/"
    assert BundlePart.objects.get().bundle == combo
    said = send(
        desk, reverse("set-price", args=[combo.pk]), frequency="month", value="1,250.50", valid_from=TODAY.isoformat(),
        whom="all",
    )  # fmt: skip
    assert "Combo costs R1,250.50 monthly from" in said
    page = desk.get(f"/catalogue/{combo.pk}/").content.decode()
    assert "R1,250.50" in page
    assert "Comes with" in page
    assert "Lerato" in page
    send(desk, reverse("change-product", args=[combo.pk]), name="Combi", tax_code="", family="both", tier="2")
    combo.refresh_from_db()
    assert (combo.name, combo.family, combo.tier, combo.active) == ("Combi", "both", 2, True)
    assert "withdrawn from sale" in send(desk, reverse("withdraw-product", args=[combo.pk]))
    assert "Withdrawn" in desk.get(f"/catalogue/{combo.pk}/").content.decode()
    assert "is on sale again" in send(desk, reverse("offer-product", args=[combo.pk]))


def test_withdrawing_says_who_keeps_it(desk: Client, fibre: Product) -> None:
    assert "2 services that have it go on" in squeezed(desk.get(f"/catalogue/{fibre.pk}/withdraw/").content.decode())


def test_a_price_is_drawn_before_it_is_set(desk: Client, fibre: Product) -> None:
    before = counts()
    fields = {"frequency": "month", "value": "649", "valid_from": NEXT.isoformat(), "whom": "all", "preview": "1"}
    page = squeezed(desk.post(f"/catalogue/{fibre.pk}/price/", fields, HTTP_HX_REQUEST="true").content.decode())
    assert "R100.00" in page
    assert "Set R649.00" in page
    assert "See 2 affected customers" in page
    assert counts() == before


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"value": "ten"}, "is not an amount"),
        ({"value": "-1"}, "A price is zero or more"),
        ({"valid_from": "2020-01-01"}, "That day is billed"),
    ],
)
def test_a_wrong_price_is_refused_on_its_field(desk: Client, fibre: Product, wrong: dict[str, str], says: str) -> None:
    before = counts()
    fields = {"frequency": "month", "value": "649", "valid_from": NEXT.isoformat(), "whom": "all", **wrong}
    answer = desk.post(f"/catalogue/{fibre.pk}/price/", fields)
    assert answer.status_code == 422
    (field,) = wrong
    assert says in answer.context["form"].errors[field][0]
    assert counts() == before


def test_prices_are_raised_with_whom_it_touches_drawn_before(desk: Client, fibre: Product) -> None:
    before = counts()
    fields = {**RAISE, "family": "fibre", "preview": "1"}
    page = squeezed(desk.post("/catalogue/raise/", fields, HTTP_HX_REQUEST="true").content.decode())
    # R599 to R659 for two, R899 to R989 for nobody.
    for text in ("659.00", "989.00", "R120.00", "Raise 2 prices", "See 2 affected customers"):
        assert text in page
    assert counts() == before
    said = send(desk, "/catalogue/raise/", **RAISE, family="fibre")
    assert "2 prices are raised from" in said
    assert "2 services pay R120.00 more a month." in said
    assert [price.amount for price in Price.objects.filter(valid_from=NEXT).order_by("pk")] == [659, 989]
    assert "R659.00 from" in desk.get("/catalogue/").content.decode()


def test_single_products_are_ticked_from_the_list(desk: Client, fibre: Product) -> None:
    page = desk.get(f"/catalogue/raise/?id={fibre.pk}&value=10")
    assert page.context["form"].result[0].product == fibre
    assert "658.90" in page.content.decode()
    send(desk, "/catalogue/raise/", **RAISE, products=[fibre.pk])
    assert Price.objects.filter(valid_from=NEXT).count() == 1


def test_the_list_of_whom_it_touches_is_exported(desk: Client, fibre: Product) -> None:
    query = f"{'&'.join(f'{key}={value}' for key, value in RAISE.items())}&products={fibre.pk}"
    page = desk.get(f"/catalogue/raise/whom/?{query}").content.decode()
    assert "nothing is changed yet" in page
    lines = desk.get(f"/catalogue/raise/whom/?{query}&format=csv").content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["Piet Botha", "Zara Naidoo"]
    assert lines[1].endswith("Fibre 100,Monthly,599.00,659.00,60.00,")
    # Its links carry the products along.
    assert f"products={fibre.pk}" in page
    kept = desk.get(f"/catalogue/raise/whom/?{query.replace('whom=all', 'whom=new')}&view=kept").content.decode()
    assert "What it had" in kept
    assert desk.get("/catalogue/raise/whom/").status_code < 500


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"value": "0"}, "value", "To lower a price"),
        ({"value": "much"}, "value", "is not an amount"),
        ({"valid_from": "2020-01-01"}, "valid_from", "That day is billed"),
        ({"kind": "voice", "family": "fibre"}, "kind", "No product matches"),
    ],
)
def test_a_wrong_increase_is_refused_on_its_field(
    desk: Client, fibre: Product, wrong: dict[str, str], field: str, says: str
) -> None:
    before = counts()
    answer = desk.post("/catalogue/raise/", {**RAISE, **wrong})
    assert answer.status_code == 422
    assert says in answer.context["form"].errors[field][0]
    assert counts() == before


def test_a_run_that_was_opened_keeps_its_prices(world: World, desk: Client) -> None:
    wireless = world.package("Wireless", "399")
    world.subscribe(
        world.customer("Anna", emails=["anna@x.example"]), wireless, on=TODAY.replace(day=1).isoformat(), anchor_day=1
    )
    run = open_bill_run(world.caller(), bill_to=TODAY, on=TODAY)
    said = send(desk, "/catalogue/raise/", **{**RAISE, "valid_from": TODAY.isoformat()})
    assert "1 price is raised from" in said
    assert Price.objects.get(valid_from=TODAY).amount == 439
    while preview_chunk(world.system(), run=run, catalogue=catalogue_of(run)):
        pass
    assert run_figures(run).states["ready"] == (1, 39900)
