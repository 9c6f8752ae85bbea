"""A file in: all or nothing, twice adds nothing, and every figure of the past is right to the cent."""

import csv
import datetime as dt
import io
import random
from pathlib import Path

import pytest

from counterfoil.billing.models import Invoice
from counterfoil.customers.models import Customer
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused
from counterfoil.kernel.errors import Refused
from counterfoil.kernel.periods import Period
from counterfoil.ledger.operations import close_books
from counterfoil.payments.models import Receipt
from counterfoil.receivables import ageing, queries
from counterfoil.testing.world import World, counts

MAPPING = (Path(__file__).parents[3] / "examples" / "late_payments.toml").read_text()
HEADER = (
    "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
    "PaperlessBill,DaysToSettle,DaysLate"
).split(",")
Row = tuple[str, str, dt.date, dt.date, int, dt.date]


def sample(count: int = 240) -> list[Row]:
    """Rows of the shape of the public sample: (customer, invoice, issued, due, cents, settled)."""
    rng = random.Random(7)
    rows = []
    for index in range(count):
        issued = dt.date(2012, 1, 3) + dt.timedelta(days=rng.randrange(700))
        settled = issued + dt.timedelta(days=rng.randrange(0, 90))
        customer = f"{rng.randrange(12):04d}-QZ{rng.randrange(3)}"
        rows.append(
            (customer, f"{index * 37:010d}", issued, issued + dt.timedelta(days=30), rng.randrange(500, 12000), settled)
        )
    return rows


def as_csv(rows: list[Row], **changes: str) -> bytes:
    def us(day: dt.date) -> str:
        return f"{day.month}/{day.day}/{day.year}"

    out = io.StringIO()
    writer = csv.DictWriter(out, HEADER)
    writer.writeheader()
    for customer, number, issued, due, cents, settled in rows:
        values = {
            "countryCode": "391", "customerID": customer, "PaperlessDate": "1/1/2013", "invoiceNumber": number,
            "InvoiceDate": us(issued), "DueDate": us(due), "InvoiceAmount": f"{cents / 100:g}", "Disputed": "No",
            "SettledDate": us(settled), "PaperlessBill": "Paper", "DaysToSettle": "0", "DaysLate": "0",
        }  # fmt: skip
        writer.writerow(values | changes)
    return out.getvalue().encode()


def bring_in(world: World, content: bytes, mapping: str = MAPPING) -> object:
    return import_file(world.clerk, content=content, file_name="late.csv", mapping=mapping)


