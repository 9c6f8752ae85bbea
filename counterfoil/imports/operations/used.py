"""Usage of a file."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from counterfoil.imports.operations.work import Work
from counterfoil.imports.rules import ONE, Record
from counterfoil.kernel.periods import date_text
from counterfoil.operator.queries import operator
from counterfoil.subscriptions.models import Service
from counterfoil.usage.operations import NewUsage, record_usages
from counterfoil.usage.queries import ActiveDays, services_called, services_numbered


def bring_usage(work: Work) -> None:
    """Every usage record of the file is there, of whoever had the number on its day."""
    kind = ONE["usage"]
    quantity = Decimal(0)
    for batch in work.batches("usage"):
        quantity += sum((record.values["quantity"] for record in batch), Decimal(0))
        work.tallies[kind].quantity = quantity
        fresh = work.sort_out(kind, batch)
        services = _services_used(work, fresh)

        def add(records: Sequence[Record], services: dict[int, Service] = services) -> list[int]:
            new = [
                NewUsage(services[r.row].pk, r.values["on"], r.values["quantity"], r.key, r.values["text"])
                for r in records
            ]
            return record_usages(work.op, records=new, source=work.source)

        work.add(kind, [record for record in fresh if record.row in services], add)


def _services_used(work: Work, records: Sequence[Record]) -> dict[int, Service]:
    """The service that each row means, by the row: the one of that name which was active on that day."""
    names = [record.values["service"] for record in records]
    called = services_called(names)
    called |= services_numbered([name for name in names if name not in called], operator().region)
    active = ActiveDays(service.pk for services in called.values() for service in services)
    found: dict[int, Service] = {}
    for record in records:
        v = record.values
        named = [
            service
            for service in called.get(v["service"], ())
            if (work.put_to.number if work.put_to else v["customer"]) in ("", service.subscription.customer.number)
            and v["product"] in ("", service.product.code)
        ]
        there = [service for service in named if active.on(service.pk, v["on"])]
        if len(there) == 1:
            found[record.row] = there[0]
        elif there:
            owners = ", ".join(sorted({f"{s.subscription.customer.number} {s.product.code}" for s in there})[:3])
            work.wrong(record, f"{v['service']} is more than one service ({owners}). Say the customer and the "
                        "product too.", "usage", "service")  # fmt: skip
        elif named:
            work.wrong(record, f"{v['service']} was not active on {date_text(v['on'])}. Check the day, or start "
                        "the service from then.", "usage", "on")  # fmt: skip
        else:
            work.wrong(record, f"No service that is charged by usage is called {v['service']}. Check it, or give "
                        "the service that label.", "usage", "service")  # fmt: skip
    return found
