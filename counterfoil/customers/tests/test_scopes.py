"""Areas and brands: what somebody is limited to holds in lists, exports, search, pages, and every operation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from counterfoil.customers import queries
from counterfoil.customers.models import Customer
from counterfoil.customers.nouns import CUSTOMER
from counterfoil.customers.operations import add_customer, add_note, change_customer
from counterfoil.imports.operations import import_file
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.operator.models import Area, Brand
from counterfoil.operator.operations import add_area, add_brand
from counterfoil.payments.operations import NewReceipt, record_receipts
from counterfoil.platform.approvals import approve, ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.receivables.operations import issue_credit
from counterfoil.reports.queries import asked_for, find_report, read_report
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts


@pytest.fixture
def north(world: World) -> Area:
    return add_area(world.caller(), name="North")


@pytest.fixture
def south(world: World) -> Area:
    return add_area(world.caller(), name="South")


@pytest.fixture
def zara(world: World, north: Area) -> Customer:
    return world.customer("Zara North", owing={"2026-01-31": "100.00"}, area_id=north.pk)


@pytest.fixture
def yusuf(world: World, south: Area) -> Customer:
    return world.customer("Yusuf South", owing={"2026-01-31": "200.00"}, area_id=south.pk, emails=["y@mail.example"])


def limited(world: World, *areas: Area, brands: tuple[Brand, ...] = ()) -> Caller:
    scope = {"area": frozenset(row.pk for row in areas)} if areas else {}
    if brands:
        scope["brand"] = frozenset(row.pk for row in brands)
    return replace(world.caller("finance", "Nomsa"), scope=scope)


def test_lists_search_and_reports_have_only_what_is_in_scope(
    world: World, zara: Customer, yusuf: Customer, north: Area
) -> None:
    nowhere = world.customer("Xolani Nowhere")
    caller = limited(world, north)
    assert list(queries.visible(caller)) == [zara]
    assert queries.search(caller, "south") == []
    assert [row.name for row in queries.search(caller, "north")] == ["Zara North"]
    _, rows = read_report(caller, find_report("age-analysis"), asked_for(None, world.today))
    assert [row.name for row in rows] == ["Zara North"]
    for hidden in (yusuf, nowhere):
        with pytest.raises(NotFound):
            CUSTOMER.get(caller, hidden.number)
    with pytest.raises(Refused) as refused:
        read_report(caller, find_report("trial-balance"), asked_for(None, world.today))
    assert refused.value.code == "not_found"
    assert set(queries.visible(limited(world))) == {zara, yusuf, nowhere}


def test_area_and_brand_must_both_fit(world: World, zara: Customer, north: Area) -> None:
    ours, theirs = (add_brand(world.caller(), name=name) for name in ("Highveld", "Valley Net"))
    change_customer(world.caller(), customer=zara, version=1, changes={"brand": ours})
    assert list(queries.visible(limited(world, north, brands=(ours,)))) == [zara]
    assert list(queries.visible(limited(world, north, brands=(theirs,)))) == []
    assert list(queries.visible(limited(world, brands=(ours,)))) == [zara]


def test_pages_exports_and_addresses_answer_as_if_the_rest_did_not_exist(
    world: World, zara: Customer, yusuf: Customer, north: Area
) -> None:
    user = add_user(
        world.caller(), email="n@x.example", name="Nomsa", role="finance", password="correct horse", areas=[north]
    )
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    for address in (
        "/customers/",
        "/customers/?format=csv",
        "/find?q=a",
        "/find?q=INV-",
        "/",
        "/reports/age-analysis/?format=csv",
        "/reports/open-items/?format=csv",
        "/customers/?q=yusuf",
        f"/customers/?id={yusuf.number}&format=csv",
    ):
        answer = client.get(address)
        assert answer.status_code == 200, address
        text = answer.content.decode()
        assert "Yusuf South" not in text, address
        assert "INV-000002" not in text, address
    assert "Zara North" in client.get("/customers/?format=csv").content.decode()
    item = world.item("INV-000002")
    for address in (
        f"/customers/{yusuf.number}/",
        f"/customers/{yusuf.number}/panels/audit/",
        f"/items/{item.pk}/",
        f"/customers/{yusuf.number}/statement/",
        f"/customers/{yusuf.number}/payment/",
    ):
        assert client.get(address).status_code == 404, address
    before = counts()
    assert client.post(f"/customers/{yusuf.number}/note/", {"text": "Note"}).status_code == 404
    assert counts() == before


def test_an_operation_looks_at_everything_its_arguments_name(
    world: World, zara: Customer, yusuf: Customer, north: Area
) -> None:
    caller = limited(world, north)
    add_note(caller, customer=zara, text="Note")
    before = counts()
    for attempt in (
        lambda: add_note(caller, customer=yusuf, text="Note"),
        lambda: record_receipts(
            caller, receipts=[NewReceipt(zara.pk, 1, world.today, "eft"), NewReceipt(yusuf.pk, 1, world.today, "eft")]
        ),
        lambda: change_customer(caller, customer=zara, version=1, changes={"parent": yusuf}),
        lambda: add_customer(caller, name="New", area_id=north.pk, parent_id=yusuf.pk),
        lambda: issue_credit(caller, customer=zara, amount_minor=1, reason="x", against=world.item("INV-000002")),
        lambda: add_note(caller.previewing(), customer=yusuf, text="Note"),
    ):
        with pytest.raises(NotFound):
            attempt()
        assert counts() == before


def test_nobody_moves_a_customer_out_of_their_own_sight(world: World, zara: Customer, north: Area, south: Area) -> None:
    caller = limited(world, north)
    before = counts()
    for changes in ({"area": south}, {"area": None}):
        with pytest.raises(Refused) as refused:
            change_customer(caller, customer=zara, version=1, changes=changes)
        assert (refused.value.code, refused.value.field) == ("outside_scope", "area")
    with pytest.raises(Refused):
        add_customer(caller, name="New", area_id=south.pk)
    with pytest.raises(Refused, match="all areas and brands"):
        import_file(caller, content=b"", file_name="x.csv", mapping="")
    assert counts() == before
    assert add_customer(caller, name="New").area_id == north.pk


def test_a_request_about_somebody_out_of_scope_cannot_be_decided(world: World, yusuf: Customer, north: Area) -> None:
    row = ask_approval(
        world.clerk, operation=issue_credit.name, customer_id=yusuf.pk,
        arguments={"customer": yusuf, "amount_minor": 100, "reason": "Offline"},
    )  # fmt: skip
    before = counts()
    with pytest.raises(NotFound):
        approve(limited(world, north), approval=row)
    assert counts() == before
    assert list(queries.only_visible(limited(world, north), type(row).objects.all())) == []


def test_who_is_not_limited_pays_no_query(world: World, zara: Customer) -> None:
    add_note(world.clerk, customer=zara, text="warm")
    with CaptureQueriesContext(connection) as free:
        world.clerk.check_scope({"customer": zara, "items": [world.today]})
    assert len(free) == 0
