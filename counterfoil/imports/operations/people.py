"""Customers of a file."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.customers.operations import NewCustomer, add_customers, add_note
from counterfoil.imports.models import ImportedRecord
from counterfoil.imports.operations.again import differences, take
from counterfoil.imports.operations.work import Work
from counterfoil.imports.rules import Record


def bring_customers(work: Work) -> None:
    """Every customer of the file is there; of those who are different here it is said, or the file's way is taken."""

    def add(records: Sequence[Record]) -> list[int]:
        rows = add_customers(work.op, customers=[_new_customer(work, record) for record in records])
        for record, row in zip(records, rows, strict=True):
            if record.more["note"]:
                add_note(work.op, customer=row, text=record.more["note"])
        return [row.pk for row in rows]

    for batch in work.batches("customers"):
        differ: list[Record] = []
        fresh = work.sort_out("customer", batch, differ=differ)
        if work.put_to is not None:
            work.came("customer", [(record, work.put_to.pk) for record in fresh])
            continue
        work.add("customer", fresh, add)
        _meet_again(work, differ)


def _meet_again(work: Work, differ: Sequence[Record]) -> None:
    rows = ImportedRecord.objects.filter(source=work.source, kind="customer", key__in=[r.key for r in differ])
    for found in differences(differ, dict(rows.values_list("key", "object_id"))):
        if work.mapping.repeated == "ask":
            work.differing.append(f"The {found.said}.")
        elif work.mapping.repeated == "update":
            take(work.op, found)
            work.remarks.append(f"The {found.said}, and was taken from it.")
        else:
            work.remarks.append(f"The {found.said}, and was left as it is here.")


def _new_customer(work: Work, record: Record) -> NewCustomer:
    v = record.values
    # A number that the file leaves blank is the next of ours; without a column of numbers the key is the number.
    own = "number" in work.mapping.parts["customers"]
    return NewCustomer(
        name=v["name"], number=v["number"] if own else record.key, kind=v["kind"] or "person",
        billing_type=v["billing_type"] or "residential", joined_on=v["joined_on"], group=v["group"],
        terms_days=v["terms_days"], currency=work.currency, tax_number=v["tax_number"],
        emails=record.more["emails"], phones=record.more["phones"],
        contact_name=v["contact"], street=v["street"], city=v["city"], postcode=v["postcode"],
    )  # fmt: skip
