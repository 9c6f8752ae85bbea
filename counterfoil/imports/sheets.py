"""The rows of a file as people save them: CSV of any separator, or a sheet of a workbook; with or without headings."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from openpyxl import load_workbook

from counterfoil.imports.objects import is_json, json_lines
from counterfoil.kernel.errors import Refused

MOST_COLUMNS = 500
# A longer line is no row of a file that people made; it is refused before its values are taken apart.
MOST_LINE = 1_000_000
# The heading is among the first lines.
MOST_ABOVE = 30
DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MOST_UNPACKED = 400 * 1024 * 1024
MOST_SHEETS = 100
# What a cell that is a number, and no text, begins with: its point is a decimal one, whatever mark the texts beside it
# have. Nobody types it (it is the invisible separator).
NUMBER = "\u2063"
Row = tuple[int, list[str]]


def is_workbook(content: bytes) -> bool:
    """Whether the file is one of a spreadsheet program rather than text."""
    return content[:2] == b"PK"


def rows_of(
    content: bytes, wanted: Sequence[str], *, delimiter: str = "", encoding: str = "utf-8-sig", sheet: str = "",
    headed: bool = True,
) -> Iterator[tuple[int, dict[str, str]]]:  # fmt: skip
    """(line, values by wanted column) of each row. Without headings columns are known by their place: 1, 2, 3.

    What stands above the heading is passed over; headings may be in other case.
    """
    lines = lines_of(content, wanted, delimiter=delimiter, encoding=encoding, sheet=sheet, headed=headed)
    if not headed:
        for number, cells in lines:
            if any(cells):
                yield number, {name: cells[int(name) - 1] if int(name) <= len(cells) else "" for name in wanted}
        return
    heading, lines = _headed(lines, wanted)
    header = [name.casefold() for name in heading]
    places = {name: header.index(name.casefold()) for name in wanted}
    for number, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(header) and any(cells[len(header) :] or ["short"] * (len(cells) < len(header))):
            raise Refused(
                "ragged_row",
                f"There are {len(cells)} values for {len(header)} columns. Check the quotes and the separator.",
                row=number,
            )
        yield number, {name: cells[place] for name, place in places.items()}


def lines_of(
    content: bytes, wanted: Sequence[str] = (), *, delimiter: str = "", encoding: str = "utf-8-sig", sheet: str = "",
    headed: bool = True,
) -> Iterator[Row]:  # fmt: skip
    """(line, cells) of a file of any kind."""
    if is_workbook(content):
        return workbook_lines(content, sheet)
    if is_json(content):
        return json_lines(content)
    return text_lines(content, wanted, delimiter=delimiter, encoding=encoding, headed=headed)


def _headed(lines: Iterator[Row], wanted: Sequence[str]) -> tuple[list[str], Iterator[Row]]:
    """The heading, and the rows below it: the first of the first lines that has every wanted column."""
    above = list(itertools.islice((row for row in lines if any(row[1])), MOST_ABOVE))
    names = {name.casefold() for name in wanted}
    for place, (_, cells) in enumerate(above):
        header = [cell.casefold() for cell in cells]
        if len(cells) > MOST_COLUMNS:
            raise too_many_columns(len(cells))
        if names <= set(header):
            if twice := sorted(name for name in names if header.count(name) > 1):
                name = next(cell for cell in cells if cell.casefold() == twice[0])
                raise Refused("column_twice", f"The file has the column {name} twice.", field="file")
            return cells, itertools.chain(above[place + 1 :], lines)
    shown = above[0][1] if above else []
    # The line that has most of them is the heading that was meant.
    best = max((cells for _, cells in above), key=lambda cells: len(names & {c.casefold() for c in cells}), default=[])
    meant = best if names & {cell.casefold() for cell in best} else shown
    missing = sorted(name for name in wanted if name.casefold() not in {cell.casefold() for cell in meant})
    raise Refused(
        "columns_missing",
        f"The file lacks the columns {', '.join(missing)}. It has: {', '.join(meant[:40])}.{_other_separator(shown)}",
        field="file",
    )


def _other_separator(cells: Sequence[str]) -> str:
    """What the line seems to be separated by, where it is one cell only."""
    if len(cells) != 1:
        return ""
    seems = max(DELIMITERS, key=cells[0].count)
    return f" It seems to be separated by {_NAMES[seems]}: leave delimiter out." if seems in cells[0] else ""


def too_many_columns(count: int) -> Refused:
    """Why a file that wide is not read."""
    return Refused(
        "too_many_columns",
        f"The file has {count:,} columns; the most is {MOST_COLUMNS}. Remove the columns that the mapping does not "
        "name, and check that rows are not columns.",
        field="file",
    )


# ------------------------------------------------------------------ text


def text_of(content: bytes, encoding: str) -> str:
    """The text of a file; refused in words when it is none."""
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise Refused("not_csv", "This workbook has a password or is of an old Excel. Save it as .xlsx without a "
                      "password.", field="file")  # fmt: skip
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif content[:4] == b"%PDF" or b"\x00" in content:
        raise Refused("not_csv", "This is not a CSV file: it is not text.", field="file")
    try:
        return content.decode(encoding)
    except (UnicodeError, LookupError) as error:
        at = content[: getattr(error, "start", 0)].count(b"\n") + 1
        raise Refused(
            "wrong_encoding",
            f"Line {at} is not {encoding.removesuffix('-sig').upper()}. Save the file as CSV UTF-8, or say "
            'encoding = "cp1252" (or another) in the mapping.',
            field="file",
        ) from error


def text_lines(
    content: bytes, wanted: Sequence[str], *, delimiter: str = "", encoding: str = "utf-8-sig", headed: bool = True
) -> Iterator[Row]:
    """(line, cells) of a CSV file. A first line `sep=;` says its separator; else the heading does."""
    text = text_of(content, encoding)
    skip = 0
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n", ""):
        delimiter, skip = text[4:5], 1
    parted = delimiter or sniffed(text, wanted if headed else ())
    reader = csv.reader(_lines(text, parted, skip), delimiter=parted, strict=True)
    try:
        for cells in reader:
            yield reader.line_num + skip, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise Refused("not_csv", f"This is not CSV: {error}.", field="file", row=reader.line_num + skip) from error


def sniffed(text: str, wanted: Sequence[str]) -> str:
    """What the file is separated by: what parts its heading into the wanted columns, or most of its first lines."""
    start = text[: 64 * 1024]
    lines = start.splitlines()[:MOST_ABOVE]
    names = {name.casefold() for name in wanted}
    for delimiter in DELIMITERS:
        for line in lines if names else ():
            # What is in quotes does not part.
            cells = {cell.strip().strip('"').casefold() for cell in line.split(delimiter)}
            if names <= cells and (len(names) > 1 or delimiter in line):
                return delimiter
    return max(DELIMITERS, key=lambda one: (sum(one in line for line in lines), -DELIMITERS.index(one)))


def _lines(text: str, delimiter: str, skip: int) -> Iterator[str]:
    """The lines of a file; refused at the first that is too long to be taken apart."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > MOST_LINE:
            if number == 1:
                raise too_many_columns(line.count(delimiter) + 1)
            raise Refused(
                "line_too_long",
                f"This line has {len(line):,} characters; the most is {MOST_LINE:,}. Check where rows end.",
                row=number,
            )
        if number > skip:
            yield line


