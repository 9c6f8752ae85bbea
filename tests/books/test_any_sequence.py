"""Any sequence of operations, refused ones included, keeps every check true, and every figure foots to the balance."""

from __future__ import annotations

import datetime as dt
import os
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from counterfoil.billing.models import Invoice, TaxRate
from counterfoil.billing.operations import credit_invoice, discard_draft, draft_invoice, issue_invoices
from counterfoil.billing.rules import LineInput
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, record_receipt, reverse_receipt
from counterfoil.platform.checks import check_books
from counterfoil.platform.upkeep import seal_trail
from counterfoil.receivables import ageing, queries
from counterfoil.receivables.models import Allocation, Dispute, OpenItem
from counterfoil.receivables.operations import (
    adjust_account,
    allocate,
    allocate_oldest_first,
    close_dispute,
    issue_credit,
    open_dispute,
    raise_debit_memo,
    undo_allocation,
    write_off,
)
from counterfoil.receivables.rules import age
from counterfoil.testing.world import World, counts

AMOUNT = st.integers(-50, 300_00)
PICK = st.integers(0, 10**6)
DAYS = st.integers(0, 45)


class Books(RuleBasedStateMachine):
    """Two customers, a clock that only goes forward, and everything staff can do with money."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.world = World()
        self.world.today = dt.date(2026, 1, 1)
        self.seen: dict[tuple[int, dt.date], int] = {}
        self.steps = 0

    def teardown(self) -> None:
        try:
            assert check_books() == []
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @initialize()
    def people(self) -> None:
        self.customers = [self.world.customer(name) for name in ("Zara", "Yusuf")]

    def attempt(self, call: object, *args: object, **kwargs: object) -> None:
        """Do it; when it is refused, nothing may have changed."""
        before = counts()
        try:
            with transaction.atomic():
                call(self.world.clerk, *args, **kwargs)  # type: ignore[operator]
        except Refused as refused:
            told = refused.sentence
            assert told  # noqa: PT017 - most attempts are allowed
            assert counts() == before

    def one(self, rows: object, pick: int) -> object:
        found = list(rows.order_by("pk"))  # type: ignore[attr-defined]
        return found[pick % len(found)] if found else None

    @rule(days=DAYS)
    def time_passes(self, days: int) -> None:
        for customer in self.customers:
            self.seen[customer.pk, self.world.today] = queries.figures(customer, self.world.today).balance_minor
        self.world.today += dt.timedelta(days=days + 1)

    @rule(who=PICK, prices=st.lists(st.integers(0, 99_999), min_size=1, max_size=3), tax=st.booleans(), back=DAYS)
    def invoice(self, who: int, prices: list[int], tax: bool, back: int) -> None:
        rate = TaxRate.objects.get(code="standard").pk if tax else None
        lines = [LineInput("Services", Decimal("1.5"), Decimal(price) / 100, rate) for price in prices]
        on = self.world.today - dt.timedelta(days=back)
        try:
            draft = draft_invoice(self.world.clerk, customer=self.customers[who % 2], lines=lines, on=on)
        except Refused:
            return
        if prices[0] % 7 == 0:
            self.attempt(discard_draft, invoice=draft)
        else:
            self.attempt(issue_invoices, invoices=[draft])

    @rule(who=PICK, minor=AMOUNT, back=DAYS)
    def payment(self, who: int, minor: int, back: int) -> None:
        on = self.world.today - dt.timedelta(days=back)
        self.attempt(
            record_receipt, customer=self.customers[who % 2], amount_minor=minor, on=on, method="eft", duplicate_ok=True
        )

    @rule(pick=PICK)
    def bounce(self, pick: int) -> None:
        if receipt := self.one(Receipt.objects.all(), pick):
            self.attempt(reverse_receipt, receipt=receipt, reason="Returned")

    @rule(who=PICK, minor=AMOUNT)
    def refund(self, who: int, minor: int) -> None:
        how = {"on": self.world.today, "method": "eft", "reason": "Asked for"}
        self.attempt(pay_refund, customer=self.customers[who % 2], amount_minor=minor, **how)

    @rule(pick=PICK, minor=st.one_of(st.none(), AMOUNT))
    def credit_note(self, pick: int, minor: int | None) -> None:
        if invoice := self.one(Invoice.objects.filter(state="issued"), pick):
            line = self.one(invoice.lines.all(), pick)  # type: ignore[attr-defined]
            amounts = None if minor is None else {line.pk: minor}  # type: ignore[attr-defined]
            self.attempt(credit_invoice, invoice=invoice, amounts=amounts, reason="Wrong")

    @rule(who=PICK, minor=AMOUNT, verb=st.sampled_from([issue_credit, raise_debit_memo, adjust_account]))
    def adjust(self, who: int, minor: int, verb: object) -> None:
        self.attempt(verb, customer=self.customers[who % 2], amount_minor=minor, reason="Agreed")

    @rule(pick=PICK, minor=AMOUNT)
    def give_up(self, pick: int, minor: int) -> None:
        if item := self.one(OpenItem.objects.filter(open_minor__gt=0), pick):
            self.attempt(write_off, item=item, amount_minor=minor, reason="Gone")

    @rule(who=PICK)
    def use_credit(self, who: int) -> None:
        self.attempt(allocate_oldest_first, customer=self.customers[who % 2])

    @rule(one=PICK, other=PICK, minor=AMOUNT, who=PICK)
    def match(self, one: int, other: int, minor: int, who: int) -> None:
        credit = self.one(OpenItem.objects.filter(side="credit"), one)
        debit = self.one(OpenItem.objects.filter(side="debit"), other)
        if credit and debit:
            customer = self.customers[who % 2]
            self.attempt(allocate, customer=customer, credit=credit, debit=debit, amount_minor=minor)

    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        if allocation := self.one(Allocation.objects.select_related("debit", "credit"), pick):
            self.attempt(undo_allocation, allocation=allocation, reason="Mistake")

    @rule(pick=PICK, minor=AMOUNT)
    def dispute(self, pick: int, minor: int) -> None:
        if item := self.one(OpenItem.objects.filter(side="debit"), pick):
            self.attempt(open_dispute, item=item, amount_minor=minor, reason="Not mine")

    @rule(pick=PICK)
    def settle_dispute(self, pick: int) -> None:
        if dispute := self.one(Dispute.objects.all(), pick):
            self.attempt(close_dispute, dispute=dispute, outcome="Explained")

    @rule()
    def seal(self) -> None:
        seal_trail(self.world.system())

    @invariant()
    def figures_foot(self) -> None:
        """Ageing, figures, statement and items agree; the list for all agrees with each one."""
        today = self.world.today
        everyone = {row.customer_id: row.analysis for row in ageing.age_analysis(self.world.clerk, today)}
        for customer in getattr(self, "customers", ()):
            analysis = ageing.age_analysis_of(customer, today)
            figures = queries.figures(customer, today)
            signed = sum(item.signed_minor for item in OpenItem.objects.filter(customer=customer))
            assert analysis.balance == figures.balance_minor == signed
            assert analysis.total_due == figures.total_due_minor
            found = everyone.get(customer.pk)
            assert found == analysis if found else not any((*analysis.buckets, analysis.disputed, analysis.unapplied))
            statement = queries.statement_of(customer, Period.through(today - dt.timedelta(days=60), today))
            assert statement.opening_minor + sum(line.amount_minor for line in statement.lines) == signed
            assert statement.parts.balance == statement.closing_minor == signed

    @invariant()
    def books_check(self) -> None:
        """At every third step, and at the end of each sequence: what is wrong once is not put right by itself."""
        self.steps += 1
        assert self.steps % 3 or check_books() == []

    @precondition(lambda self: self.seen)
    @invariant()
    def sql_and_rules_agree_on_past_days(self) -> None:
        """The set-wise age analysis of a past day is the one computed item by item."""
        day = sorted({day for _, day in self.seen})[-1]
        everyone = {row.customer_id: row.analysis for row in ageing.age_analysis(self.world.clerk, day)}
        buckets = queries.bucket_rules(queries.default_bucket_set())
        for customer in self.customers:
            analysis = age(queries.open_items_of(customer, day), buckets, day)
            assert ageing.age_analysis_of(customer, day) == analysis
            assert everyone.get(customer.pk, age([], buckets, day)) == analysis
            for item in queries.items_of(customer, day):
                assert 0 <= item.disputed_minor <= item.open_minor <= item.amount_minor


# The arithmetic is the same on every database.
@pytest.mark.once
@pytest.mark.long
@pytest.mark.django_db
def test_any_sequence_of_operations_keeps_the_books() -> None:
    long = os.environ.get("HYPOTHESIS_PROFILE") == "long"
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=400 if long else 10,
            stateful_step_count=60 if long else 25,
            deadline=None,
            derandomize=not long,
            suppress_health_check=list(HealthCheck),
        ),
    )
