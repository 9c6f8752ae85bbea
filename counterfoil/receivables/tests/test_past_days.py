"""A figure of a past day: what back-dating, undoing and reversing must never do to it."""

import datetime as dt

import pytest

from counterfoil.billing.operations import credit_invoice
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.receivables import ageing, queries
from counterfoil.receivables.models import Allocation, BucketSet, OpenItem
from counterfoil.receivables.operations import (
    allocate_shares,
    issue_credit,
    raise_debit_memo,
    save_bucket_set,
    undo_allocation,
)
from counterfoil.receivables.rules import BucketRule, Share
from counterfoil.testing.world import World, counts


def test_an_item_freed_today_is_not_settled_twice_on_the_days_before(world: World) -> None:
    """Paid, undone in March, then settled by a credit dated February: on 15 February it was paid once."""
    zara = world.customer(owing={"2026-01-31": "100.00"})
    world.pays(zara, "100.00", on="2026-01-10")
    undo_allocation(world.clerk, allocation=Allocation.objects.get(), reason="Wrong invoice")
    issue_credit(
        world.clerk, customer=zara, amount_minor=10000, reason="Agreed", on=dt.date(2026, 2, 1),
        against=world.item("INV-000001"),
    )  # fmt: skip

    assert all(item.open_minor >= 0 for item in queries.items_of(zara, dt.date(2026, 2, 15)))
    assert min(ageing.age_analysis_of(zara, dt.date(2026, 2, 15)).buckets) == 0
    assert world.open(zara, on="2026-02-15") == {"CR-000001": "-100.00"}


