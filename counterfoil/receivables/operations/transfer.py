"""Moving what is open from one account to another: both ledgers stay, and every item keeps its age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from counterfoil.access.operations import move_access
from counterfoil.customers.models import Customer
from counterfoil.customers.operations import absorb_customer
from counterfoil.customers.queries import lock, speeches_of
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.ledger.rules import TRANSFERS, Leg
from counterfoil.operator import numbering
from counterfoil.platform.joints import joint
from counterfoil.platform.operations import Operation, verb
from counterfoil.receivables import rules
from counterfoil.receivables.models import Dispute, OpenItem, SetAside
from counterfoil.receivables.operations.allocate import allocate_shares, open_of, undo_allocations_of
from counterfoil.receivables.operations.credit import set_aside, settle_with_credit
from counterfoil.receivables.operations.dispute import close_dispute, open_dispute
from counterfoil.receivables.operations.items import NewItem, open_items


@joint
def has_drafts(customer: Customer, /) -> bool:
    """Many are asked: whether there are drafts of documents that would be issued to this account."""
    raise NotImplementedError


@verb(label="Merge customers")
def merge_customers(op: Operation, *, customer: Customer, duplicate: Customer) -> Customer:
    """The duplicate turned out to be this customer: what is open there is open here from today, at its old age.

    Its documents, payments and entries stay on its own account, and are shown here too. It cannot be undone.
    """
    rows = lock([customer.pk, duplicate.pk])
    target, source = rows[customer.pk], rows[duplicate.pk]
    refuse_if(target.pk == source.pk, "same_customer", "That is the same account.", field="number")
    refuse_if(
        source.currency != target.currency, "wrong_currency",
        f"{source.number} is in {source.currency}, {target.number} in {target.currency}; they stay apart.",
        field="number",
    )  # fmt: skip
    refuse_if(
        any(has_drafts(source)),
        "has_drafts",
        f"{source.number} has drafts. Issue or discard them first.",
        field="number",
    )
    open_now = open_of([source.pk])[source.pk]
    _transfer(op, source, target, open_now)
    merged = absorb_customer(op, customer=target, duplicate=source)
    move_access(op, customer=target, duplicate=source)
    settle_with_credit(op, [target.pk], op.today)
    return merged


def reopen_moved(op: Operation, *, customer: Customer, number: str, on: dt.date, reason: str) -> None:
    """What a payment settled on the account it moved to is open again, at its original age: the payment was none."""
    moved = OpenItem.objects.filter(kind="transfer_in", side="credit", reference=number, customer__in=heirs(customer))
    for item in moved:
        undo_allocations_of(op, item=item, on=on, reason=reason)


def settle_moved(op: Operation, *, customer: Customer, number: str) -> None:
    """The money that moved and the same money taken back settle each other."""
    for heir in heirs(customer):
        items = [item for item in open_of([heir])[heir] if item.kind == "transfer_in" and item.reference == number]
        shares = rules.allocate_oldest_first(
            [(item.pk, item.open_minor) for item in items if item.side == "credit"],
            [(item.pk, item.open_minor) for item in items if item.side == "debit"],
        )
        if shares:
            allocate_shares(op, shares=shares, items={item.pk: item for item in items}, on=op.today)


def heirs(customer: Customer) -> list[int]:
    """The account that this one was merged into, as a list of none or one."""
    found = Customer.objects.filter(pk=customer.pk).values_list("merged_into", flat=True).first()
    return [found] if found else []


def follow_merge(op: Operation, customer: Customer) -> None:
    """What is open again on an account that was merged (a payment bounced, a settlement was undone) moves as well."""
    row = Customer.objects.select_related("merged_into").get(pk=customer.pk)
    if row.merged_into is not None:
        rows = lock([row.pk, row.merged_into.pk])
        _transfer(op, rows[row.pk], rows[row.merged_into.pk], open_of([row.pk])[row.pk])


def _root(item: OpenItem) -> str:
    """The number that what is moved had where it came from, however often it moved."""
    return item.reference if item.kind in ("transfer_in", "transfer_out") else item.number


def _transfer(op: Operation, source: Customer, target: Customer, items: Sequence[OpenItem]) -> None:
    out, into, shares = [], [], []
    speeches = speeches_of([source, target])
    told = speeches[target.pk]
    numbers = numbering.take("transfer", [numbering.For(op.today, source.brand_id)] * len(items)) if items else []
    for item, number in zip(items, numbers, strict=True):
        other = "credit" if item.side == "debit" else "debit"
        legs = (Leg(TRANSFERS, item.open_minor if item.side == "debit" else -item.open_minor),)
        out.append(
            NewItem(
                customer_id=source.pk, kind="transfer_out", side=other, number=number.text,
                on=op.today, currency=item.currency, amount_minor=item.open_minor, legs=legs,
                text=speeches[source.pk].say("Moved to {account}", account=target.number), reference=_root(item),
            )
        )  # fmt: skip
        into.append(
            NewItem(
                customer_id=target.pk, kind="transfer_in", side=item.side, number=number.text,
                on=op.today, due_on=item.due_on, currency=item.currency, amount_minor=item.open_minor,
                legs=(Leg(TRANSFERS, -legs[0].minor),),
                text=told.say("From {account}: {what}", account=source.number, what=item.text or item.number),
                reference=_root(item),
            )
        )  # fmt: skip
    settling, moved = open_items(op, items=out), open_items(op, items=into)
    known = {row.pk: row for row in (*items, *settling)}
    for item, settles in zip(items, settling, strict=True):
        pair = (settles.pk, item.pk) if item.side == "debit" else (item.pk, settles.pk)
        shares.append(rules.Share(pair[0], pair[1], item.open_minor))
    disputes = list(Dispute.objects.filter(item__in=[row.pk for row in items], closed_on__isnull=True))
    aside = SetAside.objects.filter(item__in=[row.pk for row in items], released_on__isnull=True)
    allocate_shares(op, shares=shares, items=known, on=op.today)
    for dispute in disputes:
        place = [row.pk for row in items].index(dispute.item_id)
        close_dispute(op, dispute=dispute, outcome=f"Moved to {target.number}")
        open_dispute(
            op,
            item=moved[place],
            amount_minor=min(dispute.amount_minor, moved[place].amount_minor),
            reason=dispute.reason,
        )
    for kept in list(aside):
        set_aside(op, item=moved[[row.pk for row in items].index(kept.item_id)], purpose=kept.purpose)
    op.keep(*settling)
    for row in moved:
        op.record(
            "item.moved", row, customer_id=target.pk, number=row.reference, source=source.number,
            amount=money_text(row.amount_minor, row.currency),
        )  # fmt: skip
