"""An ordinary year of a difficult customer, told in days and cents; each amount worked out by hand beside it."""

from __future__ import annotations

import datetime as dt

import pytest

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import bill_customer, credit_invoice
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, record_receipt, reverse_receipt
from counterfoil.payments.queries import refundable
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import close_dispute, open_dispute, release_credit
from counterfoil.receivables.queries import days_to_pay, figures, statement_of
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World

D = dt.date.fromisoformat


class Year:
    """The world, the customer, and how a sentence of the story is told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.slow, self.fast = world.package("Fibre 100", "599"), world.package("Fibre 200", "899")
        self.zara: Customer = world.customer("Zara Naidoo", terms_days=7)

    def bill(self, day: str, total: str, owed: str) -> Invoice | CreditNote:
        """What is billed on a day (below zero, a credit note), and what is owed then; the preview says the same."""
        with self.world.on(day):
            how = {"customer": self.zara, "bill_to": self.world.today}
            foreseen = bill_customer(self.world.caller().previewing(), **how)
            bill = bill_customer(self.world.caller(), **how)
            minor = bill.total_minor if isinstance(bill, Invoice) else -bill.total_minor
            assert (f"{minor / 100:.2f}", foreseen.billed) == (total, bill.billed), day
        self.owes(day, owed)
        return bill

    def pays(self, day: str, amount: str, owed: str) -> Receipt:
        with self.world.on(day):
            receipt = self.world.pays(self.zara, amount)
        self.owes(day, owed)
        return receipt

    def changes(self, day: str, to: Product) -> None:
        with self.world.on(day):
            change = Change("swap", D(day), product_id=to.pk)
            change_services(self.world.caller(), services=Service.objects.all(), change=change)

    def owes(self, day: str, balance: str) -> None:
        """Below zero, she is in credit. Whatever she owes, the books check."""
        with self.world.on(day):
            assert f"{figures(self.zara, D(day)).balance_minor / 100:.2f}" == balance, day
            assert check_books() == [], day


@pytest.mark.long
def test_a_year(world: World) -> None:
    year = Year(world)
    zara = year.zara

    # She moves in on the fifth: 27 of 31 days of 599.00. She pays a round sum; what is over settles a part of February.
    with world.on("2026-01-05"):
        world.subscribe(zara, year.slow, on="2026-01-05", anchor_day=1)
    year.bill("2026-01-05", "521.71", "521.71")
    year.pays("2026-01-08", "600.00", "-78.29")
    year.bill("2026-02-01", "599.00", "520.71")
    assert OpenItem.objects.get(number="INV-000002").open_minor == 52071
    year.pays("2026-02-10", "520.71", "0.00")

    # March is paid at once. On the twentieth she wants more: 12 of 31 days, 348.00 less 231.87. That payment bounces.
    year.bill("2026-03-01", "599.00", "599.00")
    year.pays("2026-03-01", "599.00", "0.00")
    year.changes("2026-03-20", year.fast)
    year.bill("2026-03-20", "116.13", "116.13")
    bounced = year.pays("2026-03-25", "116.13", "0.00")
    with world.on("2026-03-28"):
        reverse_receipt(world.caller(), receipt=bounced, reason="Returned by the bank")
    year.owes("2026-03-28", "116.13")
    # What was due on the 27th is late, as if it had never been paid; the day before she owed nothing.
    assert (figures(zara, D("2026-03-28")).oldest_days, figures(zara, D("2026-03-27")).balance_minor) == (1, 0)
    april = year.bill("2026-04-01", "899.00", "1015.13")
    year.pays("2026-04-05", "1015.13", "0.00")

    # A storm: the line is down, she disputes what she has paid already (refused), and is credited 200.00 of April.
    with world.on("2026-04-12"):
        with pytest.raises(Refused, match="Only R0.00"):
            open_dispute(world.caller(), item=april.item, amount_minor=20000, reason="Storm")
        amounts = {april.lines.get().pk: 20000}
        credit_invoice(world.caller(), invoice=april, amounts=amounts, reason="Storm")
    year.owes("2026-04-12", "-200.00")
    assert refundable(zara, D("2026-04-12")) == 20000
    may = year.bill("2026-05-01", "899.00", "699.00")

    # She leaves a deposit for a router, which May does not touch, and disputes a part of May.
    with world.on("2026-05-04"):
        deposit = record_receipt(
            world.caller(), customer=zara, amount_minor=50000, on=world.today, method="cash", purpose="Router"
        )
        dispute = open_dispute(
            world.caller(), item=OpenItem.objects.get(pk=may.item_id), amount_minor=10000, reason="Slow"
        )
    year.owes("2026-05-04", "199.00")
    now = figures(zara, D("2026-05-09"))
    assert (now.overdue_minor, now.disputed_minor, now.set_aside_minor) == (69900, 10000, 50000)

    # She goes back to the slow package on the fifteenth: 17 of 31 days, 493.00 back, 328.48 charged. One credit note.
    year.changes("2026-05-15", year.slow)
    note = year.bill("2026-05-15", "-164.52", "34.48")
    assert isinstance(note, CreditNote)
    assert [line.total_minor for line in note.lines.order_by("position")] == [49300, -32848]
    with world.on("2026-05-20"):
        close_dispute(world.caller(), dispute=dispute, outcome="She has the slow package now")
    assert OpenItem.objects.get(pk=may.item_id).open_minor == 69900 - 16452
    year.bill("2026-06-01", "599.00", "633.48")
    year.pays("2026-06-03", "1133.48", "-500.00")
    assert figures(zara, D("2026-06-30")).overdue_minor == 0
    year.bill("2026-07-01", "599.00", "99.00")
    year.pays("2026-07-01", "599.00", "-500.00")

    # She moves out after the nineteenth: 12 of 31 days back. The deposit is released, and all of it goes back to her.
    with world.on("2026-07-20"):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("cancel", D("2026-07-20")))
    year.bill("2026-07-20", "-231.87", "-731.87")
    with world.on("2026-07-21"):
        release_credit(world.caller(), item=deposit.item)
        how = {"customer": zara, "on": world.today, "method": "eft", "reason": "Moved out"}
        with pytest.raises(Refused, match=r"Only R731\.87"):
            pay_refund(world.caller(), amount_minor=73188, **how)
        pay_refund(world.caller(), amount_minor=73187, **how)
    year.owes("2026-07-21", "0.00")
    assert world.open(zara, on="2026-12-31") == {}

    # What was billed is what was paid and not given back, to the cent.
    billed = sum(Invoice.objects.values_list("total_minor", flat=True))
    given = sum(CreditNote.objects.values_list("total_minor", flat=True))
    assert billed == 52171 + 59900 * 2 + 11613 + 89900 * 2 + 59900 * 2
    assert given == 20000 + 16452 + 23187
    kept = sum(row.amount_minor for row in Receipt.objects.filter(reversal__isnull=True)) - 73187
    assert kept == billed - given
    statement = statement_of(zara, Period.through(D("2026-01-01"), D("2026-12-31")))
    assert (statement.opening_minor, statement.closing_minor) == (0, 0)
    assert sum(line.amount_minor for line in statement.lines) == 0
    # January in 3 days, February in 9, March in none, its change in 16, June in 2. The others were credited in part.
    assert days_to_pay(zara, D("2026-12-31")) == 6
