"""Refunds and bounced payments beside credit that is set aside: it is used last, or not at all."""

import datetime as dt

from counterfoil.billing.operations import credit_invoice
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.payments.queries import refundable
from counterfoil.receivables.operations import issue_credit
from counterfoil.receivables.queries import figures
from counterfoil.testing.world import World


def test_a_refund_leaves_what_is_set_aside_while_other_credit_is_there(world: World) -> None:
    zara = world.customer()
    paid = world.invoice(zara, "100.00", on="2026-03-01")
    world.pays(zara, "100.00", on="2026-03-02")
    world.pays(zara, "80.00", on="2026-03-03", purpose="Deposit for a mast")
    issue_credit(world.caller(), customer=zara, amount_minor=60_00, reason="Three weeks offline")
    assert refundable(zara, world.today) == 140_00

    pay_refund(world.caller(), customer=zara, amount_minor=50_00, on=world.today, method="eft", reason="Asked for")
    assert world.open(zara) == {"RC-000002": "-80.00", "CR-000001": "-10.00"}
    assert (figures(zara, world.today).credit_minor, figures(zara, world.today).set_aside_minor) == (90_00, 80_00)

    # Beyond what is free it is the deposit.
    pay_refund(world.caller(), customer=zara, amount_minor=30_00, on=world.today, method="eft", reason="And more")
    assert world.open(zara) == {"RC-000002": "-60.00"}

    # Credit that is set aside for something goes back last of all.
    credit_invoice(world.caller(), invoice=paid, reason="Not wanted")
    assert world.open(zara) == {"RC-000001": "-40.00", "CR-000001": "-60.00", "RC-000002": "-60.00"}


def test_other_credit_settles_what_a_bounced_payment_opened_again_but_not_what_is_set_aside(world: World) -> None:
    zara = world.customer(owing={"2026-03-20": "100.00"})
    bounced = world.pays(zara, "100.00", on="2026-03-02")
    world.pays(zara, "30.00", on="2026-03-03", purpose="Deposit for a mast")
    world.pays(zara, "40.00", on="2026-03-04")
    reverse_receipt(world.caller(), receipt=bounced, reason="No funds", on=dt.date(2026, 3, 10))
    assert world.open(zara) == {"INV-000001": "60.00", "RC-000002": "-30.00"}
    assert world.open(zara, on="2026-03-09") == {"RC-000002": "-30.00", "RC-000003": "-40.00"}
