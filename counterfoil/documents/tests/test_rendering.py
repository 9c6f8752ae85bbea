"""PDFs: what they say, whatever is put into them."""

from __future__ import annotations

from io import BytesIO

import pytest
from pypdf import PdfReader

from counterfoil.documents.models import StoredFile
from counterfoil.documents.operations import store_file
from counterfoil.documents.parties import file_name
from counterfoil.documents.rendering import printable, qr_svg, table_pdf
from counterfoil.testing.world import World


def table(rows: list[list[str]], **more: object) -> bytes:
    columns = [{"label": "Number"}, {"label": "Name"}, {"label": "Balance, R", "align": "right"}]
    return table_pdf(
        title="Customers", subtitle="All", author="Us", on=(2026, 3, 31), columns=columns, rows=rows, **more
    )


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.mark.parametrize(
    "name",
    [
        '#read("/etc/passwd")',
        '#import "parts.typ": *',
        "$x^2$ *bold* _i_ @ref <label> // no comment",
        "\\u{41} \\ #{1+1} ]] [[ ``` \"'",
        "<script>alert(1)</script> & {{ settings.SECRET_KEY }} {% now %}",
    ],
)
def test_a_hostile_name_is_printed_as_it_is(name: str) -> None:
    assert "".join(name.split()) in "".join(text_of(table([["1", name, "0.00"]])).split())


@pytest.mark.parametrize(
    "name",
    [
        "شركة موكوينا للهندسة " * 14,
        "משרד אדריכלים",
        "北京建筑设计院",
        "สถาปนิก हिन्दी Ελλάδα Україна",
        "👩‍👩‍👧 Äé\u0301\u202e\u0000\ud83d",
        "W" * 300,
    ],
)
def test_names_in_any_script_do_not_break_the_page(name: str) -> None:
    assert len(PdfReader(BytesIO(table([["1", name[:300], "1.00"]] * 3))).pages) == 1


def test_the_head_repeats_and_pages_are_numbered() -> None:
    reader = PdfReader(BytesIO(table([[str(n), f"Name {n}", "1.00"] for n in range(120)])))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) > 2
    assert all("Balance, R" in page and f"Page {n} of {len(pages)}" in page for n, page in enumerate(pages, 1))


def test_the_same_data_gives_the_same_bytes_and_says_what_it_is() -> None:
    first, second = table([["1", "Zara", "1.00"]]), table([["1", "Zara", "1.00"]])
    assert first == second
    reader = PdfReader(BytesIO(first))
    assert reader.metadata is not None
    assert reader.metadata.title == "Customers"
    assert "/Lang" in reader.trailer["/Root"]
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert b"pdfuaid" in first


def test_text_is_made_fit_for_paper() -> None:
    assert printable("a\x00b\u202ec\nd") == "abc\nd"
    assert printable({"a": ["x" * 40]})["a"][0].replace("\u200b", "") == "x" * 40


def test_a_qr_code_is_a_picture_with_a_name() -> None:
    assert qr_svg("https://pay.example/1").startswith("<svg role=")


def test_a_file_name_is_safe_anywhere() -> None:
    assert file_name("Statement", "../A\r\nB:c", "pdf") == "Statement A-B-c.pdf"


def test_the_same_bytes_are_stored_once(world: World) -> None:
    first = store_file(world.caller(), content=b"paper", mime="application/pdf")
    again = store_file(world.caller(), content=b"paper", mime="application/pdf")
    assert first.pk == again.pk
    assert StoredFile.objects.get(sha256=first.sha256) == first
    assert world.events == ["file.stored"]
