"""Several workers issue a bill run while people at the desk take money, give it back and change services.

Whoever comes first: nobody is billed twice, nothing is settled beyond what is open, and the books hold.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from counterfoil.billing.models import BillRun, Charge, Invoice
from counterfoil.billing.operations import (
    begin_issuing,
    bill_customer,
    cancel_bill,
    credit_invoice,
    open_bill_run,
    review_items,
)
from counterfoil.billing.operations.runs import catalogue_of, finish_issuing, finish_preview, issue_chunk, preview_chunk
from counterfoil.billing.queries import credited_by_hand
from counterfoil.catalogue.models import Product
from counterfoil.customers.models import Customer
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, record_receipt, reverse_receipt
from counterfoil.payments.queries import refundable
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import Allocation, OpenItem, Standing
from counterfoil.receivables.operations import (
    allocate_oldest_first,
    issue_credit,
    keep_standings,
    merge_customers,
    open_dispute,
    release_credit,
    set_aside,
    undo_allocation,
    write_off,
)
from counterfoil.receivables.queries import figures
from counterfoil.site.setup import set_up
from counterfoil.subscriptions.models import Service
from counterfoil.subscriptions.operations import add_one_time_charge, change_services, remove_services
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.threads import at_once
from counterfoil.testing.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres, pytest.mark.kills]
CUSTOMERS, MONTHS, STEPS = 8, 2, 14


@pytest.fixture
def world(transactional_db: None) -> World:
    set_up()
    world = World()
    world.today = dt.date(2026, 1, 1)
    return world


class Desk:
    """Somebody who does a number of things, whatever is refused."""

    def __init__(self, world: World, seed: int, products: list[Product]) -> None:
        self.world, self.dice, self.products = world, random.Random(seed), products
        self.caller: Caller = world.caller()
        self.done: Counter[str] = Counter()

    def work(self) -> Counter[str]:
        """Say what was done, and why what was not was refused."""
        verbs = [
            self.pays, self.pays, self.credits, self.cancels_a_bill, self.bounces, self.refunds, self.keeps, self.frees,
            self.gives, self.undoes, self.swaps, self.ends, self.writes_off, self.disputes, self.charges_once,
            self.bills, self.allocates, self.merges,
        ]  # fmt: skip
        for _ in range(STEPS):
            verb = self.dice.choice(verbs)
            try:
                verb()
                self.done[verb.__name__] += 1
            except Refused as refused:
                self.done[refused.code] += 1
        return self.done

    def one(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        if not found:
            raise Refused("nothing", "There is none.")
        return self.dice.choice(found)

    def who(self) -> Customer:
        return self.one(Customer.objects.all())

    def minor(self, most: int = 90000) -> int:
        return self.dice.randint(1, max(most, 1))

    def pays(self) -> None:
        purpose = self.dice.choice(["", "", "Deposit"])
        record_receipt(
            self.caller, customer=self.who(), amount_minor=self.minor(), on=self.world.today, method="eft",
            duplicate_ok=True, purpose=purpose,
        )  # fmt: skip

    def credits(self) -> None:
        credit_invoice(self.caller, invoice=self.one(Invoice.objects.filter(state="issued")), reason="Complaint")

    def cancels_a_bill(self) -> None:
        cancel_bill(self.caller, invoice=self.one(Invoice.objects.filter(state="issued")), reason="Wrong")

    def bounces(self) -> None:
        reverse_receipt(self.caller, receipt=self.one(Receipt.objects.filter(reversal=None)), reason="Returned")

    def refunds(self) -> None:
        who = self.who()
        pay_refund(
            self.caller, customer=who, amount_minor=self.minor(refundable(who, self.world.today)), on=self.world.today,
            method="eft", reason="Asked for",
        )  # fmt: skip

    def keeps(self) -> None:
        set_aside(self.caller, item=self.one(OpenItem.objects.filter(side="credit", open_minor__gt=0)), purpose="Mast")

    def frees(self) -> None:
        release_credit(self.caller, item=self.one(OpenItem.objects.filter(side="credit", open_minor__gt=0)))

    def gives(self) -> None:
        issue_credit(self.caller, customer=self.who(), amount_minor=self.minor(), reason="Goodwill")

    def undoes(self) -> None:
        rows = Allocation.objects.filter(undoes=None, undone_by=None).select_related("debit__customer", "credit")
        undo_allocation(self.caller, allocation=self.one(rows), reason="Wrong")

    def swaps(self) -> None:
        change = Change("swap", self.world.today, product_id=self.dice.choice(self.products).pk)
        change_services(self.caller, services=[self.one(Service.objects.all())], change=change)

    def ends(self) -> None:
        change = Change("cancel", self.world.today - dt.timedelta(days=self.dice.randint(0, 20)))
        if self.dice.random() < 0.5:
            remove_services(self.caller, services=[self.one(Service.objects.all())], change=change)

    def writes_off(self) -> None:
        item = self.one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        write_off(self.caller, item=item, amount_minor=self.minor(item.open_minor), reason="Gone")

    def disputes(self) -> None:
        item = self.one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        open_dispute(self.caller, item=item, amount_minor=self.minor(item.open_minor), reason="No")

    def charges_once(self) -> None:
        service = self.one(Service.objects.select_related("subscription"))
        add_one_time_charge(
            self.caller, subscription=service.subscription, text="Visit", price=Decimal("10.01"), on=self.world.today
        )

    def bills(self) -> None:
        bill_customer(self.caller, customer=self.who(), bill_to=self.world.today)

    def allocates(self) -> None:
        allocate_oldest_first(self.caller, customer=self.who())

    def merges(self) -> None:
        one, other = self.who(), self.who()
        merge_customers(self.caller, customer=one, duplicate=other)


def ready(world: World) -> BillRun:
    run = open_bill_run(world.caller(), bill_to=world.today)
    while preview_chunk(world.system(), run=run, catalogue=catalogue_of(run)):
        pass
    finish_preview(world.system(), run=run)
    review_items(world.caller(), run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
    return begin_issuing(world.caller(), run=run)


def work(world: World, run: BillRun) -> Counter[str]:
    catalogue, done = catalogue_of(run), Counter[str]()
    while some := issue_chunk(world.system(), run=run, catalogue=catalogue, limit=2):
        done += some
    return done


def due_now(world: World) -> dict[int, str]:
    """Everybody is billed; why those are not who have something to bill."""
    left = {}
    for customer in Customer.objects.filter(status="active"):
        try:
            bill_customer(world.caller(), customer=customer, bill_to=world.today)
        except Refused as refused:
            if refused.code != "nothing_to_bill":
                left[customer.pk] = refused.code
        else:
            with pytest.raises(Refused, match="nothing to bill|is equal"):
                bill_customer(world.caller(), customer=customer, bill_to=world.today)
    return left


def prove(world: World) -> None:
    """Billed once more, everybody has what they have had, once; and every figure is told alike."""
    assert check_books() == []
    left = due_now(world)
    # What is below zero of an invoice that was written off stays due.
    assert set(left.values()) <= {"written_off"}
    assert due_now(world) == left
    dearest, by_hand = 89996, credited_by_hand(list(Service.objects.values_list("pk", flat=True)))
    for row in (
        Charge.objects.filter(service__isnull=False).values("service", "period_start").annotate(sum=Sum("total_minor"))
    ):
        # What was given by hand stays given: it is not given back again, and may be charged again.
        given = by_hand.get((row["service"], row["period_start"]), 0)
        assert 0 <= row["sum"] - given <= dearest, (row, given)
    for row in Charge.objects.filter(one_time__isnull=False).values("one_time").annotate(sum=Sum("total_minor")):
        assert row["sum"] in (0, 1001), row
    assert not OpenItem.objects.filter(open_minor__lt=0).exists()
    keep_standings(world.system())
    for standing in Standing.objects.select_related("customer"):
        now = figures(standing.customer, world.today)
        assert (standing.balance_minor, standing.overdue_minor) == (now.balance_minor, now.overdue_minor)
    assert check_books() == []


@pytest.mark.parametrize("seed", range(2))
def test_a_desk_that_never_rests(world: World, seed: int) -> None:
    products = [
        world.package("Fibre 100", "599.99", tax_code="standard"),
        world.package("Fibre 200", "782.57", tax_code="standard", prices_include_tax=False),
        world.package("Fibre 50", "0.07"),
    ]
    for n in range(CUSTOMERS):
        customer = world.customer(f"Customer {n}", terms_days=n % 2 * 14)
        world.subscribe(customer, products[n % 2], *([products[2]] if n % 3 else []), anchor_day=1)
    for month in range(MONTHS):
        world.today = dt.date(2026, 1 + month, 1)
        run = ready(world)
        desks = [Desk(world, seed * 100 + month * 10 + n, products) for n in range(3)]
        results = at_once(*[lambda run=run: work(world, run)] * 3, *[desk.work for desk in desks])
        assert not [each for each in results if isinstance(each, Exception)], results
        assert finish_issuing(world.system(), run=run).state == "issued"
        prove(world)
