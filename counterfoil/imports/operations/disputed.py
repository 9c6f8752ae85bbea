"""What was in dispute of a file's invoices, from which day until when."""

from __future__ import annotations

from collections.abc import Sequence

from counterfoil.billing.models import Invoice
from counterfoil.imports.operations.work import Work
from counterfoil.imports.rules import Record
from counterfoil.receivables.operations import BroughtDispute, bring_past_disputes


def bring_disputes(work: Work) -> None:
    """Every dispute of the file is there on its own days, of the invoice that it names: all of it, or an amount."""
    for batch in work.batches("disputes"):
        fresh = work.with_customer("disputes", work.sort_out("dispute", batch))
        numbers = [record.values["invoice"] for record in fresh]
        rows = Invoice.objects.filter(number__in=numbers, item__isnull=False)
        found = rows.values_list("number", "item", "customer_id", "total_minor")
        items = {str(number): (item, customer, minor) for number, item, customer, minor in found}
        good = []
        for record in fresh:
            number = record.values["invoice"]
            if number not in items:
                work.wrong(record, f"There is no invoice {number} for this dispute.", "disputes", "invoice")
            elif items[number][1] != work.people[record.values["customer"]].pk:
                work.wrong(record, f"Invoice {number} belongs to another customer.", "disputes", "invoice")
            else:
                good.append(record)

        def add(records: Sequence[Record], items: dict[str, tuple[int, int, int]] = items) -> list[int]:
            new = []
            for record in records:
                v = record.values
                item, _, total = items[v["invoice"]]
                new.append(BroughtDispute(item, v["amount"] or total, v["reason"], v["on"], v["until"]))
            return [row.pk for row in bring_past_disputes(work.op, disputes=new)]

        work.add("dispute", good, add)
