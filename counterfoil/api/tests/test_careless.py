"""What careless and hostile programs send, and that nothing comes of it."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from counterfoil.api.building import once
from counterfoil.api.pages import call
from counterfoil.billing.operations import open_bill_run
from counterfoil.kernel.errors import Refused
from counterfoil.operator.operations import add_area
from counterfoil.platform.approvals import approve
from counterfoil.platform.callers import Caller
from counterfoil.platform.hearing import listening
from counterfoil.platform.models import Approval
from counterfoil.receivables.models import OpenItem
from counterfoil.staff.models import Role, User
from counterfoil.staff.operations import change_user, deactivate_user
from counterfoil.testing.program import Program, rand
from counterfoil.testing.world import World, counts


@pytest.fixture
def shop(world: World) -> Program:
    shop = Program()
    shop.get("areas")  # its use of today is noted before rows are counted
    return shop


def _paid(shop: Program, **other: Any) -> dict[str, Any]:
    return {"amount": rand("100.00"), "on": shop.today, "method": "cash", **other}


def test_a_key_used_for_a_payment_answers_for_no_other_one(world: World, shop: Program) -> None:
    zara, ann = world.customer(), world.customer("Ann")
    shop.post(f"customers/{zara.number}/record-receipt", key="K", **_paid(shop))
    before = counts()
    for path, sent in (
        ("customers/NOBODY/record-receipt", _paid(shop)),  # mistyped: it is no repeat
        (f"customers/{ann.number}/record-receipt", _paid(shop)),
        (f"customers/{zara.number}/record-receipt", _paid(shop, duplicate_ok=True)),
        (f"customers/{zara.number}/add-note", {"text": "Paid"}),
        ("customers/NOBODY/add-note", {"text": "Paid"}),
    ):
        assert shop.post(path, 409, key="K", **sent)["code"] == "key_reused"
    dry = shop.post("customers/NOBODY/record-receipt", 404, key="K", query="dry_run=true", **_paid(shop))
    assert dry["code"] == "not_found"
    assert Program(name="Till").post("customers/NOBODY/record-receipt", 404, key="K", **_paid(shop))
    assert counts()["payments.Receipt"] == before["payments.Receipt"] == 1


def test_what_was_asked_for_is_not_done_as_well_on_the_next_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    zara, clerk = world.customer(), Program("billing")
    limit = Role.objects.get(key="billing").limits["receivables.issue_credit"]
    path = f"customers/{zara.number}/issue-credit"
    clerk.post(path, amount={"minor": limit, "currency": "ZAR"}, reason="Storm")
    more = {"amount": rand("10.00"), "reason": "Hail"}
    asked = clerk.post(path, 202, key="hail", query="ask=true", **more)
    approve(Caller.system("test"), approval=Approval.objects.get(pk=asked["approval"]))
    assert OpenItem.objects.filter(kind="credit").count() == 2
    tomorrow = timezone.now() + dt.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    # The program never saw the first answer.
    assert clerk.post(path, 202, key="hail", query="ask=true", **more) == asked
    assert clerk.post(path, 202, key="hail", **more) == asked
    assert clerk.post(path, 409, key="hail", **{**more, "reason": "Snow"})["code"] == "key_reused"
    assert OpenItem.objects.filter(kind="credit").count() == 2
    assert Approval.objects.count() == 1


def _send(shop: Program, path: str, body: str, query: str = "", **told: str) -> tuple[int, str]:
    answer = shop.http.post(
        f"/api/v1/{path}{query}", body, content_type="application/json", headers=shop.heads(), **told
    )  # fmt: skip
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_what_can_be_read_in_two_ways_is_not_done(world: World, shop: Program) -> None:
    zara = world.customer()
    path, before = f"customers/{zara.number}/add-note", counts()
    assert _send(shop, path, '{"text": "one", "text": "two"}') == (400, "bad_json")
    assert _send(shop, path, '{"text": "one"}', "?dry_run=true&dry_run=false") == (422, "twice")
    for length in ("abc", "-1", "1.5", "\u0661", "+9"):
        assert _send(shop, path, '{"text": "one"}', CONTENT_LENGTH=length) == (411, "no_length")
    assert _send(shop, path, '{"text": "one"}', CONTENT_LENGTH="9" * 5000) == (413, "too_large")
    # Read as an empty one, it would be billed without its last day, or sent to nobody.
    assert _send(shop, path, "", HTTP_TRANSFER_ENCODING="chunked") == (411, "no_length")
    assert counts() == before


def test_an_address_that_takes_no_such_call_says_so_in_the_same_way(world: World, shop: Program) -> None:
    zara = world.customer()
    row, note = f"customers/{zara.number}", f"customers/{zara.number}/add-note"
    for method, path, known in (
        ("post", row, "GET"), ("put", row, "GET"), ("delete", row, "GET"), ("patch", row, "GET"),
        ("get", note, "POST"), ("put", note, "POST"), ("delete", note, "POST"), ("put", "customers", "GET"),
    ):  # fmt: skip
        answer = getattr(shop.http, method)(f"/api/v1/{path}", headers=shop.heads())
        assert (answer.status_code, answer.json()["code"]) == (405, "no_such_call")
        assert (answer.headers["Allow"], answer.headers["Content-Type"]) == (known, "application/problem+json")


def test_what_an_approval_could_not_do_is_not_said_to_have_happened(world: World) -> None:
    zara, clerk = world.customer(owing={"2026-02-28": "599.00"}), Program("billing")
    item = OpenItem.objects.get()
    asked = clerk.post(
        f"customers/{zara.number}/issue-credit", 202, query="ask=true", amount=rand("5000.00"), reason="Storm",
        against=item.pk,
    )  # fmt: skip
    world.pays(zara, "599.00")
    # The credit is issued before its item turns out to be settled, and goes with it.
    with listening() as heard:
        approve(world.caller(), approval=Approval.objects.get(pk=asked["approval"]))
    assert OpenItem.objects.filter(kind="credit").count() == 0
    assert heard.said == [
        "Approved what Shop as billing asked for, but it was no longer possible: Issue credit R5,000.00. "
        "INV-000001 is settled already."
    ]


def test_a_parent_in_another_area_is_not_named(world: World) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    head = world.customer("Head", area_id=south.pk)
    branch = world.customer("Branch", area_id=north.pk, parent_id=head.pk)
    shop = Program(areas=[north])
    assert shop.get(f"customers/{branch.number}")["parent"] is None
    assert shop.get("customers")["rows"][0]["parent"] is None
    changes = {"version": branch.version, "changes": {"name": "Depot"}}
    changed = shop.post(f"customers/{branch.number}/change-customer", **changes)["result"]
    assert (changed["name"], changed["parent"]) == ("Depot", None)
    assert Program(name="All").get(f"customers/{branch.number}")["parent"] == head.number


def test_a_repeat_shows_nothing_of_an_area_that_was_taken_away(world: World) -> None:
    north, south = (add_area(world.caller(), name=name) for name in ("North", "South"))
    zara = world.customer("Zara", area_id=south.pk)
    shop = Program(areas=[south])
    sent = {"version": zara.version, "changes": {"group": "VIP"}}
    assert shop.post(f"customers/{zara.number}/change-customer", key="K", **sent)["result"]["group"] == "VIP"
    me = User.objects.get(pk=shop.row.user_id)
    change_user(world.caller(), user=me, version=me.version, name=me.name, role="administrator", areas=[north])
    again = shop.post(f"customers/{zara.number}/change-customer", key="K", **sent)
    assert (again["repeated"], again["result"]) == (True, None)


def test_a_dry_run_shows_what_would_follow(world: World, shop: Program) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00"})
    before = counts()
    path, sent = f"customers/{zara.number}/issue-credit", {"amount": rand("100.00"), "reason": "Storm"}
    dry = shop.post(path, query="dry_run=true", **sent)["result"]
    assert counts() == before
    assert dry["open"] == rand("0.00")
    assert {**shop.post(path, **sent)["result"], "id": 0} == {**dry, "id": 0}  # PostgreSQL takes no key twice


def test_the_first_calls_wait_for_one_api_instead_of_making_one_each() -> None:
    made, together = [], threading.Barrier(2)

    @once
    def slow() -> int:
        made.append(1)
        try:
            together.wait(0.2)  # nobody else comes in here
        except threading.BrokenBarrierError:
            return 7
        return 8

    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(slow())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (made, found) == ([1], [7] * 8)


def test_a_call_is_logged_and_counted_as_one() -> None:
    request = RequestFactory().get("/api/v1/customers/CF-000001")
    assert call(request).status_code == 401
    assert request.resolver_match.route == "api/v1/customers/<number>"


def test_an_integration_is_nobody_who_looks_after_customers(world: World, shop: Program) -> None:
    zara, me = world.customer(), shop.row.user_id
    before = counts()
    changed = {"version": zara.version, "changes": {"manager": me}}
    assert shop.post(f"customers/{zara.number}/change-customer", 422, **changed)["code"] == "no_such_manager"
    assert shop.post("customers/add-customer", 422, name="Ann", manager=me)["code"] == "no_such_manager"
    assert counts() == before
    assert shop.get(f"customers/{zara.number}")["manager"] is None


def test_integrations_have_names_of_their_own_and_an_inactive_one_gets_no_token(world: World, shop: Program) -> None:
    till = Program(name="Till")
    path, before = f"people/{till.row.user_id}", counts()
    wanted = {"version": 1, "name": "Shop as administrator", "role": "administrator"}
    assert shop.post(f"{path}/change-user", 422, **wanted)["code"] == "name_taken"
    assert counts() == before
    assert shop.post(f"{path}/change-user", **{**wanted, "name": "Till 2"})["result"]["name"] == "Till 2"
    deactivate_user(world.caller(), user=User.objects.get(pk=till.row.user_id))
    assert till.get("customers", 401)["code"] == "token_revoked"
    with pytest.raises(Refused, match="Till 2 is inactive"):
        Program(name="Till 2")
    shop.post(f"{path}/reactivate-user")
    assert Program(name="Till 2").get("areas")["rows"] == []


def test_rows_of_a_long_body_are_read_together(world: World, shop: Program) -> None:
    people = [world.customer(f"Ann {n}", owing={"2026-02-28": "5.00"}) for n in range(12)]
    items = {item.customer_id: item.pk for item in OpenItem.objects.all()}

    def asked(some: list[Any]) -> int:
        receipts = [
            {"customer": one.number, **_paid(shop, amount=rand("5.00")),
             "allocate": [{"item": items[one.pk], "amount": rand("5.00")}]}
            for one in some
        ]  # fmt: skip
        with CaptureQueriesContext(connection) as seen:
            shop.post("payments/record-receipts", query="dry_run=true", receipts=receipts)
        return sum("JOIN" in row["sql"] and 'FROM "customers_customer"' in row["sql"] for row in seen)

    assert asked(people) == asked(people[:2])
    missing = [{"customer": number, **_paid(shop)} for number in (people[0].number, "NOBODY")]
    before = counts()
    assert shop.post("payments/record-receipts", 404, receipts=missing)["detail"].startswith("There is no customer NOB")
    assert counts() == before


def test_a_thousand_mistakes_are_not_told_one_by_one(world: World, shop: Program) -> None:
    wrong = shop.post("payments/record-receipts", 422, receipts=[{"customer": 1}] * 1000)
    assert len(wrong["errors"]) == 100


def test_a_token_of_one_area_sees_no_bill_run(world: World) -> None:
    """As on the desk: a run is of all customers, and says how many there are."""
    north = add_area(world.caller(), name="North")
    zara = world.customer("Zara", area_id=north.pk)
    world.subscribe(zara, world.package("Fibre 100", "599"))
    run = open_bill_run(world.caller(), bill_to=world.today)
    shop = Program(areas=[north])
    assert shop.get("bill-runs")["rows"] == []
    assert shop.get("bill-run-items")["rows"] == []
    assert shop.get(f"bill-runs/{run.pk}", 404)["code"] == "not_found"
    assert shop.get("bill-run-items", 404, run=run.pk)["code"] == "not_found"
    assert shop.post(f"bill-runs/{run.pk}/discard-bill-run", 403)["code"] == "whole_only"
    everybody = Program(name="All")
    assert [row["id"] for row in everybody.get("bill-runs")["rows"]] == [run.pk]


def test_no_answer_is_kept_on_the_way(world: World, shop: Program) -> None:
    for path in ("customers", "customers/NOBODY"):
        assert shop.http.get(f"/api/v1/{path}", headers=shop.heads()).headers["Cache-Control"] == "no-store"


def test_a_line_that_is_credited_twice_at_once_is_not_credited_in_part(world: World, shop: Program) -> None:
    zara = world.customer(owing={"2026-02-28": "599.00"})
    invoice = shop.get("invoices", customer=zara.number)["rows"][0]["id"]
    line = shop.get(f"invoices/{invoice}")["lines"][0]["id"]
    before = counts()
    twice = [{"line": line, "amount": rand("100.00")}, {"line": line, "amount": rand("5.00")}]
    path = f"invoices/{invoice}/credit-invoice"
    assert shop.post(path, 422, amounts=twice, reason="Storm")["code"] == "twice"
    assert counts() == before
    assert shop.post(path, amounts=twice[:1], reason="Storm")["result"]["total"] == rand("100.00")


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"amount": {"minor": 100.5, "currency": "ZAR"}}, "amount.minor", "Send a whole number."),
        ({"amount": {"minor": 100}}, "amount.currency", "It is required."),
        ({"amount": 100}, "amount", "Send an object."),
        ({"on": "2026-02-30"}, "on", "There is no such day. Write it as year, month and day: 2026-11-30."),
        ({"on": "30/11/2026"}, "on", "That is not how it is written. The schema says how, with an example."),
        ({"method": 7}, "method", "Send a text."),
        ({"duplicate_ok": "no"}, "duplicate_ok", "Send true or false."),
        ({"allocate": "all"}, "allocate", "Send a list."),
        ({"colour": "red"}, "colour", "There is no such field here."),
    ],
)
def test_what_does_not_fit_is_said_in_words(world: World, shop: Program, wrong: Any, field: str, said: str) -> None:
    zara = world.customer()
    before = counts()
    refused = shop.post(f"customers/{zara.number}/record-receipt", 422, **_paid(shop, **wrong))
    assert (refused["field"], refused["detail"]) == (field, f"{field}: {said}")
    assert counts() == before


def test_a_list_is_narrowed_by_what_it_comes_to(world: World, shop: Program) -> None:
    zara = world.customer()
    for amount in ("99.99", "100.00", "250.00"):
        world.invoice(zara, amount)
    found = shop.get("invoices", total_from=10000, total_to=20000)["rows"]
    assert [row["total"]["minor"] for row in found] == [10000]
    assert len(shop.get("invoices", total_from=10000)["rows"]) == 2
    assert shop.get("invoices", 422, total_from="many")["detail"] == "total_from: Send a whole number."
