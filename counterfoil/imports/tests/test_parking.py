"""Rows that match nobody, or that contradict what is here, are parked: never silently, until somebody decides."""

from __future__ import annotations

import datetime as dt

import pytest

from counterfoil.customers.models import Customer
from counterfoil.imports.models import ImportedRecord, ParkedRow
from counterfoil.imports.operations import drop_parked_rows, import_file, place_parked_row
from counterfoil.imports.rules import ImportResult
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.receivables.models import OpenItem
from counterfoil.subscriptions.models import Subscription
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event

BANK = """source = "bank"
wrong = "park"
[receipts]
key = "{id}"
customer = "{account}"
on = "{day}"
amount = "{amount}"
"""
ROWS = "1,E1,25/03/2026,50.00\n2,Mr Smith,26/03/2026,10.00\n3,E1,03/03/2026,5.00\n"


@pytest.fixture
def ann(world: World) -> Customer:
    return world.customer("Ann", number="E1")


def bring(world: World, rows: str = ROWS, mapping: str = BANK, head: str = "id,account,day,amount") -> ImportResult:
    return import_file(world.caller(), content=f"{head}\n{rows}".encode(), file_name="f.csv", mapping=mapping)


def test_a_row_of_nobody_is_parked_and_the_others_come_in(world: World, ann: Customer) -> None:
    result = bring(world)
    assert (result.added, result.said[1]) == (2, "1 record parked, to be put to a customer or dropped.")
    assert [str(error) for error in result.stayed_out] == ["row 3, account: There is no customer Mr Smith."]
    row = ParkedRow.objects.get()
    assert (row.first_row, row.kind, row.key, row.problem) == (3, "receipt", "2", "There is no customer Mr Smith.")
    assert row.cells == ["account: Mr Smith", "amount: 10.00", "day: 26/03/2026", "id: 2"]
    assert Event.objects.filter(kind="rows.parked").count() == 1
    # Nothing is parked twice.
    before = counts()
    again = bring(world)
    assert (again.added, again.totals[2].already_there) == (0, 2)
    assert again.said[1] == result.said[1]
    assert counts() == before


def test_a_dry_run_parks_nothing_and_says_the_same(world: World, ann: Customer) -> None:
    before = counts()
    content = f"id,account,day,amount\n{ROWS}".encode()
    dry = import_file(world.caller().previewing(), content=content, file_name="f.csv", mapping=BANK)
    assert counts() == before
    assert dry == bring(world)


def test_a_parked_row_is_put_to_a_customer_as_its_column_was_read(world: World, ann: Customer) -> None:
    ben = world.customer("Ben", number="E2")
    world.invoice(ben, "10.00")
    bring(world, ROWS.replace("26/03", "06/03"))
    assert place_parked_row(world.caller(), parked=ParkedRow.objects.get(), customer=ben) == 1
    receipt = Receipt.objects.get(customer=ben)
    # By itself that day could have been the third of June: the column left no doubt.
    assert (receipt.on, receipt.amount_minor) == (dt.date(2026, 3, 6), 1000)
    assert world.open(ben) == {}
    assert not ParkedRow.objects.exists()
    assert Event.objects.get(kind="parked_row.placed").customer_id == ben.pk
    assert bring(world, ROWS.replace("26/03", "06/03")).added == 0
    assert not ParkedRow.objects.exists()


def test_what_is_wrong_with_it_besides_leaves_it_parked(world: World, ann: Customer) -> None:
    bring(world, "1,E1,25/03/2026,50.00\n")
    bring(world, "1,E1,25/03/2026,60.00\n")
    row = ParkedRow.objects.get()
    assert row.problem == "Receipt 1 was imported before with other content."
    before = counts()
    with pytest.raises(Refused, match="1 error"):
        place_parked_row(world.caller(), parked=row, customer=ann)
    euro = world.customer("Eva", number="E9", currency="EUR")
    before |= counts()
    with pytest.raises(Refused):
        place_parked_row(world.caller(), parked=row, customer=euro)
    assert counts() == before


def test_parked_rows_are_dropped_and_the_trail_says_which(world: World, ann: Customer) -> None:
    bring(world)
    row = ParkedRow.objects.get()
    assert drop_parked_rows(world.caller(), rows=[row]) == 1
    assert not ParkedRow.objects.exists()
    event = Event.objects.get(kind="parked_row.dropped")
    assert (event.data["row"], event.data["file"], event.data["why"]) == (3, "f.csv", "There is no customer Mr Smith.")
    before = counts()
    for again in (lambda: drop_parked_rows(world.caller(), rows=[row]),
                  lambda: place_parked_row(world.caller(), parked=row, customer=ann)):  # fmt: skip
        with pytest.raises(Refused, match="not parked any more"):
            again()
    assert counts() == before


def test_lines_of_one_invoice_are_parked_together(world: World, ann: Customer) -> None:
    mapping = BANK.replace("receipts", "invoices").replace('key = "{id}"', 'number = "{id}"\ntext = "{for}"')
    head = "id,account,day,amount,for"
    bring(
        world,
        "I1,Smith,2026-03-01,5.00,Fibre\nI2,E1,2026-03-01,1.00,\nI1,Smith,2026-03-01,7.00,Router\n",
        mapping,
        head,
    )
    row = ParkedRow.objects.get()
    assert [place for place, _ in row.rows] == [2, 4]
    place_parked_row(world.caller(), parked=row, customer=ann)
    assert world.open(ann) == {"I2": "1.00", "I1": "12.00"}


@pytest.mark.parametrize(
    ("part", "head", "row"),
    [("openings", "customer,on,amount", "Smith,2026-02-28,30.00"),
     ("services", "key,customer,product", "7,Smith,fibre-100"),
     ("customers", "key,name,number", "9,Somebody,E1")],
)  # fmt: skip
def test_what_else_a_file_holds_is_put_to_a_customer(
    world: World, ann: Customer, part: str, head: str, row: str
) -> None:
    world.package("Fibre 100", "300")
    fields = "".join(f'{name} = "{{{name}}}"\n' for name in head.split(","))
    bring(world, f"{row}\n", f'source = "old"\nwrong = "park"\n[{part}]\n{fields}', head)
    place_parked_row(world.caller(), parked=ParkedRow.objects.get(), customer=ann)
    if part == "customers":
        # The row is this customer, and what the file says of it goes there.
        assert Customer.objects.count() == 1
        assert ImportedRecord.objects.get(kind="customer").object_id == ann.pk
    owned = {"openings": OpenItem, "services": Subscription}
    assert part not in owned or owned[part].objects.get().customer_id == ann.pk
