"""PDFs: what they say, whatever is put into them."""

from __future__ import annotations

import multiprocessing
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from counterfoil.documents import rendering
from counterfoil.documents.models import StoredFile
from counterfoil.documents.operations import store_file
from counterfoil.documents.parties import file_name
from counterfoil.documents.qr import qr_svg
from counterfoil.documents.rendering import printable, table_pdf, unprintable
from counterfoil.kernel.errors import Refused
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
    # Whose name begins like a picture is no picture.
    assert printable({"name": "<svg\u202e\x00x", "qr": "<svg a>"}) == {"name": "<svgx", "qr": "<svg a>"}


def test_a_qr_code_is_a_picture_with_a_name() -> None:
    assert qr_svg("https://pay.example/1").startswith("<svg role=")


def test_a_file_name_is_safe_anywhere() -> None:
    assert file_name("Statement", "../A\r\nB:c", "pdf") == "Statement A-B-c.pdf"


def test_the_same_bytes_are_stored_once(world: World) -> None:
    first = store_file(world.system(), content=b"paper", mime="application/pdf")
    again = store_file(world.system(), content=b"paper", mime="application/pdf")
    assert first.pk == again.pk
    assert StoredFile.objects.get(sha256=first.sha256) == first
    assert world.events == ["file.stored"]


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_made(settings: Any) -> None:
    settings.DOCUMENT_SECONDS = 0.01
    began = time.monotonic()
    with pytest.raises(Refused, match="was not ready within") as refused:
        table([[str(n), f"Name {n}", "1.00"] for n in range(20_000)])
    assert refused.value.code == "document_too_slow"
    assert time.monotonic() - began < 5
    settings.DOCUMENT_SECONDS = 30
    assert "Zara" in text_of(table([["1", "Zara", "1.00"]]))


def test_who_waits_for_a_turn_waits_no_longer_than_the_limit(settings: Any) -> None:
    settings.DOCUMENT_SECONDS = 0.01
    with rendering._typesetter._turn, pytest.raises(Refused, match="was not ready within"):
        table([["1", "Zara", "1.00"]])
    settings.DOCUMENT_SECONDS = 30
    assert "Zara" in text_of(table([["1", "Zara", "1.00"]]))


def test_a_process_that_dies_is_replaced() -> None:
    table([["1", "Zara", "1.00"]])
    process = rendering._typesetter._process
    assert process is not None
    process.kill()
    process.wait()
    assert "Zara" in text_of(table([["1", "Zara", "1.00"]]))


def test_a_process_that_dies_at_a_document_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_PROGRAM", ["-c", "import sys; sys.stdin.readline()"])
    rendering._typesetter.stop()
    with pytest.raises(Refused, match="needs too much memory") as refused:
        table([["1", "Zara", "1.00"]])
    assert refused.value.code == "document_too_large"
    monkeypatch.undo()
    assert "Zara" in text_of(table([["1", "Zara", "1.00"]]))


def test_a_forked_process_makes_documents_of_its_own() -> None:
    table([["1", "Zara", "1.00"]])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        made = [pool.apply_async(table, ([["1", f"Fork {n}", "1.00"]],)) for n in range(4)]
        assert ["Fork" in text_of(done.get(timeout=30)) for done in made] == [True] * 4
    assert "Zara" in text_of(table([["1", "Zara", "1.00"]]))


def test_the_typesetter_knows_no_secret() -> None:
    table([["1", "Zara", "1.00"]])
    process = rendering._typesetter._process
    assert process is not None
    known = Path(f"/proc/{process.pid}/environ").read_bytes().decode()
    assert not {"SECRET_KEY", "DATABASE_URL", "EMAIL_HOST_PASSWORD"} & {
        line.partition("=")[0] for line in known.split("\0")
    }


def test_what_this_machine_has_no_font_for_is_named() -> None:
    # Latin, Greek, Cyrillic and usual signs come with us; nobody has a font for signs pressed into clay.
    assert [unprintable(text) for text in ("Łódź, Ω Ελλάδα, Жанна", "Zara’s “Café” – 5 €", "", "\x00\u202e")] == [
        ""
    ] * 4
    assert unprintable("Ann 𒀀𒀁 Smith") == "𒀀𒀁"
