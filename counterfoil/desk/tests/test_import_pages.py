"""A file is uploaded, its columns are matched by hand, checked and imported, by somebody who never saw a mapping."""

from __future__ import annotations

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from counterfoil.billing.models import Invoice
from counterfoil.customers.models import ContactPoint, Customer
from counterfoil.imports.models import ParkedRow, SavedMapping, Upload
from counterfoil.imports.operations import drop_old_uploads
from counterfoil.payments.models import Receipt
from counterfoil.platform.callers import Caller
from counterfoil.receivables.models import OpenItem
from counterfoil.staff.models import User
from counterfoil.staff.operations import add_user
from counterfoil.subscriptions.models import Service
from counterfoil.testing.html import squeezed
from counterfoil.testing.world import World, counts

ROWS = [
    ["Karoo Wireless, clients", "", "", "", ""],
    ["Acc No", "Client", "Mail", "Cell", "Sales rep"],
    ["KW-1", "Karoo Lodge", "info@lodge.example; pat@lodge.example", "082 555 0191", "Ruan"],
    ["KW-2", "P. van Zyl", "none", "(083) 555-0102", "Anele"],
    ["KW-3", "Maluti Curios CC", "curios@maluti", "", "Ruan"],
]


@pytest.fixture
def user(world: World) -> User:
    return add_user(world.caller(), email="b@x.example", name="B", role="administrator", password="s3cret-enough")


