"""Money in, money out, and what looks like the same payment twice."""

import datetime as dt

import pytest

from counterfoil.billing.operations import credit_invoice
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.payments import queries
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, record_receipt, reverse_receipt
from counterfoil.receivables.operations import issue_credit, merge_customers
from counterfoil.receivables.queries import statement_of
from counterfoil.testing.world import World, counts


def test_a_payment_larger_than_the_debt_is_account_credit(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    world.pays(zara, "150.00")
    assert world.open(zara) == {"RC-000001": "-50.00"}
    assert queries.refundable(zara, world.today) == 5000


def test_a_payment_for_chosen_items(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    newer = world.item("INV-000002")
    world.pays(zara, "80.00", allocate=[(newer.pk, 6000)])
    assert world.open(zara) == {"INV-000001": "100.00", "INV-000002": "40.00", "RC-000001": "-20.00"}


def test_a_payment_before_its_invoice_settles_it_from_the_invoices_day(world: World) -> None:
    zara = world.customer()
    receipt = world.pays(zara, "100.00", on="2026-02-01")
    assert receipt.item.open_minor == 10000
    world.invoice(zara, "100.00", on="2026-03-01")
    assert world.open(zara, on="2026-02-15") == {"RC-000001": "-100.00"}


def test_the_likely_duplicate_is_warned_of_and_can_be_meant(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    how = {"customer": zara, "amount_minor": 10000, "method": "eft", "reference": "HV-1"}
    record_receipt(world.clerk, on=dt.date(2026, 3, 30), **how)
    before = counts()
    with pytest.raises(Refused) as refused:
        record_receipt(world.clerk, on=dt.date(2026, 3, 31), **how)
    assert (refused.value.code, counts()) == ("likely_duplicate", before)
    assert "RC-000001" in refused.value.sentence
    record_receipt(world.clerk, on=dt.date(2026, 3, 31), duplicate_ok=True, **how)
    # Two different references are two payments: no warning.
    record_receipt(world.clerk, on=dt.date(2026, 3, 31), **{**how, "reference": "HV-2"})
    assert Receipt.objects.count() == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [({"amount_minor": 0}, "not_positive"), ({"amount_minor": -5}, "not_positive"),
     ({"amount_minor": 10**14}, "absurd_amount"), ({"on": dt.date(2026, 4, 1)}, "future_date"),
     ({"method": "gold"}, "unknown_choice"),
     ({"currency": "EUR"}, "wrong_currency"), ({"reference": "x" * 121}, "too_long")],
)  # fmt: skip
def test_bad_payments_are_refused_and_change_nothing(world: World, change: dict[str, object], code: str) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    before = counts()
    with pytest.raises(Refused) as refused:
        record_receipt(
            world.clerk, **{"customer": zara, "amount_minor": 100, "on": world.today, "method": "eft", **change}
        )
    assert (refused.value.code, counts()) == (code, before)


def test_a_refund_is_never_more_than_the_money_received(world: World) -> None:
    zara = world.customer()
    world.pays(zara, "50.00")
    issue_credit(world.clerk, customer=zara, amount_minor=10000, reason="Goodwill is not money")
    how = {"customer": zara, "on": world.today, "method": "eft", "reason": "Asked for"}
    before = counts()
    with pytest.raises(Refused) as refused:
        pay_refund(world.clerk, amount_minor=5001, **how)
    assert (refused.value.code, counts()) == ("over_refunded", before)
    pay_refund(world.clerk, amount_minor=5000, **how)
    assert world.open(zara) == {"CR-000001": "-100.00"}
    assert queries.refunds_of(zara).count() == 1


def test_a_payment_that_bounces_after_a_part_was_refunded_is_owed_back(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "60.00"})
    paid = world.pays(zara, "100.00")
    pay_refund(world.clerk, customer=zara, amount_minor=3000, on=world.today, method="eft", reason="Asked for")
    assert world.open(zara) == {"RC-000001": "-10.00"}
    reverse_receipt(world.clerk, receipt=paid, reason="Returned")
    # The invoice as it was, and what went out of the bank and never came in.
    assert world.open(zara) == {"INV-000001": "60.00", "RF-000001": "30.00"}
    assert queries.refundable(zara, world.today) == 0
    world.pays(zara, "90.00")
    assert world.open(zara) == {}


def test_a_payment_bounces_once(world: World) -> None:
    zara = world.customer()
    first, other = world.pays(zara, "50.00"), world.pays(zara, "60.00")
    reverse_receipt(world.clerk, receipt=other, reason="Returned")
    with pytest.raises(Refused, match="was reversed"):
        reverse_receipt(world.clerk, receipt=other, reason="Returned")
    assert queries.last_receipt(zara, world.today) == first


def test_a_paid_invoice_that_is_credited_is_refunded_in_one_step(world: World) -> None:
    """Case c22."""
    zara = world.customer()
    invoice = world.invoice(zara, "100.00", on="2026-03-01")
    world.pays(zara, "100.00", on="2026-03-05")
    credit_invoice(world.caller(), invoice=invoice, reason="Never delivered")
    assert world.open(zara) == {"RC-000001": "-100.00"}
    how = {"customer": zara, "on": world.today, "method": "eft", "reason": "Never delivered"}
    before = counts()
    with pytest.raises(Refused) as refused:
        pay_refund(world.caller(), amount_minor=10001, **how)
    assert (refused.value.code, counts()) == ("over_refunded", before)
    pay_refund(world.caller(), amount_minor=10000, **how)
    assert world.open(zara) == {}
    # As of the days before, nothing has changed.
    assert world.open(zara, on="2026-03-04") == {"INV-000001": "100.00"}
    assert world.open(zara, on="2026-03-10") == {}


def test_what_was_never_paid_is_not_refunded(world: World) -> None:
    zara = world.customer()
    credit_invoice(world.caller(), invoice=world.invoice(zara, "100.00"), reason="Wrong")
    issue_credit(world.caller(), customer=zara, amount_minor=5000, reason="Goodwill")
    before = counts()
    with pytest.raises(Refused) as refused:
        pay_refund(world.caller(), customer=zara, amount_minor=1, on=world.today, method="eft", reason="Asked for")
    assert (refused.value.code, counts()) == ("over_refunded", before)


def test_a_part_credited_frees_that_part_of_the_newest_payment(world: World) -> None:
    zara = world.customer()
    invoice = world.invoice(zara, "100.00", on="2026-03-01")
    world.pays(zara, "70.00", on="2026-03-02")
    world.pays(zara, "30.00", on="2026-03-05")
    line = invoice.lines.get().pk
    credit_invoice(world.caller(), invoice=invoice, amounts={line: 4500}, reason="Half a month")
    assert world.open(zara) == {"RC-000001": "-15.00", "RC-000002": "-30.00"}
    credit_invoice(world.caller(), invoice=invoice, reason="The rest")
    assert world.open(zara) == {"RC-000001": "-70.00", "RC-000002": "-30.00"}


def test_credit_that_is_no_money_is_refunded_with_the_money_it_takes_the_place_of(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    world.pays(zara, "100.00", on="2026-02-10")
    issue_credit(world.caller(), customer=zara, amount_minor=8000, reason="A month offline")
    assert queries.refundable(zara, world.today) == 8000
    pay_refund(world.caller(), customer=zara, amount_minor=3000, on=world.today, method="eft", reason="Asked for")
    assert world.open(zara) == {"CR-000001": "-50.00"}
    assert queries.refundable(zara, world.today) == 5000
    # Paid back before money came: nothing that stood on a past day stands differently.
    assert world.open(zara, on="2026-02-28") == {}


def test_a_payment_of_the_account_that_was_merged_into_this_one_is_a_likely_duplicate_too(world: World) -> None:
    zara, again = world.customer("Zara Naidoo"), world.customer("Z. Naidoo")
    paid = world.pays(again, "310.00")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    assert queries.likely_duplicates(zara, 310_00, world.today) == [paid]
    assert queries.likely_duplicates(world.customer("Boris"), 310_00, world.today) == []
    reverse_receipt(world.clerk, receipt=paid, reason="Bounced")
    assert queries.likely_duplicates(zara, 310_00, world.today) == []


def test_nothing_is_paid_on_an_account_that_was_merged_into_another(world: World) -> None:
    zara, again = world.customer("Zara Naidoo"), world.customer("Z. Naidoo")
    merge_customers(world.caller(), customer=zara, duplicate=again)
    before = counts()
    with pytest.raises(Refused) as refused:
        record_receipt(world.clerk, customer=again, amount_minor=100, on=world.today, method="eft")
    assert (refused.value.code, counts()) == ("account_closed", before)
    assert zara.number in refused.value.sentence


def test_a_statement_shows_no_balance_that_never_was(world: World) -> None:
    """Case c28: what takes something back stands after it; what is billed that day stands before what is paid."""
    zara, day = world.customer(), dt.date(2026, 3, 5)
    typed_twice = world.pays(zara, "50.00", on="2026-03-05")
    reverse_receipt(world.caller(), receipt=typed_twice, reason="typed twice", on=day)
    world.invoice(zara, "20.00", on="2026-03-05")
    lines = statement_of(zara, Period.through(day, day)).lines
    assert [(line.number, line.amount_minor, line.balance_minor) for line in lines] == [
        ("INV-000001", 20_00, 20_00), ("RC-000001", -50_00, -30_00), ("RC-000001-R", 50_00, 20_00),
    ]  # fmt: skip
