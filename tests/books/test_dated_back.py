"""Two customers, later one; everything that changes what somebody owes, in any order, much of it dated back.

No past day changes but when something was dated back to it, and then by exactly that. A bill is what its preview was,
and nothing is left to bill after it. A run approved ahead comes to what it was previewed to, by the clock.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from counterfoil.billing.models import BillRunItem, CreditNote, Invoice, TaxRate
from counterfoil.billing.operations import (
    begin_issuing,
    bill_customer,
    cancel_bill,
    credit_invoice,
    discard_draft,
    draft_due_recurring,
    draft_invoice,
    issue_invoices,
    make_recurring,
    open_bill_run,
    review_items,
    save_tax_rate,
)
from counterfoil.billing.rules import LineInput
from counterfoil.billing.tests.test_approved_ahead import work
from counterfoil.catalogue.operations import set_prices
from counterfoil.customers.models import Customer
from counterfoil.imports.operations import import_file
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.payments.queries import refundable
from counterfoil.platform.approvals import approve, ask_approval
from counterfoil.platform.callers import Caller
from counterfoil.platform.checks import check_books
from counterfoil.platform.models import Approval
from counterfoil.receivables import ageing
from counterfoil.receivables.models import Allocation, Dispute, OpenItem, SetAside, Standing
from counterfoil.receivables.operations import (
    adjust_account,
    allocate_oldest_first,
    close_dispute,
    issue_credit,
    keep_standings,
    merge_customers,
    open_dispute,
    raise_debit_memo,
    release_credit,
    set_aside,
    undo_allocation,
    write_off,
)
from counterfoil.receivables.queries import figures
from counterfoil.sales.operations import end_due_agreements
from counterfoil.subscriptions.models import Service, ServiceAction, Subscription
from counterfoil.subscriptions.operations import (
    NewTerm,
    add_one_time_charge,
    amend_terms,
    change_account,
    change_services,
    remove_services,
    reprice_services,
    run_due_actions,
    withdraw_action,
)
from counterfoil.subscriptions.rules import Change
from counterfoil.testing.world import World, counts
from counterfoil.usage.operations import record_usage

FIRST, DAYS, STEPS = dt.date(2026, 6, 10), 75, 40
BOOK = 'source="old"\n[invoices]\nnumber="{no}"\ncustomer="{who}"\non="{on}"\namount="{amount}"\n'
BANK = 'source="bank"\n[receipts]\nkey="{no}"\ncustomer="{who}"\non="{on}"\namount="{amount}"\n'
MONEY = {
    "pays": 10, "bills": 14, "is_invoiced": 5, "decides_a_draft": 3, "is_credited": 6, "has_a_bill_cancelled": 8,
    "bounces": 5, "is_refunded": 6, "is_adjusted": 7, "keeps": 4, "releases": 4, "undoes": 7, "matches": 2,
    "is_given_up": 2, "disputes": 3, "agrees": 2, "is_brought_in": 5, "asks": 4, "is_granted": 4, "is_merged": 4,
}  # fmt: skip
SERVICES = {
    "changes": 15, "is_repriced": 4, "ends": 4, "thinks_better": 2, "comes_again": 3, "moves": 2, "amends": 2,
    "is_charged_once": 3, "calls": 5, "meets_another_rate": 2,
}  # fmt: skip
# Balance, total due, overdue, credit, set aside, disputed.
Figures = tuple[int, ...]
Seen = dict[tuple[int, dt.date], Figures]


class Nobody(Exception):
    """There is nothing that this could be done to."""


class History:
    """Customers in three currencies, and dice that decide what happens to them."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice, self.count = world, random.Random(seed), 0
        self.story: list[str] = []

    def begin(self) -> None:
        world, dice = self.world, self.dice
        world.today = FIRST
        self.dear, self.cheap = (
            world.package(name, price, tax_code="standard", prices_include_tax=dice.random() < 0.5)
            for name, price in (("Fibre 200", "899.95"), ("Fibre 100", "599.99"))
        )
        self.tiny = world.package("Tiny", "0.01", tax_code="standard")
        self.meter = world.metered("Calls", "0.1234", included="10", tax_code="standard")
        for currency, price, least in (("JPY", "899", "1"), ("KWD", "899.955", "0.001")):
            prices = [(self.dear, "month", Decimal(price)), (self.tiny, "month", Decimal(least))]
            set_prices(world.caller(), prices=prices, currency=currency, valid_from=dt.date(2000, 1, 1))
        for currency in ("ZAR", "ZAR", "JPY", "KWD"):
            customer = world.customer(f"In {currency}", currency=currency, terms_days=dice.choice([0, 14]))
            more = [self.cheap, self.meter] if currency == "ZAR" else [self.dear]
            world.subscribe(
                customer, *more, self.tiny, anchor_day=dice.randint(1, 28), regret_days=200,
                in_advance=dice.random() < 0.7,
            )  # fmt: skip

    @property
    def by(self) -> Caller:
        return self.world.caller()

    def one(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        if not found:
            raise Nobody
        return self.dice.choice(found)

    def who(self, **which: Any) -> Customer:
        return self.one(Customer.objects.filter(**which))

    def back(self) -> dt.date:
        """Today, or a day before; from which on what is told of the past may change."""
        self.since = self.world.today - dt.timedelta(days=self.dice.choice([0, 0, self.dice.randint(1, 25)]))
        return self.since

    def near(self) -> dt.date:
        return self.world.today + dt.timedelta(days=self.dice.choice([0, 0, -3, -9, -20, 4, 15]))

    def minor(self, most: int = 150_000) -> int:
        return self.dice.randint(1, max(most, 1))

    # ---------------------------------------------------------------- money

    def pays(self) -> None:
        purpose = self.dice.choice(["", "", "", "Mast"])
        self.world.pays(self.who(), str(self.minor(1500)), str(self.back()), purpose=purpose)

    def bills(self) -> None:
        how = {"customer": self.who(), "bill_to": self.near(), "on": self.back(), "draft": self.dice.random() < 0.1}
        foreseen = bill_customer(self.by.previewing(), **how)
        bill = bill_customer(self.by, **how)
        assert (foreseen.billed, foreseen.total_minor, type(foreseen)) == (bill.billed, bill.total_minor, type(bill))
        with pytest.raises(Refused, match=r"nothing to bill|is equal"):
            bill_customer(self.by, **how)

    def is_invoiced(self) -> None:
        on = self.back()
        rate = TaxRate.objects.filter(code="standard", valid_from__lte=on).latest("valid_from")
        quantity, price = Decimal(self.dice.choice(["1", "0.3333", "1.5"])), Decimal(self.dice.choice(["3", "400"]))
        lines = [LineInput("Visit", quantity, price, rate.pk)] * self.dice.randint(1, 4)
        with_tax = self.dice.random() < 0.5
        draft = draft_invoice(self.by, customer=self.who(), lines=lines, on=on, prices_include_tax=with_tax)
        assert draft.total_minor == sum(line.total_minor for line in draft.lines.all())
        (invoice,) = issue_invoices(self.by, invoices=[draft])
        if self.dice.random() < 0.3:
            agreement = self.world.agreement(invoice.customer, ends=on + dt.timedelta(days=60))
            make_recurring(self.by, invoice=invoice, frequency="week", agreement=agreement)

    def decides_a_draft(self) -> None:
        draft = self.one(Invoice.objects.filter(state="draft"))
        self.since = draft.on
        if self.dice.random() < 0.3:
            discard_draft(self.by, invoice=draft)
        else:
            issue_invoices(self.by, invoices=[draft])

    def is_credited(self) -> None:
        invoice = self.one(Invoice.objects.filter(state="issued"))
        line = self.one(invoice.lines)
        part = self.minor(abs(line.total_minor)) * (1 if line.total_minor > 0 else -1)
        amounts = self.dice.choice([None, {line.pk: part}])
        credit_invoice(self.by, invoice=invoice, amounts=amounts, reason="Storm", on=self.back())

    def has_a_bill_cancelled(self) -> None:
        bills = Invoice.objects.filter(customer=self.who(), state="issued", source="recurring")
        cancel_bill(
            self.by, invoice=self.one(bills.filter(pk=bills.latest("on", "pk").pk) if bills else bills), reason="Wrong"
        )

    def bounces(self) -> None:
        receipt = self.one(Receipt.objects.filter(reversal=None))
        reverse_receipt(self.by, receipt=receipt, reason="Bounced", on=self.back())

    def is_refunded(self) -> None:
        who, on = self.who(), self.back()
        most = refundable(who, on)
        minor = self.dice.choice([most, self.minor(most)])
        pay_refund(self.by, customer=who, amount_minor=minor, on=on, method="eft", reason="Asked for")

    def is_adjusted(self) -> None:
        verb, sign = self.dice.choice([(issue_credit, 1), (raise_debit_memo, 1), (adjust_account, -1)])
        verb(self.by, customer=self.who(), amount_minor=sign * self.minor(60_000), reason="Agreed", on=self.back())

    def keeps(self) -> None:
        set_aside(self.by, item=self.one(OpenItem.objects.filter(side="credit", open_minor__gt=0)), purpose="Mast")

    def releases(self) -> None:
        release_credit(self.by, item=self.one(SetAside.objects.filter(released_on=None)).item)

    def undoes(self) -> None:
        row = self.one(Allocation.objects.filter(undoes=None, undone_by=None).select_related("debit__customer"))
        undo_allocation(self.by, allocation=row, reason="Wrong")

    def matches(self) -> None:
        allocate_oldest_first(self.by, customer=self.who())

    def is_given_up(self) -> None:
        item = self.one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        write_off(self.by, item=item, amount_minor=self.minor(item.open_minor), reason="Gone", on=self.back())

    def disputes(self) -> None:
        item = self.one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        open_dispute(self.by, item=item, amount_minor=self.minor(item.open_minor), reason="No")

    def agrees(self) -> None:
        close_dispute(self.by, dispute=self.one(Dispute.objects.filter(closed_on=None)), outcome="Yes")

    def is_brought_in(self) -> None:
        who, mapping = self.who(currency="ZAR"), self.dice.choice([BOOK, BANK])
        text = f"no,who,on,amount\nOLD{self.count},{who.number},{self.back()},{self.minor(150_000) / 100:.2f}\n"
        import_file(self.by, content=text.encode(), file_name="a.csv", mapping=mapping)

    def asks(self) -> None:
        item = self.one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        what, arguments = self.dice.choice([
            (issue_credit, {"customer": item.customer, "amount_minor": self.minor(), "on": self.world.today}),
            (write_off, {"item": item, "amount_minor": item.open_minor}),
            (credit_invoice, {"invoice": self.one(Invoice.objects.filter(state="issued"))}),
        ])  # fmt: skip
        ask_approval(self.world.clerk, operation=what.name, arguments={**arguments, "reason": "Please"})

    def is_granted(self) -> None:
        # By now the facts may be others: then nothing is done, and the request says why.
        row = self.one(Approval.objects.filter(state="waiting"))
        self.since = row.asked_at.date()
        approve(self.by, approval=row)

    def is_merged(self) -> None:
        again = self.world.customer(f"Again {self.count}")
        self.world.pays(again, str(self.minor(900)), purpose=self.dice.choice(["", "Mast"]))
        self.world.invoice(again, str(self.minor(900)))
        merge_customers(self.by, customer=self.who(currency="ZAR", status="active"), duplicate=again)

    # ---------------------------------------------------------------- services

    def service(self) -> Service:
        return self.one(Service.objects.filter(end=""))

    def changes(self) -> None:
        day, product = self.near(), self.dice.choice([self.dear, self.cheap])
        change = self.dice.choice([
            *[Change("swap", day, product_id=product.pk)] * 3, Change("stop", day), Change("start", day),
            Change("quantity", day, quantity=Decimal(self.dice.randint(1, 3))),
            Change("rest", day, until=day + dt.timedelta(days=12)), Change("end_rest", day),
        ])  # fmt: skip
        change_services(self.by, services=[self.service()], change=change, reason="Asked for")

    def is_repriced(self) -> None:
        day = self.near()
        less = Change("discount", day, percent_off=Decimal("33.33"), until=day + dt.timedelta(days=40))
        change = self.dice.choice([less, Change("price", day, price=Decimal(333))])
        reprice_services(self.by, services=[self.service()], change=change, reason="Agreed")

    def ends(self) -> None:
        change = Change(self.dice.choice(["cancel", "regret"]), self.near())
        remove_services(self.by, services=[self.service()], change=change, reason="Leaves")

    def thinks_better(self) -> None:
        withdraw_action(self.by, action=self.one(ServiceAction.objects.filter(state="scheduled")))

    def comes_again(self) -> None:
        self.world.subscribe(self.who(status="active"), self.dear, regret_days=200, in_advance=self.dice.random() < 0.7)

    def moves(self) -> None:
        subscription = self.one(Subscription.objects.filter(currency="ZAR"))
        change_account(self.by, subscription=subscription, customer=self.who(currency="ZAR"))

    def amends(self) -> None:
        term = NewTerm(anchor_day=self.dice.randint(1, 28), in_advance=self.dice.random() < 0.5, regret_days=200)
        amend_terms(self.by, subscription=self.one(Subscription.objects.all()), term=term)

    def is_charged_once(self) -> None:
        add_one_time_charge(
            self.by, subscription=self.one(Subscription.objects.all()), text="Visit", price=Decimal(350),
            on=self.near(), quantity=Decimal(self.dice.choice(["1", "0.3333"])),
        )  # fmt: skip

    def calls(self) -> None:
        day = self.world.today - dt.timedelta(days=self.dice.randint(0, 30))
        quantity = Decimal(self.dice.choice(["0.001", "7.5", "333.333"]))
        record_usage(self.by, service=self.one(Service.objects.filter(product=self.meter)), on=day, quantity=quantity)

    def meets_another_rate(self) -> None:
        percent = Decimal(self.dice.choice(["15.5", "14", "0", "20"]))
        how = {"code": "standard", "name": f"VAT {percent} %", "category": "standard", "percent": percent}
        save_tax_rate(self.by, valid_from=self.near(), **how)

    # ---------------------------------------------------------------- what is always true

    def step(self, kinds: dict[str, int]) -> None:
        (name,) = self.dice.choices(list(kinds), list(kinds.values()))
        self.since, self.count = self.world.today, self.count + 1
        known, before, rows = set(OpenItem.objects.values_list("pk", flat=True)), self.look(), counts()
        said = ""
        try:
            getattr(self, name)()
        except Nobody:
            return
        except Refused as refused:
            said = refused.sentence
        # What is made of several operations may have been done in part.
        unchanged = not said or name in ("is_invoiced", "is_merged") or counts() == rows
        self.story.append(f"{self.world.today} {name} from {self.since} {said}")
        assert unchanged, self.story
        self.compare(before, OpenItem.objects.exclude(pk__in=known))

    def look(self) -> Seen:
        """The figures of everybody on every day of a month, added up here from what happened by then."""
        days = [self.world.today - dt.timedelta(days=back) for back in (*range(28), 40, 60)]
        moves = list(Allocation.objects.values_list("debit", "credit", "amount_minor", "on"))
        items = list(OpenItem.objects.values_list("pk", "customer", "side", "on", "due_on", "amount_minor"))
        kept = list(SetAside.objects.values_list("item", "since", "released_on"))
        said = list(Dispute.objects.values_list("item", "opened_on", "closed_on", "amount_minor"))
        people = list(Customer.objects.values_list("pk", flat=True))
        seen: Seen = {}
        for day in days:
            settled: Counter[int] = Counter()
            for debit, credit, minor, on in moves:
                if on <= day:
                    settled[debit] += minor
                    settled[credit] += minor
            aside = {item for item, since, until in kept if since <= day and (until is None or day < until)}
            disputed = {
                item: minor for item, since, until, minor in said if since <= day and (not until or day < until)
            }
            rows = {pk: [0] * 5 for pk in people}
            for pk, who, side, on, due_on, amount in items:
                if on > day:
                    assert not settled[pk], self.story
                    continue
                left, row = amount - settled[pk], rows[who]
                assert 0 <= left <= amount, self.story
                if side == "debit":
                    row[0] += left
                    row[1] += left if due_on < day else 0
                    row[4] += min(disputed.get(pk, 0), left)
                else:
                    row[2] += left
                    row[3] += left if pk in aside else 0
            for who, (due, late, credit, set_by, no) in rows.items():
                seen[who, day] = (due - credit, due, max(late - (credit - set_by), 0), credit, set_by, no)
        return seen

    def compare(self, before: Seen, fresh: Any) -> None:
        new, after, today = list(fresh), self.look(), self.world.today
        since = min([self.since, *(item.on for item in new)])
        for (who, day), now in after.items():
            then = before.get((who, day))
            if then is not None:
                moved = sum(
                    item.amount_minor if item.side == "debit" else -item.amount_minor
                    for item in new
                    if item.customer_id == who and item.on <= day
                )
                assert now[0] - then[0] == moved, self.story
                assert day >= since or now == then, self.story
        past = today - dt.timedelta(days=self.dice.randint(0, 27))
        keep_standings(Caller.system("schedule", behalf=self.by))
        standings = Standing.objects.in_bulk(field_name="customer_id")
        for day in {today, past}:
            everyone = {row.customer_id: row.analysis for row in ageing.age_analysis(self.by, day)}
            for customer in Customer.objects.all():
                found, one = figures(customer, day), ageing.age_analysis_of(customer, day)
                told = (found.balance_minor, found.total_due_minor, found.overdue_minor, found.credit_minor)
                assert (*told, found.set_aside_minor, found.disputed_minor) == after[customer.pk, day], self.story
                assert (one.balance, one.total_due) == told[:2]
                assert everyone.get(customer.pk, one) == one
                standing = standings[customer.pk]
                assert day < today or (standing.balance_minor, standing.overdue_minor) == (told[0], told[2])
        assert self.count % 5 or check_books() == [], self.story
        for currency in ("ZAR", "JPY", "KWD"):
            billed = Invoice.objects.filter(state="issued", currency=currency).values_list("total_minor", flat=True)
            given = CreditNote.objects.filter(currency=currency).values_list("total_minor", flat=True)
            assert sum(given) <= sum(billed), self.story

    def clock(self) -> None:
        for each in (keep_standings, run_due_actions, end_due_agreements, draft_due_recurring):
            each(Caller.system("schedule", behalf=self.by))


def live(world: World, seed: int) -> None:
    history = History(world, seed)
    history.begin()
    for day in sorted(history.dice.choices(range(DAYS), k=STEPS)):
        world.today = FIRST + dt.timedelta(days=day)
        history.clock()
        history.step(MONEY | SERVICES)


def foresee(world: World, seed: int) -> None:
    """After a while a run is approved for a day to come. Nothing else happens until then but what was scheduled."""
    history = History(world, seed)
    history.begin()
    for day in sorted(history.dice.choices(range(45), k=25)):
        world.today = FIRST + dt.timedelta(days=day)
        history.clock()
        history.step(SERVICES | {"bills": 10, "is_credited": 3, "has_a_bill_cancelled": 3, "pays": 3})
    when, runs = world.today + dt.timedelta(days=history.dice.randint(3, 35)), []
    for currency in ("ZAR", "JPY", "KWD"):
        try:
            run = open_bill_run(world.caller(), bill_to=when, on=when, currency=currency)
            work(world)
            review_items(world.caller(), run=run, items=run.items.values_list("pk", flat=True), verdict="approve")
            runs.append(begin_issuing(world.caller(), run=run))
        except Refused:
            continue
    ready = dict(BillRunItem.objects.filter(run__in=runs, state="ready").values_list("customer", "total_minor"))
    while world.today < when:
        world.today = min(world.today + dt.timedelta(days=history.dice.randint(1, 4)), when)
        history.clock()
        work(world)
    # A change that turned out to be impossible on its day is billed as it was not made.
    failed = ServiceAction.objects.filter(state="failed").values("service__subscription__customer")
    billed = BillRunItem.objects.filter(run__in=runs).exclude(customer__in=failed)
    assert {row.run.state for row in billed} <= {"issued"}
    for row in billed.filter(customer__in=ready):
        assert (row.state, row.total_minor) == ("billed", ready[row.customer_id]), history.story
    assert check_books() == []


# The arithmetic is the same on every database.
@pytest.mark.once
def test_one_of_each(world: World) -> None:
    live(world, 0)


def test_one_run_by_the_clock(world: World) -> None:
    foresee(world, 300)


@pytest.mark.hostile
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_histories(world: World, seed: int) -> None:
    live(world, seed)


@pytest.mark.hostile
@pytest.mark.parametrize("seed", range(301, 307))
def test_many_runs_by_the_clock(world: World, seed: int) -> None:
    foresee(world, seed)
