"""Credits, debit memos, adjustments and write-offs: changes of a balance that are neither invoice nor payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import Money, money_text
from counterfoil.ledger.rules import ADJUSTMENTS, BAD_DEBTS, CREDITS_GIVEN, REVENUE, Leg
from counterfoil.operator import numbering
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.words import Amount, Difference, PastDay, Reason, StatementReason
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations.allocate import allocate_shares
from counterfoil.receivables.operations.credit import settle_with_credit
from counterfoil.receivables.operations.items import MOST_DAYS_TO_PAY, NewItem, open_items
from counterfoil.receivables.rules import Share


def _of_customer(customer: Customer, amount_minor: int, **rest: Any) -> Money:
    """The amount that a role may limit."""
    return Money(amount_minor, customer.currency)


def _of_item(item: OpenItem, amount_minor: int, **rest: Any) -> Money:
    return Money(amount_minor, item.currency)


@verb(limited=_of_customer)
def issue_credit(
    op: Operation,
    *,
    customer: Customer,
    amount_minor: Amount,
    reason: StatementReason,
    on: PastDay | None = None,
    against: OpenItem | None = None,
) -> OpenItem:
    """The customer has so much more account credit (domain 5.4); against an item, it settles that item at once.

    Otherwise it settles what is owed, oldest first, where account credit does (domain 5.3); the rest stays.
    """
    row = lock([customer.pk])[customer.pk]
    day = on or op.today
    item = _open(op, row, "credit", "credit", "credit", amount_minor, day, reason, CREDITS_GIVEN)
    op.record("credit.issued", item, customer_id=row.pk, number=item.number, amount=_text(item), reason=reason)
    if against is not None:
        target = OpenItem.objects.get(pk=against.pk)
        refuse_if(target.customer_id != row.pk, "other_customer", "That item is another customer's.", field="against")
        refuse_if(not target.open_minor, "already_settled", f"{target.number} is settled already.", field="against")
        share = Share(item.pk, target.pk, min(amount_minor, target.open_minor))
        allocate_shares(op, shares=[share], items={item.pk: item, target.pk: target})
    settle_with_credit(op, [row.pk], day)
    return item


@verb(limited=_of_customer)
def raise_debit_memo(
    op: Operation,
    *,
    customer: Customer,
    amount_minor: Amount,
    reason: StatementReason,
    on: PastDay | None = None,
    due_on: dt.date | None = None,
) -> OpenItem:
    """The customer owes so much more, without an invoice: a returned-payment fee, a balance brought forward."""
    row = lock([customer.pk])[customer.pk]
    day = on or op.today
    refuse_if(
        due_on is not None and due_on < day, "due_before_date", "It cannot be due before its day.", field="due_on"
    )
    refuse_if(
        due_on is not None and (due_on - day).days > MOST_DAYS_TO_PAY,
        "absurd_date",
        "That due date is too far away to be right.",
        field="due_on",
    )
    item = _open(op, row, "debit_memo", "debit", "debit_memo", amount_minor, day, reason, REVENUE, due_on)
    op.record("debit_memo.raised", item, customer_id=row.pk, number=item.number, amount=_text(item), reason=reason)
    settle_with_credit(op, [row.pk], day)
    return item


@dataclass(frozen=True)
class NewMemo:
    """What a customer is to owe more, without an invoice."""

    customer: Customer
    amount_minor: int
    reason: str


@step
def raise_debit_memos(op: Operation, *, memos: Sequence[NewMemo], on: dt.date) -> list[OpenItem]:
    """The same for many, due on their day. The caller holds the customers' locks."""
    if not memos:
        return []
    numbers = numbering.take("debit_memo", [numbering.For(on, memo.customer.brand_id) for memo in memos])
    items = open_items(
        op,
        items=[
            NewItem(
                customer_id=memo.customer.pk, kind="debit_memo", side="debit", number=number.text, on=on,
                currency=memo.customer.currency, amount_minor=memo.amount_minor,
                legs=(Leg(REVENUE, -memo.amount_minor),), text=memo.reason,
            )
            for memo, number in zip(memos, numbers, strict=True)
        ],
        locked={memo.customer.pk: memo.customer for memo in memos},
    )  # fmt: skip
    for memo, item in zip(memos, items, strict=True):
        op.record(
            "debit_memo.raised", item, customer_id=memo.customer.pk, number=item.number, amount=_text(item),
            reason=memo.reason,
        )  # fmt: skip
    settle_with_credit(op, {memo.customer.pk for memo in memos}, on)
    return items


@verb(limited=_of_customer)
def adjust_account(
    op: Operation, *, customer: Customer, amount_minor: Difference, reason: StatementReason, on: PastDay | None = None
) -> OpenItem:
    """The balance is higher (positive) or lower (negative) by the amount, to put right what was wrong before."""
    row = lock([customer.pk])[customer.pk]
    day = on or op.today
    side = "debit" if amount_minor > 0 else "credit"
    item = _open(op, row, "adjustment", side, "adjustment", abs(amount_minor), day, reason, ADJUSTMENTS)
    text = money_text(amount_minor, item.currency)
    op.record("account.adjusted", item, customer_id=row.pk, number=item.number, amount=text, reason=reason)
    settle_with_credit(op, [row.pk], day)
    return item


@verb(limited=_of_item)
def write_off(
    op: Operation, *, item: OpenItem, amount_minor: Amount, reason: Reason, on: PastDay | None = None
) -> OpenItem:
    """So much of the debit is given up as a bad debt: settled, and an expense."""
    row = lock([item.customer_id])[item.customer_id]
    target = OpenItem.objects.get(pk=item.pk)
    day = max(on or op.today, target.on)
    refuse_if(target.side != "debit", "wrong_side", "Only what a customer owes can be written off.")
    refuse_if(
        amount_minor > target.open_minor,
        "over_allocated",
        f"Only {money_text(target.open_minor, target.currency)} of {target.number} is open.",
        field="amount",
    )
    credit = _open(op, row, "write_off", "credit", "write_off", amount_minor, day, reason, BAD_DEBTS)
    allocate_shares(
        op, shares=[Share(credit.pk, target.pk, amount_minor)], items={credit.pk: credit, target.pk: target}
    )
    op.record(
        "item.written_off",
        credit,
        customer_id=row.pk,
        amount=_text(credit),
        debit=target.number,
        number=credit.number,
        reason=reason,
    )
    return credit


def _open(
    op: Operation,
    customer: Customer,
    kind: str,
    side: str,
    sequence: str,
    amount_minor: int,
    on: dt.date,
    why: str,
    account: str,
    due_on: dt.date | None = None,
) -> OpenItem:
    signed = amount_minor if side == "debit" else -amount_minor
    number = numbering.take(sequence, [numbering.For(on, customer.brand_id)])[0].text
    new = NewItem(
        customer_id=customer.pk, kind=kind, side=side, number=number, on=on, due_on=due_on,
        currency=customer.currency, amount_minor=amount_minor, legs=(Leg(account, -signed),), text=why,
    )  # fmt: skip
    return open_items(op, items=[new])[0]


def _text(item: OpenItem) -> str:
    return money_text(item.amount_minor, item.currency)
