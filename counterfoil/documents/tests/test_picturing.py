"""Small pictures of files from strangers: what it costs is measured, in the process that draws and in ours."""

from __future__ import annotations

import io
import os
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from counterfoil.documents.inspection import inspect
from counterfoil.documents.picturing import MOST_MEMORY, small_picture
from counterfoil.documents.tests.test_inspection import pdf, picture, workbook
from counterfoil.kernel.errors import Refused


def png_of(width: int, height: int, *, mode: int = 2, channels: int = 3) -> bytes:
    """A PNG of one colour, written line by line: making it takes no memory."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pack, line = zlib.compressobj(9), bytes(1 + width * channels)
    data = b"".join([*(pack.compress(line) for _ in range(height)), pack.flush()])
    head = struct.pack(">IIBBBBB", width, height, 8, mode, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pdf_of(page: str, *, width: int = 0, height: int = 0) -> bytes:
    """A PDF with one page of a size, and a grey picture of so many pixels on it."""
    pack = zlib.compressobj(9)
    pixels = b"".join([*(pack.compress(bytes(width)) for _ in range(height)), pack.flush()])
    content = b"q 100 0 0 100 0 0 cm /I Do Q" if width else b""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {page}]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>".encode(),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
        b"/Length %d>>stream\n%s\nendstream" % (max(width, 1), max(height, 1), len(pixels), pixels),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


# Run in a process of its own, whose only child is the one that draws: its peak and the child's, in MB.
_MEASURE = """
import resource, sys
from counterfoil.documents.picturing import small_picture
content = sys.stdin.buffer.read()
found = small_picture(content, sys.argv[1])
# What getrusage says of a process itself begins with the peak of whoever started it.
(mine,) = [int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(len(found), mine // 1024, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def measured(content: bytes, mime: str) -> tuple[int, int, int]:
    """How large the picture is, and the peak of whoever asks for it and of whoever draws it, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, mime], input=content, capture_output=True, check=True, env=dict(os.environ)
    )
    size, asks, draws = map(int, done.stdout.split())
    return size, asks, draws


@pytest.mark.parametrize(
    ("content", "mime", "seen"),
    [
        (picture("PNG"), "image/png", True),
        (picture("JPEG", (3000, 2000)), "image/jpeg", True),
        (picture("WEBP"), "image/webp", True),
        (picture("GIF"), "image/gif", True),
        (pdf(), "application/pdf", True),
        (workbook(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", False),
        (b"Gate code 1234", "text/plain", False),
        (picture("PNG")[:70], "image/png", False),
        (b"%PDF-1.7 startxref %%EOF", "application/pdf", False),
    ],
)
def test_a_small_picture_of_what_has_one(content: bytes, mime: str, seen: bool) -> None:
    found = small_picture(content, mime)
    assert bool(found) is seen
    if seen:
        with Image.open(io.BytesIO(found)) as small:
            assert (small.format, max(small.size) <= 360) == ("JPEG", True)


def test_nothing_of_the_file_but_what_one_sees_is_in_it() -> None:
    script = b"<script>alert(1)</script>"
    found = small_picture(picture("GIF") + script, "image/gif")
    assert found
    assert script not in found


def bombs() -> Iterator[tuple[str, bytes, str]]:
    yield "as many pixels as are taken", png_of(7000, 7000), "image/png"
    yield "the same with transparency", png_of(7000, 7000, mode=6, channels=4), "image/png"
    yield "more pixels than are taken", png_of(7740, 7740), "image/png"
    yield "a page of a kilometre", pdf_of("14400 14400000"), "application/pdf"
    yield "a giant picture on a page", pdf_of("200 200", width=20_000, height=20_000), "application/pdf"


@pytest.mark.long
@pytest.mark.parametrize(("content", "mime"), [pytest.param(*rest, id=name) for name, *rest in bombs()])
def test_what_is_made_to_take_memory_takes_it_within_limits_and_none_of_ours(content: bytes, mime: str) -> None:
    assert len(content) < 500_000
    size, asks, draws = measured(content, mime)
    assert asks < 80, f"{asks} MB in the process that asks"
    assert draws < 450 < MOST_MEMORY >> 20, f"{draws} MB in the process that draws"
    assert size < 200_000


def test_a_picture_of_too_many_pixels_is_refused_without_being_drawn() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused) as refused:
        inspect(png_of(7740, 7740))
    assert refused.value.code == "too_many_pixels"
    assert "7740 by 7740 pixels; 50 million is the most" in refused.value.sentence
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


# In place of a picture: within which limits it would be drawn.
_LIMITS = """
import resource
from counterfoil.documents import picturing
kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE)
picturing._draw = lambda content, mime: repr([resource.getrlimit(kind)[0] for kind in kinds]).encode()
picturing.main()
"""


def test_whoever_draws_has_limits_and_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.run([sys.executable, "-c", _LIMITS, "image/png"], input=b"x", capture_output=True, check=True)
    assert done.stdout.decode() == repr([MOST_MEMORY, 20, 0, 0])
    told: list[dict[str, str]] = []
    run = subprocess.run

    def watched(*args: Any, **kwargs: Any) -> Any:
        told.append(kwargs["env"])
        return run(*args, **kwargs)

    monkeypatch.setattr(subprocess, "run", watched)
    assert small_picture(picture("PNG"), "image/png")
    assert told == [{}], "Secrets are in it."


def test_whoever_draws_looks_at_the_pixels_too() -> None:
    """It is asked for what was attached before there was a limit as well."""
    assert small_picture(png_of(7740, 7740), "image/png") == b""
