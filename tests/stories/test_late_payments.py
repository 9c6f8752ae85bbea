"""The public sample of late payments, imported and worked: its disputes, its reports of a past day, its letters.

The real file lies outside of the project; a small one of its shape is always worked.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command

from counterfoil.billing.models import Invoice
from counterfoil.dunning.jobs import work
from counterfoil.dunning.models import Correspondence, DunningRun
from counterfoil.dunning.operations import start_dunning_run
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused
from counterfoil.receivables.models import Dispute, OpenItem
from counterfoil.receivables.operations import open_dispute
from counterfoil.reports.queries import asked_for, find_report, read_report
from counterfoil.testing.world import World, counts

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data" / "late_payments.csv"
MAPPING = (ROOT / "examples" / "late_payments_disputed.toml").read_text(encoding="utf-8")
# Everybody can be written to.
_NAME = 'name = "Customer {customerID}"'
REACHED = MAPPING.replace(_NAME, f'{_NAME}\nemail = "{{customerID}}@x.example"')
HEADER = (
    "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
    "PaperlessBill,DaysToSettle,DaysLate"
)
SMALL = f"""{HEADER}
391,0379-NEVHP,4/6/2013,0000611365,1/2/2013,2/1/2013,55.94,No,1/15/2013,Paper,13,0
391,0379-NEVHP,4/6/2013,0000611366,5/2/2013,6/1/2013,70.5,No,8/15/2013,Paper,105,75
406,8976-AMJEO,3/3/2012,0007900770,1/26/2013,2/25/2013,61.74,Yes,7/3/2013,Electronic,158,128
406,8976-AMJEO,3/3/2012,0007900771,6/29/2013,7/29/2013,12.5,Yes,7/8/2013,Electronic,9,0
391,2820-XGXSB,1/26/2012,0009231909,5/3/2013,6/2/2013,65.88,No,7/8/2013,Electronic,66,36
818,1111-ABCDE,1/26/2012,0000000001,1/3/2013,2/2/2013,99.99,Yes,6/30/2013,Paper,178,148
"""
DAY = dt.date(2013, 6, 30)
MONTH_ENDS = [dt.date(2013, month + 1, 1) - dt.timedelta(days=1) for month in range(1, 12)] + [dt.date(2013, 12, 31)]


def _real() -> bytes:
    if not REAL.exists():
        pytest.skip("The sample is not here.")
    return REAL.read_bytes()


@pytest.fixture(params=["small", pytest.param("real", marks=pytest.mark.long)])
def content(request: pytest.FixtureRequest) -> bytes:
    return SMALL.encode() if request.param == "small" else _real()


def us(text: str) -> dt.date:
    month, day, year = map(int, text.split("/"))
    return dt.date(year, month, day)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def open_on(content: bytes, on: dt.date) -> Iterator[dict[str, str]]:
    """What the file says was open at the end of a day."""
    for row in rows_of(content):
        if us(row["InvoiceDate"]) <= on < us(row["SettledDate"]):
            yield row


def minor(text: str) -> int:
    return int((Decimal(text) * 100).to_integral_value())


def report(world: World, name: str, on: dt.date) -> list[dict[str, str]]:
    table, found = read_report(world.caller(), find_report(name), asked_for(None, on))
    listing = table.listing(found, {}, "/", today=world.today)
    return [{cell.column.key: cell.text for cell in line.cells} for line in listing.lines]


def dry(on: dt.date) -> list[dict[str, object]]:
    out = io.StringIO()
    call_command("dunning", "--as-of", on.isoformat(), "--dry-run", "--format", "json", stdout=out)
    return list(json.loads(out.getvalue()))


def test_disputed_invoices_are_disputes_and_reports_of_a_past_day_are_right(world: World, content: bytes) -> None:
    result = import_file(world.caller(), content=content, file_name="late.csv", mapping=MAPPING)
    said_yes = [row for row in rows_of(content) if row["Disputed"] == "Yes"]
    assert {total.kind: total.added for total in result.totals}["dispute"] == len(said_yes)
    assert Dispute.objects.count() == len(said_yes)
    standing = {row["invoiceNumber"]: row for row in open_on(content, DAY)}
    disputed = {number: row for number, row in standing.items() if row["Disputed"] == "Yes"}
    assert disputed
    assert {row["item"] for row in report(world, "disputed-invoices", DAY)} == set(disputed)
    late = {number: (DAY - us(row["DueDate"])).days for number, row in standing.items() if us(row["DueDate"]) < DAY}
    assert {row["item"]: int(row["days_late"]) for row in report(world, "past-due-invoices", DAY)} == late
    # The age analysis has them beside the ages, and all of it adds up to what was open.
    table, found = read_report(world.caller(), find_report("age-analysis"), asked_for(None, DAY))
    lines = list(found)
    assert sum(line.analysis.disputed for line in lines) == sum(
        minor(row["InvoiceAmount"]) for row in disputed.values()
    )
    assert sum(line.analysis.balance for line in lines) == sum(minor(row["InvoiceAmount"]) for row in standing.values())
    assert table.columns
    # Again, nothing is added.
    before = counts()
    assert import_file(world.caller(), content=content, file_name="late.csv", mapping=MAPPING).added == 0
    assert counts() == before


def test_a_run_on_each_month_end_repeated_has_the_same_result(world: World, content: bytes) -> None:
    import_file(world.caller(), content=content, file_name="late.csv", mapping=REACHED)
    first = {day: dry(day) for day in MONTH_ENDS}
    assert first == {day: dry(day) for day in MONTH_ENDS}
    for day, said in first.items():
        # Whoever is sent a letter owed what is neither disputed nor due later; whoever owes nothing is not there.
        owing = {
            row["customerID"] for row in open_on(content, day)
            if row["Disputed"] == "No" and us(row["DueDate"]) < day
        }  # fmt: skip
        letters = {str(row["number"]) for row in said if "letter" in row}
        assert letters <= owing
        assert {str(row["number"]) for row in said} == {row["customerID"] for row in open_on(content, day)}


def known_on(content: bytes, on: dt.date) -> bytes:
    """The file as it would have been exported on a day: what was invoiced by then, and paid by then."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER.split(","))
    writer.writeheader()
    for row in rows_of(content):
        if us(row["InvoiceDate"]) <= on:
            writer.writerow(row if us(row["SettledDate"]) <= on else {**row, "SettledDate": ""})
    return out.getvalue().encode()


