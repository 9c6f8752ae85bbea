"""Account credit settles what is billed, oldest first, but for what is set aside (domain 5.3)."""

import datetime as dt
from decimal import Decimal

import pytest

from counterfoil.billing.invoice_files import invoice_view
from counterfoil.billing.models import Invoice
from counterfoil.billing.operations import begin_issuing, cancel_bill, draft_invoice, issue_invoices, open_bill_run
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.rules import LineInput
from counterfoil.billing.sending import send_invoice
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.models import Message
from counterfoil.payments.operations import record_receipt
from counterfoil.receivables.ageing import age_analysis_of
from counterfoil.receivables.lists import only_overdue, with_figures
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import (
    allocate,
    issue_credit,
    merge_customers,
    open_dispute,
    raise_debit_memo,
    release_credit,
    set_aside,
    set_credit_policy,
    undo_allocation,
)
from counterfoil.receivables.queries import credit_settles_bills, figures, open_items_of
from counterfoil.receivables.rules import pay_now
from counterfoil.testing.world import World, counts

D = dt.date.fromisoformat


@pytest.fixture
def ahead(world: World) -> Customer:
    """Paid 300.00 on the second of January, and has a service of 100.00 a month billed in advance."""
    zara = world.customer(terms_days=14, emails=("zara@mail.example",))
    with world.on("2026-01-02"):
        world.pays(zara, "300.00")
        world.subscribe(zara, world.package("Fibre", "100"), on="2026-01-02", anchor_day=2)
        world.bill(zara)
    return zara


def bill_by_run(world: World) -> None:
    run = open_bill_run(world.caller(), bill_to=world.today, on=world.today)
    catalogue = catalogue_of(run)
    preview_chunk(world.system(), run=run, catalogue=catalogue)
    finish_preview(world.system(), run=run)
    begin_issuing(world.caller(), run=run)
    issue_chunk(world.system(), run=run, catalogue=catalogue)
    finish_issuing(world.system(), run=run)


def test_money_paid_ahead_settles_the_bills_that_come(world: World, ahead: Customer) -> None:
    """Case c19."""
    with world.on("2026-02-02"):
        world.bill(ahead)
    with world.on("2026-03-02"):
        bill_by_run(world)
        send_invoice(world.caller(), invoice=Invoice.objects.latest("pk"), addresses=["zara@mail.example"])
    on = D("2026-03-31")
    with world.on("2026-03-31"):
        now = figures(ahead, on)
        assert world.open(ahead) == {}
        assert (now.balance_minor, now.overdue_minor, now.is_current) == (0, 0, True)
        analysis = age_analysis_of(ahead, on)
        assert (set(analysis.buckets), analysis.unapplied) == ({0}, 0)
        assert world.open(ahead, on="2026-01-31") == {"RC-000001": "-200.00"}
        assert not only_overdue(Customer.objects.all(), on).exists()
    message = Message.objects.get()
    assert message.subject == "Invoice INV-000003, R100.00, settled"
    assert "Settled: R100.00\nTo pay: R0.00\n" in message.body_text
    assert "Due:" not in message.body_text


def test_what_is_left_to_pay_is_said_on_paper_as_it_was_that_day(world: World, ahead: Customer) -> None:
    with world.on("2026-02-02"):
        world.invoice(ahead, "250.00", on="2026-02-02")
        last = Invoice.objects.latest("pk")
        assert world.open(ahead) == {last.number: "50.00"}
    view = invoice_view(last)
    assert view["figures"][0]["value"] == "R50.00"
    assert view["closing"] == "R200.00 of R250.00 was settled from your account credit when this invoice was issued."
    world.pays(ahead, "50.00")
    # In ten years it prints what it said.
    assert invoice_view(Invoice.objects.get(pk=last.pk)) == view
    first = invoice_view(Invoice.objects.earliest("pk"))
    assert (first["figures"][0]["value"], first["figures"][1]["value"], "pay" in first) == ("R0.00", "Nothing", False)


