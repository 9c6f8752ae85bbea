"""Limits and four eyes: what is above a limit is asked for, and done once, by somebody else who may."""

import datetime as dt
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import credit_invoice
from counterfoil.customers.operations import change_customer
from counterfoil.kernel.errors import NotFound, Refused
from counterfoil.kernel.money import Money
from counterfoil.payments.operations import pay_refund
from counterfoil.platform import write_guard
from counterfoil.platform.approvals import (
    approvals,
    approve,
    ask_approval,
    refuse_approval,
    to_decide,
    withdraw_approval,
)
from counterfoil.platform.callers import Caller
from counterfoil.platform.models import Approval
from counterfoil.platform.nouns import APPROVAL
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import adjust_account, issue_credit, raise_debit_memo, write_off
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

LIMIT = Money(50000, "ZAR")
LIMITED = ("receivables.issue_credit", "receivables.write_off", "payments.pay_refund", "billing.credit_invoice",
           "receivables.adjust_account", "receivables.raise_debit_memo")  # fmt: skip


def limited(world: World, name: str = "Zanele Khumalo") -> Caller:
    grants = frozenset({*LIMITED, "customers.view", "platform.*"})
    return Caller(name=name, grants=grants, limits=dict.fromkeys(LIMITED, LIMIT), at=world.now)


def manager(world: World) -> Caller:
    return replace(limited(world, "Lerato Dube"), limits={})


def ask(world: World, minor: int = 85000, **more: object) -> Approval:
    zara = more.pop("customer", None) or world.customer("Zara", owing={"2026-01-31": "900.00"})
    arguments = {"customer": zara, "amount_minor": minor, "reason": "Offline", "on": world.today, "against": None}
    return ask_approval(
        limited(world), operation=issue_credit.name, arguments=arguments, reason="Offline for a month",
        customer_id=zara.pk,
    )  # fmt: skip


def test_exactly_the_limit_is_done_and_a_cent_more_is_not(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "900.00"})
    issue_credit(limited(world), customer=zara, amount_minor=50000, reason="Offline")
    before = counts()
    with pytest.raises(Refused) as refused:
        issue_credit(limited(world), customer=zara, amount_minor=50001, reason="Offline")
    assert (refused.value.code, refused.value.field, counts()) == ("needs_approval", "amount", before)
    assert "R500.01 is more than Zanele Khumalo may do alone" in refused.value.sentence
    # Shown, not done; and no limit is no limit.
    assert issue_credit(limited(world).previewing(), customer=zara, amount_minor=50001, reason="Offline").number
    issue_credit(manager(world), customer=zara, amount_minor=50001, reason="Offline")


def test_a_limit_covers_its_own_currency_only(world: World) -> None:
    zara = world.customer(currency="EUR")
    with pytest.raises(Refused) as refused:
        issue_credit(limited(world), customer=zara, amount_minor=1, reason="Offline")
    assert refused.value.code == "needs_approval"


def test_each_limited_operation_reads_its_amount(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "900.00"})
    invoice, who = Invoice.objects.get(), limited(world)
    line = invoice.lines.get()
    for attempt in (
        lambda: adjust_account(who, customer=zara, amount_minor=-50001, reason="Wrong"),
        lambda: raise_debit_memo(who, customer=zara, amount_minor=50001, reason="Fee"),
        lambda: write_off(who, item=world.item("INV-000001"), amount_minor=50001, reason="Gone"),
        lambda: pay_refund(who, customer=zara, amount_minor=50001, on=world.today, method="eft", reason="Twice"),
        lambda: credit_invoice(who, invoice=invoice, reason="All of it"),
        lambda: credit_invoice(who, invoice=invoice, amounts={line.pk: 50001}, reason="Most"),
    ):
        before = counts()
        with pytest.raises(Refused) as refused:
            attempt()
        assert (refused.value.code, counts()) == ("needs_approval", before)
    credit_invoice(who, invoice=invoice, amounts={line.pk: 45000}, reason="Half")
    # 450.00 is left, which is within the limit.
    credit_invoice(limited(world, "Sipho Dube"), invoice=invoice, reason="The rest")
    assert CreditNote.objects.count() == 2


