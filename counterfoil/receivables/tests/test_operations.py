"""Given a world, when an operation, then world, events and refusals."""

import datetime as dt

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.payments.operations import record_receipt, reverse_receipt
from counterfoil.receivables import ageing, queries
from counterfoil.receivables.models import Allocation
from counterfoil.receivables.operations import (
    adjust_account,
    allocate,
    allocate_oldest_first,
    close_dispute,
    issue_credit,
    open_dispute,
    raise_debit_memo,
    save_bucket_set,
    set_credit_policy,
    undo_allocation,
    write_off,
)
from counterfoil.receivables.rules import BucketRule
from counterfoil.testing.world import World, counts


def test_part_payment_goes_to_the_oldest_invoice(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00", "2026-02-28": "310.00"})

    with world.on("2026-03-10"):
        world.pays(zara, "400.00")

    assert world.open(zara) == {"INV-000002": "220.00"}
    assert world.events[-3:] == ["receipt.recorded", "allocation.made", "allocation.made"]


def test_a_bounced_payment_gives_the_invoice_its_original_age_back(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    with world.on("2026-02-10"):
        receipt = world.pays(zara, "310.00")
    with world.on("2026-03-10"):
        reverse_receipt(world.clerk, receipt=receipt, reason="Debit order returned")

    analysis = ageing.age_analysis_of(zara, dt.date(2026, 3, 31))
    assert dict(zip(analysis.labels, analysis.buckets, strict=True))["31-60"] == 31000
    # What was true in between stays true: on 1 March the invoice was paid.
    assert world.open(zara, on="2026-03-01") == {}
    assert world.open(zara, on="2026-03-10") == {"INV-000001": "310.00"}


def test_over_allocation_is_refused_and_changes_nothing(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    item = world.item("INV-000001")
    before = counts()
    with pytest.raises(Refused) as refused:
        record_receipt(
            world.clerk, customer=zara, amount_minor=40000, on=world.today, method="eft", allocate=[(item.pk, 31001)]
        )
    assert refused.value.code == "over_allocated"
    assert counts() == before


def test_one_allocation_is_undone_alone(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    world.pays(zara, "200.00")
    allocation = Allocation.objects.get(debit__number="INV-000001")

    undo_allocation(world.clerk, allocation=allocation, reason="Meant for another invoice")

    assert world.open(zara) == {"INV-000001": "100.00", "RC-000001": "-100.00"}
    with pytest.raises(Refused, match="undone already"):
        undo_allocation(world.clerk, allocation=allocation, reason="Again")


def test_a_write_off_settles_the_item_and_cannot_be_undone_by_itself(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00"})
    write_off(world.clerk, item=world.item("INV-000001"), amount_minor=10000, reason="Moved away")
    assert world.open(zara) == {}
    with pytest.raises(Refused) as refused:
        undo_allocation(world.clerk, allocation=Allocation.objects.get(), reason="Came back")
    assert refused.value.code == "bound"


def test_issued_credit_raises_account_credit_only(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "310.00"})
    set_credit_policy(world.caller(), settles_bills=False)
    issue_credit(world.clerk, customer=zara, amount_minor=15000, reason="Three days offline")
    figures = queries.figures(zara, world.today)
    assert (figures.total_due_minor, figures.credit_minor, figures.balance_minor) == (31000, 15000, 16000)
    # What is covered by credit is not late.
    assert (figures.overdue_minor, figures.oldest_days) == (16000, 59)


def test_credit_is_used_up_once(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    set_credit_policy(world.caller(), settles_bills=False)
    credit = issue_credit(world.clerk, customer=zara, amount_minor=15000, reason="Offline")
    first, second = world.item("INV-000001"), world.item("INV-000002")
    how = {"customer": zara, "credit": credit}
    allocate(world.clerk, debit=first, amount_minor=10000, **how)
    before = counts()
    for debit, minor in ((first, 1), (second, 5001)):
        with pytest.raises(Refused) as refused:
            allocate(world.clerk, debit=debit, amount_minor=minor, **how)
        assert refused.value.code == "over_allocated"
    with pytest.raises(Refused) as refused:
        allocate(world.clerk, customer=world.customer("Yusuf"), debit=second, credit=credit, amount_minor=1)
    assert refused.value.code == "other_customer"
    with pytest.raises(Refused) as refused:
        allocate(world.clerk, customer=zara, debit=credit, credit=second, amount_minor=1)
    assert refused.value.code == "wrong_side"
    allocate_oldest_first(world.clerk, customer=zara)
    assert world.open(zara) == {"INV-000002": "50.00"}
    assert counts()["receivables.Allocation"] == before["receivables.Allocation"] + 1


def test_a_dispute_stands_beside_its_age_until_it_is_closed(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "1000.00"})
    with world.on("2026-03-01"):
        dispute = open_dispute(world.agent, item=world.item("INV-000001"), amount_minor=30000, reason="Not ordered")
    assert ageing.age_analysis_of(zara, world.today).disputed == 30000
    # A payment is never prevented; the dispute is never more than what is left (domain 5.5).
    world.pays(zara, "800.00")
    assert queries.figures(zara, world.today).disputed_minor == 20000
    with pytest.raises(Refused) as refused:
        open_dispute(world.agent, item=world.item("INV-000001"), amount_minor=1, reason="Again")
    assert refused.value.code == "already_disputed"
    with world.on("2026-04-02"):
        close_dispute(world.clerk, dispute=dispute, outcome="Explained")
    assert ageing.age_analysis_of(zara, dt.date(2026, 4, 1)).disputed == 20000
    assert ageing.age_analysis_of(zara, dt.date(2026, 4, 2)).disputed == 0


def test_a_bucket_set_of_ones_own(world: World) -> None:
    zara = world.customer(owing={"2026-03-31": "10.00", "2026-03-01": "20.00"})
    weekly = save_bucket_set(
        world.caller(),
        name="By document",
        basis="document",
        buckets=[BucketRule("New", None, 45), BucketRule("Old", 46, None)],
    )
    assert ageing.age_analysis_of(zara, world.today, weekly).buckets == (1000, 2000)
    (row,) = ageing.age_analysis(world.clerk, world.today, weekly)
    assert row.analysis.buckets == (1000, 2000)
    rows = ageing.aged_items(world.clerk, world.today, bucket="Old", bucket_set=weekly)
    assert [(found.item.number, found.minor) for found in rows] == [("INV-000002", 2000)]
    before = counts()
    with pytest.raises(Refused):
        save_bucket_set(world.caller(), name="Gap", buckets=[BucketRule("A", None, 1), BucketRule("B", 3, None)])
    assert counts() == before


def test_charges_and_adjustments_change_the_balance_and_say_why(world: World) -> None:
    zara = world.customer()
    set_credit_policy(world.caller(), settles_bills=False)
    raise_debit_memo(world.clerk, customer=zara, amount_minor=11500, reason="Returned debit order")
    adjust_account(world.clerk, customer=zara, amount_minor=-1500, reason="Rounding of last year")
    assert world.open(zara) == {"DM-000001": "115.00", "ADJ-000001": "-15.00"}
    assert {row.number for row in queries.credits_of(zara)} == {"DM-000001", "ADJ-000001"}
    (debit, credit) = queries.postings_of(world.item("DM-000001").pk)
    assert (debit.account, debit.debit_minor, credit.credit_minor) == ("1100 Customers", 11500, 11500)
    with pytest.raises(Refused, match="not_positive|more than zero"):
        adjust_account(world.clerk, customer=zara, amount_minor=0, reason="Nothing")