def test_everything_that_is_issued_is_settled_and_the_oldest_first(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    set_credit_policy(world.caller(), settles_bills=False)
    issue_credit(world.caller(), customer=zara, amount_minor=15000, reason="Offline")
    assert world.open(zara) == {"INV-000001": "100.00", "CR-000001": "-150.00"}
    set_credit_policy(world.caller(), settles_bills=True)
    raise_debit_memo(world.caller(), customer=zara, amount_minor=8000, reason="Returned debit order")
    assert world.open(zara) == {"DM-000001": "30.00"}


def test_a_draft_settles_nothing_before_it_is_issued(world: World, ahead: Customer) -> None:
    with world.on("2026-02-02"):
        world.bill(ahead, draft=True)
        assert world.open(ahead) == {"RC-000001": "-200.00"}


def test_what_is_set_aside_stays_until_it_is_released(world: World) -> None:
    zara = world.customer()
    receipt = record_receipt(
        world.clerk, customer=zara, amount_minor=50000, on=world.today, method="eft", purpose="Deposit for the router"
    )
    world.invoice(zara, "120.00", due_on="2026-03-30", on="2026-03-01")
    assert world.open(zara) == {"INV-000001": "120.00", "RC-000001": "-500.00"}
    now = figures(zara, world.today)
    assert (now.balance_minor, now.overdue_minor, now.credit_minor, now.set_aside_minor) == (
        -38000,
        12000,
        50000,
        50000,
    )
    parts = pay_now(open_items_of(zara, world.today), world.today)
    assert (parts.pay_now, parts.payable, parts.credit_left, parts.balance) == (12000, 12000, 50000, -38000)
    before = counts()
    with pytest.raises(Refused) as refused:
        set_aside(world.clerk, item=receipt.item, purpose="Again")
    assert (refused.value.code, counts()) == ("already_set_aside", before)
    assert "Deposit for the router" in refused.value.sentence
    with world.on("2026-04-10"):
        released = release_credit(world.clerk, item=receipt.item)
        assert (released.open_minor, world.open(zara)) == (38000, {"RC-000001": "-380.00"})
        # As of the day before, it was aside.
        assert figures(zara, D("2026-04-09")).set_aside_minor == 50000
        with pytest.raises(Refused, match="not set aside"):
            release_credit(world.clerk, item=receipt.item)


def test_what_is_released_settles_and_other_credit_that_was_left_stays(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "120.00"})
    record_receipt(world.clerk, customer=zara, amount_minor=5000, on=world.today, method="eft", allocate=[])
    deposit = record_receipt(
        world.clerk, customer=zara, amount_minor=3000, on=world.today, method="eft", purpose="Deposit"
    )
    release_credit(world.clerk, item=deposit.item)
    assert world.open(zara) == {"INV-000001": "90.00", "RC-000001": "-50.00"}


def test_what_was_released_settles_a_bill_of_an_earlier_day_from_its_release(world: World) -> None:
    zara = world.customer()
    receipt = record_receipt(
        world.clerk, customer=zara, amount_minor=50000, on=world.today, method="eft", purpose="Deposit for the router"
    )
    with world.on("2026-04-10"):
        release_credit(world.clerk, item=receipt.item)
    with world.on("2026-04-20"):
        world.invoice(zara, "120.00", on="2026-04-02")
        assert world.open(zara) == {"RC-000001": "-380.00"}
        # On the days when it was aside, it settled nothing.
        assert world.open(zara, on="2026-04-09") == {"INV-000001": "120.00", "RC-000001": "-500.00"}
        assert figures(zara, D("2026-04-09")).set_aside_minor == 50000


