"""Ways to pay are rows: a company adds its own, renames the delivered, and stops offering what it does not take."""

import datetime as dt

import pytest

from counterfoil.kernel.errors import Refused
from counterfoil.operator.models import Lookup
from counterfoil.operator.operations import add_lookup, change_lookup
from counterfoil.payments.models import Receipt, Refund
from counterfoil.payments.operations import pay_refund
from counterfoil.payments.queries import methods_offered, receipts_of
from counterfoil.payments.receipt_files import receipt_view
from counterfoil.platform.checks import check_books
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

DAY = dt.date(2026, 3, 5)


def test_a_way_of_ones_own_is_taken_shown_and_refunded_by(world: World) -> None:
    zara = world.customer(owing={"2026-03-01": "100.00"})
    row = add_lookup(world.caller(), kind="payment_method", name="M-Pesa")
    assert methods_offered(DAY) == [
        ("eft", "EFT"), ("debit_order", "Debit order"), ("cash", "Cash"), ("card", "Credit card"), (row.code, "M-Pesa"),
    ]  # fmt: skip
    paid = world.pays(zara, "140.00", method=row.code)
    back = pay_refund(
        world.clerk, customer=zara, amount_minor=4000, on=world.today, method=row.code, reason="Paid too much"
    )
    assert (paid.method_name, paid.item.text) == ("M-Pesa", "Payment received, M-Pesa")
    assert Event.objects.get(kind="receipt.recorded").data["method"] == "M-Pesa"
    assert [(fact["label"], fact["value"]) for fact in receipt_view(paid)["figures"]][1] == ("Paid by", "M-Pesa")
    assert Refund.objects.get().method_name == back.method_name == "M-Pesa"
    # Called otherwise it is so everywhere, and nothing that was posted or kept changes.
    change_lookup(world.caller(), lookup=row, name="M-PESA Paybill")
    assert [one.method_name for one in receipts_of(zara)] == ["M-PESA Paybill"]
    assert Receipt.objects.get().item.text == "Payment received, M-Pesa"
    assert check_books() == []


def test_what_is_not_offered_any_more_is_refused_by_hand_and_stays_where_it_was(world: World) -> None:
    zara = world.customer(owing={"2026-03-01": "100.00"})
    world.pays(zara, "10.00", method="cash")
    cash = Lookup.objects.get(kind="payment_method", code="cash")
    change_lookup(world.caller(), lookup=cash, name="Cash", ends=world.today)
    before = counts()
    with pytest.raises(
        Refused, match=r"^Cash is not offered on .*\. Choose how it is paid: EFT, Debit order, Credit card\.$"
    ) as no:
        world.pays(zara, "10.00", method="cash")
    assert (no.value.field, no.value.code) == ("method", "unknown_choice")
    with pytest.raises(Refused, match=r"^Choose how it is paid: EFT, Debit order, Credit card\.$"):
        world.pays(zara, "10.00", method="beads")
    assert counts() == before
    assert [row.method_name for row in receipts_of(zara)] == ["Cash"]
    # What came in on a day when it was still taken is written down later too.
    late = world.pays(zara, "20.00", on=(world.today - dt.timedelta(days=2)).isoformat(), method="cash")
    assert late.method == "cash"
