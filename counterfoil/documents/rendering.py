"""Data in, PDF out: templates lay out finished strings, so that every format of a document prints the same values.

Data reaches a template as JSON and is never part of its source: a customer called `#read("/etc/passwd")` is printed
under that name. The same data gives the same bytes, because the document's date is part of the data.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst

_HERE = Path(__file__).resolve().parent
_TEMPLATES = _HERE / "typst"
# Directional overrides in a name could turn the figures beside it round.
_UNWANTED = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_LONG_WORD = re.compile(r"\S{31,}")
_COMPILING = threading.Lock()


@cache
def _compiler(template: str) -> typst.Compiler:
    """One engine per template and process: reading the fonts is the slow part."""
    return typst.Compiler(
        _TEMPLATES / f"{template}.typ",
        root=_TEMPLATES,
        font_paths=[_HERE / "fonts"],
        # Names in any script: what Inter lacks is taken from the machine's fonts.
        ignore_system_fonts=False,
    )


def render_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The document as PDF. `template` names a file in `documents/typst`; see there for what the data must hold."""
    inputs = {"data": json.dumps(printable(data), ensure_ascii=False)}
    # The engine is not made for two threads at once, and a page takes some hundredths of a second.
    with _COMPILING:
        engine = _compiler(template)
        try:
            page = engine.compile(format="pdf", sys_inputs=inputs, pdf_standards="ua-1")
        except typst.TypstError:
            # PDF/UA promises that every character can be read. A name in a script for which this machine has no font
            # breaks that promise, but not the document.
            page = engine.compile(format="pdf", sys_inputs=inputs, pdf_standards=None)
    assert isinstance(page, bytes)
    return page


def printable(value: Any) -> Any:
    """The value with every string made fit for paper: no control characters, and very long words may break."""
    if isinstance(value, str):
        return value if value.startswith("<svg") else _printable_text(value)
    if isinstance(value, Mapping):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [printable(item) for item in value]
    return value


def _printable_text(text: str) -> str:
    clean = "".join(
        character
        for character in unicodedata.normalize("NFC", text)
        if character == "\n"
        or (character not in _UNWANTED and unicodedata.category(character) not in ("Cc", "Cs", "Cn"))
    )
    return _LONG_WORD.sub(lambda match: "\u200b".join(re.findall(r".{1,12}", match[0])), clean)


def qr_svg(text: str) -> str:
    """A QR code as an SVG picture, dark modules on nothing, as large as its place allows."""
    out = BytesIO()
    code = segno.make(text, error="m", micro=False)
    code.save(out, kind="svg", border=0, dark="#14171d", xmldecl=False, svgclass=None, lineclass=None, omitsize=True)
    return out.getvalue().decode().strip().replace("<svg ", '<svg role="img" aria-label="QR code to pay online" ', 1)


def stylesheet() -> str:
    """The style of documents as HTML, for a page that stands alone."""
    return (_HERE / "static" / "documents" / "document.css").read_text(encoding="utf-8")


def table_pdf(
    *,
    title: str,
    subtitle: str,
    author: str,
    on: Sequence[int],
    columns: Sequence[Mapping[str, str]],
    rows: Sequence[Sequence[str]],
    landscape: bool | None = None,
) -> bytes:
    """Any list as PDF: `columns` are {"label", "align"}, rows are finished strings; wide lists lie on their side."""
    flipped = len(columns) > 6 if landscape is None else landscape
    texts = [index for index, column in enumerate(columns) if column.get("align", "left") != "right"]
    # The column with the most to say takes the width that is left.
    widest = max(texts, key=lambda index: max((len(row[index]) for row in rows), default=0), default=-1)
    return render_pdf(
        "table",
        {
            "title": title,
            "heading": title,
            "subtitle": subtitle,
            "author": author,
            "foot": f"{title}, {subtitle}" if subtitle else title,
            "lang": "en",
            "date": list(on),
            "flipped": flipped,
            "columns": [
                {"align": "left", "width": "rest" if index == widest else "auto", **column}
                for index, column in enumerate(columns)
            ],
            "rows": [list(row) for row in rows],
        },
    )
