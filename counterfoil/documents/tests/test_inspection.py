"""A file is what a parser reads it as, whatever it calls itself."""

from __future__ import annotations

import io
import zipfile

import pytest
import xlsxwriter
from PIL import Image

from counterfoil.documents import inspection
from counterfoil.documents.inspection import inspect
from counterfoil.documents.rendering import table_pdf
from counterfoil.kernel.errors import Refused


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form)
    return out.getvalue()


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def workbook() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet().write(0, 0, "a")
    book.close()
    return out.getvalue()


def pdf() -> bytes:
    return table_pdf(
        author="x", on=(2026, 1, 1), title="T", subtitle="", columns=[{"label": "A", "align": "left"}], rows=[["1"]]
    )


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("WEBP"), "image/webp"),
        (picture("GIF"), "image/gif"),
        (pdf(), "application/pdf"),
        (workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (
            packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<x/>"}),
            "application/vnd.oasis.opendocument.text",
        ),
        ("Gate code 1234, ask for Zoë".encode(), "text/plain"),
    ],
)
def test_what_is_kept(content: bytes, mime: str) -> None:
    assert inspect(content) == mime


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "unknown_file"),
        (b"\xef\xbb\xbf  <!doctype html><script>alert(1)</script>", "unknown_file"),
        (b"MZ\x90\x00\x03", "unknown_file"),
        (b"\x7fELF\x02", "unknown_file"),
        (b"%PDF-1.7 and then nothing of the kind", "damaged_file"),
        (picture("PNG")[:60], "damaged_file"),
        (b"PK\x03\x04 no archive", "damaged_file"),
        (packed({"evil.exe": b"MZ"}), "unknown_file"),
        (packed({"xl/workbook.xml": b"<x/>", "xl/vbaProject.bin": b"x"}), "has_macros"),
        (packed({"word/document.xml": b"\0" * 50_000_000}), "zip_bomb"),
        (bytes(range(256)), "unknown_file"),
    ],
)
def test_what_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        inspect(content, field="file")
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_a_picture_that_unpacks_to_far_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MOST_PIXELS", 1000)
    with pytest.raises(Refused, match="100 by 100 pixels"):
        inspect(picture("PNG", (100, 100)))


def test_an_archive_of_very_many_files_is_refused_before_their_list_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    many = packed({"word/document.xml": b"<x/>", **{f"{number}": b"" for number in range(10_001)}})

    def read(*args: object) -> None:
        raise AssertionError("The list was read.")

    monkeypatch.setattr("zipfile.ZipFile", read)
    with pytest.raises(Refused) as refused:
        inspect(many)
    assert refused.value.code == "zip_bomb"


def test_a_file_that_is_two_things_is_kept_as_the_first() -> None:
    script = b"<script>alert(1)</script>"
    assert inspect(picture("GIF") + script) == "image/gif"
    assert inspect(pdf() + packed({"a.html": script})) == "application/pdf"
