"""Anything in any order: the books prove themselves, and nobody is collected from twice or for more than they owe."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from typing import Any

import pytest
from django.db.models import Count, Q, Sum

from counterfoil.customers.models import Customer
from counterfoil.debits import files, jobs
from counterfoil.debits.models import DebitOrder, DebitPart, DebitRun, DebitScheme, Mandate
from counterfoil.debits.operations import (
    add_debit_scheme,
    add_mandate,
    approve_debit_run,
    cancel_debit_run,
    do_answer,
    end_mandate,
    freeze_debit_run,
    hold_debit_order,
    include_debit_order,
    open_debit_run,
    refuse_debit_run,
    return_debit_order,
    send_debit_run,
    set_debit_policy,
    set_payment_method,
    settle_debit_run,
    settle_orders,
)
from counterfoil.debits.queries import first_possible
from counterfoil.kernel.errors import Refused
from counterfoil.operator.operations import add_bank_account
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import pay_refund, reverse_receipt
from counterfoil.platform.checks import check_books
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import close_dispute, issue_credit, merge_customers, open_dispute, write_off
from counterfoil.testing.world import World

STEPS = 120
# What is done more often than the rest, so that most histories have runs that are under way.
OFTEN = ("do_freeze", "do_approve", "do_send", "do_go", "do_settle", "do_settle_some", "do_answer", "do_days")


class _History:
    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, random.Random(seed)
        account = add_bank_account(
            world.caller(), details={"bank": "Nedbank", "number": "1234567890", "branch": "198765"}
        )
        key = "12345678-1234-1234-1234-123456789012"
        self.scheme: DebitScheme = add_debit_scheme(world.caller(), way="netcash", bank_account=account, creditor=key)
        set_debit_policy(
            world.caller(), least_minor=self.rng.choice([0, 2000]), fee_minor=self.rng.choice([0, 4500]), most_tries=2,
            on_day=True, second_person=False, notices=False,
        )  # fmt: skip
        for name in ("Ann", "Ben", "Eve", "Ole"):
            row = world.customer(name)
            self._bill(row)
            self._sign(row)
        self.done: list[str] = []

    def run(self) -> None:
        deeds = [getattr(self, name) for name in dir(self) if name.startswith("do_")]
        deeds += [getattr(self, name) for name in OFTEN for _ in range(3)]
        for _ in range(STEPS):
            deed = self.rng.choice(deeds)
            with contextlib.suppress(Refused):
                deed()
                self.done.append(deed.__name__)
            self._holds()
        assert not check_books()
        for run in DebitRun.objects.exclude(file_sha256=""):
            assert files.file_of(run).sum_minor == run.file_minor

    def _holds(self) -> None:
        """No item is frozen or with the bank twice; what was collected is a payment of that amount."""
        frozen = Q(order__state="chosen", order__run__state__in=("frozen", "approved")) | Q(order__state="sent")
        for row in DebitPart.objects.filter(frozen).values("item").annotate(n=Count("pk")).order_by():
            assert row["n"] == 1, self.done
        for order in DebitOrder.objects.filter(state="collected").select_related("receipt"):
            assert order.receipt is not None
            assert order.receipt.amount_minor == order.amount_minor, self.done

    def _one(self, rows: Any) -> Any:
        found = list(rows.order_by("pk"))
        if not found:
            raise Refused("none", "There is none.")
        return self.rng.choice(found)

    def _who(self) -> Customer:
        found: Customer = self._one(Customer.objects.filter(status="active"))
        return found

    def _bill(self, row: Customer) -> None:
        amount = f"{self.rng.randrange(1_00, 900_00) / 100:.2f}"
        due = self.world.today + dt.timedelta(days=self.rng.randrange(-40, 5))
        self.world.invoice(row, amount, due_on=due.isoformat(), on=(due - dt.timedelta(days=41)).isoformat())

    def _sign(self, row: Customer) -> None:
        add_mandate(
            self.world.caller(), customer=row, way="netcash", holder=row.name, account="62001234567", bank="250655",
            signed_on=self.rng.choice([self.world.today] * 7 + [None]),
            most_minor=self.rng.choice([None, None, 60_000]),
        )  # fmt: skip

    def do_bill(self) -> None:
        self._bill(self._who())

    def do_sign(self) -> None:
        self._sign(self._who())

    def do_end(self) -> None:
        if self.rng.random() < 0.5:
            return
        end_mandate(self.world.caller(), mandate=self._one(Mandate.objects), reason="Moved")

    def do_method(self) -> None:
        method = self.rng.choice(["eft", "debit_order"])
        set_payment_method(self.world.caller(), customer=self._who(), method=method)

    def do_pay(self) -> None:
        self.world.pays(self._who(), f"{self.rng.randrange(1, 400_00) / 100:.2f}")

    def do_credit(self) -> None:
        minor = self.rng.randrange(1, 9_000)
        issue_credit(self.world.caller(), customer=self._who(), amount_minor=minor, reason="Sorry")

    def do_refund(self) -> None:
        how = {"on": self.world.today, "method": "eft", "reason": "Asked"}
        pay_refund(self.world.caller(), customer=self._who(), amount_minor=self.rng.randrange(1, 9_000), **how)

    def do_reverse(self) -> None:
        reverse_receipt(self.world.caller(), receipt=self._one(Receipt.objects), reason="Bounced")

    def do_dispute(self) -> None:
        item = self._one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        minor = self.rng.randrange(1, item.open_minor + 1)
        open_dispute(self.world.caller(), item=item, amount_minor=minor, reason="Speed")

    def do_settle_dispute(self) -> None:
        row = self._one(Dispute.objects.filter(closed_on=None))
        close_dispute(self.world.caller(), dispute=row, outcome="rejected")

    def do_write_off(self) -> None:
        item = self._one(OpenItem.objects.filter(side="debit", open_minor__gt=0))
        write_off(self.world.caller(), item=item, amount_minor=self.rng.randrange(1, item.open_minor + 1), reason="Old")

    def do_merge(self) -> None:
        if self.rng.random() < 0.05:
            merge_customers(self.world.caller(), customer=self._who(), duplicate=self._who())

    def do_open(self) -> None:
        on = first_possible(self.world.today)
        open_debit_run(self.world.caller(), scheme=self.scheme, on=on)

    def do_freeze(self) -> None:
        freeze_debit_run(self.world.caller(), run=self._one(DebitRun.objects.filter(state="open")))

    def do_approve(self) -> None:
        approve_debit_run(self.world.caller(), run=self._one(DebitRun.objects.filter(state="frozen")))

    def do_send(self) -> None:
        self._send(self._one(DebitRun.objects.filter(state="approved")))

    def _send(self, run: DebitRun) -> None:
        """Nobody is asked for more than they owe on that day and do not dispute."""
        send_debit_run(self.world.caller(), run=run)
        for part in DebitPart.objects.filter(order__run=run, order__state="sent").select_related("item"):
            standing = Dispute.objects.filter(item=part.item, closed_on=None).aggregate(minor=Sum("amount_minor"))
            assert part.amount_minor <= part.item.open_minor - (standing["minor"] or 0), self.done

    def do_go(self) -> None:
        """A whole run, so that most histories have some that are with the bank."""
        run = open_debit_run(self.world.caller(), scheme=self.scheme, on=first_possible(self.world.today))
        for step in (freeze_debit_run, approve_debit_run):
            run = step(self.world.caller(), run=run)
            with contextlib.suppress(Refused):
                self.rng.choice([self.do_pay, self.do_dispute, self.do_end, self.do_write_off, self.do_hold])()
        self._send(run)

    def do_cancel(self) -> None:
        cancel_debit_run(self.world.caller(), run=self._one(DebitRun.objects), reason="Wrong")

    def do_refuse(self) -> None:
        if self.rng.random() < 0.3:
            refuse_debit_run(self.world.caller(), run=self._one(DebitRun.objects), reason="Wrong")

    def do_hold(self) -> None:
        hold_debit_order(self.world.caller(), order=self._one(DebitOrder.objects), reason="Asked")

    def do_include(self) -> None:
        include_debit_order(self.world.caller(), order=self._one(DebitOrder.objects.filter(state="left_out")))

    def do_settle(self) -> None:
        run = settle_debit_run(self.world.caller(), run=self._one(DebitRun.objects.filter(state="sent")))
        assert run.job is not None
        list(jobs.paid(self.world.caller(), run.job))

    def do_settle_some(self) -> None:
        order = self._one(DebitOrder.objects.filter(state="sent", run__on__lte=self.world.today))
        settle_orders(self.world.system(), run=order.run, orders=[order.pk])

    def do_return(self) -> None:
        order = self._one(DebitOrder.objects.filter(state__in=("sent", "collected", "returned")))
        code = self.rng.choice(["02", "12", "04", "", "zz"])
        return_debit_order(self.world.caller(), order=order, code=code, on=self.world.today)

    def do_answer(self) -> None:
        order = self._one(DebitOrder.objects)
        kind = self.rng.choice(["collected", "returned", "rejected"])
        on = self.world.today + dt.timedelta(days=self.rng.randrange(-3, 2))
        if order.state in ("sent", "collected", "returned", "rejected"):
            do_answer(self.world.system(), order=order, kind=kind, code="02", meaning="", on=on)

    def do_days(self) -> None:
        self.world.today += dt.timedelta(days=self.rng.randrange(1, 4))


@pytest.mark.parametrize("seed", range(228, 240))
def test_a_history_in_any_order_keeps_the_books(world: World, seed: int) -> None:
    history = _History(world, seed)
    history.run()
    assert len(history.done) > 10
