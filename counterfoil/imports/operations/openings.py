"""Opening balances of a file: what customers owed, or had in credit, where they were kept before."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from counterfoil.customers.queries import lock
from counterfoil.imports.models import ImportedRecord
from counterfoil.imports.operations.work import Work
from counterfoil.imports.rules import ONE, Record
from counterfoil.kernel.money import money_text
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import NewBalance, open_balances, settle_with_credit
from counterfoil.receivables.queries import opening_balances

KIND = ONE["openings"]


def bring_openings(work: Work) -> None:
    """Every opening balance of the file is open.

    A second one of a customer is an error, or the difference to the first is opened, as the mapping says.
    """
    seen: set[int] = set()
    for batch in work.batches("openings"):
        differ: list[Record] = []
        fresh = work.sort_out(KIND, batch, differ=differ)
        told = {record.row for record in (*fresh, *differ)}
        # What came in before may have been corrected by a file since: this one may say what the first one said.
        same = [record for record in batch if record.row not in told] if work.mapping.repeated == "update" else []
        fresh, differ = work.with_customer("openings", fresh), work.with_customer("openings", differ)
        same = work.with_customer("openings", same)
        before = opening_balances({work.people[record.values["customer"]].pk for record in (*fresh, *differ, *same)})
        moved = _moved(work, [*fresh, *differ, *same])
        for record in same:
            there = before.get(work.people[record.values["customer"]].pk)
            if record.row not in moved and there not in (None, record.values["amount"]):
                differ.append(record)
        new, changed = [], []
        for record in (*fresh, *differ):
            customer, minor = work.people[record.values["customer"]], record.values["amount"]
            there = before.get(customer.pk)
            if customer.pk in seen:
                work.wrong(record, f"{customer.number} is in the file twice.", "openings", "customer")
            elif record.row in moved:
                work.wrong(
                    record, f"The opening balance of {moved[record.row]} is part of {customer.number} since the two "
                    "were merged. Correct it there by hand, and leave the row out.", "openings", "customer",
                )  # fmt: skip
            elif there is not None and record in fresh and record.values["customer"] in work.merged:
                work.wrong(
                    record, f"{record.values['customer']} was merged into {customer.number}, which has an opening "
                    "balance already. Add to that by hand, and leave the row out.", "openings", "customer",
                )  # fmt: skip
            elif there is None:
                new.append(record)
            elif there != minor and work.mapping.repeated == "update":
                changed.append((record, minor - there))
            elif there != minor and work.mapping.repeated == "ask":
                work.differing.append(
                    f"The opening balance of {customer.number} is {money_text(there, work.currency)} here."
                )
            elif there != minor or record not in differ:
                work.wrong(
                    record, f"{customer.number} has an opening balance of {money_text(there, work.currency)} already. "
                    'Leave the row out, or say repeated = "update" to take what the file says.', "openings", "amount",
                )  # fmt: skip
            seen.add(customer.pk)
        work.add(
            KIND, new, lambda records: [item.pk for item in _open(work, [(r, r.values["amount"]) for r in records])]
        )
        _open(work, changed, "Opening balance, corrected")
        settle_with_credit(work.op, {work.people[r.values["customer"]].pk for r, _ in changed}, work.op.today)
        for record, minor in changed:
            now = record.values["amount"]
            was, is_now = (money_text(one, work.currency) for one in (now - minor, now))
            number = work.people[record.values["customer"]].number
            work.remarks.append(f"The opening balance of {number} was {was}, and is {is_now} as in the file.")


def _moved(work: Work, records: Sequence[Record]) -> dict[int, str]:
    """The account that began with the balance of a row and was merged into another one, by the row."""
    came = ImportedRecord.objects.filter(source=work.source, kind=KIND, key__in=[record.key for record in records])
    ids = dict(came.values_list("key", "object_id"))
    items = OpenItem.objects.filter(kind="opening").filter(
        Q(pk__in=ids.values()) | Q(customer__number__in=work.merged.keys())
    )
    by_item, by_number = {}, {}
    for item in items.select_related("customer"):
        by_item[item.pk] = by_number[item.customer.number] = item.customer
    found = {}
    for record in records:
        called = record.values["customer"]
        began = by_item.get(ids.get(record.key, 0)) or by_number.get(called)
        if began is not None and began.pk != work.people[called].pk:
            found[record.row] = began.number
    return found


def _open(work: Work, balances: Sequence[tuple[Record, int]], text: str = "") -> list[OpenItem]:
    new = []
    for record, minor in balances:
        v = record.values
        new.append(
            NewBalance(work.people[v["customer"]].pk, work.currency, minor, v["on"], v["due_on"], text or v["text"])
        )
    return open_balances(work.op, balances=new, locked=lock({one.customer_id for one in new})) if new else []
