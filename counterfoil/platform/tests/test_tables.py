"""Lists: what the query string asks, and that a file says what the screen says."""

import datetime as dt
import io
from dataclasses import dataclass, replace

import openpyxl
import pytest
from django.utils import timezone

from counterfoil.kernel.money import Money
from counterfoil.platform import write_guard
from counterfoil.platform.columns import Cell, Line, sought
from counterfoil.platform.exports import for_pdf, to_csv, to_xlsx
from counterfoil.platform.jobs import start_job
from counterfoil.platform.models import Job
from counterfoil.platform.spreadsheets import neutral
from counterfoil.platform.tables import Column, Filter, Listing, Table, View
from counterfoil.platform.templatetags.counterfoil import cells
from counterfoil.testing.world import World


@dataclass
class Row:
    name: str
    on: dt.date | None
    minor: int
    kind: str = "a"


TABLE = Table(
    key="rows",
    title="Rows",
    columns=(
        Column("name", "Name", lambda row: row.name, sort=True, sub=lambda row: row.kind),
        Column("on", "Date", lambda row: row.on, "date", sort=True),
        Column("minor", "Amount", lambda row: row.minor, "money", sort=True, total=True),
    ),
    filters=(
        Filter(
            "kind", "Kind", lambda: [("a", "First"), ("b", "Second")],
            lambda rows, value: [row for row in rows if row.kind == value],
        ),
    ),
    views=(
        View("all", "All", lambda rows: rows),
        View("late", "Late", lambda rows: [row for row in rows if row.on]),
    ),
    order="name",
    page_size=2,
)  # fmt: skip
NOON = dt.datetime(2026, 3, 31, 12, tzinfo=timezone.get_current_timezone())
MARCH = dt.datetime.fromisoformat("2026-03-01")
ROWS = [
    Row("Zara", dt.date(2026, 3, 1), 12_345),
    Row("=cmd()", None, -500, "b"),
    Row("Anna", dt.date(2025, 12, 31), 0),
]


def test_a_search_is_bounded_whatever_is_sent() -> None:
    assert sought("  zara   zara  x ") == "zara x"
    assert sought(" ".join(f"w{n}" for n in range(2000))) == "w0 w1 w2 w3 w4 w5 w6 w7"
    assert sought("x" * 4000) == "x" * 100
    asked: list[str] = []
    table = replace(TABLE, columns=(Column("name", "Name", lambda row: asked.append(row.name) or row.name),), order="")
    found = table.listing(ROWS, {"q": "a " * 40 + "r z"}, "/rows/")
    assert [row.name for row in found.found] == ["Zara"]
    assert asked == ["Zara", "=cmd()", "Anna"]  # each cell once, however many words


def listing(**params: str) -> Listing:
    return TABLE.listing(ROWS, params, "/rows/", currency="ZAR", today=dt.date(2026, 3, 31))


def names(found: Listing) -> list[str]:
    return [row.name for row in found.all_rows()]


def test_without_a_question_the_rows_stand_in_the_tables_order() -> None:
    assert names(listing()) == ["=cmd()", "Anna", "Zara"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"sort": "-minor"}, ["Zara", "Anna", "=cmd()"]),
        ({"sort": "on"}, ["Anna", "Zara", "=cmd()"]),
        ({"sort": "-on"}, ["Zara", "Anna", "=cmd()"]),
        ({"sort": "nonsense"}, ["=cmd()", "Anna", "Zara"]),
        ({"q": "za"}, ["Zara"]),
        ({"kind": "b"}, ["=cmd()"]),
        ({"kind": "nonsense"}, ["=cmd()", "Anna", "Zara"]),
        ({"view": "late", "sort": "name"}, ["Anna", "Zara"]),
    ],
)
def test_search_filter_view_and_order(params: dict[str, str], expected: list[str]) -> None:
    assert names(listing(**params)) == expected


def test_pages_are_numbered_and_a_page_beyond_the_last_is_the_last() -> None:
    second = listing(page="2")
    assert (second.page, second.page_count, second.shown) == (2, 2, "3 to 3 of 3")
    assert listing(page="99").page == 2
    assert listing(page="²").page == 1
    assert [label for label, _, _ in second.pages] == ["1", "2"]


def test_every_row_is_on_one_page_and_once() -> None:
    shown = [cell.text for page in ("1", "2") for line in listing(page=page).lines for cell in line.cells[:1]]
    assert shown == ["=cmd()", "Anna", "Zara"]