def test_a_payment_reversed_back_to_a_day_before_its_undoing_is_not_negative(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    receipt = world.pays(zara, "100.00", on="2026-01-10")
    undo_allocation(world.clerk, allocation=Allocation.objects.get(), reason="Wrong invoice")
    reverse_receipt(world.clerk, receipt=receipt, reason="Bounced", on=dt.date(2026, 2, 1))

    items = queries.items_of(zara, dt.date(2026, 2, 15))
    assert all(0 <= item.open_minor <= item.amount_minor for item in items)
    assert queries.figures(zara, dt.date(2026, 2, 15)).balance_minor == 10000


def test_credit_against_another_customers_item_is_refused_in_words(world: World) -> None:
    zara, yusuf = world.customer("Zara"), world.customer("Yusuf", owing={"2026-01-31": "100.00"})
    before = counts()
    with pytest.raises(Refused) as refused:
        issue_credit(world.clerk, customer=zara, amount_minor=100, reason="Agreed", against=world.item("INV-000001"))
    assert refused.value.code == "other_customer"
    assert counts() == before
    assert world.open(yusuf) == {"INV-000001": "100.00"}


def test_there_is_always_a_default_bucket_set(world: World) -> None:
    save_bucket_set(world.caller(), name="Standard", buckets=[BucketRule("All", None, None)], basis="document")
    assert queries.default_bucket_set().name == "Standard"
    save_bucket_set(world.caller(), name="Other", buckets=[BucketRule("All", None, None)], is_default=True)
    assert [row.name for row in BucketSet.objects.filter(is_default=True)] == ["Other"]


@pytest.mark.parametrize(
    "rules",
    [
        [BucketRule("x" * 31, None, None)],
        [BucketRule("Disputed", None, 0), BucketRule("Late", 1, None)],
        [BucketRule("Current", None, 10**9), BucketRule("Late", 10**9 + 1, None)],
    ],
)
def test_a_bucket_set_that_cannot_be_shown_is_refused(world: World, rules: list[BucketRule]) -> None:
    with pytest.raises(Refused):
        save_bucket_set(world.caller(), name="Odd", buckets=rules)


def test_any_day_may_be_asked_for(world: World) -> None:
    world.customer(owing={"2026-01-31": "100.00"})
    assert list(ageing.age_analysis(world.clerk, dt.date(1, 1, 2))) == []
    assert next(iter(ageing.age_analysis(world.clerk, dt.date.max))).analysis.balance == 10000


def test_a_debit_is_not_due_in_a_thousand_years(world: World) -> None:
    zara = world.customer()
    with pytest.raises(Refused):
        raise_debit_memo(
            world.clerk, customer=zara, amount_minor=100, reason="Fee", on=world.today, due_on=dt.date(3026, 1, 1)
        )


def test_days_to_pay_of_a_past_day_does_not_know_the_future(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    world.pays(zara, "100.00", on="2026-03-01")
    assert queries.days_to_pay(zara, dt.date(2026, 2, 1)) is None
    assert queries.days_to_pay(zara, dt.date(2026, 3, 1)) == 59


def test_days_to_pay_counts_payments_only_and_rounds_half_up(world: World) -> None:
    zara = world.customer()
    for on, paid in (("2026-01-01", "2026-01-03"), ("2026-02-01", "2026-02-04")):
        world.invoice(zara, "100.00", on=on)
        world.pays(zara, "100.00", on=paid)
    credited = world.invoice(zara, "100.00", on="2026-01-02")
    credit_invoice(world.caller(), invoice=credited, reason="Wrong")
    half = world.invoice(zara, "100.00", on="2026-01-04")
    credit_invoice(world.caller(), invoice=half, amounts={half.lines.get().pk: 5000}, reason="Half of it wrong")
    world.pays(zara, "50.00", on="2026-03-20")
    # 2 and 3 days; what was credited, in part too, was not paid.
    assert queries.days_to_pay(zara, world.today) == 3
    # A settlement that was undone is none.
    row = Allocation.objects.get(debit__number="INV-000002")
    undo_allocation(world.caller(), allocation=row, reason="Wrong invoice")
    assert queries.days_to_pay(zara, world.today) == 2


def test_no_balance_is_shown_that_never_was(world: World) -> None:
    """Case c28, and an invoice and its payment of one day, whichever was entered first."""
    zara = world.customer()
    wrong = world.pays(zara, "50.00", on="2026-03-05")
    reverse_receipt(world.caller(), receipt=wrong, reason="Typed twice", on=dt.date(2026, 3, 5))
    world.pays(zara, "80.00", on="2026-03-06")
    world.invoice(zara, "80.00", on="2026-03-06")
    world.pays(zara, "20.00", on="2026-03-07")
    pay_refund(
        world.caller(), customer=zara, amount_minor=2000, on=dt.date(2026, 3, 7), method="eft", reason="Too much"
    )
    march = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1))
    lines = queries.statement_of(zara, march).lines
    assert [(line.number, line.amount_minor, line.balance_minor) for line in lines] == [
        ("RC-000001", -5000, -5000), ("RC-000001-R", 5000, 0), ("INV-000001", 8000, 8000), ("RC-000002", -8000, 0),
        ("RC-000003", -2000, -2000), ("RF-000001", 2000, 0),
    ]  # fmt: skip


def test_shares_never_join_what_does_not_belong_together(world: World) -> None:
    zara = world.customer("Zara", owing={"2026-01-31": "100.00"})
    yusuf = world.customer("Yusuf", owing={"2026-01-31": "100.00"})
    credit = issue_credit(world.clerk, customer=zara, amount_minor=10000, reason="Agreed")
    debit = OpenItem.objects.get(customer=yusuf)
    own = OpenItem.objects.get(customer=zara, side="debit")
    items = {credit.pk: credit, debit.pk: debit, own.pk: own}
    for share, code in (
        (Share(credit.pk, debit.pk, 100), "other_customer"),
        (Share(own.pk, own.pk, 100), "wrong_side"),
        (Share(credit.pk, own.pk, 10001), "over_allocated"),
        (Share(credit.pk, own.pk, -1), "not_positive"),
    ):
        before = counts()
        with pytest.raises(Refused) as refused:
            allocate_shares(world.system(), shares=[share], items=items)
        assert refused.value.code == code
        assert counts() == before
