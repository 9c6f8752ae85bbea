"""A listing as a file: exactly the rows, columns and order of the screen, with raw numbers and ISO dates."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter
from django.utils import timezone

from counterfoil.kernel import money as amounts
from counterfoil.platform.bulk import chunks
from counterfoil.platform.spreadsheets import TEXT_CELL, neutral
from counterfoil.platform.tables import Column, Listing

# How many rows are written between two looks at whether to go on.
_STEP = 500
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def _money(value: Any, listing: Listing) -> tuple[int, str]:
    return (value.minor, value.currency) if isinstance(value, amounts.Money) else (value, listing.currency)


def _head(column: Column, listing: Listing) -> str:
    return f"{column.label}, {listing.currency}" if column.kind == "money" else column.label


def plain(column: Column, row: Any, listing: Listing) -> str:
    """A value as a program reads it."""
    value = column.get(row)
    if value is None or value == "":
        return ""
    match column.kind:
        case "money":
            return amounts.plain_text(*_money(value, listing))
        case "date":
            return str(value.isoformat())
        case "when":
            return timezone.localtime(value).isoformat(sep=" ", timespec="seconds")
        case "number":
            return str(value)
    return neutral(str(value))


def _subtitles(column: Column) -> bool:
    return column.sub is not None


def to_csv(listing: Listing, *, for_programs: bool = False) -> bytes:
    """UTF-8 with a byte order mark, so that Excel reads accents; what stands under a value gets a column of its own.

    For programs there is no mark, and a head is the label alone.
    """
    return _last(csv_steps(listing, for_programs=for_programs))


def csv_steps(listing: Listing, *, for_programs: bool = False) -> Iterator[int | bytes]:
    """The same, a little at a time: how many rows were written since, and at the end the file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n" if for_programs else "\r\n")
    columns = listing.table.columns
    heads = [name for column in columns for name in _names(column, listing)]
    writer.writerow([neutral(head) for head in ([column.label for column in columns] if for_programs else heads)])
    for rows in chunks(listing.all_rows(), _STEP):
        writer.writerows([text for column in columns for text in _values(column, row, listing)] for row in rows)
        yield len(rows)
    yield (b"" if for_programs else b"\xef\xbb\xbf") + out.getvalue().encode()


def _last(steps: Iterator[int | bytes]) -> bytes:
    *_, content = steps
    assert isinstance(content, bytes)
    return content


def _names(column: Column, listing: Listing) -> list[str]:
    head = _head(column, listing)
    return [head, f"{column.label}, note"] if _subtitles(column) else [head]


def _values(column: Column, row: Any, listing: Listing) -> list[str]:
    value = plain(column, row, listing)
    return [value, neutral(column.sub(row))] if column.sub else [value]


def to_xlsx(listing: Listing, *, title: str, now: dt.datetime) -> bytes:
    """Typed cells, a frozen head, and above it what the list is, how it was narrowed and when."""
    return _last(xlsx_steps(listing, title=title, now=now))


def xlsx_steps(listing: Listing, *, title: str, now: dt.datetime) -> Iterator[int | bytes]:
    """The same, a little at a time: how many rows were written since, and at the end the file."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {"constant_memory": True, "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
         "default_date_format": "yyyy-mm-dd", "remove_timezone": True},
    )  # fmt: skip
    sheet = book.add_worksheet("List")
    places = amounts.places(listing.currency)
    looks = {
        "money": book.add_format({"num_format": "#,##0" + (f".{'0' * places}" if places else "")}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "when": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        "text": book.add_format(TEXT_CELL),
    }
    bold = book.add_format({"bold": True, **TEXT_CELL})
    sheet.write_string(0, 0, title, bold)
    sheet.write_string(1, 0, f"{listing.description}. {timezone.localtime(now):%Y-%m-%d %H:%M}", looks["text"])
    sheet.freeze_panes(4, 1)
    names = [name for column in listing.table.columns for name in _names(column, listing)]
    for place, name in enumerate(names):
        sheet.set_column(place, place, 18)
        sheet.write_string(3, place, name, bold)
    written = 4
    for rows in chunks(listing.all_rows(), _STEP):
        for number, row in enumerate(rows, start=written):
            place = 0
            for column in listing.table.columns:
                _write(sheet, number, place, column, column.get(row), listing, looks)
                place += 1
                if column.sub:
                    sheet.write_string(number, place, column.sub(row), looks["text"])
                    place += 1
        written += len(rows)
        yield len(rows)
    book.close()
    yield out.getvalue()


def _write(
    sheet: Any, number: int, place: int, column: Column, value: Any, listing: Listing, looks: dict[str, Any]
) -> None:
    if value is None or value == "":
        return
    match column.kind:
        case "money":
            minor, currency = _money(value, listing)
            sheet.write_number(number, place, minor / 10 ** amounts.places(currency), looks["money"])
        case "number":
            sheet.write_number(number, place, float(value))
        case "date":
            sheet.write_datetime(number, place, dt.datetime.combine(value, dt.time()), looks["date"])
        case "when":
            sheet.write_datetime(number, place, timezone.localtime(value).replace(tzinfo=None), looks["when"])
        case _:
            sheet.write_string(number, place, str(value)[:32767], looks["text"])


def for_pdf(listing: Listing, *, title: str, now: dt.datetime) -> dict[str, Any]:
    """What the printed list needs: words in every cell, and which columns stand at the right."""
    rows = [
        [cell.text + (f"\n{cell.sub}" if cell.sub else "") for cell in listing.cells(row)] for row in listing.all_rows()
    ]
    if listing.totals:
        totals = [cell.text for cell in listing.totals]
        rows.append([totals[0] or listing.table.total_label, *totals[1:]])
    return {
        "title": title,
        "subtitle": f"{listing.description}. {timezone.localtime(now):%Y-%m-%d %H:%M}",
        "columns": [
            {"label": head.label, "align": "right" if head.column.numeric else "left"} for head in listing.heads
        ],
        "rows": rows,
    }


def lines_csv(heads: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """A few lines as a CSV file for people, where there is no list on screen."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads)
    writer.writerows([neutral(value) if isinstance(value, str) else value for value in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")
