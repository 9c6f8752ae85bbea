"""Refunds, batches and days that somebody will try."""

import datetime as dt

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.payments.operations import NewReceipt, pay_refund, record_receipt, record_receipts
from counterfoil.testing.world import World, counts


def test_money_is_not_paid_back_before_it_was_received(world: World) -> None:
    zara = world.customer()
    world.pays(zara, "100.00", on="2026-03-10")
    how = {"amount_minor": 10000, "method": "eft", "reason": "Asked for"}
    before = counts()
    with pytest.raises(Refused) as refused:
        pay_refund(world.clerk, customer=zara, on=dt.date(2026, 3, 1), **how)
    assert refused.value.code == "over_refunded"
    assert counts() == before
    pay_refund(world.clerk, customer=zara, on=dt.date(2026, 3, 10), **how)


def test_a_refunds_reference_is_tidied(world: World) -> None:
    zara = world.customer()
    world.pays(zara, "100.00")
    refund = pay_refund(
        world.clerk, customer=zara, amount_minor=100, on=world.today, method="eft", reason="Asked",
        reference="A\x00B\ud800",
    )  # fmt: skip
    assert refund.reference == "AB"


def test_a_day_at_the_edge_of_the_calendar_is_refused_in_words(world: World) -> None:
    zara = world.customer()
    for day in (dt.date.min, dt.date.max):
        with pytest.raises(Refused):
            record_receipt(world.clerk, customer=zara, amount_minor=100, on=day, method="eft")


def test_in_one_batch_what_was_chosen_is_settled_before_the_oldest(world: World) -> None:
    zara = world.customer(owing={"2026-01-31": "100.00", "2026-02-28": "100.00"})
    first = world.item("INV-000001")
    record_receipts(
        world.clerk,
        receipts=[
            NewReceipt(zara.pk, 10000, world.today, "eft"),
            NewReceipt(zara.pk, 10000, world.today, "eft", allocate=((first.pk, 10000),)),
        ],
    )
    assert world.open(zara) == {}
