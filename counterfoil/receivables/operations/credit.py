"""Account credit: it settles what is billed, oldest first, but for what is set aside (domain 5.3)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.errors import refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.platform.bulk import among
from counterfoil.platform.operations import Operation, verb
from counterfoil.platform.words import Reference
from counterfoil.receivables import queries, rules
from counterfoil.receivables.models import Allocation, CreditPolicy, OpenItem, SetAside
from counterfoil.receivables.operations.allocate import allocate_shares, open_of, settle, undo_rows
from counterfoil.receivables.operations.standings import keep


@verb(label="Change what account credit does", whole=True)
def set_credit_policy(op: Operation, *, settles_bills: bool) -> CreditPolicy:
    """From now on account credit settles what is billed by itself, or waits to be allocated."""
    refuse_if(settles_bills == queries.credit_settles_bills(), "no_change", "It is already set that way.")
    row = CreditPolicy.objects.create(settles_bills=settles_bills)
    op.record("credit_policy.changed", row, what=str(row))
    return row


@verb(label="Set credit aside")
def set_aside(op: Operation, *, item: OpenItem, purpose: Reference) -> SetAside:
    """What is left of the credit is kept for something: it settles nothing until somebody allocates or releases it."""
    lock([item.customer_id])
    row = OpenItem.objects.get(pk=item.pk)
    refuse_if(row.side != "credit", "wrong_side", "Only credit can be set aside.")
    refuse_if(not row.open_minor, "already_settled", f"Nothing is left of {row.number}.")
    standing = SetAside.objects.filter(item=row, released_on__isnull=True).first()
    refuse_if(standing is not None, "already_set_aside", f"{row.number} is set aside already, for {standing}.")
    made = SetAside.objects.create(item=row, purpose=purpose, since=op.today, author=op.caller.name)
    op.at_end(keep, [row.customer_id])
    op.record(
        "credit.set_aside", made, customer_id=row.customer_id, number=row.number,
        amount=money_text(row.open_minor, row.currency), purpose=made.purpose,
    )  # fmt: skip
    return made


@verb(label="Release credit that is set aside")
def release_credit(op: Operation, *, item: OpenItem) -> OpenItem:
    """The credit is account credit like any other from today; where the policy says so, it settles what is owed.

    Other credit of the account stays as it is.
    """
    lock([item.customer_id])
    made = SetAside.objects.filter(item=item, released_on__isnull=True).select_related("item").first()
    refuse_if(made is None, "not_set_aside", f"{item.number} is not set aside.")
    assert made is not None
    made.released_on = op.today
    made.save(update_fields=["released_on"])
    row = made.item
    op.at_end(keep, [row.customer_id])
    op.record(
        "credit.released", made, customer_id=row.customer_id, number=row.number,
        amount=money_text(row.open_minor, row.currency),
    )  # fmt: skip
    if queries.credit_settles_bills():
        shares, items = _shares([row.customer_id], only=row.pk)
        settle(op, shares, items, op.today)
    return OpenItem.objects.get(pk=row.pk)


@verb(label="Allocate credit")
def allocate_oldest_first(op: Operation, *, customer: Customer) -> list[Allocation]:
    """The customer's unallocated credit settles what is oldest. A dispute prevents no settlement (domain 5.5)."""
    lock([customer.pk])
    shares, items = _shares([customer.pk])
    refuse_if(not shares, "nothing_to_allocate", "There is no credit to allocate, or nothing open to settle with it.")
    return allocate_shares(op, shares=shares, items=items, on=op.today)


# One look at so many accounts takes a second or two, in which others wait to write.
MOST_ALLOCATED = 1_000


@verb(label="Allocate credit of several customers")
def allocate_credits(op: Operation, *, customers: Sequence[Customer]) -> list[Allocation]:
    """The same of each of these customers; who has nothing to allocate is left out."""
    refuse_if(not customers, "nobody_selected", "Select the customers first.")
    refuse_if(
        len(customers) > MOST_ALLOCATED, "too_many", f"At most {MOST_ALLOCATED:,} at once. Narrow the list.",
        field="customers",
    )  # fmt: skip
    keys = sorted({row.pk for row in customers})
    lock(keys)
    shares, items = _shares(keys)
    refuse_if(
        not shares, "nothing_to_allocate", "None of them has credit to allocate and something open to settle with it."
    )
    return allocate_shares(op, shares=shares, items=items, on=op.today)


def settle_with_credit(op: Operation, customers: Collection[int], on: dt.date) -> None:
    """Account credit of these customers settles what they owe, where the policy says so. The caller holds their locks.

    It counts from the day of what made it so, or of the later of the two documents, so that no day before it changes.
    """
    shares, items = credit_shares(customers)
    if shares:
        settle(op, shares, items, on)


def credit_shares(customers: Collection[int]) -> tuple[list[rules.Share], dict[int, OpenItem]]:
    """What their account credit settles by itself now, and the items by id, to be handed to `settle`."""
    free = OpenItem.objects.filter(among("customer", customers), side="credit", open_minor__gt=0)
    # Nearly always there is none, and that is one look at an index.
    owners = set(free.values_list("customer_id", flat=True))
    if not owners or not queries.credit_settles_bills():
        return [], {}
    return _shares(sorted(owners))


def free_money(op: Operation, debit: OpenItem, minor: int, on: dt.date, reason: str) -> None:
    """So much of what settled the debit is account credit again from a day, payments first, the newest first.

    What credit notes of the same document settled stays. The caller holds the customer's lock.
    """
    rows = (
        Allocation.objects.filter(debit=debit, undoes__isnull=True, undone_by__isnull=True)
        .exclude(credit__kind__in=rules.BOUND_KINDS)
        .exclude(credit__kind="credit_note", credit__reference=debit.number)
        .select_related("credit")
    )
    for row in sorted(rows, key=lambda row: (row.credit.kind == "receipt", row.on, row.pk), reverse=True):
        if minor <= 0:
            return
        take_out(op, row, min(minor, row.amount_minor), on, reason)
        minor -= row.amount_minor


def take_out(op: Operation, allocation: Allocation, minor: int, on: dt.date, reason: str) -> None:
    """So much of one settlement is undone from a day; the rest of it stands."""
    undo_rows(op, [allocation], on, reason)
    if rest := allocation.amount_minor - minor:
        items = OpenItem.objects.in_bulk([allocation.credit_id, allocation.debit_id])
        share = rules.Share(allocation.credit_id, allocation.debit_id, rest)
        allocate_shares(op, shares=[share], items=items, on=on)


def _shares(customers: list[int], only: int | None = None) -> tuple[list[rules.Share], dict[int, OpenItem]]:
    """What the free credit of each customer settles (`only`: one credit), oldest first, and the items by id."""
    found = open_of(customers)
    aside = queries.set_aside_among([item.pk for items in found.values() for item in items])
    shares: list[rules.Share] = []
    for items in found.values():
        credits: dict[str, list[tuple[int, int]]] = defaultdict(list)
        debits: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for item in items:
            if item.side == "debit":
                debits[item.currency].append((item.pk, item.open_minor))
            elif item.pk not in aside and only in (None, item.pk):
                credits[item.currency].append((item.pk, item.open_minor))
        for currency, left in credits.items():
            shares += rules.allocate_oldest_first(left, debits[currency])
    return shares, {item.pk: item for items in found.values() for item in items}