def test_the_year_as_it_went_each_run_done_twice(world: World) -> None:
    """Month by month the longer file comes in, what is disputed is put in dispute, and the run is done twice."""
    mapping = REACHED[: REACHED.index("[disputes]")]
    doubted = {row["invoiceNumber"] for row in rows_of(SMALL.encode()) if row["Disputed"] == "Yes"}
    sent: dict[dt.date, list[tuple[str, str, int]]] = {}
    for day in MONTH_ENDS:
        with world.on(day):
            import_file(world.caller(), content=known_on(SMALL.encode(), day), file_name="late.csv", mapping=mapping)
            new = OpenItem.objects.filter(number__in=doubted, open_minor__gt=0, disputes=None).order_by("number")
            for item in new:
                open_dispute(world.caller(), item=item, amount_minor=item.open_minor, reason="Disputed")
            for _ in range(2):
                run = start_dunning_run(world.caller(), as_of=day)
                for _ in work(world.system(), run):
                    pass
                rows = Correspondence.objects.filter(on=day).order_by("customer__number")
                said = list(rows.values_list("customer__number", "letter__name", "total_minor"))
                assert sent.setdefault(day, said) == said
    # What is in dispute is asked for by none of them; R70.50 was due on 1 June and paid on 15 August.
    assert {day: rows for day, rows in sent.items() if rows} == {
        dt.date(2013, 6, 30): [("0379-NEVHP", "STANDARD1", 7050), ("2820-XGXSB", "STANDARD1", 6588)],
        dt.date(2013, 7, 31): [("0379-NEVHP", "STANDARD2", 7050)],
    }
    assert DunningRun.objects.count() == 24


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"7/3/2013": "1/25/2013"}, "It is over before it began."),
        ({"[disputes]": '[disputes]\namount = "99999"'}, "is of"),
        ({'invoice = "{invoiceNumber}"\nsaid': 'invoice = "X"\nsaid'}, "There is no invoice X for this dispute."),
    ],
)
def test_a_dispute_that_cannot_be_is_named_with_its_row(world: World, changes: dict[str, str], sentence: str) -> None:
    content, mapping, before = SMALL, MAPPING, counts()
    for old, new in changes.items():
        content, mapping = content.replace(old, new), mapping.replace(old, new)
    with pytest.raises(ImportRefused) as refused:
        import_file(world.caller(), content=content.encode(), file_name="late.csv", mapping=mapping)
    assert any(sentence in str(error) for error in refused.value.errors)
    assert (counts(), Invoice.objects.count()) == (before, 0)
