"""A run of debit orders from choosing to what comes back, in days and cents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from counterfoil.collections.operations import record_promise
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_contact
from counterfoil.debits import doors, files, jobs, queries
from counterfoil.debits.formats.order import Answer
from counterfoil.debits.models import DebitOrder, DebitPart, DebitRun, DebitScheme, Mandate
from counterfoil.debits.operations import (
    add_debit_scheme,
    add_mandate,
    approve_debit_run,
    bring_in_answers,
    cancel_debit_run,
    do_answer,
    end_mandate,
    freeze_debit_run,
    hold_debit_order,
    include_debit_order,
    open_debit_run,
    refuse_debit_run,
    return_debit_order,
    send_debit_run,
    set_debit_policy,
    set_payment_method,
    settle_debit_run,
    settle_due_run,
    settle_orders,
    sign_mandate,
)
from counterfoil.debits.operations.answers import found_for, read_answers
from counterfoil.kernel.errors import Refused
from counterfoil.ledger.operations import close_books
from counterfoil.messaging.models import Message
from counterfoil.operator.operations import add_area, add_bank_account
from counterfoil.payments.models import Receipt, ReceiptReversal
from counterfoil.platform.models import Job
from counterfoil.platform.write_guard import writing
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import merge_customers, open_dispute
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.testing.world import World, counts

KEY = "12345678-1234-1234-1234-123456789012"
SOON = dt.date(2026, 4, 2)
_ENTRY = (
    "<Ntry><Amt Ccy='EUR'>{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-04-02</Dt>"
    "</BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>{ref}</EndToEndId></Refs>{more}</TxDtls></NtryDtls></Ntry>"
)
CAMT = (
    "<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'><BkToCstmrStmt><Stmt><Id>1</Id>"
    "<Acct><Id><IBAN>NL39ABNA0636343332</IBAN></Id><Ccy>EUR</Ccy></Acct>"
    + _ENTRY.format(amount="200.00", way="DBIT", ref="D1-2", more="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    + _ENTRY.format(amount="749.00", way="CRDT", ref="D1-1", more="")
    + "</Stmt></BkToCstmrStmt></Document>"
)


@pytest.fixture
def scheme(world: World) -> DebitScheme:
    account = add_bank_account(
        world.caller(), details={"bank": "Nedbank", "number": "1234567890", "branch": "198765", "holder": "Zebra Net"}
    )
    return add_debit_scheme(world.caller(), way="netcash", bank_account=account, creditor=KEY)


def debtor(world: World, name: str, owing: str, **mandate: Any) -> Customer:
    """Somebody who pays by debit order and owes so much since the first of March."""
    row = world.customer(name, {"2026-03-01": owing} if owing else {})
    details = {"holder": name, "account": "62001234567", "bank": "250655", "signed_on": dt.date(2026, 1, 5), **mandate}
    add_mandate(world.caller(), customer=row, way="netcash", **details)
    return row


def orders(run: DebitRun) -> dict[str, tuple[str, int, str]]:
    rows = DebitOrder.objects.filter(run=run).order_by("pk").select_related("customer")
    return {row.customer.name: (row.state, row.amount_minor, row.code) for row in rows}


def sent(world: World, scheme: DebitScheme, on: dt.date = SOON) -> DebitRun:
    """A run whose file is made."""
    run = open_debit_run(world.clerk, scheme=scheme, on=on)
    freeze_debit_run(world.clerk, run=run)
    approve_debit_run(world.caller("finance", "Lerato"), run=run)
    return send_debit_run(world.caller("finance", "Lerato"), run=run)


def refused(work: Callable[[], Any]) -> str:
    before = counts()
    with pytest.raises(Refused) as refusal:
        work()
    assert counts() == before
    return refusal.value.code


@pytest.fixture(autouse=True)
def anybody_approves(world: World) -> None:
    """Callers in tests are nobody in particular; who approves is told apart in a test of its own."""
    set_debit_policy(world.caller(), least_minor=5000, fee_minor=4500, most_tries=2, on_day=True, second_person=False)


def test_who_is_collected_from_and_who_is_not(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    debtor(world, "Unsigned", "100.00", signed_on=None)
    debtor(world, "Small", "49.99")
    debtor(world, "Capped", "11880.00", most_minor=500_000)
    promised = debtor(world, "Promised", "300.00")
    record_promise(world.caller(), customer=promised, amount_minor=30000, due_on=dt.date(2026, 4, 5))
    disputed = debtor(world, "Disputed", "2410.00")
    open_dispute(world.caller(), item=OpenItem.objects.get(customer=disputed), amount_minor=120_000, reason="Speed")
    wholly = debtor(world, "Wholly", "200.00")
    open_dispute(world.caller(), item=OpenItem.objects.get(customer=wholly), amount_minor=20_000, reason="Speed")
    debtor(world, "Nothing", "")
    gone = debtor(world, "Gone", "80.00")
    end_mandate(world.caller(), mandate=Mandate.objects.get(customer=gone), reason="Moved")
    by_eft = debtor(world, "By EFT", "80.00")
    set_payment_method(world.caller(), customer=by_eft, method="eft")
    later = debtor(world, "Later", "")
    world.invoice(later, "90.00", due_on="2026-04-03", on="2026-03-10")
    run = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    assert orders(run) == {
        "Ann": ("chosen", 74_900, ""),
        "Unsigned": ("left_out", 10_000, "not_signed"),
        "Small": ("left_out", 4_999, "below_least"),
        "Capped": ("left_out", 1_188_000, "above_most"),
        "Promised": ("left_out", 30_000, "promised"),
        "Disputed": ("chosen", 121_000, ""),
        "Wholly": ("left_out", 20_000, "in_dispute"),
        "Gone": ("left_out", 8_000, "mandate_missing"),
    }
    # What somebody decides to collect all the same is collected as far as the mandate allows.
    capped = DebitOrder.objects.get(code="above_most")
    assert include_debit_order(world.clerk, order=capped).amount_minor == 500_000
    assert list(capped.parts.values_list("amount_minor", flat=True)) == [500_000]
    missing = DebitOrder.objects.get(code="mandate_missing")
    assert refused(lambda: include_debit_order(world.clerk, order=missing)) == "cannot_be"
    hold_debit_order(world.clerk, order=DebitOrder.objects.get(customer=ann), reason="Asked to wait")
    assert orders(run)["Ann"] == ("left_out", 74_900, "by_hand")


def test_from_choosing_to_what_comes_back(world: World, scheme: DebitScheme) -> None:
    ann, ben, eve = debtor(world, "Ann", "749.00"), debtor(world, "Ben", "200.00"), debtor(world, "Eve", "60.00")
    run = sent(world, scheme)
    assert (run.state, run.file_count, run.file_minor) == ("sent", 3, 100_900)
    text = files.file_of(run).content.decode()
    assert text.splitlines()[-1] == "F\t3\t100900\t9999"
    assert "62001234567" in text
    assert files.file_of(run).content == files.file_of(run).content
    assert world.open(ann) == {"INV-000001": "749.00"}
    # Before its day nothing is paid.
    assert refused(lambda: settle_debit_run(world.clerk, run=run)) == "too_early"
    assert jobs.settle_due(world.system()) == 0
    world.today = SOON
    assert settle_due_run(world.system(), run=run)
    assert list(jobs.paid(world.caller(), DebitRun.objects.get().job)) == [3]  # type: ignore[arg-type]
    assert [world.open(row) for row in (ann, ben, eve)] == [{}, {}, {}]
    receipts = Receipt.objects.order_by("pk")
    assert [(row.method, row.amount_minor, row.on) for row in receipts] == [
        ("debit_order", 74_900, SOON), ("debit_order", 20_000, SOON), ("debit_order", 6_000, SOON)
    ]  # fmt: skip
    assert DebitRun.objects.get().state == "done"
    # Twice changes nothing.
    assert list(jobs.paid(world.caller(), DebitRun.objects.get().job)) == []  # type: ignore[arg-type]
    assert receipts.count() == 3
    # One comes back for want of money: it is owed again at its age, with the fee.
    world.today = dt.date(2026, 4, 7)
    back = return_debit_order(world.clerk, order=DebitOrder.objects.get(customer=ann), code="02")
    assert (back.state, back.code) == ("returned", "02")
    assert world.open(ann) == {"INV-000001": "749.00", "DM-000001": "45.00"}
    assert OpenItem.objects.get(number="INV-000001").due_on == dt.date(2026, 3, 1)
    assert Mandate.objects.get(customer=ann).ended_on is None
    assert refused(lambda: return_debit_order(world.clerk, order=back, code="02")) == "not_now"
    # One because the account is closed: nothing is collected from it any more.
    return_debit_order(world.clerk, order=DebitOrder.objects.get(customer=ben), code="12")
    assert Mandate.objects.get(customer=ben).ended_on == world.today


def test_what_came_back_too_often_is_left_to_people(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    for day in (SOON, dt.date(2026, 4, 9)):
        run = sent(world, scheme, day)
        world.today = day
        settle_orders(world.system(), run=run, orders=[DebitOrder.objects.get(run=run).pk])
        return_debit_order(world.clerk, order=DebitOrder.objects.get(run=run), code="02")
    assert world.open(ann) == {"INV-000001": "749.00", "DM-000001": "45.00", "DM-000002": "45.00"}
    run = open_debit_run(world.clerk, scheme=scheme, on=dt.date(2026, 4, 16))
    # The fees alone are collected.
    assert orders(run) == {"Ann": ("chosen", 9_000, "")}


def test_what_is_paid_meanwhile_is_not_in_the_file(world: World, scheme: DebitScheme) -> None:
    ann, ben = debtor(world, "Ann", "749.00"), debtor(world, "Ben", "200.00")
    eve, ole = debtor(world, "Eve", "60.00"), debtor(world, "Ole", "70.00")
    run = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    world.pays(ann, "749.00")
    run = freeze_debit_run(world.clerk, run=run)
    assert (run.frozen_count, run.frozen_minor) == (3, 33_000)
    world.pays(ben, "0.01")
    end_mandate(world.caller(), mandate=Mandate.objects.get(customer=ole), reason="Changed bank")
    approve_debit_run(world.caller("finance"), run=run)
    run = send_debit_run(world.caller("finance"), run=run)
    assert (run.file_count, run.file_minor) == (1, 6_000)
    assert orders(run) == {
        "Ann": ("left_out", 74_900, "paid_since"), "Ben": ("left_out", 20_000, "paid_since"),
        "Eve": ("sent", 6_000, ""), "Ole": ("left_out", 7_000, "paid_since"),
    }  # fmt: skip
    # Paid after the file: what the bank takes then is credit.
    world.pays(eve, "60.00")
    world.today = SOON
    settle_orders(world.system(), run=run, orders=[DebitOrder.objects.get(state="sent").pk])
    assert world.open(eve) == {Receipt.objects.latest("pk").number: "-60.00"}


def test_what_is_approved_is_what_is_owed_then_and_nobody_else_is_told(world: World, scheme: DebitScheme) -> None:
    ann, ben = debtor(world, "Ann", "749.00"), debtor(world, "Ben", "200.00")
    for who in (ann, ben):
        add_contact(world.caller(), customer=who, name=who.name, roles=["billing"], emails=[f"{who.name}@x.example"])
    run = freeze_debit_run(world.clerk, run=open_debit_run(world.clerk, scheme=scheme, on=SOON))
    world.pays(ben, "200.00")
    # The button says what will be approved, and the dialog what is left out.
    assert doors.APPROVE_RUN.press(run) == "Approve 1 debit order of R749.00"
    assert "1 debit order paid, disputed or without a mandate since is left out." in doors.APPROVE_RUN.lead(run)
    run = approve_debit_run(world.caller("finance"), run=run)
    assert (run.frozen_count, run.frozen_minor) == (1, 74_900)
    assert orders(run)["Ben"] == ("left_out", 20_000, "paid_since")
    # Paid between the approval and the message: not told either.
    world.pays(ann, "749.00")
    list(jobs.told(world.caller(), Job.objects.get(kind="debit_notices")))
    assert not Message.objects.exists()


def test_all_that_is_paid_before_the_approval_is_refused(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    run = freeze_debit_run(world.clerk, run=open_debit_run(world.clerk, scheme=scheme, on=SOON))
    world.pays(ann, "749.00")
    before = counts()
    with pytest.raises(Refused, match="Everything was paid since. Cancel these debit orders."):
        approve_debit_run(world.caller("finance"), run=run)
    assert (counts(), DebitRun.objects.get().state) == (before, "frozen")


def test_nothing_is_collected_twice(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    first = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    second = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    freeze_debit_run(world.clerk, run=first)
    assert refused(lambda: freeze_debit_run(world.clerk, run=second)) == "collected_elsewhere"
    assert refused(lambda: open_debit_run(world.clerk, scheme=scheme, on=SOON)) == "nothing_due"
    cancel_debit_run(world.clerk, run=first, reason="Wrong day")
    freeze_debit_run(world.clerk, run=second)
    assert DebitPart.objects.filter(held=True).count() == 1
    approve_debit_run(world.caller("finance"), run=second)
    run = send_debit_run(world.caller("finance"), run=second)
    # An account of which something is with the bank is not merged away meanwhile.
    other = world.customer("Other")
    assert refused(lambda: merge_customers(world.caller(), customer=other, duplicate=ann)) == "still_needed"
    # The bank refused the file: all of it may be chosen again.
    refuse_debit_run(world.caller("finance"), run=run, reason="Wrong password")
    assert orders(run) == {"Ann": ("rejected", 74_900, "file_refused")}
    third = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    assert orders(third) == {"Ann": ("chosen", 74_900, "")}


def test_who_prepared_it_does_not_approve_it(world: World, scheme: DebitScheme) -> None:
    set_debit_policy(world.caller(), least_minor=0, fee_minor=0, most_tries=3, on_day=True, second_person=True)
    debtor(world, "Ann", "749.00")
    run = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    freeze_debit_run(world.clerk, run=run)
    assert refused(lambda: approve_debit_run(world.caller("finance"), run=run)) == "own_run"
    assert refused(lambda: approve_debit_run(world.clerk, run=run)) == "not_allowed"


@pytest.mark.books_are_broken_on_purpose
def test_what_was_changed_behind_the_approval_is_not_sent(world: World, scheme: DebitScheme) -> None:
    debtor(world, "Ann", "749.00")
    run = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    freeze_debit_run(world.clerk, run=run)
    approve_debit_run(world.caller("finance"), run=run)
    with writing():
        DebitOrder.objects.update(amount_minor=1)
    assert refused(lambda: send_debit_run(world.caller("finance"), run=run)) == "tampered_with"


@pytest.mark.parametrize(("on", "code"), [
    ("2026-04-04", "no_business_day"), ("2026-04-01", "too_late"), ("2026-07-01", "too_far"),
])  # fmt: skip
def test_a_day_on_which_no_bank_collects_is_refused(world: World, scheme: DebitScheme, on: str, code: str) -> None:
    debtor(world, "Ann", "749.00")
    assert refused(lambda: open_debit_run(world.clerk, scheme=scheme, on=dt.date.fromisoformat(on))) == code


@pytest.mark.parametrize(("details", "code"), [
    ({"account": "12"}, "bad_account"), ({"bank": "25"}, "bad_account"), ({"account_type": "cheque"}, "bad_account"),
    ({"day": 32}, "absurd_day"), ({"way": "sepa_core"}, "wrong_currency"), ({"way": "x"}, "unknown_choice"),
    ({"most_minor": 0}, "absurd_amount"), ({"signed_on": dt.date(2026, 4, 1)}, "future_date"),
])  # fmt: skip
def test_a_mandate_that_cannot_be_is_refused(
    world: World, scheme: DebitScheme, details: dict[str, Any], code: str
) -> None:
    row = world.customer("Ann")
    given = {"way": "netcash", "holder": "Ann", "account": "62001234567", "bank": "250655", **details}
    assert refused(lambda: add_mandate(world.caller(), customer=row, **given)) == code
    assert refused(lambda: set_payment_method(world.caller(), customer=row, method="debit_order")) == "mandate_missing"


def test_a_mandate_is_replaced_and_never_shows_its_account(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00", signed_on=None)
    first = Mandate.objects.get()
    sign_mandate(world.agent, mandate=first, signed_on=dt.date(2026, 3, 30))
    add_mandate(
        world.agent, customer=ann, way="netcash", holder="Ann", account="62 0099 88776", bank="250655",
        account_type="savings",
    )  # fmt: skip
    old, new = Mandate.objects.order_by("pk")
    assert (old.ended_on, old.end_reason) == (world.today, f"Replaced by {new.number}")
    assert (new.shown_account, new.state, queries.method_of(ann)) == ("•••• 8776", "waiting", "debit_order")
    assert "6200998" not in new.account_box


def test_the_banks_answers_are_done_once(world: World, scheme: DebitScheme) -> None:
    ann, ben = debtor(world, "Ann", "749.00"), debtor(world, "Ben", "200.00")
    run = sent(world, scheme)
    world.today = SOON
    first, second = DebitOrder.objects.order_by("pk")
    told = [
        Answer("collected", first.reference, amount_minor=74_900, on=SOON, code="TDD"),
        Answer(
            "returned", "", mandate=Mandate.objects.get(customer=ben).number, amount_minor=20_000, on=SOON, code="02"
        ),
        Answer("collected", "D99-1", amount_minor=1, on=SOON),
    ]
    known = found_for(told)
    assert {pk: answer.kind for pk, answer in known.items()} == {first.pk: "collected", second.pk: "returned"}
    for _ in range(2):
        for pk, answer in known.items():
            do_answer(
                world.system(), order=DebitOrder.objects.get(pk=pk), kind=answer.kind, code=answer.code, meaning="",
                on=answer.on,
            )  # fmt: skip
    assert orders(run) == {"Ann": ("collected", 74_900, ""), "Ben": ("returned", 20_000, "02")}
    assert world.open(ann) == {}
    assert world.open(ben) == {"INV-000002": "200.00", "DM-000001": "45.00"}
    assert refused(lambda: bring_in_answers(world.clerk, content=b"\x00nonsense", file_name="x")) != ""


def test_an_answer_without_reference_read_twice_reaches_no_older_order(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    number, made = Mandate.objects.get(customer=ann).number, []
    for day in (SOON, dt.date(2026, 5, 4)):
        world.today = day - dt.timedelta(days=5)
        if made:
            world.invoice(ann, "749.00", due_on="2026-04-20")
        run = sent(world, scheme, day)
        world.today = day
        made.append(DebitOrder.objects.get(run=run, state="sent"))
        settle_orders(world.system(), run=run, orders=[made[-1].pk])
    answer = Answer("returned", mandate=number, amount_minor=74_900, on=dt.date(2026, 5, 4), code="02")
    for _ in range(2):
        ((pk, told),) = found_for([answer]).items()
        do_answer(
            world.system(), order=DebitOrder.objects.get(pk=pk), kind=told.kind, code="02", meaning="", on=told.on
        )  # fmt: skip
    states = DebitOrder.objects.order_by("pk").filter(amount_minor=74_900).values_list("state", flat=True)
    assert list(states) == ["collected", "returned"]
    # One of the first month is the first month's.
    assert list(found_for([replace(answer, on=dt.date(2026, 4, 7))])) == [made[0].pk]


def test_neither_who_chose_nor_who_froze_approves(world: World, scheme: DebitScheme) -> None:
    set_debit_policy(world.caller(), least_minor=0, fee_minor=0, most_tries=3, on_day=True, second_person=True)
    debtor(world, "Ann", "749.00")
    first, second, third = (replace(world.caller("finance"), user_id=n) for n in (1, 2, 3))
    run = open_debit_run(first, scheme=scheme, on=SOON)
    freeze_debit_run(second, run=run)
    assert refused(lambda: approve_debit_run(first, run=run)) == "own_run"
    assert refused(lambda: approve_debit_run(second, run=run)) == "own_run"
    assert approve_debit_run(third, run=run).state == "approved"


def test_nobody_is_told_of_what_was_cancelled(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    add_contact(world.caller(), customer=ann, name="Ann", roles=["billing"], emails=["ann@x.example"])
    run = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    freeze_debit_run(world.clerk, run=run)
    approve_debit_run(world.caller("finance"), run=run)
    cancel_debit_run(world.clerk, run=run, reason="Wrong day")
    list(jobs.told(world.caller(), Job.objects.get(kind="debit_notices")))
    assert not Message.objects.exists()


def test_customers_are_told_before_and_after_once(world: World, scheme: DebitScheme) -> None:
    ann = debtor(world, "Ann", "749.00")
    add_contact(world.caller(), customer=ann, name="Ann", roles=["billing"], emails=["ann@x.example"])
    debtor(world, "Nobody reads", "60.00")
    run = sent(world, scheme)
    for _ in range(2):
        list(jobs.told(world.caller(), Job.objects.get(kind="debit_notices")))
    (message,) = Message.objects.all()
    assert message.subject == "R749.00 will be collected on 2 April 2026"
    assert "from your account •••• 4567 on 2 April 2026, under mandate" in message.body_text
    assert DebitOrder.objects.get(customer=ann).notice == message
    world.today = SOON
    settle_orders(world.system(), run=run, orders=list(DebitOrder.objects.values_list("pk", flat=True)))
    return_debit_order(world.clerk, order=DebitOrder.objects.get(customer=ann), code="02")
    assert Message.objects.latest("pk").subject == "Your debit order of R749.00 came back"
    assert "there was not enough money in the account" in Message.objects.latest("pk").body_text


def test_what_comes_back_into_a_closed_month_is_of_the_first_open_day(world: World, scheme: DebitScheme) -> None:
    debtor(world, "Ann", "749.00")
    run = sent(world, scheme)
    world.today = dt.date(2026, 5, 4)
    close_books(world.caller(), up_to=dt.date(2026, 4, 30))
    order = DebitOrder.objects.get()
    settle_orders(world.system(world.clerk), run=run, orders=[order.pk])
    assert Receipt.objects.get().on == dt.date(2026, 5, 1)
    return_debit_order(world.clerk, order=order, code="02", on=dt.date(2026, 4, 28))
    assert ReceiptReversal.objects.get().on == dt.date(2026, 5, 1)
    assert DebitOrder.objects.get().answered_on == dt.date(2026, 4, 28)


def test_who_sees_some_customers_sees_what_they_come_to(world: World, scheme: DebitScheme) -> None:
    debtor(world, "Ann", "749.00")
    north = add_area(world.caller(), name="North")
    row = world.customer("Ben", {"2026-03-01": "60.00"}, area_id=north.pk)
    add_mandate(
        world.caller(), customer=row, way="netcash", holder="Ben", account="62001234567", bank="250655",
        signed_on=dt.date(2026, 1, 5),
    )  # fmt: skip
    run = sent(world, scheme)
    limited = replace(world.caller("finance"), scope={"area": frozenset({north.pk})})
    assert queries.facts(run, limited)["sent"] == (1, 6_000)
    assert queries.facts(run, world.caller())["sent"] == (2, 80_900)
    assert not limited.may(send_debit_run)


def test_a_bank_statement_says_what_came_back() -> None:
    told = read_answers(CAMT.encode())
    assert [(one.kind, one.reference, one.amount_minor, one.code) for one in told] == [
        ("returned", "D1-2", 20_000, "AC04"), ("collected", "D1-1", 74_900, ""),
    ]  # fmt: skip


def test_a_run_is_made_on_the_pages(world: World, scheme: DebitScheme, client: Client) -> None:
    debtor(world, "Ann", "749.00")
    add_user(world.caller(), email="f@x.example", name="Finance", role="finance", password="correct horse")
    client.force_login(User.objects.get(email="f@x.example"))
    run = open_debit_run(world.clerk, scheme=scheme, on=SOON)
    page = client.get(f"/debit-runs/{run.pk}/").content.decode()
    assert "R749.00" in page
    assert "Freeze the amounts" in page
    assert "Debit orders" in client.get("/debit-orders/").content.decode()
    assert "Netcash" in client.get("/settings/debit-orders/").content.decode()
    ann = Customer.objects.get(name="Ann")
    account = client.get(f"/customers/{ann.number}/account/").content.decode()
    assert "•••• 4567" in account
    assert "62001234567" not in account