@pytest.fixture
def client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def as_csv(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows(rows)
    return out.getvalue().encode("cp1252")


def as_xlsx(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(client: Client, content: bytes, name: str = "karoo.csv", holds: str = "customers") -> str:
    data = {"file": SimpleUploadedFile(name, content), "holds": holds}
    answer = client.post("/import/upload/", data)
    assert answer.status_code == 302, squeezed(answer.content.decode())
    return str(answer["Location"])


CHOSEN = {"source": "karoo", "dates": "day/month/year", "decimal": "point", "repeated": "keep", "wrong": "refuse",
          "holds": "customers", "name": "", "find": "number"}  # fmt: skip
COLUMNS = {"column_0": "number", "column_1": "name", "column_2": "email", "column_3": "phone", "column_4": ""}


@pytest.mark.parametrize("content", [as_csv(ROWS), as_xlsx(ROWS)], ids=["csv", "xlsx"])
def test_columns_are_suggested_checked_and_imported(client: Client, content: bytes) -> None:
    address = upload(client, content)
    page = squeezed(client.get(address).content.decode())
    assert "KW-1, KW-2, KW-3" in page
    for field in ("number", "name", "email", "phone"):
        assert f'<option value="{field}" selected>' in page
    before = counts()
    checked = client.post(address, {**CHOSEN, **COLUMNS, "then": "check"})
    assert checked.status_code == 422
    assert "“curios@maluti” is not an e-mail address." in squeezed(checked.content.decode())
    assert counts() == before
    some = {**CHOSEN, **COLUMNS, "wrong": "leave out"}
    sure = client.post(address, {**some, "then": "check"})
    assert "will stay out" in squeezed(sure.content.decode())
    assert counts() == before
    done = client.post(address, {**some, "then": "import", "name": "Karoo export"})
    assert "2 records added" in squeezed(done.content.decode())
    assert sorted(Customer.objects.values_list("number", "name")) == [
        ("KW-1", "Karoo Lodge"), ("KW-2", "P. van Zyl"),
    ]  # fmt: skip
    assert ContactPoint.objects.filter(kind="email").count() == 2
    rest = client.post(address, {**some, "then": "rest"})
    assert rest.content.decode("utf-8-sig").splitlines() == [
        "Row,Column,Problem", "5,Mail,“curios@maluti” is not an e-mail address.",
    ]  # fmt: skip
    assert SavedMapping.objects.get().name == "Karoo export"
    again = squeezed(client.get(f"{upload(client, content)}&match=Karoo+export").content.decode())
    assert 'value="karoo"' in again
    assert "<option selected>Karoo export</option>" in squeezed(again).replace("\n", "")


def test_what_is_needed_is_asked_for(client: Client) -> None:
    address = upload(client, as_csv(ROWS))
    before = counts()
    answer = client.post(address, {**CHOSEN, "column_0": "number", "then": "import"})
    assert answer.status_code == 422
    assert "Choose the column for: Name." in squeezed(answer.content.decode())
    assert counts() == before


def test_invoices_without_headings_come_in_by_their_place(world: World, client: Client) -> None:
    world.customer("Zara", number="KW-1")
    address = upload(client, b"I1,KW-1,05/01/2026,100.00\nI2,KW-1,06/01/2026,-30.00\n", "book.csv", "invoices")
    address += "&heading=no"
    page = squeezed(client.get(address).content.decode())
    assert "Column 1" in page
    data = {**CHOSEN, "holds": "invoices", "heading": "no", "column_0": "number", "column_1": "customer",
            "column_2": "on", "column_3": "amount"}  # fmt: skip
    done = client.post(address, {**data, "then": "import"})
    assert "2 records added" in squeezed(done.content.decode())
    assert list(Invoice.objects.values_list("number", "total_minor")) == [("I1", 10000)]


def test_services_are_matched_and_go_on_where_the_other_system_stopped(world: World, client: Client) -> None:
    world.customer("Karoo Lodge", number="KW-1")
    world.package("Fibre 100", "300")
    rows = [
        ["Client", "Package", "Billing Cycle", "Next Due Date"],
        ["karoo lodge", "Fibre 100", "Monthly", "2026-04-15"],
    ]
    address = upload(client, as_xlsx(rows), "services.xlsx", "services")
    page = squeezed(client.get(address).content.decode())
    for field in ("customer", "product", "frequency", "next_on"):
        assert f'<option value="{field}" selected>' in page
    data = {**CHOSEN, "holds": "services", "column_0": "customer", "column_1": "product", "column_2": "frequency",
            "column_3": "next_on"}  # fmt: skip
    before = counts()
    asked = client.post(address, {**data, "find": "number", "then": "check"})
    assert "There is no customer karoo lodge." in squeezed(asked.content.decode())
    assert counts() == before
    done = client.post(address, {**data, "find": "name", "then": "import"})
    assert "1 record added" in squeezed(done.content.decode())
    assert Service.objects.get().taken_over_on == dt.date(2026, 4, 15)


def test_parked_rows_are_listed_put_to_a_customer_or_dropped(world: World, client: Client) -> None:
    zara = world.customer("Karoo Lodge", number="KW-1")
    rows = b"Account,On,Paid\nLodge?,2026-03-01,10.00\nWho?,2026-03-02,20.00\nKW-1,2026-03-03,30.00\n"
    data = {**CHOSEN, "dates": "ask", "decimal": "ask", "negative": "refuse", "holds": "receipts", "wrong": "park",
            "column_0": "customer", "column_1": "on", "column_2": "amount"}  # fmt: skip
    done = client.post(upload(client, rows, "paid.csv", "receipts"), {**data, "then": "import"})
    assert "2 records parked, to be put to a customer or dropped." in squeezed(done.content.decode())
    assert "2 parked rows" in squeezed(client.get("/import/").content.decode())
    page = squeezed(client.get("/import/parked/").content.decode())
    assert "Account: Lodge?, On: 2026-03-01, Paid: 10.00" in page
    assert "There is no customer Who?." in page
    first, second = ParkedRow.objects.order_by("pk")
    before = counts()
    for wrong, says in (({"row": [first.pk, second.pk], "number": "KW-1"}, "Choose one row"),
                        ({"number": "KW-1"}, "Choose one row"),
                        ({"row": first.pk, "number": "KW-9"}, "There is no account KW-9.")):  # fmt: skip
        answer = client.post("/import/parked/", {**wrong, "then": "place"})
        assert answer.status_code == 422
        assert says in squeezed(answer.content.decode())
    assert counts() == before
    placed = client.post("/import/parked/", {"row": first.pk, "number": "KW-1", "then": "place"}, follow=True)
    assert f"Row 2 is put to {zara.name}." in squeezed(placed.content.decode())
    assert sorted(Receipt.objects.values_list("amount_minor", flat=True)) == [1000, 3000]
    client.post("/import/parked/", {"row": second.pk, "then": "drop"})
    assert "No rows are parked" in squeezed(client.get("/import/parked/").content.decode())


PAID = b"Account,Paid on,Paid\nKW-1,03/04/2025,1.000\nKW-1,05/06/2025,5\n"


def test_what_can_be_read_in_two_ways_is_asked_once_and_kept_in_the_match(world: World, client: Client) -> None:
    world.customer("Karoo Lodge", number="KW-1")
    address = upload(client, PAID, "paid.csv", "receipts")
    data = {**CHOSEN, "dates": "ask", "decimal": "ask", "negative": "refuse", "holds": "receipts",
            "column_0": "customer", "column_1": "on", "column_2": "amount"}  # fmt: skip
    before = counts()
    asked = client.post(address, {**data, "then": "import"})
    page = squeezed(asked.content.decode())
    assert asked.status_code == 422
    assert "2 questions about the file" in page
    assert "Paid on can be read in two ways, such as 03/04/2025. How is it meant?" in page
    assert "day/month/year: 03/04/2025 is 3 Apr 2025, 05/06/2025 is 5 Jun 2025" in page
    assert "a comma before the cents: 1.000 is R1,000.00" in page
    assert counts() == before
    half = client.post(address, {**data, "answer_decimal_2": "comma", "then": "import"})
    assert "1 question about the file" in squeezed(half.content.decode())
    assert counts() == before
    answers = {"answer_decimal_2": "comma", "answer_dates_1": "month/day/year"}
    done = client.post(address, {**data, **answers, "then": "import", "name": "Till"}, headers={"HX-Request": "true"})
    page = squeezed(done.content.decode())
    assert "2 records added" in page
    # The next time it is sent it says the same.
    for name, value in answers.items():
        assert f'name="{name}" value="{value}"' in page
    assert page.count(" checked") == 2
    assert list(Receipt.objects.order_by("on").values_list("on", "amount_minor")) == [
        (dt.date(2025, 3, 4), 100000), (dt.date(2025, 5, 6), 500),
    ]  # fmt: skip
    kept = SavedMapping.objects.get().text
    assert '[columns."Paid on"]\ndates = "month/day/year"' in kept
    again = squeezed(client.get(f"{upload(client, PAID, 'x.csv', 'receipts')}&match=Till").content.decode())
    assert all(f'name="{name}" value="{value}"' in again for name, value in answers.items())


def test_whose_way_is_taken_is_asked_where_somebody_is_different(client: Client) -> None:
    data = {**CHOSEN, **COLUMNS, "repeated": "ask", "then": "import"}
    client.post(upload(client, as_csv(ROWS[:3])), data)
    rows = [*ROWS[:2], ["KW-1", "Karoo Lodge", "new@lodge.example", "082 555 0191", ""]]
    address = upload(client, as_csv(rows))
    before = counts()
    asked = squeezed(client.post(address, data).content.decode())
    assert "One that came in before is different in the file. Whose way is taken?" in asked
    assert "The e-mail address of KW-1 is different in the file." in asked
    assert counts() == before
    taken = client.post(address, {**data, "answer_repeated": "update"})
    assert "and was taken from it" in squeezed(taken.content.decode())
    assert [point.value for point in ContactPoint.objects.filter(kind="email")] == ["new@lodge.example"]


def test_balances_without_a_day_in_the_file_are_as_of_the_day_that_is_chosen(world: World, client: Client) -> None:
    world.customer("Karoo Lodge", number="KW-1")
    address = upload(client, b"Account,Balance\nKW-1,150.00\n", "b.csv", "openings")
    data = {**CHOSEN, "holds": "openings", "above_zero": "owed", "column_0": "customer", "column_1": "amount"}
    missing = client.post(address, {**data, "then": "import"})
    assert "Choose the column for: As of." in squeezed(missing.content.decode())
    client.post(address, {**data, "as_of": "2026-02-28", "then": "import"})
    item = OpenItem.objects.get()
    assert (item.kind, item.on, item.amount_minor) == ("opening", dt.date(2026, 2, 28), 15000)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"PK\x03\x04", "cannot be opened"), (b"%PDF-1.7", "not text"), (b"\xd0\xcf\x11\xe0", "password")],
)
def test_what_is_no_file_of_rows_is_refused_at_once(client: Client, content: bytes, says: str) -> None:
    answer = client.post("/import/upload/", {"file": SimpleUploadedFile("x.csv", content), "holds": "customers"})
    assert answer.status_code == 422
    assert says in squeezed(answer.content.decode())
    assert not Upload.objects.exists()


def test_a_file_is_that_of_whoever_uploaded_it(world: World, client: Client) -> None:
    address = upload(client, as_csv(ROWS))
    other = add_user(world.caller(), email="c@x.example", name="C", role="administrator", password="s3cret-enough")
    their = Client()
    their.force_login(other)
    assert their.get(address).status_code == 404
    agent = add_user(world.caller(), email="d@x.example", name="D", role="agent", password="s3cret-enough")
    their.force_login(agent)
    assert their.get("/import/").status_code == 403
    assert their.post("/import/upload/", {}).status_code == 403


def test_a_file_that_nobody_imports_waits_two_days(world: World, client: Client) -> None:
    address = upload(client, as_csv(ROWS))
    at = Upload.objects.get().at
    assert drop_old_uploads(Caller.system("schedule", at=at + dt.timedelta(days=2))) == 0
    assert client.get(address).status_code == 200
    assert drop_old_uploads(Caller.system("schedule", at=at + dt.timedelta(days=2, seconds=1))) == 1
    assert client.get(address).status_code == 404
