"""What careless and hostile programs send, and that nothing comes of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from counterfoil.platform.models import Approval
from counterfoil.receivables.models import OpenItem
from counterfoil.staff.models import Role
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
    Program().post(f"approvals/{asked['approval']}/approve")
    assert OpenItem.objects.filter(kind="credit").count() == 2
    tomorrow = timezone.now() + dt.timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    # The program never saw the first answer.
    assert clerk.post(path, 202, key="hail", query="ask=true", **more) == asked
    assert clerk.post(path, 202, key="hail", **more) == asked
    assert clerk.post(path, 409, key="hail", **{**more, "reason": "Snow"})["code"] == "key_reused"
    assert OpenItem.objects.filter(kind="credit").count() == 2
    assert Approval.objects.count() == 1