def test_rows_of_the_database_are_paged_and_blanks_come_last_both_ways(world: World) -> None:
    for name, day in (("Ann", dt.date(2020, 1, 1)), ("Bob", None), ("Cas", dt.date(2021, 1, 1))):
        start_job(replace(world.system(), at=world.now), kind="export", title=name, arguments={})
        with write_guard.writing():
            at = day and dt.datetime(day.year, 1, 1, tzinfo=dt.UTC)
            Job.objects.filter(title=name).update(started_at=at)
    columns = (Column("title", "Job", lambda row: row.title), Column("at", "At", lambda row: row.at, sort="started_at"))
    table = Table(key="jobs", title="Jobs", columns=columns, page_size=2)
    for sort, expected in (("at", ["Ann", "Cas", "Bob"]), ("-at", ["Cas", "Ann", "Bob"])):
        pages = [table.listing(Job.objects.all(), {"sort": sort, "page": page}, "/jobs/") for page in ("1", "2")]
        assert [line.cells[0].text for page in pages for line in page.lines] == expected


def test_links_keep_what_was_chosen_and_drop_the_page() -> None:
    assert listing(q="a", page="2", sort="-on").link(kind="a") == "/rows/?q=a&sort=-on&kind=a"
    assert listing(kind="b", view="late").link(sort="on") == "/rows/?kind=b&view=late&sort=on"


def test_the_total_is_over_all_pages() -> None:
    assert [cell.text for cell in listing().totals] == ["", "", "118.45"]


def test_words_on_screen() -> None:
    cells = [cell.text for cell in listing(q="zara").lines[0].cells]
    assert cells == ["Zara", "1 Mar", "123.45"]


def test_a_foreign_amount_says_its_currency() -> None:
    column = TABLE.columns[2]
    assert listing().words(column, Money(500, "USD")) == "$5.00"
    assert listing().words(column, Money(500, "ZAR")) == "5.00"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_made_text(start: str) -> None:
    assert neutral(f"{start}1+1") == f"'{start}1+1"


def test_csv_has_raw_numbers_iso_dates_and_no_formulas() -> None:
    content = to_csv(listing())
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.decode("utf-8-sig").splitlines() == [
        'Name,"Name, note",Date,"Amount, ZAR"',
        "'=cmd(),b,,-5.00",
        "Anna,a,2025-12-31,0.00",
        "Zara,a,2026-03-01,123.45",
    ]


def test_csv_holds_exactly_what_is_on_screen() -> None:
    lines = to_csv(listing(kind="a", sort="-minor")).decode("utf-8-sig").splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == ["Zara", "Anna"]


def test_excel_has_typed_cells_a_frozen_head_and_says_how_it_was_narrowed() -> None:
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(listing(sort="-minor"), title="Rows", now=NOON)))
    sheet = book.active
    assert sheet is not None
    assert sheet.freeze_panes == "B5"
    assert sheet["A2"].value == "by amount, descending. 2026-03-31 12:00"
    assert [cell.value for cell in sheet[5]] == ["Zara", "a", MARCH, 123.45]
    assert sheet["A7"].value == "=cmd()"
    assert sheet["A7"].data_type == "s"


def test_print_has_the_words_of_the_screen_and_the_total() -> None:
    made = for_pdf(listing(kind="a"), title="Rows", now=NOON)
    assert made["rows"] == [["Anna\na", "31 Dec 2025", "0.00"], ["Zara\na", "1 Mar", "123.45"], ["Total", "", "123.45"]]
    assert [column["align"] for column in made["columns"]] == ["left", "left", "right"]


def test_a_row_is_drawn_as_it_is_declared_and_nothing_in_it_is_markup() -> None:
    text, amount = Column("a", "A", str), Column("b", "B", str, "money", low=True, strong=True)
    date, badge = Column("c", "C", str, "date"), Column("d", "D", str, "badge")
    day = dt.date(2026, 3, 1)
    line = Line("1", [
        Cell(text, "<b>", "<b>", href='/x"y', sub="<i>", tone='r"'),
        Cell(amount, "0.00", 0),
        Cell(amount, "5.00", 500, tone="red"),
        Cell(date, "1 Mar", day),
        Cell(badge, "<u>", "", href="/z<", tone="bad"),
        Cell(badge, "", ""),
    ])  # fmt: skip
    assert cells(line, "sub2") == (
        '<th scope="row"><a class="id r&quot;" href="/x&quot;y">&lt;b&gt;</a><span class="sub2">&lt;i&gt;</span></th>'
        '<td class="n lo strong"><span class="zero">0.00</span></td>'
        '<td class="n lo strong"><span class="red">5.00</span></td>'
        '<td class="nowrap"><time datetime="2026-03-01">1 Mar</time></td>'
        '<td><a href="/z&lt;"><span class="b bad">&lt;u&gt;</span></a></td>'
        "<td></td>"
    )
