"""A statement in five formats: the same values in each, and nothing in them that runs."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import re
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from counterfoil.kernel.periods import Period
from counterfoil.receivables import statement_files as files
from counterfoil.receivables.rules import (
    DEFAULT_BUCKETS,
    ItemState,
    Letterhead,
    Party,
    Statement,
    Style,
    age,
    pay_now,
    statement_lines,
)
from counterfoil.receivables.statement_email import statement_email

ON = dt.date(2026, 11, 20)
HOUSE = Letterhead("Highveld Fibre", tax_number="4780", email="a@highveld.example", bank="Standard Bank",
                   bank_account="012 345 678", pay_url="pay.highveld.example")  # fmt: skip
MOKOENA = Party("Mokoena Architects", "HV-004821", "14 Jan Smuts Avenue", "4810", "30 days from invoice")


def item(n: int, minor: int, on: str, due: str | None = None, **more: object) -> ItemState:
    day = dt.date.fromisoformat(on)
    details = {"kind": "invoice", "side": "debit", "open_minor": minor, "text": f"Services {n}", **more}
    return ItemState(
        id=n,
        number=f"INV-{n}",
        on=day,
        due_on=dt.date.fromisoformat(due) if due else day,
        amount_minor=minor,
        **details,
    )  # type: ignore[arg-type]


def credit(n: int, minor: int, on: str, **more: object) -> ItemState:
    return item(n, minor, on, kind="receipt", side="credit", **more)


def statement(items: list[ItemState], style: Style = "balance_forward", customer: Party = MOKOENA) -> Statement:
    period = Period.through(dt.date(2026, 7, 1), ON)
    opening, lines, closing = statement_lines(items, period, style)
    return Statement(
        customer,
        HOUSE,
        "ZAR",
        period,
        style,
        opening,
        lines,
        closing,
        age(items, DEFAULT_BUCKETS, ON),
        pay_now(items, ON),
        ON,
    )


def usual(style: Style = "balance_forward") -> Statement:
    return statement(
        [
            item(1, 107920, "2026-06-01", "2026-10-01"),
            item(2, 85000, "2026-10-12", "2026-11-11", disputed_minor=42500),
            item(3, 256715, "2026-11-01", "2026-12-01"),
            credit(4, 150000, "2026-11-03", open_minor=0),
        ],
        style,
    )


def pdf_text(one: Statement) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(files.statement_pdf(one))).pages)


@pytest.mark.parametrize("style", ["balance_forward", "open_item"])
def test_each_format_says_the_same(style: Style) -> None:
    one = usual(style)
    paper, page = pdf_text(one), files.statement_html(one)
    view = files.statement_view(one)
    figures = [figure["value"] for figure in view["figures"]]
    assert figures[:3] == ["R1,504.20", "R2,567.15", "R425.00"]
    for row in view["activity"]["rows"]:
        for cell in row:
            text = cell["text"] if isinstance(cell, dict) else cell
            assert text in paper
            assert text in page
    for value in [
        *figures,
        *view["activity"]["total"]["values"],
        "HV-004821",
        "012 345 678",
        "Not due",
        "1 to 30 days",
    ]:
        assert value in paper
        assert value in page


def test_the_parts_add_up_to_the_total() -> None:
    for items in (
        [item(1, 100, "2026-08-01", "2026-09-01"), credit(2, 30, "2026-09-05")],
        [item(1, 100, "2026-11-01", "2026-12-01"), credit(2, 130, "2026-09-05")],
        [credit(2, 130, "2026-09-05")],
        [],
    ):
        parts = statement(items).parts
        assert parts.pay_now + parts.due_later + parts.disputed - parts.credit_left == parts.balance


def test_the_opening_is_there_and_the_lines_run_to_the_closing() -> None:
    one = usual()
    rows = list(csv.reader(StringIO(files.statement_csv(one))))
    assert rows[1][2:] == ["Opening balance", "", "", "1079.20"]
    assert rows[2] == ["2026-10-12", "INV-2", "Services 2", "2026-11-11", "850.00", "1929.20"]
    assert rows[-1][-1] == "2996.35"


def test_a_customer_in_credit_reads_well() -> None:
    one = statement([credit(1, 15000, "2026-11-02")])
    text = pdf_text(one)
    assert "Nothing to pay" in text
    assert "Your account is in credit" in text
    assert "How to pay" not in text
    assert statement_email(one, open_lines=()).subject == "Your statement, R150.00 in credit"


def test_a_customer_who_owes_nothing_reads_well() -> None:
    one = statement([])
    text = pdf_text(one)
    assert "Nothing to pay" in text
    assert "no transactions in this period" in text
    assert "How old" not in text
    assert "Nothing is open." in pdf_text(statement([], "open_item"))
    assert statement_email(one, open_lines=()).subject == "Your statement, nothing to pay"


def test_eighty_lines_take_three_pages_and_the_payment_block_stays_whole() -> None:
    lines = [item(n, 10000 + n, "2026-08-01", "2026-09-01") for n in range(80)]
    pages = [page.extract_text() for page in PdfReader(BytesIO(files.statement_pdf(statement(lines)))).pages]
    assert len(pages) == 3
    assert all("Reference" in page for page in pages)
    whole = [page for page in pages if "How to pay" in page]
    assert len(whole) == 1
    assert "Use the reference exactly" in whole[0]


def test_the_same_statement_gives_the_same_bytes() -> None:
    assert files.statement_pdf(usual()) == files.statement_pdf(usual())


HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "http://evil.example", '=HYPERLINK("x")', "<b>x</b>"]


def test_a_spreadsheet_runs_nothing() -> None:
    one = statement([item(n, 100, "2026-08-01", "2026-09-01", text=text) for n, text in enumerate(HOSTILE)])
    rows = list(csv.reader(StringIO(files.statement_csv(one), newline="")))
    assert not any(row[2].startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows)
    sheet = load_workbook(BytesIO(files.statement_xlsx(one))).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    assert {text.strip() for text in HOSTILE} <= {str(cell.value).strip() for cell in cells}
    assert any(cell.is_date and cell.value == dt.datetime(2026, 8, 1) for cell in cells)  # noqa: DTZ001
    assert any(cell.value == 9 for cell in cells)


def test_a_hostile_name_is_text_on_the_page_and_in_the_mail() -> None:
    party = dataclasses.replace(MOKOENA, name='<script>alert(1)</script> #read("/etc/passwd")')
    one = statement([item(1, 100, "2026-08-01", "2026-09-01", text="<img src=x>")], customer=party)
    page = files.statement_html(one, standalone=True)
    mail = statement_email(one, open_lines=one.lines, text="<b>Hello</b>\nfriend")
    for html in (page, mail.html):
        assert "<script>" not in html
        assert "<img" not in html
    assert "<b>Hello</b>" in mail.text
    assert "&lt;b&gt;Hello" in mail.html
    assert '#read("/etc/passwd")' in "".join(pdf_text(one).split())


def test_the_page_fragment_has_no_inline_style() -> None:
    assert not re.search(r"\sstyle=", files.statement_html(usual()))
    assert "<style>" not in files.statement_html(usual())


@pytest.mark.parametrize(
    ("label", "words"),
    [("Current", "Not due"), ("1-30", "1 to 30 days"), ("Over 120", "Over 120 days"), ("Ancient", "Ancient")],
)
def test_buckets_in_words(label: str, words: str) -> None:
    assert files.bucket_words(label) == words


def test_the_mail_carries_the_fact_in_its_subject() -> None:
    one = usual("open_item")
    mail = statement_email(one, open_lines=one.lines, related="ticket:8812")
    assert mail.subject == "Your statement, R1,504.20 to pay now"
    assert "50 days overdue" in mail.html
    assert "425.00 in dispute" in mail.html
    assert "ticket 8812" in mail.text
    assert "https://pay.highveld.example/HV-004821" in mail.text
    assert len(mail.html.encode()) < 15_000