# ------------------------------------------------------------------ workbooks


def sheet_names(content: bytes) -> list[str]:
    """The sheets of a workbook."""
    return [str(name) for name in _opened(content).sheetnames]


def workbook_lines(content: bytes, sheet: str = "") -> Iterator[Row]:
    """(line, cells) of a sheet, or of the first that has any: values as they are shown, never formulas."""
    book = _opened(content)
    if sheet and sheet not in book.sheetnames:
        there = ", ".join(book.sheetnames[:20])
        raise Refused("no_such_sheet", f"The workbook has no sheet {sheet[:40]}. It has: {there}.", field="file")
    chosen = [book[sheet]] if sheet else [one for one in book.worksheets if one.sheet_state == "visible"]
    try:
        yield from _first_with_any(chosen)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - what is damaged further down is met while its rows are read
        raise _damaged() from error


def _damaged() -> Refused:
    return Refused("not_a_workbook", "This workbook cannot be opened. Save it as .xlsx or as CSV UTF-8.", field="file")


def _first_with_any(sheets: Sequence[Any]) -> Iterator[Row]:
    """The lines of the first of these sheets that says anything."""
    for one in sheets:
        # What a program says of a sheet's size is often wrong, and then rows are missing.
        one.reset_dimensions()
        lines = ((number, _texts(row)) for number, row in enumerate(one.iter_rows(values_only=True), start=1))
        begun = next(((number, cells) for number, cells in lines if any(cells)), None)
        if begun is not None:
            yield from _wide(itertools.chain([begun], lines))
            return


def _wide(lines: Iterator[Row]) -> Iterator[Row]:
    """Rows as wide as the widest before them: a sheet leaves out the empty cells at the end of a row."""
    most = 0
    for number, cells in lines:
        while cells and not cells[-1]:
            cells.pop()
        most = max(most, len(cells)) if most < MOST_COLUMNS else most
        yield number, cells + [""] * (most - len(cells))


def _opened(content: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                raise Refused(
                    "too_large", "The workbook is too large unpacked. Save the sheet as CSV UTF-8.", field="file"
                )
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except Refused:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file fails in any part of what reads it
        raise _damaged() from error
    if len(book.sheetnames) > MOST_SHEETS:
        raise Refused("too_many_sheets", f"The workbook has {len(book.sheetnames)} sheets; the most is {MOST_SHEETS}.",
                      field="file")  # fmt: skip
    return book


def _texts(row: Sequence[Any]) -> list[str]:
    return [_text(value) for value in row[: MOST_COLUMNS + 1]]


def _text(value: Any) -> str:
    """A cell as a CSV file would have it."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case dt.datetime():
            return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
        case float():
            said = f"{value:.10f}".rstrip("0").rstrip(".")
            return f"{NUMBER}{said}" if "." in said else said
        case _:
            return str(value).strip()
