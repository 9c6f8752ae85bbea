"""The API as another program meets it: money in, money asked about, and every kind of no."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.operator.operations import add_area
from counterfoil.payments.models import Receipt
from counterfoil.platform.approvals import approve
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Approval
from counterfoil.staff.models import User
from counterfoil.staff.operations import revoke_token
from counterfoil.staff.queries import caller_of, shown_token
from counterfoil.testing.program import Program, rand
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event


@pytest.fixture
def shop(world: World) -> Program:
    return Program()


def test_a_shop_opens_an_account_bills_it_and_is_paid(world: World, shop: Program) -> None:
    made = shop.post("customers/add-customer", name="Zara Naidoo", emails=["zara@mail.example"], joined_on="2026-01-05")
    number = made["result"]["number"]
    assert made["result"]["name"] == "Zara Naidoo"
    assert made["result"]["joined_on"] == "2026-01-05"
    assert not made["repeated"]
    contact = shop.get("contacts", customer=number)["rows"][0]
    assert (contact["name"], contact["emails"]) == ("Zara Naidoo", ["zara@mail.example"])

    line = {"text": "Installation", "quantity": "2", "unit_price": "425.00"}
    draft = shop.post(f"customers/{number}/draft-invoice", lines=[line], on=shop.today)["result"]
    assert draft["total"] == rand("850.00")
    issued = shop.post("invoices/issue-invoices", invoices=[draft["id"]])["result"][0]
    assert issued["state"] == "issued"
    lines = shop.get(f"invoices/{issued['id']}")["lines"]
    assert [(row["text"], row["quantity"], row["total"]) for row in lines] == [("Installation", "2", rand("850.00"))]
    assert shop.get(f"balances/{number}")["balance"] == rand("850.00")

    paid = shop.post(f"customers/{number}/record-receipt", amount=rand("800.00"), on=shop.today, method="eft")
    assert paid["result"]["amount"] == rand("800.00")
    assert paid["said"][0].startswith("Recorded payment")
    item = shop.get("items", customer=number, kind="invoice")["rows"][0]
    assert (item["amount"], item["open"]) == (rand("850.00"), rand("50.00"))
    event = Event.objects.get(kind="receipt.recorded")
    assert (event.actor, event.door, event.actor_id) == ("Shop as administrator", "api", shop.row.user_id)
    assert str(event.operation_id) == paid["operation"]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(world: World, shop: Program) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00"})
    path = f"customers/{zara.number}/record-receipt"
    before = counts()
    dry = shop.post(path, query="dry_run=true", amount=rand("100.00"), on=shop.today, method="cash")
    assert counts() == before
    assert dry["dry_run"]
    assert dry["operation"] is None
    real = shop.post(path, amount=rand("100.00"), on=shop.today, method="cash")
    assert real["said"] == dry["said"]
    assert {**real["result"], "id": 0, "item": 0} == {**dry["result"], "id": 0, "item": 0}


def test_the_same_key_does_it_once(world: World, shop: Program) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00"})
    path = f"customers/{zara.number}/record-receipt"
    sent = {"amount": rand("100.00"), "on": shop.today, "method": "cash", "duplicate_ok": True}
    first = shop.post(path, key="order-77", **sent)
    again = shop.post(path, key="order-77", **sent)
    assert again["repeated"]
    assert again["result"] == first["result"]
    assert Receipt.objects.count() == 1
    other = shop.post(path, 409, key="order-77", **{**sent, "amount": rand("200.00")})
    assert other["code"] == "key_reused"
    # Another program's keys are its own.
    Program(name="Till").post(path, key="order-77", **sent)
    assert Receipt.objects.count() == 2


def test_it_settles_what_it_is_told_to(world: World, shop: Program) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00", "2026-03-31": "599.00"})
    old, new = shop.get("items", customer=zara.number, sort="id")["rows"]
    chosen = [{"item": new["id"], "amount": rand("599.00")}]
    shop.post(f"customers/{zara.number}/record-receipt", amount=rand("599.00"), on=shop.today, method="eft",
              allocate=chosen)  # fmt: skip
    assert shop.get(f"items/{old['id']}")["open"] == rand("599.00")
    assert shop.get(f"items/{new['id']}")["open"] == rand("0.00")


def test_above_a_limit_a_colleague_is_asked(world: World) -> None:
    zara = world.customer()
    clerk = Program("billing")
    path = f"customers/{zara.number}/issue-credit"
    refused = clerk.post(path, 403, amount=rand("5000.00"), reason="Storm")
    assert refused["code"] == "needs_approval"
    assert not Approval.objects.exists()
    asked = clerk.post(path, 202, query="ask=true&why=Lightning", amount=rand("5000.00"), reason="Storm")
    row = Approval.objects.get(pk=asked["approval"])
    assert (row.reason, row.asked_by, row.customer_id) == ("Lightning", "Shop as billing", zara.pk)
    # By a person: programs decide nothing of that kind.
    Program(name="Robot").post(f"approvals/{row.pk}/approve", 404, note="Seen")
    approve(world.caller(), approval=row, note="Seen")
    assert Program(name="Reader").get(f"balances/{zara.number}")["balance"] == rand("-5000.00")


def _refused(shop: Program, code: str, status: int, path: str, **sent: object) -> dict[str, object]:
    before = counts()
    found = shop.post(path, status, **sent)
    assert found["code"] == code
    assert found["status"] == status
    assert counts() == before
    return found  # type: ignore[no-any-return]


def test_bad_input_is_named_and_nothing_is_done(world: World, shop: Program) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00"})
    shop.get("areas")  # its use of today is noted before rows are counted
    path, today = f"customers/{zara.number}/record-receipt", shop.today
    good = {"amount": rand("5.00"), "on": today, "method": "eft"}
    assert _refused(shop, "int_type", 422, path, **{**good, "amount": {"minor": 5.5, "currency": "ZAR"}})["field"] == (
        "amount.minor"
    )
    _refused(shop, "int_type", 422, path, **{**good, "amount": {"minor": "5", "currency": "ZAR"}})
    assert _refused(shop, "unknown_field", 422, path, **good, colour="red")["field"] == "colour"
    assert _refused(shop, "required", 422, path, amount=rand("5.00"), on=today)["field"] == "method"
    _refused(shop, "wrong_currency", 422, path, **{**good, "amount": {"minor": 500, "currency": "XXX"}})
    shells = _refused(shop, "unknown_choice", 422, path, **{**good, "method": "shells"})
    assert shells["field"] == "method"
    assert "EFT, Debit order, Cash, Credit card" in str(shells)
    _refused(shop, "value_error", 422, path, **{**good, "on": "2026-02-30"})
    _refused(shop, "string_pattern_mismatch", 422, path, **{**good, "on": "1 March"})
    _refused(shop, "value_error", 422, path, **{**good, "reference": "a\x00b"})
    assert _refused(shop, "not_positive", 422, path, **{**good, "amount": rand("0.00")})["field"] == "amount"
    _refused(shop, "not_found", 404, "customers/CF-999999/record-receipt", **good)
    _refused(shop, "not_found", 404, f"customers/{zara.number}/no-such-thing", **good)
    several = shop.post(path, 422, amount={"minor": "x"}, method=1)
    assert {row["field"] for row in several["errors"]} == {"amount.minor", "amount.currency", "on", "method"}


@pytest.mark.parametrize(
    ("body", "kind", "code", "status"),
    [
        ("{", "application/json", "bad_json", 400),
        ("[1]", "application/json", "bad_json", 400),
        ('{"name": NaN}', "application/json", "bad_json", 400),
        ("[" * 100_000, "application/json", "bad_json", 400),
        ('{"name": ' + "9" * 5000 + "}", "application/json", "bad_json", 400),
        ("name=Zara", "application/x-www-form-urlencoded", "not_json", 415),
        ('{"name": "' + "z" * 1_000_001 + '"}', "application/json", "too_large", 413),
    ],
)
def test_what_is_no_json_is_refused(shop: Program, body: str, kind: str, code: str, status: int) -> None:
    answer = shop.http.post("/api/v1/customers/add-customer", body, content_type=kind, headers=shop.heads())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_who_asks_must_be_known(world: World) -> None:
    world.customer()
    shop = Program()
    for heads, code in (
        ({}, "no_token"), ({"Authorization": "Basic eA=="}, "no_token"),
        ({"Authorization": "Bearer no"}, "unknown_token"),
        ({"Authorization": f"Bearer {shop.token[:-1]}"}, "unknown_token"),
    ):  # fmt: skip
        answer = Client().get("/api/v1/customers", headers=heads)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    today = timezone.localdate()
    old = Program(name="Old", expires_on=today)
    old.get("customers")
    with pytest.raises(Refused, match="expired"):
        shown_token(old.token, today + dt.timedelta(days=1))
    revoke_token(Caller.system("test"), token=shop.row)
    assert shop.get("customers", 401)["code"] == "token_revoked"


def test_an_integration_stops_with_its_last_token_and_begins_again_with_another(world: World) -> None:
    first, second = Program(name="Shop"), Program(name="Shop")
    assert first.row.user == second.row.user
    revoke_token(Caller.system("test"), token=first.row)
    second.get("customers")
    with pytest.raises(Refused, match="with another role"):
        Program("agent", name="Shop")
    revoke_token(Caller.system("test"), token=second.row)
    assert not User.objects.get(pk=second.row.user_id).is_active
    with pytest.raises(Refused, match="no longer works here"):
        caller_of(second.row.user_id)
    again = Program("agent", name="Shop")
    assert again.row.user_id == first.row.user_id
    again.get("customers")
    assert again.get("roles", 404)["code"] == "not_found"
    assert first.get("customers", 401)["code"] == "token_revoked"


def test_a_session_of_the_desk_opens_nothing(world: World) -> None:
    from counterfoil.staff.operations import add_user

    add_user(Caller.system("test"), email="a@x.example", name="Ann", role="administrator", password="a-good-long-one")
    browser = Client()
    browser.force_login(User.objects.get(email="a@x.example"))
    assert browser.get("/api/v1/customers").status_code == 401
    assert browser.get("/customers/").status_code == 200


def test_what_a_role_may_not_see_is_not_there(world: World) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00"})
    agent = Program("agent")
    assert agent.get("roles", 404)["code"] == "not_found"
    assert agent.post("people/add-user", 403, email="x@x.example", name="X", role="agent")["code"] == "not_allowed"
    assert agent.get(f"customers/{zara.number}")["name"] == "Zara Naidoo"


def test_a_token_of_one_area_sees_and_touches_nothing_of_another(world: World) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    here = world.customer("Here", area_id=north.pk)
    there = world.customer("There", area_id=south.pk, owing={"2026-02-28": "599.00"})
    shop = Program(areas=[north])
    assert [row["name"] for row in shop.get("customers")["rows"]] == ["Here"]
    assert shop.get(f"customers/{there.number}", 404)["code"] == "not_found"
    assert shop.get("items")["rows"] == []
    assert shop.get("invoices", 404, customer=there.number)["code"] == "not_found"
    assert [row["name"] for row in shop.get("areas")["rows"]] == ["North"]
    paid = {"amount": rand("5.00"), "on": shop.today, "method": "eft"}
    _refused(shop, "not_found", 404, f"customers/{there.number}/record-receipt", **paid)
    item = world.item(world.open(there).popitem()[0])
    allocate = [{"item": item.pk, "amount": rand("5.00")}]
    shop.post(f"customers/{here.number}/record-receipt", 404, **paid, allocate=allocate)
    _refused(shop, "not_found", 404, f"items/{item.pk}/write-off", amount=rand("5.00"), reason="Lost")
    shop.post("payments/record-receipts", 404, receipts=[{"customer": there.number, **paid}])


def test_pages_of_a_list_hold_every_row_once(world: World, shop: Program) -> None:
    for name in "EBADC":
        world.customer(name * 3)
    found, cursor = [], None
    while True:
        page = shop.get("customers", sort="-name", limit=2, **({"cursor": cursor} if cursor else {}))
        found += [row["name"] for row in page["rows"]]
        if len(found) == 2:
            world.customer("FFF")  # whoever comes meanwhile moves no page
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == ["EEE", "DDD", "CCC", "BBB", "AAA"]
    first = shop.get("customers", sort="name", limit=1)["next_cursor"]
    assert shop.get("customers", 422, sort="-name", limit=1, cursor=first)["code"] == "bad_cursor"
    assert shop.get("customers", 422, sort="name", limit=1, cursor=first[:-1] + "x")["code"] == "bad_cursor"
    assert shop.get("customers", 422, limit=1_000_000)["field"] == "limit"
    assert shop.get("customers", 422, sort="search_text")["field"] == "sort"
    assert shop.get("customers", 422, search_text="x")["code"] == "unknown_field"
    assert [row["name"] for row in shop.get("customers", q="ddd")["rows"]] == ["DDD"]


def test_filters_are_those_that_are_shown(world: World, shop: Program) -> None:
    zara, ann = world.customer("Zara", owing={"2026-02-28": "599.00"}), world.customer("Ann")
    world.pays(zara, "100.00", on="2026-03-01")
    world.pays(ann, "50.00", on="2026-03-15")
    assert [row["customer"] for row in shop.get("payments", on_from="2026-03-02")["rows"]] == [ann.number]
    assert [row["customer"] for row in shop.get("payments", customer=zara.number)["rows"]] == [zara.number]
    assert [row["customer"] for row in shop.get("balances", sort="-balance")["rows"]] == [zara.number, ann.number]
    assert Customer.objects.count() == 2


def test_too_many_calls_wait(world: World, settings: object) -> None:
    settings.API_CALLS_PER_MINUTE = 3  # type: ignore[attr-defined]
    shop = Program()
    for _ in range(3):
        shop.get("areas")
    assert shop.get("areas", 429)["code"] == "too_many"


def test_the_description_needs_no_token(db: None) -> None:
    known = Client().get("/api/v1/openapi.json").json()
    assert known["openapi"].startswith("3.1")
    assert "/api/v1/customers/{number}/record-receipt" in known["paths"]
    sent = known["components"]["schemas"]["RecordReceipt"]
    assert sent["additionalProperties"] is False
    assert sent["required"] == ["amount", "on", "method"]
    page = Client().get("/api/v1/")
    assert page.status_code == 200
    assert "record-receipt" in page.content.decode()
