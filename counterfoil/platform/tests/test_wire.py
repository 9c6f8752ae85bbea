"""What is kept of a call outlives a rename: requests that wait, and answers to keys that were used."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any

import pytest
from django.test import Client

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.money import Money
from counterfoil.operator.models import Area
from counterfoil.operator.operations import add_area
from counterfoil.platform import approvals, operations, write_guard
from counterfoil.platform.approvals import approve, ask_approval, refuse_approval, withdraw_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Approval
from counterfoil.platform.operations import Operation, Verb
from counterfoil.platform.signatures import Was
from counterfoil.platform.wire import Unreadable, from_wire, keep_arguments, kept_arguments, to_wire
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import issue_credit
from counterfoil.receivables.rules import Share
from counterfoil.staff.models import Role
from counterfoil.staff.operations import add_role, add_user, set_up_roles
from counterfoil.staff.queries import caller_for
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Replay


@dataclass(frozen=True)
class Wish:
    amount_minor: int
    why: str


@dataclass(frozen=True)
class Request:
    amount_minor: int
    reason: Annotated[str, Was("why")]
    on: dt.date | None = None


def before(op: Operation, *, customer: Customer, wish: Wish) -> OpenItem:
    return issue_credit(op, customer=customer, amount_minor=wish.amount_minor, reason=wish.why)


def after(op: Operation, *, account: Annotated[Customer, Was("customer")], request: Annotated[Request, Was("wish")]):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return issue_credit(op, customer=account, amount_minor=request.amount_minor, reason=request.reason, on=request.on)


after.__annotations__["return"] = "OpenItem"


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Verb[Any, Any], Any]]:
    """A verb as it is called first, and what makes it the one it is called after an upgrade."""
    monkeypatch.setitem(operations.VERBS, "platform.before", None)
    monkeypatch.setitem(operations.VERBS, "platform.after", None)
    monkeypatch.setitem(operations.RENAMED, "platform.before", None)
    operations.RENAMED.pop("platform.before")
    operations.VERBS.pop("platform.after")

    def upgraded() -> Verb[Any, Any]:
        operations.VERBS.pop("platform.before")
        return Verb(after, "After", was=("platform.before",))

    return Verb(before, "Before"), upgraded  # type: ignore[return-value]


def asker(world: World) -> Caller:
    return replace(world.caller(), name="Zanele Khumalo", user_id=None)


def by_hand(row: Approval, **values: Any) -> Approval:
    """A request as an older version wrote it. What was asked for cannot be changed, so it is written anew."""
    columns = {
        name: getattr(row, name) for name in ("label", "customer_id", "asked_by", "door", "asked_at", "operation")
    }
    with write_guard.writing():
        return Approval.objects.create(**{**columns, **values})


def test_a_request_made_before_a_rename_is_done_after_it(world: World, versions: Any) -> None:
    old, upgraded = versions
    zara = world.customer("Zara", owing={"2026-01-31": "900.00"})
    arguments = {"customer": zara, "wish": Wish(85000, "Offline")}
    row = ask_approval(asker(world), operation=old.name, arguments=arguments, customer_id=zara.pk)
    assert row.arguments == {"is": {"customer": f"customers.customer:{zara.pk}",
                                    "wish": {"amount_minor": 85000, "why": "Offline"}}}  # fmt: skip
    new = upgraded()
    # Who may do it by its new name decides it, and nobody else.
    stranger = Caller("Stranger", grants=frozenset({"platform.approve", "platform.view"}), at=world.now)
    assert list(approvals.approvals(stranger)) == []
    with pytest.raises(Refused) as refused:
        approve(stranger, approval=row)
    assert refused.value.code == "not_allowed"
    manager = replace(stranger, name="Lerato Dube", grants=frozenset({"platform.approve", "platform.view", new.name}))
    assert approvals.to_decide(manager, approvals.approvals(manager)) == [row]
    elsewhere = replace(manager, scope={"area": frozenset({0})})
    with pytest.raises(Refused) as refused:
        approve(elsewhere, approval=row)
    assert refused.value.code == "not_found"
    assert approve(manager, approval=row).done
    assert [(item.customer_id, item.amount_minor) for item in OpenItem.objects.filter(kind="credit")] == [
        (zara.pk, 85000)
    ]


def test_a_key_used_before_a_rename_is_answered_after_it(world: World, versions: Any) -> None:
    old, upgraded = versions
    zara = world.customer("Zara", owing={"2026-01-31": "900.00"})
    first = old(world.caller().with_key("k"), customer=zara, wish=Wish(85000, "Offline"))
    said = old(world.caller().with_key("said", "POST 1"), customer=zara, wish=Wish(100, "Late"))
    new, rows = upgraded(), counts()
    # A field that came since is as if it had been left out.
    with pytest.raises(Refused) as refused:
        new(world.caller().with_key("k"), account=zara, request=Request(85001, "Offline"))
    assert refused.value.code == "key_reused"
    assert new(world.caller().with_key("said", "POST 1"), account=zara, request=Request(100, "Late")) == said
    assert counts() == rows
    assert first.amount_minor == 85000


def test_a_limit_used_under_the_old_name_is_used_under_the_new_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    zara, most = world.customer("Zara"), Money(50000, "ZAR")
    me = replace(world.caller(), user_id=7, limits={issue_credit.name: most})
    issue_credit(me, customer=zara, amount_minor=30000, reason="Late")
    monkeypatch.setattr(issue_credit, "name", "receivables.give_credit")
    monkeypatch.setattr(issue_credit, "names", ("receivables.give_credit", "receivables.issue_credit"))
    me, rows = replace(me, limits={issue_credit.name: most}), counts()
    with pytest.raises(Refused, match="With R300.00 of today for this customer") as refused:
        issue_credit(me, customer=zara, amount_minor=20001, reason="Late")
    assert (refused.value.code, counts()) == ("needs_approval", rows)


def test_a_role_goes_on_granting_what_was_renamed(world: World) -> None:
    row = add_role(world.caller(), name="Outside")
    with write_guard.writing():
        Role.objects.filter(pk=row.pk).update(
            grants=["staff.add_area", "operator.add_area", "staff.abolished"], limits={"staff.add_area": 500}
        )
    set_up_roles(world.system(), roles={})
    row.refresh_from_db()
    assert (row.grants, row.limits) == (["operator.add_area"], {"operator.add_area": 500})


# ------------------------------------------------------------------ what older versions wrote


def test_a_request_of_an_older_form_is_done(world: World) -> None:
    """As `staff.add_area` was asked for before it moved, with the word for each type beside its value."""
    asked = ask_approval(asker(world), operation="operator.add_area", arguments={"name": "East"})
    row = by_hand(asked, operation="staff.add_area", arguments={"map": {"name": {"value": "West"}}})
    assert approve(world.caller(), approval=row).done
    assert list(Area.objects.values_list("name", flat=True)) == ["West"]


def test_an_answer_of_an_older_form_is_given_and_nothing_is_done_twice(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "900.00"})
    how = {"customer": zara, "amount_minor": 100, "reason": "Late"}
    made = issue_credit(world.clerk.with_key("by words", "POST 1"), **how)
    issue_credit(world.clerk.with_key("by arguments"), **how)
    with write_guard.writing():
        Replay.objects.update(answer={"row": "receivables.openitem", "pk": made.pk})
        Replay.objects.filter(key="by arguments").update(fingerprint="0" * 64)
    rows = counts()
    assert issue_credit(world.clerk.with_key("by words", "POST 1"), **how) == made
    # By what arguments were known then nobody can tell whether these are the same.
    with pytest.raises(Refused, match="This was done before, under the same key") as refused:
        issue_credit(world.clerk.with_key("by arguments"), **how)
    assert (refused.value.code, counts()) == ("done_already", rows)


@pytest.mark.parametrize(
    "answer",
    [
        {"of": "counterfoil.receivables.rules:Gone", "map": {}}, {"is": {"nothing": 1}}, {"is": None}, {"what": 1},
        {"is": "customers.customer:1"}, {"is": "receivables.openitem:9999"}, {"is": "receivables.openitem:None"},
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_read_says_that_it_was_done(world: World, answer: Any) -> None:
    how = {"customer": world.customer("Zara"), "amount_minor": 100, "reason": "Late"}
    issue_credit(world.clerk.with_key("k"), **how)
    with write_guard.writing():
        Replay.objects.update(answer=answer)
    rows = counts()
    with pytest.raises(Refused) as refused:
        issue_credit(world.clerk.with_key("k"), **how)
    assert (refused.value.code, counts()) == ("done_already", rows)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("receivables.abolished", {"is": {}}),
        ("receivables.issue_credit", {"is": {"customer": "customers.customer:1", "sum": 1}}),
        ("receivables.issue_credit", {"of": "subprocess:run", "map": {"args": {"value": ["true"]}}}),
        ("receivables.issue_credit", {}),
    ],
)
def test_a_request_that_cannot_be_read_says_so_and_can_be_withdrawn(
    world: World, operation: str, arguments: Any
) -> None:
    someone, boss = (
        add_user(world.caller(), email=f"{name}@x.example", name=name, role="administrator", password="s3cret-enough")
        for name in ("Someone", "Boss")
    )
    ask = caller_for(someone)
    zara = world.customer("Zara")
    asked = ask_approval(
        ask, operation=issue_credit.name, arguments={"customer": zara, "amount_minor": 1, "reason": "Late"}
    )
    row = by_hand(asked, operation=operation, arguments=arguments, asked_by_id=someone.pk, asked_by=someone.name)
    words = "What was asked for cannot be read any more"
    for user, button in ((someone, "Withdraw"), (boss, "Refuse")):
        client = Client()
        client.force_login(user)
        page = client.get(f"/approvals/{row.pk}/").content.decode()
        assert words in page
        assert button in page
        assert 'action="/approvals/1/approve/"' not in page
    rows = counts()
    with pytest.raises(Refused) as refused:
        approve(caller_for(boss), approval=row)
    assert (refused.value.code, counts()) == ("unreadable", rows)
    again = by_hand(row, arguments=arguments, asked_by_id=someone.pk)
    assert refuse_approval(caller_for(boss), approval=again, note="Ask again").approval.state == "refused"
    assert withdraw_approval(ask, approval=row).approval.state == "withdrawn"
    assert not OpenItem.objects.exists()


# ------------------------------------------------------------------ values


def everything(
    op: Operation, *, customer: Customer, on: dt.date, at: dt.datetime, percent: Decimal, none: int | None,
    amounts: dict[int, int], pair: tuple[int, str], rows: list[Customer], tags: set[str], share: Share,
    made: Invoice | CreditNote, many: Sequence[Decimal] = (), named: Mapping[str, dt.date] | None = None,
) -> None: ...  # fmt: skip


def test_arguments_come_back_as_they_were(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "9.00"})
    given = {
        "customer": zara, "on": dt.date(2026, 3, 1), "at": world.now, "percent": Decimal("15.50"), "none": None,
        "amounts": {7: 100, 12: 5}, "pair": (1, "two"), "rows": [zara], "tags": {"a", "b"},
        "share": Share(1, 2, 3), "made": Invoice.objects.get(), "many": (Decimal(1),),
        "named": {"a": dt.date(2026, 3, 1)},
    }  # fmt: skip
    kept = keep_arguments(everything, given)
    assert kept_arguments(everything, json.loads(json.dumps(kept))) == given
    assert "counterfoil" not in json.dumps(kept)


@pytest.mark.parametrize(
    ("hint", "kept"),
    [
        (int, True), (int, "1"), (bool, 1), (str, 1), (dt.date, "2026-02-30"), (dt.date, 20260201), (Decimal, "one"),
        (Decimal, 1.5), (list[int], {"a": 1}), (tuple[int, str], [1]), (int, None), (bytes, "00"), (Share, {"x": 1}),
        (Share, [1, 2, 3]), (Customer, "operator.area:1"), (Customer, "customers.customer"), (Customer, 1),
        (Customer, "customers.customer:one"), (dict[str, int], [1]), (dict[int, int], "x"), (Any, "x"),
    ],
)  # fmt: skip
def test_what_is_no_such_value_cannot_be_read(db: None, hint: Any, kept: Any) -> None:
    with pytest.raises(Unreadable):
        from_wire(hint, kept)


def test_a_row_of_an_app_that_moved_is_found_by_both_names(world: World) -> None:
    west = add_area(world.caller(), name="West")
    assert to_wire(west) == f"staff.area:{west.pk}"
    assert from_wire(Area, f"staff.area:{west.pk}") == from_wire(Area, f"operator.area:{west.pk}") == west
