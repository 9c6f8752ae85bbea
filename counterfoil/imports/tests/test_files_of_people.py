"""Files as people save them: amounts, days, addresses, headings and workbooks in every shape."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest

from counterfoil.billing.models import Invoice
from counterfoil.customers.models import ContactPoint, Customer, Note
from counterfoil.imports.cells import Reading, read_amount, read_day, read_emails, read_phones
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused, ImportResult
from counterfoil.imports.sheets import rows_of
from counterfoil.kernel.errors import Refused
from counterfoil.payments.models import Receipt
from counterfoil.receivables.models import OpenItem
from counterfoil.receivables.operations import merge_customers
from counterfoil.subscriptions.operations import NewService, NewTerm, start_subscription
from counterfoil.testing.world import World, counts
from counterfoil.trail.models import Event
from counterfoil.usage.models import UsageRecord

BANK = """source = "bank"
[receipts]
key = "{id}"
customer = "{account}"
on = "{day}"
amount = "{amount}"
"""
BOOK = """source = "before"
[invoices]
number = "{number}"
customer = "{account}"
on = "{day}"
amount = "{amount}"
"""
LIST = """source = "list"
[customers]
key = "{id}"
name = "{name}"
email = "{email}"
phone = "{phone}"
"""


def bring(world: World, text: str | bytes, mapping: str) -> ImportResult:
    content = text if isinstance(text, bytes) else text.encode()
    return import_file(world.caller(), content=content, file_name="f.csv", mapping=mapping)


def refused(world: World, text: str | bytes, mapping: str) -> list[str]:
    before = counts()
    with pytest.raises(Refused) as error:
        bring(world, text, mapping)
    assert counts() == before
    return [str(one) for one in getattr(error.value, "errors", [error.value.sentence])]


def amounts() -> list[int]:
    return list(Receipt.objects.order_by("pk").values_list("amount_minor", flat=True))


@pytest.mark.parametrize(
    ("text", "minor"),
    [("+1500.75", 150075), ("50.00 ZAR", 5000), (".50", 50), ("1'234.50", 123450), ("(50.00)", -5000),
     ("50.00-", -5000), ("R 1 234.50", 123450), ("1,234.50", 123450), ("-R50", -5000), ("R-50.00", -5000),
     ("1\u00a0234.50", 123450)],
)  # fmt: skip
def test_an_amount_is_read_as_it_is_meant(text: str, minor: int) -> None:
    assert read_amount(text, Reading(dt.date(2026, 3, 31), "ZAR")) == minor


@pytest.mark.parametrize(("text", "minor"), [("99,90", 9990), ("1.234,50", 123450), ("1.000", 100000),
                                             ("12.500", 1250000), ("R 1 234,50", 123450)])  # fmt: skip
def test_a_decimal_comma_is_said_and_then_kept_to(text: str, minor: int) -> None:
    assert read_amount(text, Reading(dt.date(2026, 3, 31), "ZAR", comma=True)) == minor


@pytest.mark.parametrize(
    ("text", "says"),
    [("1.000", 'decimal = "comma"'), ("12.500", 'decimal = "comma"'), ("1.234,50", 'decimal = "comma"'),
     ("R 1 234,50", 'decimal = "comma"'), ("50 USD", "in USD"), ("1e9", "not an amount"), ("12,34", "comma"),
     ("5.001", "decimal places"), ("--5", "not an amount"), ("=5+1", "not an amount")],
)  # fmt: skip
def test_what_may_be_two_amounts_is_refused_with_the_setting_that_decides(text: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        read_amount(text, Reading(dt.date(2026, 3, 31), "ZAR"))


@pytest.mark.parametrize(
    ("text", "day"),
    [("01 Mar 2026", 1), ("01-Mar-26", 1), ("01/03/26", 1), ("01/03/2026 00:00:00", 1), ("2026-03-01T09:30:00", 1),
     ("2026-03-01T22:30:00Z", 2), ("20260301", 1), ("March 1, 2026", 1), ("2026/03/01 23:30", 1)],
)  # fmt: skip
def test_a_day_is_that_of_the_operator(text: str, day: int) -> None:
    home = dt.timezone(dt.timedelta(hours=2))
    assert read_day(text, Reading(dt.date(2026, 3, 31), "ZAR", order="dmy", home=home)) == dt.date(2026, 3, day)


@pytest.mark.parametrize("text", ["01/13/2026", "31/02/2026", "soon", "1/2", "01/03/226", "1 Foo 2026",
                                  "01/03/2026 99:99", "01/03/2026 24:00", "2026-03-01T09:30:00+99:99",
                                  "9999-12-31T23:59:00Z", "01/03/2026 2\uff10:00"])  # fmt: skip
def test_a_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not a da"):
        read_day(text, Reading(dt.date(2026, 3, 31), "ZAR", order="dmy", home=dt.timezone(dt.timedelta(hours=2))))


def test_a_cell_may_hold_several_addresses_or_none() -> None:
    assert read_emails("ann@x.example; bob@x.example") == ("ann@x.example", "bob@x.example")
    assert read_emails("ann@x.example bob@x.example") == ("ann@x.example", "bob@x.example")
    assert read_emails("Cid Jones <cid@x.example>") == ("cid@x.example",)
    assert read_emails("none") == ()
    assert read_phones("011 555 0000 / 082 555 0101", "ZA") == (("+27115550000", "+27825550101"), "")
    assert read_phones("082 555 0102 (after 5)", "ZA") == (("+27825550102",), "+27825550102: after 5")
    assert read_phones("+1 555 867 5309 x89", "ZA") == (("+15558675309",), "+15558675309: extension 89")
    assert read_phones("n/a", "ZA") == ((), "")


def test_every_wrong_cell_is_named_at_once(world: World) -> None:
    text = (
        "id,name,email,phone\nK1,Ann,ann@x.example,12\nK2,Ben,ben,\nK3,Cid,,34\nK4,Dee,dee at x.example,\nK5,Eve,,56\n"
    )
    found = refused(world, text, LIST)
    assert [one.partition(":")[0] for one in found] == [
        "row 2, phone", "row 3, email", "row 4, phone", "row 5, email", "row 6, phone",
    ]  # fmt: skip


def test_what_a_cell_says_besides_becomes_a_note(world: World) -> None:
    bring(world, "id,name,email,phone\nK1,Cid,,082 555 0102 (after 5)\n", LIST)
    assert Note.objects.get().text == "+27825550102: after 5"
    assert [point.value for point in ContactPoint.objects.all()] == ["+27825550102"]


def test_a_list_again_adds_who_is_new_and_says_who_is_different(world: World) -> None:
    first = "id,name,email,phone\nK1,Ann,ann@x.example,0825550101\nK2,Ben,,\n"
    again = "id,name,email,phone\nK1,Ann,ann@x.example,0825550199\nK2,Ben,,\nK3,Cid,,\n"
    bring(world, first, LIST)
    result = bring(world, again, LIST)
    assert (result.added, result.totals[0].already_there) == (1, 2)
    assert result.said == ("The telephone of K1 is different in the file, and was left as it is here.",)
    assert ContactPoint.objects.get(kind="phone").value == "+27825550101"
    taken = bring(world, again, f'repeated = "update"\n{LIST}')
    assert taken.said == ("The telephone of K1 is different in the file, and was taken from it.",)
    assert ContactPoint.objects.get(kind="phone").value == "+27825550199"
    assert bring(world, again, LIST).said == ()
    assert Customer.objects.count() == 3


def test_money_that_went_out_is_left_out_and_counted_or_refused(world: World) -> None:
    world.customer("Ann", number="E1")
    text = "id,account,day,amount\n1,E1,2026-03-01,50.00\n2,E1,2026-03-01,(20.00)\n3,E1,2026-03-01,5.00-\n"
    assert "row 3, amount" in refused(world, text, f'negative = "refuse"\n{BANK}')[0]
    result = bring(world, text, BANK)
    assert result.said == ("2 rows left out, because each is money that went out: row 3, 4.",)
    assert amounts() == [5000]


def test_credits_of_a_book_are_credits_and_nothing_is_left_out_and_counted(world: World) -> None:
    zara = world.customer("Ann", number="E1")
    text = "number,account,day,amount\nI1,E1,2026-01-05,100.00\nCN1,E1,2026-01-20,-30.00\nI2,E1,2026-02-05,0.00\n"
    result = bring(world, text, BOOK)
    assert result.said == ("1 row left out, because it comes to nothing: row 4.",)
    assert sum(int(amount.replace(".", "")) for amount in world.open(zara).values()) == 7000
    credit = OpenItem.objects.get(number="CN1")
    assert (credit.kind, credit.on, credit.amount_minor) == ("credit", dt.date(2026, 1, 20), 3000)
    assert bring(world, text, BOOK).added == 0


def test_rows_of_one_number_are_lines_of_one_invoice(world: World) -> None:
    mapping = """source = "before"