def expected(rows: list[Row], on: dt.date) -> dict[str, list[int]]:
    """The age analysis worked out in the plainest way there is."""
    found: dict[str, list[int]] = {}
    for customer, _, issued, due, cents, settled in rows:
        if issued <= on < settled:
            late = (on - due).days
            bucket = 0 if late <= 0 else min((late - 1) // 30 + 1, 5)
            found.setdefault(customer, [0] * 6)[bucket] += cents
    return found


def test_ageing_and_statements_of_any_past_day_are_right_to_the_cent(world: World) -> None:
    rows = sample()
    bring_in(world, as_csv(rows))
    assert (Customer.objects.count(), Invoice.objects.count(), Receipt.objects.count()) == (36, 240, 240)
    assert Customer.objects.filter(number="0003-QZ1").exists()
    assert Invoice.objects.filter(number="0000000037").exists()
    for on in (dt.date(2012, 2, 1) + dt.timedelta(days=37 * n) for n in range(20)):
        wanted = expected(rows, on)
        found = {row.number: list(row.analysis.buckets) for row in ageing.age_analysis(world.clerk, on)}
        assert found == wanted, on
        for customer in Customer.objects.filter(number__in=list(wanted)[:3]):
            assert list(ageing.age_analysis_of(customer, on).buckets) == wanted[customer.number]
            statement = queries.statement_of(customer, Period.through(on - dt.timedelta(days=30), on))
            assert statement.closing_minor == sum(wanted[customer.number])
            before = queries.statement_of(customer, Period.through(dt.date(2012, 1, 1), on - dt.timedelta(days=31)))
            assert statement.opening_minor == before.closing_minor


def test_the_same_file_twice_adds_nothing(world: World) -> None:
    content = as_csv(sample(30))
    bring_in(world, content)
    before = counts()
    again = bring_in(world, content)
    assert again.added == 0
    assert counts() == before


def test_a_longer_file_adds_only_what_is_new(world: World) -> None:
    rows = sample(30)
    bring_in(world, as_csv(rows[:20]))
    result = bring_in(world, as_csv(rows))
    assert [total.added for total in result.totals][1:] == [10, 10]
    assert Invoice.objects.count() == 30


def test_a_dry_run_says_the_same_and_changes_nothing(world: World) -> None:
    content = as_csv(sample(30))
    before = counts()
    dry = import_file(world.clerk.previewing(), content=content, file_name="late.csv", mapping=MAPPING)
    assert counts() == before
    assert dry == bring_in(world, content)


def test_one_bad_row_refuses_the_whole_file_and_names_itself(world: World) -> None:
    good = as_csv(sample(5)).decode().splitlines()
    bad = good[:3] + [good[3].replace(good[3].split(",")[4], "13/45/2012", 1)] + good[4:]
    before = counts()
    with pytest.raises(ImportRefused) as refused:
        bring_in(world, "\n".join(bad).encode())
    assert counts() == before
    first = refused.value.errors[0]
    assert (first.row, first.column) == (4, "InvoiceDate")
    assert "not a date" in first.sentence


def test_every_row_of_a_closed_month_is_named_and_nothing_comes_in(world: World) -> None:
    rows = sample(20)
    close_books(world.caller(), up_to=dt.date(2012, 12, 31))
    early = [n for n, row in enumerate(rows, start=2) if row[2].year == 2012]
    paid = [n for n, row in enumerate(rows, start=2) if row[5].year == 2012]
    before = counts()
    with pytest.raises(ImportRefused) as refused:
        bring_in(world, as_csv(rows))
    assert counts() == before
    found = [(error.row, error.column, error.sentence) for error in refused.value.errors]
    said = "The books are closed up to 31 Dec 2012. Use a later day."
    dated = [(n, "InvoiceDate", said) for n in early] + [(n, "SettledDate", said) for n in paid]
    assert set(dated) <= set(found)
    assert 0 < len(early) < 20


def test_changed_content_under_a_known_key_is_an_error_not_a_second_record(world: World) -> None:
    rows = sample(5)
    bring_in(world, as_csv(rows))
    before = counts()
    with pytest.raises(ImportRefused, match="2 errors") as refused:
        bring_in(world, as_csv([(*rows[0][:4], rows[0][4] + 1, rows[0][5]), *rows[1:]]))
    assert "imported before with other content" in refused.value.errors[0].sentence
    assert counts() == before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04rest", "workbook"),
        (b"%PDF-1.7", "not text"),
        (b"\x00\x01\x02", "not text"),
        ("customerID\nKoös".encode("latin-1"), "not UTF-8"),
        (b"a,b\n1,2\n", "lacks the columns"),
        (b"", "lacks the columns"),
        (",".join(HEADER).encode(), "has no rows"),
        ((",".join(HEADER) + "\n1,2\n").encode(), "2 values for 12 columns"),
        ((",".join(f"c{n}" for n in range(1000))).encode(), "1,000 columns"),
        ((",".join([*HEADER, "customerID"])).encode(), "twice"),
        ((",".join(HEADER) + '\n"1,2').encode(), "not CSV"),
    ],
)
def test_what_is_no_such_file_is_refused_in_words(world: World, content: bytes, says: str) -> None:
    before = counts()
    with pytest.raises(Refused) as refused:
        bring_in(world, content)
    errors = getattr(refused.value, "errors", [])
    assert says in " ".join([refused.value.sentence, *(error.sentence for error in errors)])
    assert counts() == before


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("InvoiceAmount", "1e9", "not an amount"),
     ("InvoiceAmount", "5.001", "decimal places"), ("InvoiceDate", "1/1/2999", "in the future"),
     ("SettledDate", "31/1/2013", "not a date"), ("customerID", "", "blank"), ("DueDate", "1/1/2001", "due before")],
)  # fmt: skip
def test_bad_values_name_their_column(world: World, column: str, value: str, says: str) -> None:
    before = counts()
    with pytest.raises(ImportRefused) as refused:
        bring_in(world, as_csv(sample(1), **{column: value}))
    assert says in " ".join(map(str, refused.value.errors))
    assert column in " ".join(map(str, refused.value.errors))
    assert counts() == before


def test_a_hostile_mapping_is_text_not_code(world: World) -> None:
    with pytest.raises(ImportRefused) as refused:
        bring_in(world, as_csv(sample(1)), MAPPING.replace("{countryCode}", "{x.__class__}"))
    assert "lacks the columns x.__class__" in refused.value.errors[0].sentence
    with pytest.raises(Refused, match="not TOML"):
        bring_in(world, as_csv(sample(1)), "[[[")
    with pytest.raises(Refused, match="may have"):
        bring_in(world, as_csv(sample(1)), MAPPING + '\nprice = "1"\n')