def test_what_was_asked_for_is_done_by_whoever_approves(world: World) -> None:
    row = ask(world)
    assert (row.label, row.state, row.asked_by) == ("Issue credit R850.00", "waiting", "Zanele Khumalo")
    assert not OpenItem.objects.filter(kind="credit").exists()
    before = counts()
    shown = approve(manager(world).previewing(), approval=row)
    assert shown.said == (
        "Issued credit CR-000001 of R850.00: Offline", "Settled R850.00 of INV-000001 with CR-000001",
    )  # fmt: skip
    assert counts() == before
    outcome = approve(manager(world), approval=row)
    assert (outcome.done, outcome.said) == (True, shown.said)
    credit = OpenItem.objects.get(kind="credit")
    row.refresh_from_db()
    assert (credit.amount_minor, row.state, row.decided_by) == (85000, "approved", "Lerato Dube")
    event = Event.objects.get(kind="credit.issued")
    assert (event.actor, event.operation) == ("Lerato Dube", "platform.approve")
    assert Event.objects.filter(kind="approval.given", customer_id=credit.customer_id).count() == 1


def test_nobody_decides_twice_or_for_himself_or_above_his_own_limit(world: World) -> None:
    row = ask(world)
    for who, code in (
        (limited(world), "own_request"),
        (replace(manager(world), grants=frozenset({"platform.*"})), "not_allowed"),
        (limited(world, "Somebody else"), "needs_approval"),
        (world.nobody, "not_allowed"),
    ):
        before = counts()
        for decide in (
            lambda who=who: approve(who, approval=row),
            lambda who=who: refuse_approval(who, approval=row, note="No"),
        ):
            with pytest.raises(Refused) as refused:
                decide()
            assert (refused.value.code, counts()) == (code, before)
    refuse_approval(manager(world), approval=row, note="Ask for half")
    before = counts()
    with pytest.raises(Refused, match="Lerato Dube decided this before you: refused"):
        approve(replace(manager(world), name="Thandi"), approval=row)
    assert counts() == before
    assert not OpenItem.objects.filter(kind="credit").exists()


def test_a_refusal_needs_its_reason_and_only_the_asker_withdraws(world: World) -> None:
    row = ask(world)
    with pytest.raises(Refused, match="Give a reason"):
        refuse_approval(manager(world), approval=row, note=" ")
    with pytest.raises(Refused, match="Only Zanele Khumalo"):
        withdraw_approval(manager(world), approval=row)
    assert withdraw_approval(limited(world), approval=row).approval.state == "withdrawn"


def test_what_is_not_possible_any_more_says_so_and_changes_nothing_else(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "900.00"})
    item = world.item("INV-000001")
    row = ask_approval(
        limited(world), operation=write_off.name,
        arguments={"item": item, "amount_minor": 90000, "reason": "Gone"}, customer_id=zara.pk,
    )  # fmt: skip
    world.pays(zara, "500.00")
    open_before, items = world.open(zara), OpenItem.objects.count()
    outcome = approve(manager(world), approval=row)
    assert (outcome.done, outcome.approval.state) == (False, "failed")
    assert outcome.approval.error == "Only R400.00 of INV-000001 is open."
    assert (world.open(zara), OpenItem.objects.count()) == (open_before, items)
    assert world.events[-1] == "approval.failed"
    assert "item.written_off" not in world.events