[invoices]
number = "{Invoice}"
customer = "{Client}"
on = "{Issued}"
amount = "{Line total}"
text = "{Item}"
total = "{Invoice total}"
"""
    world.customer("Acacia Lodge", number="AL-1")
    text = (
        "Client,Invoice,Issued,Item,Line total,Invoice total\n"
        "AL-1,0000001,2026-01-28,Fibre,115.00,172.50\nAL-1,0000001,2026-01-28,Router,57.50,172.50\n"
    )
    assert "row 2, Invoice total: The lines do not add up" in refused(world, text.replace("57.50", "57.40"), mapping)[0]
    assert "is in row 2 already" in refused(world, text.replace("Router", "Fibre"), mapping)[0]
    bring(world, text, mapping)
    invoice = Invoice.objects.get(number="0000001")
    assert (invoice.total_minor, invoice.lines.count()) == (17250, 2)


SHEET = "Bank of Somewhere,,,,\nAccount 000123,From 01/03/2026,,,\n,,,,\nDate,Text,Amount,,\n2026-03-05,HV-1,50.00,,\n"
SHEET += "2026-03-06,HV-2,60.00,,\nTotal,,110.00,,\n"
STATEMENT = """source = "bank"
[receipts]
key = "{Date} {Text}"
customer = "{Text}"
on = "{Date}"
amount = "{Amount}"
"""


def workbook(text: str, **more: object) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    for line in text.splitlines():
        sheet.append([
            dt.datetime.fromisoformat(cell) if cell[:5] == "2026-" else float(cell) if "." in cell else cell or None
            for cell in line.split(",")
        ])  # fmt: skip
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [SHEET.encode(), workbook(SHEET), SHEET.replace("Date,Text", "DATE,text").encode(),
     ("sep=;\n" + SHEET.replace(",", ";")).encode(), SHEET.replace(",", "\t").encode(),
     SHEET.encode("utf-16")],
    ids=["csv", "workbook", "other case", "sep", "tabs", "utf-16"],
)  # fmt: skip
def test_a_heading_is_found_below_what_stands_above_it_and_totals_are_left_out(world: World, content: bytes) -> None:
    for number in ("HV-1", "HV-2"):
        world.customer("Ann", number=number)
    result = bring(world, content, STATEMENT)
    assert (result.added, sum(amounts())) == (2, 11000)
    assert result.said == ("1 row left out, because it adds other rows up: row 7.",) or "sep" in str(content[:4])


def test_a_wrong_separator_is_named(world: World) -> None:
    found = refused(world, SHEET, f'delimiter = ";"\n{STATEMENT}')
    assert "It seems to be separated by commas" in found[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"PK\x03\x04rest", "cannot be opened"), (b"\xd0\xcf\x11\xe0rest", "password")],
)
def test_a_workbook_that_is_none_says_what_to_do(world: World, content: bytes, says: str) -> None:
    assert says in refused(world, content, STATEMENT)[0]


@pytest.mark.parametrize("place", range(60, 4000, 61))
def test_a_damaged_workbook_is_read_or_refused_and_never_a_fault(place: int) -> None:
    content = bytearray(workbook(SHEET))
    content[place % len(content)] ^= 0x5A
    with contextlib.suppress(Refused):
        list(rows_of(bytes(content), ["Date", "Text"]))


def test_files_that_name_a_merged_account_go_to_the_one_it_is_now(world: World) -> None:
    kept, gone = world.customer("Ann", number="A-1"), world.customer("Ann", number="B-1")
    world.invoice(kept, "100.00")
    world.invoice(gone, "50.00")
    merge_customers(world.caller(), customer=kept, duplicate=gone)
    result = bring(world, "id,account,day,amount\n1,B-1,2026-03-20,50.00\n2,A-1,2026-03-20,10.00\n", BANK)
    assert result.added == 2
    assert result.said == ("1 payment for B-1 went to A-1, which it was merged into.",)
    assert sum(int(amount.replace(".", "")) for amount in world.open(kept).values()) == 9000


def test_a_switch_writes_no_heading_its_own_time_and_seconds(world: World) -> None:
    mapping = """source = "switch"
