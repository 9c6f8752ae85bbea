"""Every write about money in and money out."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import Account, lock, lock_accounts, speeches_of
from counterfoil.kernel.checks import check_day, check_positive, check_text
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import Money, money_text
from counterfoil.kernel.periods import date_text
from counterfoil.ledger.rules import BANK, Leg
from counterfoil.operator import numbering
from counterfoil.payments import queries
from counterfoil.payments.models import Receipt, ReceiptReversal, Refund
from counterfoil.platform import bulk
from counterfoil.platform.kept import Columns
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.platform.signatures import Parts, Says
from counterfoil.platform.words import Amount, PastDay, Reason, Reference, StatementReason
from counterfoil.receivables import rules
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import (
    NewItem,
    allocate_shares,
    follow_merge,
    heirs,
    open_items,
    reopen_moved,
    set_aside,
    settle_moved,
    settle_with_credit,
    undo_allocations_of,
)
from counterfoil.receivables.operations.allocate import open_of, settle
from counterfoil.receivables.operations.credit import take_out
from counterfoil.receivables.queries import set_aside_among
from counterfoil.trail.kinds import KEPT

SEQUENCES = (("receipt", "RC-{number:06}"), ("refund", "RF-{number:06}"))


@dataclass(frozen=True)
class NewReceipt:
    """Money received. `allocate` names debits and amounts; None means oldest first, empty leaves it on account."""

    customer_id: int
    amount_minor: int
    on: dt.date
    method: str
    reference: str = ""
    allocate: Annotated[tuple[tuple[int, int], ...], Parts("item_id", "amount_minor")] | None = None
    currency: str = ""


@step
def set_up_payments(op: Operation) -> None:
    """The number sequences exist."""
    for kind, pattern in SEQUENCES:
        numbering.define(op, kind, pattern)


@verb(label="Record payment")
def record_receipt(
    op: Operation,
    *,
    customer: Customer,
    amount_minor: Amount,
    on: PastDay,
    method: Annotated[str, Says(most=60)],
    reference: Reference = "",
    allocate: Annotated[Sequence[tuple[int, int]], Parts("item_id", "amount_minor")] | None = None,
    duplicate_ok: bool = False,
    currency: str = "",
    purpose: Reference = "",
) -> Receipt:
    """The money is recorded and settles the chosen items, or the oldest first; what is left is account credit.

    With a purpose it is set aside for that, but for what it is to settle of the chosen items.

    Refused with `likely_duplicate` when the same payment seems to be there already, unless `duplicate_ok`.
    """
    customers = lock_accounts([customer.pk])
    if not duplicate_ok and (same := queries.likely_duplicates(customer, amount_minor, on, reference)):
        first = same[0]
        raise Refused(
            "likely_duplicate",
            f"{first.number} of {money_text(first.amount_minor, first.currency)} "
            f"was recorded for {date_text(first.on)}. "
            "Tick “This is another payment” if both are right.",
            field="duplicate_ok",
        )
    chosen = tuple(allocate or ()) if purpose or allocate is not None else None
    new = NewReceipt(customer.pk, amount_minor, on, method, reference, chosen, currency)
    rows, items = _record(op, [new], customers, by_hand=True)
    receipt = bulk.instances(Receipt, _COLUMNS, rows)[0]
    receipt.item = items[0]
    if purpose:
        set_aside(op, item=items[0], purpose=purpose)
    return receipt


@verb
def record_receipts(op: Operation, *, receipts: Sequence[NewReceipt]) -> list[int]:
    """The receipts are recorded in order, posted and allocated, with a constant number of queries; their keys."""
    rows, _ = _record(op, receipts, lock_accounts({new.customer_id for new in receipts}))
    return [row[0] for row in rows]


def _record(
    op: Operation, receipts: Sequence[NewReceipt], customers: dict[int, Account], *, by_hand: bool = False
) -> tuple[list[tuple[Any, ...]], list[OpenItem]]:
    """The rows of the receipts, the key first, and their open items.

    Who records by hand chooses among what is offered; a bank or an older system says how it was.
    """
    ways, names = queries.methods({new.method for new in receipts}), dict[str, str]()
    for new in receipts:
        refuse_if(new.customer_id not in customers, "not_found", "There is no such customer.", field="customer")
        check_positive(new.amount_minor)
        check_day(new.on, op.today)
        names[new.method] = queries.check_method(ways, new.method, new.on if by_hand else None)
        currency = customers[new.customer_id].currency
        refuse_if(
            new.currency and new.currency != currency,
            "wrong_currency",
            f"This account is in {currency}; a payment in {new.currency} belongs to another account.",
            field="amount",
        )
    debits = {pk: [item for item in items if item.side == "debit"] for pk, items in open_of(list(customers)).items()}
    numbers = numbering.take(
        "receipt", [numbering.For(new.on, customers[new.customer_id].brand_id) for new in receipts]
    )
    says = {pk: speech.say for pk, speech in speeches_of(customers.values()).items()}
    items = open_items(
        op,
        locked=customers,
        items=[
            NewItem(
                customer_id=new.customer_id, kind="receipt", side="credit", number=number.text, on=new.on,
                currency=customers[new.customer_id].currency, amount_minor=new.amount_minor,
                legs=(Leg(BANK, new.amount_minor),), text=_received(says[new.customer_id], names[new.method]),
                reference=check_text(new.reference, field="reference", most=120, required=False),
            )
            for new, number in zip(receipts, numbers, strict=True)
        ],
    )  # fmt: skip
    rows = _write_receipts(op, receipts, items, numbers, names)
    shares = _shares(receipts, items, debits)
    known = {item.pk: item for item in items} | {item.pk: item for rest in debits.values() for item in rest}
    if shares:
        settle(op, shares, known)
    return rows, items


def _received(say: Callable[..., str], method: str) -> str:
    return say("Payment received, {method}", method=say(method))


_COLUMNS = (
    "id", "customer", "number", "sequence_no", "on", "method", "reference", "currency", "amount_minor", "item",
    "author",
)  # fmt: skip
_RECEIPT = Columns(Receipt, _COLUMNS)


def _write_receipts(
    op: Operation,
    receipts: Sequence[NewReceipt],
    items: Sequence[OpenItem],
    numbers: Sequence[numbering.Number],
    names: dict[str, str],
) -> list[tuple[Any, ...]]:
    values = [
        (
            new.customer_id, number.text, number.place, new.on, new.method, item.reference, item.currency,
            new.amount_minor, item.pk, op.caller.name,
        )
        for new, item, number in zip(receipts, items, numbers, strict=True)
    ]  # fmt: skip
    ids = bulk.add_rows(Receipt, _COLUMNS[1:], values)
    rows: list[tuple[Any, ...]] = [(pk, *row) for pk, row in zip(ids, values, strict=True)]
    for row, new, item, kept in zip(rows, receipts, items, _RECEIPT.digests(rows), strict=True):
        op.record_of(
            "receipt.recorded", Receipt, row[0], customer_id=new.customer_id, number=item.number,
            amount=money_text(new.amount_minor, item.currency), method=names[new.method], **{KEPT: kept},
        )  # fmt: skip
    return rows


def _shares(
    receipts: Sequence[NewReceipt], items: Sequence[OpenItem], debits: dict[int, list[OpenItem]]
) -> list[rules.Share]:
    """What each receipt settles: first what was chosen, then the oldest, one receipt after the other."""
    left = {item.pk: item.open_minor for rest in debits.values() for item in rest}
    shares: list[rules.Share] = []
    for new, item in zip(receipts, items, strict=True):
        if new.allocate is not None:
            made = [rules.Share(item.pk, debit, minor) for debit, minor in new.allocate if minor]
            _check_chosen(new, made, {debit.pk: debit for debit in debits[new.customer_id]})
            shares += made
    for share in shares:
        left[share.debit_id] -= share.minor
    for new, item in zip(receipts, items, strict=True):
        if new.allocate is None:
            open_now = [(debit.pk, left[debit.pk]) for debit in debits[new.customer_id]]
            made = rules.allocate_oldest_first([(item.pk, new.amount_minor)], open_now)
            for share in made:
                left[share.debit_id] -= share.minor
            shares += made
    return shares


def _check_chosen(new: NewReceipt, shares: Sequence[rules.Share], open_now: dict[int, OpenItem]) -> None:
    refuse_if(
        sum(share.minor for share in shares) > new.amount_minor,
        "over_allocated",
        "The allocations add up to more than the payment.",
        field="allocate",
    )
    asked = Counter[int]()
    for share in shares:
        debit = open_now.get(share.debit_id)
        asked[share.debit_id] += share.minor
        refuse_if(debit is None, "not_open", "An item you chose is settled already, or is not this customer's.")
        refuse_if(
            debit is not None and (share.minor < 0 or asked[share.debit_id] > debit.open_minor),
            "over_allocated",
            f"Only {money_text(debit.open_minor, debit.currency)} of {debit.number} is open." if debit else "",
            field="allocate",
        )


@verb(label="Reverse payment")
def reverse_receipt(op: Operation, *, receipt: Receipt, reason: Reason, on: PastDay | None = None) -> ReceiptReversal:
    """The payment was none (it bounced): what it settled is open again at its original due date and age.

    What was refunded of it is owed back. Other account credit settles what is open again, where it does so.
    """
    # With the account that its money moved to, so that it settles nothing there meanwhile.
    customer = lock([receipt.customer_id, *heirs(receipt.customer)])[receipt.customer_id]
    row = Receipt.objects.select_related("item").get(pk=receipt.pk)
    refuse_if(ReceiptReversal.objects.filter(receipt=row).exists(), "already_reversed", f"{row.number} was reversed.")
    day = on or op.today
    refuse_if(day < row.on, "before_receipt", "It cannot bounce before it was received.", field="on")
    reopen_moved(op, customer=customer, number=row.number, on=day, reason=reason)
    undo_allocations_of(op, item=row.item, on=day, reason=reason)
    text = speeches_of([customer])[customer.pk].say("Payment reversed, {reason}", reason=reason)
    item = open_items(
        op,
        items=[
            NewItem(
                customer_id=customer.pk, kind="reversal", side="debit", number=f"{row.number}-R", on=day,
                currency=row.currency, amount_minor=row.amount_minor, legs=(Leg(BANK, -row.amount_minor),),
                text=text, reference=row.number, reverses_id=row.item.entry_id,
            )
        ],
    )[0]  # fmt: skip
    credit = OpenItem.objects.get(pk=row.item_id)
    allocate_shares(
        op, shares=[rules.Share(credit.pk, item.pk, row.amount_minor)], items={credit.pk: credit, item.pk: item}, on=day
    )
    reversal = ReceiptReversal.objects.create(receipt=row, on=day, reason=reason, item=item, author=op.caller.name)
    op.record(
        "receipt.reversed",
        reversal,
        customer_id=customer.pk,
        number=row.number,
        amount=money_text(row.amount_minor, row.currency),
        reason=reason,
    )
    follow_merge(op, customer)
    settle_moved(op, customer=customer, number=row.number)
    settle_with_credit(op, [customer.pk, *heirs(customer)], day)
    return reversal


def _refunded(customer: Customer, amount_minor: int, **rest: Any) -> Money:
    """The amount that a role may limit."""
    return Money(amount_minor, customer.currency)


@verb(label="Refund", limited=_refunded)
def pay_refund(
    op: Operation,
    *,
    customer: Customer,
    amount_minor: Amount,
    on: PastDay,
    method: Annotated[str, Says(most=60)],
    reason: StatementReason,
    reference: Reference = "",
) -> Refund:
    """So much of the account credit is paid back: never more than the money received less refunds before.

    Where the credit is no money itself (a credit note, a credit that was issued), it takes the place of money that
    settled something, the newest first, and that money is paid back.
    """
    row = lock([customer.pk])[customer.pk]
    queries.check_method(queries.methods({method}), method, None)
    have = queries.refundable(row, on)
    refuse_if(
        amount_minor > have,
        "over_refunded",
        f"Only {money_text(have, row.currency)} can be refunded on {date_text(on)}: account credit, up to the money "
        "received less refunds.",
        field="amount",
    )
    _free_for_refund(op, row, amount_minor, on, reason)
    money = _kept_last(list(queries.money_items(row).filter(on__lte=on, open_minor__gt=0)))
    number = numbering.take("refund", [numbering.For(on, row.brand_id)])[0]
    text = speeches_of([row])[row.pk].say("Refund, {reason}", reason=reason)
    debit = open_items(
        op,
        items=[
            NewItem(
                customer_id=row.pk, kind="refund", side="debit", number=number.text, on=on, currency=row.currency,
                amount_minor=amount_minor, legs=(Leg(BANK, -amount_minor),), text=text,
                reference=reference,
            )
        ],
    )[0]  # fmt: skip
    shares = rules.allocate_oldest_first([(item.pk, item.open_minor) for item in money], [(debit.pk, amount_minor)])
    allocate_shares(op, shares=shares, items={item.pk: item for item in money} | {debit.pk: debit}, on=on)
    refund = Refund.objects.create(
        customer=row, number=number.text, sequence_no=number.place, on=on, method=method, reference=reference,
        reason=reason, currency=row.currency, amount_minor=amount_minor, item=debit, author=op.caller.name,
    )  # fmt: skip
    op.record(
        "refund.paid", refund, customer_id=row.pk, number=refund.number, amount=money_text(amount_minor, row.currency),
        reason=reason,
    )  # fmt: skip
    return refund


def _kept_last(items: list[OpenItem]) -> list[OpenItem]:
    """The items with those last that are set aside."""
    aside = set_aside_among([item.pk for item in items])
    return sorted(items, key=lambda item: item.pk in aside)


def _free_for_refund(op: Operation, customer: Customer, minor: int, on: dt.date, reason: str) -> None:
    """Enough money is unallocated: other credit settles what it settled. What is set aside is used last, of both."""
    credits, money = list(queries.other_credit(customer, on)), list(queries.money_items(customer).filter(on__lte=on))
    aside = set_aside_among([item.pk for item in (*credits, *money)])
    kept = sum(item.open_minor for item in money if item.pk in aside)
    missing = minor - sum(item.open_minor for item in money if item.pk not in aside)
    missing -= _swap(op, customer, [item for item in credits if item.pk not in aside], missing, on, reason)
    _swap(op, customer, [item for item in credits if item.pk in aside], missing - kept, on, reason)


def _swap(op: Operation, customer: Customer, credits: list[OpenItem], minor: int, on: dt.date, reason: str) -> int:
    """So much of these credits, or less, takes the place of money that settled something; returns how much."""
    missing = minor
    for row in queries.money_at_work(customer, on):
        part = min(missing, row.amount_minor, sum(item.open_minor for item in credits))
        if part <= 0:
            break
        take_out(op, row, part, on, f"Refund, {reason}")
        debit = OpenItem.objects.get(pk=row.debit_id)
        shares = rules.allocate_oldest_first([(item.pk, item.open_minor) for item in credits], [(debit.pk, part)])
        allocate_shares(op, shares=shares, items={item.pk: item for item in (debit, *credits)}, on=on)
        missing -= part
    return minor - missing