def test_what_is_recorded_for_something_settles_nothing_that_is_owed(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    record_receipt(world.clerk, customer=zara, amount_minor=5000, on=world.today, method="eft", purpose="Deposit")
    assert world.open(zara) == {"INV-000001": "100.00", "RC-000001": "-50.00"}


def test_what_is_set_aside_can_be_allocated_by_hand(world: World) -> None:
    zara = world.customer()
    receipt = record_receipt(
        world.clerk, customer=zara, amount_minor=50000, on=world.today, method="eft", purpose="Deposit"
    )
    world.invoice(zara, "120.00")
    allocate(world.clerk, customer=zara, credit=receipt.item, debit=world.item("INV-000001"), amount_minor=2000)
    assert world.open(zara) == {"INV-000001": "100.00", "RC-000001": "-480.00"}
    assert figures(zara, world.today).set_aside_minor == 48000


@pytest.mark.parametrize("which", ["a debit", "nothing left"])
def test_only_credit_that_is_there_is_set_aside(world: World, which: str) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    receipt = world.pays(zara, "60.00")
    item = world.item("INV-000001") if which == "a debit" else receipt.item
    before = counts()
    with pytest.raises(Refused) as refused:
        set_aside(world.clerk, item=item, purpose="Deposit")
    expected = {"a debit": "wrong_side", "nothing left": "already_settled"}[which]
    assert (refused.value.code, counts()) == (expected, before)


def test_what_is_set_aside_moves_with_a_merge(world: World) -> None:
    zara, again = world.customer(owing={"2026-01-31": "100.00"}), world.customer("Z. Naidoo")
    record_receipt(world.clerk, customer=again, amount_minor=5000, on=world.today, method="eft", purpose="Deposit")
    world.pays(again, "30.00")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    now = figures(zara, world.today)
    # The other thirty settled at once.
    assert (now.total_due_minor, now.credit_minor, now.set_aside_minor) == (7000, 5000, 5000)


def test_where_the_policy_is_off_credit_waits_and_still_covers_what_is_late(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    set_credit_policy(world.caller(), settles_bills=False)
    before = counts()
    with pytest.raises(Refused) as refused:
        set_credit_policy(world.caller(), settles_bills=False)
    assert (refused.value.code, counts(), credit_settles_bills()) == ("no_change", before, False)
    issue_credit(world.caller(), customer=zara, amount_minor=10000, reason="Offline")
    now = figures(zara, world.today)
    assert (now.total_due_minor, now.overdue_minor, now.is_current, now.oldest_days) == (10000, 0, True, 0)
    assert not only_overdue(Customer.objects.all(), world.today).exists()
    (row,) = with_figures(Customer.objects.all(), world.today)
    assert (row.balance_minor, row.overdue_minor) == (0, 0)


def test_what_somebody_undid_is_settled_by_the_next_bill_only(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    receipt = world.pays(zara, "100.00")
    (row,) = receipt.item.settles.all()
    undo_allocation(world.caller(), allocation=row, reason="For the other invoice")
    assert world.open(zara) == {"INV-000001": "100.00", "RC-000001": "-100.00"}
    world.invoice(zara, "50.00")
    assert world.open(zara) == {"INV-000002": "50.00"}


def test_what_is_in_dispute_is_not_asked_for(world: World) -> None:
    zara = world.customer(emails=("zara@mail.example",))
    invoice = world.invoice(zara, "100.00", due_on="2026-04-30", on="2026-03-31")
    assert invoice.item is not None
    open_dispute(world.clerk, item=OpenItem.objects.get(pk=invoice.item_id), amount_minor=4000, reason="Offline")
    parts = pay_now(open_items_of(zara, world.today), world.today)
    assert (parts.payable, parts.balance) == (6000, 10000)
    send_invoice(world.caller(), invoice=invoice, addresses=["zara@mail.example"])
    message = Message.objects.get()
    assert message.subject == "Invoice INV-000001, R60.00 due 30 April"
    assert "In dispute: R40.00\nTo pay: R60.00\n" in message.body_text


def test_a_bill_that_account_credit_settled_is_cancelled_and_billed_again(world: World, ahead: Customer) -> None:
    with world.on("2026-02-02"):
        bill = world.bill(ahead)
        assert world.open(ahead) == {"RC-000001": "-100.00"}
        cancel_bill(world.caller(), invoice=bill, reason="Wrong address")
        assert world.open(ahead) == {"RC-000001": "-200.00"}
        again = world.bill(ahead)
        assert (again.total_minor, world.open(ahead)) == (100_00, {"RC-000001": "-100.00"})


def test_a_bill_that_was_paid_after_it_was_issued_is_not_cancelled(world: World, ahead: Customer) -> None:
    for month in ("02", "03", "04"):
        with world.on(f"2026-{month}-02"):
            bill = world.bill(ahead)
    with world.on("2026-04-05"):
        world.pays(ahead, "1.00")
        before = counts()
        with pytest.raises(Refused) as refused:
            cancel_bill(world.caller(), invoice=bill, reason="Wrong address")
    assert refused.value.code == "has_payment"
    assert counts() == before


def test_a_back_dated_invoice_of_one_customer_changes_no_day_of_another(world: World) -> None:
    zara, thabo = world.customer(), world.customer("Thabo Nkosi")
    world.invoice(zara, "100.00", on="2026-03-01")
    world.pays(zara, "150.00", on="2026-03-02", allocate=())
    drafts = [
        draft_invoice(world.caller(), customer=who, lines=[LineInput("Work", Decimal(1), Decimal(10), None)], on=D(day))
        for who, day in ((zara, "2026-03-20"), (thabo, "2026-03-05"))
    ]
    issue_invoices(world.caller(), invoices=drafts)
    assert world.open(zara, on="2026-03-19") == {"INV-000001": "100.00", "RC-000001": "-150.00"}
    assert world.open(zara, on="2026-03-20") == {"RC-000001": "-40.00"}
    assert world.open(thabo) == {"INV-000003": "10.00"}
