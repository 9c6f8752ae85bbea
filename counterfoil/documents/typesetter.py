"""The process that sets documents as PDF: `python -m counterfoil.documents.typesetter`.

It is apart because the engine starts threads, which no fork survives, and cannot be interrupted, which a process can.
It knows no database and no settings. A request is one line of JSON, the answer one line of JSON and then so many bytes.
"""

from __future__ import annotations

import json
import resource
import sys
from functools import cache
from pathlib import Path
from typing import BinaryIO

import typst

_HERE = Path(__file__).resolve().parent
_TEMPLATES = _HERE / "typst"
# A document that needs more than this is not made; the machine has others to serve.
_MOST_MEMORY = 2 * 1024**3
# Dots an inch of a page that is read on a screen.
_SCREEN = 133


@cache
def _compiler(template: str) -> typst.Compiler:
    """One engine per template: reading the fonts is the slow part."""
    return typst.Compiler(
        _TEMPLATES / f"{template}.typ",
        root=_TEMPLATES,
        font_paths=[_HERE / "fonts"],
        # Names in any script: what Inter lacks is taken from the machine's fonts.
        ignore_system_fonts=False,
    )


def _typeset(template: str, data: str, *, strict: bool) -> bytes:
    engine = _compiler(template)
    try:
        page = engine.compile(format="pdf", sys_inputs={"data": data}, pdf_standards="ua-1")
    except typst.TypstError:
        if strict:
            raise
        # PDF/UA promises that every character can be read. A name in a script for which this machine has no font
        # breaks that promise, but not the document.
        page = engine.compile(format="pdf", sys_inputs={"data": data}, pdf_standards=None)
    assert isinstance(page, bytes)
    return page


def _picture(template: str, data: str) -> bytes:
    """The first page as PNG."""
    pages = _compiler(template).compile(format="png", sys_inputs={"data": data}, ppi=_SCREEN)
    page = pages[0] if isinstance(pages, list) else pages
    assert isinstance(page, bytes)
    return page


def _answer(request: bytes) -> tuple[dict[str, object], bytes]:
    asked = json.loads(request)
    try:
        if asked["picture"]:
            page = _picture(asked["template"], asked["data"])
        else:
            page = _typeset(asked["template"], asked["data"], strict=asked["strict"])
    except (typst.TypstError, RuntimeError, MemoryError) as error:
        return {"failed": str(error) or type(error).__name__}, b""
    return {"size": len(page)}, page


def main(source: BinaryIO, target: BinaryIO) -> None:
    """Set one document after the other until nobody asks any more."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    for request in source:
        head, page = _answer(request)
        target.write(json.dumps(head).encode() + b"\n" + page)
        target.flush()


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
