"""Opening items: the one place where a debt or a credit of a customer comes into being, with its postings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import Account
from counterfoil.kernel.checks import check_day, check_positive
from counterfoil.kernel.errors import Refused
from counterfoil.ledger.operations import NewEntry, post_entries
from counterfoil.ledger.rules import RECEIVABLES, Leg
from counterfoil.platform import bulk
from counterfoil.platform.bulk import among
from counterfoil.platform.operations import Operation, step
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations.standings import keep

MOST_DAYS_TO_PAY = 730


@dataclass(frozen=True)
class NewItem:
    """A debit or credit to open, with the other legs of its entry (the receivable leg follows from it)."""

    customer_id: int
    kind: str
    side: str
    number: str
    on: dt.date
    currency: str
    amount_minor: int
    legs: tuple[Leg, ...]
    due_on: dt.date | None = None
    text: str = ""
    reference: str = ""
    reverses_id: int | None = None

    @property
    def signed_minor(self) -> int:
        return self.amount_minor if self.side == "debit" else -self.amount_minor


_CLOSED = ("merged", "erased")


def _refuse_closed(customer_ids: set[int], locked: Mapping[int, Customer | Account]) -> None:
    # Nearly always the caller has them before it, as they are while they are locked.
    ask = [pk for pk in customer_ids if pk not in locked or locked[pk].status in _CLOSED]
    if not ask:
        return
    gone = Customer.objects.filter(among("pk", ask), status__in=_CLOSED)
    for row in gone.select_related("merged_into")[:1]:
        into = f" It is now {row.merged_into.number}." if row.merged_into else ""
        raise Refused(
            "account_closed", f"The account {row.number} is {row.status}; nothing new can be added to it.{into}"
        )


def _due(item: NewItem) -> dt.date:
    """Nothing is due before it is there, but for what had its age elsewhere."""
    due = item.due_on or item.on
    return due if item.kind in ("transfer_in", "opening") else max(due, item.on)


_COLUMNS = (
    "id", "customer", "kind", "side", "number", "on", "due_on", "currency", "amount_minor", "open_minor", "text",
    "reference", "entry",
)  # fmt: skip


@step
def open_items(
    op: Operation, *, items: Sequence[NewItem], locked: Mapping[int, Customer | Account] = MappingProxyType({})
) -> list[OpenItem]:
    """The items are open and in the ledger. The caller holds the customers' locks and records the event.

    `locked` are the customers as they were read with their locks, where the caller has them.
    """
    return bulk.instances(OpenItem, _COLUMNS, open_rows(op, items, locked))


def open_rows(
    op: Operation, items: Sequence[NewItem], locked: Mapping[int, Customer | Account] = MappingProxyType({})
) -> list[tuple[Any, ...]]:
    """The same for many; their rows, the key first."""
    for item in items:
        check_positive(item.amount_minor)
        check_day(item.on, op.today)
    new = {item.customer_id for item in items if item.kind not in ("transfer_out", "reversal", "credit_note")}
    _refuse_closed(new, locked)
    entries = post_entries(
        op,
        entries=[
            NewEntry(
                on=item.on,
                currency=item.currency,
                source=item.kind,
                number=item.number,
                text=item.text or item.kind.replace("_", " "),
                legs=(Leg(RECEIVABLES, item.signed_minor, item.customer_id), *item.legs),
                reverses_id=item.reverses_id,
            )
            for item in items
        ],
    )
    rows = [
        (
            item.customer_id, item.kind, item.side, item.number, item.on, _due(item), item.currency,
            item.amount_minor, item.amount_minor, item.text[:200], item.reference[:120], entry,
        )
        for item, entry in zip(items, entries, strict=True)
    ]  # fmt: skip
    ids = bulk.add_rows(OpenItem, _COLUMNS[1:], rows)
    op.at_end(keep, {item.customer_id for item in items})
    return [(pk, *row) for pk, row in zip(ids, rows, strict=True)]


def has_items(customer: Customer) -> bool:
    """Whether anything was ever opened on the customer's own account."""
    return OpenItem.objects.filter(customer=customer).exists()
