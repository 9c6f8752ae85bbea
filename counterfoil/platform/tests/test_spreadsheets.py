"""No text becomes a formula, whatever stands before its sign and whatever the sign looks like."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import counterfoil
from counterfoil.platform.exports import to_csv, to_xlsx
from counterfoil.platform.spreadsheets import neutral
from counterfoil.platform.tables import Column, Listing, Table
from counterfoil.testing.world import World

# As typed, full-width, small, superscript, subscript, and a true minus.
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207c\u207a\u207b\u208c\u208a\u208b\u2212"
UNSEEN = (
    " \t\r\n\x00\x1f\u00a0\u00ad\u034f\u061c\u115f\u180e\u200b\u200e\u2028\u202e\u2060\u2066\u2800"
    "\u3000\u3164\ufe0f\ufeff"
)


@given(st.text(UNSEEN, max_size=5), st.sampled_from(SIGNS), st.text(max_size=20))
def test_a_sign_behind_what_one_does_not_see_is_text(before: str, sign: str, after: str) -> None:
    text = before + sign + after
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("start", ["\t", "\r", "\n"])
def test_so_is_what_begins_with_a_tab_or_a_line_break(start: str) -> None:
    assert neutral(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize(
    "text",
    ["", "Zara", "1+1", "a=b", "zara@mail.example", "'=1", "  Zara - Cape Town", "É", "日本", "#1", "(-5)", "\u200b"],
)
def test_other_text_is_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_heads_notes_and_cells_are_guarded_alike(world: World) -> None:
    label = "\uff1dcmd"
    table = Table("t", "T", (Column("a", label, get=lambda row: row, sub=lambda row: f"\u200b{row}"),))
    listing = Listing(table, [" =1+1", "Zara"], {}, "", currency="ZAR", today=world.today)
    assert to_csv(listing).decode("utf-8-sig").splitlines() == [
        f"'{label},\"'{label}, note\"", "' =1+1,'\u200b =1+1", "Zara,\u200bZara",
    ]  # fmt: skip
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(listing, title="=1+1", now=world.now))).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    # Text also once somebody edits the cell.
    assert all(cell.quotePrefix for cell in cells)
    assert " =1+1" in [cell.value for cell in cells]


def test_whoever_writes_a_spreadsheet_uses_the_guard() -> None:
    package = Path(counterfoil.__file__).parent
    sources = {
        str(path.relative_to(package)): path.read_text()
        for path in package.rglob("*.py")
        if not {"tests", "bench"} & set(path.parts)
    }
    writers = {name for name, text in sources.items() if "csv.writer(" in text or "xlsxwriter" in text}
    assert writers == {"platform/exports.py", "receivables/statement_files.py"}
    for name in writers:
        assert "from counterfoil.platform.spreadsheets import TEXT_CELL, neutral" in sources[name]
        assert "_FORMULA" not in sources[name]
