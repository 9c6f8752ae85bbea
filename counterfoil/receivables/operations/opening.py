"""Opening balances: what a customer owed, or had in credit, where their account was kept before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from counterfoil.customers.models import Customer
from counterfoil.customers.queries import Account, speeches_of
from counterfoil.documents.speech import ENGLISH
from counterfoil.kernel.money import money_text
from counterfoil.ledger.rules import OPENINGS, Leg
from counterfoil.operator import numbering
from counterfoil.platform.operations import Operation, step
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations.items import NewItem, open_items


@dataclass(frozen=True)
class NewBalance:
    """A balance as of a day: above zero it is owed, and as old as its due day; below zero it is credit."""

    customer_id: int
    currency: str
    amount_minor: int
    on: dt.date
    due_on: dt.date | None = None
    text: str = ""


@step
def open_balances(
    op: Operation, *, balances: Sequence[NewBalance], locked: Mapping[int, Customer | Account] = MappingProxyType({})
) -> list[OpenItem]:
    """The balances are open, against an account of their own: nothing of them is income or tax.

    The caller holds the customers' locks, and lets credit settle what is owed.
    """
    speeches = speeches_of(locked.values())
    brands = {pk: owner.brand_id for pk, owner in locked.items()}
    numbers = numbering.take("opening", [numbering.For(one.on, brands.get(one.customer_id)) for one in balances])
    new = [
        NewItem(
            customer_id=one.customer_id, kind=OpenItem.Kind.OPENING, side="debit" if one.amount_minor > 0 else "credit",
            number=number.text, on=one.on, due_on=one.due_on if one.amount_minor > 0 else None, currency=one.currency,
            amount_minor=abs(one.amount_minor), legs=(Leg(OPENINGS, -one.amount_minor),),
            text=one.text or speeches.get(one.customer_id, ENGLISH).say("Opening balance"),
        )
        for one, number in zip(balances, numbers, strict=True)
    ]  # fmt: skip
    items = open_items(op, items=new, locked=locked)
    for item in items:
        op.record("item.opened", item, customer_id=item.customer_id, number=item.number,
                  amount=money_text(item.signed_minor, item.currency))  # fmt: skip
    return items
