"""Receipts in bulk leave the rows that receipts one by one leave."""

import datetime as dt
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from counterfoil.ledger.models import Entry, Posting
from counterfoil.payments.models import Receipt
from counterfoil.payments.operations import NewReceipt, record_receipt, record_receipts
from counterfoil.platform.kept import nouns
from counterfoil.receivables.models import Allocation, OpenItem
from counterfoil.testing.world import World
from counterfoil.trail.kinds import KEPT
from counterfoil.trail.models import Event

TABLES = (Entry, Posting, OpenItem, Receipt, Allocation)


def _rows(since: dict[Any, int], first: int) -> dict[str, list[list[Any]]]:
    """What was written since, in order; keys counted from the first of their table, customers from the first."""
    base = {model: model.objects.filter(pk__gt=since[model]).order_by("pk")[0].pk for model in TABLES}

    def value(field: Any, row: Any) -> Any:
        found = getattr(row, field.attname)
        if field.name in ("operation_id", "at") or found is None:
            return None
        kind = field.related_model or (type(row) if field.primary_key else None)
        if field.name == "customer":
            return found - first
        return found - base[kind] if kind in base else found

    return {
        model.__name__: [
            [value(field, row) for field in model._meta.concrete_fields if field.name not in ("number", "sequence_no")]
            for row in model.objects.filter(pk__gt=since[model]).order_by("pk")
        ]
        for model in TABLES
    }


def _last() -> dict[Any, int]:
    return {model: row.pk if (row := model.objects.order_by("pk").last()) else 0 for model in TABLES}


def test_both_ways_leave_the_same_rows(world: World) -> None:
    owing = {"2026-01-31": "310.00", "2026-02-28": "120.50"}
    found = []
    for way in ("bulk", "singly"):
        customers = [world.customer(f"{way} {n}", owing=owing) for n in range(3)]
        items = [OpenItem.objects.filter(customer=row).order_by("pk")[1].pk for row in customers]
        since, events = _last(), Event.objects.count()
        amounts = (10000, 43050, 99999)
        new = [
            NewReceipt(row.pk, minor, dt.date(2026, 3, 30), method, f"ref {n}", chosen)
            for n, (row, minor, method, chosen) in enumerate(
                zip(customers, amounts, ("eft", "cash", "card"), (((items[0], 5000),), None, None), strict=True)
            )
        ]
        if way == "bulk":
            record_receipts(world.clerk, receipts=new)
        else:
            for row, one in zip(customers, new, strict=True):
                record_receipt(
                    world.clerk, customer=row, amount_minor=one.amount_minor, on=one.on, method=one.method,
                    reference=one.reference, allocate=one.allocate,
                )  # fmt: skip
        rows = _rows(since, customers[0].pk)
        # Debits of before are named by how far back they lie, which is the same for both.
        kinds = sorted(Event.objects.order_by("pk").values_list("kind", flat=True)[events:])
        found.append((rows, [kind for kind in kinds if kind != "entries.posted"]))
    assert found[0] == found[1]
    assert len(found[0][0]["Receipt"]) == 3
    assert len(found[0][0]["Allocation"]) == 5


def test_a_payment_is_kept_as_it_is_written_without_reading_it_back(world: World) -> None:
    zara = world.customer("Zara Naidoo", owing={"2026-01-31": "310.00", "2026-02-28": "120.50"})
    world.pays(world.customer("Ben"), "1.00")  # the first of their numbers begins a run
    with CaptureQueriesContext(connection) as asked:
        receipt = record_receipt(
            world.clerk, customer=zara, amount_minor=40000, on=dt.date(2026, 3, 30), method="card",
            reference="Zoë’s “\\ 1” = 2",
        )  # fmt: skip
    said = [query["sql"] for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]]
    # Locks, duplicates, ways to pay, open items, languages, number with its pattern and its run, ledger accounts,
    # entry, postings, item, receipt, what came free, allocations, what is left open, standing, events. Then the task of
    # what follows: promises are judged, suspensions reconsidered.
    assert len(said) == 19, "\n".join(said)
    written = [
        Event.objects.get(kind="receipt.recorded", customer_id=zara.pk),
        *Event.objects.filter(kind="allocation.made"),
    ]
    assert [(event.subject_type, event.subject_id) for event in written] == [
        ("payments.receipt", receipt.pk),
        *(("receivables.allocation", pk) for pk in Allocation.objects.order_by("pk").values_list("pk", flat=True)),
    ]
    for event in written:
        assert event.data[KEPT] == nouns()[event.subject_type].digests([event.subject_id])[event.subject_id]
