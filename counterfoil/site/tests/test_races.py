"""Two people do the same thing at the same moment: one of them is told so, and the books hold."""

from decimal import Decimal
from typing import Any

import pytest

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import change_draft, credit_invoice, discard_draft, draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import add_customer
from counterfoil.kernel.errors import Refused
from counterfoil.messaging.interfaces import Accepted
from counterfoil.messaging.operations import cancel_message, claim_delivery, queue_message, record_delivery
from counterfoil.payments.models import ReceiptReversal, Refund
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.platform.tests.test_races import at_once
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.operations import merge_customers, open_dispute, undo_allocation, write_off
from counterfoil.site.setup import set_up
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.kills]
LINE = LineInput("Services", Decimal(1), Decimal(100))


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    return World()


def told(results: list[Any]) -> list[str]:
    return sorted(r.code if isinstance(r, Refused) else type(r).__name__ for r in results)


def draft(world: World) -> Invoice:
    return draft_invoice(world.clerk, customer=world.customer(), lines=[LINE], on=world.today)


def test_one_draft_is_issued_once(world: World) -> None:
    row = draft(world)
    results = at_once(*[lambda: issue_invoices(world.clerk, invoices=[row])] * 4)
    assert told(results) == ["list", "not_a_draft", "not_a_draft", "not_a_draft"]


def test_a_draft_is_changed_or_discarded_before_it_is_issued_or_not_at_all(world: World) -> None:
    row = draft(world)
    more = [LINE, LINE]
    at_once(
        lambda: issue_invoices(world.clerk, invoices=[row]),
        lambda: change_draft(world.clerk, invoice=row, version=1, lines=more, on=world.today),
        lambda: discard_draft(world.clerk, invoice=row),
    )
    done = Invoice.objects.get()
    assert done.total_minor == sum(line.total_minor for line in done.lines.all())
    assert done.item is None or done.item.amount_minor == done.total_minor


def test_an_invoice_is_credited_once(world: World) -> None:
    invoice = world.invoice(world.customer(), "100.00")
    results = at_once(*[lambda: credit_invoice(world.clerk, invoice=invoice, reason="Wrong")] * 4)
    assert told(results) == ["CreditNote", *["nothing_to_credit"] * 3]
    assert CreditNote.objects.get().total_minor == 10000


def test_a_payment_bounces_once_and_what_was_refunded_before_is_owed_back(world: World) -> None:
    zara = world.customer()
    receipt = world.pays(zara, "100.00")
    how = {"customer": zara, "amount_minor": 10000, "on": world.today, "method": "eft", "reason": "Asked"}
    results = at_once(
        *[lambda: reverse_receipt(world.clerk, receipt=receipt, reason="Bounced")] * 2,
        *[lambda: pay_refund(world.clerk, **how)] * 2,
    )
    assert told(results[:2]) == ["ReceiptReversal", "already_reversed"]
    # Whichever came first: a refund after the bounce is refused, one before it leaves a debt of as much.
    refunded = Refund.objects.count()
    assert told(results[2:]) == ["Refund"] * refunded + ["over_refunded"] * (2 - refunded)
    assert refunded in (0, 1)
    assert ReceiptReversal.objects.count() == 1
    assert sum(OpenItem.objects.filter(side="debit").values_list("open_minor", flat=True)) == 10000 * refunded


def test_a_settlement_is_undone_once_while_others_write_off_and_dispute(world: World) -> None:
    zara = world.customer(owing={"2026-02-28": "100.00"})
    world.pays(zara, "60.00")
    row, item = Allocation.objects.select_related("debit", "credit").get(), world.item("INV-000001")
    results = at_once(
        *[lambda: undo_allocation(world.clerk, allocation=row, reason="Mistake")] * 2,
        *[lambda: write_off(world.clerk, item=item, amount_minor=4000, reason="Gone")] * 2,
        *[lambda: open_dispute(world.clerk, item=item, amount_minor=100, reason="No")] * 2,
    )
    assert told(results[:2]) == ["Allocation", "already_undone"]
    assert not any(isinstance(r, Exception) and not isinstance(r, Refused) for r in results)


def test_numbers_given_by_hand_and_by_us_at_the_same_moment(world: World) -> None:
    results = at_once(
        *(lambda: add_customer(world.clerk, name="Ann") for _ in range(4)),
        *(lambda n=n: add_customer(world.clerk, name="Ben", number=f"CF-{n:06d}") for n in range(1, 5)),
    )
    assert all(isinstance(r, Customer) or (isinstance(r, Refused) and r.code == "number_taken") for r in results)
    assert Customer.objects.count() >= 4


def test_a_message_is_taken_back_or_sent_and_never_both(world: World) -> None:
    zara = world.customer()
    for _ in range(5):
        message = queue_message(
            world.clerk, customer=zara, kind="note", subject="Hello", body_text="Hi", body_html="", addresses=["a@x.co"]
        )
        with world.on("2026-04-01"):
            caller = world.system()
            results = at_once(
                lambda c=caller, m=message: cancel_message(c, message=m), lambda c=caller: claim_delivery(c)
            )
            if results[1] is not None:
                record_delivery(caller, delivery=results[1], outcome=Accepted())
                assert results[0].code == "already_left"
        state = message.deliveries.get().state
        message.refresh_from_db()
        assert (state == "cancelled") == (message.cancelled_at is not None)


def test_a_payment_of_a_merged_account_bounces_while_its_money_settles_something_else(world: World) -> None:
    zara, settled = world.customer(), []
    for n in range(12):
        again = world.customer(f"Z. Naidoo {n}")
        receipt = world.pays(again, "100.00")
        merge_customers(world.caller(), customer=zara, duplicate=again)
        row = draft_invoice(world.clerk, customer=zara, lines=[LINE], on=world.today)
        results = at_once(
            lambda r=receipt: reverse_receipt(world.clerk, receipt=r, reason="Bounced"),
            lambda r=row: issue_invoices(world.clerk, invoices=[r]),
        )
        assert told(results) == ["ReceiptReversal", "list"]
        # Whichever came first, money that was none settles nothing but itself.
        standing = Allocation.objects.filter(credit__reference=receipt.number, undoes=None, undone_by=None)
        settled += list(standing.exclude(debit__reference=receipt.number).values_list("debit__number", flat=True))
    assert settled == []
