"""Files as they come in, with bits and pieces changed: read, or refused with a sentence."""

from __future__ import annotations

import io
import os
import random
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

from counterfoil.documents.inspection import inspect
from counterfoil.documents.rendering import table_pdf
from counterfoil.imports.operations import import_file
from counterfoil.imports.rules import ImportRefused
from counterfoil.kernel.errors import Refused
from counterfoil.testing.world import World, counts
from tests.hostile.conftest import Tally

SEED = int(os.environ.get("SEED", "20261126"))
ROWS = (
    "number,name,email,invoice,on,due,amount,paid\n"
    "X-1,Xolani Mbeki,x@mail.example,I-1,2026-01-05,2026-02-04,100.00,2026-02-01\n"
    'X-2,"Zoë, the second",z@mail.example,I-2,2026-01-06,2026-02-05,"1,200.50",\n'
)
MAPPING = """
name = "Book"
source = "hostile"
dates = "year-month-day"
[customers]
key = "{number}"
number = "{number}"
name = "{name}"
email = "{email}"
[invoices]
number = "{invoice}"
customer = "{number}"
on = "{on}"
due_on = "{due}"
amount = "{amount}"
"""
PIECES = (b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b'"', b",", b"{", b"}", b"\\", b"=1+1", b"9" * 400, b"\x1b[2J",
          "\N{RIGHT-TO-LEFT OVERRIDE}".encode(), b"\n" * 50, b"[[", b"]]", b"'''", b"nan", b"-0", b"1e999")  # fmt: skip


def changed(dice: random.Random, whole: bytes) -> bytes:
    """The file with one to four things done to it."""
    content = bytearray(whole)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(content) + 1)
        match dice.randrange(5):
            case 0 if content:
                content[at % len(content)] ^= 1 << dice.randrange(8)
            case 1:
                del content[at : at + dice.randrange(1, 30)]
            case 2:
                content[at:at] = dice.choice(PIECES)
            case 3:
                piece = content[at : at + dice.randrange(1, 60)]
                content[at:at] = piece * dice.randrange(1, 4)
            case _:
                content[at:] = b"" if dice.random() < 0.3 else content[at:]
    return bytes(content)


def made(kind: str) -> bytes:
    """A right file of a kind."""
    out = io.BytesIO()
    match kind:
        case "png" | "jpeg" | "gif" | "webp":
            Image.new("RGB", (40, 30), (9, 99, 200)).save(out, kind)
        case "pdf":
            return table_pdf(
                title="T", subtitle="", author="A", on=(2026, 1, 1), columns=[{"label": "A"}], rows=[["1"]]
            )
        case "zip" | "xlsx":
            with zipfile.ZipFile(out, "w") as packed:
                packed.writestr("[Content_Types].xml", "<Types/>")
                packed.writestr("xl/workbook.xml", "<workbook/>")
        case _:
            return "plain text, é\n".encode()
    return out.getvalue()


# In parts, so that two processes share them.
@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.hostile) for part in range(1, 7))])
def test_a_changed_book_is_brought_in_or_refused(world: World, tally: Tally, part: int) -> None:
    dice, refused, count = random.Random(f"{SEED}{part}"), 0, 500 if part else 120
    before = counts()
    for number in range(count):
        rows, mapping = ROWS.encode(), MAPPING.encode()
        if number % 3:
            rows = changed(dice, rows)
        else:
            mapping = changed(dice, mapping)
        try:
            import_file(world.caller().previewing(), content=rows, file_name="x.csv",
                        mapping=mapping.decode("utf-8", "replace"))  # fmt: skip
        except (Refused, ImportRefused):
            refused += 1
        if number % 10 == 9:
            assert counts() == before
    tally("import files", count, refused)
    assert 0 < refused < count


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "pdf", "zip", "xlsx", "txt"])
@pytest.mark.parametrize("count", [60, pytest.param(1_500, marks=pytest.mark.hostile)])
def test_a_changed_attachment_is_known_for_what_it_is_or_refused(tally: Tally, kind: str, count: int) -> None:
    dice, whole, refused = random.Random(f"{SEED}{kind}"), made(kind), 0
    look: Callable[[bytes], object] = inspect
    for _ in range(count):
        try:
            look(changed(dice, whole))
        except Refused:
            refused += 1
    tally(f"attached {kind}", count, refused)
