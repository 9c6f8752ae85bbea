"""A customer who changes their mind every other day, pays now and then, bounces, complains, and regrets it all.

Whatever the order: the books check at every step, a preview is the bill, nobody is given back more than was billed, and
where nothing was given by hand a regret gives back all of it to the cent.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest

from counterfoil.billing.models import CreditNote, Invoice
from counterfoil.billing.operations import bill_customer, cancel_bill, credit_invoice, save_tax_rate
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.payments.queries import refundable
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.operations import (
    issue_credit,
    release_credit,
    set_aside,
    set_credit_policy,
    undo_allocation,
)
from counterfoil.receivables.queries import credit_settles_bills, figures
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World

D = dt.date.fromisoformat
FIRST, LAST, DAYS, STEPS = D("2026-06-10"), D("2026-08-20"), 60, 20


class History:
    """One customer, and dice that decide what happens to them."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        self.customer: Customer = world.customer(terms_days=self.dice.choice([0, 14]))
        self.given_by_hand = 0
        self.bills = 0
        self.refused: set[str] = set()

    def begin(self) -> None:
        with_tax = self.dice.choice([[True] * 3, [False] * 3, [True, False, True]])
        prices = ("599.99", "899.95", "0.07")
        self.products: list[Product] = [
            self.world.package(f"Fibre {place}", price, prices_include_tax=included, tax_code="standard")
            for place, (price, included) in enumerate(zip(prices, with_tax, strict=True))
        ]
        with self.world.on(FIRST.isoformat()):
            self.world.subscribe(
                self.customer, self.dice.choice(self.products), anchor_day=self.dice.randint(1, 28), regret_days=200
            )
        save_tax_rate(
            self.world.caller(), code="standard", name="VAT 15.5 %", category="standard", percent=Decimal("15.5"),
            valid_from=D("2026-07-01"),
        )  # fmt: skip
        if self.dice.random() < 0.2:
            set_credit_policy(self.world.caller(), settles_bills=False)

    def step(self) -> None:
        kinds = {
            self.changes: 40, self.pays: 10, self.is_credited: 8, self.is_refunded: 5, self.bounces: 5,
            self.is_given_credit: 4, self.keeps_credit: 4, self.undoes: 4, self.has_a_bill_cancelled: 3,
        }  # fmt: skip
        (what,) = self.dice.choices(list(kinds), list(kinds.values()))
        try:
            what()
        except Refused:
            return

    def changes(self) -> None:
        day = self.world.today - dt.timedelta(days=self.dice.randint(0, 9))
        swap = Change("swap", day, product_id=self.dice.choice(self.products).pk)
        more = Change("quantity", day, quantity=Decimal(self.dice.randint(1, 4)))
        change = self.dice.choice([swap, swap, swap, more])
        change_services(self.world.caller(), services=Service.objects.all(), change=change, reason="Asked for")

    def pays(self) -> None:
        self.world.pays(self.customer, str(self.dice.randint(1, 2000)))

    def is_credited(self) -> None:
        invoice = self.dice.choice(list(Invoice.objects.filter(state="issued").order_by("pk")) or [None])
        if invoice is None:
            return
        line = invoice.lines.order_by("pk")[0]
        amounts = {line.pk: self.dice.randint(1, max(line.total_minor, 1))} if self.dice.random() < 0.5 else None
        note = credit_invoice(self.world.caller(), invoice=invoice, amounts=amounts, reason="Complaint")
        self.given_by_hand += note.total_minor

    def is_refunded(self) -> None:
        if most := refundable(self.customer, self.world.today):
            pay_refund(
                self.world.caller(), customer=self.customer, amount_minor=self.dice.randint(1, most),
                on=self.world.today, method="eft", reason="Asked for",
            )  # fmt: skip

    def bounces(self) -> None:
        for receipt in Receipt.objects.filter(reversal__isnull=True).order_by("pk")[:1]:
            reverse_receipt(self.world.caller(), receipt=receipt, reason="Bounced")

    def is_given_credit(self) -> None:
        minor = self.dice.randint(1, 50000)
        issue_credit(self.world.caller(), customer=self.customer, amount_minor=minor, reason="Goodwill")

    def keeps_credit(self) -> None:
        for item in OpenItem.objects.filter(side="credit", open_minor__gt=0).order_by("pk")[:1]:
            if self.dice.random() < 0.5:
                set_aside(self.world.caller(), item=item, purpose="Deposit")
            else:
                release_credit(self.world.caller(), item=item)

    def undoes(self) -> None:
        for row in Allocation.objects.filter(undoes__isnull=True, undone_by__isnull=True).order_by("-pk")[:1]:
            undo_allocation(self.world.caller(), allocation=row, reason="Wrong")

    def has_a_bill_cancelled(self) -> None:
        for invoice in Invoice.objects.filter(state="issued").order_by("-pk")[:1]:
            cancel_bill(self.world.caller(), invoice=invoice, reason="Wrong")

    def bill(self) -> None:
        how = {"customer": self.customer, "bill_to": self.world.today}
        try:
            foreseen = bill_customer(self.world.caller().previewing(), **how)
        except Refused as refused:
            self.refused.add(refused.code)
            return
        bill = bill_customer(self.world.caller(), **how)
        self.bills += 1
        assert (foreseen.billed, foreseen.total_minor) == (bill.billed, bill.total_minor)
        now = figures(self.customer, self.world.today)
        if credit_settles_bills():
            # Nobody has free credit beside what they owe.
            assert min(now.credit_minor - now.set_aside_minor, now.total_due_minor) == 0


def live(world: World, seed: int) -> None:
    """The whole of it."""
    history = History(world, seed)
    history.begin()
    for day in sorted(history.dice.sample(range(DAYS), STEPS)):
        with world.on((FIRST + dt.timedelta(days=day)).isoformat()):
            history.step()
            if history.dice.random() < 0.6:
                history.bill()
            assert check_books() == [], (seed, day)
    with world.on(LAST.isoformat()):
        remove_services(world.caller(), services=Service.objects.all(), change=Change("regret", LAST), reason="Regret")
        history.bill()
    assert history.bills > 2
    # Whatever was done to it, an account can always be billed.
    assert history.refused <= {"nothing_to_bill"}
    billed = sum(Invoice.objects.filter(state="issued").values_list("total_minor", flat=True))
    given = sum(CreditNote.objects.values_list("total_minor", flat=True))
    assert given <= billed
    if not history.given_by_hand:
        assert given == billed


# The arithmetic is the same on every database.
@pytest.mark.once
@pytest.mark.parametrize("seed", range(2))
def test_a_few_of_them(world: World, seed: int) -> None:
    live(world, seed)


@pytest.mark.hostile
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_of_them(world: World, seed: int) -> None:
    live(world, seed)