heading = "no"
times = "UTC"
[usage]
key = "{7}"
service = "{2}"
on = "{1}"
quantity = "{5}"
divide_by = "60"
"""
    zara = world.customer("Zara")
    calls = NewService(world.metered("Calls", "0.60"), label="0215550000")
    start_subscription(world.caller(), customer=zara, services=[calls], on=dt.date(2026, 3, 1), term=NewTerm())
    text = (
        "2026/03/10 22:41,0215550000,0825550101,64,61,ANSWERED,d-01\n"
        "2026/03/10 22:43,+27215550000,0825550101,20,0,NO ANSWER,d-02\n"
        "2026/03/30 22:30,27215550000,0825550102,329,327,ANSWERED,d-03\n"
        "2026/03/11 10:55,021 555 0000,0825550103,32,20,ANSWERED,d-04\n"
    )
    result = bring(world, text, mapping)
    assert result.said == ("1 row left out, because it has nothing to charge: row 2.",)
    records = UsageRecord.objects.order_by("on", "pk").values_list("on", "quantity")
    assert list(records) == [
        (dt.date(2026, 3, 11), Decimal("1.0167")), (dt.date(2026, 3, 11), Decimal("0.3333")),
        (dt.date(2026, 3, 31), Decimal("5.45")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "says"),
    [('decimal = "dot"', "point, comma"), ('heading = "no"', "known by its place"), ('times = "Mars"', "time zone"),
     ('repeated = "skip"', "keep, update")],
)  # fmt: skip
def test_a_setting_that_is_none_says_which_there_are(world: World, setting: str, says: str) -> None:
    assert says in refused(world, "id\n1\n", f"{setting}\n{BANK}")[0]


def test_errors_are_of_the_import(world: World) -> None:
    with pytest.raises(ImportRefused, match="1 errors?"):
        bring(world, "id,account,day,amount\n1,E9,2026-03-20,50.00\n", BANK)


def test_a_blank_account_number_is_the_next_of_ours(world: World) -> None:
    mapping = 'source = "before"\n[customers]\nkey = "{Client}"\nname = "{Client}"\nnumber = ""\n'
    assert bring(world, "Client\nAcacia Lodge\nBaobab Café\n", mapping).added == 2
    numbers = sorted(Customer.objects.values_list("number", flat=True))
    assert numbers == ["CF-000001", "CF-000002"]
    assert bring(world, "Client\nAcacia Lodge\nBaobab Café\n", mapping).added == 0


def test_rows_in_which_something_is_wrong_stay_out_where_that_is_said(world: World) -> None:
    text = "id,name,email,phone\nK1,Ann,ann@x.example,\nK2,Ben,ben,\nK3,,,\nK4,Dee,,\n"
    assert len(refused(world, text, LIST)) == 2
    result = bring(world, text, f'wrong = "leave out"\n{LIST}')
    assert (result.added, [error.row for error in result.stayed_out]) == (2, [3, 4])
    assert sorted(Customer.objects.values_list("name", flat=True)) == ["Ann", "Dee"]
    mended = bring(world, text.replace("ben,", "ben@x.example,"), f'wrong = "leave out"\n{LIST}')
    assert (mended.added, mended.totals[0].already_there) == (1, 2)


def test_an_invoice_of_which_a_line_is_wrong_stays_out_whole(world: World) -> None:
    world.customer("Ann", number="E1")
    mapping = f'wrong = "leave out"\n{BOOK}text = "{{item}}"\n'
    text = "number,account,day,amount,item\nI1,E1,2026-01-05,100.00,Fibre\nI1,E1,2026-01-05,1O.00,Router\n"
    result = bring(world, f"{text}I2,E1,2026-01-06,5.00,Fibre\n", mapping)
    assert (result.added, [error.row for error in result.stayed_out]) == (1, [3])
    assert list(Invoice.objects.values_list("number", flat=True)) == ["I2"]


def test_a_row_that_a_rule_refuses_stays_out_alone(world: World) -> None:
    world.customer("Somebody", number="K2")
    text = "id,name,email,phone\nK1,Ann,,\nK2,Ben,,\nK3,Cid,,\n"
    result = bring(world, text, f'wrong = "leave out"\n{LIST}')
    assert (result.added, [error.row for error in result.stayed_out]) == (2, [3])
    assert "K2" in result.stayed_out[0].sentence
    # What was only tried left no trace.
    assert Event.objects.filter(kind="customer.added").count() == 3


def numbers_and_texts(*amounts: object) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "account", "day", "amount"])
    for place, amount in enumerate(amounts):
        sheet.append([f"P{place}", "CF-000001", "2026-03-01", amount])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_number_of_a_workbook_is_what_it_is_beside_texts_with_a_comma(world: World) -> None:
    world.customer("Zara")
    bring(world, numbers_and_texts(49.9, "12,50", 1000, 1.5, "1.234,50"), BANK)
    assert sorted(Receipt.objects.values_list("amount_minor", flat=True)) == [150, 1250, 4990, 100000, 123450]


def test_three_decimals_in_a_number_of_a_workbook_are_no_thousands(world: World) -> None:
    world.customer("Zara")
    said = " ".join(refused(world, numbers_and_texts(47.481, "12,50"), BANK))
    assert "“47.481” has more" in said
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("04792/55 001", ("+49479255001",)), ("(030) / 55 00 1", ("+493055001",)),
        ("+49 421 / 55001", ("+4942155001",)),
        ("0421 55001/0421 55002", ("+4942155001", "+4942155002")), ("0421/55001; 0171/2345678",
         ("+4942155001", "+491712345678")),
    ],
)  # fmt: skip
def test_a_slash_after_an_area_code_belongs_to_the_number(text: str, numbers: tuple[str, ...]) -> None:
    assert read_phones(text, "DE")[0] == numbers