def test_what_cannot_be_done_now_is_not_asked_for(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    before = counts()
    with pytest.raises(Refused, match=r"Only R100.00 of INV-000001 is open"):
        ask_approval(
            limited(world), operation=write_off.name,
            arguments={"item": world.item("INV-000001"), "amount_minor": 90000, "reason": "Gone"}, customer_id=zara.pk,
        )  # fmt: skip
    with pytest.raises(Refused, match="may not ask for"):
        ask_approval(
            limited(world), operation=change_customer.name,
            arguments={"customer": zara, "version": 1, "changes": {"terms_days": 1}},
        )  # fmt: skip
    with pytest.raises(NotFound):
        ask_approval(limited(world), operation="receivables.abolish", arguments={})
    assert counts() == before


def test_who_sees_and_who_decides(world: World) -> None:
    row = ask(world)
    assert list(approvals(limited(world))) == [row]
    assert to_decide(limited(world), approvals(limited(world))) == []
    assert to_decide(manager(world), approvals(manager(world))) == [row]
    stranger = replace(manager(world), name="Stranger", grants=frozenset({"platform.view", "platform.approve"}))
    assert list(approvals(stranger)) == []
    assert list(approvals(world.nobody)) == []
    with pytest.raises(NotFound):
        APPROVAL.get(stranger, row.pk)


def test_a_request_cannot_be_changed_behind_the_products_back(world: World) -> None:
    row = ask(world)
    approve(manager(world), approval=row)
    for sql in (
        "UPDATE platform_approval SET state = 'waiting', decided_at = NULL",
        "UPDATE platform_approval SET note = 'x'",
        "DELETE FROM platform_approval",
    ):
        with pytest.raises(DatabaseError), write_guard.writing(), transaction.atomic():
            connection.cursor().execute(sql)
    ask(world, customer=world.customer("Yusuf"))
    with pytest.raises(DatabaseError), write_guard.writing(), transaction.atomic():
        connection.cursor().execute("UPDATE platform_approval SET label = 'Less' WHERE state = 'waiting'")


def test_an_amount_cannot_be_split_to_stay_below_the_limit(world: World) -> None:
    zara, yusuf = world.customer("Zara", owing={"2026-01-31": "2000.00"}), world.customer("Yusuf")
    by = replace(limited(world), user_id=7)
    issue_credit(by, customer=zara, amount_minor=30000, reason="Offline")
    issue_credit(by, customer=zara, amount_minor=20000, reason="Offline")
    before = counts()
    with pytest.raises(Refused, match="With R500.00 of today for this customer, R0.01 is more") as refused:
        issue_credit(by, customer=zara, amount_minor=1, reason="Offline")
    assert (refused.value.code, counts()) == ("needs_approval", before)
    # Somebody else's, another customer's, another day's and another operation's are not counted, nor is a preview.
    issue_credit(by.previewing(), customer=zara, amount_minor=50000, reason="Offline")
    issue_credit(replace(by, user_id=8), customer=zara, amount_minor=50000, reason="Offline")
    issue_credit(by, customer=yusuf, amount_minor=50000, reason="Offline")
    write_off(by, item=world.item("INV-000001"), amount_minor=50000, reason="Gone")
    with world.on(world.today + dt.timedelta(days=1)):
        issue_credit(replace(by, at=world.now), customer=zara, amount_minor=50000, reason="Offline")


def test_what_somebody_else_approved_uses_up_nobodys_limit(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "2000.00"})
    approve(manager(world), approval=ask(world, customer=zara))
    issue_credit(limited(world), customer=zara, amount_minor=50000, reason="Offline")
    with pytest.raises(Refused, match="Ask for approval"):
        issue_credit(limited(world), customer=zara, amount_minor=1, reason="Offline")


def test_crediting_an_invoice_bit_by_bit_counts_what_each_bit_was(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "900.00"})
    invoice = Invoice.objects.get(customer=zara)
    line = invoice.lines.get()
    credit_invoice(limited(world), invoice=invoice, amounts={line.pk: 30000}, reason="Wrong")
    with pytest.raises(Refused, match="With R300.00 of today"):
        credit_invoice(limited(world), invoice=invoice, amounts={line.pk: 30000}, reason="Wrong")
    assert CreditNote.objects.count() == 1


def test_a_long_name_does_not_stand_in_the_way_of_asking(world: World) -> None:
    zara = world.customer("Zara")
    arguments = {"customer": zara, "amount_minor": 85000, "reason": "Offline"}
    row = ask_approval(
        limited(world), operation=issue_credit.name, arguments=arguments, label=f"Issue credit R850.00, {'Zara ' * 58}"
    )
    assert (len(row.label), row.label[:26], row.label[-2:]) == (300, "Issue credit R850.00, Zara", "a…")
    with pytest.raises(Refused, match="at most 300") as refused:
        ask_approval(limited(world), operation=issue_credit.name, arguments=arguments, reason="x" * 301)
    assert refused.value.field == "reason"
