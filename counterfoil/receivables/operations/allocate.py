"""Settling debits with credits, and undoing one settlement alone."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import lock
from counterfoil.kernel.checks import check_positive
from counterfoil.kernel.errors import Refused, refuse_if
from counterfoil.kernel.money import money_text
from counterfoil.platform import bulk
from counterfoil.platform.kept import Columns
from counterfoil.platform.operations import Operation, step, verb
from counterfoil.receivables import rules
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.receivables.operations.standings import keep
from counterfoil.trail.kinds import KEPT


@step
def allocate_shares(
    op: Operation, *, shares: Sequence[rules.Share], items: dict[int, OpenItem], on: dt.date | None = None
) -> list[Allocation]:
    """Each credit settles its share of each debit. The caller holds the locks and gives the fresh items by id.

    An allocation counts from the later of the two documents' days, or from `on` when that is later still, so that a
    figure as of any past day shows what was settled then. It never counts from before the last undoing of either item,
    nor from before the credit was released: until then the amount settled something else, or was set aside.
    """
    return bulk.instances(Allocation, _COLUMNS, settle(op, shares, items, on))


_COLUMNS = ("id", "debit", "credit", "amount_minor", "on", "undoes")
_ALLOCATION = Columns(Allocation, _COLUMNS)


def settle(
    op: Operation, shares: Sequence[rules.Share], items: dict[int, OpenItem], on: dt.date | None = None
) -> list[tuple[Any, ...]]:
    """The same for many; their rows, the key first."""
    taken: Counter[int] = Counter()
    values: list[tuple[Any, ...]] = []
    freed = _freed_on({pk for share in shares for pk in (share.debit_id, share.credit_id)})
    for share in shares:
        debit, credit = items[share.debit_id], items[share.credit_id]
        check_positive(share.minor)
        refuse_if(
            debit.side != "debit" or credit.side != "credit",
            "wrong_side",
            f"{credit.number} cannot settle {debit.number}: a credit settles a debit.",
        )
        refuse_if(debit.customer_id != credit.customer_id, "other_customer", "The two belong to different customers.")
        refuse_if(debit.currency != credit.currency, "wrong_currency", "The two are in different currencies.")
        taken[debit.pk] += share.minor
        taken[credit.pk] += share.minor
        for item in (debit, credit):
            if taken[item.pk] > item.open_minor:
                raise Refused(
                    "over_allocated",
                    f"Only {money_text(item.open_minor, item.currency)} of {item.number} is open.",
                    field="amount",
                )
        day = max(debit.on, credit.on, on or debit.on, *(freed[pk] for pk in (debit.pk, credit.pk) if pk in freed))
        values.append((debit.pk, credit.pk, share.minor, day, None))
    rows = [(pk, *row) for pk, row in zip(bulk.add_rows(Allocation, _COLUMNS[1:], values), values, strict=True)]
    bulk.add_to_column(OpenItem, "open_minor", {pk: -minor for pk, minor in taken.items()})
    op.at_end(keep, {items[pk].customer_id for pk in taken})
    for pk, minor in taken.items():
        items[pk].open_minor -= minor
    for (pk, debit_id, credit_id, minor, *_), kept in zip(rows, _ALLOCATION.digests(rows), strict=True):
        debit, credit = items[debit_id], items[credit_id]
        op.record_of(
            "allocation.made", Allocation, pk, customer_id=debit.customer_id,
            amount=money_text(minor, debit.currency), debit=debit.number, credit=credit.number, **{KEPT: kept},
        )  # fmt: skip
    return rows


def _freed_on(items: set[int]) -> dict[int, dt.date]:
    """The last day on which each of the items came free: a settlement of it was undone, or it was released."""
    (debit, keys), (credit, _), (aside, _) = (
        bulk.among_sql(name, items) for name in ("debit_id", "credit_id", "item_id")
    )
    freed: dict[int, dt.date] = {}
    for pk, on in bulk.asked(_FREED.format(debit=debit, credit=credit, aside=aside), [keys] * 3):
        freed[pk] = max(on, freed.get(pk, on))
    return freed


# In one question, because each payment asks it.
_FREED = """
    SELECT debit_id, "on" FROM receivables_allocation WHERE {debit} AND undoes_id IS NOT NULL
    UNION ALL SELECT credit_id, "on" FROM receivables_allocation WHERE {credit} AND undoes_id IS NOT NULL
    UNION ALL SELECT item_id, released_on FROM receivables_setaside WHERE {aside} AND released_on IS NOT NULL
"""


def open_of(customer_ids: Sequence[int]) -> dict[int, list[OpenItem]]:
    """What is open now, by customer, oldest due date first, then lowest number."""
    found: dict[int, list[OpenItem]] = {pk: [] for pk in customer_ids}
    mine, keys = bulk.among_sql("customer_id", customer_ids)
    for item in bulk.found(OpenItem, f"{mine} AND open_minor > 0 ORDER BY due_on, number, id", [keys]):
        found[item.customer_id].append(item)
    return found


@verb(label="Allocate")
def allocate(op: Operation, *, customer: Customer, credit: OpenItem, debit: OpenItem, amount_minor: int) -> Allocation:
    """The credit settles so much of the debit from today."""
    lock([customer.pk])
    items = {item.pk: item for item in OpenItem.objects.filter(customer=customer, pk__in=[credit.pk, debit.pk])}
    refuse_if(len(items) != 2, "other_customer", "Both items must be this customer's.")
    share = rules.Share(credit.pk, debit.pk, amount_minor)
    return allocate_shares(op, shares=[share], items=items, on=op.today)[0]


@step
def undo_allocations_of(op: Operation, *, item: OpenItem, on: dt.date, reason: str) -> list[Allocation]:
    """Every settlement the item takes part in is undone from a day. The caller holds the customer's lock."""
    rows = Allocation.objects.filter(Q(debit=item) | Q(credit=item), undoes__isnull=True, undone_by__isnull=True)
    return undo_rows(op, list(rows), on, reason)


def undo_rows(op: Operation, allocations: list[Allocation], on: dt.date, reason: str) -> list[Allocation]:
    """The settlements are undone from a day: rows of their own, with the opposite amount."""
    made = list(
        Allocation.objects.filter(pk__in=[row.pk for row in allocations])
        .select_related("debit", "credit")
        .order_by("pk")
    )
    lock({row.debit.customer_id for row in made})
    undone, opened = [], Counter[int]()
    for row in made:
        refuse_if(row.undoes_id is not None, "not_an_allocation", "That row is itself an undoing.")
        refuse_if(
            Allocation.objects.filter(undoes=row).exists(), "already_undone", "That allocation was undone already."
        )
        undone.append(
            Allocation(
                debit=row.debit, credit=row.credit, amount_minor=-row.amount_minor, on=max(on, row.on), undoes=row
            )
        )
        opened[row.debit_id] += row.amount_minor
        opened[row.credit_id] += row.amount_minor
    Allocation.objects.bulk_create(undone)
    bulk.add_to_column(OpenItem, "open_minor", dict(opened))
    op.at_end(keep, {row.debit.customer_id for row in made})
    for row in undone:
        op.record(
            "allocation.undone",
            row,
            customer_id=row.debit.customer_id,
            amount=money_text(-row.amount_minor, row.debit.currency),
            debit=row.debit.number,
            credit=row.credit.number,
            reason=reason,
        )
    return undone
